/** What the elements of the page ask of their application, for one room in somebody else's page. */

const LIMITS = { message_chars: 4000, attachment_bytes: 10 * 1024 * 1024 };

export class RoomApp extends EventTarget {
  isEmbedded = true;
  limits = LIMITS;

  /** @param {ShadowRoot} root @param {import('../client/chat.js').ChatClient} chat @param {() => Node[]} headTools */
  constructor(root, chat, headTools) {
    super();
    this.root = root;
    this.chat = chat;
    this.headTools = headTools;
  }

  get api() {
    return this.chat.api;
  }

  get store() {
    return this.chat.store;
  }

  get me() {
    return this.chat.store.me;
  }

  /** @param {string} selector */
  querySelector(selector) {
    return this.root.querySelector(selector);
  }

  /** @param {string} selector */
  querySelectorAll(selector) {
    return this.root.querySelectorAll(selector);
  }

  /** @param {string} text @param {object} [options] */
  say(text, options) {
    this.root.querySelector('chat-announcer')?.say(text, options);
  }

  async learnLimits() {
    const server = await this.api.server().catch(() => null);
    if (server?.limits) this.limits = { ...LIMITS, ...server.limits };
    if (server?.timings?.typing_secs) this.store.typing.secs = server.timings.typing_secs;
  }
}
