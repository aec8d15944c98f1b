/** What this browser keeps of one account's conversations: drafts. */
import { forget, read, write } from './storage.js';

/** @typedef {{drafts: Record<string, string>, muted: number[]}} Kept by conversation */

/** @param {number} me @returns {Kept} */
function kept(me) {
  const { drafts, muted } = read(name(me));
  if (drafts && muted) return { drafts, muted };
  return keptByPerson(me);
}

/** @param {number} me */
function name(me) {
  return `chat.conversations.${me}`;
}

/** Until they went by conversation, drafts and the muted went by person. @param {number} me @returns {Kept} */
function keptByPerson(me) {
  const drafts = Object.entries(read(`chat.drafts.${me}`)).map(([userId, text]) => [-Number(userId), String(text)]);
  /** @type {number[]} */ const muted = read('chat.prefs').muted ?? [];
  return { drafts: Object.fromEntries(drafts), muted: muted.map((userId) => -userId) };
}

/** @param {number} me @param {number} conversationId */
export function draft(me, conversationId) {
  return String(kept(me).drafts[conversationId] ?? '');
}

/** @param {number} me @param {number} conversationId @param {string} text */
export function setDraft(me, conversationId, text) {
  const all = kept(me);
  if (text.trim()) all.drafts[conversationId] = text;
  else delete all.drafts[conversationId];
  write(name(me), all);
}

/** Conversations that were muted in this browser only, until the server kept it. @param {number} me */
export function mutedOfBefore(me) {
  return { ids: kept(me).muted, forget: () => write(name(me), { ...kept(me), muted: [] }) };
}

/**
 * What was kept for a conversation before it began goes along when it has an id.
 * @param {import('../client/store.js').Store} store
 */
export function keepByConversation(store) {
  carryOver(store);
  store.archivedBefore = new Set(read(`chat.archived.${store.me?.id}`).ids);
  store.onChange(({ kind }) => {
    if (kind === 'begun') carryOver(store);
  });
}

/** @param {import('../client/store.js').Store} store */
function carryOver(store) {
  const me = /** @type {import('../client/types.js').Person} */ (store.me).id;
  const before = kept(me);
  /** @type {Record<string, string>} */ const drafts = {};
  for (const [id, text] of Object.entries(before.drafts)) {
    const presentId = store.presentId(Number(id));
    // Written in two tabs, of which one did not know yet: neither is lost.
    drafts[presentId] = drafts[presentId] ? `${drafts[presentId]}\n${text}` : text;
  }
  const muted = [...new Set(before.muted.map((id) => store.presentId(id)))];
  write(name(me), { drafts, muted });
  // The muted of old stay: other accounts of this browser have not taken them over yet.
  forget(`chat.drafts.${me}`);
}
