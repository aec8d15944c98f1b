/* The reading page at work: where one is, copying, and the forms. Everything to read is there without it. */
import { makeTryable } from './try.js';

/** @template {Element} T @param {string} selector @returns {T[]} */
const all = (selector) => /** @type {T[]} */ ([...document.querySelectorAll(selector)]);
const token = /** @type {HTMLInputElement} */ (document.getElementById('token'));
const who = /** @type {HTMLElement} */ (document.getElementById('who'));

const credentials = {
  token: () => token.value.trim(),
  /** The answer to signing in fills the token in. @param {{token?: string, user?: {username: string}}} answer */
  signedIn(answer) {
    if (typeof answer?.token !== 'string' || !answer.user) return;
    token.value = answer.token;
    who.textContent = answer.user.username;
  },
};

function tellWhere() {
  /** @type {HTMLElement} */ (document.getElementById('origin')).textContent = location.origin;
}

function offerForms() {
  /** @type {HTMLElement} */ (document.getElementById('credentials')).hidden = false;
  document.getElementById('credentials')?.addEventListener('submit', (event) => event.preventDefault());
  token.addEventListener('input', () => who.replaceChildren());
  for (const details of all('.try')) /** @type {HTMLElement} */ (details).hidden = false;
  for (const form of all('.try form')) makeTryable(/** @type {HTMLFormElement} */ (form), credentials);
}

function offerCopying() {
  for (const button of /** @type {HTMLButtonElement[]} */ (all('[data-copy]'))) {
    button.hidden = false;
    button.addEventListener('click', async () => {
      await copied(/** @type {Element} */ (button.closest('.code')?.querySelector('pre')));
      button.textContent = 'Copied';
      setTimeout(() => (button.textContent = 'Copy'), 1500);
    });
  }
}

/** By plain http a page has no clipboard, and what is copied is what is selected. @param {Element} code */
async function copied(code) {
  if (navigator.clipboard) return navigator.clipboard.writeText(code.textContent ?? '');
  getSelection()?.selectAllChildren(code);
  document.execCommand('copy');
}

/** Scrolls the contents alone: `scrollIntoView` would move the page too. @param {Element} link */
function keepInView(link) {
  const box = /** @type {Element} */ (link.closest('.contents'));
  const { top, bottom } = link.getBoundingClientRect();
  const outer = box.getBoundingClientRect();
  if (top < outer.top) box.scrollTop -= outer.top - top + 40;
  else if (bottom > outer.bottom) box.scrollTop += bottom - outer.bottom + 40;
}

/** The contents show the part that is being read. */
function followReading() {
  const links = new Map(all('.contents a').map((link) => [link.getAttribute('href')?.slice(1), link]));
  const visible = new Set();
  const observer = new IntersectionObserver(
    (changes) => {
      for (const { target, isIntersecting } of changes) visible[isIntersecting ? 'add' : 'delete'](target);
      const first = parts.find((part) => visible.has(part));
      for (const link of links.values()) link.removeAttribute('aria-current');
      const link = first && links.get(first.id);
      link?.setAttribute('aria-current', 'true');
      if (link) keepInView(link);
    },
    { rootMargin: '-76px 0px -65% 0px' },
  );
  const parts = all('.operation, .problem, #shapes');
  for (const part of parts) observer.observe(part);
}

tellWhere();
offerForms();
offerCopying();
followReading();
