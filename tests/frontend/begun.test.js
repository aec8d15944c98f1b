/** A direct conversation before and after it has an id, and what browsers kept by person until now. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Outbox } from '../../static/js/client/outbox.js';
import { memoryStorage } from '../../static/js/client/outbox-storage.js';
import { Store } from '../../static/js/client/store.js';

const kept = new Map();
globalThis.localStorage = /** @type {any} */ ({
  getItem: (key) => kept.get(key) ?? null,
  setItem: (key, value) => kept.set(key, value),
  removeItem: (key) => kept.delete(key),
});
const { draft, keepByConversation, mutedOfBefore, setDraft } = await import(
  '../../static/js/lib/conversation-prefs.js'
);

const ANN = { id: 1, username: 'ann', full_name: 'Ann' };
const BO = { id: 2, username: 'bo', full_name: 'Bo' };
const row = (conversation_id, other_user) => ({
  conversation_id,
  other_user,
  last_message: '',
  last_message_at: '2026-01-01T00:00:00.000Z',
  last_message_by_me: false,
  unread_count: 0,
});

function loaded(...conversations) {
  const store = new Store();
  store.load({ user: ANN, cursor: 'c', conversations });
  return store;
}

function firstMessage() {
  const sides = { sender_id: 1, receiver_id: 2, receiver_name: 'Bo' };
  return { id: 5, seq: 1, conversation_id: 9, ...sides, message: 'hi', timestamp: '2026-01-01T00:00:01.000Z' };
}

test('a direct conversation goes by its person until its first message gives it an id', () => {
  const store = loaded();
  const told = [];
  store.addEventListener('change', ({ detail }) => told.push([detail.kind, detail.was, detail.conversationId]));
  store.meet(BO);
  const open = store.directWith(2);
  store.addHistory(open, [], { older: false, newer: false });
  assert.deepEqual([open, store.otherId(open), store.other(open).full_name], [-2, 2, 'Bo']);

  store.accepted(firstMessage());

  assert.deepEqual([store.directWith(2), store.presentId(open), store.otherId(9)], [9, 9, 2]);
  assert.deepEqual(
    store.thread(9).messages.map((message) => message.message),
    ['hi'],
    'the open room goes on',
  );
  assert.equal(store.threads.has(-2), false);
  assert.deepEqual(told.slice(-2), [
    ['begun', -2, 9],
    ['message', undefined, 9],
  ]);
  store.accepted(firstMessage());
  assert.equal(told.filter(([kind]) => kind === 'begun').length, 1);
});

test('a conversation that nobody here knows has no other person', () => {
  assert.equal(loaded(row(9, BO)).otherId(10), 0);
});

test('drafts and the muted of before go by conversation, and are taken over once for each account', () => {
  kept.clear();
  kept.set('chat.drafts.1', JSON.stringify({ 2: 'to Bo', 3: 'to Cy' }));
  kept.set('chat.prefs', JSON.stringify({ theme: 'dark', muted: [2] }));

  keepByConversation(loaded(row(9, BO)));

  assert.deepEqual([draft(1, 9), draft(1, -3)], ['to Bo', 'to Cy']);
  assert.deepEqual(mutedOfBefore(1).ids, [9]);
  assert.equal(kept.has('chat.drafts.1'), false, 'no second copy of what somebody wrote');
  assert.deepEqual(mutedOfBefore(7).ids, [-2], 'the other account of this browser has its turn');
  mutedOfBefore(1).forget(); // the server has it
  setDraft(1, 9, '');
  keepByConversation(loaded(row(9, BO)));
  assert.deepEqual([mutedOfBefore(1).ids, draft(1, 9)], [[], ''], 'not once more');
});

test('a draft goes along when the conversation begins', () => {
  kept.clear();
  const store = loaded();
  keepByConversation(store);
  setDraft(1, -2, 'half a sentence');

  store.accepted(firstMessage());

  assert.deepEqual([draft(1, 9), draft(1, -2)], ['half a sentence', '']);
});

test('drafts of two tabs, one of which did not know the id yet, are both kept', () => {
  kept.clear();
  setDraft(1, 9, 'one');
  setDraft(1, -2, 'two');

  keepByConversation(loaded(row(9, BO)));

  assert.deepEqual(draft(1, 9).split('\n').sort(), ['one', 'two']);
});

test('a message that an older release left unsent is in its conversation, and goes out', async () => {
  const storage = memoryStorage();
  const left = { client_id: 'a', user_id: 1, receiver_id: 2, message: 'old', order: 1, created_at: 1, state: 'failed' };
  await storage.put(/** @type {any} */ ({ ...left, file: null, file_name: null, error: 'x', detail: null }));
  const accepted = [];
  const outbox = new Outbox({
    storage,
    userId: 1,
    api: { send: async (item) => /** @type {any} */ ({ ...item }) },
    onAccepted: (message) => accepted.push(message),
  });
  await outbox.open();
  const store = loaded(row(9, BO));

  assert.equal(store.presentId(outbox.items[0].conversation_id), 9);
  await outbox.retry('a');
  assert.equal(accepted[0].receiver_id, 2);
});
