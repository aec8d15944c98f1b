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
  }

  /** After every scroll. */
  look() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    this.isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
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

  /** The first line that is whole on screen. */
  #anchor() {
    const { top } = this.scroller.getBoundingClientRect();
    for (const row of this.list.children) {
      if (row.matches('.message') && row.getBoundingClientRect().top >= top) return row;
    }
    return null;
  }

  /** What was on screen, to come back to later. */
  remember() {
    const anchor = this.isAtEnd ? null : /** @type {HTMLElement|null} */ (this.#anchor());
    if (!anchor) return null;
    return {
      key: anchor.dataset.key ?? '',
      top: anchor.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top,
    };
  }
}
