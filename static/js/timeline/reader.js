/** Notices what was read: only while the page is visible and has the focus, and only what is on screen. */

const AFTER_MS = 250;

export class Reader {
  /** @type {number|undefined} */ #timer;

  /** @param {HTMLElement} scroller @param {HTMLElement} list @param {(messageId: number) => void} onRead */
  constructor(scroller, list, onRead) {
    this.scroller = scroller;
    this.list = list;
    this.onRead = onRead;
  }

  /** @param {AbortSignal} signal */
  start(signal) {
    for (const name of ['focus', 'visibilitychange', 'scroll'])
      addEventListener(name, () => this.soon(), { signal, capture: true });
    signal.addEventListener('abort', () => clearTimeout(this.#timer));
  }

  soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), AFTER_MS);
  }

  #look() {
    if (document.visibilityState !== 'visible' || !document.hasFocus()) return;
    // Embedded, the room itself may stand below the window's edge.
    const limit = Math.min(this.scroller.getBoundingClientRect().bottom, innerHeight) + 4;
    const rows = /** @type {HTMLElement[]} */ ([...this.list.querySelectorAll('.message:not(.message--own)')]);
    const seen = rows.reverse().find((row) => row.getBoundingClientRect().bottom <= limit);
    const id = Number(seen?.dataset.id ?? 0);
    if (id) this.onRead(id);
  }
}

/** Arrow keys walk from message to message. @param {HTMLElement} list @param {number} step */
export function walk(list, step) {
  const articles = [...list.querySelectorAll('article')];
  if (articles.length === 0) return;
  const at = articles.indexOf(
    /** @type {HTMLElement} */ (/** @type {Document} */ (list.getRootNode()).activeElement?.closest('article')),
  );
  const next = articles[at < 0 ? articles.length - 1 : Math.min(articles.length - 1, Math.max(0, at + step))];
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: 'nearest' });
}
