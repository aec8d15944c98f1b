/** Drawing attention while nobody looks: title and icon badge, notifications, a soft sound. */
import { number, t } from '../i18n/index.js';
import { isMuted } from '../lib/conversation-prefs.js';
import { nameOf } from '../lib/nodes.js';
import { prefs } from '../lib/prefs.js';

/** @param {import('./types.js').PageApp} app @param {AbortSignal} signal */
export function listenForAttention(app, signal) {
  const redraw = () => badge(app);
  app.store.onChange((change) => {
    if (change.kind === 'message') arrived(app, change);
    redraw();
  }, signal);
  app.addEventListener('route', redraw, { signal });
  redraw();
}

/** @param {import('./types.js').PageApp} app */
function badge(app) {
  const count = app.store.unreadTotal;
  const room = app.route ? nameOf(app.store.other(app.route.conversationId)) : '';
  const title = room ? `${room} – ${t('app.name')}` : t('app.name');
  document.title = count > 0 ? `(${number(count)}) ${title}` : title;
  const { icon, iconUnread } = document.documentElement.dataset;
  const link = /** @type {HTMLLinkElement|null} */ (document.querySelector('link[rel=icon]'));
  const wanted = count > 0 ? iconUnread : icon;
  if (link && wanted && link.getAttribute('href') !== wanted) link.setAttribute('href', wanted);
  navigator.setAppBadge?.(count).catch(() => {});
}

/** @param {import('./types.js').PageApp} app @param {import('../client/types.js').Change} change */
function arrived(app, { conversationId, messages, isNew, mine }) {
  const wishes = prefs();
  const isOpen = app.route?.conversationId === conversationId;
  const watching = isOpen && document.visibilityState === 'visible' && document.hasFocus();
  if (mine || !isNew || watching || isMuted(app.me.id, conversationId) || !app.chat.leader.isLeader) return;
  if (wishes.sound) chime();
  if (!wishes.notifications || globalThis.Notification?.permission !== 'granted') return;
  const [message] = messages;
  const body = message.message || t('message.file', { name: message.attachment_name ?? '' });
  try {
    const note = new Notification(nameOf(app.store.other(conversationId)), {
      body: body.slice(0, 200),
      tag: `chat-${conversationId}`,
      icon: document.documentElement.dataset.icon,
    });
    note.onclick = () => {
      focus();
      app.open(conversationId);
      note.close();
    };
  } catch {
    // Some phones allow notifications to service workers only.
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
