// Chromium for the tests of pages: Debian's, driven by playwright-core. What a page must not do is
// noted: console errors, exceptions, and requests that leave the machine's loopback or file system.
import {existsSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after} from 'node:test';
import {chromium} from 'playwright-core';

const executable = process.env.TOUCHSTONE_CHROMIUM || '/usr/bin/chromium';
export const bin = process.env.TOUCHSTONE_BIN;
export const folder = bin.replace(/\/[^/]*$/, '');

const must = process.env.CI === 'true' || process.env.TOUCHSTONE_E2E_REQUIRED === '1';
// For test(name, {skip}, …): why there is nothing to test with, or false.
export const skip = existsSync(executable) || must ? false
  : `${executable} is missing; ci/bootstrap --e2e installs it`;

export function scratch() {
  const made = mkdtempSync(join(tmpdir(), 'page-'));
  return {path: made, remove: () => rmSync(made, {recursive: true, force: true})};
}

// One for all tests of a file; each page has a context of its own.
let launched = null;
const browser = () => launched ??= chromium.launch({
  executablePath: executable, headless: true, timeout: 120_000,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
         '--disable-background-networking', '--disable-component-update', '--disable-sync']});
after(async () => { if (launched) await (await launched).close(); });

// `use` is given a function that opens a page: open(url, options) -> {page, bad}.
export async function withBrowser(use) {
  const contexts = [];
  try {
    return await use(async (url, options = {}) => {
      const context = await (await browser()).newContext(
        {viewport: {width: 1280, height: 900}, ...options});
      contexts.push(context);
      context.setDefaultTimeout(60_000);
      const page = await context.newPage();
      const bad = [];
      page.on('console', message => {
        if (['error', 'warning'].includes(message.type())) bad.push(`console: ${message.text()}`);
      });
      page.on('pageerror', error => bad.push(`exception: ${error.message}`));
      const own = new URL(url);
      page.on('request', request => {
        const to = new URL(request.url());
        const allowed = to.protocol === 'data:' || to.href.split('#')[0] === own.href.split('#')[0] ||
          (own.protocol === 'http:' && to.origin === own.origin);
        if (!allowed) bad.push(`request: ${request.url()}`);
      });
      await page.goto(url, {waitUntil: 'load', timeout: 60_000});
      return {page, bad};
    });
  } finally {
    for (const context of contexts) await context.close();
  }
}
