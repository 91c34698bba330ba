"""What idle connections cost the TCP proxy: memory and descriptors before, while and after they are open."""
import contextlib
import json
import multiprocessing
import os
import re
import resource
import socket
import subprocess
import threading
import time
import urllib.request

from benchmarks.context import Failed, free_port, running, wait_for
from benchmarks.proxy import family
from benchmarks.row import Row

ABOUT = ("Idle connections through `touchstone proxy`; each is a socket on both sides. Its journal is read while they "
         "are open.")


def rss_mib(pid):
    total = 0
    for one in family(pid):
        with open(f"/proc/{one}/status", encoding="ascii") as status:
            total += int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])
    return total / 1024


def descriptors(pid):
    return sum(len(os.listdir(f"/proc/{one}/fd")) for one in family(pid))


def take_all(listener):
    """The server behind the proxy, a process of its own: each side needs a descriptor for each connection."""
    held = []
    with contextlib.suppress(OSError):
        while True:
            held.append(listener.accept()[0])
    threading.Event().wait()  # until it is ended


def open_through(api, wanted):
    """Clients of a new proxy `idle`, and the number that the proxy says are open once all have come through."""
    clients = []
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
        server = multiprocessing.get_context("fork").Process(target=take_all, args=(listener,), daemon=True)
        server.start()
        body = {"name": "idle", "upstream": f"127.0.0.1:{listener.getsockname()[1]}"}
        with urllib.request.urlopen(f"http://127.0.0.1:{api}/proxies", json.dumps(body).encode()) as answer:
            port = int(json.load(answer)["listen"].rpartition(":")[2])
    try:
        with contextlib.suppress(OSError):  # the limit of descriptors: as many as go
            while len(clients) < wanted:
                clients.append(socket.create_connection(("127.0.0.1", port), 5))
        yield clients
    finally:
        for client in clients:
            client.close()
        server.kill()
        server.join()


def all_open(api, made):
    """How many the proxy says are open, once the last ones have come through; its limit may stop a few."""
    deadline = time.monotonic() + 30
    while True:
        with urllib.request.urlopen(f"http://127.0.0.1:{api}/proxies/idle/connections") as answer:
            opened = json.load(answer)["open"]
        if opened >= 0.99 * made > 0:
            return opened
        if time.monotonic() > deadline:
            raise Failed(f"idle: {made} connections were made, the proxy says {opened} are open")
        time.sleep(0.1)


def measure(context):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    wanted = 200 if context.quick else 10_000
    api = free_port()
    with running([context.program("touchstone"), "proxy", "--port", str(api)], stdout=subprocess.DEVNULL,
                 stderr=subprocess.DEVNULL) as proxy:
        wait_for(api, proxy)
        before = rss_mib(proxy.pid), descriptors(proxy.pid)
        with contextlib.contextmanager(open_through)(api, wanted) as clients:
            opened = all_open(api, len(clients))
            during = rss_mib(proxy.pid), descriptors(proxy.pid)
    about = f"{opened} connections"
    return [Row("proxy, idle connections: open", "count", "more", [opened], about),
            Row("proxy, idle connections: RSS", "MiB", "less", [during[0]], f"{about}; {before[0]:.1f} MiB before",
                300),
            Row("proxy, idle connections: descriptors", "count", "less", [during[1]], f"{about}; {before[1]} before")]
