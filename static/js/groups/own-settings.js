/** What is one's own about a conversation is kept on the server, so that it holds on all devices. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import { mutedOfBefore } from '../lib/conversation-prefs.js';
import { reasonOf } from '../lib/reasons.js';

/** As long as a date can say; and one that is over, which ends a silence. */
export const FOR_EVER = '9999-12-31T23:59:59.000Z';
export const OVER = '2000-01-01T00:00:00.000Z';

/**
 * @param {import('../elements/types.js').App} app @param {number} id @param {object} wishes as PATCH conversations/{id}/me/ takes them
 * @param {string} [done] what is said then @returns {Promise<boolean>}
 */
export async function kept(app, id, wishes, done = '') {
  try {
    app.store.regroup(await app.api.of('PATCH', id, 'me/', { json: wishes }));
    if (done) app.say(done);
    return true;
  } catch (error) {
    const reason = reasonOf(/** @type {import('../client/api.js').ApiError} */ (error));
    app.say(t('groups.failed', { reason }), { urgent: true });
    return false;
  }
}

/** Until the server kept them, each browser had muted conversations of its own: told once, then forgotten. @param {import('../elements/types.js').PageApp} app */
export async function sendMutedOfBefore(app) {
  const { ids, forget } = mutedOfBefore(app.me.id);
  const known = ids.map((id) => app.store.presentId(id)).filter((id) => app.store.conversations.has(id));
  const answers = await Promise.allSettled(
    known.map((id) => app.api.of('PATCH', id, 'me/', { json: { muted_until: FOR_EVER } })),
  );
  for (const answer of answers) if (answer.status === 'fulfilled') app.store.regroup(answer.value);
  if (answers.every(({ status }) => status === 'fulfilled')) forget();
}
