"""The mock provider against nginx with a static file of the same size."""
import json
import re
import subprocess
import threading
import urllib.request

from benchmarks import wrk
from benchmarks.context import Failed, find, folder, free_port, pinned, running, wait_for
from benchmarks.row import not_measured, ratios, Row

ABOUT = ("`touchstone provider` as a user starts it, journal and narration on, against nginx with a static file of "
         "that size; wrk with one thread on core 0, one server at a time on core 1.")
LOADS = (("300 bytes", {"body": "x" * 300}, 1, 1.3),
         ("300 bytes", {"body": "x" * 300}, 8, None),
         ("a chat completion", {"text": "mock answer"}, 1, None),
         ("a chat completion", {"text": "mock answer"}, 8, None))
NGINX = """worker_processes 1; daemon off; pid {dir}/pid; error_log {dir}/error;
events {{ worker_connections 256; }}
http {{ access_log off; keepalive_requests 100000000; client_body_temp_path {dir}; proxy_temp_path {dir};
fastcgi_temp_path {dir}; uwsgi_temp_path {dir}; scgi_temp_path {dir};
server {{ listen 127.0.0.1:{port}; root {dir}; }} }}
"""
WRK_POST = """wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"model":"m","messages":[{"role":"user","content":"hello"}]}'
"""


def name_of(what, connections):
    return f"provider, {what}, {connections} connection{'s' if connections > 1 else ''}"


def address_of(mock):
    """Its first lines name the address; from then on it narrates its calls, which somebody must read."""
    for line in mock.stdout:
        if found := re.search(r"http://127\.0\.0\.1:[0-9]+", line):
            threading.Thread(target=mock.stdout.read, daemon=True).start()
            return found[0]
    raise Failed("touchstone provider ended before it named its address")


def answer_with(base, respond):
    """Replaces the provider's rules by this one; the size of its answer's body."""
    rules = json.dumps([{"respond": respond}]).encode()
    urllib.request.urlopen(urllib.request.Request(f"{base}/__touchstone/rules", rules, method="PUT")).close()
    call = b'{"model":"m","messages":[{"role":"user","content":"hello"}]}'
    with urllib.request.urlopen(f"{base}/v1/chat/completions", call) as answer:
        return len(answer.read())


def rows_of(what, size, connections, wanted, pairs):
    name = name_of(what, connections)
    ours, theirs = ([pair[who] for pair in pairs] for who in (0, 1))
    latencies = [[one["p50"] for one in side] for side in (ours, theirs)]
    return [ratios(f"{name}: latency against nginx", *latencies, "less",
                   f"median latency, {size} bytes of body", wanted),
            Row(f"{name}: latency", "us", "less", [one["p50"] * 1000 for one in ours], "touchstone's median"),
            Row(f"{name}: requests", "1/s", "more", [one["rate"] for one in ours], "touchstone's",
                35_000 if what == "300 bytes" and connections == 8 else None)]


def measure(context):
    missing = [program for program in ("nginx", "wrk") if find(program) is None]
    if missing:
        return [not_measured(f"{name_of(what, connections)}: latency against nginx", "ratio", "less",
                             f"{' and '.join(missing)} not installed (apt-get install nginx-light wrk)")
                for what, _, connections, _ in LOADS]
    rounds, seconds = (1, 1) if context.quick else (context.rounds, 2)
    port = free_port()
    rows = []
    with folder() as scratch:
        for name, text in {"conf": NGINX.format(dir=scratch, port=port), "post.lua": WRK_POST}.items():
            with open(f"{scratch}/{name}", "w", encoding="utf-8") as file:
                file.write(text)
        with running(pinned(1, [context.program("touchstone"), "provider"]), stdout=subprocess.PIPE,
                     stderr=subprocess.STDOUT, text=True) as mock, \
             running(pinned(1, [find("nginx"), "-e", f"{scratch}/error", "-c", f"{scratch}/conf"]),
                     stderr=subprocess.DEVNULL) as nginx:
            base = address_of(mock)
            wait_for(port, nginx)
            for what, respond, connections, wanted in LOADS:
                context.say(name_of(what, connections))
                size = answer_with(base, respond)
                with open(f"{scratch}/answer", "w", encoding="ascii") as file:
                    file.write("x" * size)
                pairs = [(wrk.load(f"{base}/v1/chat/completions", connections, seconds, "-s", f"{scratch}/post.lua"),
                          wrk.load(f"http://127.0.0.1:{port}/answer", connections, seconds)) for _ in range(rounds)]
                rows += rows_of(what, size, connections, wanted, pairs)
    return rows
