/**
 * What is known about people, conversations and messages, and how each event changes it.
 * Applying an event twice changes nothing the second time. Tells listeners through `change` events:
 * `detail` is `{kind, conversationId?, userId?, messages?}`. Knows no DOM and makes no request.
 *
 * Everything goes by the conversation's id. A direct conversation in which nobody has written has none yet: it goes
 * by its person's id with a minus before it, until the server gives it one and `begun` is told.
 */
import { count, grouped, listed, moved, otherIn } from './conversation-row.js';
import { Thread } from './thread.js';
import { Typing } from './typing.js';

/** @typedef {import('./types.js').Person} Person */
/** @typedef {import('./types.js').Message} Message */
/** @typedef {import('./conversation-row.js').Row} Row */
/** @typedef {import('./types.js').ChatEvent} ChatEvent */
/** @typedef {import('./types.js').Change} Change */
/** @typedef {{conversations: Row[], groups?: {results: import('./types.js').Group[]}, next?: string|null}} ListPart */

export class Store extends EventTarget {
  /** @type {Map<number, number>} person → direct conversation */ #direct = new Map();
  /** @type {Map<number, number>} direct conversation → person */ #others = new Map();

  /** @param {{typingSecs?: number, now?: () => number}} [options] */
  constructor({ typingSecs = 6, now = Date.now } = {}) {
    super();
    this.now = now;
    /** @type {Person|null} */ this.me = null;
    /** @type {Map<number, Person>} */ this.people = new Map();
    /** @type {Map<number, Row>} */ this.conversations = new Map();
    /** Gives the older ones; null when all are here. @type {string|null} */ this.next = null;
    /** @type {Map<number, Thread>} */ this.threads = new Map();
    /** Up to where, as far as was heard. @type {Map<number, number>} */ this.readIds = new Map();
    /** As it was when this browser was here last, until the server has told. @type {Set<number>} */
    this.archivedBefore = new Set();
    this.typing = new Typing(typingSecs, now);
    /** Groups one is no member of any more, and why: what is loaded of them stays until the page goes. @type {Map<number, {group: import('./types.js').Group, reason: string}>} */
    this.left = new Map();
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
    // Not all need be listed: whether one was left, what lists the others finds out.
    for (const [id, row] of before) if (row.group && !this.conversations.has(id)) this.conversations.set(id, row);
    this.#tell('loaded');
  }

  /** What follows in the list. @param {ListPart} part */
  addOlder(part) {
    this.#list(part, this.conversations);
    this.#tell('rooms');
  }

  /** @param {ListPart} part @param {Map<number, Row>} before the rows as they were known */
  #list({ conversations, groups, next = null }, before) {
    this.next = next;
    for (const group of groups?.results ?? []) this.#grouped(group, before.get(group.id));
    for (const row of conversations) {
      const person = /** @type {Person} */ (row.other_user);
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

  /** @param {number} conversationId @returns {import('./types.js').Group|undefined} */
  group(conversationId) {
    return this.conversations.get(conversationId)?.group ?? this.left.get(conversationId)?.group;
  }

  /** Whose name and picture stand for it. @param {number} conversationId */
  face(conversationId) {
    return this.group(conversationId) ?? this.other(conversationId);
  }

  /** @param {import('./types.js').Group} group as the server tells of it */
  regroup(group) {
    if (group.state === 'closed' && this.left.has(group.id)) return; // told late
    const isNew = !this.conversations.has(group.id);
    this.#grouped(group, this.conversations.get(group.id));
    this.#tell(isNew ? 'rooms' : 'group', { conversationId: group.id });
  }

  /** @param {import('./types.js').Group} group @param {Row|undefined} known */
  #grouped(group, known) {
    if (group.kind === 'direct') return void this.#mine({ conversation_id: group.id, my: group.my });
    for (const person of group.preview) this.people.set(person.id, { ...this.people.get(person.id), ...person });
    this.left.delete(group.id);
    this.conversations.set(group.id, grouped(group, known, /** @type {Person} */ (this.me).id));
  }

  /** What is one's own, set here or on another device. @param {{conversation_id: number, my: import('./types.js').My}} told */
  #mine({ conversation_id, my }) {
    const row = this.conversations.get(conversation_id);
    if (!row || (row.my?.rev ?? 0) > (my.rev ?? 0)) return;
    Object.assign(row, { my, unread_count: my.unread_count, mention_count: my.mention_count });
    this.#tell('rooms', { conversationId: conversation_id });
  }

  /** Another device of one's own has kept it. @param {{conversation_id: number, draft: import('./types.js').My['draft']}} told */
  #drafted({ conversation_id, draft }) {
    const row = this.conversations.get(conversation_id);
    if (!row?.my) return;
    row.my = { ...row.my, draft };
    this.#tell('draft', { conversationId: conversation_id });
  }

  /** @param {{conversation_id: number, reason: string}} told */
  #removed({ conversation_id, reason }) {
    const group = this.group(conversation_id);
    this.conversations.delete(conversation_id);
    if (group) this.left.set(conversation_id, { group, reason });
    this.#tell('removed', { conversationId: conversation_id });
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

  /** The pinned, then newest first. */
  get rooms() {
    const known = [...this.conversations.values()].filter((row) => row.group ?? row.other_user);
    return known.sort(
      (a, b) =>
        Number(b.my?.pinned ?? false) - Number(a.my?.pinned ?? false) ||
        (b.last_message_at ?? '').localeCompare(a.last_message_at ?? ''),
    );
  }

  /** Of what is neither muted nor archived. */
  get unreadTotal() {
    let total = 0;
    for (const { conversation_id, unread_count } of this.conversations.values())
      if (!this.isArchived(conversation_id) && !this.isMuted(conversation_id)) total += unread_count;
    return total;
  }

  /** @param {number} conversationId */
  isArchived(conversationId) {
    return this.conversations.get(conversationId)?.my?.archived ?? this.archivedBefore.has(conversationId);
  }

  /** @param {number} conversationId */
  isMuted(conversationId) {
    const until = this.conversations.get(conversationId)?.my?.muted_until;
    return Boolean(until) && Date.parse(/** @type {string} */ (until)) > this.now();
  }

  /** What each kind of event changes; others come from a newer server. @type {Map<string, (data: any) => void>} any: each kind has data of its own */
  #kinds = new Map([
    ['message', (data) => this.#message(data)],
    ['message_changed', (data) => this.changed(data)],
    ['typing', (data) => this.#typing(data)],
    ['read_receipt', (data) => this.#readReceipt(data)],
    ['delivery_receipt', (data) => this.#deliveryReceipt(data)],
    ['presence', (data) => this.#presence(data)],
    ['conversation_changed', (data) => this.regroup(data.conversation)],
    ['conversation_removed', (data) => this.#removed(data)],
    ['my_conversation', (data) => this.#mine(data)],
    ['draft', (data) => this.#drafted(data)],
    ['member_changed', (data) => this.#about('member', data, { member: data.member })],
    ['receipts', (data) => this.#about('seen', data, { read: data.read })],
  ]);

  /** @param {ChatEvent[]} events */
  apply(events) {
    for (const { event, data } of events) this.#kinds.get(event)?.(data ?? {});
  }

  /** For whoever shows it; nothing of it is kept here. @param {Change['kind']} kind @param {{conversation_id: number}} data @param {Partial<Change>} detail */
  #about(kind, { conversation_id: conversationId }, detail) {
    this.#tell(kind, { conversationId, ...detail });
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
    const newer = thread.messages.filter(({ id, sender_id }) => id > messageId && sender_id && sender_id !== me).length;
    if (!thread.hasNewer) row.unread_count = Math.min(row.unread_count, newer);
    this.#tell('rooms', { conversationId });
  }

  /** @param {number} conversationId @returns {Person[]} who write there now */
  writers(conversationId) {
    return this.typing.in(conversationId).map((id) => this.people.get(id) ?? { id, username: '', full_name: '' });
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
    const person = this.#otherOf(message, mine);
    const thread = this.thread(conversationId);
    const known = thread.has(message.id);
    // Behind a gap (someone reads old history) new messages wait until that reader comes back to the end.
    if (thread.isLoaded && !thread.hasNewer) thread.add([message]);
    this.typing.ended(conversationId, message.sender_id);
    this.conversations.set(conversationId, moved(this.conversations.get(conversationId), person, message, mine));
    this.#tell('message', { conversationId, messages: [message], isNew: !known, mine });
  }

  /** The other person of a direct conversation, which begins with this message; in a group there is none. @param {Message} message @param {boolean} mine */
  #otherOf(message, mine) {
    const isDirect = message.receiver_id !== null;
    const other = otherIn(message, mine && isDirect);
    const person = this.people.get(other.id) ?? other;
    if (person.id) this.people.set(person.id, person);
    if (!isDirect) return undefined;
    this.begun(other.id, message.conversation_id);
    return person;
  }

  /** @param {{sender_id: number, sender_name: string, is_typing: boolean, conversation_id: number}} data */
  #typing(data) {
    if (data.sender_id === this.me?.id) return;
    if (!this.people.has(data.sender_id))
      this.people.set(data.sender_id, { id: data.sender_id, username: '', full_name: data.sender_name });
    this.typing.heard(data);
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
