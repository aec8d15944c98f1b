/** What a room of several people has beyond that of two: who they are, who says what, whether one may write. Fetched with the first such room. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import '../i18n/later.js';
import { el, fill } from '../lib/dom.js';
import { nameOf } from '../lib/nodes.js';
import { entriesOf } from '../timeline/entries.js';
import { Members } from './members.js';
import { noComposer } from './no-composer.js';
import { SeenBy } from './seen-by.js';
import { senderNodes } from './senders.js';
import { SlowMode } from './slow-mode.js';
import { withSystemLines } from './system-lines.js';
import { tellWhoAdded } from './who-added.js';
import '../lib/more-icons.js';

export class GroupRoom {
  /** What could be done about its emptiness when that was drawn. */ #begins = '';

  /** @param {import('../elements/chat-conversation.js').ChatConversation} view @param {number} id @param {AbortSignal} signal of this visit */
  constructor(view, id, signal) {
    this.view = view;
    /** @type {import('../elements/types.js').App} */ this.app = view.app;
    this.id = id;
    this.signal = signal;
    this.members = new Members(this.app, id, () => this.#redraw());
    this.seenBy = new SeenBy(this, signal);
    this.app.store.onChange((change) => this.#changed(change), signal);
    if (this.group.member_count <= 100 && this.can('see_members')) this.members.load().catch(() => {});
    tellWhoAdded(this);
  }

  /** Also of one that was left: what is loaded of it stays. */
  get group() {
    return /** @type {import('../client/types.js').Group} */ (this.app.store.group(this.id));
  }

  /** @returns {import('../client/types.js').My|undefined} nothing once one has left */
  get my() {
    return this.app.store.conversations.get(this.id)?.my;
  }

  /** @param {string} action */
  can(action) {
    return Boolean(this.my?.can.includes(action));
  }

  /** Under its name. */
  get line() {
    if (this.app.store.left.has(this.id)) return '';
    const { member_count: count } = this.group;
    const { online } = this.members;
    const said = t('groups.members', { count });
    return count <= 100 && online > 0 ? t('groups.online', { members: said, count: online }) : said;
  }

  /** @param {import('../client/types.js').Person[]} writers */
  typing(writers) {
    const [name, other] = writers.map(nameOf);
    if (writers.length > 2) return t('groups.typingMany', { count: writers.length });
    if (writers.length === 2) return t('groups.typingTwo', { name, other });
    return writers.length ? t('room.typing', { name }) : '';
  }

  beginning() {
    return t('groups.begin', { name: nameOf(this.group) });
  }

  nothingWritten() {
    const add = async () => (await import('./add-people.js')).show(this);
    const [speaks, invites] = [this.can('send'), this.can('invite')];
    this.#begins = String([speaks, invites]);
    const name = nameOf(this.group);
    return [
      speaks && el('h2', null, invites ? t('groups.sayHello') : t('room.sayHello', { name })),
      invites && el('button', { class: 'button', type: 'button', onclick: add }, t('groups.add')),
    ];
  }

  /** @param {import('../timeline/entries.js').Parts} parts */
  entriesOf(parts) {
    return this.seenBy.under(withSystemLines(entriesOf(parts), this));
  }

  /** @param {import('../elements/types.js').Face|undefined} face @param {import('../elements/types.js').Shown} message */
  sender(face, message) {
    return senderNodes(this, face, message);
  }

  /** @param {HTMLElement} button that sends @param {AbortSignal} signal */
  slow(button, signal) {
    return new SlowMode(this, button, signal);
  }

  /** What stands where one may not write, and why. */
  bar() {
    return noComposer(this);
  }

  #redraw() {
    this.view.redraw();
    const empty = /** @type {HTMLElement|null} */ (this.view.querySelector('.timeline__empty'));
    if (empty && this.#begins !== String([this.can('send'), this.can('invite')])) fill(empty, this.nothingWritten());
    this.view.panel?.draw();
  }

  /** @param {import('../client/types.js').Change} change */
  #changed({ kind, conversationId, member, userId }) {
    if (kind === 'people' && this.members.has(userId)) this.#redraw();
    if (kind === 'loaded' || conversationId === this.id) {
      if (kind === 'member') this.members.changed(member);
      if (['loaded', 'group', 'rooms', 'removed', 'member'].includes(kind)) this.#redraw();
    }
  }
}
