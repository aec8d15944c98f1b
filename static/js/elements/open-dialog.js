/** Dialogs are fetched when first wanted. @param {any} app @param {'switcher'|'shortcuts'|'settings'} name */
export async function openDialog(app, name) {
  const { show } = await import(`./dialog-${name}.js`);
  show(app);
}
