/** Files that come by dragging or pasting. Dragged over a room they light up one clear place to drop them. */
import { t } from '../i18n/index.js';

/** @param {HTMLElement} view @param {(files: File[]) => void} take @param {{signal: AbortSignal, guardsPage: boolean}} options */
export function listenForFiles(view, take, { signal, guardsPage }) {
  const zone = /** @type {HTMLElement} */ (view.querySelector('.drop-zone'));
  let depth = 0;
  /** @param {DragEvent} event */
  const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files');
  const hide = () => {
    depth = 0;
    zone.hidden = true;
  };
  view.addEventListener('dragenter', (event) => {
    if (!carriesFiles(event)) return;
    depth += 1;
    zone.hidden = false;
  }, { signal });
  view.addEventListener('dragleave', () => {
    depth -= 1;
    if (depth <= 0) hide();
  }, { signal });
  view.addEventListener('dragover', (event) => carriesFiles(event) && event.preventDefault(), { signal });
  view.addEventListener('drop', (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    hide();
    take([...(event.dataTransfer?.files ?? [])]);
  }, { signal });
  // A file dropped beside the room must not replace the page.
  if (guardsPage) for (const name of ['dragover', 'drop']) {
    addEventListener(name, (event) => carriesFiles(/** @type {DragEvent} */ (event)) && event.preventDefault(), { signal });
  }
}

/**
 * Plain text pastes as it is; pictures, and text too long for a message, become files.
 * @param {ClipboardEvent} event @param {any} app @param {(files: File[]) => void} take
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
