/**
 * Where unsent messages lie until they are accepted: IndexedDB, so that they survive closing the tab,
 * or plain memory where the browser refuses to keep anything (private windows).
 */

/** @typedef {import('./types.js').Outgoing} Outgoing */
/** @typedef {{all: (userId: number) => Promise<Outgoing[]>, put: (item: Outgoing) => Promise<void>, remove: (clientId: string) => Promise<void>}} Shelf */

const NAME = 'chat-outbox';

/** @returns {Shelf} */
export function memoryShelf() {
  /** @type {Map<string, Outgoing>} */ const items = new Map();
  return {
    all: async (userId) => inOrder([...items.values()].filter((item) => item.user_id === userId)),
    put: async (item) => void items.set(item.client_id, item),
    remove: async (clientId) => void items.delete(clientId),
  };
}

/** By name, as long as the page stands: a room that is made anew finds what the one before has not sent. */
/** @type {Map<string, Shelf>} */ const inMemory = new Map();

/** @param {string} [name] one for each server @returns {Promise<Shelf>} */
export async function openShelf(name = NAME) {
  try {
    const opening = globalThis.indexedDB.open(name, 1);  // whose mere mention some browsers refuse
    opening.onupgradeneeded = () => opening.result.createObjectStore('items', { keyPath: 'client_id' });
    const database = await settled(opening);
    const items = (/** @type {IDBTransactionMode} */ mode) => database.transaction('items', mode).objectStore('items');
    return {
      all: async (userId) => inOrder((await settled(items('readonly').getAll())).filter((item) => item.user_id === userId)),
      put: async (item) => void (await settled(items('readwrite').put(item))),
      remove: async (clientId) => void (await settled(items('readwrite').delete(clientId))),
    };
  } catch {
    const shelf = inMemory.get(name) ?? memoryShelf();
    inMemory.set(name, shelf);
    return shelf;
  }
}

/** @param {Outgoing[]} items */
function inOrder(items) {
  return items.sort((a, b) => a.order - b.order);
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
