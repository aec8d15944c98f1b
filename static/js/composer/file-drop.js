/** Files that come by dragging: over a room they light up one clear place to drop them. */

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
