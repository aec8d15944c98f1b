/** Who is in a conversation, as far as they were loaded: page by page, each in their place by role. Knows no DOM. */

/** @typedef {import('../client/types.js').Member} Member */

const PAGE = 100;
const RANKS = { owner: 0, admin: 1, moderator: 2, member: 3 };

export class Members {
  /** @type {Map<number, Member>} */ #known = new Map();
  /** Continues the list; null at its end, undefined before it was asked for. @type {string|null|undefined} */ next;
  /** @type {Promise<void>|null} */ #loading = null;

  /** @param {import('../elements/types.js').App} app @param {number} id of the conversation @param {() => void} onChange */
  constructor(app, id, onChange) {
    this.app = app;
    this.id = id;
    this.onChange = onChange;
  }

  /** @param {number} userId */
  has(userId) {
    return this.#known.has(userId);
  }

  /** @param {number} userId */
  get(userId) {
    const known = this.#known.get(userId);
    return known && this.#ranked(known);
  }

  /** Whom the conversation names is its owner, whatever was said of a member before. @param {Member} member @returns {Member} */
  #ranked(member) {
    const isOwner = member.user.id === this.app.store.group(this.id)?.owner_id;
    if (isOwner === (member.role === 'owner')) return member;
    return { ...member, role: isOwner ? 'owner' : 'member' };
  }

  get online() {
    return [...this.#known.keys()].filter((id) => this.app.store.people.get(id)?.is_online).length;
  }

  /** The owner, admins, moderators, then the others as the server lists them. */
  get all() {
    return [...this.#known.values()]
      .map((member) => this.#ranked(member))
      .sort((a, b) => RANKS[a.role] - RANKS[b.role]);
  }

  /** The next page of them. @returns {Promise<void>} */
  load() {
    if (this.next === null) return Promise.resolve();
    this.#loading ??= this.#page().finally(() => (this.#loading = null));
    return this.#loading;
  }

  async #page() {
    const { results, next } = await this.#ask({ after: this.next });
    this.next = next;
    for (const member of results) this.#keep(member);
    this.onChange();
  }

  /** On the server: no page holds a thousand members. @param {string} search @returns {Promise<Member[]>} */
  async find(search) {
    const { results } = await this.#ask({ search });
    for (const member of results) this.app.store.people.set(member.user.id, member.user);
    return results;
  }

  /** @param {{after?: string|null, search?: string}} query @returns {Promise<{results: Member[], next: string|null}>} */
  #ask(query) {
    return this.app.api.of('GET', this.id, 'members/', { query: { limit: PAGE, ...query } });
  }

  /** @param {Member} member of whom the server told */
  changed(member) {
    const known = this.#known.get(member.user.id);
    if (known && known.rev > member.rev) return;
    if (member.state !== 'member') this.#known.delete(member.user.id);
    else if (this.next !== undefined) this.#keep(member);
  }

  /** @param {Member} member */
  #keep(member) {
    const { people } = this.app.store;
    people.set(member.user.id, { ...people.get(member.user.id), ...member.user });
    this.#known.set(member.user.id, member);
  }
}
