// Drives the HTML report in headless Chromium: opened from a file as a reader would, searched, filtered, read,
// scrolled, turned to French and to dark, checked with axe. Not part of `cargo test`.
//
//   npm ci && node report.mjs [REDITE]      with CHROMIUM=/path/to/chromium if it is not found
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const redite = process.argv[2] || join(process.env.CARGO_TARGET_DIR || join(root, 'target'), 'debug', 'redite');
const found = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executablePath = found.find(path => path && existsSync(path));
assert(executablePath, 'no Chromium: set CHROMIUM');
assert(existsSync(redite), `${redite}: build it first`);
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const shots = join(here, 'out');
mkdirSync(shots, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'redite-report-'));
const report = (name, inputs, ...flags) => {
  const path = join(folder, `${name}.html`);
  execFileSync(redite, ['audit', ...inputs, '--report', path, '--quiet', ...flags], { cwd: root });
  assert(statSync(path).size <= 20e6, `${name}: at most 20 MB`);
  return path;
};

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
const open = async (path, options = {}) => {
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 900 }, bypassCSP: false, ...options });
  const page = await context.newPage();
  page.troubles = [];
  page.on('console', message => { if (message.type() === 'error') page.troubles.push(message.text()); });
  page.on('pageerror', error => page.troubles.push(error.message));
  page.on('request', request => { if (request.url() !== pathToFileURL(path).href) page.troubles.push(`asks for ${request.url()}`); });
  page.on('dialog', dialog => { page.troubles.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  const start = performance.now();
  await page.goto(pathToFileURL(path).href);
  page.opened = performance.now() - start;
  return page;
};
const shown = page => page.locator('#groups .group').count();
const status = page => page.locator('#found').textContent();
const settled = page => page.waitForTimeout(250);
// axe runs in the page's own world, where the policy lets no inline script in: it is evaluated from outside
const accessible = async (page, name) => {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  const told = violations.map(v => `${v.impact} ${v.id}: ${v.nodes.slice(0, 3).map(node => node.html.slice(0, 200)).join(' | ')}`);
  assert.deepEqual(told.filter(line => /^(serious|critical)/.test(line)), [], name);
  return told;
};
const tests = [];
const test = (name, run) => tests.push([name, run]);

const samples = report('samples', ['corpus'], '--certify', '200', '--boilerplate', '5');

test('it opens with its groups, and asks for nothing', async () => {
  const page = await open(samples);
  await page.locator('#groups .group').first().waitFor();
  assert.match(await status(page), /^\d+ of \d+ repeated texts$/);
  assert.equal(await page.locator('#static-groups').count(), 0, 'the groups for readers without script are gone');
  assert.equal(await page.locator('.fr:visible').count(), 0);
  assert.match(await page.locator('#method').innerText(), /at least 60 % of all different sequences of 3 words/);
  assert.match(await page.locator('#method').innerText(), /Of \d+ true matches of a sample of 200 texts/);
  await page.screenshot({ path: join(shots, 'overview.png') });
  return page;
});

test('search looks into texts, ids and sources, whatever the accents', async () => {
  const page = await open(samples);
  const search = page.locator('[name=search]');
  await search.fill('HAUTE-VERDANNE, 6 fevrier');
  await settled(page);
  const few = await shown(page);
  assert(few > 0 && few < 10, `${few} groups`);
  assert.match(await page.locator('#groups .excerpt').first().innerText(), /Verdanne/i);
  await search.fill('zzz no such text');
  await settled(page);
  assert.equal(await shown(page), 0);
  assert.equal(await status(page), 'No repeated text fits these filters.');
  await search.fill('step-29');
  await settled(page);
  assert(await shown(page) > 0, 'an id');
  await search.fill("fermee depuis l'eboulement");
  await settled(page);
  assert(await shown(page) > 0, 'an apostrophe of another form');
  const across = await page.evaluate(() => {
    const texts = JSON.parse(document.getElementById('data').textContent).groups.map(group => group.t && group.t.t || '');
    return texts.map(text => /\S+ \S+\n\S+ \S+/.exec(text)).find(found => found)[0].replace('\n', ' ');
  });
  await search.fill(across);
  await settled(page);
  assert(await shown(page) > 0, `over a line break: ${across}`);
  await page.locator('[name=reset]').click();
  assert.equal(await search.inputValue(), '');
  assert(await shown(page) > few);
  return page;
});

test('names in tables are words, not columns of letters', async () => {
  const page = await open(samples, { viewport: { width: 380, height: 900 } });
  const heights = await page.locator('table:visible tr th:first-child, table:visible tr td:first-child').evaluateAll(cells =>
    cells.filter(cell => cell.textContent.trim().length < 20).map(cell => {
      const words = document.createRange();
      words.selectNodeContents(cell);
      return words.getBoundingClientRect().height;
    }));
  assert(heights.length > 0 && heights.every(height => height < 60), `${Math.max(...heights)} pixels`);
  return page;
});

test('a narrow window is not scrolled across', async () => {
  for (const width of [280, 320, 380]) {
    const page = await open(samples, { viewport: { width, height: 900 } });
    for (const details of await page.locator('main details > summary').all()) await details.click();
    const wider = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(await wider(), 0, `at ${width}`);
    await page.locator('[name=language]').selectOption('fr');
    assert.equal(await wider(), 0, `at ${width}, in French`);
    await page.close();
  }
  return open(samples);
});

test('charts can be read on a telephone', async () => {
  const page = await open(report('floor', ['corpus'], '--floor', '0.5'), { viewport: { width: 390, height: 844 } });
  const letters = await page.locator('.chart text:visible').evaluateAll(texts =>
    texts.map(text => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a));
  assert(letters.length > 20 && letters.every(size => size >= 10), `${Math.min(...letters)} pixels`);
  const crowded = await page.locator('.charts svg').evaluateAll(charts => charts.flatMap(chart => {
    const names = [...chart.querySelectorAll('.name')].map(name => name.getBoundingClientRect()).filter(name => name.width > 0);
    return names.filter(name => names.some(other => other !== name && other.left < name.right && name.left < other.right && other.top < name.bottom - 3 && name.top < other.bottom - 3));
  }).length);
  assert.equal(crowded, 0, 'names of bars lie on each other');
  await page.locator('.charts').screenshot({ path: join(shots, 'telephone.png') });
  await page.locator('.curve').screenshot({ path: join(shots, 'telephone-curve.png') });
  return page;
});

test('what is contained is a document or paragraph, and found as one', async () => {
  const path = join(folder, 'contained.jsonl');
  const words = (letter, count) => Array.from({ length: count }, (_, i) => letter + i).join(' ');
  const texts = [`${words('p', 60)}. ${words('q', 60)}. ${words('r', 60)}`, `${words('p', 60)} x y z`, `${words('k', 80)} ${words('q', 40)}`];
  writeFileSync(path, texts.map(text => JSON.stringify({ text })).join('\n'));
  const page = await open(report('contained', [path]), { locale: 'fr-FR' });
  const titles = () => page.locator('#groups .group h3').allInnerTexts();
  assert.match((await titles())[0], /^1\. 1 document contenu dans un autre\u00a0: \d+ caractères$/);
  await page.locator('#groups select[name=unit]').selectOption('1');
  assert.equal((await titles()).length, 1);
  await page.locator('#groups select[name=unit]').selectOption('3');
  assert.equal((await titles()).length, 2);
  return page;
});

test('filters and orders', async () => {
  const page = await open(samples);
  const pick = async (name, value) => { await page.locator(`#groups select[name=${name}]`).selectOption(value); };
  const titles = () => page.locator('#groups .group h3').allInnerTexts();
  const all = await shown(page);
  await pick('unit', '1');
  assert((await titles()).every(title => /of a document|documents? contained|contained document/.test(title)) && (await shown(page)) > 0);
  await pick('unit', '2');
  assert((await titles()).some(title => /of \d+ paragraphs/.test(title)), 'passages that are whole paragraphs, too');
  await pick('unit', '3');
  assert((await titles()).some(title => /of a passage/.test(title)));
  await pick('unit', '0');
  await pick('kind', '1');
  assert((await titles()).every(title => /exact/.test(title)));
  await pick('kind', '2');
  assert((await titles()).every(title => /similarity/.test(title)));
  await page.locator('[name=least]').fill('90');
  const similar = title => Number(/similarity [\d.]+(?: to ([\d.]+))?/.exec(title)[1] || /similarity ([\d.]+)/.exec(title)[1]);
  assert((await titles()).every(title => /exact/.test(title) || similar(title) >= 0.9));
  await page.locator('[name=reset]').click();
  await page.locator('[name=copies]').fill('4');
  const counts = (await titles()).map(title => Number(/\. (\d+) (?:cop|document|paragraph)/.exec(title)[1]));
  assert(counts.length > 0 && counts.every(count => count >= 4));
  await page.locator('[name=reset]').click();
  await pick('order', '1');
  const ordered = (await titles()).map(title => Number(/\. (\d+) (?:cop|document|paragraph)/.exec(title)[1]));
  assert.deepEqual(ordered, [...ordered].sort((a, b) => b - a));
  await pick('order', '4');
  const places = await page.evaluate(() => {
    const data = JSON.parse(document.getElementById('data').textContent);
    const numbers = [...document.querySelectorAll('#groups .group')].map(row => Number(row.dataset.number));
    return numbers.map(number => data.documents[data.groups[number].d]).map(([source, record]) => [data.sources[source], record]);
  });
  const before = ([a, i], [b, j]) => a < b ? -1 : a > b ? 1 : i - j;
  assert.deepEqual(places, [...places].sort(before), 'the files of a folder, by name, and their records');
  await pick('recurring', '2');
  const boilerplate = await shown(page);
  assert(boilerplate > 0 && await page.locator('#groups .tag').count() >= boilerplate);
  await pick('recurring', '1');
  assert(await shown(page) <= all);
  assert.equal(await page.locator('#groups .tag', { hasText: 'in many documents' }).count(), 0);
  await pick('recurring', '3');
  assert(await shown(page) > 0, 'templates');
  await page.locator('[name=reset]').click();
  const source = await page.locator('#groups select[name=source] option', { hasText: 'templates.jsonl' }).first().getAttribute('value');
  await pick('source', source);
  const kept = await shown(page);
  assert(kept > 0 && kept < all);
  return page;
});

test('a group opens: places, both texts, differing words', async () => {
  const page = await open(samples);
  await page.locator('#groups select[name=kind]').selectOption('2');
  const group = page.locator('#groups .group').first();
  if (!await group.evaluate(element => element.open)) await group.locator('summary').first().press('Enter');
  await group.locator('.pair').waitFor();
  assert(await group.locator('.copies li').count() > 0);
  assert(await group.locator('ins, del').count() > 0);
  const texts = await group.locator('.pane').evaluateAll(panes => panes.map(pane => {
    const copy = pane.cloneNode(true);
    copy.querySelectorAll('.hidden, .around').forEach(hidden => hidden.remove());
    copy.querySelectorAll('ins, del').forEach(changed => changed.remove());
    return copy.textContent.replace(/[^\p{L}\p{N}]+/gu, ' ').trim().toLowerCase();
  }));
  assert.equal(texts[0], texts[1], 'without the marked words both are equal');
  const chooser = group.locator('.chooser select');
  if (await chooser.count()) {
    const before = await group.locator('.pane').nth(1).textContent();
    await chooser.selectOption('1');
    assert.notEqual(await group.locator('.pane').nth(1).textContent(), before);
  }
  await group.scrollIntoViewIfNeeded();
  await page.screenshot({ path: join(shots, 'group.png') });
  return page;
});

test('texts written from right to left stand so', async () => {
  const page = await open(samples);
  await page.locator('[name=search]').fill('في');
  await settled(page);
  const group = page.locator('#groups .group').first();
  if (!await group.evaluate(element => element.open)) await group.locator('summary').first().click();
  const pane = group.locator('.pane').first();
  assert.equal(await pane.evaluate(element => getComputedStyle(element).direction), 'rtl');
  await pane.scrollIntoViewIfNeeded();
  await page.screenshot({ path: join(shots, 'rtl.png') });
  return page;
});

test('both sides scroll together, and apart when asked', async () => {
  const page = await open(samples, { viewport: { width: 900, height: 420 } });
  const group = page.locator('#groups .group', { has: page.locator('.excerpt') });
  let pair = null;
  for (let i = 0; i < await group.count() && !pair; i++) {
    const one = group.nth(i);
    if (!await one.evaluate(element => element.open)) await one.locator('summary').first().click();
    const panes = one.locator('.pair .pane');
    if (await panes.count() < 2) continue;
    const room = await panes.evaluateAll(panes => panes.map(pane => pane.scrollHeight - pane.clientHeight));
    if (Math.min(...room) > 60) pair = panes;
  }
  assert(pair, 'a pair that is longer than its panes');
  const tops = () => pair.evaluateAll(panes => panes.map(pane => pane.scrollTop));
  await pair.nth(0).evaluate(pane => { pane.scrollTop = 50; });
  await settled(page);
  const [a, b] = await tops();
  assert(a > 30 && Math.abs(a - b) < 120 && b > 0, `${a} and ${b}`);
  await pair.nth(1).evaluate(pane => { pane.scrollTop = pane.scrollHeight; });
  await settled(page);
  const ends = await pair.evaluateAll(panes => panes.map(pane => pane.scrollHeight - pane.clientHeight - pane.scrollTop));
  assert(ends.every(left => left < 3), `both at their ends: ${ends}`);
  await pair.nth(0).evaluate(pane => { pane.closest('.compared').querySelector('[name=linked]').click(); });
  await pair.nth(0).evaluate(pane => { pane.scrollTop = 0; });
  await settled(page);
  const apart = await tops();
  assert(apart[0] === 0 && apart[1] > 0, `${apart}`);
  return page;
});

test('French by the browser, English by choice, and back', async () => {
  const page = await open(samples, { locale: 'fr-CA' });
  assert.equal(await page.locator('html').getAttribute('lang'), 'fr');
  assert.match(await page.title(), /^Ce que ce corpus dit deux fois\s: \u2068corpus\/boilerplate/);
  assert.match(await status(page), /Textes répétés : \d+ sur \d+/);
  assert.equal(await page.locator('.en:visible').count(), 0);
  for (const details of await page.locator('main details:not(.group) > summary').all()) await details.click();
  const told = await page.locator('h1, h2, h3, h5, .tiles, nav, label > span, th, caption, figcaption, #method li, #method p, .likeness, .note').allInnerTexts();
  const english = told.filter(line => /\b(what|the|of|characters|copies of|paragraph|similarity|stood|original of|found)\b/i.test(line));
  assert.deepEqual(english, []);
  await page.screenshot({ path: join(shots, 'french.png') });
  await page.locator('[name=language]').selectOption('en');
  assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  assert.match(await status(page), /repeated texts/);
  assert.equal(await page.locator('.fr:visible').count(), 0);
  const other = await open(samples, { locale: 'de-DE' });
  assert.equal(await other.locator('html').getAttribute('lang'), 'en');
  assert.deepEqual(other.troubles, []);
  return page;
});

test('light and dark, by the system and by choice', async () => {
  const ground = page => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground(await open(samples, { colorScheme: 'light' }));
  const page = await open(samples, { colorScheme: 'dark' });
  const dark = await ground(page);
  assert.notEqual(light, dark);
  await page.locator('[name=theme]').selectOption('light');
  assert.equal(await ground(page), light);
  await page.locator('[name=theme]').selectOption('dark');
  assert.equal(await ground(page), dark);
  await page.locator('#groups').scrollIntoViewIfNeeded();
  await page.screenshot({ path: join(shots, 'dark.png') });
  return page;
});

test('by keyboard alone', async () => {
  const page = await open(samples);
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
  await page.keyboard.press('Enter');
  await page.locator('[name=search]').focus();
  await page.keyboard.type('step-2');
  await settled(page);
  await page.locator('#groups summary').first().focus();
  const before = await page.locator('#groups .group').first().evaluate(element => element.open);
  await page.keyboard.press('Enter');
  await settled(page);
  assert.notEqual(await page.locator('#groups .group').first().evaluate(element => element.open), before);
  return page;
});

test('axe finds nothing serious, in either theme and language', async () => {
  let page = null;
  for (const options of [{}, { colorScheme: 'dark' }, { locale: 'fr-FR' }]) {
    page = await open(samples, options);
    for (const summary of await page.locator('main details:not(.group) > summary').all()) await summary.click();
    const told = await accessible(page, JSON.stringify(options));
    if (told.length) console.log('   ', told.join('\n    '));
  }
  return page;
});

test('without script the numbers, groups and documents are there', async () => {
  const page = await open(samples, { javaScriptEnabled: false });
  assert(await page.locator('#static-groups .group').count() > 20);
  assert(await page.locator('#static-documents .document').count() > 5);
  assert(await page.locator('.tiles').isVisible() && !await page.locator('#controls').isVisible());
  assert.equal(await page.locator('.fr:visible').count(), 0);
  return page;
});

test('it prints what is open, in the light, and which page of the list', async () => {
  const page = await open(samples);
  await page.locator('[name=theme]').selectOption('dark');
  await page.emulateMedia({ media: 'print' });
  assert(!await page.locator('.filters').isVisible() && await page.locator('#groups .pane').first().isVisible());
  assert(await page.locator('.pager span').isVisible() && !await page.locator('.pager button').first().isVisible());
  assert(await page.locator('figure table').first().isVisible(), 'tables behind charts');
  const whole = page.viewportSize();
  await page.setViewportSize({ width: 718, height: 1000 }); // A4 within its margins
  const [tiles, charts] = await page.evaluate(() => ['.tiles div', 'figure']
    .map(of => [...document.querySelectorAll(of)].map(one => one.getBoundingClientRect())));
  assert.equal(new Set(tiles.map(tile => tile.top)).size, 1, 'tiles in one row');
  assert(charts[0].height < 350, `a chart beside its table: ${charts[0].height}`);
  await page.setViewportSize(whole);
  await page.emulateMedia({ media: 'screen' });
  await page.locator('#g1 summary').first().click();
  await page.emulateMedia({ media: 'print' });
  assert(!await page.locator('#g1 .pane').first().isVisible(), 'a group that was closed again');
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).color), 'rgb(29, 31, 33)');
  assert((await page.pdf()).length > 20_000);
  return page;
});

test('hostile texts do nothing', async () => {
  const strings = [
    '<script>window.hacked=1</script><img src=x onerror="window.hacked=1">', '" onmouseover="window.hacked=1" autofocus onfocus="window.hacked=1',
    '</script><script>window.hacked=1</script>', '<!-- <script> --> ]]> </style></title></textarea>', "javascript:window.hacked=1",
    '\u001b[31m \u0007 \u202e gnitirw \u202c', '\u0000 \u2028 \u2029', 'unbroken'.repeat(90), "=cmd|' /C calc'!A0", '{{7*7}} ${7*7} <%= 7 %>',
    '&lt;b&gt; &amp;amp; &#60;i&#62;', '<svg onload=window.hacked=1><a href="javascript:window.hacked=1">x</a>',
  ];
  const words = n => Array.from({ length: 40 }, (_, i) => `w${n}x${i}`).join(' ');
  const records = strings.flatMap((text, n) => [
    { id: text, when: text, text: `${text} ${words(n)} ${text}` }, { id: text, text: `${text} ${words(n)} changed ${text}` }, { id: [text], text },
    { id: text, text: `${text}\n${words(n + 100)}\n${text} ${words(n)}` },
  ]);
  const name = join(folder, 'hostile <img src=x onerror=window.hacked=1>.jsonl');
  writeFileSync(name, records.map(record => JSON.stringify(record)).join('\n') + '\n' + strings.join('\n'));
  const page = await open(report('hostile', [name], '--id-field', 'id', '--floor', '0.3', '--date-field', 'when'));
  assert(await shown(page) >= strings.length);
  for (const group of await page.locator('#groups .group').all()) {
    if (!await group.evaluate(element => element.open)) await group.locator('summary').first().click();
  }
  for (const text of strings) {
    await page.locator('[name=search]').fill(text.slice(0, 40));
    await settled(page);
  }
  await page.locator('[name=language]').selectOption('fr');
  await page.mouse.move(300, 300);
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.equal(await page.locator('main img, main iframe, main a[href^=javascript], main script').count(), 0);
  return page;
});

const told = (...flags) => JSON.parse(execFileSync(redite, [...flags, '--json', '--quiet'], { cwd: root, encoding: 'utf8' }));

test('another threshold: the numbers of a run with it, and what becomes a copy', async () => {
  const page = await open(report('floor', ['corpus'], '--floor', '0.5', '--threshold', '0.8'));
  const slider = page.locator('[name=level]');
  assert.equal(await slider.getAttribute('aria-valuetext'), '0.80');
  assert.match(await page.locator('#at-level').innerText(), /^At 0\.80, as in this report:/);
  const at = async value => {
    const { documents, paragraphs } = told('audit', 'corpus', '--floor', '0.5', '--threshold', String(value));
    const line = (name, of) => `${name}: ${of.originals} originals, ${of.exact_copies + of.near_copies + of.contained_copies} copies (${of.exact_copies} exact, ${of.near_copies} near, ${of.contained_copies} contained)`;
    const shown = await page.locator('#at-level > ul').first().locator('li').allInnerTexts();
    assert.deepEqual(shown.map(text => text.replace(/,(?=\d)/g, '')), [line('documents', documents), line('paragraphs', paragraphs)]);
  };
  await at(0.8);
  // the thumb stands below the line of its threshold
  const [thumb, line] = await page.evaluate(() => {
    const slider = document.querySelector('[name=level]');
    const [box, line] = [slider, document.querySelector('.curve .own')].map(of => of.getBoundingClientRect());
    return [box.x + 8 + (box.width - 16) * slider.value / slider.max, line.x];
  });
  assert(Math.abs(thumb - line) < 3, `${thumb} below ${line}`);
  const most = told('audit', 'corpus', '--floor', '0.5', '--threshold', '0.5').documents;
  const sum = most.exact_copies + most.near_copies + most.contained_copies;
  assert(Number(await page.locator('.curve .m1.en').textContent()) >= sum, 'the number at the top');
  await slider.focus();
  for (let i = 0; i < 15; i++) await page.keyboard.press('ArrowLeft');
  assert.equal(await slider.getAttribute('aria-valuetext'), '0.65');
  await at(0.65);
  assert(await page.locator('.coming li').count() > 0, 'what becomes a copy here');
  // mostly those between here and the next step; one whose original was a copy there may be more similar
  const similar = (await page.locator('.coming li').allInnerTexts()).map(text => Number(/similarity ([\d.]+)$/.exec(text)[1]));
  assert(similar.includes(0.65) && similar.every(one => one >= 0.65), `${similar}`);
  await page.keyboard.press('Home');
  await at(0.5);
  await page.locator('#what-if').scrollIntoViewIfNeeded();
  await page.locator('#what-if').screenshot({ path: join(shots, 'what-if.png') });
  await page.locator('[name=language]').selectOption('fr');
  assert.match(await page.locator('#at-level').innerText(), /^À 0,50/);
  const french = await page.evaluate(() => document.body.textContent);
  assert.match(french, /répète le paragraphe \d|répètent les paragraphes \d/);
  assert.doesNotMatch(french, /répète(nt)? (paragraphe|document)/);
  for (const summary of await page.locator('#what-if summary').all()) await summary.click();
  const troubles = await accessible(page, 'what if');
  assert.deepEqual(troubles.filter(line => /what-if|level/.test(line)), []);
  return page;
});

test('dates: who came first, and how long after', async () => {
  const words = n => Array.from({ length: 40 }, (_, i) => `w${n}x${i}`).join(' ');
  const record = (n, date) => JSON.stringify({ id: `r${n}`, text: words(n), date });
  const write = (name, dates) => {
    const path = join(folder, name);
    writeFileSync(path, dates.map((date, n) => record(n, date)).join('\n'));
    return path;
  };
  const early = write('agency.jsonl', ['2026-11-22T08:00:00Z', '2026-11-20', 'Sun, 22 Nov 2026 12:00:00 GMT', 1e14, 'someday <b>']);
  const late = write('paper.jsonl', ['2026-11-22T11:30:00Z', '2026-11-23', 1_795_345_200, '9999-01-01', null]);
  const page = await open(report('dated', [early, late], '--date-field', 'date'));
  const section = page.locator('#dates');
  assert.match(await section.innerText(), /8 documents have a date in the field “date”; it is missing in 1, and can't be read as a date in 1/);
  assert.match(await section.innerText(), /Of 4 copies in other documents with both dates known, 1 is older/);
  const cells = await section.locator('tbody tr').first().locator('td').allInnerTexts();
  assert.deepEqual(cells.slice(2), ['3', '3 days', '1', '60 minutes', '0']);
  await page.locator('[name=search]').fill('r0');
  await settled(page);
  const group = page.locator('#groups .group').first();
  if (!await group.evaluate(element => element.open)) await group.locator('summary').first().click();
  assert.match(await group.locator('.copies li').first().innerText(), /22 Nov 2026, 11:30.*3 hours after the original/);
  await section.screenshot({ path: join(shots, 'dates.png') });
  await page.locator('[name=language]').selectOption('fr');
  assert.match(await section.innerText(), /8 documents ont une date/);
  if (!await group.evaluate(element => element.open)) await group.locator('summary').first().click();
  assert.match(await group.locator('.copies li').first().innerText(), /22 nov\. 2026.*3 heures après l’original/);
  return page;
});

test('the same report from dedup, and from one night of an index', async () => {
  const path = name => join(folder, `${name}.html`);
  const groups = async page => (await page.locator('#groups .group h3').allInnerTexts()).join('\n');
  const flags = ['--quiet', '--threshold', '0.8', '--units', 'document,paragraph,passage'];
  const run = (...given) => execFileSync(redite, [...given, ...flags], { cwd: root });
  run('audit', 'corpus', '--report', path('one-audit'));
  run('dedup', 'corpus', '--output', join(folder, 'clean'), '--report', path('one-dedup'));
  const audit = await open(path('one-audit'));
  const dedup = await open(path('one-dedup'));
  assert.equal(await groups(dedup), await groups(audit));
  assert.equal(await dedup.locator('.tiles').innerText(), await audit.locator('.tiles').innerText());
  assert.match(await dedup.locator('#written + p').innerText(), /^\d+ records: \d+ kept, \d+ removed/);
  assert.equal(await audit.locator('#written').count(), 0);
  assert.deepEqual([...audit.troubles, ...dedup.troubles], []);
  const index = join(folder, 'archive');
  const night = (name, input) => run('dedup', input, '--index', index, '--output', join(folder, name), '--report', path(name));
  night('night-1', 'corpus/news-fr');
  night('night-2', 'corpus/news-en');
  const archived = join(folder, 'again');
  execFileSync('cp', ['-r', join(root, 'corpus/news-fr'), archived]);
  // another batch than the first one, which would be known again
  rmSync(join(archived, '001-port-greve.txt'), { force: true });
  night('night-3', archived);
  const third = await open(path('night-3'));
  await third.locator('#groups .group').first().waitFor();
  const tiles = await third.locator('.tiles').innerText();
  assert.match(tiles, /100\s%/, 'all of it is in the archive');
  assert.match(await third.locator('.lead').innerText(), /said before in it or in the index/);
  assert.match(await third.locator('#night + p').innerText(), /^The index had 2 batches with \d+ documents before\. It has the originals of 23 of 23 copied documents/);
  assert.equal(await third.locator('#night ~ .wide tbody tr').count(), 3);
  assert.match(await third.locator('#groups .place').first().innerText(), /\(index\)/);
  await third.screenshot({ path: join(shots, 'night.png') });
  const first = third.locator('#groups .group').first();
  if (!await first.evaluate(element => element.open)) await first.locator('summary').first().click();
  await first.locator('.pair, .note').first().waitFor();
  await accessible(third, 'night');
  execFileSync(redite, ['audit', archived, '--index', index, '--report', path('against'), '--quiet'], { cwd: root });
  const against = await open(path('against'));
  assert(await shown(against) > 0);
  assert.deepEqual([...third.troubles, ...against.troubles], []);
  await against.screenshot({ path: join(shots, 'against.png') });
  return third;
});

const sentence = (from, length) => Array.from({ length }, (_, i) => `word${from + i}`).join(' ');
const corpus = (name, records) => {
  const path = join(folder, `${name}.jsonl`);
  writeFileSync(path, records.map(record => JSON.stringify(record)).join('\n'));
  return path;
};

test('sources that a field names', async () => {
  const article = (outlet, from) => ({ id: `${outlet}-${from}`, outlet, text: sentence(from, 30) });
  const input = corpus('outlets', [
    article('agency', 0), article('Le Papier', 0), article('radio', 100), article('agency', 100), article('agency', 200), article('radio', 200),
    { id: 'nobody', text: sentence(300, 30) }, article('agency', 300),
  ]);
  const page = await open(report('outlets', [input], '--units', 'document', '--source-field', 'outlet'));
  await page.locator('#groups .group').first().waitFor();
  assert.equal(await shown(page), 4);
  const source = page.locator('#groups select[name=source]');
  assert.deepEqual(await source.locator('option').allInnerTexts(), ['all sources', 'agency', 'Le Papier', 'radio']);
  await source.selectOption('Le Papier');
  assert.equal(await shown(page), 1);
  const group = page.locator('#groups .group').first();
  const placesOf = async () => {
    if (!await group.evaluate(element => element.open)) await group.locator('summary').first().click();
    await group.locator('.place').first().waitFor();
    return group.locator('.place').allInnerTexts();
  };
  const places = await placesOf();
  assert.match(places.join('\n'), /record 1, id agency-0, from agency\n.*record 2, id Le Papier-0, from Le Papier/);
  await source.selectOption('radio');
  assert.equal(await shown(page), 2);
  await page.locator('[name=search]').fill('nobody');
  await settled(page);
  assert.equal(await shown(page), 0, 'both filters hold');
  await source.selectOption('all sources');
  assert.equal(await shown(page), 1);
  assert.doesNotMatch((await placesOf())[0], /from/, 'it has none of its own');
  await page.locator('[name=search]').fill('papier');
  await settled(page);
  assert.equal(await shown(page), 1);
  return page;
});

test('a text that is cut is cut on both sides, and no later text follows it', async () => {
  const long = sentence(0, 9000);
  const page = await open(report('cut', [corpus('cut', [
    { id: 'a', text: `${sentence(20_000, 30)}\n${long} ${sentence(30_000, 30)}` },
    { id: 'b', text: `${sentence(40_000, 30)}\n${long} BEHIND ${sentence(50_000, 30)}` },
  ])], '--units', 'passage'));
  assert.equal(await page.locator('.group .note', { hasText: 'The text goes on' }).count(), 2);
  assert(!(await page.locator('.pane[data-side="1"]').first().innerText()).includes('BEHIND'));
  return page;
});

test('what is told of a group counts the copies that are not listed, and what is not searched is said', async () => {
  const text = sentence(0, 40);
  const records = Array.from({ length: 60 }, (_, n) => ({ id: `exact${n}`, text }));
  records.push({ id: 'near', text: text.replace('word7 ', 'changed ') });
  const page = await open(report('unlisted', [corpus('unlisted', records)], '--units', 'document'));
  assert.match(await page.locator('.group h3').first().innerText(), /^1\. 60 copies of a document, 59 exact, similarity 0\.\d\d:/);
  await page.locator('select[name=kind]').selectOption('2');
  assert.equal(await shown(page), 1, 'a group with a near copy that is not listed');
  const search = page.locator('[name=search]');
  await search.fill('exact55');
  await settled(page);
  assert.match(await status(page), /^No repeated text fits these filters\. Not looked at, not being on this page: 10 copies;/);
  await search.fill('exact1');
  await settled(page);
  assert.match(await status(page), /^1 of 1 repeated texts\. Not looked at, not being on this page: 10 copies;/);
  await search.fill('zzz');
  await page.locator('[name=reset]').click();
  await settled(page);
  assert.equal(await status(page), '1 of 1 repeated texts', 'what was typed last is forgotten, too');
  return page;
});

test('a group can be pointed to', async () => {
  const page = await open(samples);
  await page.locator('#g2 summary').first().click();
  assert.match(page.url(), /#g2$/);
  await page.evaluate(() => { location.hash = '#g60'; });
  await settled(page);
  assert(await page.locator('#g60').evaluate(row => row.open));
  await page.locator('[name=search]').fill('nothing has this');
  await settled(page);
  await page.evaluate(() => { location.hash = '#g3'; });
  await settled(page);
  assert(await page.locator('#g3').evaluate(row => row.open), 'whatever was sought');
  assert(await page.locator('#g3 summary').first().evaluate(summary => summary === document.activeElement));
  await page.locator('[name=language]').selectOption('fr');
  assert(await page.locator('#g3').evaluate(row => row.open), 'in another language, too');
  await page.locator('[name=search]').fill('zzz');
  await page.evaluate(() => { location.hash = '#g4'; });
  await settled(page);
  assert(await page.locator('#g4').isVisible(), 'what is still to be sought is not');
  return page;
});

test('letters that differ by more than an accent are others', async () => {
  const text = 'バスの時刻表を確認してから駅前の停留所で待つことにしたので、朝はいつもより少し早く家を出なければならない 한국';
  const page = await open(report('kana', [corpus('kana', [{ text }, { text }])], '--units', 'document'));
  for (const [sought, count] of [['パス', 0], ['バス', 1], ['ﾊﾞｽ', 1], ['하', 0], ['한국', 1]]) {
    await page.locator('[name=search]').fill(sought);
    await settled(page);
    assert.equal(await shown(page), count, sought);
  }
  return page;
});

test('20,000 groups open in two seconds and stay smooth', async () => {
  const words = (from, length) => Array.from({ length }, (_, i) => `word${from + i}`).join(' ');
  const lines = [];
  for (let n = 0; n < 21_000; n++) {
    const text = words(n * 40, 30);
    lines.push(JSON.stringify({ id: `a${n}`, text }), JSON.stringify({ id: `b${n}`, text: n % 3 ? text : text.replace(`word${n * 40 + 5} `, 'changed ') }));
  }
  const path = join(folder, 'large.jsonl');
  writeFileSync(path, lines.join('\n'));
  const file = report('large', [path]);
  const page = await open(file);
  await page.locator('#groups .group').first().waitFor();
  console.log(`    ${(statSync(file).size / 1e6).toFixed(1)} MB, open in ${page.opened.toFixed(0)} ms; ${await status(page)}`);
  assert.match(await status(page), /^20,000 of 20,000/);
  assert.match(await page.locator('#unheld').innerText(), /^1,000 repeated texts are not in this file/);
  assert(page.opened < 2000, `${page.opened} ms`);
  const start = performance.now();
  await page.locator('[name=search]').fill('b12345');
  await page.waitForFunction(() => document.querySelector('#found').textContent.startsWith('1 of'));
  const searched = performance.now() - start;
  await page.locator('[name=reset]').click();
  await page.locator('#groups select[name=order]').selectOption('2');
  await page.locator('[name=next]').click();
  assert.equal(await shown(page), 50);
  const paging = performance.now();
  await page.locator('[name=next]').click();
  console.log(`    searched in ${searched.toFixed(0)} ms, paged in ${(performance.now() - paging).toFixed(0)} ms`);
  assert(searched < 2000);
  return page;
});

let failed = 0;
const only = process.env.ONLY;
for (const [name, run] of tests.filter(([name]) => !only || name.includes(only))) {
  try {
    const page = await run();
    assert.deepEqual(page.troubles, [], 'no error, no request, no dialog');
    await page.context().close();
    console.log(`ok  ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`NOT ${name}\n${error.stack}`);
  }
}
await browser.close();
rmSync(folder, { recursive: true });
process.exit(failed ? 1 : 0);
