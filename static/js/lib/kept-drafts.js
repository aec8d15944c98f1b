/** Drafts on all of one's devices: what another one kept is taken over, unless something else is being written here. Fetched behind the first draw. */
import { draft, setDraft } from './conversation-prefs.js';
import { read, write } from './storage.js';

/** @typedef {{text: string, rev: number}} Synced as the server had it when it was last heard of */

const NOTHING = { text: '', rev: 0 };

/** @param {number} me */
const name = (me) => `chat.synced.${me}`;

/** @param {number} me @param {number} id @returns {Synced} */
export function synced(me, id) {
  return read(name(me))[id] ?? NOTHING;
}

/** @param {import('../elements/types.js').App} app @param {number} id @param {Synced} now */
export function setSynced({ me, store }, id, { text, rev }) {
  write(name(me.id), { ...read(name(me.id)), [id]: { text, rev } });
  const row = store.conversations.get(id);
  if (row?.my) row.my = { ...row.my, draft: text ? { text, rev } : null };
}

/** @param {import('../elements/types.js').App} app @param {AbortSignal} signal */
export function listenForDrafts(app, signal) {
  app.store.onChange(({ kind, conversationId }) => {
    if (kind === 'loaded') lookAtAll(app);
    else if (conversationId && ['draft', 'rooms', 'group'].includes(kind)) look(app, conversationId);
  }, signal);
  lookAtAll(app);
}

/** @param {import('../elements/types.js').App} app */
function lookAtAll(app) {
  for (const id of app.store.conversations.keys()) look(app, id);
}

/** @param {import('../elements/types.js').App} app @param {number} id */
function look(app, id) {
  const told = app.store.conversations.get(id)?.my?.draft;
  const before = synced(app.me.id, id);
  // Of a draft that was put away only that is told.
  if (told === undefined || (told ? told.rev <= before.rev : before.text === '')) return;
  const composer = /** @type {import('../elements/chat-composer.js').ChatComposer|null} */ (
    app.querySelector('chat-composer')
  );
  const open = composer?.conversationId === id ? composer : null;
  open?.save();
  const own = draft(app.me.id, id);
  const now = told ?? { text: '', rev: before.rev + 1 };
  setSynced(app, id, now);
  if (own === now.text) return;
  if (open?.isHeld || own !== before.text) return void open?.meetOther(now.text);
  setDraft(app.me.id, id, now.text);
  open?.redraft();
  app.dispatchEvent(new Event('draft'));
}
