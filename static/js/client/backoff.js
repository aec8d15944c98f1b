/** How long to wait before try n: full jitter below a doubling, capped bound; a server's Retry-After is kept to. */

const FIRST_MS = 1000;
const CAP_MS = 30_000;
const FLOOR_MS = 250;

/**
 * @param {number} attempt 1 for the first failure
 * @param {{retryAfterSecs?: number|null, random?: () => number}} [options]
 */
export function backoffMs(attempt, { retryAfterSecs = null, random = Math.random } = {}) {
  const bound = Math.min(CAP_MS, FIRST_MS * 2 ** Math.min(attempt - 1, 10));
  const spread = FLOOR_MS + random() * (bound - FLOOR_MS);
  // A little on top of Retry-After, so that a thousand pages told "5" do not come back in one instant.
  return retryAfterSecs === null ? spread : Math.min(retryAfterSecs * 1000, 120_000) + spread / 4;
}

/** @param {number} ms @param {AbortSignal} [signal] resolves early when aborted @returns {Promise<void>} */
export function pause(ms, signal) {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
    signal?.addEventListener('abort', done);
  });
}

/** @template T @param {() => Promise<T>} work tried until it succeeds @param {AbortSignal} signal @returns {Promise<T|undefined>} nothing once aborted, or refused for good */
export async function untilDone(work, signal) {
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Object && 'isTemporary' in error && !error.isTemporary) return;
      await pause(backoffMs(attempt), signal);
    }
  }
}
