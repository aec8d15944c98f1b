/** Names as they are compared, here as on the server (chatserver/words.py): the same in every region of the browser. */

/** Letters that Unicode does not take apart, behind the one that people write in their place. */
const LETTERS =
  'bƀƃɓ cƈȼɕ dđðƌȡɖɗ eɇə fƒ gǥɠ hħɦ iıɨ jȷɉʝ kƙ lłƚȴɫɬɭ mɱ nƞȵɲɳ oø pƥ qĸɋʠ rɍɼɽɾ sȿʂ tŧƫƭȶʈ vʋ yƴɏỿ zƶȥɀʐʑ σς';
const PLAIN = new Map([
  ...Object.entries({ ß: 'ss', þ: 'th', æ: 'ae', œ: 'oe', ŋ: 'ng' }),
  ...LETTERS.split(' ').flatMap(([plain, ...others]) => others.map((other) => /** @type {const} */ ([other, plain]))),
]);
/** Accents of Latin and Greek, the Cyrillic ones that are left out in writing, and hamzas. */
const ACCENTED = /[\p{Script=Latin}\p{Script=Greek}ѐёѝ\u0622-\u0626\u06c0\u06c2\u06d3]/gu;
/** Accents that stand alone, vowel points of Hebrew and Arabic, and what nobody sees. */
const LEFT_OUT =
  /(?=\p{M})[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u0670\u06d6-\u06ed\u08ca-\u08ff]|\u0640|\p{Default_Ignorable_Code_Point}/gu;

/** @param {string} text */
export function folded(text) {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(ACCENTED, (letter) => letter.normalize('NFD').replace(/\p{M}/gu, ''))
    .replace(LEFT_OUT, '')
    .replace(/[\u00df-\u02a0\u03c2\u1eff]/gu, (letter) => PLAIN.get(letter) ?? letter);
}

/** Whether for each word that is wanted a word of their names begins so. @param {{full_name?: string, username?: string}} person @param {string} wanted */
export function isCalled(person, wanted) {
  const names = folded(`${person.full_name ?? ''} ${person.username ?? ''}`);
  const words = [...names.split(/\s{1,200}/u), ...(names.match(/[\p{L}\p{M}\p{N}]{1,200}/gu) ?? [])];
  return folded(wanted)
    .split(/\s{1,200}/u)
    .map((word) => word.replace(/^@{1,9}|[,;]{1,9}$/gu, ''))
    .every((word) => words.some((name) => name.startsWith(word)));
}

/** As many words as the server looks for. */
export const MOST_WORDS = 10;

/** What stands between spaces, words and signs as they are, and only as much as is looked for. @param {string} text */
export function piecesOf(text) {
  return folded(text)
    .split(/\s{1,200}/u)
    .filter(Boolean)
    .slice(0, MOST_WORDS);
}

/** Each word once, and only as many as are looked for. @param {string} text @returns {{words: string[], isCut: boolean}} folded */
export function wantedWords(text) {
  const all = new Set(folded(text).match(/[\p{L}\p{M}\p{N}_]{1,200}/gu) ?? []);
  return { words: [...all].slice(0, MOST_WORDS), isCut: all.size > MOST_WORDS };
}

/**
 * Where in a text the words stand, compared as they are looked for: folding makes some letters longer and some shorter.
 * @param {string} text @param {string[]} words folded @returns {[from: number, to: number][]} in the order of the text
 */
export function placesOf(text, words) {
  let plain = '';
  /** @type {[number, number][]} */ const letters = [];
  for (const { 0: letter, index } of text.matchAll(/\P{M}\p{M}{0,64}|\p{M}{1,64}/gu)) {
    const piece = folded(letter);
    plain += piece;
    // Half of a letter, as of ß, is marked as all of it.
    for (let unit = 0; unit < piece.length; unit += 1) letters.push([index, index + letter.length]);
  }
  /** @type {[number, number][]} */ const places = [];
  for (const word of words)
    for (let at = plain.indexOf(word); at >= 0; at = plain.indexOf(word, at + word.length))
      places.push([letters[at][0], letters[at + word.length - 1][1]]);
  return places.sort(([a], [b]) => a - b);
}
