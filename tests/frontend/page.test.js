import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const scripts = join(root, 'static/js');
globalThis.document ??= /** @type {any} */ ({ documentElement: { lang: 'en' } });
const { findEmoji } = await import('../../static/js/lib/emoji.js');
const { isEmojiOnly, parse } = await import('../../static/js/lib/format.js');
const { quotedAndOwn } = await import('../../static/js/lib/quotes.js');
const { placesOf, wantedWords } = await import('../../static/js/lib/words.js');
const { parseRoute, roomHash } = await import('../../static/js/lib/route.js');
const { entriesOf } = await import('../../static/js/timeline/entries.js');
const { MAX, PAGE, Slice } = await import('../../static/js/timeline/slice.js');

const files = readdirSync(scripts, { recursive: true }).filter((name) => name.endsWith('.js'));
const source = (name) => readFileSync(join(scripts, name), 'utf8');

/** Everything main.js imports before it runs. */
function firstLoad(name = 'main.js', found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  for (const [, path] of source(name).matchAll(/^(?:import|export)\s[^;]*?'(\.[^']+)';/gmu))
    firstLoad(normalize(join(dirname(name), path)), found);
  return found;
}

test('links are found without the punctuation around them', () => {
  const hrefs = (text) =>
    parse(text)
      .filter((part) => part.kind === 'link')
      .map((part) => part.text);

  assert.deepEqual(hrefs('See https://a.example/x, and (https://b.example/y).'), [
    'https://a.example/x',
    'https://b.example/y',
  ]);
  assert.deepEqual(hrefs('https://en.example/wiki/A_(b)'), ['https://en.example/wiki/A_(b)']);
});

test('a link ends where people mean it to', () => {
  const links = (/** @type {string} */ text) =>
    parse(text)
      .filter((part) => part.kind === 'link')
      .map((part) => part.text);
  const ends = [
    ['(see ', 'https://en.wikipedia.org/wiki/Mercury_(planet)', ')'],
    ['„', 'https://example.org/x', '“'],
    ['“', 'https://example.org/x', '”'],
    ['»', 'https://example.org/x', '«, '],
    ['', 'https://example.org/~', ' '],
    ['', 'https://example.org/a_', '.'],
    ['_', 'https://example.org/a_b', '_'],
    ['*', 'https://example.org', '*'],
    ['', "https://en.wikipedia.org/wiki/Schindler's_List", "'"],
    ["'", "https://en.wikipedia.org/wiki/Schindler's_List", "', and more"],
    ['', 'https://example.org/Michelson–Morley', '…'],
    ['見て：', 'https://example.org/x', '。ありがとう'],
    ['見て', 'https://example.org', '、それから'],
    ['（', 'https://example.org/x', '）です'],
    ['「', 'https://example.org/x', '」'],
    ['انظر ', 'https://example.org/x', '، ثم'],
    ['', 'https://example.org/x', '؟'],
    ['', 'https://example.org/x', '।'],
    ['', 'https://example.org/x?a=[1]&b={2}', ']'],
    ['[x](', 'https://example.org/y', ')z'],
    ['', 'http://[::1]:8000/a', ']'],
    ['\u2068', 'https://example.org/x', '\u2069 and'],
    ['\u2068', 'https://example.org', '\u2069'],
    ['', 'https://example.org/x', '\u202egro.live'],
    ['看', 'https://example.org', '谢谢'],
    ['看', 'www.example.org:8080', '吧'],
    ['', 'https://example.org', '👍'],
    ['', 'https://example.org/路', '，好'],
    ['', 'https://fa.wikipedia.org/wiki/می\u200cخواهم', '،'],
    ['', 'https://example.org/❤\ufe0f', ' '],
    ['', 'https://example.org/x', '❞'],
    ['', 'https://web.archive.org/web/2020/https://example.org', '。'],
  ];

  for (const [before, link, after] of ends)
    assert.deepEqual(links(before + link + after), [link], before + link + after);
  for (const between of ['、', '」「', ',', ';', '|', ')(', '>,<', '\u2069\u2068'])
    assert.deepEqual(
      links(`https://a.example/x${between}https://b.example`),
      ['https://a.example/x', 'https://b.example'],
      between,
    );
});

test('addresses without a scheme and those of mail are links', () => {
  const links = (/** @type {string} */ text) =>
    parse(text)
      .filter((part) => part.kind === 'link')
      .map((part) => [part.text, part.href]);

  assert.deepEqual(links('(www.example.org/a)'), [['www.example.org/a', 'https://www.example.org/a']]);
  assert.deepEqual(links('to ann@example.org, bo.li+x@mail.example.org.'), [
    ['ann@example.org', 'mailto:ann@example.org'],
    ['bo.li+x@mail.example.org', 'mailto:bo.li+x@mail.example.org'],
  ]);
  assert.deepEqual(links('連絡はann@example.orgです'), [['ann@example.org', 'mailto:ann@example.org']]);
  for (const whole of ["o'neil@example.org", 'r&d@example.org', 'jörg@exämple.org', 'jo\u0308rg@example.org'])
    assert.equal(links(`'${whole}'`)[0][0], whole);
  for (const text of ['www.x', 'foo@bar', '@ann@mastodon.example', 'a.www.example.org', 'https://ann@evil.example'])
    assert.deepEqual(links(text), [], text);
});

test('a quote of a message with a code block shows it whole', () => {
  const [quote, reply] = parse('> ```js\n> a > b\n> \n> > x\n> ```\n> after\nyes');

  assert.equal(quote.kind, 'quote');
  assert.deepEqual(quote.parts, [
    { kind: 'block', text: 'a > b\n\n> x' },
    { kind: 'text', text: '\nafter' },
  ]);
  assert.deepEqual(reply, { kind: 'text', text: 'yes' });
});

test('code that looks like a quote is code, in what is quoted too', () => {
  assert.deepEqual(parse('```diff\n> added\n```'), [{ kind: 'block', text: '> added' }]);
  assert.deepEqual(quotedAndOwn('> old\n```\n> added\n```'), { quoted: 'old', own: '```\n> added\n```' });
  assert.equal(quotedAndOwn('> ```\n> > added\n> ```\nyes').quoted, '```\n> added\n```');
});

test('any word after a fence names a language, whatever ends the lines', () => {
  for (const language of ['', 'js', 'c#', 'objective-c++', 'f*', 'f(x)', 'asp.net', '日本語', 'sh '])
    for (const end of ['\n', '\r\n'])
      assert.deepEqual(
        parse(`\`\`\`${language}${end}a${end}b${end}\`\`\`${end}c`),
        [
          { kind: 'block', text: 'a\nb' },
          { kind: 'text', text: '\nc' },
        ],
        JSON.stringify([language, end]),
      );
});

test('nothing but http and https becomes a link', () => {
  for (const text of [
    'javascript:alert(1)',
    'data:text/html,x',
    'JAVASCRIPT://x',
    'vbscript:x',
    'file:///etc/passwd',
  ]) {
    assert.ok(
      parse(text).every((part) => part.kind !== 'link'),
      text,
    );
  }
});

test('an address that leads elsewhere than it reads is no link', () => {
  const hrefs = (text) =>
    parse(text)
      .filter((part) => part.kind === 'link')
      .map((part) => part.text);
  const unseen = ['\u200b', '\u200d', '\u00ad', '\ufeff', '\u3164', '\u115f', '\u{e0041}'];

  for (const text of [
    'https://good.example@evil.example/',
    'https://good.example:x@evil.example',
    'https://@evil.example/',
    'http:///good.example@evil.example',
    'https://good.example%2f@evil.example',
    ...unseen.map((sign) => `https://good.example/${sign}x`),
    'https://می\u200cخ.example/',
    ...[...unseen, '\u200e', '\u202e', '\u2066', '\u2069'].map((sign) => `https://go${sign}od.example`),
  ]) {
    assert.deepEqual(hrefs(`see ${text}`), [], JSON.stringify(text));
    assert.equal(
      parse(`see ${text}`)
        .map((part) => part.text)
        .join(''),
      `see ${text}`,
    );
  }
  for (const text of [
    'https://a.example/@ann',
    'https://a.example?mail=ann@b.example',
    'https://a.example#@x',
    'https://a.example:8443/x@y',
    'https://bücher.example/ü',
  ])
    assert.deepEqual(hrefs(`see ${text}`), [text]);
});

test('code and quotes are read and everything else stays as written', () => {
  const kinds = parse('> said\nuse `a < b` or\n```js\nlet x;\n```').map((part) => part.kind);

  assert.deepEqual(kinds, ['quote', 'text', 'code', 'text', 'block']);
  assert.equal(parse('a <b>c</b> & "d"')[0].text, 'a <b>c</b> & "d"');
  assert.ok(parse('`https://a.example`').every((part) => part.kind === 'code'));
});

test('a few emoji alone are large', () => {
  assert.ok(isEmojiOnly('👍') && isEmojiOnly('👩‍💻 🎉'));
  assert.ok(!isEmojiOnly('ok 👍') && !isEmojiOnly('123') && !isEmojiOnly(''));
});

test('names find emoji, beginnings first', () => {
  assert.equal(findEmoji('smile')[0].emoji, '😄');
});

test('addresses lead to rooms and messages, anything else to none', () => {
  const room = (id, more) => ({ name: 'room', isPerson: false, id, messageId: null, details: false, ...more });
  assert.deepEqual(parseRoute('#/c/17'), room(17));
  assert.deepEqual(parseRoute('#/c/17/m/345'), room(17, { messageId: 345 }));
  assert.deepEqual(parseRoute('#/c/17/info'), room(17, { details: true }));
  assert.deepEqual(parseRoute('#/with/12'), room(12, { isPerson: true }));
  assert.deepEqual(parseRoute('#/with/12/m/345'), room(12, { isPerson: true, messageId: 345 }));
  assert.deepEqual([roomHash(17, 345), roomHash(-12)], ['#/c/17/m/345', '#/with/12']);
  for (const hash of ['', '#/', '#/with/x', '#/with/1/../2', '#/with/99999999999999999999'])
    assert.equal(parseRoute(hash), null);
});

test('messages of one person within five minutes form a group, and days are parted', () => {
  const at = (minutes) => new Date(Date.UTC(2026, 4, 4, 10, minutes)).toISOString();
  const line = (id, minutes, sender_id = 2) => ({ id, sender_id, timestamp: at(minutes), client_id: null });
  const entries = entriesOf({
    messages: [line(1, 0), line(2, 4), line(3, 30), line(4, 31, 1)],
    outgoing: [],
    me: 1,
    dividerId: 3,
    isBeginning: true,
  });

  assert.deepEqual(
    entries.map((entry) => entry.kind),
    ['begin', 'day', 'message', 'message', 'divider', 'message', 'message'],
  );
  assert.deepEqual(
    entries.filter((entry) => entry.kind === 'message').map((entry) => entry.head),
    [true, false, true, true],
  );
});

test('a hit is marked where it stands, whatever folding makes of the letters before it', () => {
  const marked = (/** @type {string} */ text, /** @type {string} */ wanted) =>
    placesOf(text, wantedWords(wanted).words).map(([from, to]) => text.slice(from, to));

  assert.deepEqual(marked('İİİİİİ son', 'son'), ['son']);
  assert.deepEqual(marked('ŒŒ ﬃﬃ ½½ Smørrebrød!', 'smorrebrod'), ['Smørrebrød']);
  assert.deepEqual(marked('n\u0303an\u0303o año', 'ano'), ['an\u0303o', 'año']);
  assert.deepEqual(marked('Straße', 'strass'), ['Straß']);
  assert.deepEqual(marked('a\u00adb\u200bc ab', 'ab'), ['a\u00adb', 'ab']);
  assert.deepEqual(marked('one two one', 'two one'), ['one', 'two', 'one']);
  assert.deepEqual(marked('nothing', '!?'), []);
  for (const [text, wanted] of [
    ['ΟΔΟΣ', 'οδός'],
    ['οδός', 'ΟΔΟΣ'],
    ['שָׁלוֹם', 'שלום'],
    ['مُحَمَّد', 'محمد'],
    ['أحـمد', 'احمد'],
    ['Ƙarami', 'karami'],
    ['Ɗan', 'dan'],
  ])
    assert.deepEqual(marked(`x ${text}, y`, wanted), [text]);
  assert.deepEqual(marked('תל־אביב', 'אביב'), ['אביב']);
});

test('ten words are looked for, and it is known when there were more', () => {
  assert.deepEqual(wantedWords('a b c d e f g h i j A'), { words: [...'abcdefghij'], isCut: false });
  assert.deepEqual(wantedWords('a b c d e f g h i j, k'), { words: [...'abcdefghij'], isCut: true });
});

test('dates and clock are those of the region of the browser, in the language of the page', async (t) => {
  const { clock, dayName, exact, shortWhen } = await import('../../static/js/lib/time.js');
  const now = new Date(2026, 10, 30, 12).getTime();
  const at = new Date(2026, 4, 3, 14, 5);
  const before = new Date(2025, 4, 3, 14, 5);
  t.after(() => {
    document.documentElement.lang = 'en';
    Reflect.deleteProperty(globalThis, 'navigator');
  });
  const shown = (/** @type {string} */ lang, /** @type {string[]} */ languages) => {
    document.documentElement.lang = lang;
    Object.defineProperty(globalThis, 'navigator', { value: { languages }, configurable: true });
    return [clock(at).replace(/\s/u, ' '), shortWhen(at, now), shortWhen(before, now), dayName(before, now)];
  };

  assert.deepEqual(shown('en', ['en-GB']), ['14:05', '3 May', '3 May 2025', '3 May 2025']);
  assert.deepEqual(shown('en', ['en-US']), ['2:05 PM', 'May 3', 'May 3, 2025', 'May 3, 2025']);
  assert.deepEqual(shown('en', ['en-US@posix']), ['2:05 PM', 'May 3', 'May 3, 2025', 'May 3, 2025']);
  for (const region of ['fr-FR', 'ja-JP', 'de-DE'])
    assert.deepEqual(shown('en', [region]), ['14:05', '3 May', '3 May 2025', '3 May 2025'], region);
  assert.deepEqual(shown('de', ['de-AT']), ['14:05', '3. Mai', '3. Mai 2025', '3. Mai 2025']);
  assert.match(exact(at), /Sonntag, 3\. Mai 2026 um 14:05/u);
  assert.equal(shown('de', ['en-US'])[1], '3. Mai');
});

test('few bytes are counted in words', async () => {
  const { size } = await import('../../static/js/lib/size.js');

  assert.deepEqual([size(0), size(1), size(618), size(12_345)], ['0 bytes', '1 byte', '618 bytes', '12 kB']);
  assert.deepEqual([size(999_499), size(999_500), size(999_999_999)], ['999 kB', '1 MB', '1 GB']);
});

test('what a proxy refused is told in words', async () => {
  const { reasonOf } = await import('../../static/js/lib/reasons.js');
  const told = [413, 403, 431, 511, 418].map((status) => reasonOf({ code: `http_${status}`, detail: '' }));

  assert.equal(new Set(told).size, told.length);
  for (const words of told) assert.match(words, /^[A-Z].* .*[.)]/u, words);
  assert.equal(reasonOf({ code: 'http_413', detail: 'Said by the server.' }), 'Said by the server.');
  const { readAnswer } = await import('../../static/js/client/api.js');
  for (const text of [
    '<h1>no</h1>',
    '',
    '{"message":"Forbidden"}',
    '{"code":1020}',
    '{"code":"blocked"}',
    'null',
    '[]',
  ])
    assert.throws(() => readAnswer({ status: 403, header: () => null, text }), { code: 'http_403' }, text);
});

test('a message keeps its key from waiting to accepted, and is never shown twice', () => {
  const waiting = { client_id: 'abc', created_at: 5, message: 'x' };
  const before = entriesOf({ messages: [], outgoing: [waiting], me: 1, dividerId: null, isBeginning: false });
  const after = entriesOf({
    messages: [{ id: 9, sender_id: 1, timestamp: 5, client_id: 'abc' }],
    outgoing: [waiting],
    me: 1,
    dividerId: null,
    isBeginning: false,
  });

  assert.equal(before.at(-1).key, after.at(-1).key);
  assert.equal(after.filter((entry) => entry.kind === 'message').length, 1);
});

test('however long the history, a bounded part of it stands in the page', () => {
  const messages = Array.from({ length: 5000 }, (_, index) => ({ id: index + 1 }));
  const slice = new Slice();
  for (let turn = 0; turn < 90; turn += 1) {
    slice.older(messages);
    assert.ok(slice.of(messages).length <= MAX);
  }
  for (let turn = 0; turn < 120; turn += 1) {
    slice.newer(messages);
    assert.ok(slice.of(messages).length <= MAX);
  }
  assert.equal(slice.of(messages).at(-1).id, 5000);
  slice.around(messages, 2500);
  assert.equal(slice.of(messages).length, 2 * PAGE);
  assert.equal(slice.of(messages.slice(4000)).at(-1)?.id, 5000, 'all that was shown is gone: the end is shown');
});

test('the template preloads exactly the modules of the first load', () => {
  const template = readFileSync(join(root, 'templates/chat.html'), 'utf8');
  const listed = [...template.matchAll(/modulepreload" href="\{\{ asset\('js\/([^']+)'\)/gu)].map(([, name]) => name);
  const wanted = [...firstLoad()].filter((name) => name !== 'main.js');

  assert.deepEqual(listed.toSorted(), wanted.toSorted());
});

test('the first load is at most 60 kB of compressed JavaScript', () => {
  const bytes = [...firstLoad(), 'early.js'].reduce((sum, name) => sum + gzipSync(source(name)).length, 0);

  assert.ok(bytes <= 60_000, `${bytes} bytes`);
});

// Every kind of event that changes what is known, in one place.
const LONGER = { 'client/store.js': 350 };

test('every file says what it is for and stays within 300 lines', () => {
  for (const name of files) {
    assert.match(source(name), /^\/\*/u, `${name} begins with its purpose`);
    if (!name.startsWith('i18n/'))
      assert.ok(source(name).split('\n').length <= (LONGER[name] ?? 301), `${name} is too long`);
  }
});

test('imports are relative and the client knows no DOM', () => {
  for (const name of files) {
    for (const [, path] of source(name).matchAll(/(?:from|import\()\s*[`'"]([^`'"]+)/gu))
      assert.match(path, /^\.\.?\//u, name);
    if (name.startsWith('client/')) assert.doesNotMatch(source(name), /\bdocument\.|\bwindow\.|HTMLElement/u, name);
  }
});

test('letters are compared alike in every region of the browser', () => {
  for (const name of files) assert.doesNotMatch(source(name), /toLocaleLowerCase/u, name);
});

test('where a type says any, a comment says why', () => {
  const types = /\/\*\*.*?\*\/|^\s*\* @.*$/gmu;
  for (const name of files)
    for (const [comment] of source(name).matchAll(types))
      if (/@\w+ (?:\{.*)?\bany\b(?!thing|:)[^:]*[}\])>|,]/u.test(comment))
        assert.match(comment, /\bany: /u, `${name}: ${comment}`);
});

test('nothing turns text into markup', () => {
  for (const name of files)
    assert.doesNotMatch(
      source(name),
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/u,
      name,
    );
});

async function catalogue(code) {
  const { default: first } = await import(`../../static/js/i18n/${code}.js`);
  const { default: later } = await import(`../../static/js/i18n/later.${code}.js`);
  const { default: groups } = await import(`../../static/js/i18n/groups.${code}.js`);
  return { first, later, groups, all: { ...first, ...later, ...groups } };
}

const wordsOf = (name) => [...source(name).matchAll(/(?<=['"`])[a-z]+\.[a-zA-Z_]+(?=['"`])/gu)].map(([key]) => key);
const speaking = files.filter((file) => !file.startsWith('i18n/'));

test('every word the page asks for is in the English catalogue, and nothing else is', async () => {
  const { all } = await catalogue('en');
  const used = new Set(speaking.flatMap(wordsOf));

  for (const key of used)
    if (Object.keys(all).some((known) => known.startsWith(`${key.split('.')[0]}.`)) && !key.endsWith('.js'))
      assert.ok(key in all, key);
  const dynamic = /^(?:reason|message|emoji|system|new|notify|member|role)\./u;
  for (const key of Object.keys(all)) assert.ok(used.has(key) || dynamic.test(key), `${key} is used nowhere`);
});

for (const part of ['later', 'groups'])
  test(`who uses the words of ${part} waits for them, and the first load does not`, async () => {
    const { first, [part]: words } = await catalogue('en');
    const waiting = speaking.filter((name) =>
      new RegExp(`^import '\\.\\./i18n/${part}\\.js';`, 'mu').test(source(name)),
    );
    const using = speaking.filter((name) => wordsOf(name).some((key) => key in words));

    assert.deepEqual(using, waiting);
    assert.deepEqual(
      [...firstLoad()].filter((name) => waiting.includes(name) || name.includes(part)),
      [],
    );
    assert.deepEqual(
      Object.keys(words).filter((key) => key in first),
      [],
    );
  });

test('every language is complete, with all its plural forms and the same placeholders', async () => {
  const { all: en } = await catalogue('en');
  const { LANGUAGES } = await import('../../static/js/i18n/index.js');
  const holes = (text) =>
    new Set([...text.matchAll(/\{(\w+)\}/gu)].map(([, name]) => name).filter((name) => name !== 'count'));

  for (const code of Object.keys(LANGUAGES)) {
    const { all: words, later, groups } = await catalogue(code);
    const forms = new Intl.PluralRules(code).resolvedOptions().pluralCategories.toSorted();
    assert.deepEqual(Object.keys(words).toSorted(), Object.keys(en).toSorted(), code);
    const english = await catalogue('en');
    assert.deepEqual(Object.keys(later), Object.keys(english.later), code);
    assert.deepEqual(Object.keys(groups), Object.keys(english.groups), code);
    for (const [key, entry] of Object.entries(words)) {
      if (typeof entry === 'string')
        assert.deepEqual(holes(entry), holes(/** @type {any} */ (en[key].other ?? en[key])), `${code} ${key}`);
      else assert.deepEqual(Object.keys(entry).toSorted(), forms, `${code} ${key}`);
    }
  }
});

test('templates and styles keep to the page policy', () => {
  for (const name of ['base.html', 'chat.html']) {
    const html = readFileSync(join(root, 'templates', name), 'utf8');
    assert.doesNotMatch(html, /\sstyle=|<style|\son\w+=|<script(?![^>]*\ssrc=)|https?:\/\//u, name);
  }
  for (const name of readdirSync(join(root, 'static/css'))) {
    const css = readFileSync(join(root, 'static/css', name), 'utf8');
    assert.doesNotMatch(css, /@import|https?:\/\//u, name);
    if (name !== 'tokens.css')
      assert.doesNotMatch(
        css.replaceAll(/light-dark\([^)]*\)/gu, ''),
        /#[0-9a-f]{3,8}\b(?=[;, )])/iu,
        `${name} has a raw colour`,
      );
  }
});
