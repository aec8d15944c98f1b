/** What stands in the shadow root before anything is known, and what stands there when nobody can be reached. */
import { loadLanguage, t } from '../i18n/index.js';
import '../i18n/later.js';
import { el, fill } from '../lib/dom.js';
import { chooseLocale } from '../lib/time.js';
import { leaveToInputMethods } from '../elements/input-methods.js';
import { styles } from './styles.js';

const RIGHT_TO_LEFT = ['ar', 'fa', 'he', 'ur'];

/** One for all rooms of a page: the words are the module's. @type {Promise<string>|null} */ let language = null;

/**
 * In the element's language, else in that of the page around it; the first room decides for all.
 * @param {HTMLElement} element @param {() => void} onEscape @param {AbortSignal} signal
 * @returns {Promise<boolean>} false when it was aborted
 */
export async function buildShell(element, onEscape, signal) {
  const asked =
    element.getAttribute('lang') ||
    /** @type {HTMLElement|null} */ (element.closest('[lang]'))?.lang ||
    navigator.language;
  language ??= loadLanguage(asked);
  const [sheets, lang] = await Promise.all([styles(), language]);
  if (signal.aborted) return false;
  chooseLocale(lang);
  leaveToInputMethods(element, signal);
  const root = /** @type {ShadowRoot} */ (element.shadowRoot);
  root.adoptedStyleSheets = sheets;
  fill(
    root,
    el('div', {
      class: 'embed',
      part: 'panel',
      lang,
      dir: RIGHT_TO_LEFT.includes(lang) ? 'rtl' : 'ltr',
      onkeydown: key,
    }),
    el('div', { class: 'embed__launch' }),
  );
  return true;

  /** @param {KeyboardEvent} event */
  function key(event) {
    if (
      event.key !== 'Escape' ||
      event.defaultPrevented ||
      root.querySelector('dialog[open]') ||
      !element.hasAttribute('launcher')
    )
      return;
    event.preventDefault();
    onEscape();
  }
}

/** @param {import('../client/api.js').ApiError|null} error @param {() => void} again @param {Node[]} tools @param {boolean} [isConversation] not a person was asked for */
export function notice(error, again, tools, isConversation = false) {
  if (!error) return el('p', { class: 'embed__notice', role: 'status' }, t('embed.opening'));
  const unknown = isConversation ? 'room.unavailable' : 'room.unknown';
  const reason = error.isTemporary ? 'sign.offline' : error.status === 404 ? unknown : 'embed.refused';
  return el(
    'div',
    { class: 'embed__notice', role: 'alert' },
    el('p', null, t(reason)),
    el(
      'div',
      { class: 'cluster' },
      el('button', { class: 'button', type: 'button', onclick: again }, t('room.tryAgain')),
      tools,
    ),
  );
}

/** After this every script the page was served with has run. */
export async function pageLoaded() {
  if (document.readyState !== 'complete')
    await new Promise((resolve) => addEventListener('load', resolve, { once: true }));
}
