/** Tells the other one that we write: at most every three seconds, and when we stop. */

const EVERY_MS = 3000;
const ENDS_MS = 4000;

export class TypingNote {
  #toldAt = 0;
  /** @type {number|undefined} */ #timer;

  /** @param {(isTyping: boolean) => Promise<unknown>|undefined} tell */
  constructor(tell) {
    this.tell = tell;
  }

  keystroke() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.stop(), ENDS_MS);
    if (Date.now() - this.#toldAt < EVERY_MS) return;
    this.#toldAt = Date.now();
    this.tell(true)?.catch(() => {});
  }

  stop() {
    clearTimeout(this.#timer);
    if (!this.#toldAt) return;
    this.#toldAt = 0;
    this.tell(false)?.catch(() => {});
  }
}
