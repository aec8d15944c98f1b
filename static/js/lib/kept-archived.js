/** Which conversations were put aside: the list that comes first does not say it of direct ones. Fetched behind the first draw. */
import { read, write } from './storage.js';

/** @param {import('../client/store.js').Store} store @param {AbortSignal} signal */
export function keepArchived(store, signal) {
  const key = `chat.archived.${store.me?.id}`;
  store.onChange(({ kind }) => {
    if (kind !== 'rooms') return;
    const ids = [...store.conversations.keys()].filter((id) => store.isArchived(id));
    if (String(ids) !== String(read(key).ids)) write(key, { ids });
  }, signal);
}
