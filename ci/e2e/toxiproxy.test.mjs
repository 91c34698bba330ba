// toxiproxy-node-client, written for Toxiproxy, drives `touchstone proxy`.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import net from 'node:net';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import toxiproxyClient from 'toxiproxy-node-client';

const { Toxiproxy } = toxiproxyClient;
let server, origin, upstream, api;

before(async () => {
  origin = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  origin.listen(0, '127.0.0.1');
  await once(origin, 'listening');
  upstream = `127.0.0.1:${origin.address().port}`;
  server = spawn(process.env.TOUCHSTONE_BIN, ['proxy', '--port', '0', '--seed', '1']);
  let said = '';
  while (!said.includes('\n')) said += (await once(server.stdout, 'data'))[0];
  server.stdout.resume();
  api = new Toxiproxy(/http:\/\/[\d.:]+/.exec(said)[0]);
});

after(() => {
  server?.kill('SIGTERM');
  origin?.close();
});

// Sends a word through the proxy and closes; what comes back, and how it ends.
async function echo(proxy, word) {
  const [host, port] = proxy.listen.split(':');
  const socket = net.connect({ host, port: Number(port), allowHalfOpen: true });
  let text = '', ending = 'FIN';
  const begun = Date.now();
  socket.on('error', (error) => { ending = error.code; });
  socket.on('data', (piece) => { text += piece; });
  socket.on('end', () => socket.end());
  socket.write(word, () => socket.end());
  await new Promise((closed) => socket.on('close', closed));
  return { text, ending, ms: Date.now() - begun };
}

test('a proxy is made, found, listed and removed', async () => {
  const made = await api.createProxy({ name: 'one', listen: '127.0.0.1:0', upstream });
  assert.equal(made.enabled, true);
  assert.deepEqual(await echo(made, 'hello').then(({ text, ending }) => ({ text, ending })),
                   { text: 'hello', ending: 'FIN' });
  assert.equal((await api.get('one')).listen, made.listen);
  assert.deepEqual(Object.keys(await api.getAll()), ['one']);
  await assert.rejects(api.createProxy({ name: 'one', listen: '127.0.0.1:0', upstream }), /already exists|409/);
  await made.remove();
  await assert.rejects(api.get('one'), /not found|404/);
  assert.match(String(await api.getVersion()), /2\./);
});

test('toxics are added, take effect, are changed and removed', async () => {
  const proxy = await api.createProxy({ name: 'two', listen: '127.0.0.1:0', upstream });
  const latency = await proxy.addToxic(
    { type: 'latency', stream: 'downstream', toxicity: 1, name: 'slow', attributes: { latency: 200, jitter: 0 } });
  assert.deepEqual(latency.attributes, { latency: 200, jitter: 0 });
  const slow = await echo(proxy, 'x');
  assert.equal(slow.text, 'x');
  assert.ok(slow.ms >= 199, `${slow.ms} ms`);
  const changed = await latency.update({ attributes: { latency: 1, jitter: 0 } });
  assert.equal(changed.attributes.latency, 1);
  assert.equal((await proxy.getToxic('slow')).attributes.latency, 1);
  await latency.remove();
  await assert.rejects(proxy.getToxic('slow'), /not found|404/);
  await proxy.addToxic({ type: 'reset_peer', stream: 'downstream', toxicity: 1, name: 'rst', attributes: { timeout: 0 } });
  assert.equal((await echo(proxy, 'x')).ending, 'ECONNRESET');
  await assert.rejects(
    proxy.addToxic({ type: 'bandwidth', stream: 'downstream', toxicity: 1, name: 'b', attributes: { rate: -1 } }),
    /rate|400/);
  await api.reset();
  assert.deepEqual(await echo(proxy, 'again').then(({ text, ending }) => ({ text, ending })),
                   { text: 'again', ending: 'FIN' });
  await proxy.remove();
});

test('populate makes all; a disabled proxy refuses until reset', async () => {
  const made = await api.populate([
    { name: 'three', listen: '127.0.0.1:0', upstream }, { name: 'four', listen: '127.0.0.1:0', upstream }]);
  assert.deepEqual(Object.keys(made).sort(), ['four', 'three']);
  const off = await made.three.update({ enabled: false, listen: made.three.listen, upstream });
  assert.equal(off.enabled, false);
  assert.equal((await echo(off, 'x')).ending, 'ECONNREFUSED');
  await api.reset();
  assert.equal((await echo(off, 'x')).text, 'x');
  await made.three.remove();
  await made.four.remove();
});
