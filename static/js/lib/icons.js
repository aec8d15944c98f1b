/** The few line drawings the page uses, drawn on a 24 × 24 grid. Decorative: the button carries the name. */

const PATHS = {
  back: 'M15 5 8 12l7 7',
  search: 'M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13Zm5 11.5L20 20',
  close: 'm6 6 12 12M18 6 6 18',
  copy: 'M9 9h10v10H9zM5 15V5h10',
  file: 'M7 3h7l5 5v13H7zM14 3v5h5',
  mute: 'M6 16V11a6 6 0 0 1 9-5.2M18 11v5l1.5 2h-15L6 16m4 4.5a2.3 2.3 0 0 0 4 0M4 4l16 16',
  clock: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16Zm0 4v4l3 2',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  checks: 'm2.5 12.5 4 4 8-9m-3.6 7.3 1.7 1.7 8.5-9',
  warn: 'M12 4 2.8 19.5h18.4L12 4Zm0 6v4.5m0 2.5h.01',
  plus: 'M12 5v14M5 12h14',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  pin: 'M9 4h6l-1 6 3 3v2H7v-2l3-3-1-6Zm3 11v5',
  chat: 'M4 5h16v11H10l-4.5 4v-4H4z',
};

/** @typedef {keyof typeof PATHS | keyof typeof import('./more-icons.js').MORE} IconName */

/** What is fetched late brings its drawings along. @param {Record<string, string>} more */
export function addIcons(more) {
  Object.assign(PATHS, more);
}

const SVG = 'http://www.w3.org/2000/svg';

/** @param {IconName} name */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', `icon icon--${name}`);
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', /** @type {Record<string, string>} */ (PATHS)[name]);
  svg.append(path);
  return svg;
}
