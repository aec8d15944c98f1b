/** What a message quotes, apart from what it says itself. Fetched when somebody quotes, or follows a quote. */
import { BLOCK, lined, unquoted } from './format.js';

/** What was quoted, and what was written beside it. @param {string} text */
export function quotedAndOwn(text) {
  const plain = lined(text);
  const quotes = [...plain.matchAll(BLOCK)].map(([, quote]) => quote ?? '');
  const own = plain.replace(BLOCK, (whole, quote) => (quote === undefined ? whole : ''));
  return { quoted: unquoted(quotes.join('')).trim(), own: own.trim() };
}
