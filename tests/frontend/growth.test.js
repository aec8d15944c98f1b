/**
 * Text of others takes no longer than its length is worth: twice as much of it takes about twice as long, whatever it
 * says. Found by looking for every pattern in the scripts, so that a new one is tried without being named here.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../static');
globalThis.document ??= /** @type {any} */ ({ documentElement: { lang: 'en' } });

const SHORT = 512;
const TIMES = 16;
/** What is linear takes TIMES as long for TIMES the text, what is quadratic TIMES². */
const MOST_TIMES = TIMES * 8;
/** Too quick to be quadratic: not measured further. */
const QUICK_MS = 4;
/** So often, until one of them shows that it is linear. */
const RUNS = 25;

const LITERAL =
  /(?<=(?:[(,=:[!&|?{};]|=>|\breturn)\s*)\/(?![*/])((?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+)\/([dgimsuvy]+)/gu;
const GENERIC = [
  'a',
  '0',
  ' ',
  '\n',
  '\t',
  '.',
  '"',
  '\\',
  '(',
  ')',
  ']',
  ':',
  '@',
  '/',
  '`',
  '>',
  '\u0301',
  '\u202e',
  '👍',
];
const BEGINNINGS = ['', 'http://a', 'https://(', '```', '`', '> ', '"', '{', '#/with/', '@media'];
const ENDINGS = ['', '\n', '!', ')'];

/** @returns {{where: string, source: string, flags: string}[]} */
function patterns() {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js'))
    .flatMap((name) =>
      [...readFileSync(join(root, name), 'utf8').matchAll(LITERAL)].map(([, source, flags]) => ({
        where: name,
        source,
        flags,
      })),
    );
}

/** Repeats without a bound: *, + and {n,} where they are no characters. @param {string} source */
function endless(source) {
  const bare = source.replace(/\\u\{[^}]*\}|\\[pP]\{[^}]*\}|\\./gu, 'x').replace(/\[[^\]]*\]/gu, 'x');
  return bare.match(/[*+]|\{\d+,\}/gu) ?? [];
}

/** @param {(text: string) => unknown} run @param {string} text */
function once(run, text) {
  const begun = performance.now();
  run(text);
  return performance.now() - begun;
}

/** By the least of many runs, to which whatever else the machine does only adds. @param {string} what @param {(text: string) => unknown} run @param {Iterable<string[]>} texts */
function assertGrowsWithItsText(what, run, texts) {
  for (const [beginning, part, ending] of texts) {
    const text = (/** @type {number} */ chars) => beginning + part.repeat(chars / part.length) + ending;
    const [short, long] = [text(SHORT), text(SHORT * TIMES)];
    if (once(run, long) < QUICK_MS) continue;
    const least = Math.min(...Array.from({ length: RUNS }, () => once(run, short)));
    let times = Number.POSITIVE_INFINITY;
    for (let at = 0; at < RUNS && times >= MOST_TIMES; at += 1) times = Math.min(times, once(run, long) / least);
    assert.ok(
      times < MOST_TIMES,
      `${what}: ${times.toFixed(0)} × as long for ${TIMES} × ${JSON.stringify([beginning, part, ending])}`,
    );
  }
}

/** @param {string[]} signs */
function* texts(signs) {
  for (const beginning of BEGINNINGS) {
    for (const one of signs) {
      for (const other of ['', ...signs]) yield [beginning, one + other, ''];
      for (const ending of ENDINGS) yield [beginning, one, ending];
    }
  }
}

test('every pattern of the page has a bound at every repeat', () => {
  const found = patterns();

  assert.ok(found.length >= 20, `only ${found.length} patterns found`);
  assert.deepEqual(
    found.filter(({ source }) => endless(source).length),
    [],
  );
});

test('patterns made of text are those known here', () => {
  const made = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.js') && readFileSync(join(root, name), 'utf8').includes('new RegExp('),
  );

  assert.deepEqual(made, []);
});

test('no pattern of the page takes more than its text is worth', () => {
  for (const { where, source, flags } of patterns()) {
    const pattern = new RegExp(source, flags.includes('g') ? flags : `${flags}g`);
    const own = [...new Set(source.match(/[a-z0-9@:./`"{}\\#>_-]/giu) ?? [])].slice(0, 8);
    assertGrowsWithItsText(
      `${where} /${source}/`,
      (text) => text.replace(pattern, ''),
      texts([...new Set([...own, 'a', '0', ' ', '\n', '.'])]),
    );
  }
});

test('whatever somebody writes is read in a time that grows with its length', async () => {
  const { isEmojiOnly, parse } = await import('../../static/js/lib/format.js');
  const { initials } = await import('../../static/js/lib/nodes.js');
  const { parseRoute } = await import('../../static/js/lib/route.js');
  const { findEmoji } = await import('../../static/js/lib/emoji.js');
  const { scoped } = await import('../../static/js/embed/styles.js');

  for (const run of [parse, isEmojiOnly, initials, parseRoute, findEmoji, scoped])
    assertGrowsWithItsText(run.name, run, texts(GENERIC));
});

test('a growth that is not that of the text is noticed', () => {
  const slow = (/** @type {string} */ text) => text.replace(/:[^@]+@/gu, '');

  assert.throws(() => assertGrowsWithItsText('slow', slow, [['', ':a', '']]), /slow/u);
});
