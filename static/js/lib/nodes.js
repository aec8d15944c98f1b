/** Pieces many elements draw: avatars, names, texts, buttons. */
import { t } from '../i18n/index.js';
import { el } from './dom.js';
import { parse } from './format.js';
import { icon } from './icons.js';

const HUES = 10;
const NAMED = 2;

/** @typedef {{id?: number, full_name?: string, username?: string, avatar?: string|null}} Someone */
/** @typedef {Pick<import('../client/types.js').Group, 'id'|'name'|'avatar'|'preview'|'member_count'>} Several people */

/** @param {Someone|Several|null|undefined} face of a person, or of a conversation of several @returns {string} */
export function nameOf(face) {
  if (face && 'preview' in face) return face.name?.trim() || namesOf(face);
  return face?.full_name?.trim() || face?.username || '';
}

/** The server makes those with a colon. @param {{username: string}} person */
export function handleOf({ username }) {
  return username.includes(':') ? '' : `@${username}`;
}

/** Who is in a group that has no name of its own. @param {Several} group */
function namesOf({ preview, member_count }) {
  const names = preview.slice(0, NAMED).map(nameOf);
  const count = member_count - 1 - names.length;
  if (count > 0) names.push(t('rooms.more', { count }));
  return new Intl.ListFormat(document.documentElement.lang || 'en').format(names) || t('rooms.alone');
}

/** Deleted: only messages still name them. @param {{username?: string}|null|undefined} person */
export function isGone(person) {
  return Boolean(person?.username?.startsWith('-deleted-'));
}

/** @param {string} name first letters of the first and last word, whatever the script */
export function initials(name) {
  const [one, ...others] = name
    .slice(0, 200)
    .trim()
    .split(/\s{1,200}/u);
  const first = (/** @type {string} */ word) => [...new Intl.Segmenter().segment(word)][0]?.segment ?? '';
  return [one, ...others.slice(-1)].map(first).join('').toLocaleUpperCase() || '?';
}

/** The same person has the same colour everywhere. @param {{id?: number}|null|undefined} face */
export function hueOf(face) {
  return ((face?.id ?? 0) * 7) % HUES;
}

/** @param {Someone|Several|null|undefined} face @param {string} [size] */
export function avatar(face, size = '') {
  const shape = face && 'preview' in face ? 'avatar--group' : '';
  return el(
    'span',
    { class: `avatar avatar--${hueOf(face)} ${shape} ${size && `avatar--${size}`}`, 'aria-hidden': 'true' },
    initials(nameOf(face)),
    face?.avatar && picture(face.avatar),
  );
}

/** Pictures that could not be had: asked for once. @type {Set<string>} */
const broken = new Set();

/** Over the initials. One from elsewhere would tell its server who looks at whom. @param {string} src */
function picture(src) {
  if (broken.has(src) || new URL(src, location.href).origin !== location.origin) return null;
  const image = el('img', { class: 'avatar__image', src, alt: '', loading: 'lazy', decoding: 'async' });
  image.onerror = () => {
    broken.add(src);
    image.remove();
  };
  return image;
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
