/** Names as they are compared, here as on the server (chatserver/words.py): the same in every region of the browser. */

const PLAIN = /** @type {Record<string, string>} */ ({
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ħ: 'h',
  ŧ: 't',
  ı: 'i',
  ə: 'e',
  ŋ: 'ng',
  ё: 'е',
});

/** @param {string} text */
export function folded(text) {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\p{Script=Latin}\p{Script=Greek}]/gu, (letter) => letter.normalize('NFD').replace(/\p{M}/gu, ''))
    .replace(/[\u0300-\u036f\p{Default_Ignorable_Code_Point}]/gu, '')
    .replace(/[øłđðþßæœħŧıəŋё]/gu, (letter) => PLAIN[letter]);
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
