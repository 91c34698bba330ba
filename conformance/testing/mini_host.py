#!/usr/bin/env -S python3 -S -E
"""A minimal host for the judge's own tests: it obeys the contract, or breaks exactly one thing.

usage: mini_host.py [--defect NAME] host --protocol v1 [--single-request=false | --bridge-compat ...]

It knows ping, run, cancel and session_close. What a run does is told by its prompt, a list of words:
`provider` (ask the provider), `hang` (until it is cancelled, or EOF), `events` (two of them, when
stream is true), `replay`, `duplicate`, `error`, `timeout`, `busy`, `text:X`, `env:NAME`, `stderr:X`,
`save:X` (into the state directory), `exit:N`.

A defect is one of DEFECTS below, or one of these, which spoil a field of a response (KIND is ack,
ack.PONG, event, final, error, flat or any; PATH is a.b.c):
    KIND:drop:PATH    KIND:set:PATH=JSON
"""
import json
import os
import sys
import time

DEFECTS = {
    # FRAME-01: how the first line is written
    'log-line', 'bom', 'blank-line', 'cr', 'not-utf8', 'not-json', 'array', 'duplicate-key',
    'ansi', 'cut', 'two-in-a-line', 'surrogate',
    # which lines are written
    'silent', 'second-terminal', 'no-terminal', 'answers-nothing', 'final-before-ack', 'ack-twice',
    'event-after-final', 'event-before-ack', 'events-unasked', 'error-after-ack', 'no-ack',
    'ignores-garbage', 'two-lines', 'no-line', 'ack-in-one-shot', 'event-in-one-shot',
    # how it ends
    'child-in-group', 'child-in-session', 'child-with-pipes', 'stays', 'exit-1', 'dies',
    'stays-after-line', 'dies-after-line', 'flood', 'long-line', 'asks-again',
}

STARTED = time.time()


def spoil(value, path, action, wanted):
    *folders, key = path.split('.')
    for folder in folders:
        value = value.get(folder)
        if not isinstance(value, dict):
            return
    if action == 'drop':
        value.pop(key, None)
    else:
        value[key] = json.loads(wanted)


class Host:
    def __init__(self, defect, flat, one_shot):
        self.defect, self.flat, self.one_shot = defect, flat, one_shot
        self.first = True
        self.hanging = {}
        self.exit_status = 0

    # -- writing ---------------------------------------------------------------------------------

    def raw(self, data):
        while data:
            data = data[os.write(1, data):]

    def kind_fits(self, kind, line):
        if kind == 'any':
            return True
        if self.flat:
            return kind == 'flat'
        return kind in (line['type'], f"{line['type']}.{line.get('status')}")

    def write(self, line):
        if self.defect == 'silent':
            return
        if self.defect and ':' in self.defect:
            kind, action, rest = self.defect.split(':', 2)
            path, _, wanted = rest.partition('=')
            if self.kind_fits(kind, line):
                spoil(line, path, action, wanted)
        text = json.dumps(line).encode()
        defect = self.defect if self.first else None
        self.first = False
        self.raw({
            'log-line': b'INFO starting up\n' + text + b'\n',
            'bom': b'\xef\xbb\xbf' + text + b'\n',
            'blank-line': b'\n' + text + b'\n',
            'cr': text + b'\r\n',
            'not-utf8': text[:-1] + b',"x":"\xff"}\n',
            'surrogate': text[:-1] + b',"x":"\\ud800"}\n',
            'not-json': text[:-1] + b',}\n',
            'array': b'[]\n' + text + b'\n',
            'duplicate-key': text[:-1] + b',"request_id":"a"}\n',
            'ansi': b'\x1b[32m' + text + b'\x1b[0m\n',
            'two-in-a-line': text + text + b'\n',
        }.get(defect, text + b'\n'))

    def line(self, kind, request, **fields):
        self.write({'protocol_version': 1, 'type': kind, 'request_id': request['request_id'],
                    'session_id': request.get('session_id'), 'ts_ms': int(time.time() * 1000),
                    **fields})

    def flat_line(self, request, text='', code=None, message=None, usage=None, **more):
        self.write({'ok': code is None, 'request_id': request['request_id'],
                    'session_id': request.get('session_id') or '', 'text': text,
                    'error_code': code, 'error_message': message,
                    'usage': usage or {'prompt_tokens': 0, 'completion_tokens': 0,
                                       'total_tokens': 0}, **more})

    def refuse(self, request, code, message):
        if self.flat:
            return self.flat_line(request, code=code, message=message)
        error = {'code': code, 'message': message, 'retryable': code != 'INVALID_REQUEST'}
        if code == 'BUSY':
            error['http_status'] = 429
        self.line('error', request, error=error)

    def ack(self, request, status, **more):
        self.line('ack', request, status=status, **more)

    def final(self, request, status, text='', code=None, **more):
        tokens = {'prompt_tokens': 7, 'completion_tokens': 3, 'total_tokens': 10}
        if status != 'OK':
            tokens = dict.fromkeys(tokens, 0)
        if self.flat:
            if status == 'OK':
                return self.flat_line(request, text=text, usage=tokens, **more)
            return self.flat_line(request, code=code or 'INTERNAL', message='it went wrong')
        error = None
        if code:
            error = {'code': code, 'message': 'it went wrong',
                     'retryable': code != 'INVALID_REQUEST'}
        self.line('final', request, status=status, text=text, usage=tokens, error=error,
                  latency_ms=1, **more)

    def event(self, request, seq):
        self.line('event', request, event_type='ThoughtDelta', seq=seq, payload={'text': 'x'})

    # -- requests --------------------------------------------------------------------------------

    def take(self, data):
        try:
            request = json.loads(data.decode())
        except ValueError:
            request = None
        if not isinstance(request, dict) or not isinstance(request.get('request_id'), str):
            if self.defect != 'ignores-garbage':
                self.refuse({'request_id': 'unknown'}, 'INVALID_REQUEST', 'not a request')
            return None
        kind = request.get('type')
        if kind == 'run' and isinstance(request.get('prompt'), str):
            return self.run(request)
        if kind == 'ping':
            self.extra_at_ping(request)
            return self.flat_line(request) if self.flat else self.ack(request, 'PONG')
        if kind == 'session_close':
            return self.flat_line(request) if self.flat else self.ack(request, 'SESSION_CLOSED')
        if kind == 'cancel' and request.get('target_request_id') in self.hanging:
            run = self.hanging.pop(request['target_request_id'])
            self.ack(request, 'CANCEL_ACCEPTED', target_request_id=run['request_id'])
            return self.final(run, 'CANCELED')
        self.refuse(request, 'INVALID_REQUEST', 'no such request')

    def extra_at_ping(self, request):
        if self.defect == 'answers-nothing':
            self.ack({**request, 'request_id': 'nobody'}, 'PONG')
        elif self.defect == 'flood':
            while True:
                self.raw(b'y\n' * 4096)
        elif self.defect == 'long-line':
            while True:
                self.raw(b'y' * 65536)

    def run(self, request):
        words = request['prompt'].split()
        if 'replay' in words:
            return self.final(request, 'OK', 'fixed text', replayed=True)
        if 'duplicate' in words and not self.flat:
            return self.ack(request, 'DUPLICATE_IN_PROGRESS', existing_request_id='other')
        if 'busy' in words:
            return self.refuse(request, 'BUSY', 'full')
        stream = not self.one_shot
        if self.defect == 'final-before-ack':
            self.final(request, 'OK', 'fixed text')
            return self.accept(request)
        if self.defect == 'event-before-ack':
            self.event(request, 1)
        if (stream and self.defect != 'no-ack') or self.defect == 'ack-in-one-shot':
            self.accept(request)
        if self.defect == 'ack-twice':
            self.accept(request)
        if self.defect in ('events-unasked', 'event-in-one-shot'):
            self.event(request, 1)
        if stream and request.get('stream') is True and 'events' in words:
            self.event(request, 1)
            self.event(request, 2)
        if self.defect == 'no-terminal':
            return
        if self.defect == 'error-after-ack':
            return self.refuse(request, 'INTERNAL', 'it went wrong')
        if 'hang' in words and stream:
            self.hanging[request['request_id']] = request
            return
        self.finish(request, words)
        if self.defect in ('second-terminal', 'two-lines'):
            self.final(request, 'OK', 'fixed text')
        if self.defect == 'event-after-final':
            self.event(request, 3)

    def accept(self, request):
        self.ack(request, 'ACCEPTED', request_ts_ms=request.get('ts_ms'))

    def finish(self, request, words):
        text = 'fixed text'
        for word in words:
            name, _, argument = word.partition(':')
            if name == 'text':
                text = argument
            elif name == 'env':
                text = os.environ.get(argument, '(unset)')
            elif name == 'stderr':
                os.write(2, argument.encode() + b'\n')
            elif name == 'exit':
                self.exit_status = int(argument)
            elif name == 'save':
                folder = os.environ['ZENE_STATE_DIR']
                os.makedirs(folder, exist_ok=True)
                with open(os.path.join(folder, 'saved'), 'a', encoding='utf-8') as file:
                    file.write(argument)
            elif name == 'provider':
                text = ask_provider(request['prompt'])
                if text is None:
                    return self.final(request, 'ERROR', code='PROVIDER_DOWN')
        if 'error' in words:
            return self.final(request, 'ERROR', code='PROVIDER_DOWN')
        if 'timeout' in words:
            return self.final(request, 'TIMEOUT', code='TIMEOUT')
        self.final(request, 'OK', text)

    # -- the end ---------------------------------------------------------------------------------

    def end(self):
        for run in self.hanging.values():
            self.final(run, 'CANCELED')
        if self.defect == 'cut':
            self.raw(b'{"protocol_version":1')
        if self.defect == 'asks-again':
            ask_provider('provider once more')
        if self.defect in ('child-in-group', 'child-in-session', 'child-with-pipes'):
            leave_child(self.defect)
        if self.defect in ('stays', 'stays-after-line'):
            while True:
                time.sleep(100)
        if self.defect in ('dies', 'dies-after-line'):
            os.kill(os.getpid(), 9)
        return 1 if self.defect == 'exit-1' else self.exit_status


def leave_child(how):
    """A grandchild that outlives the host for a minute."""
    ready, done = os.pipe()
    if os.fork() == 0:
        if how != 'child-in-group':
            os.setsid()
        if how != 'child-with-pipes':
            for fd in (0, 1, 2):
                os.close(fd)
        environment = {} if how == 'child-with-pipes' else os.environ
        os.close(ready)
        os.set_inheritable(done, False)
        os.execve('/bin/sleep', ['sleep', '60'], environment)
    os.close(done)
    os.read(ready, 1)  # EOF: the exec has happened


def ask_provider(prompt):
    """The text of the provider's answer; None when it is not fine."""
    import socket
    url = os.environ['LLM_BASE_URL']
    address, _, path = url.removeprefix('http://').partition('/')
    name, _, port = address.partition(':')
    body = json.dumps({'model': os.environ.get('LLM_MODEL', 'm'),
                       'messages': [{'role': 'system', 'content': 'be brief'},
                                    {'role': 'user', 'content': prompt}]}).encode()
    try:
        with socket.create_connection((name, int(port))) as connection:
            connection.sendall(
                f'POST /{path}/chat/completions HTTP/1.1\r\nHost: {address}\r\n'
                f'Authorization: Bearer {os.environ["LLM_API_KEY"]}\r\n'
                f'Content-Type: application/json\r\nContent-Length: {len(body)}\r\n'
                f'Connection: close\r\n\r\n'.encode() + body)
            answer = b''
            while piece := connection.recv(65536):
                answer += piece
        head, _, content = answer.partition(b'\r\n\r\n')
        if b' 200 ' not in head.split(b'\r\n')[0]:
            return None
        return json.loads(content)['choices'][0]['message']['content']
    except (OSError, ValueError, KeyError):
        return None


def lines():
    """Lines of stdin as they come; the last may lack its LF."""
    pending = b''
    while True:
        piece = os.read(0, 65536)
        if not piece:
            break
        pending += piece
        *complete, pending = pending.split(b'\n')
        yield from complete
    if pending:
        yield pending


def main():
    arguments = sys.argv[1:]
    defect = None
    if arguments[:1] == ['--defect']:
        defect = arguments[1]
        if ':' not in defect and defect not in DEFECTS:
            sys.exit(f'mini_host: unknown defect {defect}')
        arguments = arguments[2:]
    if arguments[:1] == ['self-test']:
        print('{"ok":true}')
        return 0
    if arguments[:3] != ['host', '--protocol', 'v1']:
        os.write(2, b'usage: mini_host host --protocol v1\n')
        return 2
    one_shot = '--single-request=false' not in arguments
    host = Host(defect, '--bridge-compat' in arguments, one_shot)
    for line in lines():
        if not line.strip() and not one_shot:
            continue
        if defect != 'no-line':
            host.take(line.rstrip(b'\r'))
        if one_shot:
            break
    return host.end()


sys.exit(main())
