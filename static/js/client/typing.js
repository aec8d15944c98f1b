/** Who writes where. A note that is never taken back runs out by itself. */

export class Typing {
  /** Who until when, epoch ms, by conversation. @type {Map<number, Map<number, number>>} */ #until = new Map();

  /** @param {number} secs how long a note holds @param {() => number} now */
  constructor(secs, now) {
    this.secs = secs;
    this.now = now;
  }

  /** @param {{sender_id: number, is_typing: boolean, conversation_id: number}} note */
  heard({ sender_id, is_typing, conversation_id }) {
    const until = this.#until.get(conversation_id) ?? new Map();
    this.#until.set(conversation_id, until);
    if (is_typing) until.set(sender_id, this.now() + this.secs * 1000);
    else until.delete(sender_id);
  }

  /** What was written has come. @param {number} conversationId @param {number} userId */
  ended(conversationId, userId) {
    this.#until.get(conversationId)?.delete(userId);
  }

  /** @param {number} conversationId @returns {number[]} their ids */
  in(conversationId) {
    const until = [...(this.#until.get(conversationId) ?? [])];
    return until.filter(([, moment]) => moment > this.now()).map(([id]) => id);
  }
}
