/** Sending a file and telling how far it got: fetch reports no upload progress, XMLHttpRequest does. Fetched when first wanted. */
import { ApiError, readAnswer, UPLOAD_TIMEOUT_MS } from './api.js';

/**
 * @param {string} url
 * @param {{headers: Record<string, string>, form: FormData, file: Blob, signal?: AbortSignal, onProgress?: (share: number) => void}} options
 * @returns {Promise<import('./types.js').Message>}
 */
export function upload(url, { headers, form, file, signal, onProgress }) {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open('POST', url);
    for (const [name, value] of Object.entries(headers)) call.setRequestHeader(name, value);
    call.timeout = UPLOAD_TIMEOUT_MS;
    call.upload.onprogress = (event) => event.lengthComputable && onProgress?.(event.loaded / event.total);
    call.onload = () => {
      try {
        const header = (/** @type {string} */ name) => call.getResponseHeader(name);
        resolve(readAnswer({ status: call.status, header, text: call.responseText }));
      } catch (error) {
        reject(error);
      }
    };
    // A file that has changed or gone since it was attached fails like a network does; only reading it tells which.
    call.onerror = () =>
      file
        .slice(0, 1)
        .arrayBuffer()
        .then(
          () => reject(new ApiError({ code: 'network' })),
          () => reject(new ApiError({ status: 400, code: 'file_gone' })),
        );
    call.ontimeout = () => reject(new ApiError({ code: 'timeout' }));
    call.onabort = () => reject(signal?.reason ?? new ApiError({ code: 'network' }));
    if (signal?.aborted) return reject(signal.reason);
    signal?.addEventListener('abort', () => call.abort(), { once: true });
    call.send(form);
  });
}
