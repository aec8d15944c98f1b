/**
 * Where unsent messages lie until they are accepted: IndexedDB, so that they survive closing the tab,
 * or plain memory where the browser refuses to keep anything (private windows).
 */

import { pause } from './backoff.js';

/** @typedef {import('./types.js').Outgoing} Outgoing */
/** @typedef {{all: (userId: number) => Promise<Outgoing[]>, put: (item: Outgoing) => Promise<void>, remove: (clientId: string) => Promise<void>}} OutboxStorage */

const NAME = 'chat-outbox';
const OPENING_MS = 3_000; // some never answer

/** @returns {OutboxStorage} */
export function memoryStorage() {
  /** @type {Map<string, Outgoing>} */ const items = new Map();
  return {
    all: async (userId) => inOrder([...items.values()].filter((item) => item.user_id === userId)),
    put: async (item) => void items.set(item.client_id, item),
    remove: async (clientId) => void items.delete(clientId),
  };
}

/** By name, as long as the page stands: a room that is made anew finds what the one before has not sent. */
/** @type {Map<string, OutboxStorage>} */ const inMemory = new Map();

/** @param {string} [name] one for each server @returns {Promise<OutboxStorage>} */
export async function openStorage(name = NAME) {
  try {
    let database = await opened(name);
    const run = (/** @type {IDBTransactionMode} */ mode, /** @type {(items: IDBObjectStore) => IDBRequest} */ work) =>
      settled(work(database.transaction('items', mode).objectStore('items')));
    /** @type {typeof run} */
    const surely = async (mode, work) => {
      try {
        return await run(mode, work);
      } catch {
        database = await opened(name); // phones close it in tabs behind
        return run(mode, work);
      }
    };
    return {
      all: async (userId) =>
        inOrder(
          (await surely('readonly', (items) => items.getAll())).filter(
            (/** @type {Outgoing} */ item) => item.user_id === userId,
          ),
        ),
      put: async (item) => void (await surely('readwrite', (items) => items.put(item))),
      remove: async (clientId) => void (await surely('readwrite', (items) => items.delete(clientId))),
    };
  } catch {
    const storage = inMemory.get(name) ?? memoryStorage();
    inMemory.set(name, storage);
    return storage;
  }
}

/** @param {string} name @returns {Promise<IDBDatabase>} */
function opened(name) {
  const opening = globalThis.indexedDB.open(name, 1); // whose mere mention some browsers refuse
  opening.onupgradeneeded = () => opening.result.createObjectStore('items', { keyPath: 'client_id' });
  return Promise.race([settled(opening), pause(OPENING_MS).then(() => Promise.reject(new Error('no answer')))]);
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
