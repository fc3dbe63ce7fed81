// What a person sees in Visual Studio Code: lens, path, finding. Run by vscode.sh, from the folder where playwright-core is installed.
import assert from 'node:assert';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { chromium } from 'playwright-core';

const { PORT, WORKSPACE, SHOT, CHROMIUM = '/usr/bin/chromium' } = process.env;
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
const page = await browser.newPage({ viewport: { width: 1400, height: 800 } });
const patience = { timeout: 180_000 };
try {
  await page.goto(`http://127.0.0.1:${PORT}/?folder=${WORKSPACE}`);
  await page.waitForSelector('.monaco-workbench', patience);
  await page.locator('.explorer-folders-view .monaco-list-row:has-text("main.tf")').first().dblclick(patience);
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
  if (SHOT) {
    mkdirSync(dirname(SHOT), { recursive: true });
    await page.screenshot({ path: SHOT });
  }
} catch (error) {
  await page.screenshot({ path: '/tmp/plimsoll-vscode-failure.png' }).catch(() => {});
  throw error;
} finally {
  await browser.close();
}
