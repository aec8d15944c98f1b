/** Whoever followed an invitation, before or after signing in, is shown what it opens. Fetched behind the first draw. */
import { recalled, storage } from '../client/accounts.js';

/** @param {import('./types.js').PageApp} app @param {AbortSignal} signal */
export function listenForInvites(app, signal) {
  const follow = async () => {
    if (!recalled('chat.join', storage('sessionStorage'))) return;
    const { followInvite } = await import('../groups/join.js');
    if (!signal.aborted) followInvite(app);
  };
  addEventListener('invite', follow, { signal });
  follow();
}
