/** What a room of several people has beyond that of two: who they are, who says what, whether one may write. Fetched with the first such room. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import { el } from '../lib/dom.js';
import { nameOf } from '../lib/nodes.js';
import { roomHash } from '../lib/route.js';
import { entriesOf } from '../timeline/entries.js';
import { Members } from './members.js';
import { noComposer } from './no-composer.js';
import { SeenBy } from './seen-by.js';
import { senderNodes } from './senders.js';
import { withSystemLines } from './system-lines.js';
import { tellWhoAdded } from './who-added.js';
import '../lib/more-icons.js';

export class GroupRoom {
  /** @type {import('./details.js').Details|null} */ #details = null;
  #wantsDetails = false;

  /** @param {import('../elements/chat-conversation.js').ChatConversation} view @param {number} id @param {AbortSignal} signal of this visit */
  constructor(view, id, signal) {
    this.view = view;
    /** @type {import('../elements/types.js').App} */ this.app = view.app;
    this.id = id;
    this.signal = signal;
    this.members = new Members(this.app, id, () => this.#redraw());
    this.seenBy = new SeenBy(this, signal);
    this.app.store.onChange((change) => this.#changed(change), signal);
    this.app.chat.addEventListener('status', () => this.#details?.draw(), { signal });
    signal.addEventListener('abort', () => this.#details?.node.remove());
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

  /** @param {Node} name */
  opener(name) {
    return el(
      'button',
      {
        class: 'room-view__open',
        type: 'button',
        'aria-expanded': String(this.#wantsDetails),
        onclick: () => this.toggle(),
      },
      name,
    );
  }

  toggle() {
    if (this.app.isEmbedded) return this.showDetails(!this.#wantsDetails);
    if (this.#wantsDetails) return this.close();
    history.pushState({ details: true }, '', `${roomHash(this.id)}/info`);
    dispatchEvent(new HashChangeEvent('hashchange'));
  }

  /** Back to where it was opened from, or just out of it. */
  close() {
    if (this.app.isEmbedded) return this.showDetails(false);
    if (history.state?.details) return history.back();
    history.replaceState(null, '', roomHash(this.id));
    dispatchEvent(new HashChangeEvent('hashchange'));
  }

  /** @param {boolean} wanted */
  async showDetails(wanted) {
    if (wanted === this.#wantsDetails) return;
    this.#wantsDetails = wanted;
    const button = /** @type {HTMLElement|null} */ (this.view.querySelector('.room-view__open'));
    button?.setAttribute('aria-expanded', String(wanted));
    const { Details } = await import('./details.js');
    if (this.signal.aborted || wanted !== this.#wantsDetails) return;
    if (!wanted) {
      const hadFocus = this.#details?.node.contains(document.activeElement) ?? false;
      this.#details?.node.remove();
      if (hadFocus || document.activeElement === document.body) button?.focus();
      return;
    }
    this.#details ??= new Details(this);
    this.view.append(this.#details.node);
    this.#details.draw();
    this.#details.focus();
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
    return [
      el('h2', null, t('groups.sayHello')),
      this.can('invite') && el('button', { class: 'button', type: 'button', onclick: add }, t('groups.add')),
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

  /** What stands where one may not write, and why. */
  bar() {
    return noComposer(this);
  }

  #redraw() {
    this.view.redraw();
    this.#details?.draw();
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
