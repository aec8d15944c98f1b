/** From entries to nodes. A row is built once and only its state mark is touched when only its state changed. */
import { number, t } from '../i18n/index.js';
import { el, fill } from '../lib/dom.js';
import { isEmojiOnly } from '../lib/format.js';
import { icon } from '../lib/icons.js';
import { avatar, formatted, nameOf } from '../lib/nodes.js';
import { clock, dayName, exact } from '../lib/time.js';

/** @typedef {import('./entries.js').Entry} Entry */
/** @typedef {import('./entries.js').MessageEntry} MessageEntry */

/** @typedef {import('../elements/types.js').Face} Face */
/** @typedef {{app: import('../elements/types.js').App, face: Face|undefined, timeline: import('../elements/chat-timeline.js').ChatTimeline, group: import('../groups/group-room.js').GroupRoom|null}} RowTools */

const FOLDED_LINES = 30;
const FOLDED_CHARS = 3000;

/** Fetched with the first timeline, behind its first draw. @type {typeof import('./attachment.js')|null} */ let files =
  null;

/** Who says it; of what nobody says, the conversation. @param {Entry} entry @param {RowTools} tools @returns {Face|undefined} */
export function senderOf(entry, { app, face, group }) {
  if (!group || entry.kind !== 'message') return face;
  const { sender_id: id = 0, sender_name = '' } = entry.message;
  return app.store.people.get(id) ?? { id, username: '', full_name: sender_name };
}

/** What decides whether a row must be built again. @param {Entry} entry @param {string} name */
export function shapeOf(entry, name) {
  if (entry.kind === 'group') return entry.shape;
  if (entry.kind !== 'message') return `${entry.kind}|${entry.kind === 'day' ? dayName(entry.at) : ''}|${name}`;
  const { message, head } = entry;
  return `${message.rev ?? 0}|${message.message}|${message.attachment_name ?? message.file_name ?? ''}|${head}|${name}`;
}

/** @param {Entry} entry @param {RowTools} tools @returns {HTMLElement} */
export function buildRow(entry, tools) {
  if (entry.kind === 'day')
    return el('li', { class: 'day', 'data-key': entry.key }, el('span', null, dayName(entry.at)));
  if (entry.kind === 'divider')
    return el('li', { class: 'divider', 'data-key': entry.key }, el('span', null, t('room.new')));
  if (entry.kind === 'begin') {
    return el(
      'li',
      { class: 'begin', 'data-key': entry.key },
      avatar(tools.face, 'large'),
      el('p', null, tools.group?.beginning() ?? t('room.begin', { name: nameOf(tools.face) })),
    );
  }
  if (entry.kind === 'group') return entry.build();
  return messageRow(entry, tools);
}

/** @param {MessageEntry} entry @param {RowTools} tools */
function messageRow(entry, tools) {
  const { key, message, mine, head } = entry;
  const sender = mine ? undefined : tools.group?.sender(senderOf(entry, tools), message);
  const isGone = message.is_active === false;
  const text = (!isGone && message.message) || '';
  const at = message.timestamp ?? message.created_at ?? 0;
  const big = isEmojiOnly(text) && !message.attachment && !message.file;
  const body = el(
    'div',
    { class: 'message__bubble', part: mine ? 'bubble own-bubble' : 'bubble' },
    isGone ? el('em', { class: 'message__gone' }, t('message.deleted')) : file(message, tools),
    text && words(text, tools),
    el(
      'span',
      { class: 'message__meta' },
      el('span', { class: 'message__notes' }),
      el('time', { datetime: new Date(at).toISOString(), title: exact(at) }, clock(at)),
      mine && el('span', { class: 'message__mark' }),
    ),
  );
  const row = el(
    'li',
    {
      class: `message ${mine ? 'message--own' : ''} ${head ? 'message--head' : ''} ${big ? 'message--emoji' : ''}`,
      'data-key': key,
    },
    sender && face(head, sender.picture),
    el(
      'article',
      { class: 'message__article', tabindex: '-1' },
      head && sender?.name,
      body,
      el('div', { class: 'message__trouble' }),
    ),
    el('div', { class: 'message__actions', role: 'group', 'aria-label': t('message.actions') }),
  );
  // Most rows are never pointed at: their buttons are made when they are.
  if (!isGone)
    for (const name of ['pointerenter', 'focusin'])
      row.addEventListener(name, () => drawActions(row, message, mine, tools));
  return row;
}

/** A place that is kept for it, until what draws it is here. @param {import('../elements/types.js').Shown} message @param {RowTools} tools */
function file(message, { app, timeline }) {
  if (files) return files.attachmentNode(message, app);
  if (!message.attachment && !message.file_name) return null;
  const place = el('div', { class: 'picture' });
  import('./attachment.js').then((loaded) => {
    files = loaded;
    timeline.position.keep(() => place.replaceWith(loaded.attachmentNode(message, app) ?? ''));
  });
  return place;
}

/** Once for all that somebody says in a row; the others keep its width. @param {boolean} head @param {Node} picture */
function face(head, picture) {
  return head ? picture : el('span', { class: 'avatar avatar--space', 'aria-hidden': 'true' });
}

/** @param {string} text @param {RowTools} tools */
function words(text, { app }) {
  const folded = isLong(text) ? 'message__text--folded' : '';
  const onCopy = async (/** @type {string} */ code) => (await import('./actions.js')).copyText(code, app);
  return [
    el(
      'div',
      { class: `message__text ${folded}`.trim(), dir: 'auto' },
      formatted(text, { copyLabel: t('message.copyCode'), onCopy }),
    ),
    folded && el('button', { class: 'message__fold', type: 'button', onclick: unfold }, t('message.unfold')),
  ];
}

/** One that would fill the screen and more, however narrow that is. @param {string} text */
function isLong(text) {
  return text.length > FOLDED_CHARS || text.split('\n', FOLDED_LINES + 1).length > FOLDED_LINES;
}

/** @param {Event} event */
function unfold({ currentTarget }) {
  const button = /** @type {HTMLElement} */ (currentTarget);
  button.parentElement?.querySelector('.message__text')?.classList.remove('message__text--folded');
  if (button.matches(':focus')) button.closest('article')?.focus({ preventScroll: true });
  button.remove();
}

/** The parts of a row that change while it stands. @param {HTMLElement} row @param {MessageEntry} entry @param {RowTools} tools */
export function updateRow(row, entry, tools) {
  const { message, mine, waiting } = entry;
  const state = stateOf(entry, tools);
  const isLast = tools.app.chat.outbox.items.at(-1) === message;
  const shown = `${isLast}|${state}|${message.id ?? ''}|${message.error ?? ''}|${message.progress === undefined}`;
  if (row.dataset.shown === shown) return;
  row.dataset.shown = shown;
  if (message.id) row.dataset.id = String(message.id);
  row.classList.toggle('message--pending', Boolean(waiting) && state !== 'failed');
  row.classList.toggle('message--failed', state === 'failed');
  if (mine) drawMark(row, state, message);
  label(row, entry, state, tools);
  if (message.rev) drawNotes(row, entry, state, tools);
  drawTrouble(row, entry, state, isLast, tools);
}

/** @param {MessageEntry} entry @param {RowTools} tools */
function stateOf({ message, waiting, mine }, { app, group: isGroup }) {
  if (!mine) return 'received';
  if (waiting) {
    if (message.state === 'failed') return 'failed';
    return app.chat.outbox.isStuck || app.chat.status.state === 'waiting' ? 'queued' : 'pending';
  }
  if (isGroup) return 'sent'; // who has seen it is said apart
  if (message.is_read) return 'read';
  return message.delivered_at ? 'delivered' : 'sent';
}

const MARKS = /** @type {const} */ ({
  pending: 'clock',
  queued: 'clock',
  failed: 'warn',
  sent: 'check',
  delivered: 'checks',
  read: 'checks',
});

/** @param {HTMLElement} row @param {string} state @param {import('../elements/types.js').Shown} message */
function drawMark(row, state, message) {
  const mark = /** @type {HTMLElement} */ (row.querySelector('.message__mark'));
  mark.dataset.state = state;
  mark.title =
    message.read_at && state === 'read' ? `${t('message.read')}: ${exact(message.read_at)}` : t(`message.${state}`);
  fill(
    mark,
    icon(MARKS[/** @type {keyof typeof MARKS} */ (state)]),
    el('span', { class: 'visually-hidden' }, t(`message.${state}`)),
  );
}

/** What has been done to a message is rare: how that looks comes behind the first draw. @param {HTMLElement} row @param {MessageEntry} entry @param {string} state @param {RowTools} tools */
async function drawNotes(row, entry, state, tools) {
  const { noted } = await import('./changes.js');
  label(row, entry, state, tools, noted(row, entry.message, tools));
}

/** @param {HTMLElement} row @param {MessageEntry} entry @param {string} state @param {RowTools} tools @param {string[]} [notes] */
function label(row, entry, state, tools, notes = []) {
  const { message, mine } = entry;
  const name = mine ? t('message.you') : nameOf(senderOf(entry, tools));
  const file = message.attachment_name ?? message.file_name;
  const isGone = message.is_active === false;
  const text = isGone
    ? t('message.deleted')
    : [file && t('message.file', { name: file }), message.message, ...notes].filter(Boolean).join(', ');
  const when = exact(message.timestamp ?? message.created_at ?? 0);
  const full = t('message.label', { name, when, text }) + (mine ? `. ${t(`message.${state}`)}` : '');
  row.querySelector('article')?.setAttribute('aria-label', full);
}

/** What failed, waits or goes up is rare: how that looks comes behind the first draw. @param {HTMLElement} row @param {MessageEntry} entry @param {string} state @param {boolean} isLast @param {RowTools} tools */
async function drawTrouble(row, { message }, state, isLast, { app }) {
  const box = /** @type {Element} */ (row.querySelector('.message__trouble'));
  const { shown } = row.dataset;
  if (state !== 'failed' && state !== 'queued' && !(state === 'pending' && message.file)) return fill(box);
  const { troubleOf } = await import('./trouble.js');
  if (row.dataset.shown === shown) fill(box, troubleOf(message, state, isLast, app));
}

/** @param {HTMLElement} row @param {number} share of an upload */
export function drawProgress(row, share) {
  const bar = row.querySelector('progress');
  if (bar) bar.value = share;
  const percent = row.querySelector('.message__percent');
  if (percent) percent.textContent = `${number(Math.round(share * 100))} %`;
}

/** @param {HTMLElement} row @param {import('../elements/types.js').Shown} message @param {boolean|undefined} mine @param {RowTools} tools */
async function drawActions(row, message, mine, tools) {
  const box = /** @type {HTMLElement} */ (row.querySelector('.message__actions'));
  const id = row.dataset.id ?? '';
  if (box.dataset.for === id) return;
  box.dataset.for = id;
  const { actionsFor } = await import('./actions.js');
  fill(
    box,
    actionsFor(
      { .../** @type {import('../elements/types.js').Message} */ (message), id: Number(id) },
      Boolean(mine),
      tools,
    ),
  );
}
