/**
 * What a message's plain text shows: links, code, code blocks and quotes. Returns a tree of plain
 * objects, which nodes.js draws; nothing here can make markup out of text.
 */

/** @typedef {{kind: 'text'|'code'|'block'|'link'|'quote', text: string, href?: string, parts?: Part[]}} Part */

// Each repeat has a bound, beyond any ordinary text: what is read here was written by somebody else. An address ends at
// marks of other scripts, at quotes, at what turns the text around and at the next one.
const LINK =
  /(?:(?<![a-z0-9])https?:\/\/|(?<![a-z0-9_.@/-])www\.)(?:(?![,;|)\]][([]?https?:)[^\s<>"`„‚‟«»‹›“”‘،؛؟۔।॥։።\p{Bidi_C}\u275b-\u275e\u3001-\u3003\u3008-\u3011\u3014-\u301f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]|\ufeff){1,65536}|(?<![\p{sc=Latn}\p{M}0-9_.+@/-]|[a-z0-9]['&])[\p{sc=Latn}0-9_][\p{sc=Latn}\p{M}0-9_.+'&-]{0,63}@(?:[\p{sc=Latn}\p{sc=Cyrl}\p{sc=Grek}\p{Nd}-]{1,63}\.){1,9}[\p{sc=Latn}\p{sc=Cyrl}\p{sc=Grek}-]{2,63}/giu;
/** Lines of a quote, or code between fences, whose first word names its language: whichever begins first holds the other. */
export const BLOCK =
  /(?<![^\n])((?:> [^\n]{0,65536}(?:\n|$)(?:>(?:\n|$)){0,99}){1,9999})|```(?:[^\s`]{0,64}[ \t]{0,9}\n)?([\s\S]{0,65536}?)```/gu;
const CODE = /`([^`\n]{1,65536})`/gu;
/** Punctuation that ends the sentence is not the address's. */
const ENDS = /[.,;:!?'"|…’]|(?!\p{ASCII})\p{P}/u;
const CLOSED = /** @type {Record<string, string>} */ ({ ')': '(', ']': '[', '}': '{' });
/** No host ends in letters of two scripts. */
const HOST_IN_TEXT =
  /^((?:https?:\/\/)?[\w.-]{1,253}\.[a-z]{2,63}(?::\d{1,5})?)[^\0-\x7f\p{sc=Latn}\p{M}][^./?#:]{0,65536}$/iu;
/** A name that goes on behind what turns it around reads as another one. */
const TURNED_HOST = /^(?:https?:\/\/)?[^/?#\s]{0,300}[\p{Bidi_C}][\p{L}\p{N}.-]/iu;
/** Characters that nobody sees, or that turn the text around them: an address with one is not the one that is read. */
const UNSEEN = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/u;
/** They belong to the spelling. */
const JOINERS = /(?<=[^\0-\x7f])(?:\u200c|\u200d|\ufe0f)/gu;

/** @param {string} text @returns {Part[]} */
export function parse(text) {
  return split(lined(text), BLOCK, block, codes);
}

/** @param {RegExpMatchArray} match @returns {Part} */
function block([, quote, code]) {
  if (quote === undefined) return { kind: 'block', text: code.replace(/\n$/u, '') };
  const inner = unquoted(quote).replace(/\n$/u, '');
  // A quote in a quote is text: no text of others decides how deep this goes.
  return {
    kind: 'quote',
    text: inner,
    parts: split(
      inner,
      BLOCK,
      (match) => (match[1] === undefined ? block(match) : { kind: 'text', text: match[0] }),
      codes,
    ),
  };
}

/** @param {string} quote */
export function unquoted(quote) {
  return quote.replace(/(?<![^\n])> ?/gu, '');
}

/** @param {string} text */
export function lined(text) {
  return text.replace(/\r\n?/gu, '\n');
}

/** @param {string} text one emoji or a few and nothing else */
export function isEmojiOnly(text) {
  const short = text.trim();
  return short.length > 0 && short.length <= 32 && /^(?:\p{RGI_Emoji}|\s){1,9}$/v.test(short);
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
    const address = trimmed(match[0], text[match.index - 1]);
    const url = TURNED_HOST.test(text.slice(match.index)) ? null : safeUrl(address);
    if (!url) continue;
    if (match.index > end) parts.push({ kind: 'text', text: text.slice(end, match.index) });
    parts.push({ kind: 'link', text: address, href: url });
    end = match.index + address.length;
  }
  if (end < text.length) parts.push({ kind: 'text', text: text.slice(end) });
  return parts;
}

/** Without what belongs to the sentence around it. @param {string} address @param {string|undefined} before the sign in front of it */
function trimmed(address, before) {
  let end = (HOST_IN_TEXT.exec(address)?.[1] ?? address).length;
  /** @type {Record<string, number>} */ const open = {};
  for (let at = 0; at < end; at += 1) {
    const sign = address[at];
    const opening = CLOSED[sign];
    if (opening && !open[opening]) end = at;
    else if (opening) open[opening] -= 1;
    else open[sign] = (open[sign] ?? 0) + 1;
    if (sign === before && before === "'" && !/[\p{L}\p{N}]/u.test(address[at + 1] ?? ' ')) end = at;
  }
  const isMark = (/** @type {string} */ sign) => ENDS.test(sign) || (sign === before && /[*_~]/u.test(sign));
  while (end > 0 && isMark(address[end - 1])) end -= 1;
  return address.slice(0, end);
}

/** Nothing for what leads elsewhere than it says: `https://good.example@evil.example` is the latter's. @param {string} address */
function safeUrl(address) {
  if (UNSEEN.test(address.replace(JOINERS, ''))) return null;
  if (/^[^/:]{1,64}@/u.test(address)) return `mailto:${encodeURI(address)}`;
  try {
    const whole = /^www\./iu.test(address) ? `https://${address}` : address;
    const url = new URL(whole);
    const [, , authority] = whole.split(/[\\/?#]/u, 3);
    if (authority.includes('@') || UNSEEN.test(authority) || url.username || url.password) return null;
    if (whole !== address && !/[^.]\.[^.]/u.test(url.hostname.slice(4))) return null;
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
