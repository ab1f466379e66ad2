'use strict';
// The page sends the texts of its fields to the server and puts the answers in place. Answers are
// trees of elements, built without parsing HTML, so text of a token stays text.
const find = id => document.getElementById(id);
const build = node => {
  if (typeof node === 'string') return document.createTextNode(node);
  const [name, attributes, ...content] = node;
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...content.map(build));
  return element;
};
const empty = new Map(), running = new Map(), filled = new Map();
for (const place of document.querySelectorAll('[data-answer]')) empty.set(place.dataset.answer, [...place.childNodes]);
const put = (name, view) => document.querySelector(`[data-answer=${name}]`).replaceChildren(...(view.length ? view.map(build) : empty.get(name)));
const say = text => { if (text && find('says').textContent !== text) find('says').textContent = text; };

const ask = async (name, form) => {
  running.get(name)?.abort();
  const mine = new AbortController();
  running.set(name, mine);
  let answer;
  try {
    const response = await fetch(name, {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(Object.fromEntries(new FormData(form))),
      signal: mine.signal, cache: 'no-store', credentials: 'omit', redirect: 'error', referrerPolicy: 'no-referrer',
    });
    answer = await response.json();
  } catch (error) {
    if (mine.signal.aborted) return;
    const text = 'The program does not answer. If it has ended, start jwt web again.';
    answer = { view: [['section', { class: 'verdict caution' }, ['h2', {}, 'No answer'], ['p', {}, text]]], says: text, fields: {} };
  }
  if (running.get(name) !== mine) return;
  put(name, answer.view);
  say(answer.says);
  for (const [id, text] of Object.entries(answer.fields)) {
    if (filled.get(id) === text) continue; // what the user has edited since stays
    filled.set(id, text);
    find(id).value = text;
  }
};
const askAll = form => { for (const name of form.dataset.ask.split(' ')) ask(name, form); };

for (const form of document.forms) {
  let timer;
  form.addEventListener('submit', event => { event.preventDefault(); if (form.dataset.ask) askAll(form); });
  if (!form.dataset.ask || 'wait' in form.dataset) continue;
  form.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(askAll, 120, form); });
}
for (const select of document.querySelectorAll('[data-paste]')) {
  const show = () => { find(select.dataset.paste).hidden = !('pasted' in select.selectedOptions[0].dataset); };
  select.addEventListener('change', show);
  show();
}

const tabs = [...document.querySelectorAll('[role=tab]')];
const open = tab => {
  for (const other of tabs) {
    other.setAttribute('aria-selected', String(other === tab));
    other.tabIndex = other === tab ? 0 : -1;
    find(other.getAttribute('aria-controls')).hidden = other !== tab;
  }
};
tabs.forEach((tab, i) => {
  tab.addEventListener('click', () => open(tab));
  tab.addEventListener('keydown', event => {
    const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = tabs[(to + tabs.length) % tabs.length];
    open(next);
    next.focus();
  });
});

document.addEventListener('click', async event => {
  const button = event.target.closest('button');
  if (!button) return;
  const { copy, copyOf, move } = button.dataset;
  if (copy || copyOf) {
    await navigator.clipboard.writeText(copy ?? find(copyOf).value);
    say('Copied');
    button.textContent = 'Copied';
    setTimeout(() => { button.textContent = 'Copy'; }, 1500);
  }
  if (move) {
    const [from, to] = move.split(' ').map(find);
    to.value = from.value;
    open(tabs[0]);
    to.focus();
    askAll(to.form);
  }
});
