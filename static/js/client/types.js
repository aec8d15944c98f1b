/**
 * The shapes this client and the server exchange, as JSDoc types. Nothing here runs.
 *
 * @typedef {{id: number, username: string, full_name: string, avatar?: string|null, is_online?: boolean}} Person
 *
 * @typedef {object} Message
 * @property {number} id              grows with `seq` inside a conversation
 * @property {number} seq
 * @property {number} conversation_id
 * @property {number} sender_id
 * @property {number|null} receiver_id  null in groups
 * @property {string} message
 * @property {string} timestamp       RFC 3339, UTC
 * @property {string|null} [attachment]       its address: fetch it with the Authorization header
 * @property {string|null} [attachment_name]
 * @property {number|null} [attachment_size]  bytes
 * @property {string|null} [attachment_type]  MIME type
 * @property {boolean} is_read
 * @property {string|null} [read_at]
 * @property {string|null} [delivered_at]
 * @property {string|null} [edited_at]
 * @property {number} [rev]           how often it was changed: the higher one is the newer
 * @property {boolean} [is_active]    false once deleted: neither text nor file is left
 * @property {string|null} [client_id]
 * @property {string} [attachment_url]
 * @property {string} [sender_name]
 * @property {string} [sender_username]
 * @property {string|null} [sender_avatar]
 * @property {string} [receiver_name]
 * @property {string} [receiver_username]
 * @property {string|null} [receiver_avatar]
 * @property {'message'|'system'} [kind]
 * @property {{type: string, actor_id: number|null, user_ids: number[], value: unknown}|null} [system]
 * @property {boolean} [silent]        rings nowhere
 *
 * @typedef {object} My  what is one's own about a conversation
 * @property {'owner'|'admin'|'moderator'|'member'} role
 * @property {string[]} can           what one may do: nothing else is offered
 * @property {number} unread_count
 * @property {number} mention_count
 * @property {'all'|'mentions'|'none'} notify
 * @property {string|null} muted_until
 * @property {boolean} all_mentions   also when everyone is mentioned
 * @property {boolean} pinned
 * @property {boolean} archived
 * @property {number|null} unread_from_id
 * @property {{text: string, rev: number}|null} [draft]
 * @property {number} request_count   of those who ask to join, where one decides
 * @property {string|null} joined_at
 * @property {Person|null} added_by  where one was not there before
 * @property {number} [rev]
 *
 * @typedef {object} Group  a conversation of several people, as the server shows any conversation
 * @property {number} id
 * @property {'group'|'direct'} kind
 * @property {'direct'|'group'|'announcement'|'public'} preset
 * @property {string|null} name
 * @property {string|null} avatar
 * @property {string|null} about
 * @property {number} member_count
 * @property {Person[]} preview       a few of the others
 * @property {{receipts: boolean}} policy
 * @property {'open'|'frozen'|'closed'} state
 * @property {number} slow_secs
 * @property {number|null} owner_id
 * @property {Message|null} last_message
 * @property {number} rev
 * @property {My} my
 *
 * @typedef {object} Outside  a conversation as somebody sees it who is not in it
 * @property {Group['preset']} preset
 * @property {string|null} name
 * @property {string|null} avatar
 * @property {string|null} about
 * @property {number} member_count
 *
 * @typedef {{user: Person, role: My['role'], state: string, silenced_until: string|null, rev: number}} Member
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
