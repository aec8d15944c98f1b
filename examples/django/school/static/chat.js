/** The chat asks for a token at its start, and again when a session has ended. */

async function getToken() {
  const form = document.querySelector('#chat-token');
  const answer = await fetch(form.action, { method: 'POST', body: new FormData(form), redirect: 'error' });
  if (!answer.ok) throw new Error('not signed in');
  return (await answer.json()).token;
}

for (const room of document.querySelectorAll('chat-room')) {
  room.getToken = getToken;
  room.addEventListener('error', ({ detail }) => console.info('chat:', detail.code));
}
