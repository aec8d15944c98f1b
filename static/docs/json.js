/* JSON with a class for each sort of token, as the server writes it into the page; made of text nodes only. */

const TOKEN =
  /(?<key>"(?:[^"\\]|\\.){0,65536}")(?=\s{0,8}:)|(?<text>"(?:[^"\\]|\\.){0,65536}"?)|(?<word>\b(?:true|false|null)\b)|(?<number>-?\d[\d.eE+-]{0,64})/gu;

/** @param {string} text JSON, already laid out */
export function highlighted(text) {
  const code = document.createElement('code');
  let at = 0;
  for (const found of text.matchAll(TOKEN)) {
    const [kind] = Object.entries(found.groups ?? {}).find(([, value]) => value !== undefined) ?? ['text'];
    const span = document.createElement('span');
    span.className = `json-${kind}`;
    span.textContent = found[0];
    code.append(text.slice(at, found.index), span);
    at = found.index + found[0].length;
  }
  code.append(text.slice(at));
  return code;
}
