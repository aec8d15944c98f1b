/** A page that is hidden, put aside and brought back. */

/**
 * @param {() => {nudge: () => void, close: () => void}|null} alive what there is to wake, and to let go
 * @param {() => void} again  the page is back, and nothing in it lives any more
 * @param {AbortSignal} signal
 */
export function listenForLifecycle(alive, again, signal) {
  addEventListener('online', () => alive()?.nudge(), { signal });
  document.addEventListener('visibilitychange', () => !document.hidden && alive()?.nudge(), { signal });
  // One that a browser keeps for going back to would go on leading the tabs that are still alive.
  addEventListener('pagehide', () => alive()?.close(), { signal });
  addEventListener('pageshow', (event) => event.persisted && again(), { signal });
}
