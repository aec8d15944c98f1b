/* Before the first paint: theme, density, language and direction, so that nothing flashes, and an invitation out of the address. A classic script on purpose. */
(() => {
  const root = document.documentElement;
  /** @type {{lang?: string, theme?: string, density?: string}} */ let prefs = {};
  try {
    prefs = JSON.parse(localStorage.getItem('chat.prefs') || '{}') || {};
  } catch {
    /* Blocked storage: the system's choices stand. */
  }
  const shipped = (root.dataset.languages || 'en').split(' ');
  const wanted = [prefs.lang, ...(navigator.languages || [navigator.language])];
  for (const choice of wanted) {
    const code = String(choice || '')
      .toLowerCase()
      .split('-')[0];
    if (shipped.includes(code)) {
      root.lang = code;
      root.dir = ['ar', 'fa', 'he', 'ur'].includes(code) ? 'rtl' : 'ltr';
      break;
    }
  }
  // Whoever looks at the screen or the history later shall not come in by it.
  const takeInvite = () => {
    const [, code] = /^#join=([\w-]{1,64})$/u.exec(location.hash) ?? [];
    if (!code) return;
    history.replaceState(null, '', `${location.pathname}${location.search}#/`);
    try {
      sessionStorage.setItem('chat.join', code);
    } catch {
      /* Blocked storage: there is no other place for it. */
    }
    dispatchEvent(new Event('invite'));
  };
  addEventListener('hashchange', takeInvite);
  takeInvite();
  if (prefs.theme === 'light' || prefs.theme === 'dark') root.dataset.theme = prefs.theme;
  if (prefs.density === 'compact') root.dataset.density = 'compact';
})();
