/** The composition root: picks the words, defines the elements, starts the application. */
import './elements/chat-app.js';
import './elements/chat-conversation.js';
import './elements/chat-sidebar.js';
import './elements/chat-timeline.js';
import { loadLanguage } from './i18n/index.js';

// Whoever types a shortcut at once is heard; nothing waits for it.
import('./elements/keys.js').catch(() => {});
await loadLanguage(document.documentElement.lang || 'en');
document.querySelector('chat-app')?.start();
// What is said is shown first. A module that could not be fetched has failed for good under that address.
import('./elements/chat-composer.js').catch(() => import(`./elements/chat-composer.js?${Date.now()}`));
