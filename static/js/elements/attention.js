/** Drawing attention while nobody looks: title and icon badge, notifications, a soft sound. */
import { number, t } from '../i18n/index.js';
import { nameOf } from '../lib/nodes.js';
import { Notifications } from './notifications.js';

/** @param {import('./types.js').PageApp} app @param {AbortSignal} signal */
export function listenForAttention(app, signal) {
  const redraw = () => badge(app);
  app.store.onChange(redraw, signal);
  app.addEventListener('route', redraw, { signal });
  redraw();
  new Notifications(app, signal);
}

/** @param {import('./types.js').PageApp} app */
function badge(app) {
  const count = app.store.unreadTotal;
  const room = app.route ? nameOf(app.store.face(app.route.conversationId)) : '';
  const title = room ? `${room} – ${t('app.name')}` : t('app.name');
  document.title = count > 0 ? `(${number(count)}) ${title}` : title;
  const { icon, iconUnread } = document.documentElement.dataset;
  const link = /** @type {HTMLLinkElement|null} */ (document.querySelector('link[rel=icon]'));
  const wanted = count > 0 ? iconUnread : icon;
  if (link && wanted && link.getAttribute('href') !== wanted) link.setAttribute('href', wanted);
  navigator.setAppBadge?.(count).catch(() => {});
}
