/**
 * One embedded room's way to the server: signs in, finds the room, stays live, asks for a fresh token when
 * the old one is no longer good. Tells by callbacks; knows no DOM.
 */
import { Api, ApiError, BASE } from '../client/api.js';
import { backoffMs, pause } from '../client/backoff.js';
import { ChatClient } from '../client/chat.js';
import { openStorage } from '../client/outbox-storage.js';
import { signIn, still } from './sign-in.js';

/**
 * @typedef {object} Wishes
 * @property {string} origin
 * @property {string} room       the chat's id of a person, their username, or sub: and the host's id of them
 * @property {string} conversation  its id, or ext: and the host's id of it, where no person is named
 * @property {string|null} token
 * @property {string|null} session  of before, when the page is gone back to
 * @property {boolean} isGuest    whoever has no token comes in as somebody new
 * @property {string|null} name  of a guest
 * @property {(() => Promise<string>|string)|undefined} getToken
 */

export class Connection {
  #ended = new AbortController();
  /** This sign-in was good for something, so another one may be, too. */ #wasOnline = false;
  /** @type {ChatClient|null} */ chat = null;

  /**
   * @param {Wishes} wishes
   * @param {{onReady: (chat: ChatClient, conversationId: number) => void, onFailed: (error: ApiError) => void}} tell
   */
  constructor(wishes, tell) {
    this.wishes = wishes;
    this.tell = tell;
  }

  /** @param {boolean} [isAgain] the token given at first was used up */
  async open(isAgain = false) {
    const { signal } = this.#ended;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        await this.#connect(isAgain || attempt > 1);
        return;
      } catch (caught) {
        const error =
          caught instanceof ApiError
            ? caught
            : new ApiError({
                code: 'token_missing',
                detail: caught instanceof Error ? caught.message : String(caught),
              });
        this.chat?.close();
        if (signal.aborted) return;
        this.tell.onFailed(error);
        if (!error.isTemporary) return;
        await pause(backoffMs(attempt, { retryAfterSecs: error.retryAfterSecs }), signal);
      }
    }
  }

  get session() {
    return this.chat?.api.token ?? null;
  }

  nudge() {
    this.chat?.nudge();
  }

  close() {
    this.#ended.abort();
    this.chat?.close();
  }

  /** @param {boolean} isAgain */
  async #connect(isAgain) {
    const { origin, room, conversation, session } = this.wishes;
    const api = new Api({ base: new URL(BASE, origin).href });
    const kept = session && (await still(api, session));
    this.wishes.session = null;
    const account = kept || (await this.#signIn(api, isAgain || session !== null));
    this.#wasOnline = false;
    api.token = account.token;
    const userId = account.user.id;
    const storage = await openStorage(`chat-outbox:${origin}`);
    const chat = new ChatClient({
      token: account.token,
      userId,
      api,
      storage,
      tabs: { name: `chat:${origin}:${userId}` },
    });
    this.chat = chat;
    await chat.open({ sends: false });
    const conversationId = room ? chat.store.directWith(await find(chat, room)) : await joined(chat, conversation);
    if (this.#ended.signal.aborted) return chat.close();
    chat.addEventListener('status', () => this.#statusChanged(chat), { signal: this.#ended.signal });
    if (chat.status.state === 'online') this.#wasOnline = true; // before anybody listened
    this.tell.onReady(chat, conversationId);
    // Until now the room of an ended session stood there, and somebody may have sent from it.
    chat.outbox.open();
  }

  /** @param {Api} api @param {boolean} isAgain */
  async #signIn(api, isAgain) {
    const { origin, name, isGuest, getToken, token } = this.wishes;
    const fresh = getToken && (isAgain || !token) ? await getToken() : null;
    return signIn(api, { origin, token: fresh || token, isGuest, name });
  }

  /** @param {ChatClient} chat */
  #statusChanged(chat) {
    if (chat.status.state === 'online') this.#wasOnline = true;
    if (chat.status.state !== 'signed-out' || chat !== this.chat) return;
    chat.close();
    if (this.wishes.getToken && this.#wasOnline) this.open(true);
    else this.tell.onFailed(new ApiError({ status: 401, code: 'token_invalid' }));
  }
}

/** @param {ChatClient} chat @param {string} wanted @returns {Promise<number>} the conversation, of which one has to be a member */
async function joined(chat, wanted) {
  const external = /^ext:(?<id>.{1,200})$/su.exec(wanted)?.groups?.id;
  const id = /^\d{1,15}$/u.test(wanted) ? Number(wanted) : 0;
  const found = external ? (await chat.api.called(external)).results[0] : id && (await chat.api.of('GET', id));
  if (!found) throw new ApiError({ status: 404, code: 'not_found', detail: `There is no conversation ${wanted}.` });
  const [other] = found.preview;
  if (found.kind === 'direct' && other) {
    chat.store.meet(other);
    chat.store.begun(other.id, found.id);
  }
  chat.store.regroup(found);
  return found.id;
}

/** @param {ChatClient} chat @param {string} room @returns {Promise<number>} the person to talk to */
async function find(chat, room) {
  if (/^\d{1,16}$/u.test(room)) return Number(room);
  const sub = room.startsWith('sub:') && room.slice('sub:'.length);
  const { users } = await chat.api.person(sub ? { sub } : { username: room });
  const [person] = users;
  if (!person) throw new ApiError({ status: 404, code: 'not_found', detail: `Nobody here is ${room}.` });
  chat.store.meet(person);
  return person.id;
}
