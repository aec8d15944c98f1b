/** Emoji in a text field: by name while one types, and from the panel. Both are fetched when first wanted. */

export class EmojiInput {
  /** @type {import('./emoji-completion.js').EmojiCompletion|null} */ #completion = null;

  /** @param {import('../elements/chat-composer.js').ChatComposer} composer @param {HTMLTextAreaElement} text @param {HTMLElement} place where suggestions and panel stand */
  constructor(composer, text, place) {
    this.composer = composer;
    this.text = text;
    this.place = place;
  }

  /** The first name begun fetches the list; what is typed meanwhile counts as well. */
  async complete() {
    if (!this.#completion) {
      if (!/:[a-z_]{2}/u.test(this.text.value)) return;
      const { EmojiCompletion } = await import('./emoji-completion.js');
      this.#completion ??= new EmojiCompletion(this.composer, this.text, this.place);
    }
    this.#completion.look();
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key was ours */
  key(event) {
    return Boolean(this.#completion?.key(event));
  }

  close() {
    this.#completion?.close();
  }

  async pick() {
    const { openPicker } = await import('./emoji-picker.js');
    openPicker(this.place, (/** @type {string} */ emoji) => this.composer.insert(emoji));
  }
}
