// Enhances the pages, which work without it. The server repeats all checks with the same error texts;
// the markup contains them.
const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const live = one('#live');
const announce = (text) => {
  live.textContent = '';
  requestAnimationFrame(() => { live.textContent = text; });
};
const summary = one('[data-summary]');

// Shows and hides a password. It is hidden again before the form is sent and when the page is restored.
for (const button of all('.toggle')) {
  const input = document.getElementById(button.getAttribute('aria-controls'));
  const { show, hide, showLabel, hideLabel, shown, hidden } = button.dataset;
  const reveal = (on) => {
    input.type = on ? 'text' : 'password';
    button.textContent = on ? hide : show;
    button.setAttribute('aria-label', on ? hideLabel : showLabel);
  };
  button.hidden = false;
  button.addEventListener('click', () => {
    const on = input.type === 'password';
    reveal(on);
    announce(on ? shown : hidden);
  });
  input.form.addEventListener('submit', () => reveal(false));
  addEventListener('pageshow', (event) => { if (event.persisted) reveal(false); });
}

// Shows a hint while Caps Lock is on, if the browser reports it.
for (const line of all('[data-caps]')) {
  const input = document.getElementById(line.id.replace('-caps', ''));
  const show = (on) => {
    if (line.hidden !== on) return;
    line.hidden = !on;
    line.textContent = on ? line.dataset.caps : '';
    if (on) announce(line.dataset.caps);
  };
  const check = (event) => { if (event.getModifierState) show(event.getModifierState('CapsLock')); };
  input.addEventListener('keydown', check);
  input.addEventListener('keyup', check);
  input.addEventListener('blur', () => show(false));
}

// Counts characters in the same way as the server.
const length = (text) => [...text.normalize('NFC')].length;
for (const line of all('[data-count]')) {
  const input = document.getElementById(line.id.replace('-count', ''));
  input.addEventListener('input', () => {
    const count = length(input.value);
    line.hidden = !count;
    line.textContent = !count ? ''
      : count < input.minLength ? line.dataset.count.replace('{n}', count) : line.dataset.enough;
  });
}

const problem = (input) => {
  const { required, format, short, mismatch, matches } = input.dataset;
  const value = input.type === 'password' ? input.value : input.value.trim();
  if (required && !value) return required;
  if (format && value && !/^[^\s@]+@[^\s@]+\.[^\s@.]+$/.test(value)) return format;
  if (short && length(value) < input.minLength) return short;
  if (mismatch && value !== document.getElementById(matches).value) return mismatch;
  return '';
};

const mark = (input, text) => {
  const id = `${input.id}-error`;
  let line = document.getElementById(id);
  const described = (input.getAttribute('aria-describedby') ?? '').split(' ').filter((x) => x && x !== id);
  if (text) {
    if (!line) {
      line = document.createElement('p');
      line.id = id;
      line.className = 'err';
      line.append(one('svg', summary).cloneNode(true), document.createElement('span'));
      input.closest('.control').before(line);
    }
    if (line.lastElementChild.textContent !== text) line.lastElementChild.textContent = text;
    input.setAttribute('aria-invalid', 'true');
    described.unshift(id);
  } else {
    line?.remove();
    input.removeAttribute('aria-invalid');
  }
  if (described.length) input.setAttribute('aria-describedby', described.join(' '));
  else input.removeAttribute('aria-describedby');
};

const summarise = (problems) => {
  one('ul', summary).replaceChildren(...problems.map(([input, text]) => {
    const item = document.createElement('li');
    const link = document.createElement('a');
    link.href = `#${input.id}`;
    // The sentence of a mismatch stands at its field only; the link has the field's label.
    link.textContent = text === input.dataset.mismatch ? input.labels[0].textContent : text;
    item.append(link);
    return item;
  }));
  for (const banner of all('[data-banner]')) banner.hidden = true;
  summary.hidden = false;
  summary.focus();
  if (!document.title.startsWith(summary.dataset.prefix)) document.title = summary.dataset.prefix + document.title;
};

summary?.addEventListener('click', (event) => {
  const link = event.target.closest('a');
  const input = link && document.getElementById(link.hash.slice(1));
  if (!input) return;
  event.preventDefault();
  (input.labels?.[0] ?? input).scrollIntoView({ block: 'center' });
  input.focus({ preventScroll: true });
});

// Validates a form before it is sent, and sends it once.
for (const form of all('form[data-enhance]')) {
  const inputs = all('.control input', form);
  const buttons = all('[type=submit]', form);
  let tried = false;
  let sent = false;
  const busy = (button, on) => {
    const label = one('[data-busy]', button);
    label.dataset.idle ??= label.textContent;
    label.textContent = on ? label.dataset.busy : label.dataset.idle;
    one('.spinner', button).hidden = !on;
    if (on) button.setAttribute('aria-disabled', 'true');
    else button.removeAttribute('aria-disabled');
  };
  form.noValidate = true;
  form.addEventListener('input', (event) => {
    if (!tried) return;
    for (const input of inputs) {
      if (input === event.target || input.hasAttribute('aria-invalid')) mark(input, problem(input));
    }
  });
  form.addEventListener('submit', (event) => {
    if (sent) { event.preventDefault(); return; }
    tried = true;
    const problems = inputs.map((input) => [input, input.readOnly ? '' : problem(input)]);
    for (const [input, text] of problems) mark(input, text);
    const found = problems.filter(([, text]) => text);
    if (found.length) {
      event.preventDefault();
      summarise(found);
      return;
    }
    sent = true;
    const button = event.submitter ?? buttons[0];
    busy(button, true);
    announce(one('[data-busy]', button).dataset.busy);
  });
  addEventListener('pageshow', (event) => {
    if (!event.persisted) return;
    sent = false;
    for (const button of buttons) busy(button, false);
    for (const input of inputs) if (input.autocomplete.endsWith('password')) input.value = '';
  });
}

// Changes the port with the security, unless another port was entered.
for (const choice of all('[data-port]')) {
  choice.addEventListener('change', () => {
    const port = one('#port');
    if (['', '25', '465', '587'].includes(port.value)) port.value = choice.dataset.port;
  });
}

// Verifies the reset link again: on load, and when the page is restored.
const checked = one('[data-verify]');
if (checked) {
  const loading = one('[data-loading]', checked);
  const body = one('[data-body]', checked);
  const verify = async () => {
    loading.hidden = false;
    body.inert = true;
    checked.setAttribute('aria-busy', 'true');
    announce(loading.textContent);
    let valid = true;
    try {
      const token = encodeURIComponent(one('[name=token]', checked).value);
      const answer = await fetch(`${checked.dataset.verify}?token=${token}`, { cache: 'no-store', signal: AbortSignal.timeout(8000) });
      valid = !answer.ok || (await answer.json()).valid !== false;
    } catch { /* No response: the page stays as the server rendered it. */ }
    announce('');
    if (valid) {
      loading.hidden = true;
      body.inert = false;
      checked.removeAttribute('aria-busy');
      if (document.activeElement === document.body) one('[data-first]', body).focus();
    } else {
      const invalid = one('[data-invalid]', checked);
      const card = checked.closest('.card');
      const content = invalid.content.cloneNode(true);
      const banner = one('[data-banner]', content);
      document.title = invalid.dataset.title;
      // Browsers process `autofocus` only while a page loads, and warn about it later.
      banner.autofocus = false;
      card.replaceChildren(content);
      banner.focus();
    }
  };
  verify();
  addEventListener('pageshow', (event) => { if (event.persisted && checked.isConnected) verify(); });
}

// Redirects after a pause, unless the user presses a key or a pointer.
const soon = one('[data-redirect]');
if (soon) {
  soon.classList.add('on');
  const timer = setTimeout(() => location.assign(soon.dataset.redirect), Number(soon.dataset.after));
  for (const kind of ['keydown', 'pointerdown']) {
    addEventListener(kind, () => {
      clearTimeout(timer);
      soon.classList.remove('on');
    }, { once: true });
  }
}
