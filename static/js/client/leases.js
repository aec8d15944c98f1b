/**
 * What Web Locks do, for pages that came by plain http and have none: who holds a name has a lease in IndexedDB, whose
 * transactions come one after the other in all tabs. It is renewed while the tab lives, and a message says that it is
 * free. Fetched where it is needed. Knows no DOM.
 */
import { pause } from './backoff.js';
import { newClientId } from './outbox.js';

const NAME = 'chat-leases';
const RENEWED_MS = 2_000;
const LATENESS = 3; // so many times later than the last renewal was the next may be: tabs behind are woken once a minute

/** @typedef {{holder: string, until: number}} Lease */

/** @type {Promise<IDBDatabase>|null} */ let database = null;

/**
 * As `navigator.locks.request`, of which it knows `signal` (while it waits) and `steal`.
 * @template T @param {string} name @param {{signal?: AbortSignal, steal?: boolean}} options @param {() => Promise<T>} work @returns {Promise<T>}
 */
export async function request(name, { signal, steal = false }, work) {
  const holder = newClientId();
  const channel = new BroadcastChannel(`${NAME}:${name}`);
  try {
    await free(name, holder, { signal, steal, channel });
    channel.postMessage({ taken: holder });
    return await held(name, holder, channel, work);
  } finally {
    channel.close();
  }
}

/** Waits until it is the holder's. @param {string} name @param {string} holder @param {{signal?: AbortSignal, steal: boolean, channel: BroadcastChannel}} how */
async function free(name, holder, { signal, steal, channel }) {
  let freed = '';
  let nap = new AbortController();
  channel.onmessage = ({ data }) => {
    freed = data.freed ?? freed;
    nap.abort();
  };
  for (;;) {
    signal?.throwIfAborted();
    nap = new AbortController();
    const waitMs = await taken(name, holder, { freed, steal });
    if (waitMs === 0) return;
    await pause(waitMs, signal ? AbortSignal.any([nap.signal, signal]) : nap.signal);
  }
}

/**
 * @param {string} name @param {string} holder @param {{freed?: string, steal?: boolean, forMs?: number}} how
 * @returns {Promise<number>} 0 when it is the holder's now, else how long the other's lease lasts
 */
function taken(name, holder, { freed, steal = false, forMs = RENEWED_MS * LATENESS }) {
  return change(name, (lease, now) => {
    const isFree = !lease || steal || lease.holder === holder || lease.holder === freed || lease.until <= now;
    return isFree ? [0, { holder, until: now + forMs }] : [lease.until - now, lease];
  });
}

/** @param {string} name @param {string} holder */
function given(name, holder) {
  return change(name, (lease) => [0, lease?.holder === holder ? undefined : lease]);
}

/** @template T @param {string} name @param {string} holder @param {BroadcastChannel} channel @param {() => Promise<T>} work @returns {Promise<T>} fails when another has taken the lease */
async function held(name, holder, channel, work) {
  let renewedAt = Date.now();
  /** @type {ReturnType<typeof setInterval>|undefined} */ let timer;
  const lost = new Promise((_resolve, reject) => {
    const lose = () => reject(new Error('another tab has it'));
    channel.onmessage = ({ data }) => data.taken && data.taken !== holder && lose();
    timer = setInterval(() => {
      const forMs = LATENESS * Math.max(RENEWED_MS, Date.now() - renewedAt);
      renewedAt = Date.now();
      taken(name, holder, { forMs }).then((waitMs) => waitMs > 0 && lose(), lose);
    }, RENEWED_MS);
  });
  try {
    return /** @type {T} */ (await Promise.race([work(), lost]));
  } finally {
    clearInterval(timer);
    channel.postMessage({ freed: holder });
    given(name, holder).catch(() => {});
  }
}

/** @template T @param {string} name @param {(lease: Lease|undefined, now: number) => [T, Lease|undefined]} work @returns {Promise<T>} */
async function change(name, work) {
  database ??= opened();
  database.catch(() => (database = null));
  const transaction = (await database).transaction('leases', 'readwrite');
  const leases = transaction.objectStore('leases');
  return new Promise((resolve, reject) => {
    /** @type {T} */ let result;
    const reading = leases.get(name);
    reading.onsuccess = () => {
      const [said, lease] = work(reading.result, Date.now());
      result = said;
      if (!lease) leases.delete(name);
      else if (lease !== reading.result) leases.put(lease, name);
    };
    transaction.oncomplete = () => resolve(result);
    transaction.onabort = () => reject(transaction.error);
  });
}

/** @returns {Promise<IDBDatabase>} */
function opened() {
  return new Promise((resolve, reject) => {
    const opening = globalThis.indexedDB.open(NAME, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore('leases');
    opening.onsuccess = () => {
      // Phones close it in tabs behind.
      opening.result.onclose = () => (database = null);
      resolve(opening.result);
    };
    opening.onerror = () => reject(opening.error);
  });
}
