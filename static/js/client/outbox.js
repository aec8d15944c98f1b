/**
 * Sending that cannot lose or double a message: each is stored before it is sent, goes out in
 * order, and keeps its `client_id` through every retry, so the server stores it once. Temporary trouble
 * waits and tries again; a refusal marks the message failed until someone decides. Knows no DOM.
 */
import { ApiError } from './api.js';
import { backoffMs, pause } from './backoff.js';

/** @typedef {import('./types.js').Outgoing} Outgoing */
/** @typedef {import('./types.js').Message} Message */
/** @typedef {import('./types.js').OutboxChange} OutboxChange */

const UNHURT = { error: null, detail: null };

export function newClientId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export class Outbox extends EventTarget {
  /** @type {Map<string, AbortController>} */ #calls = new Map();
  /** @type {AbortController|null} */ #nap = null;
  /** @type {Promise<void>|null} */ #flushing = null;
  #again = false;
  #stopped = false;
  #attempt = 0;
  #lastOrder = 0;
  #pauseMs = 0;

  /**
   * @param {object} parts
   * @param {{send: (item: Outgoing, options: {signal?: AbortSignal, onProgress?: (share: number) => void}) => Promise<Message>}} parts.api
   * @param {import('./outbox-storage.js').OutboxStorage} parts.storage
   * @param {number} parts.userId
   * @param {(message: Message) => void} parts.onAccepted
   * @param {() => void} [parts.onSignedOut]  what waits goes out after the next sign-in
   * @param {(work: () => Promise<void>) => Promise<void>} [parts.exclusively] one flush per browser
   * @param {typeof pause} [parts.sleep]
   * @param {() => number} [parts.now]
   */
  constructor({
    api,
    storage,
    userId,
    onAccepted,
    onSignedOut = () => {},
    exclusively = (work) => work(),
    sleep = pause,
    now = Date.now,
  }) {
    super();
    this.api = api;
    this.storage = storage;
    this.userId = userId;
    this.onAccepted = onAccepted;
    this.onSignedOut = onSignedOut;
    this.exclusively = exclusively;
    this.sleep = sleep;
    this.now = now;
    /** @type {Outgoing[]} */ this.items = [];
    /** When a rate limit ends, epoch ms; 0 when there is none. */
    this.heldUntil = 0;
  }

  /** Takes up what an earlier page left behind. */
  async open() {
    const left = await this.storage.all(this.userId).catch(() => []);
    // What a page of an older release left behind names only the person.
    for (const item of left) item.conversation_id ??= -item.receiver_id;
    this.items = [...left.filter((item) => !this.#find(item.client_id)), ...this.items];
    this.#tell();
    await this.flush();
  }

  stop() {
    this.#stopped = true;
    this.#nap?.abort();
    for (const call of this.#calls.values()) call.abort();
  }

  /** @param {{receiver_id: number, conversation_id?: number, message: string, file?: Blob|null, file_name?: string|null, draft_rev?: number}} content */
  add({ receiver_id, conversation_id = -receiver_id, message, file = null, file_name = null, draft_rev }) {
    this.#lastOrder = Math.max(this.now(), this.#lastOrder + 1);
    /** @type {Outgoing} */
    const item = {
      client_id: newClientId(),
      user_id: this.userId,
      conversation_id,
      receiver_id,
      message,
      file,
      file_name,
      draft_rev,
      order: this.#lastOrder,
      created_at: this.now(),
      state: 'pending',
      ...UNHURT,
    };
    this.items.push(item);
    this.#tell();
    this.#keep(item).then(() => this.flush());
    return item;
  }

  /** @param {string|null|undefined} clientId the same message, the same id: sent once however often it is tried */
  async retry(clientId) {
    const item = this.#find(clientId);
    if (!item) return;
    Object.assign(item, { state: 'pending', ...UNHURT });
    this.#tell();
    await this.#keep(item);
    await this.flush();
  }

  /** @param {string|null|undefined} clientId */
  async discard(clientId) {
    this.#calls.get(clientId ?? '')?.abort();
    await this.settle(clientId);
  }

  /** It is accepted (here or in another tab): out of the storage. @param {string|null|undefined} clientId */
  async settle(clientId) {
    if (!clientId || !this.#find(clientId)) return;
    this.items = this.items.filter((item) => item.client_id !== clientId);
    this.#tell();
    await this.storage.remove(clientId).catch(() => {});
  }

  /** Send what waits, now. */
  async flush() {
    this.#nap?.abort();
    this.#again = this.#flushing !== null;
    this.#flushing ??= this.#flushAll();
    await this.#flushing;
  }

  async #flushAll() {
    do {
      this.#again = false;
      await this.exclusively(() => this.#sendWaiting()).catch(() => {});
      if (!this.#next() || this.#stopped) break;
      if (!this.#again) await this.#rest();
    } while (!this.#stopped && this.#next());
    this.#flushing = null;
  }

  async #sendWaiting() {
    for (let item = this.#next(); item && !this.#stopped; item = this.#next()) {
      if (!(await this.#send(item))) return;
    }
  }

  /** @param {Outgoing} item @returns {Promise<boolean>} whether to go on with the next */
  async #send(item) {
    const call = new AbortController();
    this.#calls.set(item.client_id, call);
    try {
      const onProgress = (/** @type {number} */ share) =>
        this.#tell('progress', Object.assign(item, { progress: share }));
      const message = await this.api.send(item, { signal: call.signal, onProgress });
      this.#attempt = this.heldUntil = 0;
      this.onAccepted({ ...message, client_id: message.client_id ?? item.client_id });
      await this.settle(item.client_id);
      return true;
    } catch (error) {
      if (call.signal.aborted) return true;
      return this.#refused(item, error instanceof ApiError ? error : new ApiError({ code: 'network' }));
    } finally {
      this.#calls.delete(item.client_id);
    }
  }

  /** @param {Outgoing} item @param {ApiError} problem */
  async #refused(item, problem) {
    if (problem.isTemporary || problem.status === 401) {
      this.#attempt += 1;
      this.#pauseMs = backoffMs(this.#attempt, { retryAfterSecs: problem.retryAfterSecs });
      this.heldUntil = problem.status === 429 ? this.now() + this.#pauseMs : 0;
      Object.assign(item, { error: problem.code, progress: undefined });
      this.#tell();
      if (problem.status === 401) this.onSignedOut();
      return false;
    }
    Object.assign(item, { state: 'failed', error: problem.code, detail: problem.detail || null, progress: undefined });
    this.#tell('failed', item);
    await this.#keep(item);
    return true;
  }

  async #rest() {
    const nap = new AbortController();
    this.#nap = nap;
    await this.sleep(this.#pauseMs, nap.signal);
    this.#nap = null;
  }

  /** The first in line met trouble, and the others wait behind it. */
  get isStuck() {
    return Boolean(this.#next()?.error);
  }

  #next() {
    return this.items.find((item) => item.state === 'pending');
  }

  #find(/** @type {string|null|undefined} */ clientId) {
    return this.items.find((item) => item.client_id === clientId);
  }

  /** @param {Outgoing} item a full or forbidden disk must not stop the send */
  async #keep({ progress: _, ...item }) {
    await this.storage.put(item).catch(() => {});
  }

  /** @param {(change: OutboxChange) => void} listener @param {AbortSignal} [signal] ends it */
  onChange(listener, signal) {
    const told = (/** @type {Event} */ event) => listener(/** @type {CustomEvent<OutboxChange>} */ (event).detail);
    this.addEventListener('change', told, { signal });
  }

  /** @param {OutboxChange['kind']} [kind] @param {Outgoing} [item] */
  #tell(kind = 'items', item) {
    this.dispatchEvent(Object.assign(new Event('change'), { detail: { kind, item } }));
  }
}
