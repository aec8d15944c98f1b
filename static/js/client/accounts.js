/**
 * Who is signed in here. The browser remembers every account; each tab chooses one, so two tabs of one
 * browser can be two people. Storage that is blocked or full only means that nothing is remembered.
 */

/** @typedef {{token: string, user: import('./types.js').Person}} Account */

const ALL = 'chat.accounts';
const LAST = 'chat.last';
const TAB = 'chat.account';
/** A tab that was asked to sign in as someone else. */
const NOBODY = 'none';

export class Accounts {
  /** @param {{local?: Storage|null, session?: Storage|null}} [stores] */
  constructor({ local = storage('localStorage'), session = storage('sessionStorage') } = {}) {
    this.local = local;
    this.session = session;
  }

  /** @returns {Account[]} */
  list() {
    return Object.values(this.#all());
  }

  /** @returns {Account|null} this tab's account, else the one used last */
  current() {
    const chosen = this.#read(this.session, TAB);
    if (chosen === NOBODY) return null;
    const all = this.#all();
    return all[chosen ?? ''] ?? all[this.#read(this.local, LAST) ?? ''] ?? null;
  }

  /** @param {Account} account */
  keep({ token, user }) {
    this.#write(this.local, ALL, JSON.stringify({ ...this.#all(), [user.id]: { token, user } }));
    this.choose(user.id);
  }

  /** @param {number} userId */
  choose(userId) {
    this.#write(this.session, TAB, String(userId));
    this.#write(this.local, LAST, String(userId));
  }

  /** This tab stands apart until someone signs in. */
  leave() {
    this.#write(this.session, TAB, NOBODY);
  }

  /** @param {number} userId */
  forget(userId) {
    const all = this.#all();
    delete all[userId];
    this.#write(this.local, ALL, JSON.stringify(all));
    this.leave();
  }

  /** @returns {Record<string, Account>} */
  #all() {
    try {
      return JSON.parse(this.#read(this.local, ALL) ?? '{}');
    } catch {
      return {};
    }
  }

  /** @param {Storage|null} store @param {string} key */
  #read(store, key) {
    try {
      return store?.getItem(key) ?? null;
    } catch {
      return null;
    }
  }

  /** @param {Storage|null} store @param {string} key @param {string} value */
  #write(store, key, value) {
    try {
      store?.setItem(key, value);
    } catch {
      // Remembered for as long as this page lives, which is all the browser allows.
    }
  }
}

/** @param {'localStorage'|'sessionStorage'} name @returns {Storage|null} */
export function storage(name) {
  try {
    return globalThis[name] ?? null;
  } catch {
    return null;
  }
}
