/**
 * What a message's plain text shows: links, code, code blocks and quotes. Returns a tree of plain
 * objects, which nodes.js draws; nothing here can make markup out of text.
 */

/** @typedef {{kind: 'text'|'code'|'block'|'link'|'quote', text: string, href?: string, parts?: Part[]}} Part */

// Each repeat has a bound, beyond any ordinary text: what is read here was written by somebody else.
const LINK = /\bhttps?:\/\/(?:[^\s<>"'`]|\ufeff){1,65536}/giu;
const FENCE = /```(?:[\w+-]{0,64}\n)?([\s\S]{0,65536}?)```/gu;
const CODE = /`([^`\n]{1,65536})`/gu;
const ENDS = /[.,;:!?*_~”’»…]/u;
/** Characters that nobody sees, or that turn the text around them: an address with one is not the one that is read. */
const UNSEEN = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/u;

/** @param {string} text @returns {Part[]} */
export function parse(text) {
  return split(text, FENCE, (match) => ({ kind: 'block', text: match[1].replace(/\n$/u, '') }), quotes);
}

/** Nothing in it would be seen. @param {string} text */
export function isBlank(text) {
  return !/[^\p{Cc}\p{Cf}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/u.test(text);
}

/** @param {string} text one emoji or a few and nothing else */
export function isEmojiOnly(text) {
  const short = text.trim();
  return short.length > 0 && short.length <= 32 && /^(?:\p{RGI_Emoji}|\s){1,9}$/v.test(short);
}

/** @param {string} text @returns {Part[]} */
function quotes(text) {
  /** @type {Part[]} */ const parts = [];
  let plain = '';
  let quoted = '';
  const flush = () => {
    if (plain) parts.push(...codes(plain.replace(/\n$/u, parts.length || quoted ? '' : '\n')));
    if (quoted) parts.push({ kind: 'quote', text: quoted, parts: codes(quoted.replace(/\n$/u, '')) });
    plain = quoted = '';
  };
  for (const line of text.split(/(?<=\n)/u)) {
    const isQuote = line.startsWith('> ');
    if (isQuote ? plain : quoted) flush();
    if (isQuote) quoted += line.slice(2);
    else plain += line;
  }
  flush();
  return parts;
}

/** @param {string} text @returns {Part[]} */
function codes(text) {
  return split(text, CODE, (match) => ({ kind: 'code', text: match[1] }), links);
}

/** @param {string} text @returns {Part[]} */
export function links(text) {
  /** @type {Part[]} */ const parts = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const address = trimmed(match[0]);
    const url = safeUrl(address);
    if (!url) continue;
    if (match.index > end) parts.push({ kind: 'text', text: text.slice(end, match.index) });
    parts.push({ kind: 'link', text: address, href: url });
    end = match.index + address.length;
  }
  if (end < text.length) parts.push({ kind: 'text', text: text.slice(end) });
  return parts;
}

/** Punctuation that ends the sentence is not the address's; a closing bracket is when one was opened. @param {string} address */
function trimmed(address) {
  /** @param {string} sign */
  const first = (sign) => (address.includes(sign) ? address.indexOf(sign) : address.length);
  /** @type {Record<string, number>} */ const opened = { ')': first('('), ']': first('[') };
  let end = address.length;
  while (end > 0 && (ENDS.test(address[end - 1]) || opened[address[end - 1]] >= end)) end -= 1;
  return address.slice(0, end);
}

/** Nothing for what leads elsewhere than it says: `https://good.example@evil.example` is the latter's. @param {string} address */
function safeUrl(address) {
  if (UNSEEN.test(address)) return null;
  try {
    const url = new URL(address);
    const [, , authority] = address.split(/[\\/?#]/u, 3);
    if (authority.includes('@') || url.username || url.password) return null;
    return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : null;
  } catch {
    return null;
  }
}

/**
 * @param {string} text @param {RegExp} pattern
 * @param {(match: RegExpMatchArray) => Part} found @param {(text: string) => Part[]} between
 */
function split(text, pattern, found, between) {
  /** @type {Part[]} */ const parts = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    const index = /** @type {number} */ (match.index);
    if (index > end) parts.push(...between(text.slice(end, index)));
    parts.push(found(match));
    end = index + match[0].length;
  }
  if (end < text.length) parts.push(...between(text.slice(end)));
  return parts;
}
