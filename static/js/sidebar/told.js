/** What happened in a conversation stands in the list in the reader's language, as it does in the room. Fetched behind the first draw, its words with the first such line. */

/** @param {import('../elements/types.js').PageApp} app @param {AbortSignal} signal */
export function tellInRows(app, signal) {
  const { store } = app;
  const tell = async () => {
    if (![...store.conversations.values()].some((row) => row.system)) return;
    const { wordsOf } = await import('../groups/system-lines.js');
    let isNews = false;
    for (const row of store.conversations.values()) {
      const said = row.system ? wordsOf({ system: row.system, message: row.last_message }, { app }) : row.last_message;
      isNews ||= said !== row.last_message;
      row.last_message = said;
    }
    if (isNews && !signal.aborted)
      /** @type {import('../elements/chat-sidebar.js').ChatSidebar|null} */ (
        app.querySelector('chat-sidebar')
      )?.redraw();
  };
  store.onChange(tell, signal);
  tell();
}
