// The report in Firefox, driven over WebDriver BiDi: what report.mjs asks of Chromium, in short. Not part of
// `cargo test`.
//
//   npm ci && node firefox.mjs [REDITE]      with FIREFOX=/path/to/firefox if it is not found
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import puppeteer from 'puppeteer-core';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const redite = process.argv[2] || join(process.env.CARGO_TARGET_DIR || join(root, 'target'), 'debug', 'redite');
const found = [process.env.FIREFOX, '/usr/bin/firefox', '/usr/bin/firefox-esr'];
const executablePath = found.find(path => path && existsSync(path));
assert(executablePath, 'no Firefox: set FIREFOX');
const shots = join(here, 'out');
mkdirSync(shots, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'redite-firefox-'));
const report = (name, input, ...flags) => {
  const path = join(folder, `${name}.html`);
  execFileSync(redite, ['audit', input, '--report', path, '--quiet', ...flags], { cwd: root });
  return path;
};
const browser = await puppeteer.launch({ browser: 'firefox', executablePath, headless: true });
const version = await browser.version();
const settled = () => new Promise(resolve => setTimeout(resolve, 300));
const open = async path => {
  const page = await browser.newPage();
  await page.setViewport({ width: 1000, height: 500 });
  page.troubles = [];
  page.on('console', message => { if (message.type() === 'error') page.troubles.push(message.text()); });
  page.on('pageerror', error => page.troubles.push(error.message));
  // the browser's own font for measuring comes as data: the page's policy lets none in
  const isOwn = url => url === pathToFileURL(path).href || url.startsWith('data:font/');
  page.on('request', request => { if (!isOwn(request.url())) page.troubles.push(`asks for ${request.url()}`); });
  page.on('dialog', dialog => { page.troubles.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  const start = performance.now();
  await page.goto(pathToFileURL(path).href);
  page.opened = performance.now() - start;
  return page;
};
const text = (page, of) => page.$eval(of, element => element.innerText);
const count = (page, of) => page.$$eval(of, all => all.length);

const page = await open(report('samples', 'corpus', '--certify', '200', '--floor', '0.5', '--threshold', '0.8'));
assert.match(await text(page, '#found'), /^\d+ of \d+ repeated texts$/);
await page.type('[name=search]', 'HAUTE-VERDANNE, 6 fevrier');
await settled();
const few = await count(page, '#groups .group');
assert(few > 0 && few < 10, `${few} groups`);
await page.click('[name=reset]');
await page.select('#groups select[name=kind]', '2');
assert((await page.$$eval('#groups .group h3', all => all.map(one => one.innerText))).every(title => /similarity/.test(title)));
await page.focus('#groups summary');
if (!await page.$eval('#groups .group', group => group.open)) await page.keyboard.press('Enter');
await page.waitForSelector('#groups .group .pair');
assert(await count(page, '#groups .group ins, #groups .group del') > 0);
await page.$$eval('#groups .group', groups => groups.slice(0, 12).forEach(group => { group.open = true; }));
await settled();
const scrolled = await page.evaluate(async () => {
  const pairs = [...document.querySelectorAll('.pair')].map(pair => [...pair.querySelectorAll('.pane')]);
  const panes = pairs.find(panes => panes.length === 2 && panes.every(pane => pane.scrollHeight - pane.clientHeight > 60));
  panes[0].scrollTop = 50;
  await new Promise(resolve => setTimeout(resolve, 300));
  return panes[1].scrollTop;
});
assert(scrolled > 0, 'both sides scroll together');
await page.screenshot({ path: join(shots, 'firefox.png') });
await page.focus('[name=level]');
await page.keyboard.press('ArrowLeft');
assert.match(await text(page, '#at-level'), /^At 0\.79:/);
await page.select('[name=language]', 'fr');
assert.equal(await page.$eval('html', element => element.lang), 'fr');
assert.match(await text(page, '#found'), /textes répétés sur/);
const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
await page.select('[name=theme]', 'light');
const light = await ground();
await page.select('[name=theme]', 'dark');
assert.notEqual(await ground(), light);
await page.screenshot({ path: join(shots, 'firefox-dark.png') });
assert((await page.pdf({ path: join(folder, 'printed.pdf') })).length > 20_000, 'it prints');
assert.deepEqual(page.troubles, []);
console.log(`ok  ${version}: opened, searched, filtered, read, scrolled, turned to French and dark, printed`);

const words = n => Array.from({ length: 40 }, (_, i) => `w${n}x${i}`).join(' ');
const strings = ['<script>window.hacked=1</script><img src=x onerror="window.hacked=1">', '</script><script>window.hacked=1</script>',
  '<svg onload=window.hacked=1>', '<!-- <script> --> ]]> </style></title>', '\u202e gnitirw', '&lt;b&gt;'];
const hostile = join(folder, 'hostile <img src=x onerror=window.hacked=1>.jsonl');
writeFileSync(hostile, strings.flatMap((one, n) => [one, `changed ${one}`].map(end =>
  JSON.stringify({ id: one, when: one, text: `${one} ${words(n)} ${end}` }))).join('\n'));
const bad = await open(report('hostile', hostile, '--date-field', 'when'));
assert(await count(bad, '#groups .group') >= strings.length);
await bad.$$eval('#groups .group', groups => groups.forEach(group => { group.open = true; }));
await settled();
assert.equal(await bad.evaluate(() => window.hacked), undefined);
assert.equal(await count(bad, 'main img, main iframe, main script'), 0);
assert.deepEqual(bad.troubles, []);
console.log('ok  hostile texts do nothing');

const lines = [];
for (let n = 0; n < 21_000; n++) {
  const one = Array.from({ length: 30 }, (_, i) => `word${n * 40 + i}`).join(' ');
  lines.push(JSON.stringify({ id: `a${n}`, text: one }), JSON.stringify({ id: `b${n}`, text: n % 3 ? one : one.replace(`word${n * 40 + 5} `, 'changed ') }));
}
const path = join(folder, 'large.jsonl');
writeFileSync(path, lines.join('\n'));
const large = await open(report('large', path));
assert.match(await text(large, '#found'), /^20,000 of 20,000/);
assert(large.opened < 2000, `${large.opened} ms`);
await large.type('[name=search]', 'b12345');
await large.waitForFunction(() => document.querySelector('#found').textContent.startsWith('1 of'));
assert.deepEqual(large.troubles, []);
console.log(`ok  20,000 groups open in ${large.opened.toFixed(0)} ms`);
await browser.close();
rmSync(folder, { recursive: true });
