// Checks for horizontal scrolling, elements outside the window and small targets: on a small phone,
// at 200 % zoom, with large text and with wide text spacing (WCAG 1.4.4, 1.4.10, 1.4.12, 2.5.5).

const SPACING = `
  * { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }
  p { margin-block-end: 2em !important }`;

const VIEWS = [
  { view: 'a small phone', width: 320, height: 640 },
  { view: '200 % zoom', width: 640, height: 450 },
  { view: 'wide spacing', width: 320, height: 640, css: SPACING },
  { view: 'large text', width: 640, height: 900, css: 'html { font-size: 200% !important }' },
  { view: 'a large screen', width: 1280, height: 900 },
];

/** Returns the layout problems, one line each. Changes the size of the page. */
export async function misfits(page) {
  const found = [];
  for (const { view, width, height, css = '' } of VIEWS) {
    await page.setViewportSize({ width, height });
    const lines = await page.evaluate(measure, css);
    found.push(...lines.map((line) => `${view}: ${line}`));
  }
  return found;
}

/** Runs in the page. */
function measure(css) {
  // The content security policy does not apply to constructed style sheets.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets = [sheet];

  const root = document.documentElement;
  const found = [];
  if (root.scrollWidth > root.clientWidth) {
    found.push(`scrolls sideways: ${root.scrollWidth} in ${root.clientWidth}`);
  }
  for (const element of document.querySelectorAll('a[href], button, input, select, summary')) {
    const box = target(element).getBoundingClientRect();
    const isHidden = box.width <= 1 || box.height <= 1 || box.bottom <= 0;
    if (isHidden || getComputedStyle(element).visibility === 'hidden') {
      continue;
    }
    const what = element.id || element.textContent.trim() || element.name;
    if (box.left < -0.5 || box.right > root.clientWidth + 0.5) {
      found.push(`${what} leaves the window: ${box.left} to ${box.right}`);
    }
    const isInText = element.matches('a') && getComputedStyle(element).display === 'inline';
    if (!isInText && Math.round(box.height) < 44) {
      found.push(`${what} is ${box.height} high`);
    }
  }
  return found;

  function target(element) {
    if (element.matches('[type=radio], [type=checkbox]')) {
      return element.closest('label') ?? document.querySelector(`label[for="${element.id}"]`);
    }
    return element;
  }
}
