/** Conversations of several people: how events change them, what folds in a timeline, what tells people apart. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Api } from '../../static/js/client/api.js';
import { learnAll } from '../../static/js/client/all-conversations.js';
import { Store } from '../../static/js/client/store.js';

globalThis.document ??= /** @type {any} */ ({ documentElement: { lang: 'en' } });
const { withSystemLines } = await import('../../static/js/groups/system-lines.js');
const { nameOf } = await import('../../static/js/lib/nodes.js');
const { isOffline } = await import('../../static/js/groups/details-action.js');
const { tellInRows } = await import('../../static/js/sidebar/told.js');

const ANN = { id: 1, username: 'ann', full_name: 'Ann' };
const BO = { id: 2, username: 'bo', full_name: 'Bo' };
const CY = { id: 3, username: 'cy', full_name: 'Cy' };
const MY = { role: 'member', can: ['send'], unread_count: 0, mention_count: 0, muted_until: null, joined_at: '2026' };
const group = (more = {}) =>
  /** @type {any} */ ({
    id: 9,
    kind: 'group',
    preset: 'group',
    name: 'Bakery',
    avatar: null,
    member_count: 3,
    preview: [BO, CY],
    last_message: null,
    rev: 1,
    my: MY,
    ...more,
  });
const said = (id, more = {}) => ({
  id,
  seq: id,
  conversation_id: 9,
  sender_id: 2,
  sender_name: 'Bo',
  receiver_id: null,
  message: `m${id}`,
  timestamp: `2026-01-01T00:00:0${id}.000Z`,
  ...more,
});

function loaded(groups = [group()]) {
  const store = new Store();
  store.load(/** @type {any} */ ({ user: ANN, cursor: 'c', conversations: [], groups: { results: groups } }));
  return store;
}
const tell = (store, event, data) => store.apply([{ id: 1, event, data }]);
const row = (store) => store.conversations.get(9);

test('a message in a group counts once, names its sender, and begins nothing with anybody', () => {
  const store = loaded();
  tell(store, 'message', said(1));
  tell(store, 'message', said(1));

  assert.deepEqual([row(store).unread_count, row(store).last_sender, row(store).last_message], [1, 'Bo', 'm1']);
  assert.equal(store.directWith(2), -2);
  assert.equal(store.otherId(9), 0);
  assert.equal(nameOf(store.face(9)), 'Bakery');
});

test('what nobody said is never unread', () => {
  const store = loaded();
  tell(store, 'message', said(1, { sender_id: 0, kind: 'system', sender_name: '' }));

  assert.deepEqual([row(store).unread_count, row(store).last_message], [0, 'm1']);
});

test('a group that is told of late keeps the newer message and the higher revision', () => {
  const store = loaded([group({ rev: 5, name: 'New' })]);
  tell(store, 'message', said(2));
  tell(store, 'conversation_changed', { conversation: group({ rev: 4, name: 'Old', last_message: said(1) }) });

  assert.deepEqual([nameOf(store.face(9)), row(store).last_message], ['New', 'm2']);
});

test('who is removed keeps what is loaded, and why; who is added again has the conversation back', () => {
  const store = loaded();
  store.addHistory(9, /** @type {any} */ ([said(1)]), { older: false, newer: false });
  tell(store, 'conversation_removed', { conversation_id: 9, reason: 'removed' });

  assert.equal(store.rooms.length, 0);
  assert.deepEqual([nameOf(store.face(9)), store.left.get(9)?.reason], ['Bakery', 'removed']);
  assert.equal(store.thread(9).messages.length, 1);
  tell(store, 'conversation_changed', { conversation: group({ rev: 3 }) });
  assert.deepEqual([store.rooms.length, store.left.size], [1, 0]);
});

test('a group that was put away when it was closed does not come back by what is told late', () => {
  const store = loaded();
  tell(store, 'conversation_removed', { conversation_id: 9, reason: 'closed' });
  tell(store, 'message', said(3, { sender_id: 0, kind: 'system', sender_name: '' }));
  tell(store, 'conversation_changed', { conversation: group({ rev: 3, state: 'closed' }) });

  assert.deepEqual([store.rooms.length, store.left.size], [0, 1]);
});

test('what is pinned comes first, and what is muted or archived is in no total', () => {
  const my = (more) => ({ ...MY, unread_count: 1, ...more });
  const groups = [
    group({ id: 9, last_message: said(3), my: my({ muted_until: '9999-12-31T00:00:00.000Z' }) }),
    group({ id: 10, last_message: said(2), my: my({ archived: true }) }),
    group({ id: 11, last_message: said(1), my: my({ pinned: true }) }),
  ];
  const store = loaded(groups);

  assert.deepEqual(
    store.rooms.map((room) => room.conversation_id),
    [11, 9, 10],
  );
  assert.equal(store.unreadTotal, 1);
  tell(store, 'my_conversation', { conversation_id: 9, my: my({ rev: 2 }) });
  assert.equal(store.unreadTotal, 2, 'from another device');
});

test('what a gap hid is found out from the whole list: groups that were left, and what is one’s own', async () => {
  const store = loaded([group(), group({ id: 10 })]);
  const answers = { true: [group({ id: 11, my: { ...MY, archived: true } })], false: [group()] };
  const api = /** @type {any} */ ({
    request: async (_method, _path, { query }) => ({ results: answers[query.archived], next: null }),
  });
  await learnAll({ api, store });

  assert.deepEqual([...store.conversations.keys()].sort(), [11, 9]);
  assert.equal(store.left.has(10), true);
});

test('a message is addressed to a person or to a conversation, never to both', async () => {
  const sent = [];
  const fetch = /** @type {any} */ (
    async (_url, { body }) => {
      sent.push(JSON.parse(body));
      return new Response('{}', { status: 201 });
    }
  );
  const api = new Api({ fetch });
  await api.send({ receiver_id: 0, conversation_id: 9, message: 'all', client_id: 'a' });
  await api.send({ receiver_id: 2, conversation_id: 5, message: 'one', client_id: 'b' });
  await api.typing({ receiver_id: 0, conversation_id: 9 }, true);

  assert.deepEqual(sent, [
    { conversation_id: 9, message: 'all', client_id: 'a' },
    { receiver_id: 2, message: 'one', client_id: 'b' },
    { conversation_id: 9, is_typing: true },
  ]);
});

test('a group without a name goes by those who are in it', () => {
  assert.equal(nameOf(group({ name: null })), 'Bo and Cy');
  assert.equal(nameOf(group({ name: null, member_count: 7 })), 'Bo, Cy, and 4 more');
  assert.equal(nameOf(group({ name: null, preview: [], member_count: 1 })), 'Only you');
});

test('three lines of what happened fold across days, two do not, and they end what somebody says in a row', () => {
  const room = /** @type {any} */ ({ app: { me: ANN, store: loaded() } });
  const happened = (id, type = 'joined') => ({
    kind: 'message',
    key: `m:${id}`,
    message: said(id, {
      kind: 'system',
      system: { type, actor_id: 2, user_ids: [3], value: null },
      message: 'as told',
    }),
    head: true,
  });
  const message = (id) => ({
    kind: 'message',
    key: `m:${id}`,
    message: said(id),
    mine: false,
    waiting: false,
    head: false,
  });
  const day = (key) => ({ kind: 'day', key, at: 0 });
  const keys = (...entries) => withSystemLines(/** @type {any} */ (entries), room).map(({ key }) => key);

  assert.deepEqual(keys(message(1), happened(2), day('d2'), happened(3), happened(4), day('d3'), message(5)), [
    'm:1',
    'folded:2',
    'd3',
    'm:5',
  ]);
  assert.deepEqual(keys(happened(1), day('d2'), happened(2), message(3)), ['m:1', 'd2', 'm:2', 'm:3']);
  const [, last] = withSystemLines(/** @type {any} */ ([happened(1), message(2)]), room);
  assert.equal(/** @type {any} */ (last).head, true);
});

test('names can be read on every ground they stand on, in both themes', () => {
  const css = readFileSync(new URL('../../static/css/tokens.css', import.meta.url), 'utf8');
  const pair = (/** @type {string} */ name) =>
    [...css.matchAll(new RegExp(`--${name}: light-dark\\((#\\w{6}), (#\\w{6})\\)`, 'gu'))].map(([, ...both]) => both);
  const names = pair('name');
  assert.equal(names.length, 10);
  for (const ground of ['canvas', 'other', 'hover', 'sunken', 'selected'])
    for (const name of names)
      for (const theme of [0, 1]) {
        const ratio = contrast(name[theme], pair(ground)[0][theme]);
        assert.ok(ratio >= 4.5, `${name[theme]} on ${ground}: ${ratio}`);
      }
});

/** @param {string} one @param {string} other as WCAG reckons it */
function contrast(one, other) {
  const [light, dark] = [one, other].map(luminance).sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

/** @param {string} colour */
function luminance(colour) {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

test('a direct conversation that was put aside stays so until the server says otherwise, and through a gap', () => {
  const store = new Store();
  const direct = { conversation_id: 5, other_user: BO, last_message: 'x', last_message_at: '2026', unread_count: 1 };
  const load = () =>
    store.load(/** @type {any} */ ({ user: ANN, cursor: 'c', conversations: [direct], groups: { results: [] } }));
  store.archivedBefore = new Set([5]);
  load();
  assert.deepEqual([store.isArchived(5), store.unreadTotal], [true, 0]);

  store.regroup(/** @type {any} */ ({ id: 5, kind: 'direct', my: { ...MY, unread_count: 1, archived: false } }));
  assert.deepEqual([store.isArchived(5), store.unreadTotal], [false, 1]);
  load();
  assert.equal(store.isArchived(5), false, 'what was known is not forgotten with the list');
});

test('a draft of another device is told of where the conversation is known', () => {
  const store = loaded();
  /** @type {string[]} */ const told = [];
  store.onChange(({ kind }) => told.push(kind));
  tell(store, 'draft', { conversation_id: 9, draft: { text: 'half', rev: 3 } });
  tell(store, 'draft', { conversation_id: 77, draft: { text: 'of nothing', rev: 1 } });

  assert.equal(row(store).my.draft.text, 'half');
  assert.deepEqual(told, ['draft']);
});

test('a message names the draft that it was', async () => {
  /** @type {any[]} */ const sent = [];
  const api = new Api({
    base: 'http://chat/',
    fetch: async (_url, { body }) => {
      sent.push(JSON.parse(body));
      return new Response('{}');
    },
  });
  await api.send(
    /** @type {any} */ ({ conversation_id: 9, receiver_id: 0, message: 'm', client_id: 'c', draft_rev: 4 }),
  );
  await api.send(/** @type {any} */ ({ conversation_id: 9, receiver_id: 0, message: 'm', client_id: 'd' }));

  assert.deepEqual(
    sent.map(({ draft_rev }) => draft_rev),
    [4, undefined],
  );
});

test('what needs a connection stays away while one is tried for, and comes with it', () => {
  const shown = [
    { state: 'waiting', attempt: 1 },
    { state: 'connecting', attempt: 2 },
    { state: 'connecting' },
    { state: 'online', attempt: 0 },
  ].map((status) => isOffline(/** @type {any} */ ({ chat: { status } })));

  assert.deepEqual(shown, [true, true, false, false]);
});

test('what happened stands in the list in the words of the room', async () => {
  const store = loaded();
  let drawn = 0;
  const app = /** @type {any} */ ({ store, querySelector: () => ({ redraw: () => drawn++ }) });
  tellInRows(app, new AbortController().signal);
  tell(store, 'message', said(1));
  const system = { type: 'about', actor_id: 2, user_ids: [], value: null };
  tell(store, 'message', said(2, { sender_id: 0, kind: 'system', sender_name: '', system }));
  await new Promise((done) => setImmediate(done));

  assert.match(row(store).last_message, /^.?Bo.? changed the description\.$/u);
  assert.equal(drawn, 1);
  tell(store, 'message', said(3));
  await new Promise((done) => setImmediate(done));
  assert.equal(row(store).last_message, 'm3');
});
