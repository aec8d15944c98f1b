/** Keeps the draft of one conversation on the server, for one's other devices; what one of them has kept meanwhile is offered, never put in place of what is being written. */
import { ApiError } from '../client/api.js';
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { draft } from '../lib/conversation-prefs.js';
import { el } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { setSynced, synced } from '../lib/kept-drafts.js';
import { iconButton } from '../lib/nodes.js';

const KEEP_AFTER_MS = 1500;

export class ServerDraft {
  /** @type {ReturnType<typeof setTimeout>|undefined} */ #timer;
  /** @type {HTMLElement|null} */ #note = null;
  #isKeeping = false;

  /** @param {import('../elements/chat-composer.js').ChatComposer} composer */
  constructor(composer) {
    this.composer = composer;
    this.app = composer.app;
    this.me = composer.app.me.id;
  }

  /** What was written and could not be kept then, or is being written now. */
  soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#keep(), KEEP_AFTER_MS);
  }

  async #keep() {
    const { app, me } = this;
    const id = this.composer.conversationId;
    const text = draft(me, id);
    const before = synced(me, id);
    // Of a conversation that has not begun the server knows nothing yet.
    if (id <= 0 || text === before.text || this.#isKeeping || [...text].length > app.limits.message_chars) return;
    this.#isKeeping = true;
    try {
      setSynced(app, id, await app.api.of('PUT', id, 'me/draft/', { json: { text, rev: before.rev } }));
    } catch (caught) {
      const stored = caught instanceof ApiError && caught.status === 409 && caught.body?.stored;
      // Of all other trouble: it stays in this browser, and goes with the next change.
      if (!stored) return;
      setSynced(app, id, stored);
      this.offer(stored.text);
    } finally {
      this.#isKeeping = false;
    }
    // It was sent, or written on, meanwhile.
    if (draft(me, id) !== text) this.soon();
  }

  /** It is a message now, which puts it away. @returns {number|undefined} its revision, where one was kept */
  sent() {
    const id = this.composer.conversationId;
    const { text, rev } = synced(this.me, id);
    this.#note?.remove();
    if (!text) return undefined;
    setSynced(this.app, id, { text: '', rev: rev + 1 });
    return rev;
  }

  /** @param {string} other of another device */
  offer(other) {
    this.#note?.remove();
    if (!other) return;
    const { composer } = this;
    const use = () => {
      note.remove();
      composer.put([composer.text.value, other].filter((text) => text.trim()).join('\n'));
      composer.focusText();
    };
    const note = el(
      'div',
      { class: 'composer__other', role: 'status' },
      icon('edit'),
      el('span', { class: 'composer__words', dir: 'auto' }, t('composer.other', { text: other })),
      el('button', { class: 'button button--small', type: 'button', onclick: use }, t('composer.otherUse')),
      iconButton('close', t('composer.otherDrop'), {
        onclick: () => {
          note.remove();
          composer.focusText();
        },
      }),
    );
    this.#note = note;
    composer.querySelector('form')?.prepend(note);
  }
}
