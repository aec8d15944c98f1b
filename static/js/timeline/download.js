/** A file of a message onto the reader's disk. Fetched when first wanted. */
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { el } from '../lib/dom.js';

/** @param {import('../elements/types.js').Shown} message @param {string} name @param {import('../elements/types.js').App} app */
export async function download(message, name, app) {
  try {
    const blob = message.file ?? (await app.api.file(message.attachment_url ?? message.attachment ?? ''));
    // Never as a document of this origin, whatever it claims to be.
    const url = URL.createObjectURL(new Blob([blob], { type: 'application/octet-stream' }));
    el('a', { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  } catch {
    app.say(t('message.fileFailed'), { urgent: true });
  }
}
