/** Fetching a conversation's pages into the store, and telling the server how far it was read. Knows no DOM. */

const PAGE = 50;
const LONGEST = 200;

export class History {
  #readId = 0;

  /** @param {import('../elements/types.js').App} app @param {number} conversationId */
  constructor(app, conversationId) {
    this.app = app;
    this.conversationId = conversationId;
  }

  get thread() {
    return this.app.store.thread(this.conversationId);
  }

  /** The other person's. */
  get userId() {
    return this.app.store.otherId(this.conversationId);
  }

  get #headId() {
    return this.app.store.conversations.get(this.conversationId)?.headId ?? 0;
  }

  async open() {
    const unread = this.app.store.conversations.get(this.conversationId)?.unread_count ?? 0;
    if (!this.thread.isLoaded || this.thread.hasNewer)
      await this.newest(Math.min(LONGEST, Math.max(PAGE, unread + 20)));
    this.thread.dividerId = this.thread.firstUnread(unread, this.app.me.id);
  }

  async newest(limit = PAGE, tries = 3) {
    const { messages, has_more } = await this.#page({ limit });
    this.thread.replace([]);
    this.app.store.addHistory(this.conversationId, messages, { older: has_more, newer: false });
    // A message told of while the page was on its way is in neither: look again.
    if (tries > 1 && (this.thread.last?.id ?? 0) < this.#headId) await this.newest(limit, tries - 1);
  }

  async older() {
    const { messages, has_more } = await this.#page({ before_id: this.thread.first?.id });
    this.app.store.addHistory(this.conversationId, messages, { older: has_more });
    return messages.length > 0;
  }

  async newer() {
    const { messages, has_more } = await this.#page({ after_id: this.thread.last?.id });
    this.app.store.addHistory(this.conversationId, messages, { newer: has_more });
    return messages.length > 0;
  }

  /** @param {number} id */
  async around(id) {
    const { messages, has_more } = await this.#page({ around_id: id });
    if (messages.length === 0) return;
    this.thread.replace(messages);
    this.app.store.addHistory(this.conversationId, messages, {
      older: has_more,
      newer: this.thread.last.id < this.#headId,
    });
  }

  /** After a gap: what came or was changed meanwhile, or the newest page where too much came. */
  async catchUp() {
    const { last, hasNewer } = this.thread;
    if (hasNewer) return;
    const { messages } = last ? await this.#page({ limit: LONGEST }) : { messages: [] };
    if (this.thread.last?.id !== last?.id) return void (await this.catchUp()); // it was fetched anew meanwhile
    if (this.thread.hasNewer) return;
    if (!messages.some((message) => message.id <= last.id)) return void (await this.newest());
    this.app.store.addHistory(this.conversationId, messages, { newer: false });
    while (this.thread.last.id < this.#headId && (await this.newer()));
  }

  /** @param {number} id */
  read(id) {
    const row = this.app.store.conversations.get(this.conversationId);
    if (!row?.unread_count || id <= this.#readId) return;
    this.#readId = id;
    this.app.chat.reading.upTo(this.conversationId, id);
  }

  /** @param {{limit?: number, before_id?: number, after_id?: number, around_id?: number}} place @returns {Promise<import('../client/types.js').Page>} */
  async #page(place) {
    const { userId } = this;
    const { store, api } = this.app;
    if (!userId) return api.of('GET', this.conversationId, 'messages/', { query: { limit: PAGE, ...place } });
    const page = await api.history(userId, place);
    if (page.other_user?.username) store.meet(page.other_user); // nameless for a guest until somebody wrote
    if (page.conversation_id) store.begun(userId, page.conversation_id);
    return page;
  }
}
