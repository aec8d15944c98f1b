/** The words of conversations of several people, and of what is one's own about any. Fetched when first wanted. */
import { addWords } from './index.js';
import en from './groups.en.js';

await addWords(en, (lang) => import(`./groups.${lang}.js`));
