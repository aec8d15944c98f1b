/**
 * What is known about people, conversations and messages, and how each event changes it.
 * Applying an event twice changes nothing the second time. Tells listeners through `change` events:
 * `detail` is `{kind, userId?, messages?}`. Knows no DOM and makes no request.
 */
import { listed, moved, otherIn } from './conversation.js';
import { Thread } from './thread.js';

/** @typedef {import('./types.js').Person} Person */
/** @typedef {import('./types.js').Message} Message */
/** @typedef {import('./types.js').Conversation} Conversation */
/** @typedef {import('./types.js').ChatEvent} ChatEvent */

export class Store extends EventTarget {
  /** @param {{typingSecs?: number, now?: () => number}} [options] */
  constructor({ typingSecs = 6, now = Date.now } = {}) {
    super();
    this.typingSecs = typingSecs;
    this.now = now;
    /** @type {Person|null} */ this.me = null;
    /** @type {Map<number, Person>} */ this.people = new Map();
    /** By the other person's id. @type {Map<number, Conversation & {headId?: number}>} */ this.conversations =
      new Map();
    /** By the other person's id. @type {Map<number, Thread>} */ this.threads = new Map();
    /** @type {Map<number, number>} other person's id → until when, epoch ms */ this.typing = new Map();
  }

  /** @param {import('./types.js').Snapshot} snapshot */
  load(snapshot) {
    this.me = snapshot.user;
    // What came in between is in no thread. One whose reader is far back gets its end anew anyway.
    for (const thread of this.threads.values()) thread.isLoaded &&= thread.hasNewer;
    this.people.set(snapshot.user.id, snapshot.user);
    const before = new Map(this.conversations);
    this.conversations.clear();
    for (const row of snapshot.conversations) {
      const person = /** @type {Person} */ (row.other_user ?? /** @type {any} */ (row).user);
      const isOnline = person.is_online ?? /** @type {any} */ (row).is_online ?? false;
      this.people.set(person.id, { ...person, is_online: isOnline });
      this.conversations.set(person.id, listed(row, person, before.get(person.id)));
    }
    this.#tell('loaded');
  }

  /** @param {number} userId */
  thread(userId) {
    const thread = this.threads.get(userId) ?? new Thread();
    this.threads.set(userId, thread);
    return thread;
  }

  /** @param {Person} person */
  meet(person) {
    this.people.set(person.id, { ...this.people.get(person.id), ...person });
    this.#tell('people', { userId: person.id });
  }

  /** @param {Person} me */
  rename(me) {
    this.me = { .../** @type {Person} */ (this.me), ...me };
    this.meet(this.me);
  }

  /** Newest first. */
  get rooms() {
    return [...this.conversations.values()].sort((a, b) =>
      (b.last_message_at ?? '').localeCompare(a.last_message_at ?? ''),
    );
  }

  get unreadTotal() {
    let total = 0;
    for (const row of this.conversations.values()) total += row.unread_count;
    return total;
  }

  /** @param {ChatEvent[]} events */
  apply(events) {
    for (const event of events) {
      const data = event.data ?? {};
      if (event.event === 'message') this.#message(data);
      else if (event.event === 'message_changed') this.changed(data);
      else if (event.event === 'typing') this.#typing(data);
      else if (event.event === 'read_receipt') this.#readReceipt(data);
      else if (event.event === 'delivery_receipt') this.#deliveryReceipt(data);
      else if (event.event === 'presence') this.#presence(data);
      // Kinds we do not know come from a newer server and are none of our business.
    }
  }

  /** A message of ours is stored. */
  accepted = (/** @type {Message} */ message) => this.#message(message);

  /** A message was edited or deleted, here or elsewhere. @param {Message} message */
  changed(message) {
    const userId = message.sender_id === this.me?.id ? message.receiver_id : message.sender_id;
    const thread = this.thread(userId);
    if (thread.has(message.id)) thread.add([message]);
    const row = this.conversations.get(userId);
    const now = thread.get(message.id) ?? message;
    if (row?.headId === message.id) row.last_message = now.message || (now.attachment_name ?? '');
    this.#tell('changed', { userId, messages: [message] });
  }

  /** @param {number} userId the other person @param {Message[]} messages @param {{older?: boolean, newer?: boolean}} more */
  addHistory(userId, messages, { older, newer }) {
    const thread = this.thread(userId);
    thread.add(messages);
    thread.isLoaded = true;
    if (older !== undefined) thread.hasOlder = older;
    if (newer !== undefined) thread.hasNewer = newer;
    this.#tell('history', { userId });
  }

  /** What has been read here, or on another device. @param {number} userId @param {number} messageId */
  readUpTo(userId, messageId) {
    const row = this.conversations.get(userId);
    if (!row) return;
    const thread = this.thread(userId);
    const newer = thread.messages.filter((message) => message.id > messageId && message.sender_id === userId).length;
    const left = thread.hasNewer ? row.unread_count : Math.min(row.unread_count, newer);
    if (left !== row.unread_count) {
      row.unread_count = left;
      this.#tell('rooms', { userId });
    }
  }

  /** @param {number} userId */
  isTyping(userId) {
    return (this.typing.get(userId) ?? 0) > this.now();
  }

  /** The exact counts, as the server has them. @param {{conversations: {other_user_id: number, unread_count: number}[]}} counts */
  setUnread({ conversations }) {
    const exact = new Map(conversations.map((row) => [row.other_user_id, row.unread_count]));
    for (const [userId, row] of this.conversations) row.unread_count = exact.get(userId) ?? 0;
    this.#tell('rooms');
  }

  /** @param {Message} message */
  #message(message) {
    const mine = message.sender_id === this.me?.id;
    const userId = mine ? message.receiver_id : message.sender_id;
    if (!this.people.has(userId)) this.people.set(userId, otherIn(message, mine));
    const thread = this.thread(userId);
    const known = thread.has(message.id);
    // Behind a gap (someone reads old history) new messages wait until that reader comes back to the end.
    if (thread.isLoaded && !thread.hasNewer) thread.add([message]);
    this.typing.delete(userId);
    this.conversations.set(
      userId,
      moved(this.conversations.get(userId), /** @type {Person} */ (this.people.get(userId)), message, mine),
    );
    this.#tell('message', { userId, messages: [message], isNew: !known, mine });
  }

  /** @param {{sender_id: number, is_typing: boolean}} data */
  #typing(data) {
    if (data.sender_id === this.me?.id) return;
    if (data.is_typing) this.typing.set(data.sender_id, this.now() + this.typingSecs * 1000);
    else this.typing.delete(data.sender_id);
    this.#tell('typing', { userId: data.sender_id });
  }

  /** @param {{message_id: number, reader_id: number, read_at: string, conversation_id: number}} data */
  #readReceipt(data) {
    const userId = this.#otherIn(data.conversation_id);
    if (data.reader_id === this.me?.id) {
      if (userId !== undefined) this.readUpTo(userId, data.message_id);
      return;
    }
    const me = /** @type {Person} */ (this.me).id;
    const thread = this.thread(data.reader_id);
    const moved = thread.mark((message) => message.id <= data.message_id, me, 'read_at', data.read_at);
    if (moved) this.#tell('receipt', { userId: data.reader_id });
  }

  /** @param {{conversation_id: number, user_id: number, delivered_seq: number, delivered_at: string}} data */
  #deliveryReceipt(data) {
    if (data.user_id === this.me?.id) return;
    const me = /** @type {Person} */ (this.me).id;
    const thread = this.thread(data.user_id);
    const moved = thread.mark((message) => message.seq <= data.delivered_seq, me, 'delivered_at', data.delivered_at);
    if (moved) this.#tell('receipt', { userId: data.user_id });
  }

  /** @param {{user_id: number, is_online: boolean}} data */
  #presence(data) {
    const person = this.people.get(data.user_id);
    if (!person || person.is_online === data.is_online) return;
    this.people.set(person.id, { ...person, is_online: data.is_online });
    this.#tell('people', { userId: person.id });
  }

  /** @param {number} conversationId */
  #otherIn(conversationId) {
    for (const [userId, row] of this.conversations) if (row.conversation_id === conversationId) return userId;
    return undefined;
  }

  /** @param {string} kind @param {object} [detail] */
  #tell(kind, detail = {}) {
    this.dispatchEvent(Object.assign(new Event('change'), { detail: { kind, ...detail } }));
  }
}
