/** Which class stands behind which tag, so that querySelector and el() know. */
interface HTMLElementTagNameMap {
  'chat-announcer': import('../../static/js/elements/chat-announcer.js').ChatAnnouncer;
  'chat-app': import('../../static/js/elements/chat-app.js').ChatApp;
  'chat-composer': import('../../static/js/elements/chat-composer.js').ChatComposer;
  'chat-conversation': import('../../static/js/elements/chat-conversation.js').ChatConversation;
  'chat-room': import('../../static/js/embed/chat-room.js').ChatRoom;
  'chat-sidebar': import('../../static/js/elements/chat-sidebar.js').ChatSidebar;
  'chat-sign-in': import('../../static/js/elements/chat-sign-in.js').ChatSignIn;
  'chat-status': import('../../static/js/elements/chat-status.js').ChatStatus;
  'chat-timeline': import('../../static/js/elements/chat-timeline.js').ChatTimeline;
}
