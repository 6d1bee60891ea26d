// Takes the pictures of docs/images anew: reports on corpus/, in headless Chromium.
//
//   npm ci && node pictures.mjs [REDITE]      with CHROMIUM=/path/to/chromium if it is not found
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const redite = process.argv[2] || join(process.env.CARGO_TARGET_DIR || join(root, 'target'), 'release', 'redite');
const found = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executablePath = found.find(path => path && existsSync(path));
assert(executablePath, 'no Chromium: set CHROMIUM');
const images = join(root, 'docs', 'images');
const folder = mkdtempSync(join(tmpdir(), 'redite-pictures-'));
const report = (name, cwd, inputs, ...flags) => {
  const path = join(folder, `${name}.html`);
  execFileSync(redite, ['audit', ...inputs, '--report', path, '--quiet', ...flags], { cwd });
  return path;
};

// what three papers made of an agency's dispatches, a few hours later or earlier
const wires = join(folder, 'wires');
mkdirSync(wires);
const text = name => readFileSync(join(root, 'corpus', 'news-fr', name), 'utf8');
const dispatches = [
  ['001-port-greve.txt', '014-reprise-port.txt'], ['002-crue-lurence.txt', '015-crue-mise-a-jour.txt'],
  ['004-cantine-bio.txt', '016-cantines-majuscules.txt'], ['008-hopital-urgences.txt', '017-urgences-gravelin.txt'],
  ['009-ligne-train.txt', '018-oublies-du-rail.txt'], ['005-festival-accordeon.txt', '019-ete-culturel.txt'],
  ['006-vol-musee.txt', '020-trafic-art.txt'], ['010-rachat-verrerie.txt', '022-verrerie-cooperative.txt'],
];
const records = { agency: [], courier: [], evening: [] };
dispatches.forEach(([first, second], i) => {
  const at = hours => new Date(Date.UTC(2026, 1, 6 + i, 8) + hours * 3600e3).toISOString();
  records.agency.push({ id: `a${i}`, date: at(0), text: text(first) });
  records.courier.push({ id: `c${i}`, date: at(i % 4 === 3 ? -1 : 3 + i), text: text(second) });
  if (i % 2) records.evening.push({ id: `e${i}`, date: at(10 + i), text: text(first) });
});
for (const [name, of] of Object.entries(records)) {
  writeFileSync(join(wires, `${name}.jsonl`), of.map(one => `${JSON.stringify(one)}\n`).join(''));
}

const samples = report('samples', root, ['corpus'], '--certify', '1000', '--floor', '0.5');
const dates = report('dates', folder, ['wires'], '--date-field', 'date');

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
const open = async path => {
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1000, height: 640 }, colorScheme: 'light' });
  const page = await context.newPage();
  await page.goto(pathToFileURL(path).href);
  await page.locator('#groups .group').first().waitFor();
  return page;
};
// from the top of an element on, as high as this
const picture = async (page, name, element, height = 640) => {
  await page.waitForTimeout(300);
  const top = await element.evaluate(of => of.getBoundingClientRect().top + scrollY);
  const clip = { x: 0, y: Math.max(0, top - 8), width: 1000, height };
  await page.screenshot({ path: join(images, `report-${name}.png`), fullPage: true, clip });
};

const page = await open(samples);
await picture(page, 'numbers', page.locator('.tiles').first(), 1160);
await page.locator('[name=search]').fill('verrerie de Courtelande');
await page.locator('#groups select[name=kind]').selectOption('2');
await page.waitForTimeout(300);
const opened = async () => {
  const group = page.locator('#groups .group').first();
  if (!await group.evaluate(element => element.open)) await group.locator('summary').first().click();
  await group.locator('.pair').waitFor();
  return group;
};
await opened();
await picture(page, 'groups', page.locator('#repeats h2').first());
await page.locator('[name=reset]').click();
await page.locator('[name=search]').fill('في');
await page.waitForTimeout(300);
await picture(page, 'rtl', (await opened()).first(), 400);
await page.locator('[name=reset]').click();
await picture(page, 'documents', page.locator('#documents h2').first());
for (const details of await page.locator('#relations details > summary').all()) await details.click();
await picture(page, 'relations', page.locator('#relations h2').first());
await page.locator('#what-if input[type=range]').evaluate(slider => {
  // from the floor, 0.50, to 1.00
  slider.value = String(Math.round(Number(slider.min) + (slider.max - slider.min) * 0.22 / 0.5));
  slider.dispatchEvent(new Event('input', { bubbles: true }));
});
await picture(page, 'what-if', page.locator('#what-if h2').first(), 560);
await picture(page, 'certificate', page.locator('#certificate'), 560);
const wire = await open(dates);
const heading = wire.locator('h2, h3', { hasText: 'Who came first' }).first();
await picture(wire, 'dates', heading, 240);
await browser.close();
rmSync(folder, { recursive: true });
