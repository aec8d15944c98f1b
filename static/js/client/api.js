/** HTTP: one method per call, JSON in and out, every failure an ApiError. */

/** @typedef {import('./types.js').Message} Message */

export const BASE = '/api/v1/communication/';
const CALL_TIMEOUT_MS = 20_000;
export const UPLOAD_TIMEOUT_MS = 15 * 60_000;

/** A call that did not succeed. `code` is the server's stable word, or `network`, `timeout`, `bad_answer`. */
export class ApiError extends Error {
  /** @param {{status?: number, code: string, detail?: string, errors?: {field?: string, detail?: string}[], retryAfterSecs?: number|null}} problem */
  constructor({ status = 0, code, detail = '', errors = [], retryAfterSecs = null }) {
    super(detail || code);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.errors = errors;
    this.retryAfterSecs = retryAfterSecs;
    /** @type {any} any: each code brings its own */ this.body = null;
  }

  /** The same call may succeed later. */
  get isTemporary() {
    return this.status === 0 || this.status === 429 || this.status === 408 || this.status >= 500;
  }
}

/** @param {{status: number, header: (name: string) => string|null, text: string}} answer */
export function readAnswer({ status, header, text }) {
  let body = null;
  try {
    body = text ? JSON.parse(text) : null;
  } catch {
    // A proxy's error page: its status still says enough.
    if (status < 400) throw new ApiError({ status: 0, code: 'bad_answer' });
  }
  if (status >= 200 && status < 300) return body;
  const retryAfter = Number.parseFloat(header('Retry-After') ?? '');
  const error = new ApiError({
    status,
    code: (body?.detail && body.code) || `http_${status}`,
    detail: body?.detail ?? '',
    errors: Array.isArray(body?.errors) ? body.errors : [],
    retryAfterSecs: Number.isFinite(retryAfter) ? retryAfter : null,
  });
  throw Object.assign(error, { body });
}

/** @typedef {{receiver_id: number, conversation_id?: number}} Place where a message goes; groups have no receiver */

/** @param {Place} place @returns {{receiver_id: number}|{conversation_id: number|undefined}} exactly one of the two */
function addressed({ receiver_id, conversation_id }) {
  return receiver_id ? { receiver_id } : { conversation_id };
}

export class Api {
  /** @type {typeof globalThis.fetch} */ #fetch;

  /** @param {{base?: string, token?: string|null, fetch?: typeof globalThis.fetch}} [options] */
  constructor({ base = BASE, token = null, fetch = globalThis.fetch.bind(globalThis) } = {}) {
    this.base = base;
    this.token = token;
    this.#fetch = fetch;
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {{query?: Record<string, unknown>, json?: unknown, form?: FormData, signal?: AbortSignal, timeoutMs?: number, credentials?: RequestCredentials}} [options]
   * @returns {Promise<any>} any: each path has an answer of its own; the methods below say which
   */
  async request(method, path, { query, json, form, signal, timeoutMs = CALL_TIMEOUT_MS, credentials = 'omit' } = {}) {
    const clock = AbortSignal.timeout(timeoutMs);
    const headers = this.headers();
    if (json !== undefined) headers['Content-Type'] = 'application/json';
    try {
      const answer = await this.#fetch(this.url(path, query), {
        method,
        headers,
        body: form ?? (json === undefined ? undefined : JSON.stringify(json)),
        signal: signal ? AbortSignal.any([signal, clock]) : clock,
        credentials,
        cache: 'no-store',
      });
      return readAnswer({
        status: answer.status,
        header: (name) => answer.headers.get(name),
        text: await answer.text(),
      });
    } catch (error) {
      if (error instanceof ApiError || signal?.aborted) throw error;
      throw new ApiError({ code: clock.aborted ? 'timeout' : 'network' });
    }
  }

  /** @param {string} path @param {Record<string, unknown>} [query] */
  url(path, query = {}) {
    const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
    const search = new URLSearchParams(pairs.map(([key, value]) => [key, String(value)]));
    return `${this.base}${path}${pairs.length ? `?${search}` : ''}`;
  }

  /** @returns {Record<string, string>} */
  headers() {
    return this.token
      ? { Accept: 'application/json', Authorization: `Bearer ${this.token}` }
      : { Accept: 'application/json' };
  }

  /** @param {{username: string, password: string, full_name?: string}} fields */
  register = (fields) => this.request('POST', 'auth/register/', { json: fields });

  /**
   * With the cookie by which the server knows this browser again when others guess at the account's password.
   * @param {{username: string, password: string}} fields
   */
  login = (fields) => this.request('POST', 'auth/login/', { json: fields, credentials: 'same-origin' });
  logout = () => this.request('POST', 'auth/logout/', { timeoutMs: 5000 });
  sessions = () => this.request('GET', 'auth/sessions/');

  /** @param {string|number} id */
  revokeSession = (id) => this.request('DELETE', `auth/sessions/${encodeURIComponent(id)}/`);
  server = () => this.request('GET', 'server/');
  snapshot = () => this.request('GET', 'snapshot/');

  /** @param {string} search @returns {Promise<{users: import('./types.js').Person[]}>} */
  users = (search) => this.request('GET', 'users/', { query: { search } });

  /** Whoever is called exactly that, or is that to the application around the chat. @param {{username: string}|{sub: string}} name @returns {Promise<{users: import('./types.js').Person[]}>} */
  person = (name) => this.request('GET', 'users/', { query: name });

  /** @param {{full_name?: string}} fields */
  updateMe = (fields) => this.request('PATCH', 'users/me/', { json: fields });

  /** @param {{cursor?: string|null, wait: number, client: string, signal?: AbortSignal}} options */
  poll = ({ cursor, wait, client, signal }) =>
    this.request('GET', 'poll/events/', {
      query: { cursor, wait, client },
      signal,
      timeoutMs: (wait * 1.2 + 12) * 1000,
    });

  /** @param {number} userId @param {{limit?: number, before_id?: number, after_id?: number, around_id?: number}} [page] @returns {Promise<import('./types.js').Page>} */
  history = (userId, page = {}) =>
    this.request('GET', `chats/conversation/${userId}/`, { query: { limit: 50, ...page } });

  /** One's own call about a conversation of several people. @param {string} method @param {number} conversationId @param {string} [path] @param {Parameters<Api['request']>[2]} [options] */
  of = (method, conversationId, path = '', options = {}) =>
    this.request(method, `conversations/${conversationId}/${path}`, options);

  /** The one that the application around the chat calls this, if one is in it. @param {string} external_id @returns {Promise<{results: import('./types.js').Group[]}>} */
  called = (external_id) => this.request('GET', 'conversations/', { query: { external_id } });

  /** @param {number} messageId @param {string} message @returns {Promise<Message>} */
  edit = (messageId, message) => this.request('PATCH', `chats/message/${messageId}/`, { json: { message } });

  /** @param {number} messageId @returns {Promise<Message>} what is left of it */
  remove = (messageId) => this.request('DELETE', `chats/message/${messageId}/`);

  /** Messages with all these words, newest first. @param {string} q @param {{user_id?: number, limit?: number, before_id?: number}} [page] @returns {Promise<import('./types.js').Page>} */
  search = (q, page = {}) => this.request('GET', 'chats/search/', { query: { q, ...page } });

  /** @param {number} messageId everything up to this message is read */
  markRead = (messageId) => this.request('POST', 'chats/mark-read/', { json: { message_ids: [messageId] } });

  /** @param {number} conversationId */
  markAllRead = (conversationId) =>
    this.request('POST', 'chats/mark-read/', { json: { conversation_id: conversationId } });

  /** @param {Place} place @param {boolean} isTyping */
  typing = (place, isTyping) =>
    this.request('POST', 'chats/typing/', { json: { ...addressed(place), is_typing: isTyping } });

  unreadCount = () => this.request('GET', 'chats/unread-count/');

  /**
   * @param {Place & {message: string, client_id: string, file?: Blob|null, file_name?: string|null, draft_rev?: number}} message
   * @param {{signal?: AbortSignal, onProgress?: (share: number) => void}} [options]
   * @returns {Promise<Message>}
   */
  async send({ message, client_id, file, file_name, draft_rev, ...place }, { signal, onProgress } = {}) {
    const json = { ...addressed(place), message, client_id, draft_rev };
    if (!file) return this.request('POST', 'chats/', { json, signal });
    const form = new FormData();
    for (const [name, value] of Object.entries(json)) if (value !== undefined) form.set(name, String(value));
    form.set('attachment', file, file_name ?? 'file');
    if (typeof XMLHttpRequest === 'undefined') {
      return this.request('POST', 'chats/', { form, signal, timeoutMs: UPLOAD_TIMEOUT_MS });
    }
    // A module that failed to load has failed for the life of the page, under that address.
    const { upload } = await import('./upload.js').catch(() => import(`./upload.js?${Date.now()}`));
    return upload(this.url('chats/'), { headers: this.headers(), form, file, signal, onProgress });
  }

  /** An attachment, from where all other calls go. @param {string} url @returns {Promise<Blob>} */
  async file(url) {
    const { pathname, search } = new URL(url, 'http://here');
    const here = new URL(this.base, 'http://here');
    const path = (this.base.startsWith('/') ? '' : here.origin) + pathname + search;
    const answer = await this.#fetch(path, { headers: this.headers(), credentials: 'omit' });
    if (!answer.ok) throw new ApiError({ status: answer.status, code: `http_${answer.status}` });
    return answer.blob();
  }
}
