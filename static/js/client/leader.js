/**
 * One leader among the tabs of a browser. The leader polls; the others hear from it.
 * Browsers allow six connections to an HTTP/1.1 host and every held poll takes one.
 * A leader that is asked and stays silent is frozen (a tab behind, on a phone): another takes its place.
 * By plain http there are no Web Locks, and leases stand for them. Where neither can be had, or no BroadcastChannel,
 * every tab leads itself, also where a browser has them and lends them to nobody.
 */

const SILENCE_MS = 5_000; // up to twice that: tabs that ask together do not all take the place
const SPEAKS_MS = 100_000; // each end of a poll is told, and the longest takes 72 s
const PATIENCE_MS = 15_000; // with a tab that is at the same work

const leases = /** @type {Pick<LockManager, 'request'>} */ ({
  request: async (
    /** @type {string} */ name,
    /** @type {LockOptions} */ options,
    /** @type {() => Promise<unknown>} */ work,
  ) => (await import('./leases.js')).request(name, options, work),
});

export class Leader {
  #ended = new AbortController();
  /** @type {BroadcastChannel|null} */ #channel = null;
  /** @type {ReturnType<typeof setTimeout>|undefined} */ #silence;

  /**
   * @param {object} parts
   * @param {string} parts.name           one per account
   * @param {() => void} parts.onElected
   * @param {() => void} [parts.onDeposed]  another tab took the place of this one
   * @param {(note: any) => void} parts.onNote   any: what another tab said, perhaps of another release
   * @param {Pick<LockManager, 'request'>} [parts.locks]
   * @param {((name: string) => BroadcastChannel)|null} [parts.channel]
   * @param {number} [parts.silenceMs]
   */
  constructor({
    name,
    onElected,
    onDeposed = () => {},
    onNote,
    locks = globalThis.navigator?.locks ?? leases,
    channel = globalThis.BroadcastChannel ? openChannel : null,
    silenceMs = SILENCE_MS,
  }) {
    this.name = name;
    this.onElected = onElected;
    this.onDeposed = onDeposed;
    this.onNote = onNote;
    this.locks = channel ? locks : undefined;
    this.openChannel = channel;
    this.silenceMs = silenceMs;
    this.isLeader = false;
  }

  /** Once, however often it is called. */
  start() {
    if (this.isLeader || this.#channel) return;
    try {
      this.#channel = this.locks && this.openChannel ? this.openChannel(this.name) : null;
    } catch {
      // Firefox refuses a channel where it may keep nothing for a page.
    }
    if (!this.#channel) return this.#alone();
    this.#channel.onmessage = ({ data }) => {
      if (data.byLeader) this.#wait(SPEAKS_MS, () => this.ask({ kind: 'nudge' }));
      this.onNote(data);
    };
    this.#stand({ signal: this.#ended.signal });
  }

  /** For the lock, which is held for the life of the tab: the browser gives it on when the tab closes or crashes. @param {LockOptions} options */
  #stand(options) {
    const lead = () =>
      new Promise((resolve) => {
        if (this.#ended.signal.aborted) return resolve(undefined);
        this.#ended.signal.addEventListener('abort', () => resolve(undefined), { once: true });
        this.#elected();
      });
    const { locks } = this;
    if (!locks) return;
    Promise.resolve(locks.request(`${this.name}:poll`, options, lead)).catch(() => {
      if (this.#ended.signal.aborted) return;
      if (!this.isLeader) return this.#alone(); // Chromium refuses locks where it may keep nothing for a page
      this.isLeader = false;
      this.onDeposed();
      this.#stand({ signal: this.#ended.signal });
    });
  }

  #elected() {
    clearTimeout(this.#silence);
    this.isLeader = true;
    this.onElected();
  }

  #alone() {
    this.#channel?.close();
    this.#channel = null;
    this.locks = undefined;
    this.#elected();
  }

  /** @param {object} note to the other tabs */
  tell(note) {
    this.#channel?.postMessage({ ...note, byLeader: this.isLeader });
  }

  /** Of the leader, who answers at once unless it is frozen. @param {object} note */
  ask(note) {
    this.tell(note);
    this.#wait(this.silenceMs, () => this.#stand({ steal: true }));
  }

  /** @param {number} ms at least @param {() => void} next unless the leader is heard before */
  #wait(ms, next) {
    clearTimeout(this.#silence);
    if (this.#channel && !this.isLeader) this.#silence = setTimeout(next, ms * (1 + Math.random()));
  }

  /** Runs `work` while no other tab does the same, if that can be had. @param {string} what @param {() => Promise<void>} work */
  async exclusively(what, work) {
    if (!this.locks) return work();
    let isBegun = false;
    const begin = () => {
      isBegun = true;
      return work();
    };
    try {
      await this.locks.request(`${this.name}:${what}`, { signal: AbortSignal.timeout(PATIENCE_MS) }, begin);
    } catch (error) {
      if (isBegun) throw error;
      await work();
    }
  }

  stop() {
    clearTimeout(this.#silence);
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
