/** What was read is told to the server, and what counts as unread is asked from it. Knows no DOM. */
import { untilDone } from './backoff.js';

const RECOUNT_MS = 300;

export class Reading {
  /** @type {ReturnType<typeof setTimeout>|undefined} */ #recount;
  #stopped = new AbortController();

  /**
   * @param {import('./api.js').Api} api
   * @param {import('./store.js').Store} store
   * @param {(conversationId: number, messageId: number) => void} onRead
   */
  constructor(api, store, onRead) {
    this.api = api;
    this.store = store;
    this.onRead = onRead;
  }

  /** @param {number} conversationId @param {number} messageId everything up to here is read */
  async upTo(conversationId, messageId) {
    this.store.readUpTo(conversationId, messageId);
    this.onRead(conversationId, messageId);
    const tell = () =>
      this.store.group(conversationId)
        ? this.api.of('POST', conversationId, 'read/', { json: { message_id: messageId } })
        : this.api.markRead(messageId);
    await untilDone(tell, this.#stopped.signal);
  }

  async all() {
    const rows = this.store.rooms.filter((room) => room.unread_count > 0);
    await Promise.allSettled(
      rows.map(({ group, conversation_id: id, headId = 0 }) =>
        group ? this.upTo(id, headId) : this.api.markAllRead(id),
      ),
    );
    await this.#count();
  }

  /** Read on another device: the server's count is exact, ours would be a guess. */
  recount() {
    clearTimeout(this.#recount);
    this.#recount = setTimeout(() => this.#count(), RECOUNT_MS);
  }

  stop() {
    this.#stopped.abort();
    clearTimeout(this.#recount);
  }

  async #count() {
    const counts = await this.api.unreadCount().catch(() => null);
    if (counts) this.store.setUnread(counts);
  }
}
