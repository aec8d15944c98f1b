import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../static/js/client/api.js';
import { Outbox } from '../../static/js/client/outbox.js';
import { memoryStorage, openStorage } from '../../static/js/client/outbox-storage.js';

function boxed(answer, storage = memoryStorage()) {
  const sent = [];
  const accepted = [];
  const outbox = new Outbox({
    storage,
    userId: 1,
    api: {
      async send(item) {
        sent.push(item.client_id);
        return answer(item, sent.length);
      },
    },
    onAccepted: (message) => accepted.push(message),
    sleep: async () => {},
  });
  return { outbox, sent, accepted, storage };
}

const stored = (item) => ({ id: 1, ...item });
const fails = (problem) => {
  throw new ApiError(problem);
};
async function settled(outbox) {
  for (let turn = 0; turn < 200 && outbox.items.some((item) => item.state === 'pending'); turn += 1)
    await new Promise((done) => setTimeout(done, 2));
}

test('messages go out in the order they were written', async () => {
  const { outbox, accepted } = boxed(stored);

  for (const message of ['one', 'two', 'three']) outbox.add({ receiver_id: 2, message });
  await settled(outbox);

  assert.deepEqual(
    accepted.map((item) => item.message),
    ['one', 'two', 'three'],
  );
  assert.equal(outbox.items.length, 0);
});

test('temporary trouble is tried again with the same client_id', async () => {
  const { outbox, sent, accepted } = boxed((item, attempt) =>
    attempt < 4 ? fails({ code: 'network' }) : stored(item),
  );

  outbox.add({ receiver_id: 2, message: 'one' });
  outbox.add({ receiver_id: 2, message: 'two' });
  await settled(outbox);

  assert.equal(new Set(sent.slice(0, 4)).size, 1, 'the first is tried until it is through');
  assert.deepEqual(
    accepted.map((item) => item.message),
    ['one', 'two'],
  );
});

test('a refusal stays, failed and with its reason, and holds up nobody', async () => {
  const { outbox, accepted } = boxed((item) =>
    item.message === 'bad' ? fails({ status: 400, code: 'validation_error', detail: 'too long' }) : stored(item),
  );

  const bad = outbox.add({ receiver_id: 2, message: 'bad' });
  outbox.add({ receiver_id: 2, message: 'good' });
  await settled(outbox);
  await new Promise((done) => setTimeout(done, 5));

  assert.deepEqual(
    accepted.map((item) => item.message),
    ['good'],
  );
  assert.deepEqual(
    outbox.items.map((item) => [item.client_id, item.state, item.detail]),
    [[bad.client_id, 'failed', 'too long']],
  );
});

test('a retry by hand keeps the client_id', async () => {
  const { outbox, sent, accepted } = boxed((item, attempt) =>
    attempt === 1 ? fails({ status: 403, code: 'forbidden' }) : stored(item),
  );
  const item = outbox.add({ receiver_id: 2, message: 'one' });
  await settled(outbox);

  await outbox.retry(item.client_id);

  assert.deepEqual(sent, [item.client_id, item.client_id]);
  assert.equal(accepted.length, 1);
});

test('what an earlier page left behind is sent by the next', async () => {
  const storage = memoryStorage();
  const first = boxed(() => new Promise(() => {}), storage);
  const item = first.outbox.add({ receiver_id: 2, message: 'kept' });
  await new Promise((done) => setTimeout(done, 5));
  const second = boxed(stored, storage);

  await second.outbox.open();

  assert.deepEqual(second.sent, [item.client_id]);
  assert.deepEqual(await storage.all(1), []);
});

test('another account of the same browser does not send my messages', async () => {
  const storage = memoryStorage();
  await storage.put({ client_id: 'x', user_id: 77, order: 1, state: 'pending' });
  const { outbox, sent } = boxed(stored, storage);

  await outbox.open();

  assert.deepEqual(sent, []);
});

test('a discarded message is gone for good', async () => {
  const { outbox, storage } = boxed(() => fails({ status: 400, code: 'validation_error' }));
  const item = outbox.add({ receiver_id: 2, message: 'one' });
  await settled(outbox);

  await outbox.discard(item.client_id);

  assert.deepEqual(outbox.items, []);
  assert.deepEqual(await storage.all(1), []);
});

test('a rate limit says until when it holds', async () => {
  const { outbox } = boxed((item, attempt) =>
    attempt === 1 ? fails({ status: 429, code: 'rate_limited', retryAfterSecs: 3 }) : stored(item),
  );
  const held = [];
  outbox.addEventListener('change', () => held.push(outbox.heldUntil));

  outbox.add({ receiver_id: 2, message: 'one' });
  await settled(outbox);

  assert.ok(Math.max(...held) >= Date.now() + 2000);
  assert.equal(outbox.heldUntil, 0);
});

/** A browser's database of which the first connection is lost as soon as it is used. */
function forgetful() {
  const items = new Map();
  const done = (result) => {
    const request = { result };
    queueMicrotask(() => request.onsuccess());
    return request;
  };
  const store = {
    getAll: () => done([...items.values()]),
    put: (item) => done(items.set(item.client_id, item)),
    delete: (id) => done(items.delete(id)),
  };
  let opened = 0;
  const open = () => {
    opened += 1;
    const isLost = opened === 1;
    return done({
      transaction() {
        if (isLost) throw new DOMException('The database connection is closing.', 'InvalidStateError');
        return { objectStore: () => store };
      },
    });
  };
  return { open };
}

test('a database that the browser has closed is opened again', async (t) => {
  globalThis.indexedDB = forgetful();
  t.after(() => delete globalThis.indexedDB);
  const storage = await openStorage('forgetful');

  await storage.put({ client_id: 'x', user_id: 1, order: 1 });

  assert.deepEqual(
    (await storage.all(1)).map((item) => item.client_id),
    ['x'],
  );
});
