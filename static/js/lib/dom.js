/**
 * Building elements. Text goes in as text nodes only, so nothing a person wrote can become markup.
 */

/** @typedef {Node|string|number|null|undefined|false} Child */

/**
 * el('button', {class: 'button', 'aria-label': 'Send', onclick: send, '.value': 'x'}, 'Send')
 * Keys: `on…` listeners, `.name` properties, everything else attributes (null and false are left out).
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>|null} [props]  any: attributes, listeners and properties of all elements
 * @param {...(Child|Child[])} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (key.startsWith('.')) Object.assign(node, { [key.slice(1)]: value });
    else node.setAttribute(key, value === true ? '' : String(value));
  }
  node.append(...kept(children));
  return node;
}

/** @param {Element|DocumentFragment} parent @param {...(Child|Child[])} children */
export function fill(parent, ...children) {
  parent.replaceChildren(...kept(children));
}

/** @param {(Child|Child[])[]} children */
function kept(children) {
  return children
    .flat()
    .filter((child) => child !== null && child !== undefined && child !== false && child !== '')
    .map((child) => (child instanceof Node ? child : String(child)));
}

/**
 * Makes the children of `parent` exactly `wanted`, moving as little as possible: a node already in its
 * place is not touched, so focus, selection and running animations survive.
 * @param {Element} parent @param {Node[]} wanted
 */
export function arrange(parent, wanted) {
  const keep = new Set(wanted);
  for (const node of [...parent.childNodes]) if (!keep.has(node)) node.remove();
  let place = parent.firstChild;
  for (const node of wanted) {
    if (node === place) place = place.nextSibling;
    else parent.insertBefore(node, place);
  }
}
