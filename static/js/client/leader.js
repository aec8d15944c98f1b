/**
 * One leader among the tabs of a browser. The leader polls; the others hear from it.
 * Browsers allow six connections to an HTTP/1.1 host and every held poll takes one.
 * Without Web Locks or BroadcastChannel every tab leads itself, also where a browser has them and lends them to nobody.
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

  start() {
    if (!this.locks || !this.openChannel) return this.#elected();
    this.#channel = this.openChannel(this.name);
    this.#channel.onmessage = (event) => this.onNote(event.data);
    const lead = () =>
      new Promise((resolve) => {
        if (this.#ended.signal.aborted) return resolve(undefined);
        this.#ended.signal.addEventListener('abort', () => resolve(undefined), { once: true });
        this.#elected();
      });
    // The lock is held for the life of the tab; the browser gives it on when the tab closes or crashes.
    Promise.resolve(this.locks.request(`${this.name}:poll`, { signal: this.#ended.signal }, lead)).catch(() => {
      if (this.#ended.signal.aborted) return;
      this.locks = undefined;  // Chromium refuses them where it may keep nothing for a page
      this.#elected();
    });
  }

  #elected() {
    this.isLeader = true;
    this.onElected();
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
