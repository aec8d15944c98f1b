/** Signing up, where the server lets people, and signing in: two fields, password managers welcome, no puzzle. */
import { recalled, storage } from '../client/accounts.js';
import { Api, ApiError } from '../client/api.js';
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { reasonOf } from '../lib/reasons.js';
import { el, fill } from '../lib/dom.js';
import { avatar, nameOf } from '../lib/nodes.js';

const SHORTEST_PASSWORD = 8;
const USERNAME = '\\s*[A-Za-z0-9][A-Za-z0-9_.\\-]{1,31}\\s*';
/** What is left to be refused when a browser has looked at a field. */
/** @type {Record<string, string>} */ const REFUSED = { username: 'sign.taken', password: 'sign.weak' };

const NOTICES = { expired: 'sign.expired', gone: 'sign.gone', else: 'sign.else', join: 'sign.join' };

export class ChatSignIn extends HTMLElement {
  /** @type {import('./types.js').PageApp} */ app;
  /** @type {{mode?: 'up'|'in', notice?: keyof typeof NOTICES, username?: string}} */ options = {};
  #mode = 'up';

  connectedCallback() {
    this.#mode = this.#isOpen ? (this.options.mode ?? 'in') : 'in';
    this.#draw();
  }

  get #isOpen() {
    return document.documentElement.dataset.registration === 'open';
  }

  #draw() {
    const up = this.#mode === 'up';
    const { username } = this.options;
    const notice = recalled('chat.join', storage('sessionStorage')) ? 'join' : this.options.notice;
    fill(
      this,
      el(
        'main',
        { class: 'sign-in' },
        el('img', {
          class: 'sign-in__mark',
          src: document.documentElement.dataset.icon,
          alt: '',
          width: 56,
          height: 56,
        }),
        el('h1', null, t(up ? 'sign.welcome' : 'sign.back')),
        up && !notice && el('p', { class: 'sign-in__lead' }, t('sign.lead')),
        notice && el('p', { class: 'notice', role: 'status' }, t(NOTICES[notice])),
        this.#accounts(),
        el(
          'form',
          { class: 'stack', onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
          field(
            'username',
            t('sign.username'),
            {
              autocomplete: 'username',
              autocapitalize: 'none',
              spellcheck: 'false',
              maxlength: 64,
              required: true,
              '.value': username ?? '',
              'data-first': !username,
              ...(up && { pattern: USERNAME, title: t('sign.usernameForm') }),
            },
            up ? t('sign.usernameHelp') : '',
          ),
          field(
            'password',
            t('sign.password'),
            {
              type: 'password',
              required: true,
              autocomplete: up ? 'new-password' : 'current-password',
              minlength: up ? SHORTEST_PASSWORD : 1,
              'data-first': Boolean(username),
            },
            up ? t('sign.passwordHelp', { count: SHORTEST_PASSWORD }) : '',
          ),
          el(
            'label',
            { class: 'check' },
            el('input', {
              type: 'checkbox',
              onchange: (/** @type {Event & {target: HTMLInputElement}} */ event) => this.#reveal(event.target.checked),
            }),
            t('sign.show'),
          ),
          el('p', { class: 'form-error', role: 'alert' }),
          el('button', { class: 'button button--primary button--wide', type: 'submit' }, t(up ? 'sign.up' : 'sign.in')),
          this.#isOpen &&
            el(
              'button',
              { class: 'button button--quiet button--wide', type: 'button', onclick: () => this.#switch() },
              t(up ? 'sign.toIn' : 'sign.toUp'),
            ),
        ),
      ),
    );
    /** @type {HTMLElement|null} */ (this.querySelector('[data-first]'))?.focus();
  }

  #accounts() {
    const accounts = this.app.accounts.list();
    if (accounts.length === 0) return null;
    return el(
      'section',
      { class: 'stack sign-in__accounts', 'aria-label': t('sign.accounts') },
      el('p', { class: 'muted' }, t('sign.accounts')),
      accounts.map((account) =>
        el(
          'button',
          { class: 'account', type: 'button', onclick: () => this.#continueAs(account) },
          avatar(account.user),
          el('bdi', null, nameOf(account.user)),
        ),
      ),
    );
  }

  /** @param {import('../client/accounts.js').Account} account */
  #continueAs(account) {
    this.app.accounts.choose(account.user.id);
    this.app.enter(account);
  }

  #switch() {
    const username = this.#input('username').value;
    this.#mode = this.#mode === 'up' ? 'in' : 'up';
    this.options = { ...this.options, username };
    this.#draw();
  }

  /** @param {boolean} visible */
  #reveal(visible) {
    this.#input('password').type = visible ? 'text' : 'password';
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    const fields = { username: this.#input('username').value.trim(), password: this.#input('password').value };
    const button = /** @type {HTMLButtonElement} */ (this.querySelector('[type=submit]'));
    this.#complain('');
    button.disabled = true;
    button.textContent = t('sign.busy');
    try {
      const api = new Api();
      if (this.#mode === 'up') await api.register(fields);
      const { token, user } = await api.login(fields);
      this.app.accounts.keep({ token, user });
      await this.app.enter({ token, user });
    } catch (error) {
      this.#refused(/** @type {ApiError} */ (error));
      button.disabled = false;
      button.textContent = t(this.#mode === 'up' ? 'sign.up' : 'sign.in');
    }
  }

  /** @param {ApiError} error */
  #refused(error) {
    if (!(error instanceof ApiError) || error.status === 0) return this.#complain(t('sign.offline'));
    for (const { field } of error.errors) {
      const input = this.querySelector(`[name="${CSS.escape(String(field))}"]`);
      input?.setAttribute('aria-invalid', 'true');
    }
    const invalid = /** @type {HTMLElement|null} */ (this.querySelector('[aria-invalid]'));
    (invalid ?? this.#input(error.status === 401 ? 'password' : 'username')).focus();
    this.#complain(this.#reason(error));
  }

  /** @param {ApiError} error */
  #reason({ status, errors, code, detail }) {
    if (status === 401) return t('sign.wrong');
    const [known] = errors.map((error) => REFUSED[error.field ?? '']).filter(Boolean);
    return known && this.#mode === 'up' ? t(known) : t('sign.failed', { reason: reasonOf({ code, detail }) });
  }

  /** @param {string} text */
  #complain(text) {
    fill(/** @type {Element} */ (this.querySelector('.form-error')), text);
    if (!text) for (const input of this.querySelectorAll('[aria-invalid]')) input.removeAttribute('aria-invalid');
  }

  /** @param {string} name */
  #input(name) {
    return /** @type {HTMLInputElement} */ (this.querySelector(`[name="${name}"]`));
  }
}

/** @param {string} name @param {string} label @param {Record<string, unknown>} props @param {string} help */
function field(name, label, props, help) {
  const id = `sign-${name}`;
  return el(
    'div',
    { class: 'field' },
    el('label', { for: id }, label),
    el('input', { id, name, class: 'input', dir: 'auto', 'aria-describedby': help ? `${id}-help` : null, ...props }),
    help && el('p', { class: 'field__help', id: `${id}-help` }, help),
  );
}

customElements.define('chat-sign-in', ChatSignIn);
