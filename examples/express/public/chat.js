/** The chat asks for a token at its start, and again when a session has ended. */
const csrf = document.querySelector('meta[name=csrf]').content;

document.querySelector('chat-room').getToken = async () => {
  const answer = await fetch('/chat-token', { method: 'POST', headers: { 'X-CSRF-Token': csrf } });
  if (!answer.ok) throw new Error('not signed in');
  return (await answer.json()).token;
};
