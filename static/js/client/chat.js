/**
 * The whole client: one signed-in person, live. Puts api, store, poller, outbox and leader together;
 * this is what another page embeds. Knows no DOM.
 *
 *     const chat = new ChatClient({ token });
 *     chat.store.addEventListener('change', redraw);
 *     await chat.open();
 *     chat.outbox.add({ receiver_id: 2, message: 'Hello' });
 */
import { Api } from './api.js';
import { untilDone } from './backoff.js';
import { Leader } from './leader.js';
import { newClientId, Outbox } from './outbox.js';
import { Poller } from './poller.js';
import { Reading } from './reading.js';
import { memoryStorage } from './outbox-storage.js';
import { Store } from './store.js';

/** @typedef {import('./types.js').PollStatus} PollStatus */

export class ChatClient extends EventTarget {
  /** @type {string|null} */ #cursor = null;
  #isOpen = false;
  #closed = new AbortController();
  /** @type {Promise<unknown>|null} */ #catching = null;
  /** What other tabs said before the lists were here. @type {any[]} any: notes, see below */ #early = [];

  /**
   * @param {object} options
   * @param {string} options.token
   * @param {number} options.userId
   * @param {Api} [options.api]
   * @param {import('./outbox-storage.js').OutboxStorage} [options.storage]
   * @param {string} [options.clientName]  stays the same for one browser
   * @param {Partial<ConstructorParameters<typeof Leader>[0]>} [options.tabs]
   */
  constructor({
    token,
    userId,
    api = new Api({ token }),
    storage = memoryStorage(),
    clientName = newClientId(),
    tabs = {},
  }) {
    super();
    this.api = api;
    this.store = new Store();
    /** Words of the application around the chat, for whoever shows them to take away. @type {import('./types.js').Notice[]} */ this.notices =
      [];
    /** @type {PollStatus} */ this.status = { state: 'connecting' };
    this.leader = new Leader({
      name: `chat:${userId}`,
      onElected: () => this.#lead(),
      onDeposed: () => this.#deposed(),
      onNote: (note) => this.#heard(note),
      ...tabs,
    });
    this.reading = new Reading(api, this.store, (conversationId, messageId) =>
      this.leader.tell({ kind: 'read', conversationId, messageId }),
    );
    this.poller = new Poller({
      api,
      client: clientName,
      cursor: null,
      onEvents: (events, cursor) => this.#received(events, cursor),
      onExpired: () => this.#resync(),
      onStatus: (status) => this.#setStatus(status),
    });
    this.outbox = new Outbox({
      api,
      storage,
      userId,
      onAccepted: (message) => this.#accepted(message),
      onSignedOut: () => this.#setStatus({ state: 'signed-out' }, false),
      exclusively: (work) => this.leader.exclusively('outbox', work),
    });
  }

  /**
   * Listens first, then loads: what happens in between is applied on top and changes nothing twice.
   * @param {{sends?: boolean}} [how]  with `sends` false the outbox is for the caller to open
   */
  async open({ sends = true } = {}) {
    this.leader.start();
    const snapshot = await this.api.snapshot();
    this.store.load(snapshot);
    this.notices.push(...(snapshot.notifications ?? []));
    this.#cursor ??= snapshot.cursor;
    this.#isOpen = true;
    for (const note of this.#early.splice(0)) this.#heard(note);
    if (sends) this.outbox.open();
    if (this.leader.isLeader) this.#lead();
    else this.leader.ask({ kind: 'hello' });
  }

  close() {
    this.#isOpen = false;
    this.#closed.abort();
    this.poller.stop();
    this.outbox.stop();
    this.leader.stop();
    this.reading.stop();
  }

  /** The network is back, the page is visible again, or someone asked. */
  nudge() {
    this.#wake();
    this.outbox.flush();
  }

  /** Whichever tab polls, it need not wait any longer. */
  #wake() {
    if (this.leader.isLeader) this.poller.nudge();
    else this.leader.ask({ kind: 'nudge' });
  }

  #lead() {
    if (!this.#isOpen || this.#catching || this.poller.isRunning) return;
    this.poller.cursor = this.#cursor;
    this.poller.start();
  }

  #deposed() {
    this.poller.stop();
    this.leader.ask({ kind: 'hello' });
    this.#catchUp();
  }

  /** Of what came while this tab was frozen it may have heard nothing. What comes meanwhile is applied on top. */
  #catchUp() {
    this.#catching ??= untilDone(() => this.#reload(), this.#closed.signal).finally(() => {
      this.#catching = null;
      for (const note of this.#early.splice(0)) this.#heard(note);
      if (this.leader.isLeader) this.#lead();
    });
  }

  /** @param {import('./types.js').ChatEvent[]} events @param {string|null} cursor */
  #received(events, cursor) {
    const since = this.#cursor;
    this.#take(events, cursor);
    this.leader.tell({ kind: 'events', events, cursor, since });
  }

  /** @param {import('./types.js').ChatEvent[]} events @param {string|null} cursor */
  #take(events, cursor) {
    this.#cursor = cursor;
    const known = this.store.conversations.size;
    this.store.apply(events);
    // It may be one not listed yet, with more in it that is unread.
    if (this.store.next !== null && this.store.conversations.size > known) this.reading.recount();
    for (const { event, data } of events) {
      if (event === 'message') this.#meet(data.conversation_id);
      if (event === 'message' && data.client_id) this.outbox.settle(data.client_id);
      if (event === 'notification') this.notices.push(data);
      if (event === 'read_receipt' && data.reader_id === this.store.me?.id) this.reading.recount();
    }
    if (events.length) this.dispatchEvent(Object.assign(new Event('events'), { detail: events }));
  }

  /** A group may be spoken in before it was told of, or from behind the loaded part of the list. @param {number} conversationId */
  #meet(conversationId) {
    const row = this.store.conversations.get(conversationId);
    if (row && !row.group && !row.other_user)
      this.api.of('GET', conversationId).then(
        (group) => this.store.regroup(group),
        () => {}, // its messages tell of it again
      );
  }

  /** @param {import('./types.js').Message} message */
  #accepted(message) {
    this.store.accepted(message);
    this.leader.tell({ kind: 'sent', message });
    // The server answers again, and the poller's pause may have grown long.
    if (this.status.state === 'waiting') this.#wake();
  }

  /** @param {any} note any: from another tab of the same account, perhaps of another release */
  #heard(note) {
    if (!this.#isOpen || this.#catching) return void this.#early.push(note);
    if (note.kind === 'events') {
      const isNext = note.since === undefined || note.since === this.#cursor; // a page of an older release does not say
      this.#take(note.events, note.cursor);
      if (!isNext) this.#catchUp();
    }
    // A tab that is signed out may have had an older session than this one, which finds out for itself.
    if (note.kind === 'status' && note.status.state !== 'signed-out') this.#setStatus(note.status, false);
    if (note.kind === 'here' && note.cursor !== this.#cursor) this.#catchUp();
    if (note.kind === 'read') this.store.readUpTo(note.conversationId, note.messageId);
    if (note.kind === 'reload') this.#catchUp();
    if (note.kind === 'hello' && this.leader.isLeader) this.leader.tell({ kind: 'status', status: this.status });
    if (note.kind === 'nudge' && this.leader.isLeader) {
      this.leader.tell({ kind: 'here', cursor: this.#cursor });
      this.poller.nudge();
    }
    if (note.kind === 'sent') {
      this.store.accepted(note.message);
      this.outbox.settle(note.message.client_id);
    }
  }

  /** @param {PollStatus} status @param {boolean} [own] */
  #setStatus(status, own = true) {
    const before = this.status.state;
    this.status = status;
    if (own) this.leader.tell({ kind: 'status', status });
    if (status.state === 'online' && before !== 'online') this.outbox.flush();
    this.dispatchEvent(Object.assign(new Event('status'), { detail: status }));
  }

  /** The cursor is too old: load the lists again and let the rooms fetch what they miss. */
  async #resync() {
    const cursor = await this.#reload();
    this.leader.tell({ kind: 'reload' });
    return cursor;
  }

  async #reload() {
    const snapshot = await this.api.snapshot();
    this.store.load(snapshot);
    this.notices.push(...(snapshot.notifications ?? []));
    this.#cursor = snapshot.cursor;
    this.dispatchEvent(new Event('resync'));
    return snapshot.cursor;
  }
}
