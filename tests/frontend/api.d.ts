// Made by `make contract` from the OpenAPI document: change the Structs in handlers/ instead.

export type Register = {
  /** 2 to 32 letters a-z, digits, dots, dashes and underscores; unique whatever its case. */
  username: string;
  /** Length is what makes it good. None of the 10,000 that are tried first, and not the username. */
  password: string;
  /** The name shown: 1 to 100 visible characters on one line, at most 4 marks on a letter, nothing that turns the direction of the text around it. */
  full_name?: string | null;
};

export type Login = {
  /** In any spelling of its case; spaces around it do not count. */
  username: string;
  password: string;
  /** What to call this device in the list of sessions; left out: its User-Agent. */
  device?: string | null;
  /** Put the token into a cookie, which scripts cannot read, instead of the answer. For pages of the server's own origin; send `X-Requested-With` (any value) with this, and every POST, PUT, PATCH and DELETE. */
  cookie?: boolean;
};

export type HostSignIn = {
  /** A JWT by the host application, with `sub`, `exp`, `aud`, perhaps `name` and more. */
  token: string;
};

export type Guest = {
  /** The name shown: 1 to 100 visible characters on one line, at most 4 marks on a letter, nothing that turns the direction of the text around it. */
  full_name?: string | null;
};

/** What is left out, or null, stays as it is. */
export type Profile = {
  /** The name shown: 1 to 100 visible characters on one line, at most 4 marks on a letter, nothing that turns the direction of the text around it. */
  full_name?: string | null;
  /** An http or https address of at most 500 characters; empty removes the picture. */
  avatar?: string | null;
};

export type NewPassword = {
  /** The present one. */
  password: string;
  /** Length is what makes it good. None of the 10,000 that are tried first, and not the username. */
  new_password: string;
};

export type Leave = {
  /** The present one. Left out by those whose account has none. */
  password?: string;
};

/** A receiver or a conversation, and a text or a file. */
export type Send = {
  /** The person it is for. */
  receiver_id?: number | null;
  /** The old name of `receiver_id`. */
  receiver?: number | null;
  /** The same person by the id that the application around the chat has of them. */
  receiver_sub?: string | null;
  /** In place of `receiver_id`: a conversation of two or of many. */
  conversation_id?: number | null;
  /** The text, stored and returned exactly. Once trimmed 1 to 4,000 characters, unless the server says otherwise (`limits.message_chars`); it may be empty beside an attachment. */
  message?: string;
  /** A small file as a base64 `data:` URL. Larger ones go as a file in multipart/form-data. */
  attachment?: string | null;
  /** Your own key for this message: a repeat with the same key gives the first result. */
  client_id?: string | null;
  /** The `rev` of the draft that it was: put away, if it is the newest still. */
  draft_rev?: number | null;
};

export type Edit = {
  /** The new text, under the rules of a new one; it may be empty beside an attachment. */
  message: string;
};

/** Exactly one of these. */
export type MarkRead = {
  /** Read up to the highest known of them; unknown ids are ignored. May be empty beside another key. */
  message_ids?: Array<number> | null;
  /** Everything in this conversation. */
  conversation_id?: number | null;
  /** Everything in the conversation with them. */
  sender_id?: number | null;
};

/** A person or a conversation. */
export type Typing = {
  /** The person it is for. */
  receiver_id?: number | null;
  /** The conversation it is in. */
  conversation_id?: number | null;
  /** The old name of `receiver_id`. */
  receiver?: number | null;
  /** The same person by the id that the application around the chat has of them. */
  receiver_sub?: string | null;
  /** False when they stop before sending. */
  is_typing?: boolean;
};

export type Begin = {
  /** What its policy begins as. `direct` opens the conversation with one other person. */
  preset: "announcement" | "direct" | "group" | "public";
  /** Your own key for this conversation: a repeat with the same key gives the first one. Required, except for `direct`. */
  client_id?: string | null;
  /** 1 to 100 visible characters, under the rules of a person's name. */
  name?: string | null;
  /** Who else is in it from the start. */
  member_ids?: Array<number>;
  /** What differs from the preset. */
  policy?: PolicyChange | null;
  /** Yours to choose: at most 4 KB as JSON, nested at most 5 deep; never looked into. */
  data?: Record<string, unknown> | null;
};

/** The lowest role that may do each. What is left out, or null, stays as it is. */
export type PolicyChange = {
  send?: "admin" | "member" | "moderator" | "nobody" | null;
  react?: "admin" | "member" | "moderator" | "nobody" | null;
  attach?: "admin" | "member" | "moderator" | "nobody" | null;
  mention_all?: "admin" | "member" | "moderator" | "nobody" | null;
  pin?: "admin" | "member" | "moderator" | "nobody" | null;
  invite?: "admin" | "member" | "moderator" | "nobody" | null;
  edit_info?: "admin" | "member" | "moderator" | "nobody" | null;
  see_members?: "admin" | "member" | "moderator" | "nobody" | null;
  leave?: "admin" | "member" | "moderator" | "nobody" | null;
  /** What those see who join from now on: all, or from when they joined. */
  history?: "all" | "joined" | null;
  join?: "invite" | "open" | "request" | null;
  listed?: boolean | null;
  receipts?: boolean | null;
};

/** What is left out, or null, stays as it is. */
export type ConversationChange = {
  /** Empty takes it away. */
  name?: string | null;
  /** What it is for: at most 500 characters; empty takes it away. */
  about?: string | null;
  /** An http or https address of at most 500 characters; empty takes it away. */
  avatar?: string | null;
  policy?: PolicyChange | null;
  /** Yours to choose: at most 4 KB as JSON, nested at most 5 deep; never looked into. */
  data?: Record<string, unknown> | null;
  /** `frozen`: only admins speak. */
  state?: "frozen" | "open" | null;
  /** One message in so many seconds from each member; 0: any. Moderators are exempt. */
  slow_secs?: number | null;
  /** Change it only if it is still at this `rev`. */
  rev?: number | null;
};

export type ChosenPicture = {
  /** A PNG of at most 256 × 256 pixels and 45,000 bytes, as a `data:image/png;base64,` URL. */
  picture: string;
};

export type Owner = {
  /** A member. */
  user_id: number;
};

export type MemberChange = {
  /** Below your own. */
  role?: "admin" | "member" | "moderator" | null;
  /** A time: until then they say nothing. Empty, or one that is over: they may again. */
  silenced_until?: string | null;
};

export type Ban = {
  /** A time; left out: for good. */
  until?: string | null;
  /** For those who decide. */
  reason?: string | null;
  /** What they wrote here in so many seconds before now is deleted: at most 7 days. */
  delete_messages_secs?: number;
};

/** What is left out, or null, stays as it is. */
export type OwnSettings = {
  /** What you want to be told of. */
  notify?: "all" | "mentions" | "none" | null;
  /** Silent until then; a time that is over ends it. */
  muted_until?: string | null;
  /** Whether a mention of everybody is one of you. */
  all_mentions?: boolean | null;
  /** Before all others in your list; at most 20 may be. */
  pinned?: boolean | null;
  /** Out of your list, whatever comes. */
  archived?: boolean | null;
  /** Out of your list until the next message. */
  hidden?: boolean | null;
  /** True: all that was said until now is gone, for you alone and for good. */
  cleared?: boolean | null;
  /** From this message on you call it unread, until you read again. */
  unread_from_id?: number | null;
};

export type KeepDraft = {
  /** As far as you came; at most as long as a message. Empty: there is none any more. */
  text?: string;
  /** The message that it answers. */
  reply_to_id?: number | null;
  /** That of the draft which it takes the place of; 0 for none. */
  rev?: number;
};

export type Read = {
  /** You have read everything up to it. */
  message_id: number;
  /** Nobody is told; it counts for yourself alone. */
  private?: boolean;
};

/** All of it may be left out. */
export type NewInvite = {
  /** How long it is good: at most 30 days. */
  max_age_secs?: number;
  /** How many people it lets in. */
  uses?: number;
  /** Your own key for this invite: a repeat with the same key gives the first one. */
  client_id?: string | null;
};

export type InviteCode = {
  /** As the link has it. */
  code: string;
};

/** Somebody, and what to tell them. */
export type Notify = {
  title: string;
  message: string;
  /** For the page to tell kinds apart; yours to choose. */
  notification_type?: string;
  /** The person it is for. */
  receiver_id?: number | null;
  /** The same person by your own id. */
  receiver_sub?: string | null;
  /** Your own key for this notification: a repeat with the same key gives the first one. */
  client_id?: string | null;
};

export type NewKey = {
  /** What it is for, on one line. */
  name: string;
  /** What it may do: none that the key which asks has not. */
  scopes: Array<"conversations:read" | "conversations:write" | "erase" | "export" | "import" | "keys" | "messages:read" | "messages:write" | "moderation" | "notifications" | "users:read" | "users:write" | "webhooks">;
  /** For how long it is good; left out: until it is revoked. */
  expires_in_secs?: number | null;
  /** Addresses and networks (10.0.0.0/8) from which it is good; none: from anywhere. */
  networks?: Array<string>;
};

export type Rotate = {
  /** How long the former one is still good. */
  overlap_secs?: number;
};

/** What is left out stays as it is, null clears it. */
export type HostProfile = {
  /** The name shown: 1 to 100 visible characters on one line, at most 4 marks on a letter, nothing that turns the direction of the text around it. */
  name?: string | null;
  /** An http or https address of at most 500 characters. */
  avatar?: string | null;
  /** Shown to nobody but the host. */
  email?: string | null;
  /** A language tag, such as pt-BR. */
  locale?: string | null;
  /** A time zone, such as Europe/Berlin. */
  tz?: string | null;
  /** 1 to 64 letters a-z, digits, dots, dashes and underscores. */
  role?: string | null;
  /** Where the setting `contact` is `host`: whom they may write to first. At most 200 subs and `role:NAME`s, or `everyone`; nobody without it. */
  may_contact?: "everyone" | Array<string> | null;
  /** Yours, at most 4 KiB, replaced as a whole, never looked into. */
  data?: Record<string, unknown> | null;
};

export type HostPeople = {
  users: Array<HostPerson>;
};

export type HostPerson = {
  /** The name shown: 1 to 100 visible characters on one line, at most 4 marks on a letter, nothing that turns the direction of the text around it. */
  name?: string | null;
  /** An http or https address of at most 500 characters. */
  avatar?: string | null;
  /** Shown to nobody but the host. */
  email?: string | null;
  /** A language tag, such as pt-BR. */
  locale?: string | null;
  /** A time zone, such as Europe/Berlin. */
  tz?: string | null;
  /** 1 to 64 letters a-z, digits, dots, dashes and underscores. */
  role?: string | null;
  /** Where the setting `contact` is `host`: whom they may write to first. At most 200 subs and `role:NAME`s, or `everyone`; nobody without it. */
  may_contact?: "everyone" | Array<string> | null;
  /** Yours, at most 4 KiB, replaced as a whole, never looked into. */
  data?: Record<string, unknown> | null;
  sub: string;
};

export type NewSession = {
  /** What to call it in the list of sessions. */
  device?: string;
};

export type Subs = {
  subs: Array<string>;
};

/** What is left out stays as it is, null clears it. */
export type PutConversation = {
  /** 1 to 100 visible characters, under the rules of a person's name. */
  title?: string | null;
  /** Yours to choose: at most 4 KB as JSON, nested at most 5 deep; never looked into. */
  data?: Record<string, unknown> | null;
  /** What its policy begins as; `group`, unless you say otherwise when you make it. */
  preset?: "announcement" | "group" | "public" | null;
  /** What differs from the preset. */
  policy?: PolicyChange | null;
  /** Your own ids of people, all of whom you have put before. */
  members?: Array<string> | null;
  /** `add`, the default: nobody is removed. `exact`: `members` are all who are to be in it. */
  mode?: "add" | "exact" | null;
};

export type PutMember = {
  /** Left out: as it is, `member` for who is new. */
  role?: "admin" | "member" | "moderator" | null;
};

export type HostSend = {
  /** Your own key of this message: what is repeated with it is stored once. */
  client_id: string;
  /** As long as anybody's. */
  message: string;
  /** `system`: a line that nobody wrote; unread for nobody, and not to one person. */
  as: "system" | Speaker;
  /** Your own id of it. */
  conversation?: string | null;
  /** To one person instead. */
  receiver_sub?: string | null;
  /** Unread as any other, but no device rings or shows a notification. */
  silent?: boolean;
};

export type Speaker = {
  /** One of your people, who is in the conversation. */
  sub?: string | null;
  /** A name of yours, under the rules of a person's: made at its first word. */
  bot?: string | null;
};

export type HostEdit = {
  /** What it says then. */
  message: string;
  /** Why; for the audit alone. */
  reason?: string | null;
};

export type Reason = {
  /** Why; for the audit alone. */
  reason?: string | null;
};

export type HostBan = {
  /** A time; for good without one. */
  until?: string | null;
  /** Only these, by your own ids; left out: everywhere. */
  conversations?: Array<string> | null;
  /** Why; for the audit alone. */
  reason?: string | null;
};

export type HostUnban = {
  /** Only these, by your own ids; left out: everywhere. */
  conversations?: Array<string> | null;
};

/** Of the conversation with this id, yours or the chat's: exactly one of the two. */
export type Keep = {
  external_id?: string | null;
  conversation_id?: number | null;
  /** 0: for ever. Null: as the setting `retention_days` says. */
  days?: number | null;
  /** Nothing of it goes, whatever its days. */
  hold?: boolean;
};

export type NewJob = {
  kind: "export" | "import";
  /** Your own key: the same one again is the same job. */
  client_id?: string | null;
};

export type NewWebhook = {
  /** What to be told of. */
  events: Array<"conversation.created" | "conversation.deleted" | "conversation.updated" | "endpoint.disabled" | "job.finished" | "member.added" | "member.removed" | "member.updated" | "message.created" | "message.deleted" | "message.read" | "message.updated" | "session.created" | "user.created" | "user.deactivated" | "user.erased" | "user.updated">;
  /** Where to; left out for the kind `pull`. */
  url?: string | null;
  /** `pull`: you ask for the events by a long poll. */
  kind?: "pull" | "push";
  /** `ids`: only what it is about, and none of its content. */
  detail?: "full" | "ids";
  /** Never tell the next of a conversation before this one was taken: an event that is never taken holds up all others until it is given up. */
  order?: boolean;
  /** Your own key for this webhook: a repeat with the same key gives the first one. */
  client_id?: string | null;
};

/** What is left out, or null, stays as it is. */
export type ChangedWebhook = {
  /** Another address. */
  url?: string | null;
  /** What to be told of. */
  events?: Array<"conversation.created" | "conversation.deleted" | "conversation.updated" | "endpoint.disabled" | "job.finished" | "member.added" | "member.removed" | "member.updated" | "message.created" | "message.deleted" | "message.read" | "message.updated" | "session.created" | "user.created" | "user.deactivated" | "user.erased" | "user.updated"> | null;
  detail?: "full" | "ids" | null;
  /** Never tell the next of a conversation before this one was taken: an event that is never taken holds up all others until it is given up. */
  order?: boolean | null;
  /** What happens while it is disabled it is never told of. */
  state?: "active" | "disabled" | null;
};

export type RotateSecret = {
  /** How long the former secret signs too. */
  overlap_secs?: number;
};

export type Replay = {
  /** RFC 3339, with its zone. */
  since: string;
  /** RFC 3339, with its zone. */
  until: string;
  /** Only those; left out: both. */
  state?: "dead" | "done" | null;
};

export type Acknowledge = {
  /** The `id` of each event that need not come again. */
  ids: Array<string>;
};

export type PutHook = {
  /** An https address, public and on port 443, unless the operator allowed others (`outbound_allow`). */
  url: string;
  /** What it means when no decision comes; left out: `allow` for `pre_send`, `deny` for `pre_open`. */
  on_failure?: "allow" | "deny" | null;
  /** How long the answer may take; a send waits for it, at most 2.8. */
  timeout_secs?: number;
};

export type UserAnswer = {
  user: User;
};

export type User = {
  id: number;
  username: string;
  full_name: string;
  /** An http or https address. */
  avatar: string | null;
};

export type SignedIn = {
  /** Shown here and never again; null when it went into a cookie. */
  token: string | null;
  user: User;
  session: Session;
};

/** One signed-in device: one token. */
export type Session = {
  id: number;
  /** The `device` or the User-Agent it signed in with, at most 200 characters. */
  name: string;
  created_at: string;
  /** Exact to ten minutes. */
  last_used_at: string;
  /** Whether it is the one that asks. */
  current: boolean;
};

export type PollTicket = {
  /** To be given as `?token=`. */
  ticket: string;
  expires_at: string;
};

export type Done = {
  success: true;
  status: "success";
};

export type Sessions = {
  sessions: Array<Session>;
};

export type PasswordChanged = {
  success: true;
  status: "success";
  /** All but the one that asked. */
  sessions_ended: number;
};

export type Exported = {
  exported_at: string;
  user: User;
  conversations: Array<ExportedConversation>;
  groups: Array<ExportedGroup>;
  /** Where the next part goes on; null when this is the last one. */
  next_after_id: number | null;
};

export type ExportedConversation = {
  conversation_id: number;
  other_user: User;
  /** Oldest first. */
  messages: Array<Message>;
};

/** A message as its members see it. Always complete: null, never missing. */
export type Message = {
  /** The same for ever; larger is newer within a conversation. */
  id: number;
  /** The number of the message in its conversation. */
  seq: number;
  conversation_id: number;
  /** As `sender_id`. */
  sender: number;
  /** 0 where nobody wrote it: see `system`. */
  sender_id: number;
  sender_name: string;
  /** Null among several people, as all of the receiver. */
  receiver_id: number | null;
  /** The text, exactly as it was sent or last edited. */
  message: string;
  /** As `attachment_url`. */
  attachment: string | null;
  /** A link that opens the file by itself for an hour, new in each answer; afterwards with a token. Null without an attachment. */
  attachment_url: string | null;
  /** What the file is, by its content. */
  attachment_type: string | null;
  attachment_name: string | null;
  /** In bytes. */
  attachment_size: number | null;
  /** When it was sent. */
  timestamp: string;
  /** The sender's own key, if it gave one. */
  client_id: string | null;
  /** When its text was last changed. */
  edited_at: string | null;
  /** How often it was changed: keep what has the higher one. */
  rev: number;
  /** False once deleted: no text and no file are left. */
  is_active: boolean;
  /** `system`: it tells what has changed in the conversation, and is never unread. */
  kind: "message" | "system";
  system: System | null;
  /** A moderator; null for who deleted their own. */
  deleted_by: number | null;
  /** True: make no sound and show no notification for it. */
  silent: boolean;
  sender_username: string;
  sender_avatar: string | null;
  /** As `receiver_id`. */
  receiver: number | null;
  receiver_name: string | null;
  receiver_username: string | null;
  receiver_avatar: string | null;
  /** As `conversation_id`. */
  conversation: number;
  /** Whether the receiver has read it. */
  is_read: boolean;
  read_at: string | null;
  /** When a device of the receiver was given it. */
  delivered_at: string | null;
  /** As `timestamp`. */
  created_at: string;
  /** When it was sent or last changed. */
  updated_at: string;
};

/** What has changed in a conversation. */
export type System = {
  /** created, joined, added, left, removed, owner, renamed, avatar, about, policy, frozen, opened, closed or said (by the application); there will be more: show the text of those you do not know. */
  type: string;
  /** Who did it; null: it came about by itself. */
  actor_id: number | null;
  /** Whom it concerns. */
  user_ids: Array<number>;
  /** The new name. */
  value: string | null;
};

export type ExportedGroup = {
  conversation_id: number;
  name: string | null;
  my: MyConversation | null;
  /** Your own, oldest first. */
  messages: Array<Message>;
};

/** What is your own about it. */
export type MyConversation = {
  role: "admin" | "member" | "moderator" | "owner";
  /** All that you may do there now: offer nothing else. */
  can: Array<string>;
  unread_count: number;
  mention_count: number;
  notify: "all" | "mentions" | "none";
  muted_until: string | null;
  /** Whether a mention of everybody is one of you. */
  all_mentions: boolean;
  pinned: boolean;
  archived: boolean;
  hidden: boolean;
  /** From here on you call it unread. */
  unread_from_id: number | null;
  /** What you have written and not sent. */
  draft: Draft | null;
  /** Up to here you have read it. */
  read_id: number | null;
  joined_at: string | null;
  /** Who took you in. */
  added_by: Participant | null;
  /** People who ask to join, for those who decide. */
  request_count: number;
  /** How often it was changed: keep what has the higher one. */
  rev: number;
};

export type Draft = {
  text: string;
  reply_to_id: number | null;
  /** How often it was changed: name it when you change it. */
  rev: number;
  updated_at: string;
};

export type Participant = {
  id: number;
  username: string;
  full_name: string;
  /** An http or https address. */
  avatar: string | null;
  is_online: boolean;
  /** The host's own id of them, where the host made the account. */
  sub: string | null;
};

export type Users = {
  /** At most 20, by name. */
  users: Array<Participant>;
};

/** What a poll answers that names at least one of `cursor`, `wait` and `client`. */
export type EventsAtCursor = {
  /** Oldest first. Ignore kinds you do not know: there will be more. */
  events: Array<MessageEvent | MessageChangedEvent | ReadReceiptEvent | NotificationEvent | ConversationChangedEvent | ConversationRemovedEvent | MemberChangedEvent | TypingEvent | PresenceEvent | DeliveryReceiptEvent | MyConversationEvent | DraftEvent | ReceiptsEvent>;
  /** The server's time, in seconds since 1970. */
  timestamp: number;
  /** Where to poll from next. */
  cursor: string;
  /** There is more already: poll again at once. */
  more: boolean;
  /** How long this poll would have been held, in seconds. */
  wait: number;
  /** A newer poll of the same `client` took over: stop this loop. */
  superseded: boolean;
};

/** To the receiver's devices, and to the sender's other ones. */
export type MessageEvent = {
  event: "message";
  /** The same whenever the event is given again: skip what you know. */
  id: number;
  timestamp: string;
  data: MessageData;
};

export type MessageData = {
  /** The same for ever; larger is newer within a conversation. */
  id: number;
  /** The number of the message in its conversation. */
  seq: number;
  conversation_id: number;
  /** As `sender_id`. */
  sender: number;
  /** 0 where nobody wrote it: see `system`. */
  sender_id: number;
  sender_name: string;
  /** Null among several people, as all of the receiver. */
  receiver_id: number | null;
  /** The text, exactly as it was sent or last edited. */
  message: string;
  /** As `attachment_url`. */
  attachment: string | null;
  /** A link that opens the file by itself for an hour, new in each answer; afterwards with a token. Null without an attachment. */
  attachment_url: string | null;
  /** What the file is, by its content. */
  attachment_type: string | null;
  attachment_name: string | null;
  /** In bytes. */
  attachment_size: number | null;
  /** When it was sent. */
  timestamp: string;
  /** The sender's own key, if it gave one. */
  client_id: string | null;
  /** When its text was last changed. */
  edited_at: string | null;
  /** How often it was changed: keep what has the higher one. */
  rev: number;
  /** False once deleted: no text and no file are left. */
  is_active: boolean;
  /** `system`: it tells what has changed in the conversation, and is never unread. */
  kind: "message" | "system";
  system: System | null;
  /** A moderator; null for who deleted their own. */
  deleted_by: number | null;
  /** True: make no sound and show no notification for it. */
  silent: boolean;
  /** As it was at the moment of sending: false. */
  is_read: boolean;
};

/** A message was edited or deleted; told to the members who may see it. Only for clients that send a cursor. */
export type MessageChangedEvent = {
  event: "message_changed";
  /** The same whenever the event is given again: skip what you know. */
  id: number;
  timestamp: string;
  data: MessageData;
};

/** One for each message that was read, to its sender and to the reader's own devices. */
export type ReadReceiptEvent = {
  event: "read_receipt";
  /** The same whenever the event is given again: skip what you know. */
  id: number;
  timestamp: string;
  data: ReadReceiptData;
};

export type ReadReceiptData = {
  message_id: number;
  reader_id: number;
  reader_name: string;
  read_at: string;
  conversation_id: number;
};

/** A word from the application that this chat belongs to. */
export type NotificationEvent = {
  event: "notification";
  /** The same whenever the event is given again: skip what you know. */
  id: number;
  timestamp: string;
  data: NotificationData;
};

export type NotificationData = {
  id: number;
  title: string;
  message: string;
  notification_type: string;
  timestamp: string;
};

/** A conversation of yours is not what it was, or you have just come into it. Only for clients that send a cursor. */
export type ConversationChangedEvent = {
  event: "conversation_changed";
  /** The same whenever the event is given again: skip what you know. */
  id: number;
  timestamp: string;
  data: ConversationData;
};

export type ConversationData = {
  conversation: FullConversation;
};

/** A conversation of two or of many, as one of its members sees it. It never holds all members. */
export type FullConversation = {
  id: number;
  kind: "direct" | "group";
  /** What its policy began as. */
  preset: "announcement" | "direct" | "group" | "public";
  /** Null for a direct one: show the person in `preview`. */
  name: string | null;
  avatar: string | null;
  about: string | null;
  member_count: number;
  /** A few others, at most 5; of a direct one the other person, or yourself. */
  preview: Array<Participant>;
  policy: Policy;
  /** `frozen`: only admins speak. `closed`: nobody does, for good. */
  state: "closed" | "frozen" | "open";
  slow_secs: number;
  /** A direct one has none. */
  owner_id: number | null;
  pinned_ids: Array<number>;
  /** The newest that you may see. */
  last_message: Message | null;
  /** The host's own id of it. */
  external_id: string | null;
  /** Given with it, and never looked into. */
  data: Record<string, unknown>;
  /** How often it was changed: keep what has the higher one. */
  rev: number;
  my: MyConversation;
};

/** What members may do: the lowest role that may, or `nobody`. */
export type Policy = {
  send: "admin" | "member" | "moderator" | "nobody";
  react: "admin" | "member" | "moderator" | "nobody";
  attach: "admin" | "member" | "moderator" | "nobody";
  /** Above 50 members only moderators may, whatever it says. */
  mention_all: "admin" | "member" | "moderator" | "nobody";
  pin: "admin" | "member" | "moderator" | "nobody";
  /** Who adds members. */
  invite: "admin" | "member" | "moderator" | "nobody";
  /** Who changes name, avatar and what it is about. */
  edit_info: "admin" | "member" | "moderator" | "nobody";
  see_members: "admin" | "member" | "moderator" | "nobody";
  leave: "admin" | "member" | "moderator" | "nobody";
  /** From where on those who join from now on may read. */
  history: "all" | "joined";
  /** How somebody comes in whom no member adds. */
  join: "invite" | "open" | "request";
  /** Whether strangers find it. */
  listed: boolean;
  /** Whether members are shown how far others have read. */
  receipts: boolean;
};

/** You are no member any more. Only for clients that send a cursor. */
export type ConversationRemovedEvent = {
  event: "conversation_removed";
  /** The same whenever the event is given again: skip what you know. */
  id: number;
  timestamp: string;
  data: RemovedData;
};

export type RemovedData = {
  conversation_id: number;
  reason: "banned" | "left" | "removed";
};

/** Somebody came, went or was made something else, where at most 100 are. Only for clients that send a cursor. */
export type MemberChangedEvent = {
  event: "member_changed";
  /** The same whenever the event is given again: skip what you know. */
  id: number;
  timestamp: string;
  data: MemberData;
};

export type MemberData = {
  conversation_id: number;
  member: Member;
};

/** Somebody in a conversation, as other members see them. */
export type Member = {
  user: Participant;
  role: "admin" | "member" | "moderator" | "owner";
  /** `member`, unless they are not in it any more, or not yet. */
  state: "banned" | "invited" | "joining" | "left" | "member" | "requested";
  joined_at: string | null;
  /** Who took them in. */
  added_by: Participant | null;
  /** Until then they say nothing. */
  silenced_until: string | null;
  /** How often it was changed: keep what has the higher one. */
  rev: number;
};

/** Ephemeral: not kept for those who are away, and ended by itself after `typing_secs`. */
export type TypingEvent = {
  event: "typing";
  /** The same whenever the event is given again: skip what you know. */
  id: number;
  timestamp: string;
  data: TypingData;
};

export type TypingData = {
  sender_id: number;
  sender_name: string;
  is_typing: boolean;
  conversation_id: number;
};

/** Somebody you share a conversation with came or left. Ephemeral, and only for clients that send a cursor. */
export type PresenceEvent = {
  event: "presence";
  /** The same whenever the event is given again: skip what you know. */
  id: number;
  timestamp: string;
  data: PresenceData;
};

export type PresenceData = {
  user_id: number;
  is_online: boolean;
};

/** Your messages reached a device. Ephemeral, and only for clients that send a cursor. */
export type DeliveryReceiptEvent = {
  event: "delivery_receipt";
  /** The same whenever the event is given again: skip what you know. */
  id: number;
  timestamp: string;
  data: DeliveryReceiptData;
};

export type DeliveryReceiptData = {
  conversation_id: number;
  /** Whose device was given the messages. */
  user_id: number;
  /** Everything up to here is delivered. */
  delivered_seq: number;
  delivered_at: string;
};

/** Something of your own has changed in a conversation, told to your devices. Only for clients that send a cursor. */
export type MyConversationEvent = {
  event: "my_conversation";
  /** The same whenever the event is given again: skip what you know. */
  id: number;
  timestamp: string;
  data: MyConversationData;
};

export type MyConversationData = {
  conversation_id: number;
  my: MyConversation;
};

/** Another device of yours has kept a draft. Ephemeral, and only for clients that send a cursor. */
export type DraftEvent = {
  event: "draft";
  /** The same whenever the event is given again: skip what you know. */
  id: number;
  timestamp: string;
  data: DraftData;
};

export type DraftData = {
  conversation_id: number;
  /** Null once it was sent or put away. */
  draft: Draft | null;
};

/** How far members of a small group have read. Ephemeral, and only for clients that send a cursor. */
export type ReceiptsEvent = {
  event: "receipts";
  /** The same whenever the event is given again: skip what you know. */
  id: number;
  timestamp: string;
  data: ReceiptsData;
};

export type ReceiptsData = {
  conversation_id: number;
  /** By the reader's id: the message up to which they have read. */
  read: Record<string, number>;
};

/** What a poll answers that names neither `cursor`, `wait` nor `client`. */
export type Events = {
  /** Oldest first. Ignore kinds you do not know: there will be more. */
  events: Array<MessageEvent | MessageChangedEvent | ReadReceiptEvent | NotificationEvent | ConversationChangedEvent | ConversationRemovedEvent | MemberChangedEvent | TypingEvent | PresenceEvent | DeliveryReceiptEvent | MyConversationEvent | DraftEvent | ReceiptsEvent>;
  /** The server's time, in seconds since 1970. */
  timestamp: number;
};

export type PollTest = {
  status: "ok";
  message: string;
  /** The server's time, in seconds since 1970. */
  timestamp: number;
};

export type Disconnected = {
  status: "disconnected";
  user_id: number;
};

export type MessagePage = {
  /** On all pages; 1,000 for that many or more. */
  count: number;
  /** The address of the next page; null on the last. */
  next: string | null;
  /** That of the page before; null on the first. */
  previous: string | null;
  /** In the `ordering` asked for. */
  results: Array<Message>;
};

export type History = {
  /** Null before the first message. */
  conversation_id: number | null;
  other_user: Person;
  /** Newest first. */
  messages: Array<Message>;
  /** There are older ones; with `after_id`: there are newer ones. */
  has_more: boolean;
};

/** A user, and whether they are there: polling, or gone for less than the linger time. */
export type Person = {
  id: number;
  username: string;
  full_name: string;
  /** An http or https address. */
  avatar: string | null;
  is_online: boolean;
};

export type Found = {
  /** Newest first, of all conversations. */
  messages: Array<Message>;
  /** There are older ones. */
  has_more: boolean;
};

export type MarkedRead = {
  success: true;
  status: "success";
  /** How many messages of others were passed. */
  marked_count: number;
  /** The same. */
  marked_read: number;
  read_at: string;
};

export type Conversation = {
  conversation_id: number;
  other_user: Person;
  /** As `other_user`. */
  user: Person;
  /** Its text, or the name of its file; empty when it was deleted. */
  last_message: string;
  last_message_at: string;
  last_message_by_me: boolean;
  last_message_id: number;
  unread_count: number;
  /** As in `other_user`. */
  is_online: boolean;
  updated_at: string;
};

export type Unread = {
  total_unread: number;
  /** Those with something unread, newest first. */
  conversations: Array<UnreadConversation>;
  /** Unread messages by the sender's id. */
  by_sender: Record<string, number>;
};

export type UnreadConversation = {
  conversation_id: number;
  unread_count: number;
  other_user_id: number;
  other_user_name: string;
};

export type Snapshot = {
  user: User;
  /** The one with the newest message first. */
  conversations: Array<Conversation>;
  /** What to list the older ones with, as `after`. Null: there are none. */
  next: string | null;
  /** Of conversations of two people. */
  unread: Unread;
  /** Of several people. Further ones: `kind=group`, `after` its `next`. */
  groups: ConversationPage;
  /** In all conversations, but in none that is muted, archived or hidden. */
  total_unread: number;
  /** Words of the application around the chat that none of your devices has yet, the oldest first. Show them: who polls from `cursor` has them. */
  notifications: Array<NotificationData>;
  /** Poll from here: it was taken first, so nothing falls between. */
  cursor: string;
};

export type ConversationPage = {
  /** Pinned ones first, then the newest activity. */
  results: Array<FullConversation>;
  /** Give it as `after` for the next part; null on the last. */
  next: string | null;
};

export type OnlineUsers = {
  /** In ascending order. */
  online_users: Array<number>;
};

export type BegunConversation = {
  id: number;
  kind: "direct" | "group";
  /** What its policy began as. */
  preset: "announcement" | "direct" | "group" | "public";
  /** Null for a direct one: show the person in `preview`. */
  name: string | null;
  avatar: string | null;
  about: string | null;
  member_count: number;
  /** A few others, at most 5; of a direct one the other person, or yourself. */
  preview: Array<Participant>;
  policy: Policy;
  /** `frozen`: only admins speak. `closed`: nobody does, for good. */
  state: "closed" | "frozen" | "open";
  slow_secs: number;
  /** A direct one has none. */
  owner_id: number | null;
  pinned_ids: Array<number>;
  /** The newest that you may see. */
  last_message: Message | null;
  /** The host's own id of it. */
  external_id: string | null;
  /** Given with it, and never looked into. */
  data: Record<string, unknown>;
  /** How often it was changed: keep what has the higher one. */
  rev: number;
  my: MyConversation;
  /** Those of `member_ids` who are not in it. */
  refused: Array<Refused>;
};

export type Refused = {
  user_id: number;
  /** Why they could not be added: `not_found`, `limit_reached`. */
  code: string;
};

export type ConversationMessages = {
  conversation_id: number;
  /** Newest first, from where on you may see them. */
  messages: Array<Message>;
  /** There are older ones; with `after_id`: there are newer ones. */
  has_more: boolean;
};

export type Members = {
  /** By the id of the user. */
  results: Array<Member>;
  /** What to ask for the next part with, as `after`. Null: there is none. */
  next: string | null;
};

export type Receipts = {
  /** Who has read it, the first one first. */
  read: Array<SeenBy>;
  /** How many; null where members are not shown how far others have read. */
  count: number | null;
};

export type SeenBy = {
  user_id: number;
  /** How far they have read, which may be further. */
  read_id: number;
  /** Since when they have read as far as that. */
  read_at: string;
};

export type PublicConversations = {
  /** The newest first. */
  results: Array<PublicConversation>;
  /** What to ask for the next part with, as `after`. Null: there is none. */
  next: string | null;
};

/** A conversation as everybody sees it who looks for one. */
export type PublicConversation = {
  id: number;
  preset: "announcement" | "group" | "public";
  name: string | null;
  avatar: string | null;
  about: string | null;
  member_count: number;
  /** How you come in: at once, by asking, or with a code only. */
  join: "invite" | "open" | "request";
  /** What you are there. */
  my_state: "member" | "requested" | null;
};

/** You have asked to join; whoever decides is told. */
export type Asked = {
  conversation_id: number;
  my_state: "requested";
};

export type JoinRequests = {
  /** By the id of the user. */
  results: Array<JoinRequest>;
  /** What to ask for the next part with, as `after`. Null: there is none. */
  next: string | null;
};

/** Somebody asks to join. */
export type JoinRequest = {
  user: Participant;
  asked_at: string;
};

/** Lets people into a conversation. */
export type Invite = {
  id: number;
  /** What opens it. On this server's own page: `/#join=CODE`. */
  code: string;
  made_by: Participant | null;
  created_at: string;
  expires_at: string;
  /** How many people it lets in. */
  uses: number;
  /** How many it has let in. */
  used: number;
};

export type Invites = {
  /** The oldest first. */
  results: Array<Invite>;
  /** What to ask for the next part with, as `after`. Null: there is none. */
  next: string | null;
};

/** A conversation as somebody sees it who has a code for it. */
export type Preview = {
  /** For who is a member already. */
  conversation_id: number | null;
  is_member: boolean;
  preset: "announcement" | "group" | "public";
  name: string | null;
  avatar: string | null;
  about: string | null;
  member_count: number;
};

export type Bans = {
  /** By the id of the user. */
  results: Array<BannedPerson>;
  /** What to ask for the next part with, as `after`. Null: there is none. */
  next: string | null;
};

/** Somebody is kept out. */
export type BannedPerson = {
  user: Participant;
  banned_by: Participant | null;
  /** Null: for good. */
  until: string | null;
  reason: string | null;
};

export type HostNotification = {
  id: number;
  title: string;
  message: string;
  notification_type: string;
  timestamp: string;
  receiver_id: number;
  /** Your own key, if you gave one. */
  client_id: string | null;
};

export type Keys = {
  /** All there are, by id. */
  results: Array<Key>;
};

/** What a server of the host shows in place of a session's token; the key itself is shown once and not kept. */
export type Key = {
  id: number;
  name: string;
  scopes: Array<string>;
  created_at: string;
  /** Null: good until it is revoked. */
  expires_at: string | null;
  /** Exact to ten minutes. */
  last_used_at: string | null;
  /** Until when the secret before the last rotation is good too, or was. */
  former_until: string | null;
  /** From where it is good; none: from anywhere. */
  networks: Array<string>;
};

export type MadeKey = {
  id: number;
  name: string;
  scopes: Array<string>;
  created_at: string;
  /** Null: good until it is revoked. */
  expires_at: string | null;
  /** Exact to ten minutes. */
  last_used_at: string | null;
  /** Until when the secret before the last rotation is good too, or was. */
  former_until: string | null;
  /** From where it is good; none: from anywhere. */
  networks: Array<string>;
  /** `ck_<id>_` and 43 characters: shown here and never again. */
  key: string;
};

/** One of the host's people, with all that the host said of them. */
export type HostUser = {
  /** The chat's own id of them. */
  id: number;
  sub: string;
  username: string;
  name: string;
  avatar: string | null;
  email: string | null;
  locale: string | null;
  tz: string | null;
  role: string | null;
  may_contact: "everyone" | Array<string> | null;
  data: Record<string, unknown>;
  /** `disabled`: can neither sign in nor be written to. */
  state: "active" | "disabled";
  created_at: string;
};

/** A long piece of work, done in spare time by whichever node has some. */
export type Job = {
  id: number;
  kind: "erase" | "export" | "import";
  /** `open`: takes parts until it is committed; one of the last three and `done` are the end. */
  state: "cancelled" | "cancelling" | "done" | "failed" | "open" | "running" | "waiting";
  /** Of an import: `check`, `write`, `open`, or `undo` where it is taken back. Of an export: what it is at. */
  phase: string | null;
  /** Of `total`, in this phase: lines of an import or export, else messages. */
  done: number;
  /** 0 while it is not known. */
  total: number;
  /** Of an import that is committed; of an export, so far. */
  parts: number;
  error_count: number;
  /** The first hundred. */
  errors: Array<JobError>;
  /** Why it failed. */
  detail: string | null;
  created_at: string;
  client_id: string | null;
};

export type JobError = {
  part: number;
  /** In this part, from 1 on. */
  line: number;
  detail: string;
};

export type PutResults = {
  /** In the order given. */
  results: Array<PutResult>;
};

export type PutResult = {
  sub: string;
  /** 201: new; 200: was there; else why not, as the call for one says it. */
  status: number;
  id: number | null;
  code: string | null;
  detail: string | null;
};

export type SwitchedUser = {
  /** The chat's own id of them. */
  id: number;
  sub: string;
  username: string;
  name: string;
  avatar: string | null;
  email: string | null;
  locale: string | null;
  tz: string | null;
  role: string | null;
  may_contact: "everyone" | Array<string> | null;
  data: Record<string, unknown>;
  /** `disabled`: can neither sign in nor be written to. */
  state: "active" | "disabled";
  created_at: string;
  sessions_ended: number;
};

export type HostUnread = {
  sub: string;
  total_unread: number;
  /** Those with something unread that this person has not muted, archived or hidden. */
  conversations: Array<UnreadIn>;
};

export type UnreadIn = {
  conversation_id: number;
  /** The host's own; null where it never named the conversation. */
  external_id: string | null;
  unread_count: number;
};

export type HostUnreads = {
  /** Whoever the host never named is left out. */
  results: Array<HostUnread>;
};

export type HostConversationWithMembers = {
  /** The chat's own id of it. */
  id: number;
  external_id: string;
  title: string | null;
  preset: "announcement" | "group" | "public";
  policy: Policy;
  /** `closed`: nobody writes there, for good. */
  state: "closed" | "frozen" | "open";
  member_count: number;
  data: Record<string, unknown>;
  rev: number;
  /** At most 1,000. */
  members: Array<HostMember>;
  /** Where to go on from, if there are more. */
  next: string | null;
};

export type HostMember = {
  user_id: number;
  /** Null for who is not of the host. */
  sub: string | null;
  role: "admin" | "member" | "moderator";
  joined_at: string | null;
};

export type ChangedHostConversation = {
  /** The chat's own id of it. */
  id: number;
  external_id: string;
  title: string | null;
  preset: "announcement" | "group" | "public";
  policy: Policy;
  /** `closed`: nobody writes there, for good. */
  state: "closed" | "frozen" | "open";
  member_count: number;
  data: Record<string, unknown>;
  rev: number;
  /** How many came by this call. */
  added: number;
  /** How many went by this call. */
  removed: number;
  /** Who could not be taken in. */
  refused: Array<RefusedMember>;
};

export type RefusedMember = {
  sub: string;
  /** `forbidden`: they are banned there; `limit_reached`: there is no room. */
  code: string;
  detail: string;
};

/** As the host sees it, to which it belongs. */
export type HostConversation = {
  /** The chat's own id of it. */
  id: number;
  external_id: string;
  title: string | null;
  preset: "announcement" | "group" | "public";
  policy: Policy;
  /** `closed`: nobody writes there, for good. */
  state: "closed" | "frozen" | "open";
  member_count: number;
  data: Record<string, unknown>;
  rev: number;
};

/** As everybody sees it, and with your own ids of the two. */
export type HostMessage = {
  /** The same for ever; larger is newer within a conversation. */
  id: number;
  /** The number of the message in its conversation. */
  seq: number;
  conversation_id: number;
  /** As `sender_id`. */
  sender: number;
  /** 0 where nobody wrote it: see `system`. */
  sender_id: number;
  sender_name: string;
  /** Null among several people, as all of the receiver. */
  receiver_id: number | null;
  /** The text, exactly as it was sent or last edited. */
  message: string;
  /** As `attachment_url`. */
  attachment: string | null;
  /** A link that opens the file by itself for an hour, new in each answer; afterwards with a token. Null without an attachment. */
  attachment_url: string | null;
  /** What the file is, by its content. */
  attachment_type: string | null;
  attachment_name: string | null;
  /** In bytes. */
  attachment_size: number | null;
  /** When it was sent. */
  timestamp: string;
  /** The sender's own key, if it gave one. */
  client_id: string | null;
  /** When its text was last changed. */
  edited_at: string | null;
  /** How often it was changed: keep what has the higher one. */
  rev: number;
  /** False once deleted: no text and no file are left. */
  is_active: boolean;
  /** `system`: it tells what has changed in the conversation, and is never unread. */
  kind: "message" | "system";
  system: System | null;
  /** A moderator; null for who deleted their own. */
  deleted_by: number | null;
  /** True: make no sound and show no notification for it. */
  silent: boolean;
  sender_username: string;
  sender_avatar: string | null;
  /** As `receiver_id`. */
  receiver: number | null;
  receiver_name: string | null;
  receiver_username: string | null;
  receiver_avatar: string | null;
  /** As `conversation_id`. */
  conversation: number;
  /** Whether the receiver has read it. */
  is_read: boolean;
  read_at: string | null;
  /** When a device of the receiver was given it. */
  delivered_at: string | null;
  /** As `timestamp`. */
  created_at: string;
  /** When it was sent or last changed. */
  updated_at: string;
  sender_sub: string | null;
  receiver_sub: string | null;
};

export type HostMessages = {
  /** Oldest first. */
  messages: Array<HostMessage>;
  has_more: boolean;
};

export type Banned = {
  sub: string;
  until: string | null;
  /** Null: everywhere. */
  conversations: Array<string> | null;
  sessions_ended: number;
};

export type AuditPage = {
  /** Newest first. */
  results: Array<Audited>;
  /** Where to go on from, if there are more. */
  next: string | null;
};

/** One thing that your servers did here. */
export type Audited = {
  id: string;
  at: string;
  /** `key 7`, or `signed` for a token that you signed. */
  by: string;
  /** Such as `user.ban`, `member.put` or `message.delete`. */
  action: string;
  /** Such as `user 42`, `conversation class-5b user 42` or `message 8388611`. */
  target: string;
  reason: string | null;
};

export type Kept = {
  conversation_id: number;
  /** 0: for ever. Null: as the setting says. */
  days: number | null;
  hold: boolean;
};

export type Part = {
  part: number;
  lines: number;
  sha256: string;
};

export type Webhooks = {
  /** All there are, by id. */
  results: Array<Webhook>;
  next: null;
};

export type Webhook = {
  id: number;
  kind: "pull" | "push";
  url: string | null;
  events: Array<string>;
  detail: "full" | "ids";
  order: boolean;
  state: "active" | "disabled";
  /** Why it is disabled: `host` (you said so), `gone` (its address answered 410), `failing` (nothing was taken for five days). */
  reason: string | null;
  /** Null while everything is taken. */
  failing_since: string | null;
  /** Until then nothing is tried. */
  retry_at: string | null;
  created_at: string;
};

export type MadeWebhook = {
  id: number;
  kind: "pull" | "push";
  url: string | null;
  events: Array<string>;
  detail: "full" | "ids";
  order: boolean;
  state: "active" | "disabled";
  /** Why it is disabled: `host` (you said so), `gone` (its address answered 410), `failing` (nothing was taken for five days). */
  reason: string | null;
  /** Null while everything is taken. */
  failing_since: string | null;
  /** Until then nothing is tried. */
  retry_at: string | null;
  created_at: string;
  /** `whsec_…`, to check the signatures with; null for the kind `pull`. */
  secret: string | null;
};

export type Delivery = {
  /** The `webhook-id`: the same in every attempt. */
  id: string;
  type: string;
  state: "dead" | "done" | "waiting";
  /** It failed while others were taken: it goes its own way and holds up nobody. */
  poison: boolean;
  /** When it happened. */
  timestamp: string;
  due_at: string;
  attempts: number;
  /** The last twelve at most. */
  tries: Array<Attempt>;
};

export type Attempt = {
  at: string;
  /** Null when there was no answer. */
  status: number | null;
  ms: number;
  /** Why there was none: `not_allowed` (an address this server may not call: see `outbound_allow`), `name`, `connection`, `certificate`, `timeout`, `answer`. */
  error: string | null;
  /** The first 256 bytes of the answer. */
  text: string;
};

export type Deliveries = {
  /** The newest first. */
  results: Array<Delivery>;
  /** To be given as `after` for the part behind. */
  next: string | null;
};

export type Replayed = {
  /** How many wait again. */
  count: number;
  /** Where to go on, when there are more than 50,000; else null. */
  next_since: string | null;
};

export type HostEvents = {
  /** In order within each conversation. */
  results: Array<HostEvent>;
};

/** The body of a delivery has all of this but the `id`, which stands in the header field `webhook-id`. */
export type HostEvent = {
  id: string;
  type: string;
  /** When it happened. */
  timestamp: string;
  /** docs/webhooks.md has a table of what each type tells. */
  data: Record<string, unknown>;
};

export type Counted = {
  /** How many of them had not been acknowledged before. */
  count: number;
};

export type Hooks = {
  results: Array<Hook>;
  next: null;
};

export type Hook = {
  point: "pre_open" | "pre_send";
  url: string;
  on_failure: "allow" | "deny";
  timeout_secs: number;
};

export type MadeHook = {
  point: "pre_open" | "pre_send";
  url: string;
  on_failure: "allow" | "deny";
  timeout_secs: number;
  /** `whsec_…`, to check the signatures with. */
  secret: string;
};

export type Server = {
  version: string;
  /** Grows with every change a client may want to know of. */
  feature_level: number;
  limits: Limits;
  sign_in: SignIn;
  people: People;
  timings: Timings;
};

export type Limits = {
  message_chars: number;
  attachment_bytes: number;
  /** The largest JSON body. */
  body_bytes: number;
  history_limit: number;
  event_limit: number;
  client_id_chars: number;
  /** Of one person; beyond, the one unused for longest ends. */
  person_sessions: number;
  /** Of one person, in one process; beyond, the oldest is answered at once. */
  held_polls: number;
  /** That a person may begin. Null: any number. */
  conversations: Rate | null;
  /** That a person may begin. Null: any number. */
  groups: Rate | null;
  /** Times a person may join by themselves, or ask to. Null: any number. */
  joins: Rate | null;
  /** Of one conversation. */
  invites: number;
  /** To join one conversation, that may wait. */
  requests: number;
  /** Of one group. */
  group_members: number;
  /** Of one announcement. */
  announcement_members: number;
  /** Of one person; beyond, nobody can add them to a group. */
  person_conversations: number;
  /** In one answer; see `after` there. */
  conversations_listed: number;
  /** That a person may pin. */
  pinned_conversations: number;
  /** Files that a person may be sending at once, to one process. */
  open_uploads: number;
  /** Of files that a person may send from midnight to midnight UTC. Null: any. */
  upload_day_bytes: number | null;
  /** Older messages are deleted, unless the application said otherwise. Null: never. */
  retention_days: number | null;
  /** That a person may have under way at once. */
  exports: number;
  /** By the name that `RateLimit` headers use; per person, `register` and those that end in `_address` per address, `register_site` and `register_provider` per /48 and /32 of IPv6, `register_total` for all; of `login`s and `invite`s only wrong passwords and codes count. Null: no limit. */
  rates: Record<string, Rate | null>;
};

/** How many calls within how long. */
export type Rate = {
  amount: number;
  window_secs: number;
};

/** Ways in beside a username and a password, and who gets these. */
export type SignIn = {
  /** The application around this chat signs its users in. */
  host: boolean;
  /** Its own tokens are good for every call, in the place of one that signing in gave. */
  host_tokens: boolean;
  /** Whoever wants to, as somebody new. */
  guests: boolean;
  /** Who may register; invite: nobody yet, but who is invited will. */
  registration: "invite" | "off" | "open";
};

/** Whom one may find, and write to first. */
export type People = {
  /** Who is found by search; shared: who is in a conversation with one. */
  directory: "everyone" | "off" | "shared";
  /** Whom one may write to first, or add to a group; host: whom the application around this chat names for one. Where a conversation is, both write. */
  contact: "everyone" | "host" | "shared";
};

export type Timings = {
  /** How long a poll is held that names no `wait`. */
  hold_secs: number;
  max_hold_secs: number;
  /** How late an event may be when a wake-up was lost. */
  check_secs: number;
  /** How long a typing signal lasts: repeat it before. */
  typing_secs: number;
  /** How long somebody counts as present after a poll. */
  linger_secs: number;
};

export type Health = {
  status: "ok";
};

export type Readiness = {
  status: "not ready" | "ready";
  components: Components;
};

export type Components = {
  database: "down" | "up";
  /** Only degrades: events come a moment later. */
  bus: "down" | "suspect" | "up";
  server: "draining" | "up";
};

/** What every refusal and failure looks like (RFC 9457). Switch on `code`, show `detail`. */
export type Problem = {
  /** Where the code is explained. */
  type: string;
  /** The name of the status. */
  title: string;
  status: number;
  /** One readable sentence. */
  detail: string;
  /** Stable, snake_case. */
  code: string;
  /** Which input is wrong, if that is the problem. */
  errors: Array<FieldError>;
  /** What to name when you ask for help: the log knows it. */
  request_id: string;
};

export type FieldError = {
  /** The name of a field, parameter or header; `body` for all of it. */
  field: string;
  detail: string;
};

export type CursorProblem = {
  /** Where the code is explained. */
  type: string;
  /** The name of the status. */
  title: string;
  status: number;
  /** One readable sentence. */
  detail: string;
  /** Stable, snake_case. */
  code: string;
  /** Which input is wrong, if that is the problem. */
  errors: Array<FieldError>;
  /** What to name when you ask for help: the log knows it. */
  request_id: string;
  /** A fresh one: reload the lists, then poll from it. */
  cursor: string;
};

export type LimitProblem = {
  /** Where the code is explained. */
  type: string;
  /** The name of the status. */
  title: string;
  status: number;
  /** One readable sentence. */
  detail: string;
  /** Stable, snake_case. */
  code: string;
  /** Which input is wrong, if that is the problem. */
  errors: Array<FieldError>;
  /** What to name when you ask for help: the log knows it. */
  request_id: string;
  /** Of `limit_reached`: which one, by its name among the `limits` of the server call. */
  limit?: string;
};

export type RevisionProblem = {
  /** Where the code is explained. */
  type: string;
  /** The name of the status. */
  title: string;
  status: number;
  /** One readable sentence. */
  detail: string;
  /** Stable, snake_case. */
  code: string;
  /** Which input is wrong, if that is the problem. */
  errors: Array<FieldError>;
  /** What to name when you ask for help: the log knows it. */
  request_id: string;
  /** A draft as it stands now, with its `rev`; else null. */
  stored: Record<string, unknown> | null;
};

export type HostProblem = {
  /** Where the code is explained. */
  type: string;
  /** The name of the status. */
  title: string;
  status: number;
  /** One readable sentence. */
  detail: string;
  /** Stable, snake_case. */
  code: string;
  /** Which input is wrong, if that is the problem. */
  errors: Array<FieldError>;
  /** What to name when you ask for help: the log knows it. */
  request_id: string;
  /** Of `refused_by_host`: the application's own word for why. */
  host_code?: string | null;
};

export type SilencedProblem = {
  /** Where the code is explained. */
  type: string;
  /** The name of the status. */
  title: string;
  status: number;
  /** One readable sentence. */
  detail: string;
  /** Stable, snake_case. */
  code: string;
  /** Which input is wrong, if that is the problem. */
  errors: Array<FieldError>;
  /** What to name when you ask for help: the log knows it. */
  request_id: string;
  /** Of `silenced`: when that is over. */
  until?: string | null;
};
