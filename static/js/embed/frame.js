/**
 * The room in a frame of its own, at /embed#room=…: what it needs to know stands behind the #, which no server
 * sees. With `ask` it asks the page around it for tokens; that page must be one the server allows.
 */
import './chat-room.js';

const ANSWER_MS = 10_000;

const room = /** @type {import('./chat-room.js').ChatRoom} */ (document.querySelector('chat-room'));
// Kept with the entry of the history: that is all a browser has when it comes back to this frame.
const given = new URLSearchParams(location.hash.slice(1) || history.state || '');
const allowed = (room.dataset.origins ?? '').split(' ').filter(Boolean);
const around = location.ancestorOrigins?.[0] ?? (document.referrer && new URL(document.referrer).origin);
const isFramed = parent !== window && allowed.includes(around);
// A link may hold anybody's token, and whoever follows it would write in that person's name without knowing.
if (!isFramed) given.delete('token');
history.replaceState(String(given), '', location.pathname);
/** @type {((token: string) => void)[]} */ const waiting = [];

/** @param {object} note to the page around, and to no other */
function tell(note) {
  if (isFramed) parent.postMessage(note, around);
}

addEventListener('message', ({ source, origin, data }) => {
  if (source !== parent || origin !== around || !allowed.includes(origin)) return;
  if (data?.chat === 'token') for (const take of waiting.splice(0)) take(String(data.token));
  if (data?.chat === 'focus') room.focus();
});

if (given.has('ask')) {
  room.getToken = () =>
    new Promise((resolve, reject) => {
      waiting.push(resolve);
      setTimeout(() => reject(new Error('The page around this frame gave no token.')), ANSWER_MS);
      tell({ chat: 'token-wanted' });
    });
}
for (const name of ['message', 'unreadchange', 'error'])
  room.addEventListener(name, (event) => tell({ chat: name, detail: /** @type {CustomEvent} */ (event).detail }));
for (const name of ['room', 'conversation', 'token', 'guest', 'theme', 'lang', 'name'])
  if (given.has(name)) room.setAttribute(name, given.get(name) ?? '');
room.setAttribute('src', location.origin);
