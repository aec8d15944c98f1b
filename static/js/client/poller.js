/**
 * The poll loop: ask, hand on what came, ask again. It moves its cursor only after the events were handed
 * on, asks for longer holds while they survive and for shorter ones after a proxy cut one, backs off with
 * jitter, and on 410 lets the owner reload before it goes on. Knows no DOM.
 */
import { ApiError } from './api.js';
import { backoffMs, pause } from './backoff.js';

/** @typedef {import('./types.js').PollStatus} PollStatus */
/** @typedef {import('./types.js').ChatEvent} ChatEvent */

const FIRST_HOLD_SECS = 12;
const SHORTEST_HOLD_SECS = 5;
const LONGEST_HOLD_SECS = 50;
/** A connection that breaks later than this into a hold was cut for being idle, not refused. */
const CUT_AFTER_MS = 3000;

export class Poller {
  /** @type {AbortController|null} */ #run = null;
  /** @type {AbortController|null} */ #call = null;
  /** @type {AbortController|null} */ #nap = null;
  #calledAt = 0;
  #generation = 0;

  /**
   * @param {object} parts
   * @param {{poll: (options: {cursor?: string|null, wait: number, client: string, signal?: AbortSignal}) => Promise<import('./types.js').PollAnswer>}} parts.api
   * @param {string} parts.client            names this browser to the server
   * @param {string|null} parts.cursor
   * @param {(events: ChatEvent[], cursor: string|null) => void} parts.onEvents
   * @param {() => Promise<string|null>} parts.onExpired   reload the lists; gives the new cursor
   * @param {(status: PollStatus) => void} [parts.onStatus]
   * @param {() => number} [parts.now]
   * @param {typeof pause} [parts.sleep]
   * @param {() => number} [parts.random]
   */
  constructor({
    api,
    client,
    cursor,
    onEvents,
    onExpired,
    onStatus = () => {},
    now = Date.now,
    sleep = pause,
    random = Math.random,
  }) {
    this.api = api;
    this.client = client;
    /** @type {string|null} */ this.cursor = cursor;
    this.onEvents = onEvents;
    this.onExpired = onExpired;
    this.onStatus = onStatus;
    this.now = now;
    this.sleep = sleep;
    this.random = random;
    this.holdSecs = FIRST_HOLD_SECS;
    this.longestSecs = LONGEST_HOLD_SECS;
    this.attempt = 0;
  }

  get isRunning() {
    return this.#run !== null;
  }

  /** @returns {Promise<void>} settles when the loop has ended */
  async start() {
    if (this.#run) return;
    const run = new AbortController();
    this.#run = run;
    this.onStatus({ state: 'connecting' });
    while (!run.signal.aborted) await this.#turn(run);
  }

  stop() {
    this.#run?.abort();
    this.#call?.abort();
    this.#nap?.abort();
    this.#run = null;
  }

  /** Try again now: the network is back, the page is visible again, or someone pressed "Retry now". */
  nudge() {
    this.#nap?.abort();
    // After sleep the held request may be a dead socket that nobody has noticed yet.
    if (this.#call && this.now() - this.#calledAt > (this.holdSecs * 1.2 + 2) * 1000) this.#call.abort();
  }

  /** @param {AbortController} run */
  async #turn(run) {
    const call = new AbortController();
    this.#call = call;
    this.#calledAt = this.now();
    try {
      const first = this.attempt > 0 || this.#generation === 0;
      // The first answer after a failure should come at once: it says that we are back.
      const wait = first ? 0 : this.holdSecs;
      const answer = await this.api.poll({ cursor: this.cursor, wait, client: this.client, signal: call.signal });
      if (run.signal.aborted) return;
      if (!answer || !Array.isArray(answer.events)) throw new ApiError({ code: 'bad_answer' });
      this.#accept(answer, wait);
    } catch (error) {
      if (run.signal.aborted) return;
      if (call.signal.aborted) return; // nudged out of a dead hold: just ask again
      await this.#failed(error, run);
    } finally {
      this.#call = null;
    }
  }

  /** @param {import('./types.js').PollAnswer} answer @param {number} wait */
  #accept(answer, wait) {
    this.attempt = 0;
    this.#generation += 1;
    const cursor = answer.cursor ?? this.cursor;
    if (answer.superseded) {
      // Someone else polls under our name (a copied browser profile): go on under a new one.
      this.client = `${this.client.slice(0, 48)}.${this.random().toString(36).slice(2, 8)}`;
    }
    this.onEvents(answer.events, cursor);
    this.cursor = cursor;
    this.onStatus({ state: 'online' });
    const heldWhole = wait > 0 && answer.events.length === 0 && this.now() - this.#calledAt >= wait * 800;
    if (heldWhole) this.holdSecs = Math.min(Math.round(this.holdSecs * 1.5), this.longestSecs);
  }

  /** @param {unknown} error @param {AbortController} run */
  async #failed(error, run) {
    const problem = error instanceof ApiError ? error : new ApiError({ code: 'network' });
    if (problem.status === 401) {
      this.#run = null;
      run.abort();
      this.onStatus({ state: 'signed-out' });
      return;
    }
    if (problem.status === 410) {
      const fresh = await this.#reload();
      if (fresh !== undefined) {
        this.cursor = fresh;
        return;
      }
    } else if (problem.code === 'cursor_invalid') {
      this.cursor = null;
    } else if (problem.isTemporary && this.#wasCut()) {
      this.longestSecs = Math.max(SHORTEST_HOLD_SECS, Math.floor(this.holdSecs * 0.6));
      this.holdSecs = this.longestSecs;
    }
    this.attempt += 1;
    const ms = backoffMs(this.attempt, { retryAfterSecs: problem.retryAfterSecs, random: this.random });
    this.onStatus({ state: 'waiting', retryAt: this.now() + ms, attempt: this.attempt, code: problem.code });
    const nap = new AbortController();
    this.#nap = nap;
    await this.sleep(ms, nap.signal);
    this.#nap = null;
    if (!run.signal.aborted) this.onStatus({ state: 'connecting', attempt: this.attempt });
  }

  #wasCut() {
    return this.attempt === 0 && this.#generation > 0 && this.now() - this.#calledAt > CUT_AFTER_MS;
  }

  async #reload() {
    try {
      return await this.onExpired();
    } catch {
      return undefined;
    }
  }
}
