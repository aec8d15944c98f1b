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
