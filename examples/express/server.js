/** A small school around the chat: people sign in here, and talk in the chat of their class. See README.md. */

import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import express from 'express';

const { CHAT_URL = 'http://127.0.0.1:8888', CHAT_KEY, CHAT_HOST_SECRET, PORT = '3000' } = process.env;
if (!CHAT_KEY || !CHAT_HOST_SECRET) throw new Error('set CHAT_KEY and CHAT_HOST_SECRET; see README.md');

const PASSWORD = 'only for trying it out';
const PEOPLE = new Map([
  ['teacher', { sub: '1', name: 'Tessa Teacher', role: 'teacher' }],
  ['ann', { sub: '2', name: 'Ann Arden', role: 'pupil' }],
  ['bob', { sub: '3', name: 'Bob Bell', role: 'pupil' }],
]);
const CLASS = { id: 'class-5b', title: 'Class 5b' };

/** A call of this server, repeated for as long as the chat says "not now": all of these may be. */
async function chat(method, path, body) {
  for (let pause = 250; ; pause *= 2) {
    const answer = await fetch(`${CHAT_URL}/api/v1/communication/host/${path}`, {
      method,
      headers: { Authorization: `Bearer ${CHAT_KEY}`, 'Content-Type': 'application/json' },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    }).catch((error) => ({ ok: false, status: 503, text: () => error.message }));
    if (answer.ok) return answer.json();
    if (![429, 502, 503, 504].includes(answer.status) || pause > 4000) {
      throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    }
    await new Promise((done) => setTimeout(done, pause));
  }
}

const base64 = (value) => Buffer.from(value).toString('base64url');

/** A sign-in for the chat, good for five minutes. */
function chatToken({ sub, name, role }) {
  const claims = { sub, name, role, jti: randomUUID(), aud: 'chatserver', exp: Math.floor(Date.now() / 1000) + 300 };
  const content = `${base64('{"alg":"HS256","typ":"JWT"}')}.${base64(JSON.stringify(claims))}`;
  return `${content}.${createHmac('sha256', CHAT_HOST_SECRET).update(content).digest('base64url')}`;
}

await chat('POST', 'users/', { users: [...PEOPLE.values()] });
const members = [...PEOPLE.values()].map(({ sub }) => sub);
await chat('PUT', `conversations/${CLASS.id}/`, { title: CLASS.title, members, mode: 'exact' });

const sessions = new Map(); // in memory, for this example: {person, csrf} by cookie
const app = express();
app.disable('x-powered-by');
app.use(express.urlencoded({ extended: false }));
app.use(express.static(new URL('public', import.meta.url).pathname));
app.use((request, response, next) => {
  const cookie = /(?:^|; )school=([\w-]{1,64})/.exec(request.headers.cookie ?? '');
  request.session = cookie ? sessions.get(cookie[1]) : undefined;
  request.cookie = cookie?.[1];
  response.set({
    'Content-Security-Policy': [
      "default-src 'self'",
      `script-src 'self' ${CHAT_URL}`,
      `connect-src 'self' ${CHAT_URL}`,
      `img-src 'self' data: blob: ${CHAT_URL}`,
      `style-src 'self' ${CHAT_URL}`,
      "frame-ancestors 'none'",
      "form-action 'self'",
      "base-uri 'none'",
    ].join('; '),
    'Cache-Control': 'no-store',
  });
  next();
});

/** For what changes something or gives a token: somebody signed in, from a page of ours. */
function ours(request, response, next) {
  const { session } = request;
  const given = Buffer.from(String(request.get('X-CSRF-Token') ?? request.body?.csrf ?? ''));
  if (!session || given.length !== session.csrf.length || !timingSafeEqual(given, Buffer.from(session.csrf))) {
    return response.status(403).json({ error: 'sign in again' });
  }
  next();
}

const page = (main, head = '') => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>School</title><link rel="stylesheet" href="/school.css">${head}</head>
<body><main>${main}</main></body></html>`;

const signIn = page(`<h1>Sign in</h1><form method="post" action="/login">
<label>Username <input name="username" required></label> <label>Password <input type="password" name="password" required></label>
<button>Sign in</button></form>`);

app.get('/', ({ session }, response) => {
  if (!session) return response.send(signIn);
  const { person, csrf } = session;
  response.send(
    page(
      `<form method="post" action="/logout"><input type="hidden" name="csrf" value="${csrf}">${person.name} <button>Sign out</button></form>
<a href="/class">${CLASS.title}</a>`,
    ),
  );
});

app.get('/class', ({ session }, response) => {
  if (!session) return response.redirect('/');
  const head = `<meta name="csrf" content="${session.csrf}">
<script type="module" src="${CHAT_URL}/embed.js"></script><script type="module" src="/chat.js"></script>`;
  response.send(page(`<chat-room src="${CHAT_URL}" conversation="ext:${CLASS.id}"></chat-room>`, head));
});

app.post('/login', (request, response) => {
  const { username, password } = request.body ?? {};
  const person = PEOPLE.get(username);
  if (!person || password !== PASSWORD) return response.status(403).send(signIn);
  const id = randomBytes(32).toString('base64url');
  sessions.set(id, { person, csrf: randomBytes(32).toString('base64url') });
  response.cookie('school', id, { httpOnly: true, sameSite: 'lax', secure: request.secure });
  response.redirect(303, '/');
});

app.post('/logout', ours, async (request, response) => {
  sessions.delete(request.cookie);
  response.clearCookie('school');
  await chat('DELETE', `users/${request.session.person.sub}/sessions/`).catch((error) => console.error(error.message));
  response.redirect(303, '/');
});

app.post('/chat-token', ours, ({ session }, response) => {
  response.json({ token: chatToken(session.person) });
});

app.listen(Number(PORT), '127.0.0.1', () => console.log(`http://127.0.0.1:${PORT}`));
