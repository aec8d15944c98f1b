import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Accounts } from '../../static/js/client/accounts.js';
import { Api, ApiError } from '../../static/js/client/api.js';
import { ChatClient } from '../../static/js/client/chat.js';
import { Leader } from '../../static/js/client/leader.js';

function answer(status, body, headers = {}) {
  return new Response(body === undefined ? null : JSON.stringify(body), { status, headers });
}

function shelfOf(entries = {}) {
  const map = new Map(Object.entries(entries));
  return { getItem: (key) => map.get(key) ?? null, setItem: (key, value) => map.set(key, value) };
}

/** Tabs of one browser: locks and channels shared by them all. */
function browser() {
  const channels = new Set();
  /** @type {Map<string, {held: any, waiting: any[]}>} */ const lines = new Map();
  const next = (line) => {
    if (line.held || line.waiting.length === 0) return;
    const mine = line.waiting.shift();
    line.held = mine;
    Promise.resolve(mine.work())
      .then(mine.done, mine.fail)
      .finally(() => {
        if (line.held !== mine) return;
        line.held = null;
        next(line);
      });
  };
  return {
    locks: {
      request(name, options, work = options) {
        if (!lines.has(name)) lines.set(name, { held: null, waiting: [] });
        const line = lines.get(name);
        return new Promise((done, fail) => {
          const mine = { work, done, fail };
          if (!options.steal) line.waiting.push(mine);
          else {
            line.held?.fail(new DOMException('Lock broken by another request', 'AbortError'));
            line.held = null;
            line.waiting.unshift(mine);
          }
          next(line);
        });
      },
    },
    channel() {
      const channel = {
        onmessage: null,
        postMessage(data) {
          for (const other of channels)
            if (other !== channel) queueMicrotask(() => other.onmessage?.({ data: structuredClone(data) }));
        },
        close: () => channels.delete(channel),
      };
      channels.add(channel);
      return channel;
    },
  };
}

test('the token travels in a header and never in an address', async () => {
  const calls = [];
  const api = new Api({
    token: 'secret',
    fetch: async (url, options) => {
      calls.push([url, options]);
      return answer(200, {});
    },
  });

  await api.poll({ cursor: '1:2', wait: 3, client: 'tab' });

  assert.match(calls[0][0], /poll\/events\/\?cursor=1%3A2&wait=3&client=tab$/);
  assert.doesNotMatch(calls[0][0], /secret/);
  assert.equal(calls[0][1].headers.Authorization, 'Bearer secret');
});

test('a problem becomes an error with its stable code', async () => {
  const problem = { code: 'rate_limited', detail: 'Slow down.', errors: [{ field: 'message' }] };
  const api = new Api({ fetch: async () => answer(429, problem, { 'Retry-After': '4' }) });

  const error = await api.server().catch((caught) => caught);

  assert.ok(error instanceof ApiError && error.isTemporary);
  assert.deepEqual(
    [error.code, error.detail, error.retryAfterSecs, error.errors.length],
    ['rate_limited', 'Slow down.', 4, 1],
  );
});

test("a proxy's HTML error page is still an error with a status", async () => {
  const api = new Api({ fetch: async () => new Response('<h1>Bad gateway</h1>', { status: 502 }) });

  const error = await api.server().catch((caught) => caught);

  assert.deepEqual([error.status, error.code, error.isTemporary], [502, 'http_502', true]);
});

test('no connection is an error of its own', async () => {
  const api = new Api({ fetch: async () => Promise.reject(new TypeError('failed to fetch')) });

  const error = await api.server().catch((caught) => caught);

  assert.deepEqual([error.code, error.isTemporary], ['network', true]);
});

test('each tab keeps its own account and a new tab takes the last', () => {
  const local = shelfOf();
  const one = new Accounts({ local, session: shelfOf() });
  const two = new Accounts({ local, session: shelfOf() });
  one.keep({ token: 'a', user: { id: 1 } });
  two.keep({ token: 'b', user: { id: 2 } });

  assert.equal(one.current().token, 'a');
  assert.equal(two.current().token, 'b');
  assert.equal(new Accounts({ local, session: shelfOf() }).current().token, 'b');
});

test('a tab asked to sign in as someone else is nobody until it does', () => {
  const accounts = new Accounts({ local: shelfOf(), session: shelfOf() });
  accounts.keep({ token: 'a', user: { id: 1 } });

  accounts.leave();

  assert.equal(accounts.current(), null);
  assert.equal(accounts.list().length, 1);
});

test('blocked storage forgets but does not fail', () => {
  const blocked = {
    getItem: () => {
      throw new Error('no');
    },
    setItem: () => {
      throw new Error('no');
    },
  };
  const accounts = new Accounts({ local: blocked, session: null });

  accounts.keep({ token: 'a', user: { id: 1 } });

  assert.equal(accounts.current(), null);
});

test('one tab leads and its end hands over to the next', async () => {
  const tabs = browser();
  const elected = [];
  const make = (name) =>
    new Leader({
      name: 'x',
      onElected: () => elected.push(name),
      onNote() {},
      locks: tabs.locks,
      channel: tabs.channel,
    });
  const [one, two] = [make('one'), make('two')];
  one.start();
  two.start();
  await new Promise((done) => setTimeout(done, 2));
  assert.deepEqual(elected, ['one']);

  one.stop();
  await new Promise((done) => setTimeout(done, 2));

  assert.deepEqual(elected, ['one', 'two']);
});

test('without locks every tab leads itself', () => {
  let led = 0;
  const leader = new Leader({ name: 'x', onElected: () => (led += 1), onNote() {}, locks: undefined, channel: null });

  leader.start();

  assert.equal(led, 1);
});

test('who asks a leader that is frozen takes its place, and the other stands in line when it is back', async () => {
  const tabs = browser();
  const told = [];
  const make = (name, onNote) =>
    new Leader({
      name: 'x',
      onElected: () => told.push(`${name} leads`),
      onDeposed: () => told.push(`${name} is deposed`),
      onNote,
      locks: tabs.locks,
      channel: tabs.channel,
      silenceMs: 5,
    });
  const one = make('one', () => {});
  const two = make('two', () => {});
  one.start();
  two.start();
  await new Promise((done) => setTimeout(done, 2));

  two.ask({ kind: 'hello' });
  await new Promise((done) => setTimeout(done, 20));
  assert.deepEqual(told.toSorted(), ['one is deposed', 'one leads', 'two leads']);
  assert.deepEqual([one.isLeader, two.isLeader], [false, true]);

  two.stop();
  await new Promise((done) => setTimeout(done, 2));
  assert.deepEqual(told.slice(3), ['one leads']);
});

test('a leader that answers keeps its place', async () => {
  const tabs = browser();
  let led = 0;
  const one = new Leader({
    name: 'x',
    onElected() {},
    onNote: () => one.tell({ kind: 'status' }),
    locks: tabs.locks,
    channel: tabs.channel,
    silenceMs: 5,
  });
  const two = new Leader({
    name: 'x',
    onElected: () => (led += 1),
    onNote() {},
    locks: tabs.locks,
    channel: tabs.channel,
    silenceMs: 5,
  });
  one.start();
  two.start();
  await new Promise((done) => setTimeout(done, 2));

  two.ask({ kind: 'hello' });
  await new Promise((done) => setTimeout(done, 20));

  assert.equal(led, 0);
  two.stop();
  one.stop();
});

test('where a channel is refused every tab leads itself', () => {
  let led = 0;
  const leader = new Leader({
    name: 'x',
    onElected: () => (led += 1),
    onNote() {},
    locks: browser().locks,
    channel: () => {
      throw new DOMException('insecure', 'SecurityError');
    },
  });

  leader.start();

  assert.equal(led, 1);
});

test('where locks are there but refused, every tab leads itself and sends', async () => {
  let led = 0;
  const refusing = { request: () => Promise.reject(new DOMException('The request was denied.', 'SecurityError')) };
  const leader = new Leader({
    name: 'x',
    onElected: () => (led += 1),
    onNote() {},
    locks: refusing,
    channel: browser().channel,
  });

  leader.start();
  await new Promise((done) => setTimeout(done, 2));
  let sent = 0;
  await leader.exclusively('outbox', async () => {
    sent += 1;
  });

  assert.deepEqual([led, leader.isLeader, sent], [1, true, 1]);
});

test('what the application around the chat told waits for whoever shows it, from the snapshot and from events', async () => {
  const notice = (id) => ({ id, title: `Order ${id}`, message: 'is on its way', notification_type: 'info' });
  const events = [notice(8), notice(9)].map((data) => ({ id: data.id, event: 'notification', data }));
  const answers = [{ events, cursor: 'c1' }];
  const api = {
    snapshot: async () => ({
      user: { id: 1, username: 'ann', full_name: '' },
      conversations: [],
      notifications: [notice(7), notice(8)],
      cursor: 'c0',
    }),
    poll: ({ signal }) =>
      answers.shift() ??
      new Promise((_done, fail) => signal.addEventListener('abort', () => fail(new Error('aborted')))),
  };
  const chat = new ChatClient({ token: 't', userId: 1, api, tabs: browser() });

  await chat.open();
  await new Promise((done) => setTimeout(done, 5));

  assert.deepEqual(
    chat.notices.map(({ title }) => title),
    ['Order 7', 'Order 8', 'Order 8', 'Order 9'],
  );
  chat.close();
});

test('a tab that missed what the leader told loads its lists again when it is looked at', async () => {
  const tabs = browser();
  let loads = 0;
  const makeApi = () => ({
    snapshot: async () => {
      loads += 1;
      return { user: { id: 1, username: 'ann', full_name: '' }, conversations: [], cursor: `c${loads}` };
    },
    poll: ({ signal }) =>
      new Promise((_done, fail) => signal.addEventListener('abort', () => fail(new Error('aborted')))),
  });
  const [leader, behind] = [1, 2].map(() => new ChatClient({ token: 't', userId: 1, api: makeApi(), tabs }));
  await leader.open();
  await behind.open();
  let caughtUp = 0;
  behind.addEventListener('resync', () => (caughtUp += 1));

  behind.nudge();
  await new Promise((done) => setTimeout(done, 5));

  assert.equal(caughtUp, 1);
  leader.close();
  behind.close();
});

test('a tab that hears of events which begin behind a gap of its own fills it first', async () => {
  const tabs = browser();
  const answers = [];
  const makeApi = (...cursors) => ({
    snapshot: async () => ({
      user: { id: 1, username: 'ann', full_name: '' },
      conversations: [],
      cursor: cursors.shift(),
    }),
    poll: ({ signal }) =>
      new Promise((done, fail) => {
        answers.push(done);
        signal.addEventListener('abort', () => fail(new Error('aborted')));
      }),
  });
  const [newcomer, old] = [makeApi('c9'), makeApi('c5', 'c9')].map(
    (api) => new ChatClient({ token: 't', userId: 1, api, tabs }),
  );
  await newcomer.open();
  await old.open();
  let caughtUp = 0;
  old.addEventListener('resync', () => (caughtUp += 1));

  for (const cursor of ['c9', 'c10']) {
    answers.at(-1)({ events: [], cursor });
    await new Promise((done) => setTimeout(done, 5));
  }

  assert.equal(caughtUp, 1);
  newcomer.close();
  old.close();
});

test('two tabs hold one poll and both are live, and the second takes over', async () => {
  const tabs = browser();
  const polls = [];
  const makeApi = (tab) => ({
    snapshot: async () => ({ user: { id: 1, username: 'ann', full_name: '' }, conversations: [], cursor: 'c0' }),
    poll: ({ signal, cursor }) =>
      new Promise((done, fail) => {
        polls.push({ tab, cursor, done });
        signal.addEventListener('abort', () => fail(new Error('aborted')));
      }),
  });
  const [one, two] = ['one', 'two'].map((tab) => new ChatClient({ token: 't', userId: 1, api: makeApi(tab), tabs }));
  await one.open();
  await two.open();
  const message = {
    id: 5,
    seq: 1,
    conversation_id: 1,
    sender_id: 2,
    receiver_id: 1,
    message: 'hi',
    timestamp: '2026-01-01T00:00:00.000Z',
    is_read: false,
  };

  polls[0].done({ events: [{ event: 'message', data: message }], cursor: 'c1' });
  await new Promise((done) => setTimeout(done, 5));

  assert.deepEqual([one.store.unreadTotal, two.store.unreadTotal], [1, 1]);
  assert.ok(polls.every((poll) => poll.tab === 'one'));

  one.close();
  await new Promise((done) => setTimeout(done, 5));

  assert.equal(polls.at(-1).tab, 'two');
  assert.equal(polls.at(-1).cursor, 'c1');
  two.close();
});

test('a message that gets through wakes a poller that waits between its tries', async () => {
  let isUp = false;
  const polls = [];
  const api = {
    snapshot: async () => ({ user: { id: 1, username: 'ann', full_name: '' }, conversations: [], cursor: 'c0' }),
    send: async ({ client_id, message }) => ({
      id: 9,
      seq: 1,
      conversation_id: 1,
      sender_id: 1,
      receiver_id: 2,
      message,
      client_id,
      timestamp: '2026-01-01T00:00:00.000Z',
      is_read: false,
    }),
    poll: ({ signal }) =>
      new Promise((_done, fail) => {
        polls.push(isUp);
        if (!isUp) return fail(new ApiError({ code: 'network' }));
        signal.addEventListener('abort', () => fail(new Error('aborted')));
      }),
  };
  const chat = new ChatClient({ token: 't', userId: 1, api, tabs: { locks: undefined, channel: null } });
  await chat.open();
  await new Promise((done) => setTimeout(done, 5));
  assert.equal(chat.status.state, 'waiting');

  isUp = true;
  chat.outbox.add({ receiver_id: 2, message: 'there again' });
  await new Promise((done) => setTimeout(done, 20));

  assert.deepEqual(polls, [false, true]);
  chat.close();
});

test('what other tabs tell while the lists are still on their way is applied on top of them', async () => {
  const tabs = browser();
  let give;
  const late = new Promise((done) => (give = done));
  const snapshot = { user: { id: 1, username: 'ann', full_name: '' }, conversations: [], cursor: 'c0' };
  const message = {
    id: 5,
    seq: 1,
    conversation_id: 1,
    sender_id: 2,
    receiver_id: 1,
    sender_name: 'Bo',
    message: 'hi',
    timestamp: '2026-01-01T00:00:00.000Z',
    is_read: false,
  };
  const poll = ({ signal }) =>
    new Promise((_done, fail) => signal.addEventListener('abort', () => fail(new Error('aborted'))));
  const chat = new ChatClient({
    token: 't',
    userId: 1,
    api: { snapshot: () => late, poll },
    tabs: { ...tabs, locks: { request: () => new Promise(() => {}) } },
  });
  const opening = chat.open();
  const other = tabs.channel();
  other.postMessage({
    kind: 'events',
    cursor: 'c2',
    events: [
      { event: 'message', data: message },
      { event: 'read_receipt', data: { message_id: 5, reader_id: 2, conversation_id: 1 } },
    ],
  });
  await new Promise((done) => setTimeout(done, 2));

  give(snapshot);
  await opening;

  assert.equal(chat.store.unreadTotal, 1);
  assert.equal(chat.store.rooms[0].last_message, 'hi');
  chat.close();
});

test('a send that is refused for want of a session says so', async () => {
  const api = {
    snapshot: async () => ({ user: { id: 1, username: 'ann', full_name: '' }, conversations: [], cursor: 'c0' }),
    send: async () => Promise.reject(new ApiError({ status: 401, code: 'token_invalid' })),
    poll: ({ signal }) =>
      new Promise((_done, fail) => signal.addEventListener('abort', () => fail(new Error('aborted')))),
  };
  const chat = new ChatClient({ token: 't', userId: 1, api, tabs: { locks: undefined, channel: null } });
  await chat.open();

  chat.outbox.add({ receiver_id: 2, message: 'kept' });
  await new Promise((done) => setTimeout(done, 5));

  assert.equal(chat.status.state, 'signed-out');
  assert.equal(chat.outbox.items.length, 1);
  chat.close();
});

test('a file is fetched from the server of all other calls, whatever name its link begins with', async () => {
  const asked = [];
  const fetch = async (url) => {
    asked.push(url);
    return new Response('x');
  };
  const link = 'http://inside:8888/api/v1/communication/chats/attachment/7/?link=1.a';
  await new Api({ fetch }).file(link);
  await new Api({ fetch, base: 'https://chat.example/api/v1/communication/' }).file(link);
  await new Api({ fetch }).file('/api/v1/communication/chats/attachment/7/');
  assert.deepEqual(asked, [
    '/api/v1/communication/chats/attachment/7/?link=1.a',
    'https://chat.example/api/v1/communication/chats/attachment/7/?link=1.a',
    '/api/v1/communication/chats/attachment/7/',
  ]);
});
