/** Line drawings of what is fetched after the first draw. */
import { addIcons } from './icons.js';

export const MORE = {
  bell: 'M6 16V11a6 6 0 1 1 12 0v5l1.5 2h-15L6 16Zm4 4.5a2.3 2.3 0 0 0 4 0',
  archive: 'M4 5h16v4H4zM5.5 9v10h13V9M10 13h4',
  envelope: 'M3 6h18v12H3zM3 7l9 7 9-7',
  info: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16Zm0 7v5m0-8.5h.01',
  addPerson: 'M9 5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7ZM3 20a6 6 0 0 1 12 0M19 8v6m-3-3h6',
  down: 'M12 5v14m-6-6 6 6 6-6',
  attach: 'm20 11-8.5 8.5a5 5 0 0 1-7-7L13 4a3.3 3.3 0 0 1 4.7 4.7l-8.4 8.4a1.7 1.7 0 0 1-2.4-2.4L14 7.6',
  send: 'M4 12 20 4l-5 16-3.2-6.6L4 12Zm7.8 1.4L20 4',
  emoji: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM8.5 14.5a4.5 4.5 0 0 0 7 0M9 9.5h.01M15 9.5h.01',
  up: 'm6 15 6-6 6 6',
  next: 'm6 9 6 6 6-6',
  quote: 'M10 8H5v5h5V8Zm0 5c0 2-1.5 3.5-4 4m13-9h-5v5h5V8Zm0 5c0 2-1.5 3.5-4 4',
  edit: 'm4 20 1-4L16 5l3 3L8 19l-4 1Zm9.5-12.5 3 3',
  bin: 'M4.5 7h15M9.5 7V4.5h5V7m3 0-.8 12.5H7.3L6.5 7M10 10.5v5.5m4-5.5v5.5',
  link: 'M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3A4 4 0 0 0 11 18.7l1-1',
  settings: 'M4 7h9m5 0h2M4 17h2m5 0h9M15.5 4.5v5M8.5 14.5v5',
  people:
    'M9 5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7ZM3 20a6 6 0 0 1 12 0m1-14.6a3.5 3.5 0 0 1 0 6.4M17.5 14.4A6 6 0 0 1 21 20',
  window: 'M4 5h16v14H4zM4 9h16M12 14h4m-2-2v4',
  ban: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16ZM6.5 6.5l11 11',
  out: 'M10 4H5v16h5M9 12h11m-4-4 4 4-4 4',
  keyboard: 'M3 6h18v12H3zM7 10h.01M11 10h.01M15 10h.01M8 14h8',
};

addIcons(MORE);
