/** What came while nobody looked: a notification for each conversation as long as it is unread, and a soft sound. */
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { nameOf } from '../lib/nodes.js';
import { prefs } from '../lib/prefs.js';

const SETTLES_MS = 1_000; // by then it is known what was read, deleted or looked at elsewhere
const PAUSE_MS = 10_000; // who goes on writing rings once

/** @typedef {import('../client/types.js').Message} Message */
/** @typedef {{note: Notification, message: Message}} Shown */

export class Notifications {
  /** What came and was not told yet. @type {Map<number, Message>} */ #waiting = new Map();
  /** What stands on the screen, by conversation. @type {Map<number, Shown>} */ #shown = new Map();
  /** When something of a conversation last rang, or would have without a pause, epoch ms. @type {Map<number, number>} */ #rangAt =
    new Map();
  /** @type {BroadcastChannel|null} */ #tabs = null;
  /** @type {ReturnType<typeof setTimeout>|undefined} */ #timer;

  /** @param {import('./types.js').PageApp} app @param {AbortSignal} signal */
  constructor(app, signal) {
    this.app = app;
    try {
      this.#tabs = new BroadcastChannel(`chat-watching:${app.me.id}`);
      this.#tabs.onmessage = ({ data }) => this.#waiting.delete(data);
    } catch {
      // Where a browser refuses a channel each tab is on its own.
    }
    app.store.onChange((change) => this.#changed(change), signal);
    // Nobody could take them away any more.
    addEventListener('pagehide', () => this.#closeAll(), { signal });
    signal.addEventListener('abort', () => this.#end());
  }

  /** @param {import('../client/types.js').Change} change */
  #changed(change) {
    if (change.kind === 'message') this.#arrived(change);
    if (change.kind === 'changed') for (const message of change.messages) this.#rewritten(message);
    // Lists that are loaded anew say how much is unread, not what.
    const isRead = (/** @type {number} */ id) =>
      change.kind === 'loaded' && this.app.store.conversations.get(id)?.unread_count === 0;
    for (const [id, { note, message }] of this.#shown) {
      if (!isRead(id) && !this.#isOver(message)) continue;
      this.#shown.delete(id);
      note.close();
    }
  }

  /** @param {import('../client/types.js').Change} change */
  #arrived({ conversationId, messages: [message], isNew, mine }) {
    if (mine || !isNew || message.kind === 'system' || message.silent) return;
    const isOpen = this.app.route?.conversationId === conversationId;
    // The tab that tells of messages may be behind this one.
    if (isOpen && document.visibilityState === 'visible' && document.hasFocus())
      return void this.#tabs?.postMessage(message.id);
    const wishes = prefs();
    if (!wishes.notifications && !wishes.sound) return;
    if (!this.#wants(conversationId) || !this.app.chat.leader.isLeader) return;
    this.#waiting.set(message.id, message);
    this.#timer ??= setTimeout(() => this.#tell(), SETTLES_MS);
  }

  /** @param {number} conversationId */
  #wants(conversationId) {
    const { store } = this.app;
    const my = store.conversations.get(conversationId)?.my;
    return !store.isMuted(conversationId) && (my?.notify ?? 'all') === 'all';
  }

  /** @param {Message} message as it is by now */
  #rewritten(message) {
    if (this.#waiting.has(message.id)) this.#waiting.set(message.id, message);
    const shown = this.#shown.get(message.conversation_id);
    if (shown?.message.id === message.id) shown.message = message;
  }

  /** Read, on whatever device, or deleted. @param {Message} message */
  #isOver(message) {
    const readId = this.app.store.readIds.get(message.conversation_id) ?? 0;
    return message.is_active === false || message.is_read || message.id <= readId;
  }

  #tell() {
    this.#timer = undefined;
    const left = [...this.#waiting.values()].filter((message) => !this.#isOver(message));
    this.#waiting.clear();
    const newest = new Map(left.map((message) => [message.conversation_id, message]));
    const wishes = prefs();
    const now = Date.now();
    const rings = [...newest.keys()].some((id) => now - (this.#rangAt.get(id) ?? 0) > PAUSE_MS);
    if (rings && wishes.sound) chime();
    for (const [conversationId, message] of newest) {
      if (wishes.sound) this.#rangAt.set(conversationId, now);
      if (wishes.notifications) this.#show(conversationId, message);
    }
  }

  /** @param {number} conversationId @param {Message} message */
  #show(conversationId, message) {
    if (globalThis.Notification?.permission !== 'granted') return;
    this.#shown.get(conversationId)?.note.close();
    const said = message.message || t('message.file', { name: message.attachment_name ?? '' });
    const group = this.app.store.group(conversationId);
    const body = group ? t('message.incoming', { name: message.sender_name, text: said }) : said;
    try {
      const note = new Notification(nameOf(this.app.store.face(conversationId)), {
        body: body.slice(0, 200),
        tag: `chat-${conversationId}`,
        icon: document.documentElement.dataset.icon,
      });
      note.onclick = () => {
        focus();
        this.app.open(conversationId);
        note.close();
      };
      this.#shown.set(conversationId, { note, message });
    } catch {
      // Some phones allow notifications to service workers only.
    }
  }

  #closeAll() {
    for (const { note } of this.#shown.values()) note.close();
    this.#shown.clear();
  }

  #end() {
    clearTimeout(this.#timer);
    this.#tabs?.close();
    this.#closeAll();
  }
}

function chime() {
  try {
    const context = new AudioContext();
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.frequency.value = 740;
    volume.gain.setValueAtTime(0.06, context.currentTime);
    volume.gain.exponentialRampToValueAtTime(0.0001, context.currentTime + 0.35);
    tone.connect(volume).connect(context.destination);
    tone.start();
    tone.stop(context.currentTime + 0.36);
    tone.onended = () => context.close();
  } catch {
    // No sound before the first click: the browser's rule.
  }
}
