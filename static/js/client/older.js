/** The conversations that the first part of the list leaves out, loaded when somebody comes to its end. Knows no DOM. */

/** What is being asked for. @type {WeakMap<import('./store.js').Store, {after: string, answer: Promise<void>}>} */
const asked = new WeakMap();

/** @param {{api: import('./api.js').Api, store: import('./store.js').Store}} chat */
export function older({ api, store }) {
  const after = store.next;
  if (!after) return;
  const before = asked.get(store);
  if (before?.after === after) return before.answer;
  const answer = part(api, store, after).finally(() => asked.delete(store));
  asked.set(store, { after, answer });
  return answer;
}

/** Part by part, as long as there are more. @param {Parameters<typeof older>[0]} chat @param {() => boolean} isFound */
export async function olderUntil(chat, isFound) {
  for (let at = null; !isFound() && chat.store.next !== at; ) {
    at = chat.store.next;
    await older(chat);
  }
}

/** A conversation that may stand further down in the list, or in no list that is here. @param {Parameters<typeof older>[0]} chat @param {number} id @param {() => boolean} isFound */
export async function lookFor(chat, id, isFound) {
  await olderUntil(chat, isFound);
  const group = !isFound() && id > 0 && (await chat.api.of('GET', id).catch(() => null));
  if (group) chat.store.regroup(group);
}

/** @param {import('./api.js').Api} api @param {import('./store.js').Store} store @param {string} after */
async function part(api, store, after) {
  const answer = await api.request('GET', 'snapshot/', { query: { after } }).catch(() => null);
  // The list may have been loaded anew meanwhile, and end elsewhere.
  if (!answer || store.next !== after) return;
  store.addOlder(answer);
}
