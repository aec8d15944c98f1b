/**
 * One leader among the tabs of a browser. The leader polls; the others hear from it.
 * Browsers allow six connections to an HTTP/1.1 host and every held poll takes one.
 * Without Web Locks or BroadcastChannel every tab leads itself.
 */

export class Leader {
  #ended = new AbortController();
  /** @type {BroadcastChannel|null} */ #channel = null;

  /**
   * @param {object} parts
   * @param {string} parts.name           one per account
   * @param {() => void} parts.onElected
   * @param {(note: any) => void} parts.onNote   what another tab said
   * @param {Pick<LockManager, 'request'>} [parts.locks]
   * @param {((name: string) => BroadcastChannel)|null} [parts.channel]
   */
  constructor({ name, onElected, onNote, locks = globalThis.navigator?.locks, channel = globalThis.BroadcastChannel ? openChannel : null }) {
    this.name = name;
    this.onElected = onElected;
    this.onNote = onNote;
    this.locks = channel ? locks : undefined;
    this.openChannel = channel;
    this.isLeader = false;
  }

  /** True where tabs can find each other; else each polls under a name of its own. */
  get isShared() {
    return Boolean(this.locks && this.openChannel);
  }

  start() {
    if (!this.isShared || !this.locks || !this.openChannel) {
      this.isLeader = true;
      this.onElected();
      return;
    }
    this.#channel = this.openChannel(this.name);
    this.#channel.onmessage = (event) => this.onNote(event.data);
    const lead = () =>
      new Promise((resolve) => {
        if (this.#ended.signal.aborted) return resolve(undefined);
        this.#ended.signal.addEventListener('abort', () => resolve(undefined), { once: true });
        this.isLeader = true;
        this.onElected();
      });
    // The lock is held for the life of the tab; the browser gives it on when the tab closes or crashes.
    Promise.resolve(this.locks.request(`${this.name}:poll`, { signal: this.#ended.signal }, lead)).catch(() => {});
  }

  /** @param {any} note to the other tabs */
  tell(note) {
    this.#channel?.postMessage(note);
  }

  /** Runs `work` while no other tab does the same. @param {string} what @param {() => Promise<void>} work */
  async exclusively(what, work) {
    if (!this.locks) return work();
    await this.locks.request(`${this.name}:${what}`, work);
  }

  stop() {
    this.#ended.abort();
    this.isLeader = false;
    this.#channel?.close();
    this.#channel = null;
  }
}

/** @param {string} name */
function openChannel(name) {
  return new BroadcastChannel(name);
}
