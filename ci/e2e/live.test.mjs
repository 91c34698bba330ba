// The page of a running soak, fed line by line.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {test} from 'node:test';
import {folder, skip, withBrowser} from './browser.mjs';

async function withSoak(use) {
  const child = spawn(join(folder, 'sample-live'), {stdio: ['pipe', 'pipe', 'inherit']});
  const ended = once(child, 'exit');
  try {
    const [url] = await once(createInterface({input: child.stdout}), 'line');
    await use(url, line => child.stdin.write(JSON.stringify(line) + '\n'),
              async () => { child.stdin.end(); await ended; });
  } finally {
    child.kill();
    await ended;
  }
}

const soak = {kind: 'soak', version: 1, mode: 'S', mix: 'default', arrivals: 'poisson 50/s', seed: 7,
              asked_s: 60, host: {name: 'my-host', command: './my-host'}};
const sample = at => ({kind: 'sample', who: 'host', at_s: at, rss_bytes: 3e7 + at * 1e5, descriptors: 12,
                       threads: 9, children: 0, cpu_percent: 3, lag_ms: 0.1});
const window_ = (from, ok) => ({kind: 'window', who: 'host', from_s: from, seconds: 5, outcomes: {OK: ok},
  intended: ok, answered: ok, unexpected: 0, failures: 0, p50_ms: 1, p90_ms: 2, p99_ms: 4.5, max_ms: 9});
const samplesDrawn = (page, n) =>
  page.waitForFunction(wanted => Number(document.body.dataset.samples) === wanted, n, {timeout: 60_000});

test('grows, and shows who comes late what was', {skip}, () => withSoak(async (url, publish, end) =>
  withBrowser(async go => {
    publish(soak);
    publish({kind: 'segment', from_s: 0, started_ms: 1764250000000});
    for (let at = 0; at < 20; ++at) publish(sample(at));
    const early = await go(url);
    await samplesDrawn(early.page, 20);
    publish(window_(0, 250));
    publish({kind: 'mark', from_s: 4, until_s: 6, what: 'provider outage'});
    publish({kind: 'failure', who: 'host', at_s: 5, requirement: 'PROV-02',
             message: '</script><img src=x onerror="window.hacked=1">'});
    publish(sample(20));
    await samplesDrawn(early.page, 21);
    const late = await go(url, {viewport: {width: 390, height: 844}, colorScheme: 'dark'});
    await samplesDrawn(late.page, 21);
    for (const {page, bad} of [early, late]) {
      const text = await page.locator('body').innerText();
      for (const words of ['my-host in mode S', '250, 0 unexpected', '50.0/s', '4.5 ms', 'provider outage',
                           'PROV-02: </script><img', 'running'])
        assert.ok(text.includes(words), `${words} is not in ${text}`);
      assert.equal(await page.evaluate(() => window.hacked), undefined);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
      assert.deepEqual(bad, []);
    }
    publish({kind: 'end', at_s: 21, ended: 'complete'});
    await early.page.waitForFunction(
      () => document.getElementById('state').textContent === 'ended: complete', null, {timeout: 60_000});
    await end();
  })));

test('other sites cannot read along', {skip}, () => withSoak(async url => {
  const refused = await fetch(url.replace('127.0.0.1', 'localhost')).then(answer => answer.status);
  assert.equal(refused, 200);  // localhost is this machine
  const {request} = await import('node:http');
  const status = await new Promise((done, failed) => {
    request(url + 'events', {headers: {host: 'rebound.example'}}, answer => {
      answer.resume();
      done(answer.statusCode);
    }).on('error', failed).end();
  });
  assert.equal(status, 403);
  const answer = await fetch(url + 'events', {headers: {origin: 'http://other.example'}});
  assert.equal(answer.headers.get('access-control-allow-origin'), null);
  await answer.body.cancel();
}));
