/** Dates and times as the reader writes them. */

const DAY_MS = 86_400_000;
let chosen = '';
/** @type {Map<string, Intl.DateTimeFormat>} */ const formats = new Map();

/**
 * The language of dates and sizes is the page's (unless who is a guest in the page chose another), in the manner of
 * the browser's region: 3 May and 14:30 in Britain.
 */
export function locale() {
  const lang = chosen || document.documentElement.lang || 'en';
  const [language] = lang.split('-');
  const region = regions().find((wish) => wish.split('-')[0] === language);
  // Elsewhere than in the regions of its language, English is that of the world: only some put the month first.
  return region ?? (language === 'en' && regions().length ? 'en-001' : lang);
}

/** As the browser lists them, the first where it is at home; one may be `en-US@posix`. */
function regions() {
  return (globalThis.navigator?.languages ?? []).map((wish) => wish.split('@')[0]);
}

/** Twelve hours or twenty-four, as where the browser is at home: what a locale does by itself where it is at home too. */
function hourCycle() {
  return locale() === regions()[0]
    ? undefined
    : new Intl.DateTimeFormat(regions()[0] ?? locale(), { hour: 'numeric' }).resolvedOptions().hourCycle;
}

/** @param {string} lang */
export function chooseLocale(lang) {
  chosen = lang;
}

/** @param {Intl.DateTimeFormatOptions} options */
function format(options) {
  const lang = locale();
  const key = lang + JSON.stringify(options);
  const format = formats.get(key) ?? new Intl.DateTimeFormat(lang, options);
  formats.set(key, format);
  return format;
}

/** @param {string|number|Date} at 12:30 */
export function clock(at) {
  return format({ hour: 'numeric', minute: '2-digit', hourCycle: hourCycle() }).format(new Date(at));
}

/** @param {string|number|Date} at Monday, 23 November 2026 at 12:30 */
export function exact(at) {
  return format({ dateStyle: 'full', timeStyle: 'short', hourCycle: hourCycle() }).format(new Date(at));
}

/** @param {string|number|Date} at a key that is the same for all moments of one local day */
export function dayKey(at) {
  const date = new Date(at);
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}

/** @param {string|number|Date} at @param {number} [now] Today, Yesterday, Monday, 3 May, 3 May 2025 */
export function dayName(at, now = Date.now()) {
  const days = daysAgo(at, now);
  if (days >= 0 && days < 2) return relativeDay(days);
  if (days > 0 && days < 7) return format({ weekday: 'long' }).format(new Date(at));
  return date(at, 'long', now);
}

/** @param {string|number|Date} at for narrow lists: 12:30, Yesterday, Mon, 3 May, 3 May 2025 */
export function shortWhen(at, now = Date.now()) {
  const days = daysAgo(at, now);
  if (days <= 0) return clock(at);
  if (days === 1) return relativeDay(1);
  if (days < 7) return format({ weekday: 'short' }).format(new Date(at));
  return date(at, 'short', now);
}

/** With its year where that is another one. @param {string|number|Date} at @param {'long'|'short'} month @param {number} now */
function date(at, month, now) {
  const isThisYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return format({ day: 'numeric', month, year: isThisYear ? undefined : 'numeric' }).format(new Date(at));
}

/** @param {number} days */
function relativeDay(days) {
  const words = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' });
  const text = words.format(-days, 'day');
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}

/** @param {string|number|Date} at @param {number} now */
function daysAgo(at, now) {
  const midnight = (/** @type {string|number|Date} */ moment) => new Date(moment).setHours(0, 0, 0, 0);
  return Math.round((midnight(now) - midnight(at)) / DAY_MS);
}
