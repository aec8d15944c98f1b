/** Choices this browser remembers: looks, language, keys, sounds, muted conversations, drafts. */
import { storage } from '../client/accounts.js';

const KEY = 'chat.prefs';
const DEFAULTS = {
  theme: 'system',
  lang: '',
  density: 'comfortable',
  enterSends: true,
  shortcuts: true,
  notifications: false,
  sound: false,
  /** @type {number[]} */ muted: [],
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

/** @param {number} me @param {number} userId */
export function draft(me, userId) {
  return String(drafts(me)[userId] ?? '');
}

/** @param {number} me @returns {Record<string, string>} */
export function drafts(me) {
  return read(`chat.drafts.${me}`);
}

/** @param {number} me @param {number} userId @param {string} text */
export function setDraft(me, userId, text) {
  const all = drafts(me);
  if (text.trim()) all[userId] = text;
  else delete all[userId];
  write(`chat.drafts.${me}`, all);
}

/** One name for this browser's poll, the same in all its tabs. @param {() => string} make */
export function browserName(make) {
  const known = read('chat.browser').name;
  if (known) return known;
  const name = make();
  write('chat.browser', { name });
  return name;
}

/** What the browser would not keep lasts as long as the page. @type {Map<string, string>} */
const unkept = new Map();

/** @param {string} key @returns {any} */
function read(key) {
  try {
    return JSON.parse(unkept.get(key) ?? storage('localStorage')?.getItem(key) ?? '{}') ?? {};
  } catch {
    return {};
  }
}

/** @param {string} key @param {any} value */
function write(key, value) {
  unkept.set(key, JSON.stringify(value));
  try {
    /** @type {Storage} */ (storage('localStorage')).setItem(key, JSON.stringify(value));
    unkept.delete(key);
  } catch {
    // Full, or forbidden.
  }
}
