/** Tells the host's page what happens in its room. */

/**
 * @param {import('../client/chat.js').ChatClient} chat @param {number} userId the other person in the room
 * @param {HTMLElement} element @param {(unread: number) => void} onCount @param {AbortSignal} signal
 */
export function watch(chat, userId, element, onCount, signal) {
  const count = () => onCount(chat.store.conversations.get(userId)?.unread_count ?? 0);
  let newestId = chat.store.conversations.get(userId)?.headId ?? 0;
  chat.store.addEventListener(
    'change',
    (/** @type {any} */ { detail: change }) => {
      if (change.userId !== undefined && change.userId !== userId) return;
      count();
      if (change.kind !== 'message' || change.messages[0].id <= newestId) return;
      newestId = change.messages[0].id;
      element.dispatchEvent(
        new CustomEvent('message', {
          bubbles: true,
          composed: true,
          detail: { message: change.messages[0], mine: change.mine },
        }),
      );
    },
    { signal },
  );
  count();
}
