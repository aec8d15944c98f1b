/** Beside the conversation: the details, not modal, one goes on reading and writing. Their address lets Back close them. Fetched when first wanted. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import { el } from '../lib/dom.js';
import { iconButton } from '../lib/nodes.js';
import { roomHash } from '../lib/route.js';
import { DirectDetails } from './direct-details.js';
import { GroupDetails } from './details.js';
import '../lib/more-icons.js';

export class Panel {
  isOpen = false;

  /** @param {import('../elements/chat-conversation.js').ChatConversation} view @param {number} id @param {AbortSignal} signal of this visit */
  constructor(view, id, signal) {
    this.view = view;
    this.id = id;
    this.title = el('h2', { class: 'details__title', tabindex: '-1' }, t('details.title'));
    this.content = view.group ? new GroupDetails(view.group, this) : new DirectDetails(this, signal);
    this.node = el(
      'aside',
      {
        class: 'details',
        'aria-label': t('details.title'),
        onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
      },
      el(
        'header',
        { class: 'details__head' },
        iconButton('close', t('details.close'), { onclick: () => this.close() }),
        this.title,
      ),
      el('div', { class: 'details__scroller' }, this.content.nodes),
    );
    view.app.chat.addEventListener('status', () => this.draw(), { signal });
    signal.addEventListener('abort', () => this.node.remove());
  }

  toggle() {
    if (this.view.app.isEmbedded) return this.show(!this.isOpen);
    if (this.isOpen) return this.close();
    history.pushState({ details: true }, '', `${roomHash(this.id)}/info`);
    dispatchEvent(new HashChangeEvent('hashchange'));
  }

  /** Back to where it was opened from, or just out of it. */
  close() {
    if (this.view.app.isEmbedded) return this.show(false);
    if (history.state?.details) return history.back();
    history.replaceState(null, '', roomHash(this.id));
    dispatchEvent(new HashChangeEvent('hashchange'));
  }

  /** @param {boolean} wanted */
  show(wanted) {
    if (wanted === this.isOpen) return;
    this.isOpen = wanted;
    const opener = /** @type {HTMLElement|null} */ (this.view.querySelector('.room-view__open'));
    opener?.setAttribute('aria-expanded', String(wanted));
    if (wanted) {
      this.view.append(this.node);
      this.draw();
      return this.focus();
    }
    const hadFocus = this.node.contains(document.activeElement);
    this.node.remove();
    if (hadFocus || document.activeElement === document.body) opener?.focus();
  }

  draw() {
    if (this.node.isConnected) this.content.draw();
  }

  focus() {
    this.title.focus({ preventScroll: true });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== 'Escape' || event.defaultPrevented) return;
    event.preventDefault();
    event.stopPropagation();
    this.close();
  }
}
