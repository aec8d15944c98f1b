/* Trying a call: from the form to a request, and its answer below. The token stays in this page's memory. */
import { highlighted } from './json.js';

const SHOWN_HEADERS = ['retry-after', 'idempotency-replayed', 'x-ignored-parameters', 'allow', 'x-request-id'];

/** @typedef {{ token: () => string, signedIn: (answer: {token?: string, user?: {username: string}}) => void }} Credentials */

/** @param {HTMLFormElement} form @param {string} token */
function requestOf(form, token) {
  let path = form.dataset.path ?? '';
  const query = new URLSearchParams();
  const headers = new Headers();
  for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll('input[data-in]'))) {
    const { name, value } = input;
    if (input.dataset.in === 'path') path = path.replace(`{${name}}`, encodeURIComponent(value));
    else if (input.dataset.in === 'query' && value) query.append(name, value);
    else if (input.dataset.in === 'header' && value) headers.set(name, value);
  }
  if (token && 'token' in form.dataset) headers.set('Authorization', `Bearer ${token}`);
  return {
    url: query.size ? `${path}?${query}` : path,
    init: { method: form.dataset.method, headers, ...bodyOf(form, headers) },
  };
}

/** JSON as written; with a file the same fields as multipart/form-data. @param {HTMLFormElement} form @param {Headers} headers */
function bodyOf(form, headers) {
  const written = /** @type {HTMLTextAreaElement | null} */ (form.querySelector('[data-in="body"]'));
  const file = /** @type {HTMLInputElement | null} */ (form.querySelector('[data-in="file"]'))?.files?.[0];
  if (!written) return {};
  if (!file) {
    headers.set('Content-Type', 'application/json');
    return { body: written.value };
  }
  const fields = new FormData();
  for (const [name, value] of Object.entries(JSON.parse(written.value))) {
    if (value !== null && name !== 'attachment') fields.append(name, String(value));
  }
  fields.append('attachment', file);
  return { body: fields };
}

/** @param {string} tag @param {string} className @param {(string | Node)[]} children */
function make(tag, className, ...children) {
  const node = document.createElement(tag);
  node.className = className;
  node.append(...children);
  return node;
}

/** @param {Response} response @param {number} took milliseconds @param {Credentials} credentials */
async function shown(response, took, credentials) {
  const { status } = response;
  const line = make(
    'div',
    'try__line',
    make('span', `status status--${String(status)[0]}`, String(status)),
    `${Math.round(took)} ms`,
  );
  const type = response.headers.get('Content-Type') ?? '';
  const parts = [line];
  for (const name of SHOWN_HEADERS) {
    const value = response.headers.get(name);
    if (value) line.append(make('span', 'muted', `${name}: ${value}`));
  }
  if (type.includes('json')) {
    const answer = await response.json();
    credentials.signedIn(answer);
    const code = make('div', 'code', make('pre', '', highlighted(JSON.stringify(answer, null, 2))));
    parts.push(code);
    if (answer?.code) {
      const link = /** @type {HTMLAnchorElement} */ (make('a', '', `What ${answer.code} means`));
      link.href = `#problem-${answer.code}`;
      parts.push(link);
    }
  } else {
    const blob = await response.blob();
    line.append(make('span', 'muted', `${type}, ${blob.size} bytes`));
    if (/^image\/(?:png|jpeg|gif|webp)/u.test(type)) {
      const image = /** @type {HTMLImageElement} */ (make('img', ''));
      image.alt = 'The file';
      image.src = URL.createObjectURL(blob);
      image.onload = () => URL.revokeObjectURL(image.src);
      parts.push(image);
    }
  }
  return parts;
}

/** @param {HTMLFormElement} form @param {Credentials} credentials */
export function makeTryable(form, credentials) {
  const answer = /** @type {HTMLElement} */ (form.querySelector('.try__answer'));
  const send = /** @type {HTMLButtonElement} */ (form.querySelector('[type="submit"]'));
  const stop = /** @type {HTMLButtonElement} */ (form.querySelector('[data-stop]'));
  /** @type {AbortController | null} */
  let running = null;

  stop.addEventListener('click', () => running?.abort());
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    running?.abort();
    const own = new AbortController();
    running = own;
    stop.hidden = false;
    send.disabled = true;
    answer.replaceChildren(make('span', 'muted', 'Waiting for the answer…'));
    const begun = performance.now();
    try {
      const { url, init } = requestOf(form, credentials.token());
      const response = await fetch(url, { ...init, signal: own.signal, credentials: 'omit', cache: 'no-store' });
      answer.replaceChildren(...(await shown(response, performance.now() - begun, credentials)));
    } catch (error) {
      const text = own.signal.aborted
        ? 'Stopped.'
        : error instanceof SyntaxError
          ? `The body is no JSON: ${error.message}`
          : 'No answer: the server cannot be reached.';
      answer.replaceChildren(make('span', 'try__note', text));
    } finally {
      stop.hidden = true;
      send.disabled = false;
    }
  });
}
