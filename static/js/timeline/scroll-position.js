/**
 * Keeps the reader's place while the timeline changes: at the end it stays at the end; anywhere else the
 * line that is being read does not move by a pixel.
 */

const NEAR_END_PX = 48;

export class ScrollPosition {
  /** @param {HTMLElement} scroller @param {HTMLElement} list */
  constructor(scroller, list) {
    this.scroller = scroller;
    this.list = list;
    this.isAtEnd = true;
    /** Where the line that is being read stands. @type {{row: Element, top: number}|null} */ this.read = null;
  }

  /** After every scroll. */
  look() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    this.isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    const row = this.isAtEnd ? null : this.#anchor();
    this.read = row && { row, top: this.#topOf(row) };
  }

  /** @param {() => void} change */
  keep(change) {
    const anchor = this.isAtEnd ? null : this.#anchor();
    const before = anchor?.getBoundingClientRect().top ?? 0;
    change();
    if (this.isAtEnd) this.toEnd();
    else if (anchor?.isConnected) this.scroller.scrollTop += anchor.getBoundingClientRect().top - before;
  }

  toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.isAtEnd = true;
  }

  /** @param {Element} node @param {number} share of the height above it */
  show(node, share) {
    const { top } = node.getBoundingClientRect();
    const frame = this.scroller.getBoundingClientRect();
    this.scroller.scrollTop += top - frame.top - frame.height * share;
    this.look();
  }

  /** Lines break elsewhere, or fewer fit: what was read stays where it was. */
  resized() {
    if (this.isAtEnd) this.toEnd();
    else if (this.read?.row.isConnected) this.scroller.scrollTop += this.#topOf(this.read.row) - this.read.top;
  }

  /** @param {Element} row */
  #topOf(row) {
    return row.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top;
  }

  /** The first line that is whole on screen. */
  #anchor() {
    const rows = this.list.children;
    let [low, high] = [0, rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#topOf(rows[middle]) < 0) low = middle + 1;
      else high = middle;
    }
    while (low < rows.length && !rows[low].matches('.message')) low += 1;
    return rows[low] ?? null;
  }

  /** What was on screen, to come back to later. */
  remember() {
    const anchor = this.isAtEnd ? null : /** @type {HTMLElement|null} */ (this.#anchor());
    if (!anchor) return null;
    return {
      key: anchor.dataset.key ?? '',
      top: this.#topOf(anchor),
    };
  }
}
