/** Files that come by dragging: over a room they light up one clear place to drop them. Fetched behind the first draw. */
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { el } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import '../lib/more-icons.js';

/** @param {HTMLElement} view @param {(files: File[]) => void} take @param {{name: string, signal: AbortSignal, guardsPage: boolean}} options */
export function listenForFiles(view, take, { name, signal, guardsPage }) {
  const words = el('p', null, t('room.drop', { name }));
  const zone = el('div', { class: 'drop-zone', hidden: true, 'aria-hidden': 'true' }, icon('attach'), words);
  view.append(zone);
  let depth = 0;
  /** @param {DragEvent} event */
  const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files');
  const hide = () => {
    depth = 0;
    zone.hidden = true;
  };
  view.addEventListener(
    'dragenter',
    (event) => {
      if (!carriesFiles(event)) return;
      depth += 1;
      zone.hidden = false;
    },
    { signal },
  );
  view.addEventListener(
    'dragleave',
    () => {
      depth -= 1;
      if (depth <= 0) hide();
    },
    { signal },
  );
  view.addEventListener('dragover', (event) => carriesFiles(event) && event.preventDefault(), { signal });
  view.addEventListener(
    'drop',
    (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      hide();
      take([...(event.dataTransfer?.files ?? [])]);
    },
    { signal },
  );
  // A file dropped beside the room must not replace the page.
  if (guardsPage)
    for (const name of ['dragover', 'drop']) {
      addEventListener(name, (event) => carriesFiles(/** @type {DragEvent} */ (event)) && event.preventDefault(), {
        signal,
      });
    }
}
