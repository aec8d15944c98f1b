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
    const chosen = recalled(TAB, this.session);
    if (chosen === NOBODY) return null;
    const all = this.#all();
    return all[chosen ?? ''] ?? all[recalled(LAST, this.local) ?? ''] ?? null;
  }

  /** @param {Account} account */
  keep({ token, user }) {
    remember(ALL, JSON.stringify({ ...this.#all(), [user.id]: { token, user } }), this.local);
    this.choose(user.id);
  }

  /** @param {number} userId */
  choose(userId) {
    remember(TAB, String(userId), this.session);
    remember(LAST, String(userId), this.local);
  }

  /** This tab stands apart until someone signs in. */
  leave() {
    remember(TAB, NOBODY, this.session);
  }

  /** @param {number} userId */
  forget(userId) {
    const all = this.#all();
    delete all[userId];
    remember(ALL, JSON.stringify(all), this.local);
    this.leave();
  }

  /** @returns {Record<string, Account>} */
  #all() {
    try {
      return JSON.parse(recalled(ALL, this.local) ?? '{}');
    } catch {
      return {};
    }
  }
}

/** @param {string} key @param {Storage|null} [store] */
export function recalled(key, store = storage('localStorage')) {
  try {
    return store?.getItem(key) ?? null;
  } catch {
    return null;
  }
}

/** @param {string} key @param {string} value @param {Storage|null} [store] */
export function remember(key, value, store = storage('localStorage')) {
  try {
    store?.setItem(key, value);
  } catch {
    // Remembered for as long as this page lives, which is all the browser allows.
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
