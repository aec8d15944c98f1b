import assert from 'node:assert/strict';
import { test } from 'node:test';
import { older, olderUntil } from '../../static/js/client/older.js';
import { Store } from '../../static/js/client/store.js';
import { Thread } from '../../static/js/client/thread.js';

const ANN = { id: 1, username: 'ann', full_name: 'Ann' };
const BO = { id: 2, username: 'bo', full_name: 'Bo' };

function message(seq, from = 2, more = {}) {
  return {
    id: 1000 + seq,
    seq,
    conversation_id: 9,
    sender_id: from,
    receiver_id: 3 - from,
    message: `m${seq}`,
    timestamp: `2026-01-01T00:00:${String(seq).padStart(2, '0')}.000Z`,
    is_read: false,
    client_id: null,
    ...more,
  };
}

function event(kind, data) {
  return { id: Math.random(), event: kind, data };
}

function loaded(row = {}) {
  const store = new Store({ now: () => store.clock ?? 0 });
  store.load({
    user: ANN,
    cursor: 'c',
    conversations: [
      {
        conversation_id: 9,
        other_user: BO,
        last_message: 'm3',
        last_message_at: '2026-01-01T00:00:03.000Z',
        last_message_by_me: false,
        unread_count: 1,
        last_message_id: 1003,
        ...row,
      },
    ],
  });
  return store;
}

test('a message moves its conversation and counts once, however often it is told', () => {
  const store = loaded();

  store.apply([event('message', message(4))]);
  store.apply([event('message', message(4))]);

  assert.equal(store.conversations.get(9).unread_count, 2);
  assert.equal(store.rooms[0].last_message, 'm4');
});

test('what the snapshot counted is not counted again', () => {
  const store = loaded();

  store.apply([event('message', message(3))]);

  assert.equal(store.unreadTotal, 1);
});

test('a message from a stranger opens a conversation with them', () => {
  const store = loaded();

  store.apply([event('message', message(1, 2, { sender_id: 7, sender_name: 'Eve', conversation_id: 12, id: 5001 }))]);

  assert.equal(store.conversations.get(12).unread_count, 1);
  assert.equal(store.people.get(7).full_name, 'Eve');
});

test('messages that overtake one another stand in order', () => {
  const thread = new Thread();

  thread.add([message(5)]);
  thread.add([message(3), message(4)]);
  thread.add([message(4)]);

  assert.deepEqual(
    thread.messages.map((item) => item.seq),
    [3, 4, 5],
  );
});

test('a receipt marks everything before it and never moves back', () => {
  const store = loaded();
  store.addHistory(9, [message(1, 1), message(2, 1), message(3, 1)], { older: false, newer: false });

  store.apply([event('read_receipt', { message_id: 1002, reader_id: 2, read_at: 'now', conversation_id: 9 })]);
  store.apply([event('delivery_receipt', { conversation_id: 9, user_id: 2, delivered_seq: 3, delivered_at: 'now' })]);

  assert.deepEqual(
    store.thread(9).messages.map((item) => item.is_read),
    [true, true, false],
  );
  assert.equal(store.thread(9).messages[2].delivered_at, 'now');
});

test('reading here lowers the count to what lies after', () => {
  const store = loaded({ unread_count: 3 });
  store.addHistory(9, [message(1), message(2), message(3)], { older: false, newer: false });

  store.readUpTo(9, 1002);

  assert.equal(store.unreadTotal, 1);
});

test('typing runs out by itself and ends with the message', () => {
  const store = loaded();
  store.apply([event('typing', { sender_id: 2, is_typing: true, conversation_id: 9 })]);
  assert.equal(store.writers(9).length, 1);

  store.clock = 6001;
  assert.equal(store.writers(9).length, 0);

  store.apply([event('typing', { sender_id: 2, is_typing: true, conversation_id: 9 }), event('message', message(4))]);
  assert.equal(store.writers(9).length, 0);
});

test('my own typing on another device is not shown to me', () => {
  const store = loaded();

  store.apply([event('typing', { sender_id: 1, is_typing: true, conversation_id: 9 })]);

  assert.equal(store.writers(9).length, 0);
});

test('unknown kinds of events are ignored', () => {
  const store = loaded();

  store.apply([event('parade', { elephants: 3 }), event('notification', { title: 'x' }), event('message', message(4))]);

  assert.equal(store.unreadTotal, 2);
});

test('while old history is read, new messages do not open a hole', () => {
  const store = loaded();
  store.addHistory(9, [message(1)], { older: false, newer: true });

  store.apply([event('message', message(4))]);

  assert.deepEqual(
    store.thread(9).messages.map((item) => item.seq),
    [1],
  );
  assert.equal(store.unreadTotal, 2);
});

test('the divider stands before the first unread message of the other one', () => {
  const thread = new Thread();
  thread.add([message(1), message(2, 1), message(3), message(4)]);

  assert.equal(thread.firstUnread(2, 1), 1003);
  assert.equal(thread.firstUnread(0, 1), null);
});

test('presence reaches the people we know', () => {
  const store = loaded();

  store.apply([
    event('presence', { user_id: 2, is_online: true }),
    event('presence', { user_id: 99, is_online: true }),
  ]);

  assert.equal(store.people.get(2).is_online, true);
  assert.equal(store.people.has(99), false);
});

test('the higher revision of a message stands, in whatever order the two arrive', () => {
  const store = loaded();
  const file = { attachment: '/a', attachment_name: 'a.txt', attachment_type: 'text/plain' };
  store.addHistory(9, [message(2, 2, file), message(3)], { older: false, newer: false });

  store.apply([event('message_changed', message(3, 2, { message: 'second', rev: 2, edited_at: 'later' }))]);
  store.apply([
    event('message_changed', message(3, 2, { message: 'first', rev: 1, edited_at: 'sooner' })),
    event('message', message(3)),
  ]);
  store.apply([event('message_changed', message(2, 2, { message: '', rev: 1, is_active: false, attachment: null }))]);

  const [gone, edited] = store.thread(9).messages;
  assert.deepEqual([edited.message, edited.edited_at, edited.rev], ['second', 'later', 2]);
  assert.deepEqual([gone.message, gone.is_active, gone.attachment_name], ['', false, null]);
  assert.equal(store.rooms[0].last_message, 'second');
  assert.equal(store.unreadTotal, 1);
});

test('a change to a message that is not loaded adds none', () => {
  const store = loaded();
  store.addHistory(9, [message(3)], { older: true, newer: false });

  store.apply([event('message_changed', message(1, 2, { message: 'old', rev: 1 }))]);

  assert.deepEqual(
    store.thread(9).messages.map((item) => item.seq),
    [3],
  );
});

test('older parts of the list come on top of what is there, each asked for once', async () => {
  const store = loaded();
  store.next = 'a';
  const asked = [];
  const conversations = [
    {
      conversation_id: 5,
      other_user: { id: 8, username: 'joe', full_name: 'Joe' },
      last_message: 'old',
      last_message_at: '2025-01-01T00:00:00.000Z',
      unread_count: 2,
      last_message_id: 7,
    },
  ];
  const api = {
    async request(_method, _path, { query }) {
      asked.push(query.after);
      return { conversations, next: null };
    },
  };

  await Promise.all([older({ api, store }), older({ api, store })]);
  await older({ api, store });

  assert.deepEqual([store.rooms.map((room) => room.other_user.id), store.unreadTotal, asked], [[2, 8], 3, ['a']]);
});

test('an older part that comes when the list was loaded anew is let go', async () => {
  const store = loaded();
  store.next = 'a';
  const api = {
    async request() {
      store.load({ user: ANN, conversations: [], next: 'b', cursor: 'c' });
      return { conversations: [], next: 'wrong' };
    },
  };

  await older({ api, store });

  assert.equal(store.next, 'b');
});

test('counts that do not name everybody take nothing from those they leave out', () => {
  const store = loaded();

  store.setUnread({ total_unread: 9, conversations: [{ conversation_id: 8, unread_count: 2 }] });
  assert.equal(store.unreadTotal, 1);

  store.setUnread({ total_unread: 2, conversations: [{ conversation_id: 8, unread_count: 2 }] });
  assert.equal(store.unreadTotal, 0);
});

test('a conversation far down the list is looked for part by part, and no longer than there are parts', async () => {
  const store = loaded();
  store.next = 'a';
  const asked = [];
  const parts = { a: 'b', b: null };
  const api = {
    async request(_method, _path, { query }) {
      asked.push(query.after);
      return { conversations: [], next: parts[query.after] };
    },
  };

  await olderUntil({ api, store }, () => asked.length === 1);
  assert.deepEqual(asked, ['a']);
  await olderUntil({ api, store }, () => false);
  assert.deepEqual(asked, ['a', 'b']);
});
