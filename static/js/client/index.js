/** What other pages may import. */
export { Accounts } from './accounts.js';
export { Api, ApiError } from './api.js';
export { ChatClient } from './chat.js';
export { Leader } from './leader.js';
export { Outbox } from './outbox.js';
export { Poller } from './poller.js';
export { memoryStorage, openStorage } from './outbox-storage.js';
export { Store } from './store.js';
export { Thread } from './thread.js';
