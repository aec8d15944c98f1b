/** Choices this browser remembers: looks, language, keys, sounds. */
import { read, write } from './storage.js';

export const KEY = 'chat.prefs';
const DEFAULTS = {
  theme: 'system',
  lang: '',
  density: 'comfortable',
  enterSends: true,
  shortcuts: true,
  notifications: false,
  sound: false,
};

/** @typedef {typeof DEFAULTS} Prefs */

/** @returns {Prefs} */
export function prefs() {
  return { ...DEFAULTS, ...read(KEY) };
}

/** One name for this browser's poll, the same in all its tabs. @param {() => string} make */
export function browserName(make) {
  const known = read('chat.browser').name;
  if (known) return known;
  const name = make();
  write('chat.browser', { name });
  return name;
}
