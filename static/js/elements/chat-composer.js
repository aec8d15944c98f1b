/** Writing: grows with the text, keeps drafts, tells the other one, takes files, sends on Enter. */
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { el, fill } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { draft, setDraft } from '../lib/conversation-prefs.js';
import { iconButton, isGone, nameOf } from '../lib/nodes.js';
import { prefs } from '../lib/prefs.js';
import { quotedAndOwn } from '../lib/quotes.js';
import { size } from '../lib/size.js';
import { pasted } from '../composer/paste.js';
import { EmojiInput } from '../composer/emoji-input.js';
import { ServerDraft } from '../composer/server-draft.js';
import { TypingNote } from '../composer/typing-note.js';
import '../lib/more-icons.js';

const SAVE_AFTER_MS = 250;
/** Something in it would be seen. */
const SEEN = /[^\p{Cc}\p{Cf}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/u;

export class ChatComposer extends HTMLElement {
  /** @type {import('./types.js').App} */ app;
  conversationId = 0;
  /** @type {import('../groups/group-room.js').GroupRoom|null} */ group = null;
  /** @type {HTMLTextAreaElement} */ text;
  /** @type {HTMLInputElement} */ files;
  /** @type {HTMLElement} */ count;
  #typing = new TypingNote((isTyping) => this.app.chat?.api.typing(this.#place, isTyping));
  /** @type {number|undefined} */ #saving;
  /** Kept apart: a draft is saved after its writer's session has ended, too. */
  #me = 0;
  #life = new AbortController();
  /** @type {import('../composer/file-tray.js').FileTray|null} made when the first file is chosen */ tray = null;
  /** @type {EmojiInput|null} */ #emoji = null;
  /** @type {Promise<typeof import('../composer/file-tray.js')>|null} */ #adding = null;
  /** @type {import('../composer/edit-mode.js').EditMode|null} */ #editing = null;
  /** @type {import('../groups/slow-mode.js').SlowMode|undefined} */ #slow;
  /** @type {ServerDraft} */ #kept;

  connectedCallback() {
    this.#me = this.app.me.id;
    addEventListener('pagehide', () => this.save(), { signal: this.#life.signal });
    const limit = size(this.app.limits.attachment_bytes);
    this.text = el('textarea', {
      class: 'composer__text',
      rows: 1,
      dir: 'auto',
      enterkeyhint: 'send',
      'aria-describedby': 'composer-count',
      oninput: () => this.#typed(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
      onpaste: (/** @type {ClipboardEvent} */ event) => pasted(event, this.app, (files) => this.addFiles(files)),
      onblur: () => this.save(),
    });
    this.files = el('input', {
      type: 'file',
      multiple: true,
      class: 'visually-hidden',
      tabindex: '-1',
      'aria-hidden': 'true',
      onchange: () => this.#picked(),
    });
    this.count = el('p', { class: 'composer__count', id: 'composer-count' });
    fill(
      this,
      el(
        'form',
        { class: 'composer', onsubmit: (/** @type {Event} */ event) => this.#submitted(event) },
        el('div', { class: 'composer__popup' }),
        el(
          'div',
          { class: 'composer__line' },
          this.files,
          iconButton('attach', t('composer.attach', { size: limit }), { onclick: () => this.files.click() }),
          this.text,
          iconButton('emoji', t('composer.emoji'), { 'aria-haspopup': 'dialog', onclick: () => this.#emoji?.pick() }),
          el(
            'button',
            {
              class: 'composer__send',
              part: 'send',
              type: 'submit',
              'aria-label': t('composer.send'),
              title: t('composer.send'),
            },
            icon('send'),
          ),
        ),
        this.count,
      ),
    );
    this.#emoji = new EmojiInput(this, this.text, /** @type {HTMLElement} */ (this.querySelector('.composer__popup')));
    this.address(this.app.store.face(this.conversationId));
    this.#kept = new ServerDraft(this);
    this.text.value = draft(this.#me, this.conversationId);
    this.#kept.soon();
    this.#slow = this.group?.slow(
      /** @type {HTMLElement} */ (this.querySelector('.composer__send')),
      this.#life.signal,
    );
    this.#drawSend();
    this.#grow();
  }

  disconnectedCallback() {
    this.save();
    this.#life.abort();
    this.#typing.stop();
    this.tray?.clear();
  }

  /** Where it goes; groups have no receiver. */
  get #place() {
    const { conversationId } = this;
    return { conversation_id: conversationId, receiver_id: this.app.store.otherId(conversationId) };
  }

  /** @param {import('./types.js').Face|undefined} face whom the text goes to: nobody writes to those who are gone */
  address(face) {
    const name = nameOf(face);
    this.hidden = Boolean(face && 'username' in face && isGone(face));
    this.text.setAttribute('aria-label', t('composer.label', { name }));
    this.text.placeholder = t('composer.placeholder', { name });
  }

  focusText() {
    this.text?.focus();
  }

  /** @param {File[]} files */
  async addFiles(files) {
    this.#adding = import('../composer/file-tray.js');
    const { FileTray } = await this.#adding.finally(() => (this.#adding = null));
    this.tray ??= new FileTray(this.app, /** @type {HTMLFormElement} */ (this.querySelector('form')), () =>
      this.#drawSend(),
    );
    this.tray.add(files);
    this.focusText();
  }

  /** @param {import('./types.js').Message} message one's own, to be changed */
  async edit(message) {
    this.save();
    const { EditMode } = await import('../composer/edit-mode.js');
    this.#editing?.leave();
    this.#editing = new EditMode(this, message, () => (this.#editing = null));
  }

  /** @param {string} text instead of what stands there */
  put(text) {
    this.text.value = text;
    this.#typed();
  }

  /** Nothing is put into what somebody writes in. */
  get isHeld() {
    return Boolean(this.#editing) || this.text.matches(':focus');
  }

  /** Another device has written on. */
  redraft() {
    this.text.value = draft(this.#me, this.conversationId);
    this.#drawSend();
    this.#grow();
  }

  /** @param {string} other what another device has kept, where something else stands here */
  meetOther(other) {
    this.#kept.offer(other);
  }

  /** @param {string} quoted */
  quote(quoted) {
    const lines = quotedAndOwn(quoted)
      .own.split('\n')
      .map((line) => `> ${line}`);
    this.text.value = `${lines.join('\n')}\n${this.text.value}`;
    this.focusText();
    this.text.setSelectionRange(this.text.value.length, this.text.value.length);
    this.#typed();
  }

  /** @param {Event} event */
  #submitted(event) {
    event.preventDefault();
    this.send();
  }

  #picked() {
    this.addFiles([...(this.files.files ?? [])]);
    this.files.value = '';
  }

  send() {
    // Files that were chosen go along, even where what shows them is still on its way.
    const again = () => setTimeout(() => this.send());
    if (this.#adding) return void this.#adding.then(again, again);
    const message = this.text.value.trim();
    const files = this.tray?.files ?? [];
    if ((!SEEN.test(message) && files.length === 0 && !this.#editing) || this.#left < 0) {
      if (this.#left < 0)
        this.app.say(t('composer.tooLong', { count: this.app.limits.message_chars }), { urgent: true });
      return;
    }
    if (this.#editing) {
      this.focusText();
      return this.#editing.save();
    }
    if (this.#slow?.refuses()) return;
    const { outbox } = this.app.chat;
    const place = { ...this.#place, draft_rev: this.#kept.sent() };
    if (files.length === 0) outbox.add({ ...place, message });
    for (const file of files) {
      // The text is the first file's caption; a picture's own words follow it.
      const words = [file === files[0] && message, this.tray?.wordsOf(file)].filter(Boolean).join('\n');
      outbox.add({ ...place, message: words, file, file_name: file.name });
    }
    this.text.value = '';
    this.tray?.clear();
    this.#typing.stop();
    this.save();
    this.#drawSend();
    this.#grow();
    this.#emoji?.close();
    this.app.querySelector('chat-timeline')?.toEnd();
    this.focusText();
  }

  #typed() {
    clearTimeout(this.#saving);
    this.#saving = setTimeout(() => this.save(), SAVE_AFTER_MS);
    this.#drawSend();
    this.#grow();
    this.#emoji?.complete();
    if (this.text.value.trim() && !this.#editing) this.#typing.keystroke();
    else this.#typing.stop();
  }

  save() {
    clearTimeout(this.#saving);
    // What is being edited is no draft.
    if (this.#editing || draft(this.#me, this.conversationId) === this.text.value) return;
    setDraft(this.#me, this.conversationId, this.text.value);
    this.#kept.soon();
    this.app.dispatchEvent(new Event('draft'));
  }

  /** Characters as the server counts them: code points, after trimming. */
  get #left() {
    return this.app.limits.message_chars - [...this.text.value.trim()].length;
  }

  #drawSend() {
    const left = this.#left;
    const near = left <= this.app.limits.message_chars / 10;
    fill(this.count, near && t(left < 0 ? 'composer.over' : 'composer.left', { count: Math.abs(left) }));
    this.count?.classList.toggle('composer__count--over', left < 0);
    const empty = !SEEN.test(this.text.value) && !this.tray?.files.length;
    /** @type {Element} */ (this.querySelector('.composer__send')).classList.toggle(
      'composer__send--ready',
      !empty && left >= 0,
    );
  }

  /** Where the browser does not size text fields to their content, rows are counted. */
  #grow() {
    if (CSS.supports('field-sizing', 'content')) return;
    this.text.rows = 1;
    while (this.text.scrollHeight > this.text.clientHeight && this.text.rows < 10) this.text.rows += 1;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (this.#emoji?.key(event)) return;
    if (event.key === 'Enter' && !event.altKey) {
      const wants = prefs().enterSends ? !event.shiftKey : event.ctrlKey || event.metaKey;
      if (!wants) return;
      event.preventDefault();
      this.send();
    } else if (event.key === 'ArrowUp' && !this.text.value && !this.#editing) {
      event.preventDefault();
      const isWalk = event.shiftKey;
      import('../composer/edit-mode.js').then(({ goUp }) => goUp(this, isWalk));
    } else if (event.key === 'Escape' && this.#editing) {
      event.preventDefault();
      this.#editing.leave();
    }
  }

  /** @param {string} text @param {number} [start] @param {number} [end] */
  insert(text, start = this.text.selectionStart, end = this.text.selectionEnd) {
    this.text.setRangeText(text, start, end, 'end');
    this.#typed();
    this.focusText();
  }
}

customElements.define('chat-composer', ChatComposer);
