/** What belongs to an input method, not to us. */

/**
 * Keys of an input method belong to it: Enter and Escape mean the words that are being composed, and nothing of ours.
 * @param {EventTarget} root nothing inside gets them @param {AbortSignal} [signal]
 */
export function leaveToInputMethods(root, signal) {
  const leave = (/** @type {Event} */ event) => {
    const { isComposing, keyCode, key } = /** @type {KeyboardEvent} */ (event);
    if (!isComposing && keyCode !== 229) return;
    event.stopImmediatePropagation();
    // Dialogs close and search fields empty themselves by it.
    if (key === 'Escape') event.preventDefault();
  };
  root.addEventListener('keydown', leave, { capture: true, signal });
}
