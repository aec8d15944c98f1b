/** What is pasted: text, pictures, or too much text. */
import { t } from '../i18n/index.js';
import '../i18n/later.js';

/**
 * Plain text pastes as it is; pictures, and text too long for a message, become files.
 * @param {ClipboardEvent} event @param {import('../elements/types.js').App} app @param {(files: File[]) => void} take
 */
export function pasted(event, app, take) {
  const files = [...(event.clipboardData?.files ?? [])];
  const text = event.clipboardData?.getData('text/plain') ?? '';
  const isTooLong = [...text].length > app.limits.message_chars;
  if (!isTooLong && (files.length === 0 || text)) return;
  event.preventDefault();
  take(isTooLong ? [new File([text], 'text.txt', { type: 'text/plain' })] : files);
  if (isTooLong) app.say(t('composer.asFile'));
}
