// The script of the portal, whole and constant: it opens the session, sends forms as JSON, and shows jobs live; the pages read without it.

/** No part of a page's content is ever put together here as HTML: texts go in as texts. */
export const script = `'use strict';
(() => {
  const own = { 'content-type': 'application/json', 'x-driftline': '1' };

  async function send(method, path, body) {
    const answer = await fetch(path, { method, headers: own, body: body === undefined ? undefined : JSON.stringify(body) });
    if (answer.status === 401 && path !== '/session')
      throw new Error('Your session has ended. Sign in again in another tab, then go on here: nothing of this page is lost.');
    const text = await answer.text();
    const json = text === '' ? {} : JSON.parse(text);
    if (!answer.ok) throw new Error(json.error ? json.error.message : 'The server answered ' + answer.status + '.');
    return json;
  }

  function say(message) {
    const alert = document.getElementById('alert');
    alert.textContent = message;
    alert.hidden = false;
    alert.focus();
  }

  const link = new URLSearchParams(location.hash.slice(1)).get('link');
  if (link !== null) {
    history.replaceState(null, '', location.pathname + location.search);
    send('POST', '/session', { link }).then(() => location.reload(), (error) => say(error.message));
  }

  function put(body, name, value) {
    const parts = name.split('.');
    const last = parts.pop();
    let at = body;
    for (const part of parts) at = at[part] ??= {};
    at[last] = value;
  }

  function bodyOf(form, button) {
    const body = {};
    for (const field of form.elements) {
      if (field.name === '' || field.disabled || field.type === 'submit') continue;
      if (field.dataset.list !== undefined) {
        if (field.type === 'checkbox' && !field.checked) continue;
        const parts = field.name.split('.');
        const known = parts.reduce((at, part) => (at === undefined ? undefined : at[part]), body);
        put(body, field.name, [...(known ?? []), field.value]);
      } else if (field.type === 'checkbox') put(body, field.name, field.checked);
      else if (field.type === 'radio') {
        if (field.checked) put(body, field.name, field.value);
      } else if (field.value !== '') put(body, field.name, field.value);
    }
    if (button && button.name) put(body, button.name, button.value);
    return body;
  }

  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (form.dataset.send === undefined) return;
    event.preventDefault();
    const buttons = form.querySelectorAll('button');
    for (const button of buttons) button.disabled = true;
    send(form.dataset.send, form.getAttribute('action'), form.dataset.send === 'DELETE' ? undefined : bodyOf(form, event.submitter)).then(
      (answer) => {
        const list = form.querySelector('[data-answers]');
        if (list !== null) {
          for (const item of answer.value) {
            const line = document.createElement('li');
            line.textContent = item.displayName + ': ' + item.secret;
            list.append(line);
          }
          if (answer.value.length === 0) list.append('Nothing, or told already.');
          list.hidden = false;
        } else if (form.dataset.then !== undefined) location.assign(form.dataset.then);
        else if (answer.see === location.pathname) location.reload();
        else if (answer.see) location.assign(answer.see);
        else location.reload();
      },
      (error) => {
        for (const button of buttons) button.disabled = false;
        say(error.message);
      },
    );
  });

  const watched = [...document.querySelectorAll('[data-watch]')];

  function show(job) {
    const place = watched.find((one) => one.dataset.watch === job.id);
    if (place === undefined) return;
    if (job.status !== place.dataset.status) return location.reload();
    const { text, done, total, failures } = job.progress ?? { text: '', done: 0, total: 0 };
    const bar = place.querySelector('progress');
    if (bar !== null && total > 0) {
      bar.max = total;
      bar.value = done;
    }
    const words = total > 0 ? done + ' of ' + total + ' steps' : done > 0 ? done + ' objects' : '';
    const said = [words, text].filter(Boolean).join('; ');
    if (said !== '') place.querySelector('[data-said]').textContent = said;
    tell(place.querySelector('[data-told]'), said);
    const list = place.querySelector('[data-failures]');
    if (list === null || (failures ?? []).length === 0) return;
    list.hidden = false;
    list.querySelector('ul').replaceChildren(
      ...failures.map((failure) => {
        const line = document.createElement('li');
        line.textContent = failure;
        return line;
      }),
    );
  }

  // A screen reader is told every few seconds, not at every step.
  let told = 0;
  function tell(place, text) {
    if (place === null || text === '' || Date.now() - told < 5000) return;
    told = Date.now();
    place.textContent = text;
  }

  if (watched.length > 0) {
    let source;
    let asking;
    const ask = async () => {
      try {
        for (const { dataset } of watched.slice(0, 10)) show(await send('GET', '/api/jobs/' + dataset.watch));
      } catch (error) {
        watched[0].querySelector('[data-said]').textContent = error.message;
      }
    };
    const poll = (often) => {
      clearInterval(asking);
      asking = setInterval(ask, often);
    };
    // A browser has few connections to one server: a tab that nobody looks at, or whose stream breaks, asks now and then instead.
    const watch = () => {
      if (source) source.close();
      source = undefined;
      if (document.hidden) return poll(5000);
      source = new EventSource('/api/events' + (watched.length === 1 ? '?job=' + watched[0].dataset.watch : ''));
      source.onopen = () => clearInterval(asking);
      source.onmessage = (event) => show(JSON.parse(event.data));
      source.onerror = () => poll(2000);
    };
    document.addEventListener('visibilitychange', watch);
    watch();
  }

  const all = document.getElementById('select-all');
  const picked = document.querySelector('[data-picked]');
  const boxes = [...document.querySelectorAll('input[name=ref][type=checkbox]')];
  const count = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    if (picked) picked.textContent = chosen === 0 ? 'None selected' : chosen + ' selected';
    for (const button of document.querySelectorAll('[data-needs-picked]')) button.disabled = chosen === 0;
    if (all) {
      all.checked = chosen > 0 && chosen === boxes.length;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
    }
  };
  if (all !== null) {
    all.closest('[hidden]')?.removeAttribute('hidden');
    all.addEventListener('change', () => {
      for (const box of boxes) box.checked = all.checked;
      count();
    });
  }
  for (const box of boxes) box.addEventListener('change', count);
  if (boxes.length > 0) count();
})();
`;
