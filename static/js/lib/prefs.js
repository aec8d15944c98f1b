/** Choices this browser remembers: looks, language, keys, sounds. */
import { read, write } from './storage.js';

const KEY = 'chat.prefs';
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

/** @param {Partial<Prefs>} changes */
export function setPrefs(changes) {
  const next = { ...prefs(), ...changes };
  write(KEY, next);
  const root = document.documentElement;
  if (next.theme === 'system') delete root.dataset.theme;
  else root.dataset.theme = next.theme;
  if (next.density === 'compact') root.dataset.density = 'compact';
  else delete root.dataset.density;
  return next;
}

/** One name for this browser's poll, the same in all its tabs. @param {() => string} make */
export function browserName(make) {
  const known = read('chat.browser').name;
  if (known) return known;
  const name = make();
  write('chat.browser', { name });
  return name;
}
