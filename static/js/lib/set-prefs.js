/** Choosing anew what this browser remembers, and showing it at once. Fetched with the settings. */
import { KEY, prefs } from './prefs.js';
import { write } from './storage.js';

/** @param {Partial<import('./prefs.js').Prefs>} changes */
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
