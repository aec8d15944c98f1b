/** Small pieces many elements draw: avatars, names, formatted text, buttons with an icon. */
import { el } from './dom.js';
import { parse } from './format.js';
import { icon } from './icons.js';

const HUES = 10;

/** @param {{full_name?: string, username?: string}|null|undefined} person */
export function nameOf(person) {
  return person?.full_name?.trim() || person?.username || '';
}

/** Deleted: only messages still name them. @param {{username?: string}|null|undefined} person */
export function isGone(person) {
  return Boolean(person?.username?.startsWith('-deleted-'));
}

/** @param {string} name first letters of the first and last word, whatever the script */
export function initials(name) {
  const words = name
    .slice(0, 200)
    .trim()
    .split(/\s{1,200}/u)
    .filter(Boolean);
  const first = (/** @type {string} */ word) => [...new Intl.Segmenter().segment(word)][0]?.segment ?? '';
  const picked = words.length > 1 ? [words[0], words[words.length - 1]] : words.slice(0, 1);
  return picked.map(first).join('').toLocaleUpperCase() || '?';
}

/** The same person has the same colour everywhere. @param {{id?: number, full_name?: string, username?: string}|null|undefined} person @param {string} [size] */
export function avatar(person, size = '') {
  const hue = ((person?.id ?? 0) * 7) % HUES;
  return el(
    'span',
    { class: `avatar avatar--${hue} ${size && `avatar--${size}`}`, 'aria-hidden': 'true' },
    initials(nameOf(person)),
  );
}

/** @param {import('./icons.js').IconName} name @param {string} label @param {Record<string, unknown>} [props] */
export function iconButton(name, label, props = {}) {
  return el(
    'button',
    { type: 'button', class: 'icon-button', 'aria-label': label, title: label, ...props },
    icon(name),
  );
}

/** @param {string} text @param {{copyLabel: string, onCopy: (text: string) => void}} options */
export function formatted(text, options) {
  return parse(text).map((part) => draw(part, options));
}

/** @param {import('./format.js').Part} part @param {{copyLabel: string, onCopy: (text: string) => void}} options @returns {Node} */
function draw(part, options) {
  if (part.kind === 'link') {
    return el('a', { href: part.href, target: '_blank', rel: 'noopener noreferrer nofollow', dir: 'ltr' }, part.text);
  }
  if (part.kind === 'code') return el('code', { dir: 'ltr' }, part.text);
  if (part.kind === 'block') {
    const copy = iconButton('copy', options.copyLabel, {
      class: 'icon-button code-block__copy',
      onclick: () => options.onCopy(part.text),
    });
    return el('span', { class: 'code-block' }, el('code', { dir: 'ltr', tabindex: '0' }, part.text), copy);
  }
  if (part.kind === 'quote')
    return el(
      'q',
      { class: 'quote', dir: 'auto' },
      (part.parts ?? []).map((inner) => draw(inner, options)),
    );
  return document.createTextNode(part.text);
}
