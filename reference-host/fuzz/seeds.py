#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets: one file each, named by its content.

usage: seeds.py OUTPUT

    OUTPUT/request    the lines of golden/json, and every line that golden/cases sends
    OUTPUT/openai     answers of that dialect, the texts and calls of golden/cases in them; and the
    OUTPUT/anthropic  JSON of golden/json as a body and inside of one
    OUTPUT/http       heads and chunked bodies

What a fuzzer found once is in reference-host/fuzz/found/TARGET/ and is a seed, too.
"""

import base64
import hashlib
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE.parents[1] / "golden"
MAX_BYTES = 4096  # what ci/fuzz lets inputs grow to

HEADS = [
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\n{\r\n1\r\n}\r\n0\r\nT: v\r\n\r\n",
    "HTTP/1.0 503 Service Unavailable\r\nRetry-After: 1\r\n\r\n",
    "HTTP/1.1 429 Too Many Requests\r\nRetry-After: -1\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 204\r\n\r\n",
    "HTTP/1.1 200 OK\nContent-Length: 2\ncontent-length: 3\n\n{}",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
    "fffffffffffffffff\r\n", "0000000000000000002\r\n{}\r\n0\r\n\r\n", "2\n{}\n0\n\n", "-1\r\n", "",
]


def sent_lines():
    """Every line that a case sends, and every answer that a provider gives in one."""
    for path in sorted(GOLDEN.glob("cases/*/*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield from sent_by(json.loads(line))


def sent_by(step):
    if "send" in step:
        yield json.dumps(step["send"]).encode()
    raw = step.get("send_raw", step.get("send_slowly"))
    if isinstance(raw, str):
        yield raw.encode(errors="surrogatepass")
    elif isinstance(raw, dict) and isinstance(raw.get("base64"), str):
        yield base64.b64decode(raw["base64"])


def provider_texts():
    for path in sorted(GOLDEN.glob("cases/*/*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            for rule in json.loads(line).get("provider", []):
                respond = rule.get("respond", {})
                if isinstance(respond, str):  # a template that other rows fill in
                    continue
                if isinstance(respond.get("text"), str):
                    yield respond["text"]
                if isinstance(respond.get("body"), str):
                    yield respond["body"]


def corpus():
    for path in sorted((GOLDEN / "json").glob("*.json")):
        data = path.read_bytes()
        whole = path.name[2:].startswith(("line_", "request_"))
        yield data, whole


def requests():
    for data, whole in corpus():
        yield data if whole else (
            b'{"protocol_version":1,"type":"ping","request_id":"json","x":' + data + b"}")
        if not whole:
            yield (b'{"protocol_version":1,"type":"run","request_id":"r","session_id":"s","prompt":"p",'
                   b'"idempotency_key":"k","metadata":{"x":' + data + b"}}")
    for line in sent_lines():
        yield from line.split(b"\n")


def openai_bodies():
    def body(message):
        return b'{"choices":[{"message":' + message + b'}],"usage":{"prompt_tokens":1,"completion_tokens":2}}'

    for data, _ in corpus():
        yield data
        yield body(b'{"content":' + data + b"}")
        yield body(b'{"content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"run_command",'
                   b'"arguments":' + data + b"}}]}")
    for text in provider_texts():
        yield text.encode(errors="surrogatepass")
        yield body(json.dumps({"role": "assistant", "content": text}).encode())
    yield body(json.dumps({"content": None, "tool_calls": [
        {"id": f"c{i}", "type": "function", "function": {"name": "read_file", "arguments": '{"path":"a"}'}}
        for i in range(3)]}).encode())


def anthropic_bodies():
    def body(part):
        return b'{"type":"message","content":[' + part + b'],"usage":{"input_tokens":1,"output_tokens":2}}'

    for data, _ in corpus():
        yield data
        yield body(b'{"type":"text","text":' + data + b"}")
        yield body(b'{"type":"tool_use","id":"t","name":"run_command","input":' + data + b"}")
    for text in provider_texts():
        yield text.encode(errors="surrogatepass")
        yield body(json.dumps({"type": "text", "text": text}).encode())


def responses():
    yield from (head.encode() for head in HEADS)


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    output = pathlib.Path(arguments[0])
    for target, seeds in {"request": requests, "openai": openai_bodies, "anthropic": anthropic_bodies,
                          "http": responses}.items():
        folder = output / target
        folder.mkdir(parents=True, exist_ok=True)
        found = [path.read_bytes() for path in sorted((HERE / "found" / target).glob("*"))]
        contents = {data for data in [*seeds(), *found] if len(data) <= MAX_BYTES}
        assert len(contents) >= 10, f"{target}: hardly a seed"
        for data in contents:
            (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)
        print(f"{target}: {len(contents)} seeds")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
