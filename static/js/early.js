/* Before the first paint: theme, density, language and direction, so that nothing flashes. A classic script on purpose. */
(function () {
  var root = document.documentElement;
  var prefs = {};
  try {
    prefs = JSON.parse(localStorage.getItem('chat.prefs') || '{}') || {};
  } catch (error) {
    /* Blocked storage: the system's choices stand. */
  }
  var shipped = (root.dataset.languages || 'en').split(' ');
  var wanted = [prefs.lang].concat(navigator.languages || [navigator.language]);
  for (var i = 0; i < wanted.length; i += 1) {
    var code = String(wanted[i] || '').toLowerCase().split('-')[0];
    if (shipped.indexOf(code) >= 0) {
      root.lang = code;
      root.dir = ['ar', 'fa', 'he', 'ur'].indexOf(code) >= 0 ? 'rtl' : 'ltr';
      break;
    }
  }
  if (prefs.theme === 'light' || prefs.theme === 'dark') root.dataset.theme = prefs.theme;
  if (prefs.density === 'compact') root.dataset.density = 'compact';
})();
