/** What a host page says to the chat: who its user is, and what to do when something happens. */

const CHAT = new URL(document.querySelector('chat-room').getAttribute('src')).origin;

/** The application's own server signs; see docs/embedding.md. */
async function chatToken() {
  const answer = await fetch('chat-token', { method: 'POST' });
  if (!answer.ok) throw new Error('not signed in');
  return (await answer.json()).token;
}

for (const room of document.querySelectorAll('chat-room')) {
  room.getToken = chatToken;
  room.addEventListener('error', ({ detail }) => console.info('chat:', detail.code));
}
document.querySelector('#bubble').addEventListener('unreadchange', ({ detail }) => {
  document.querySelector('#unread').textContent = detail.unread ? `(${detail.unread})` : '';
});

// The frame asks for its token by message; only the chat's own origin is answered.
addEventListener('message', async ({ origin, source, data }) => {
  if (origin === CHAT && data?.chat === 'token-wanted') source.postMessage({ chat: 'token', token: await chatToken() }, CHAT);
});
