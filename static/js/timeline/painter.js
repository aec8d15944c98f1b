/** Keeps a node for every entry in sight: built once, touched only where something changed. */
import { arrange } from '../lib/dom.js';
import { nameOf } from '../lib/nodes.js';
import { buildRow, drawProgress, senderOf, shapeOf, updateRow } from './rows.js';

export class Painter {
  /** @type {Map<string, {row: HTMLElement, shape: string}>} */ #rows = new Map();

  /** @param {HTMLElement} list @param {() => import('./rows.js').RowTools} tools */
  constructor(list, tools) {
    this.list = list;
    this.tools = tools;
  }

  /** @param {import('./entries.js').Entry[]} entries */
  draw(entries) {
    arrange(
      this.list,
      entries.map((entry) => this.#row(entry)),
    );
    const keys = new Set(entries.map((entry) => entry.key));
    for (const key of this.#rows.keys()) if (!keys.has(key)) this.#rows.delete(key);
  }

  /** @param {string} key */
  find(key) {
    return this.#rows.get(key)?.row ?? null;
  }

  /** @param {string} key @param {number} share */
  progress(key, share) {
    const row = this.find(key);
    if (row) drawProgress(row, share);
  }

  /** @param {import('./entries.js').Entry} entry */
  #row(entry) {
    const tools = this.tools();
    const shape = shapeOf(entry, nameOf(senderOf(entry, tools)));
    let known = this.#rows.get(entry.key);
    if (!known || known.shape !== shape) {
      known = { row: buildRow(entry, tools), shape };
      this.#rows.set(entry.key, known);
    }
    if (entry.kind === 'message') updateRow(known.row, entry, tools);
    return known.row;
  }
}
