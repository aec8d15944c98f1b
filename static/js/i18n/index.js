/**
 * The page's words. A catalogue maps keys to sentences with {placeholders}; a key whose sentence depends
 * on a number holds its plural forms as Intl.PluralRules names them. What a language lacks, English fills.
 */
import en from './en.js';

/** @typedef {Record<string, string|Record<string, string>>} Catalogue */

/** Languages with a catalogue in this folder, in their own names. */
export const LANGUAGES = { en: 'English', ar: 'العربية', de: 'Deutsch' };

/** @typedef {{english: Catalogue, load: (lang: string) => Promise<{default: Catalogue}>}} Part of the words */

/** @type {Part[]} */ const parts = [{ english: en, load: (lang) => import(`./${lang}.js`) }];
/** @type {Catalogue} */ let words = en;
let lang = 'en';
let rules = new Intl.PluralRules('en');
let numbers = new Intl.NumberFormat('en');

/** @param {string} wanted en, ar-EG, … @returns {Promise<string>} the language it became */
export async function loadLanguage(wanted) {
  const code = wanted.toLowerCase().split(/[-_]/u)[0];
  lang = Object.hasOwn(LANGUAGES, code) ? code : 'en';
  rules = new Intl.PluralRules(lang);
  numbers = new Intl.NumberFormat(lang);
  words = Object.assign({}, ...(await Promise.all(parts.map(translated))));
  return lang;
}

/** What is fetched late brings its words along. @param {Catalogue} english @param {Part['load']} load */
export async function addWords(english, load) {
  const part = { english, load };
  parts.push(part);
  words = { ...words, ...(await translated(part)) };
}

/** @param {Part} part @returns {Promise<Catalogue>} */
async function translated({ english, load }) {
  try {
    return lang === 'en' ? english : { ...english, ...(await load(lang)).default };
  } catch {
    return english; // The catalogue could not be fetched: English words are better than none.
  }
}

/** @param {number} value */
export function number(value) {
  return numbers.format(value);
}

/** @param {string} key @param {{count?: number, [name: string]: string|number|undefined}} [values] `count` picks the plural form */
export function t(key, values = {}) {
  const entry = words[key] ?? key;
  const sentence = typeof entry === 'string' ? entry : (entry[rules.select(values.count ?? 0)] ?? entry.other);
  return sentence.replace(/\{(\w{1,40})\}/gu, (whole, name) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? number(value) : String(value);
  });
}
