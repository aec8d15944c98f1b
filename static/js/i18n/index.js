/**
 * The page's words. A catalogue maps keys to sentences with {placeholders}; a key whose sentence depends
 * on a number holds its plural forms as Intl.PluralRules names them. What a language lacks, English fills.
 */
import en from './en.js';

/** @typedef {Record<string, string|Record<string, string>>} Catalogue */

/** Languages with a catalogue in this folder, in their own names. */
export const LANGUAGES = { en: 'English', ar: 'العربية', de: 'Deutsch' };

/** @type {Catalogue} */ let words = en;
let rules = new Intl.PluralRules('en');
let numbers = new Intl.NumberFormat('en');

/** @param {string} wanted en, ar-EG, … @returns {Promise<string>} the language it became */
export async function loadLanguage(wanted) {
  const code = wanted.toLowerCase().split(/[-_]/u)[0];
  const lang = Object.hasOwn(LANGUAGES, code) ? code : 'en';
  rules = new Intl.PluralRules(lang);
  numbers = new Intl.NumberFormat(lang);
  words = en;
  try {
    if (lang !== 'en') words = { ...en, ...(await import(`./${lang}.js`)).default };
  } catch {
    // The catalogue could not be fetched: English words are better than none.
  }
  return lang;
}

/** @param {number} value */
export function number(value) {
  return numbers.format(value);
}

/** @param {string} key @param {Record<string, any>} [values] `count` picks the plural form */
export function t(key, values = {}) {
  const entry = words[key] ?? key;
  const sentence = typeof entry === 'string' ? entry : (entry[rules.select(values.count ?? 0)] ?? entry.other);
  return sentence.replace(/\{(\w{1,40})\}/gu, (whole, name) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? number(value) : String(value);
  });
}
