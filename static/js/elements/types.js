/**
 * What the elements know of the application around them, as JSDoc types. Nothing here runs.
 *
 * @typedef {import('../client/types.js').Message} Message
 * @typedef {import('../client/types.js').Outgoing} Outgoing
 * @typedef {import('./chat-app.js').ChatApp} PageApp   the whole page
 *
 * @typedef {object} AppParts  what a room needs of its application, the page's or that of somebody else's page
 * @property {import('../client/api.js').Api} api
 * @property {import('../client/store.js').Store} store
 * @property {import('../client/chat.js').ChatClient} chat
 * @property {import('../client/types.js').Person} me
 * @property {{message_chars: number, attachment_bytes: number}} limits
 * @property {boolean} isEmbedded
 * @property {() => Node[]} [headTools]  buttons that an embedded room adds to its head
 * @property {(text: string, options?: {urgent?: boolean, silent?: boolean}) => void} say
 * @typedef {EventTarget & ParentNode & AppParts} App
 *
 * @typedef {import('../client/types.js').Person|import('../client/types.js').Group} Face  whose name and picture stand for a conversation
 *
 * @typedef {Partial<Omit<Message, 'created_at'>>} Accepted
 * @typedef {Partial<Omit<Outgoing, 'client_id'|'receiver_id'|'created_at'>>} Waiting
 * @typedef {Accepted & Waiting & {created_at?: string|number}} Shown  a message, or one that waits to be one, made at epoch milliseconds
 */
export {};
