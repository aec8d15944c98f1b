/** Tells the host's page what happens in its room. */

/**
 * @param {import('../client/chat.js').ChatClient} chat @param {number} id the room's conversation
 * @param {HTMLElement} element @param {(unread: number) => void} onCount @param {AbortSignal} signal
 */
export function tellRoomEvents(chat, id, element, onCount, signal) {
  const { store } = chat;
  const row = () => store.conversations.get(store.presentId(id));
  const count = () => onCount(row()?.unread_count ?? 0);
  let newestId = row()?.headId ?? 0;
  store.onChange((change) => {
    if (change.conversationId !== undefined && change.conversationId !== store.presentId(id)) return;
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
  }, signal);
  count();
}
