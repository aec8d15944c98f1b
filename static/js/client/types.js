/**
 * The shapes this client and the server exchange, as JSDoc types. Nothing here runs.
 *
 * What the server sends stands in its OpenAPI document alone, from which `make contract` makes api.d.ts; here is said
 * only what the page does otherwise.
 *
 * @import * as Api from '../../../tests/frontend/api.d.ts'
 *
 * @typedef {Pick<Api.Person, 'id'|'username'|'full_name'> & Partial<Api.Person>} Person
 *
 * @typedef {Api.MessageData & Partial<Api.Message>} Message  as a call or an event shows it, which says less
 *
 * @typedef {Omit<Api.MyConversation, 'draft'> & {draft: Pick<Api.Draft, 'text'|'rev'>|null}} My  what is one's own about a conversation
 *
 * @typedef {Omit<Api.FullConversation, 'last_message'|'my'> & {last_message: Message|null, my: My}} Group  a conversation of several people, as the server shows any
 *
 * @typedef {Pick<Group, 'preset'|'name'|'avatar'|'about'|'member_count'>} Outside  a conversation as somebody sees it who is not in it
 *
 * @typedef {Api.Member} Member
 *
 * @typedef {object} Conversation
 * @property {number} conversation_id
 * @property {Person} [other_user]    in a direct one
 * @property {Group} [group]          in one of several people
 * @property {My} [my]
 * @property {string} [last_sender]   in one of several people
 * @property {Message['system']} [system]   what the last message tells of
 * @property {number} [mention_count]
 * @property {string} last_message
 * @property {string|null} last_message_at
 * @property {boolean} last_message_by_me
 * @property {number} unread_count
 * @property {number} [last_message_id]
 *
 * @typedef {{messages: Message[], has_more: boolean, conversation_id?: number|null, other_user?: Person}} Page
 * @typedef {object} Change  what a store tells its listeners
 * @property {'loaded'|'people'|'rooms'|'begun'|'history'|'message'|'changed'|'receipt'|'typing'|'group'|'member'|'removed'|'seen'|'draft'} kind
 * @property {number} conversationId  this and what follows is there where it fits the kind
 * @property {number} was             the provisional id, where a conversation has begun
 * @property {number} userId          whose name, picture or presence changed
 * @property {Message[]} messages
 * @property {boolean} isNew          the message was not known yet
 * @property {boolean} mine
 * @property {Member} member
 * @property {Record<string, number>} read  person → message
 *
 * @typedef {{kind: 'items'|'progress'|'failed', item?: Outgoing}} OutboxChange
 *
 * @typedef {{id: string|number, event: string, data: any, timestamp?: string}} ChatEvent  any: each kind of event has data of its own
 * @typedef {{id: number, title: string, message: string, notification_type?: string, timestamp?: string}} Notice
 * @typedef {{user: Person, conversations: Conversation[], groups?: {results: Group[]}, next?: string|null, notifications?: Notice[], cursor: string}} Snapshot
 * @typedef {{events: ChatEvent[], cursor?: string, more?: boolean, wait?: number, superseded?: boolean}} PollAnswer
 *
 * @typedef {object} Outgoing  one message waiting to be accepted
 * @property {string} client_id
 * @property {number} user_id         who sends
 * @property {number} conversation_id  where to; the provisional one of before it began, where it had not
 * @property {number} receiver_id   0 in groups
 * @property {number} [draft_rev]     of the draft that it was
 * @property {string} message
 * @property {Blob|null} file
 * @property {string|null} file_name
 * @property {number} order           place in the line; grows
 * @property {number} created_at      epoch milliseconds
 * @property {'pending'|'failed'} state
 * @property {string|null} error      why it failed, an error code
 * @property {string|null} detail     the same in the server's words
 * @property {number} [progress]      0…1 while a file goes up (not stored)
 *
 * @typedef {'connecting'|'online'|'waiting'|'signed-out'|'stopped'} PollState
 * @typedef {{state: PollState, retryAt?: number|null, attempt?: number, code?: string}} PollStatus
 *
 * @typedef {{code: string, status: number, retryAfterSecs?: number|null}} Failure
 */
export {};
