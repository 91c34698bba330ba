// What a page can do with JavaScript and reads the same without: filters, copying, keys.
'use strict';
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  function filters(form) {
    const rows = all('.results tbody tr').map(row => ({row, text: row.textContent.toLowerCase()}));
    const told = one('output', form);
    const apply = () => {
      const words = form.elements.q.value.toLowerCase().split(/\s+/).filter(Boolean);
      const chosen = name => new Set(all(`input[name=${name}]:checked`, form).map(box => box.value));
      const verdicts = chosen('verdict'), modes = chosen('mode');
      let shown = 0;
      for (const {row, text} of rows) {
        const fits = verdicts.has(row.dataset.v) && modes.has(row.dataset.m) &&
          words.every(word => text.includes(word));
        row.hidden = !fits;
        shown += fits;
      }
      told.textContent = `${shown} of ${rows.length}`;
    };
    form.hidden = false;
    form.addEventListener('input', apply);
    form.addEventListener('submit', event => event.preventDefault());
    form.addEventListener('reset', () => setTimeout(apply));
    apply();
  }

  function copyButton(box) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = 'Copy';
    button.addEventListener('click', async () => {
      const code = one('code', box);
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = 'Copied';
      } catch {  // a page from a file may not be allowed to
        getSelection().selectAllChildren(code);
        button.textContent = 'Selected';
      }
      setTimeout(() => { button.textContent = 'Copy'; }, 1500);
    });
    box.append(button);
  }

  // A link into something that is folded opens it.
  function reveal() {
    let target = null;
    try {
      target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    } catch {
      return;
    }
    for (let at = target; at; at = at.parentElement) if (at.tagName === 'DETAILS') at.open = true;
    if (target) target.scrollIntoView();
  }

  function step(by) {
    const failures = all('.failure');
    if (failures.length === 0) return;
    const at = failures.findIndex(failure => failure.contains(document.activeElement));
    const next = at < 0 ? (by > 0 ? 0 : failures.length - 1) : at + by;
    const summary = one('summary', failures[Math.min(Math.max(next, 0), failures.length - 1)]);
    summary.focus();
    summary.scrollIntoView({block: 'center'});
  }

  function keys(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
    const search = one('.filter input[type=search]');
    if (event.key === '/' && search) {
      event.preventDefault();
      search.focus();
      search.scrollIntoView({block: 'center'});
    } else if (event.key === 'n') {
      step(1);
    } else if (event.key === 'p') {
      step(-1);
    }
  }

  const form = one('.filter');
  if (form) filters(form);
  all('.cmd').forEach(copyButton);
  addEventListener('hashchange', reveal);
  addEventListener('keydown', keys);
  reveal();
})();
