#!/usr/bin/env -S python3 -S -E
"""A host that calls the provider as the contract's section 13 says, streamed or not, for tests of the
fault scenarios. Mode S, OpenAI's dialect, one run after the other.

usage: calling_host.py [--stream] [--defect NAME] host --protocol v1 --single-request=false
"""
import http.client
import json
import os
import re
import ssl
import sys
import time
from urllib.parse import urlsplit

DEFECTS = {
    'cut-is-ok': 'what came before a cut, a stall or an error event is the answer',
    'pings-are-progress': 'nothing but the idle time ends a call, and each byte winds it up',
    'no-retry': 'one attempt only',
    'hammers': 'retries ten times, at once',
    'all-is-internal': 'each failure is INTERNAL',
    'tells-the-page': 'what is no JSON is the answer',
}
MOST = 16 << 20


class Failed(Exception):
    def __init__(self, code, message, again=False, after=0.0, part=''):
        super().__init__(message)
        self.code, self.again, self.after, self.part = code, again, after, part


class Host:
    def __init__(self, stream, defect):
        self.stream, self.defect = stream, defect
        self.idle = int(os.environ.get('ZENE_PROVIDER_TIMEOUT_MS') or 45000) / 1000
        self.sessions = {}

    # -- one call ----------------------------------------------------------------------------

    def wait(self, deadline):
        left = self.idle
        if self.defect != 'pings-are-progress':
            left = min(left, deadline - time.monotonic())
            if left <= 0:
                raise TimeoutError
        self.socket.settimeout(left)

    def pieces(self, response, deadline):
        size = 0
        while True:
            self.wait(deadline)
            piece = response.read1(65536)
            if not piece:
                if response.length:
                    raise http.client.IncompleteRead(b'')
                return
            size += len(piece)
            if size > MOST:
                raise Failed('PROVIDER_DOWN', 'the answer is too long')
            yield piece

    def read_document(self, pieces, took):
        for piece in pieces:
            took.append(piece)
        text = b''.join(took).decode(errors='replace')
        try:
            answer = json.loads(text)
            return answer['choices'][0]['message']
        except (ValueError, KeyError, IndexError, TypeError):
            if self.defect == 'tells-the-page':
                return {'content': text or '(nothing)'}
            raise Failed('PROVIDER_DOWN', 'the answer is no answer')

    def read_stream(self, pieces, took):
        pending, calls, done = b'', {}, False
        for piece in pieces:
            *lines, pending = (pending + piece).split(b'\n')
            for line in lines:
                if not line.startswith(b'data:'):
                    continue
                data = line[5:].strip()
                if data == b'[DONE]':
                    done = True
                    continue
                event = json.loads(data)
                if 'error' in event:
                    raise Failed('PROVIDER_DOWN', 'an error came in the stream')
                for choice in event['choices']:
                    delta = choice['delta']
                    took.append((delta.get('content') or '').encode())
                    for call in delta.get('tool_calls') or []:
                        whole = calls.setdefault(call['index'], {'id': '', 'arguments': ''})
                        whole['id'] = call.get('id') or whole['id']
                        whole['arguments'] += call['function'].get('arguments') or ''
        text = b''.join(took).decode()
        if not done:
            raise Failed('PROVIDER_DOWN', 'the stream ended before its end', part=text)
        message = {'content': text}
        if calls:
            message['tool_calls'] = [{'id': c['id'], 'function': {'arguments': c['arguments']}}
                                     for c in calls.values()]
        if not calls and not text.strip():
            raise Failed('PROVIDER_DOWN', 'the answer is empty')
        return message

    def call(self, messages, deadline):
        url = urlsplit(os.environ['LLM_BASE_URL'])
        kind = http.client.HTTPSConnection if url.scheme == 'https' else http.client.HTTPConnection
        connection = kind(url.hostname, url.port, timeout=self.idle)
        body = {'model': os.environ.get('LLM_MODEL', 'm'), 'messages': messages}
        if self.stream:
            body.update(stream=True, stream_options={'include_usage': True})
        took = []
        try:
            connection.connect()
            self.socket = connection.sock  # http.client lets go of it when the provider will close
            self.wait(deadline)
            connection.request('POST', url.path + '/chat/completions', json.dumps(body), {
                'Content-Type': 'application/json',
                'Authorization': 'Bearer ' + os.environ['LLM_API_KEY']})
            response = connection.getresponse()
            if response.status != 200:
                raise self.refusal(response)
            pieces = self.pieces(response, deadline)
            if self.stream and 'event-stream' in response.headers.get('content-type', ''):
                return self.read_stream(pieces, took)
            return self.read_document(pieces, took)
        except ssl.SSLError as error:
            raise Failed('PROVIDER_DOWN', str(error))
        except TimeoutError:
            code = 'TIMEOUT' if time.monotonic() >= deadline else 'PROVIDER_DOWN'
            raise Failed(code, 'the provider fell silent', part=self.text_of(took))
        except http.client.IncompleteRead:
            raise Failed('PROVIDER_DOWN', 'the answer was cut', part=self.text_of(took))
        except Failed as error:
            error.part = error.part or self.text_of(took)
            raise
        except (OSError, http.client.HTTPException) as error:
            again = not took and isinstance(error, (ConnectionError, http.client.RemoteDisconnected))
            raise Failed('PROVIDER_DOWN', str(error), again, part=self.text_of(took))
        except ValueError:
            raise Failed('PROVIDER_DOWN', 'an event is no JSON')
        finally:
            connection.close()

    def text_of(self, took):
        """A stream's text is what was taken; of a document what looks like its text."""
        text = b''.join(took).decode(errors='replace')
        found = re.search(r'"content": ?"([^"]*)', text)
        return text if self.stream else found.group(1) if found else ''

    def refusal(self, response):
        status = response.status
        code = ('PROVIDER_AUTH' if status in (401, 403) else
                'PROVIDER_RATE_LIMIT' if status == 429 else
                'PROVIDER_DOWN' if status >= 500 or status == 408 or status < 400 else 'INTERNAL')
        after = response.headers.get('retry-after', '') if status in (429, 503) else ''
        wait = float(after) if re.fullmatch('[0-9]+', after) else 0.0
        return Failed(code, f'the provider says {status}', status == 429 or status >= 500, wait)

    # -- one run -----------------------------------------------------------------------------

    def ask(self, messages, deadline):
        attempts = {'no-retry': 1, 'hammers': 10}.get(self.defect, 2)
        for attempt in range(attempts):
            try:
                return self.call(messages, deadline)
            except Failed as error:
                if self.defect == 'cut-is-ok' and error.part:
                    return {'content': error.part}
                pause = 0 if self.defect == 'hammers' else max(0.2, error.after)
                if (attempt + 1 == attempts or not error.again or
                        time.monotonic() + pause >= deadline):
                    raise
                time.sleep(pause)
        raise AssertionError

    def answer(self, request):
        deadline = time.monotonic() + request.get('timeout_ms', 120000) / 1000
        history = self.sessions.get(request['session_id'], [])
        messages = history + [{'role': 'user', 'content': request['prompt']}]
        for _ in range(8):
            message = self.ask(messages, deadline)
            if not message.get('tool_calls'):
                break
            messages = messages + [{'role': 'assistant', **message}]
            for call in message['tool_calls']:
                messages.append({'role': 'tool', 'tool_call_id': call['id'],
                                 'content': 'the arguments are no JSON'})
        text = message.get('content') or ''
        if not text.strip():
            raise Failed('PROVIDER_DOWN', 'the answer is empty')
        self.sessions[request['session_id']] = messages + [{'role': 'assistant', 'content': text}]
        return text

    def line(self, kind, request, **fields):
        text = json.dumps({'protocol_version': 1, 'type': kind, 'ts_ms': int(time.time() * 1000),
                           'request_id': request['request_id'],
                           'session_id': request.get('session_id'), **fields})
        os.write(1, text.encode() + b'\n')

    def run(self, request):
        began = time.monotonic()
        self.line('ack', request, status='ACCEPTED', request_ts_ms=request.get('ts_ms'))
        status, text, error, tokens = 'OK', '', None, 1
        try:
            text = self.answer(request)
        except Failed as failed:
            code = 'INTERNAL' if self.defect == 'all-is-internal' else failed.code
            status = 'TIMEOUT' if code == 'TIMEOUT' else 'ERROR'
            text, tokens = 'Sorry, that did not work.', 0
            error = {'code': code, 'message': str(failed), 'retryable': True}
            if code == 'PROVIDER_AUTH':
                error['retryable'] = False
        self.line('final', request, status=status, text=text, error=error,
                  usage={'prompt_tokens': tokens, 'completion_tokens': tokens,
                         'total_tokens': 2 * tokens},
                  latency_ms=int((time.monotonic() - began) * 1000))


def main():
    arguments = sys.argv[1:]
    stream, defect = False, None
    while arguments and arguments[0].startswith('--'):
        option = arguments.pop(0)
        stream = stream or option == '--stream'
        if option == '--defect':
            defect = arguments.pop(0)
            if defect not in DEFECTS:
                sys.exit(f'calling_host: unknown defect {defect}')
    if arguments != ['host', '--protocol', 'v1', '--single-request=false']:
        os.write(2, b'usage: calling_host [--stream] host --protocol v1 --single-request=false\n')
        return 2
    host = Host(stream, defect)
    for line in sys.stdin:
        request = json.loads(line)
        if request['type'] == 'run':
            host.run(request)
        else:
            host.line('ack', request, status='PONG')
    return 0


sys.exit(main())
