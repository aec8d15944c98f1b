/**
 * Which of the loaded messages stand in the page: never more than MAX, so that a long history costs no
 * more than a short one. Ends are kept as ids, because indexes move when older pages arrive.
 */

/** @typedef {import('../client/types.js').Message} Message */

export const PAGE = 50;
export const MAX = 300;

export class Slice {
  /** First message shown. @type {number|null} */ #from = null;
  /** Last message shown; null follows the end. @type {number|null} */ #to = null;

  get followsEnd() {
    return this.#to === null;
  }

  /** @param {Message[]} messages */
  of(messages) {
    const [start, end] = this.range(messages);
    return messages.slice(start, end);
  }

  /** @param {Message[]} messages @returns {[number, number]} */
  range(messages) {
    // What was shown last may be gone, when all of it was fetched anew.
    if (this.#to !== null && indexAfter(messages, this.#to) === 0) this.#to = null;
    const end = this.#to === null ? messages.length : indexAfter(messages, this.#to);
    let start =
      this.#from === null
        ? Math.max(0, end - PAGE)
        : messages.findIndex((message) => message.id >= /** @type {number} */ (this.#from));
    if (start < 0) start = Math.max(0, end - PAGE);
    // While following the end the start is let go, a page at a time.
    if (this.#to === null && end - start > MAX) start = end - MAX + PAGE;
    this.#from = messages[start]?.id ?? null;
    return [start, end];
  }

  /** @param {Message[]} messages @returns {boolean} whether loaded messages were left to show */
  older(messages) {
    const [start, end] = this.range(messages);
    if (start === 0) return false;
    const next = Math.max(0, start - PAGE);
    this.#from = messages[next].id;
    if (end - next > MAX) this.#to = messages[next + MAX - 1].id;
    return true;
  }

  /** @param {Message[]} messages */
  newer(messages) {
    const [start, end] = this.range(messages);
    if (this.#to === null || end >= messages.length) {
      this.#to = null;
      return false;
    }
    const next = Math.min(messages.length, end + PAGE);
    this.#to = next === messages.length ? null : messages[next - 1].id;
    if (next - start > MAX) this.#from = messages[next - MAX].id;
    return true;
  }

  /** @param {Message[]} messages @param {number} id */
  around(messages, id) {
    const at = messages.findIndex((message) => message.id >= id);
    const last = Math.min(messages.length, at + PAGE);
    this.#from = messages[Math.max(0, at - PAGE)]?.id ?? null;
    this.#to = last === messages.length ? null : messages[last - 1].id;
  }

  toEnd() {
    this.#from = this.#to = null;
  }
}

/** @param {Message[]} messages @param {number} id */
function indexAfter(messages, id) {
  for (let i = messages.length; i > 0; i -= 1) if (messages[i - 1].id <= id) return i;
  return 0;
}
