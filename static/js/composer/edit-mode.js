/** Changing a message already sent. The composer holds its text until it is saved or left; the draft waits. Fetched when first wanted. */
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { reasonOf } from '../lib/reasons.js';
import { el } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { iconButton } from '../lib/nodes.js';
import '../lib/more-icons.js';

export class EditMode {
  #busy = false;

  /** @param {import('../elements/chat-composer.js').ChatComposer} composer @param {import('../elements/types.js').Message} message @param {() => void} onLeft */
  constructor(composer, message, onLeft) {
    this.composer = composer;
    this.message = message;
    this.onLeft = onLeft;
    this.draft = composer.text.value;
    this.bar = el(
      'p',
      { class: 'composer__edit' },
      icon('edit'),
      el('span', null, t('composer.editing')),
      iconButton('close', t('composer.editCancel'), { onclick: () => this.leave() }),
    );
    composer.querySelector('form')?.prepend(this.bar);
    composer.classList.add('composer--editing');
    composer.put(message.message);
    composer.focusText();
    composer.app.say(t('composer.editing'), { silent: true });
  }

  async save() {
    const { app, text } = this.composer;
    const wanted = text.value.trim();
    if (this.#busy) return;
    if (!wanted && !this.message.attachment_name) return app.say(t('composer.editEmpty'), { urgent: true });
    if (wanted === this.message.message) return this.leave();
    this.#busy = true;
    try {
      app.store.changed(await app.api.edit(this.message.id, wanted));
      app.say(t('message.edited'), { silent: true });
      this.leave({ isDone: true });
    } catch (error) {
      // The text stays where it is, to be saved again.
      app.say(
        t('composer.editFailed', {
          reason: reasonOf(/** @type {import('../client/api.js').ApiError} */ (error)),
        }),
        {
          urgent: true,
        },
      );
    }
    this.#busy = false;
  }

  /** The draft comes back; whoever went elsewhere while it was being saved stays there. @param {{isDone?: boolean}} [how] */
  leave({ isDone = false } = {}) {
    this.bar.remove();
    this.composer.classList.remove('composer--editing');
    this.onLeft();
    this.composer.put(this.draft);
    if (!isDone) this.composer.focusText();
  }
}

/** Back into what was said: one's last message, to change it, or the messages, to walk through them. @param {import('../elements/chat-composer.js').ChatComposer} composer @param {boolean} isWalk */
export function goUp(composer, isWalk) {
  const { app, conversationId } = composer;
  const { messages, hasNewer } = app.store.thread(conversationId);
  const own = messages.findLast((message) => message.sender_id === app.me.id && message.is_active !== false);
  if (own && !hasNewer && !isWalk) return composer.edit(own);
  const articles = /** @type {NodeListOf<HTMLElement>} */ (app.querySelectorAll('chat-timeline article'));
  [...articles].at(-1)?.focus();
}
