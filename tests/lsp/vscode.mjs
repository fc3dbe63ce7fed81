// What a person sees and does in Visual Studio Code: lens, path, finding, hover, problem with its related place, a quick fix, the boundaries.
// Run by vscode.sh, from the folder where playwright-core is installed.
import assert from 'node:assert';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const { PORT, WORKSPACE, SHOTS, CHROMIUM = '/usr/bin/chromium' } = process.env;
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
const page = await browser.newPage({ viewport: { width: 1400, height: 800 } });
const patience = { timeout: 60_000 };
const open = (name) => page.locator(`.explorer-folders-view .monaco-list-row:has-text("${name}")`).first().dblclick(patience);
const command = async (title) => {
  await page.keyboard.press('F1');
  await page.locator('.quick-input-widget input').first().fill(`>${title}`);
  await page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first().click(patience);
};
const shot = async (name) => {
  if (!SHOTS) return;
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `vscode-${name}.png`) });
};
try {
  await page.goto(`http://127.0.0.1:${PORT}/?folder=${WORKSPACE}`);
  await page.waitForSelector('.monaco-workbench', patience);
  await open('main.tf');
  const lens = page.locator('.codelens-decoration a', { hasText: 'reachable from the internet on tcp/443' });
  await lens.first().waitFor(patience);
  console.log('the lens is there');
  await page.locator('.squiggly-error, .squiggly-warning, .squiggly-info').first().waitFor(patience);
  console.log('a finding is underlined');
  await lens.first().click();
  await page.locator('.quick-input-list', { hasText: '1. ' }).first().waitFor(patience);
  console.log('the steps are listed');
  const text = await page.locator('.quick-input-list').innerText();
  assert.match(text, /main\.tf:\d+/);
  await shot('exposure');
  await page.keyboard.press('Escape');

  await open('Dockerfile');
  const word = page.locator('.view-line span', { hasText: 'install' }).last();
  await word.waitFor(patience);
  const underlined = page.locator('.squiggly-error, .squiggly-warning, .squiggly-info, .squiggly-hint');
  await underlined.first().waitFor(patience);
  await word.hover();
  const hover = page.locator('.monaco-hover', { hasText: 'installs-recommended-packages' });
  await hover.first().waitFor(patience);
  console.log('the hover tells the rule');
  await shot('hover');

  await command('Problems: Focus on Problems View');
  const row = (text) => page.locator('.markers-panel .monaco-list-row', { hasText: text });
  await row('machine-reachable-from-internet').first().waitFor(patience);
  await row('3. aws_security_group.web lets it in on tcp/443').first().waitFor(patience);
  console.log('the problem is listed with its related places');
  await shot('problems');
  await page.locator('.viewpane-filter input, .markers-panel-action-filter input').first().fill('installs-recommended');
  const problem = row('installs-recommended-packages');
  await problem.first().waitFor(patience);

  await problem.first().getByText('apt-get installs').click();
  await page.keyboard.press('ControlOrMeta+1');
  await word.click();
  await page.keyboard.press('ControlOrMeta+.');
  const fix = page.locator('.action-widget .monaco-list-row', { hasText: 'add `--no-install-recommends`' });
  await fix.first().waitFor(patience);
  console.log('the fix is offered');
  await shot('fix');
  await fix.first().click();
  await page.locator('.view-line', { hasText: '--no-install-recommends' }).first().waitFor(patience);
  await problem.first().waitFor({ state: 'detached', ...patience });
  console.log('the fix is made, and the finding is gone');

  await command('Plimsoll: Show boundaries');
  const report = page.frameLocator('iframe.webview').last().frameLocator('#active-frame').locator('body', { hasText: 'aws_instance.web' });
  await report.waitFor(patience);
  console.log('the boundaries are shown');
  await shot('boundaries');
} catch (error) {
  await page.screenshot({ path: '/tmp/plimsoll-vscode-failure.png' }).catch(() => {});
  throw error;
} finally {
  await browser.close();
}
