/** Why something was refused: in the server's words, else in ours. A proxy on the way has none that are of use. */
import { t } from '../i18n/index.js';
import '../i18n/later.js';

/** @param {{code?: string, detail?: string|null}} error an ApiError, or what was kept of one @returns {string} */
export function reasonOf({ code = '', detail }) {
  if (detail) return detail;
  const words = t(`reason.${code}`);
  if (words !== `reason.${code}`) return words;
  const [, status] = /^http_(\d{3})$/u.exec(code) ?? [];
  return status ? t('reason.http', { status }) : t('reason.network');
}
