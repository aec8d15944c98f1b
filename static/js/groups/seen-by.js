/** Who has seen one's newest message: pointers that only move forward, so the number and the list are one thing. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import { untilDone } from '../client/backoff.js';
import { el } from '../lib/dom.js';
import { avatar, nameOf } from '../lib/nodes.js';
import { showDialog } from '../dialogs/dialog.js';

/** @typedef {import('../timeline/entries.js').Entry} Entry */

const MOST = 100;

export class SeenBy {
  /** Up to where each has read. @type {Map<number, number>} */ #read = new Map();
  /** @type {Set<number>} */ #gone = new Set();
  #asked = false;

  /** @param {import('./group-room.js').GroupRoom} room @param {AbortSignal} signal */
  constructor(room, signal) {
    this.room = room;
    this.signal = signal;
    room.app.store.onChange((change) => {
      if (change.kind === 'loaded') this.#askAgain();
      if (change.conversationId !== room.id) return;
      if (change.kind === 'seen') this.#moved(change.read);
      if (change.kind === 'member') this.#member(change.member);
    }, signal);
  }

  /** After a gap. */
  #askAgain() {
    this.#read.clear();
    this.#gone.clear();
    this.#asked = false;
  }

  /** Whoever is gone stands in no list any more, and so in no number; what they read last may be told after that. @param {import('../client/types.js').Member} member */
  #member({ user, state }) {
    if (state === 'member') this.#gone.delete(user.id);
    else this.#gone.add(user.id);
  }

  /** @param {Record<string, number>} read */
  #moved(read) {
    for (const [id, messageId] of Object.entries(read))
      this.#read.set(Number(id), Math.max(messageId, this.#read.get(Number(id)) ?? 0));
    this.room.view.querySelector('chat-timeline')?.drawSoon();
  }

  get #isOff() {
    const { group } = this.room;
    return group.member_count > MOST || group.policy?.receipts === false || this.room.app.store.left.has(group.id);
  }

  /** @param {number} messageId @returns {Promise<void>} */
  async #ask(messageId) {
    this.#asked = true;
    const { api } = this.room.app;
    const answer = await untilDone(
      () => api.of('GET', this.room.id, 'receipts/', { query: { message_id: messageId } }),
      this.signal,
    );
    /** @type {{user_id: number, read_id: number}[]} */ const read = answer?.read ?? [];
    this.#moved(Object.fromEntries(read.map(({ user_id, read_id }) => [user_id, read_id])));
  }

  /** @param {Entry[]} entries @returns {Entry[]} with a line under one's newest message */
  under(entries) {
    const at = entries.findLastIndex((entry) => entry.kind === 'message' && entry.mine && !entry.waiting);
    const own = entries[at];
    if (own?.kind !== 'message' || !own.message.id || own.message.is_active === false || this.#isOff) return entries;
    const { id } = own.message;
    if (!this.#asked) this.#ask(id);
    const count = this.#seen(id).length;
    if (count === 0) return entries;
    /** @type {Entry} */
    const line = { kind: 'group', key: 'seen', shape: `seen|${id}|${count}`, build: () => this.#line(id, count) };
    return entries.toSpliced(at + 1, 0, line);
  }

  /** @param {number} messageId */
  #seen(messageId) {
    const { me } = this.room.app;
    const isSeer = (/** @type {number} */ id) => id !== me.id && !this.#gone.has(id);
    return [...this.#read].filter(([id, read]) => isSeer(id) && read >= messageId).map(([id]) => id);
  }

  /** @param {number} id @param {number} count */
  #line(id, count) {
    const open = () => this.#show(id);
    return el(
      'li',
      { class: 'seen', 'data-key': 'seen' },
      el(
        'button',
        { class: 'seen__open', type: 'button', 'aria-haspopup': 'dialog', onclick: open },
        t('seen.by', { count }),
      ),
    );
  }

  /** @param {number} messageId */
  async #show(messageId) {
    const { room } = this;
    const { app, members } = room;
    if (room.can('see_members')) await members.load().catch(() => {});
    const seen = this.#seen(messageId);
    const others = members.all.map(({ user }) => user.id).filter((id) => id !== app.me.id && !seen.includes(id));
    showDialog(
      t('seen.by', { count: seen.length }),
      [
        people(seen),
        others.length > 0 && el('h3', { class: 'dialog__section' }, t('seen.notYet', { count: others.length })),
        others.length > 0 && people(others),
      ].filter((part) => part instanceof Node),
      'dialog--small',
      room.view,
    );

    /** @param {number[]} ids */
    function people(ids) {
      return el(
        'ul',
        { class: 'people', role: 'list' },
        ids.map((id) => one(app.store.people.get(id))),
      );
    }
  }
}

/** @param {import('../client/types.js').Person|undefined} person */
function one(person) {
  return el('li', { class: 'people__row' }, avatar(person), el('bdi', null, nameOf(person)));
}
