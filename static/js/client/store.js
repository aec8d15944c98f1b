/**
 * What is known about people, conversations and messages, and how each event changes it.
 * Applying an event twice changes nothing the second time. Tells listeners through `change` events:
 * `detail` is `{kind, conversationId?, userId?, messages?}`. Knows no DOM and makes no request.
 *
 * Everything goes by the conversation's id. A direct conversation in which nobody has written has none yet: it goes
 * by its person's id with a minus before it, until the server gives it one and `begun` is told.
 */
import { count, listed, moved, otherIn } from './conversation-row.js';
import { Thread } from './thread.js';

/** @typedef {import('./types.js').Person} Person */
/** @typedef {import('./types.js').Message} Message */
/** @typedef {import('./conversation-row.js').Row} Row */
/** @typedef {import('./types.js').ChatEvent} ChatEvent */
/** @typedef {import('./types.js').Change} Change */
/** @typedef {{conversations: Row[], next?: string|null}} ListPart */

export class Store extends EventTarget {
  /** @type {Map<number, number>} person → direct conversation */ #direct = new Map();
  /** @type {Map<number, number>} direct conversation → person */ #others = new Map();

  /** @param {{typingSecs?: number, now?: () => number}} [options] */
  constructor({ typingSecs = 6, now = Date.now } = {}) {
    super();
    this.typingSecs = typingSecs;
    this.now = now;
    /** @type {Person|null} */ this.me = null;
    /** @type {Map<number, Person>} */ this.people = new Map();
    /** @type {Map<number, Row>} */ this.conversations = new Map();
    /** Gives the older ones; null when all are here. @type {string|null} */ this.next = null;
    /** @type {Map<number, Thread>} */ this.threads = new Map();
    /** Up to where, as far as was heard. @type {Map<number, number>} */ this.readIds = new Map();
    /** Who writes where until when, epoch ms. @type {Map<number, Map<number, number>>} */ this.typing = new Map();
  }

  /** @param {import('./types.js').Snapshot} snapshot */
  load(snapshot) {
    this.me = snapshot.user;
    // What came in between is in no thread. One whose reader is far back gets its end anew anyway.
    for (const thread of this.threads.values()) thread.isLoaded &&= thread.hasNewer;
    this.people.set(snapshot.user.id, snapshot.user);
    const before = new Map(this.conversations);
    this.conversations.clear();
    this.#list(snapshot, before);
    this.#tell('loaded');
  }

  /** What follows in the list. @param {ListPart} part */
  addOlder(part) {
    this.#list(part, this.conversations);
    this.#tell('rooms');
  }

  /** @param {ListPart} part @param {Map<number, Row>} before the rows as they were known */
  #list({ conversations, next = null }, before) {
    this.next = next;
    for (const row of conversations) {
      const person = row.other_user;
      this.people.set(person.id, { ...person, is_online: person.is_online ?? false });
      this.conversations.set(row.conversation_id, listed(row, before.get(row.conversation_id)));
      this.begun(person.id, row.conversation_id);
    }
  }

  /** @param {number} conversationId */
  thread(conversationId) {
    const thread = this.threads.get(conversationId) ?? new Thread();
    this.threads.set(conversationId, thread);
    return thread;
  }

  /** @param {number} userId @returns {number} the direct conversation, by its provisional id where it has not begun */
  directWith(userId) {
    return this.#direct.get(userId) ?? -userId;
  }

  /** The id that a conversation has by now, of the one it was kept under. @param {number} id */
  presentId(id) {
    return id < 0 ? this.directWith(-id) : id;
  }

  /** @param {number} conversationId @returns {number} the other person's id, 0 for a conversation that is unknown */
  otherId(conversationId) {
    return conversationId < 0 ? -conversationId : (this.#others.get(conversationId) ?? 0);
  }

  /** @param {number} conversationId @returns {Person|undefined} */
  other(conversationId) {
    return this.people.get(this.otherId(conversationId));
  }

  /** A direct conversation has an id: what went by the provisional one goes by it now. @param {number} userId @param {number} conversationId */
  begun(userId, conversationId) {
    if (this.#direct.get(userId) === conversationId) return;
    this.#direct.set(userId, conversationId);
    this.#others.set(conversationId, userId);
    const thread = this.threads.get(-userId);
    this.threads.delete(-userId);
    if (thread && !this.threads.get(conversationId)?.isLoaded) this.threads.set(conversationId, thread);
    this.#tell('begun', { conversationId, was: -userId });
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
    const conversationId = message.conversation_id;
    const thread = this.thread(conversationId);
    if (thread.has(message.id)) thread.add([message]);
    const row = this.conversations.get(conversationId);
    const now = thread.get(message.id) ?? message;
    if (row?.headId === message.id) row.last_message = now.message || (now.attachment_name ?? '');
    this.#tell('changed', { conversationId, messages: [message] });
  }

  /** @param {number} conversationId @param {Message[]} messages @param {{older?: boolean, newer?: boolean}} more */
  addHistory(conversationId, messages, { older, newer }) {
    const thread = this.thread(conversationId);
    thread.add(messages);
    thread.isLoaded = true;
    if (older !== undefined) thread.hasOlder = older;
    if (newer !== undefined) thread.hasNewer = newer;
    this.#tell('history', { conversationId });
  }

  /** What has been read here, or on another device. @param {number} conversationId @param {number} messageId */
  readUpTo(conversationId, messageId) {
    this.readIds.set(conversationId, Math.max(messageId, this.readIds.get(conversationId) ?? 0));
    const row = this.conversations.get(conversationId);
    if (!row) return;
    const thread = this.thread(conversationId);
    const me = this.me?.id;
    const newer = thread.messages.filter((message) => message.id > messageId && message.sender_id !== me).length;
    if (!thread.hasNewer) row.unread_count = Math.min(row.unread_count, newer);
    this.#tell('rooms', { conversationId });
  }

  /** @param {number} conversationId */
  isTyping(conversationId) {
    const until = this.typing.get(conversationId)?.values() ?? [];
    return [...until].some((moment) => moment > this.now());
  }

  /** @param {Parameters<typeof count>[1]} counts */
  setUnread(counts) {
    count(this.conversations, counts);
    this.#tell('rooms');
  }

  /** @param {Message} message */
  #message(message) {
    const mine = message.sender_id === this.me?.id;
    const conversationId = message.conversation_id;
    const other = otherIn(message, mine);
    const person = this.people.get(other.id) ?? other;
    this.people.set(person.id, person);
    this.begun(other.id, conversationId);
    const thread = this.thread(conversationId);
    const known = thread.has(message.id);
    // Behind a gap (someone reads old history) new messages wait until that reader comes back to the end.
    if (thread.isLoaded && !thread.hasNewer) thread.add([message]);
    this.typing.get(conversationId)?.delete(message.sender_id);
    this.conversations.set(conversationId, moved(this.conversations.get(conversationId), person, message, mine));
    this.#tell('message', { conversationId, messages: [message], isNew: !known, mine });
  }

  /** @param {{sender_id: number, is_typing: boolean, conversation_id: number}} data */
  #typing(data) {
    if (data.sender_id === this.me?.id) return;
    const writers = this.typing.get(data.conversation_id) ?? new Map();
    this.typing.set(data.conversation_id, writers);
    if (data.is_typing) writers.set(data.sender_id, this.now() + this.typingSecs * 1000);
    else writers.delete(data.sender_id);
    this.#tell('typing', { conversationId: data.conversation_id });
  }

  /** @param {{message_id: number, reader_id: number, read_at: string, conversation_id: number}} data */
  #readReceipt(data) {
    const conversationId = data.conversation_id;
    if (data.reader_id === this.me?.id) return this.readUpTo(conversationId, data.message_id);
    const me = /** @type {Person} */ (this.me).id;
    const thread = this.thread(conversationId);
    const moved = thread.mark((message) => message.id <= data.message_id, me, 'read_at', data.read_at);
    if (moved) this.#tell('receipt', { conversationId });
  }

  /** @param {{conversation_id: number, user_id: number, delivered_seq: number, delivered_at: string}} data */
  #deliveryReceipt(data) {
    if (data.user_id === this.me?.id) return;
    const me = /** @type {Person} */ (this.me).id;
    const thread = this.thread(data.conversation_id);
    const moved = thread.mark((message) => message.seq <= data.delivered_seq, me, 'delivered_at', data.delivered_at);
    if (moved) this.#tell('receipt', { conversationId: data.conversation_id });
  }

  /** @param {{user_id: number, is_online: boolean}} data */
  #presence(data) {
    const person = this.people.get(data.user_id);
    if (!person || person.is_online === data.is_online) return;
    this.people.set(person.id, { ...person, is_online: data.is_online });
    this.#tell('people', { userId: person.id });
  }

  /** @param {(change: Change) => void} listener @param {AbortSignal} [signal] ends it */
  onChange(listener, signal) {
    this.addEventListener('change', (event) => listener(/** @type {CustomEvent<Change>} */ (event).detail), { signal });
  }

  /** @param {Change['kind']} kind @param {Partial<Change>} [detail] */
  #tell(kind, detail = {}) {
    this.dispatchEvent(Object.assign(new Event('change'), { detail: { kind, ...detail } }));
  }
}
