/**
 * What the snapshot leaves out: what is one's own about direct conversations (pinned, muted, archived), groups behind
 * the first ones, what was put aside. Fetched behind the first draw, and after every gap. Knows no DOM.
 */
import { untilDone } from './backoff.js';

const PAGE = 200;
const MOST_PAGES = 10;

/** @param {import('./chat.js').ChatClient} chat @param {AbortSignal} signal */
export function listenForConversations(chat, signal) {
  const learn = () => untilDone(() => learnAll(chat), signal);
  chat.addEventListener('resync', learn, { signal });
  return learn();
}

/** @param {Pick<import('./chat.js').ChatClient, 'api'|'store'>} chat */
export async function learnAll({ api, store }) {
  /** @type {Set<number>} */ const listed = new Set();
  const known = [...store.conversations.values()].filter((row) => row.group).map((row) => row.conversation_id);
  const parts = await Promise.all([true, false].map((archived) => part(api, archived)));
  for (const group of parts.flatMap(({ results }) => results)) {
    listed.add(group.id);
    store.regroup(group);
  }
  // Known before, and in no list that is whole: left on another device, or removed, while nobody told.
  if (parts.some(({ isWhole }) => !isWhole)) return;
  const events = known
    .filter((id) => !listed.has(id))
    .map((conversation_id) => ({ id: 0, event: 'conversation_removed', data: { conversation_id, reason: '' } }));
  store.apply(events);
}

/** @param {import('./api.js').Api} api @param {boolean} archived @returns {Promise<{results: import('./types.js').Group[], isWhole: boolean}>} */
async function part(api, archived) {
  const results = [];
  let after = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await api.request('GET', 'conversations/', { query: { archived, limit: PAGE, after } });
    results.push(...answer.results);
    after = answer.next;
    if (!after) return { results, isWhole: true };
  }
  return { results, isWhole: false };
}
