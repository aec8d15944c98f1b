/** The words of what is fetched when first wanted: signing in, dialogs, emoji, editing, files, finding. */
import { addWords } from './index.js';
import en from './later.en.js';

await addWords(en, (lang) => import(`./later.${lang}.js`));
