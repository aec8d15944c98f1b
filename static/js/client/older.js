/** The conversations that the first part of the list leaves out, loaded when somebody comes to its end. Knows no DOM. */
import { listed } from './conversation.js';

/** What is being asked for. @type {WeakMap<import('./store.js').Store, string>} */
const asked = new WeakMap();

/** @param {{api: import('./api.js').Api, store: import('./store.js').Store}} chat */
export async function older({ api, store }) {
  const after = store.next;
  if (!after || asked.get(store) === after) return;
  asked.set(store, after);
  const part = await api.request('GET', 'snapshot/', { query: { after } }).catch(() => null);
  asked.delete(store);
  // The list may have been loaded anew meanwhile, and end elsewhere.
  if (!part || store.next !== after) return;
  store.next = part.next ?? null;
  for (const row of listed(part.conversations, store.conversations)) {
    store.conversations.set(row.other_user.id, row);
    store.meet(row.other_user);
  }
}
