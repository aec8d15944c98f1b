/** Links that let people in: made, copied, stopped. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import { newClientId } from '../client/outbox.js';
import { confirmed } from '../dialogs/confirm.js';
import { showDialog } from '../dialogs/dialog.js';
import { el, fill } from '../lib/dom.js';
import { nameOf } from '../lib/nodes.js';
import { reasonOf } from '../lib/reasons.js';
import { exact } from '../lib/time.js';
import { copyText } from '../timeline/actions.js';

const DAY_SECS = 86_400;
const AGES = /** @type {const} */ ([1, 7, 30]);
const USES = /** @type {const} */ ([1, 10, 100, 1000]);

/** @typedef {{id: number, code: string, made_by: import('../client/types.js').Person|null, expires_at: string, uses: number, used: number}} Invite */

/** @param {import('./group-room.js').GroupRoom} room */
export function show(room) {
  const { app, id, view } = room;
  // Until it is made: however often it is asked for, it is one.
  let client_id = newClientId();
  const age = choice('invites.age', AGES, 7, (days) => t('invites.days', { count: days }));
  const uses = choice('invites.uses', USES, 100, (count) => t('invites.people', { count }));
  const button = el('button', { class: 'button button--primary', type: 'button', onclick: make }, t('invites.create'));
  const error = el('p', { class: 'form-error', role: 'alert' });
  const list = el('ul', { class: 'invites', role: 'list', 'aria-label': t('invites.live') });
  const note = el('p', { class: 'muted', role: 'status' });
  showDialog(
    t('invites.title'),
    [
      el('p', { class: 'muted' }, t('invites.help')),
      el('div', { class: 'invites__new' }, age.node, uses.node, button),
      error,
      list,
      note,
    ],
    '',
    view,
  );
  load();

  async function load() {
    const answer = await app.api.of('GET', id, 'invites/').catch(() => null);
    /** @type {Invite[]} */ const found = answer?.results ?? [];
    fill(list, found.toReversed().map(line));
    fill(note, answer ? found.length === 0 && t('invites.none') : t('groups.loadFailed'));
  }

  async function make() {
    button.disabled = true;
    fill(error);
    try {
      const json = { max_age_secs: age.value * DAY_SECS, uses: uses.value, client_id };
      const made = line(await app.api.of('POST', id, 'invites/', { json }));
      client_id = newClientId();
      fill(note);
      list.prepend(made);
      made.querySelector('input')?.select();
    } catch (caught) {
      failed(caught);
    }
    button.disabled = false;
  }

  /** @param {unknown} caught */
  function failed(caught) {
    fill(error, t('groups.failed', { reason: reasonOf(/** @type {import('../client/api.js').ApiError} */ (caught)) }));
  }

  /** @param {Invite} invite */
  function line(invite) {
    const address = `${location.origin}${location.pathname}#join=${invite.code}`;
    const field = el('input', {
      class: 'input invites__link',
      readonly: true,
      dir: 'ltr',
      '.value': address,
      'aria-label': t('invites.link'),
      onfocus: () => field.select(),
    });
    const node = el(
      'li',
      { class: 'invites__one' },
      el(
        'div',
        { class: 'invites__line' },
        field,
        el('button', { class: 'button', type: 'button', onclick: () => copyText(address, app) }, t('invites.copy')),
      ),
      el(
        'div',
        { class: 'invites__line' },
        el(
          'span',
          { class: 'muted invites__about' },
          t('invites.about', {
            name: nameOf(invite.made_by) || t('invites.somebody'),
            used: invite.used,
            count: invite.uses,
            time: exact(invite.expires_at),
          }),
        ),
        el(
          'button',
          { class: 'button button--quiet button--small', type: 'button', onclick: () => stop(invite, node) },
          t('invites.stop'),
        ),
      ),
    );
    return node;
  }

  /** @param {Invite} invite @param {HTMLElement} node */
  async function stop(invite, node) {
    const words = { title: t('invites.stopTitle'), text: t('invites.stopText'), action: t('invites.stopDo') };
    if (!(await confirmed(words, view))) return;
    try {
      await app.api.of('DELETE', id, `invites/${invite.id}/`);
      node.remove();
      fill(note, list.children.length === 0 && t('invites.none'));
      app.say(t('invites.stopped'));
      button.focus();
    } catch (caught) {
      failed(caught);
    }
  }
}

/** @param {string} key @param {readonly number[]} values @param {number} first @param {(value: number) => string} words */
function choice(key, values, first, words) {
  const select = el(
    'select',
    { class: 'input', 'aria-label': t(key) },
    values.map((value) => el('option', { value, selected: value === first }, words(value))),
  );
  return {
    node: select,
    get value() {
      return Number(select.value);
    },
  };
}
