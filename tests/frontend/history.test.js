import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Store } from '../../static/js/client/store.js';
import { History } from '../../static/js/timeline/history.js';

const ANN = { id: 1, username: 'ann', full_name: 'Ann' };
const BO = { id: 2, username: 'bo', full_name: 'Bo' };

function message(seq) {
  return {
    id: 1000 + seq,
    seq,
    conversation_id: 9,
    sender_id: 2,
    receiver_id: 1,
    message: `m${seq}`,
    timestamp: `2026-01-01T00:00:0${seq}.000Z`,
    is_read: false,
    client_id: null,
  };
}

function room(pages) {
  const store = new Store();
  store.load({
    user: ANN,
    cursor: 'c',
    conversations: [
      {
        conversation_id: 9,
        other_user: BO,
        last_message: 'm1',
        last_message_at: message(1).timestamp,
        last_message_by_me: false,
        unread_count: 0,
        last_message_id: 1001,
      },
    ],
  });
  const api = { history: async (_userId, asked) => pages(asked, store) };
  return new History({ store, api, me: ANN }, 9);
}

test('a message that arrives while the first page is on its way is not lost between the two', async () => {
  let calls = 0;
  const history = room((_asked, store) => {
    calls += 1;
    if (calls > 1) return { messages: [message(2), message(1)], has_more: false };
    store.apply([{ id: 1, event: 'message', data: message(2) }]);
    return { messages: [message(1)], has_more: false };
  });

  await history.open();

  assert.deepEqual(
    history.thread.messages.map((item) => item.seq),
    [1, 2],
  );
});

/** As the server tells it when a cursor is too old. */
function reloaded(store, headSeq) {
  const row = {
    conversation_id: 9,
    other_user: BO,
    last_message: 'm',
    last_message_at: message(headSeq).timestamp,
    last_message_by_me: false,
    unread_count: 0,
    last_message_id: 1000 + headSeq,
  };
  store.load({ user: ANN, cursor: 'c2', conversations: [row] });
}

test('after a gap the open room fetches what it missed', async () => {
  let came = [message(1)];
  const history = room(() => ({ messages: came, has_more: false }));
  await history.open();
  came = [message(3), message(2), { ...message(1), message: 'as edited', rev: 1 }];
  reloaded(history.app.store, 3);

  await history.catchUp();

  assert.deepEqual(
    history.thread.messages.map((item) => item.message),
    ['as edited', 'm2', 'm3'],
  );
});

test('after a gap a room that nobody looked at shows what it missed when it is opened', async () => {
  let came = [message(1)];
  const history = room(() => ({ messages: came, has_more: false }));
  await history.open();
  came = [message(3), message(2), message(1)];
  reloaded(history.app.store, 3);
  history.app.store.apply([{ id: 4, event: 'message', data: message(4) }]);
  came = [message(4), ...came];

  await history.open();

  assert.deepEqual(
    history.thread.messages.map((item) => item.seq),
    [1, 2, 3, 4],
  );
});

test('a gap is filled from its own end when more came meanwhile', async () => {
  const asked = [];
  const history = room((place) => {
    asked.push(place);
    if (place.after_id) return { messages: [message(3)], has_more: false };
    return { messages: asked.length === 1 ? [message(1)] : [message(2), message(1)], has_more: false };
  });
  await history.open();
  reloaded(history.app.store, 3);

  await history.catchUp();

  assert.deepEqual(
    history.thread.messages.map((item) => item.seq),
    [1, 2, 3],
  );
  assert.deepEqual(asked.at(-1), { after_id: 1002 });
});

test('lists that are older than a message do not take it back', async () => {
  const history = room(() => ({ messages: [message(2), message(1)], has_more: false }));
  const { store } = history.app;
  store.apply([{ id: 1, event: 'message', data: message(2) }]);

  reloaded(store, 1);

  const { headId, last_message, unread_count } = store.conversations.get(9);
  assert.deepEqual([headId, last_message, unread_count], [1002, 'm2', 1]);
});

test('a receipt that comes while a gap is filled does not keep the room from what comes next', async () => {
  let calls = 0;
  const history = room((_asked, store) => {
    calls += 1;
    if (calls === 2) store.thread(9).add([{ ...message(1), delivered_at: '2026-01-01T00:00:09.000Z' }]);
    return { messages: [message(1)], has_more: false };
  });
  await history.open();
  reloaded(history.app.store, 1);

  await history.catchUp();
  history.app.store.apply([{ id: 2, event: 'message', data: message(2) }]);

  assert.deepEqual(
    history.thread.messages.map((item) => item.seq),
    [1, 2],
  );
});

test('a gap too wide to fill is left for the newest page', async () => {
  const history = room((asked) => ({
    messages: [9, 8, 7, 6].slice(0, asked.limit === 50 ? 2 : 4).map(message),
    has_more: true,
  }));
  history.app.store.addHistory(2, [message(1)], { older: false, newer: false });

  await history.catchUp();

  assert.deepEqual(
    history.thread.messages.map((item) => item.seq),
    [8, 9],
  );
});
