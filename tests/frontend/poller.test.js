import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../static/js/client/api.js';
import { backoffMs, untilDone } from '../../static/js/client/backoff.js';
import { Poller } from '../../static/js/client/poller.js';

/** A poller over a list of answers; stops when they are used up. */
function polled(answers, { onExpired = async () => 'fresh' } = {}) {
  const seen = { polls: [], events: [], states: [], naps: [] };
  let clock = 0;
  const poller = new Poller({
    client: 'tab',
    cursor: 'c0',
    api: {
      async poll({ signal: _, ...asked }) {
        seen.polls.push(asked);
        const answer = answers.shift();
        if (!answer) {
          poller.stop();
          return { events: [] };
        }
        clock += answer.takesMs ?? 0;
        if (answer.error) throw answer.error;
        return { events: [], ...answer };
      },
    },
    onEvents: (events, cursor) => seen.events.push([events, cursor]),
    onExpired,
    onStatus: (status) => seen.states.push(status.state),
    now: () => clock,
    sleep: async (ms) => void seen.naps.push(ms),
    random: () => 1,
  });
  return { poller, seen };
}

test('the cursor of one answer is the question of the next', async () => {
  const { poller, seen } = polled([{ cursor: 'c1', events: [{ event: 'message' }] }, { cursor: 'c2' }]);

  await poller.start();

  assert.deepEqual(
    seen.polls.map((poll) => poll.cursor),
    ['c0', 'c1', 'c2'],
  );
  assert.equal(seen.events[0][1], 'c1');
});

test('the first poll asks for an answer at once and the next ones are held', async () => {
  const { poller, seen } = polled([{ cursor: 'c1' }]);

  await poller.start();

  assert.equal(seen.polls[0].wait, 0);
  assert.ok(seen.polls[1].wait >= 5);
});

test('an expired cursor reloads the lists and goes on without a pause', async () => {
  const { poller, seen } = polled([{ error: new ApiError({ status: 410, code: 'cursor_expired' }) }, { cursor: 'c9' }]);

  await poller.start();

  assert.deepEqual(
    seen.polls.map((poll) => poll.cursor),
    ['c0', 'fresh', 'c9'],
  );
  assert.deepEqual(seen.naps, []);
});

test('an expired cursor that cannot be reloaded backs off', async () => {
  const onExpired = async () => {
    throw new Error('down');
  };
  const { poller, seen } = polled([{ error: new ApiError({ status: 410, code: 'cursor_expired' }) }], { onExpired });

  await poller.start();

  assert.equal(seen.naps.length, 1);
});

test('failures back off, doubling to a bound, and the cursor stays', async () => {
  const answers = Array.from({ length: 8 }, () => ({ error: new ApiError({ code: 'network' }) }));
  const { poller, seen } = polled(answers);

  await poller.start();

  assert.deepEqual(seen.naps, [1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]);
  assert.ok(seen.polls.every((poll) => poll.cursor === 'c0'));
  assert.ok(
    seen.polls.slice(1).every((poll) => poll.wait === 0),
    'the answer that says we are back is not held',
  );
});

test('Retry-After is kept to', async () => {
  const { poller, seen } = polled([{ error: new ApiError({ status: 503, code: 'unavailable', retryAfterSecs: 7 }) }]);

  await poller.start();

  assert.ok(seen.naps[0] >= 7000 && seen.naps[0] <= 7500);
});

test('a refused token ends the loop', async () => {
  const { poller, seen } = polled([
    { error: new ApiError({ status: 401, code: 'token_invalid' }) },
    { cursor: 'never' },
  ]);

  await poller.start();

  assert.equal(seen.polls.length, 1);
  assert.equal(seen.states.at(-1), 'signed-out');
  assert.equal(poller.isRunning, false);
});

test('holds grow while they survive and shrink after a proxy cut one', async () => {
  const held = { takesMs: 12_000, cursor: 'c' };
  const { poller, seen } = polled([
    { cursor: 'c' },
    held,
    { takesMs: 10_000, error: new ApiError({ code: 'network' }) },
    { cursor: 'c' },
  ]);

  await poller.start();

  const [, first, second, , after] = seen.polls.map((poll) => poll.wait);
  assert.ok(second > first, 'grew');
  assert.ok(after < second, 'shrank');
});

test('who is superseded goes on under a new name', async () => {
  const { poller, seen } = polled([{ cursor: 'c1', superseded: true }]);

  await poller.start();

  assert.equal(seen.polls[0].client, 'tab');
  assert.notEqual(seen.polls[1].client, 'tab');
  assert.ok(seen.polls[1].client.length <= 64);
});

test('a nudge ends the pause', async (t) => {
  // No pause ends by itself here.
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let polls = 0;
  const poller = new Poller({
    client: 'tab',
    cursor: null,
    api: {
      async poll() {
        polls += 1;
        if (polls === 1) throw new ApiError({ code: 'network' });
        poller.stop();
        return { events: [] };
      },
    },
    onEvents() {},
    onExpired: async () => null,
    onStatus: (status) => status.state === 'waiting' && setImmediate(() => poller.nudge()),
    random: () => 1,
  });

  await poller.start();

  assert.equal(polls, 2);
});

test('jitter spreads the tries over the whole bound', () => {
  assert.equal(backoffMs(3, { random: () => 0 }), 250);
  assert.equal(backoffMs(3, { random: () => 1 }), 4000);
});

test('work is tried again until it succeeds, or is refused for good', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { signal } = new AbortController();
  const doing = async (...answers) => {
    let tries = 0;
    const done = untilDone(async () => {
      const answer = answers[tries];
      tries += 1;
      if (answer instanceof Error) throw answer;
      return answer;
    }, signal);
    for (let turn = 0; turn < 20; turn += 1) {
      await null;
      t.mock.timers.runAll();
    }
    return [await done, tries];
  };
  const [away, refused] = [new ApiError({ code: 'network' }), new ApiError({ status: 404, code: 'not_found' })];

  assert.deepEqual(await doing(away, away, 'done'), ['done', 3]);
  assert.deepEqual(await doing(away, refused, 'never'), [undefined, 2]);
});
