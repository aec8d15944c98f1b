/** JSON in the browser's storage; what the browser will not keep lasts as long as the page. */
import { storage } from '../client/accounts.js';

/** @type {Map<string, string>} */ const unkept = new Map();

/** @param {string} key @returns {any} any: whatever was kept under that name; an empty object where there is nothing, or nothing that can be read */
export function read(key) {
  try {
    return JSON.parse(unkept.get(key) ?? storage('localStorage')?.getItem(key) ?? '{}') ?? {};
  } catch {
    return {};
  }
}

/** @param {string} key @param {unknown} value */
export function write(key, value) {
  unkept.set(key, JSON.stringify(value));
  try {
    /** @type {Storage} */ (storage('localStorage')).setItem(key, JSON.stringify(value));
    unkept.delete(key);
  } catch {
    // Full, or forbidden.
  }
}

/** @param {string} key */
export function forget(key) {
  unkept.delete(key);
  try {
    storage('localStorage')?.removeItem(key);
  } catch {
    // Forbidden: nothing was kept there either.
  }
}
