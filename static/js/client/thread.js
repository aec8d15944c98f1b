/**
 * The loaded part of one conversation: a run of messages without holes, oldest first.
 * `hasOlder` / `hasNewer` say whether the server holds more on either side.
 */

/** @typedef {import('./types.js').Message} Message */

const GONE = { attachment: null, attachment_name: null, attachment_size: null, attachment_type: null };

export class Thread {
  constructor() {
    /** @type {Message[]} */ this.messages = [];
    this.isLoaded = false;
    this.hasOlder = true;
    this.hasNewer = false;
    /** Id of the first message that was unread when the room was entered. @type {number|null} */
    this.dividerId = null;
  }

  get first() {
    return this.messages[0] ?? null;
  }

  get last() {
    return this.messages[this.messages.length - 1] ?? null;
  }

  /** @param {number} id */
  has(id) {
    return this.get(id) !== null;
  }

  /** @param {number} id */
  get(id) {
    const found = this.messages[this.#place(id)];
    return found?.id === id ? found : null;
  }

  /**
   * Puts messages in their places; one already here is replaced only by what adds to it.
   * @param {Message[]} messages in any order
   * @returns {Message[]} those that were new
   */
  add(messages) {
    const fresh = [];
    for (const message of messages) {
      const place = this.#place(message.id);
      const known = this.messages[place];
      if (known?.id === message.id) {
        this.messages[place] = merge(known, message);
      } else {
        this.messages.splice(place, 0, message);
        fresh.push(message);
      }
    }
    return fresh;
  }

  /** @param {Message[]} messages a run elsewhere in the history */
  replace(messages) {
    this.messages = [];
    this.add(messages);
  }

  /**
   * Receipts only move forward: everything of `senderId` up to here is read, or delivered.
   * @param {(message: Message) => boolean} upTo
   * @param {number} senderId
   * @param {'read_at'|'delivered_at'} field
   * @param {string} at
   */
  mark(upTo, senderId, field, at) {
    let changed = false;
    for (let i = this.messages.length - 1; i >= 0; i -= 1) {
      const message = this.messages[i];
      if (message.sender_id !== senderId || !upTo(message)) continue;
      if (field === 'read_at' ? message.is_read : message.delivered_at) break;
      this.messages[i] =
        field === 'read_at' ? { ...message, is_read: true, read_at: at } : { ...message, delivered_at: at };
      changed = true;
    }
    return changed;
  }

  /**
   * The n-th last message of someone else: where reading left off.
   * @param {number} unread @param {number} me
   */
  firstUnread(unread, me) {
    let left = unread;
    for (let i = this.messages.length - 1; i >= 0 && left > 0; i -= 1) {
      if (this.messages[i].sender_id === me || !this.messages[i].sender_id) continue;
      left -= 1;
      if (left === 0) return this.messages[i].id;
    }
    return unread > 0
      ? (this.messages.find((message) => message.sender_id && message.sender_id !== me)?.id ?? null)
      : null;
  }

  /** @param {number} id first index whose message is not older */
  #place(id) {
    let low = 0;
    let high = this.messages.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.messages[middle].id < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/**
 * The higher revision says what is in it, whichever comes first; receipts only move forward.
 * @param {Message} known @param {Message} next @returns {Message}
 */
function merge(known, next) {
  const [older, newer] = (next.rev ?? 0) < (known.rev ?? 0) ? [next, known] : [known, next];
  return {
    ...older,
    ...Object.fromEntries(Object.entries(newer).filter(([, value]) => value !== null && value !== undefined)),
    ...(newer.is_active === false && GONE),
    is_read: known.is_read || next.is_read,
  };
}
