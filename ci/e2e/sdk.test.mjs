// The official OpenAI and Anthropic clients against `touchstone provider`.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {test} from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

// A provider with these rules; `use` is given its URL.
async function withProvider(rules, use) {
  const file = join(mkdtempSync(join(tmpdir(), 'sdk-')), 'rules.json');
  writeFileSync(file, JSON.stringify(rules));
  const child = spawn(process.env.TOUCHSTONE_BIN, ['provider', '--port', '0', '--scenario', file]);
  try {
    for await (const line of createInterface({input: child.stdout})) {
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line);
      if (url) return await use(url[0]);
    }
    assert.fail('the provider printed no address');
  } finally {
    child.kill();
    if (child.exitCode === null) await once(child, 'exit');
  }
}

const openai = (url, more = {}) =>
  new OpenAI({baseURL: `${url}/v1`, apiKey: 'k', maxRetries: 0, ...more});
const anthropic = (url, more = {}) =>
  new Anthropic({baseURL: url, apiKey: 'k', maxRetries: 0, ...more});
const messages = [{role: 'user', content: 'hi'}];
const tool = [{id: 'c1', name: 'f', arguments: {a: 1}}];

test('openai: chat, streamed and not, with tools', () =>
  withProvider(
    [{match: {call: 1}, respond: {text: 'four'}}, {match: {call: 2}, respond: {text: 'four'}},
     {respond: {tool_calls: tool}}],
    async url => {
      const client = openai(url);
      const whole = await client.chat.completions.create({model: 'm', messages});
      assert.equal(whole.choices[0].message.content, 'four');
      assert.equal(whole.usage.total_tokens, 10);
      assert.match(whole._request_id, /^req_/);
      const stream = client.chat.completions.stream(
        {model: 'm', messages, stream_options: {include_usage: true}});
      const streamed = await stream.finalChatCompletion();
      assert.equal(streamed.choices[0].message.content, 'four');
      assert.equal(streamed.usage.total_tokens, 10);
      const calls = await client.chat.completions.stream({model: 'm', messages}).finalMessage();
      assert.equal(calls.tool_calls[0].function.arguments, '{"a":1}');
      const {message, finish_reason} =
        (await client.chat.completions.create({model: 'm', messages})).choices[0];
      assert.equal(message.tool_calls[0].function.arguments, '{"a":1}');
      assert.equal(message.content, null);
      assert.equal(finish_reason, 'tool_calls');
    }));

test('openai: responses, streamed and not, with tools', () =>
  withProvider(
    [{match: {call: 1}, respond: {text: 'four'}}, {match: {call: 2}, respond: {text: 'four'}},
     {respond: {tool_calls: tool}}],
    async url => {
      const client = openai(url);
      assert.equal((await client.responses.create({model: 'm', input: 'hi'})).output_text, 'four');
      const streamed = await client.responses.stream({model: 'm', input: 'hi'}).finalResponse();
      assert.equal(streamed.output_text, 'four');
      const calls = await client.responses.stream({model: 'm', input: 'hi'}).finalResponse();
      assert.equal(calls.output[0].call_id, 'c1');
      assert.equal(calls.output[0].arguments, '{"a":1}');
      const whole = await client.responses.create({model: 'm', input: 'hi'});
      assert.equal(whole.output[0].call_id, 'c1');
      assert.equal(whole.output[0].arguments, '{"a":1}');
    }));

test('anthropic: messages, streamed and not, with tools', () =>
  withProvider(
    [{match: {call: 1}, respond: {text: 'four'}}, {match: {call: 2}, respond: {text: 'four'}},
     {respond: {tool_calls: tool}}],
    async url => {
      const client = anthropic(url);
      const ask = {model: 'm', max_tokens: 9, messages};
      assert.equal((await client.messages.create(ask)).content[0].text, 'four');
      assert.equal(await client.messages.stream(ask).finalText(), 'four');
      const calls = await client.messages.stream(ask).finalMessage();
      assert.deepEqual(calls.content[0].input, {a: 1});
      assert.equal(calls.stop_reason, 'tool_use');
      const whole = await client.messages.create(ask);
      assert.deepEqual(whole.content[0].input, {a: 1});
      assert.equal(whole.stop_reason, 'tool_use');
    }));

const classes = {
  openai: {
    invalid_api_key: 'AuthenticationError', permission_error: 'PermissionDeniedError',
    not_found_error: 'NotFoundError', rate_limit_exceeded: 'RateLimitError',
    insufficient_quota: 'RateLimitError', context_length_exceeded: 'BadRequestError',
    server_error: 'InternalServerError', server_is_overloaded: 'InternalServerError',
  },
  anthropic: {
    authentication_error: 'AuthenticationError', permission_error: 'PermissionDeniedError',
    not_found_error: 'NotFoundError', rate_limit_error: 'RateLimitError',
    invalid_request_error: 'BadRequestError', api_error: 'InternalServerError',
    timeout_error: 'InternalServerError', overloaded_error: 'InternalServerError',
  },
};

for (const [kind, name] of Object.entries(classes.openai)) {
  test(`openai: ${kind} is ${name}`, () =>
    withProvider([{respond: {error: kind}}], url =>
      assert.rejects(openai(url).chat.completions.create({model: 'm', messages}),
                     error => error instanceof OpenAI[name] && /^req_/.test(error.requestID))));
}
for (const [kind, name] of Object.entries(classes.anthropic)) {
  test(`anthropic: ${kind} is ${name}`, () =>
    withProvider([{respond: {error: kind}}], url =>
      assert.rejects(anthropic(url).messages.create({model: 'm', max_tokens: 9, messages}),
                     error => error instanceof Anthropic[name] && /^req_/.test(error.requestID))));
}

test('an error inside a stream is one to both clients, and no answer', () =>
  withProvider(
    [{match: {dialect: 'anthropic'},
      respond: {text: 'it begins well', error_event: 529, after_chunks: 4}},
     {respond: {text: 'it begins well', error_event: 500, after_chunks: 2}}],
    async url => {
      await assert.rejects(
        anthropic(url).messages.stream({model: 'm', max_tokens: 9, messages}).finalText(),
        error => error instanceof Anthropic.APIError && /overloaded_error/.test(error.message));
      await assert.rejects(
        openai(url).chat.completions.stream({model: 'm', messages}).finalMessage(),
        error => error instanceof OpenAI.APIError && error.type === 'server_error');
    }));

test('a cut answer is an error to both clients', () =>
  withProvider([{respond: {text: 'never whole', reset: 'in_body'}}], async url => {
    await assert.rejects(openai(url).chat.completions.create({model: 'm', messages}));
    await assert.rejects(openai(url).chat.completions.stream({model: 'm', messages}).finalMessage());
    await assert.rejects(anthropic(url).messages.create({model: 'm', max_tokens: 9, messages}));
    await assert.rejects(
      anthropic(url).messages.stream({model: 'm', max_tokens: 9, messages}).finalText());
  }));

test('both clients wait as retry-after says', () =>
  withProvider(
    [{times: 1, match: {dialect: 'openai-chat'},
      respond: {error: 'rate_limit_exceeded', headers: {'retry-after': '1'}}},
     {times: 1, match: {dialect: 'anthropic'},
      respond: {error: 'rate_limit_error', headers: {'retry-after': '1'}}},
     {respond: {text: 'fine'}}],
    async url => {
      let start = performance.now();
      await openai(url, {maxRetries: 1}).chat.completions.create({model: 'm', messages});
      assert.ok(performance.now() - start >= 990);
      start = performance.now();
      await anthropic(url, {maxRetries: 1}).messages.create({model: 'm', max_tokens: 9, messages});
      assert.ok(performance.now() - start >= 990);
    }));
