"""`touchstone proxy` against HAProxy in TCP mode, both before nginx."""
import contextlib
import json
import os
import resource
import subprocess
import urllib.request

from benchmarks import wrk
from benchmarks.context import find, folder, free_port, pinned, running, wait_for
from benchmarks.row import not_measured, ratios

ABOUT = ("`touchstone proxy` against HAProxy in TCP mode, one thread each on core 1; wrk with one thread on core 0, "
         "which it shares with the nginx behind them. Rounds alternate.")
TICKS = os.sysconf("SC_CLK_TCK")
NGINX = """daemon off; worker_processes 1; pid {dir}/pid; error_log stderr; events {{ worker_connections 4096; }}
http {{ access_log off; sendfile on; tcp_nodelay on; keepalive_requests 100000000;
client_body_temp_path {dir}/b; proxy_temp_path {dir}/p; fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u;
scgi_temp_path {dir}/s; server {{ listen 127.0.0.1:{port}; root {dir}; }} }}
"""
HAPROXY = """global
  nbthread 1
  maxconn 4096
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend f
  bind 127.0.0.1:{port}
  default_backend b
backend b
  server s 127.0.0.1:{origin}
"""
# what, its path, connections, then (measure, its key, better, wanted) each
LOADS = (("300 bytes, 8 connections", "/small", 8,
          (("requests", "rate", "more", 0.9), ("p99", "p99", "less", None), ("CPU a request", "cpu", "less", None))),
         ("300 bytes, 64 connections", "/small", 64,
          (("requests", "rate", "more", 0.9), ("p99", "p99", "less", 1.5), ("CPU a request", "cpu", "less", None))),
         ("16 MiB answers, 4 connections", "/bulk", 4, (("MB/s", "mb", "more", 0.9),)))


def family(pid):
    """The process and its children: touchstone has a warden, haproxy and nginx a master."""
    pids = [pid]
    for one in pids:
        with contextlib.suppress(OSError), open(f"/proc/{one}/task/{one}/children", encoding="ascii") as children:
            pids += [int(child) for child in children.read().split()]
    return pids


def cpu_seconds(pid):
    total = 0
    for one in family(pid):
        with contextlib.suppress(OSError), open(f"/proc/{one}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
    return total / TICKS


def one_load(port, pid, path, connections, seconds):
    before = cpu_seconds(pid)
    row = wrk.load(f"http://127.0.0.1:{port}{path}", connections, seconds)
    # A tick of the clock at least: in a short round it may have counted none.
    row["cpu"] = max(cpu_seconds(pid) - before, 1 / TICKS) / (row["rate"] * seconds)
    return row


def write_files(scratch, origin, haproxy):
    for name, text in {"nginx.conf": NGINX.format(dir=scratch, port=origin), "small": "x" * 300,
                       "haproxy.cfg": HAPROXY.format(port=haproxy, origin=origin), "bulk": "x" * (16 << 20)}.items():
        with open(f"{scratch}/{name}", "w", encoding="ascii") as file:
            file.write(text)


@contextlib.contextmanager
def both_proxies(context):
    """Port and process of each, with the origin behind them."""
    origin, haproxy, ours, api = (free_port() for _ in range(4))
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    touchstone = [context.program("touchstone"), "proxy", "--port", str(api)]
    with folder() as scratch:
        write_files(scratch, origin, haproxy)
        with running(pinned(0, [find("nginx"), "-e", "stderr", "-c", f"{scratch}/nginx.conf"]), **quiet) as nginx, \
             running(pinned(1, [find("haproxy"), "-db", "-f", f"{scratch}/haproxy.cfg"]), **quiet) as theirs, \
             running(pinned(1, touchstone), **quiet) as mine:
            for port, process in ((origin, nginx), (haproxy, theirs), (api, mine)):
                wait_for(port, process)
            body = {"name": "b", "listen": f"127.0.0.1:{ours}", "upstream": f"127.0.0.1:{origin}"}
            urllib.request.urlopen(f"http://127.0.0.1:{api}/proxies", json.dumps(body).encode()).close()
            yield (ours, mine.pid), (haproxy, theirs.pid)


def measure(context):
    names = [(f"proxy, {what}: {name} against HAProxy", better) for what, _, _, measures in LOADS
             for name, _, better, _ in measures]
    missing = [program for program in ("haproxy", "nginx", "wrk") if find(program) is None]
    if missing:
        why = f"{', '.join(missing)} not installed (apt-get install haproxy nginx-light wrk)"
        return [not_measured(name, "ratio", better, why) for name, better in names]
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    rounds, seconds = (1, 1) if context.quick else (context.rounds, 3)
    rows = []
    with both_proxies(context) as proxies:
        for what, path, connections, measures in LOADS:
            samples = ([], [])
            for number in range(rounds):
                context.say(f"proxy, {what}, round {number + 1} of {rounds}")
                for who in (0, 1) if number % 2 == 0 else (1, 0):
                    samples[who].append(one_load(*proxies[who], path, connections, seconds))
            rows += [ratios(f"proxy, {what}: {name} against HAProxy", *([one[key] for one in side] for side in samples),
                            better, "touchstone's divided by HAProxy's", wanted)
                     for name, key, better, wanted in measures]
    return rows
