/** The page's own styles for a shadow root: nothing of them reaches the host's page, nothing of the host's comes in. */

const FILES = [
  'tokens',
  'reset',
  'base',
  'buttons',
  'forms',
  'rooms',
  'timeline',
  'composer',
  'dialog',
  'groups',
  'status',
  'utilities',
  'embed',
];
/** @type {Promise<CSSStyleSheet[]>|null} */ let loading = null;

/** @returns {Promise<CSSStyleSheet[]>} fetched once for all rooms of a page */
export function styles() {
  loading ??= Promise.all(FILES.map(sheet)).catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

/** @param {string} name */
async function sheet(name) {
  const answer = await fetch(new URL(`../../css/${name}.css`, import.meta.url), { credentials: 'omit' });
  if (!answer.ok) throw new Error(`${name}.css: ${answer.status}`);
  const made = new CSSStyleSheet();
  made.replaceSync(scoped(await answer.text()));
  return made;
}

/**
 * Narrow is the room, not the window; and a host whose root font is not 16 px sets the size by one property.
 * @param {string} css
 */
export function scoped(css) {
  return css
    .replaceAll('@media (width < 45rem)', '@container (width < 45rem)')
    .replaceAll(
      /(@(?:media|container)[^{]{0,500})|(-?(?:\d{1,4}(?:\.\d{1,6})?|\.\d{1,6}))rem\b/gu,
      (_, rule, length) => rule ?? `calc(${length} * var(--chat-rem, 1rem))`,
    );
}
