"""Where and when something was measured: without it no number can be read."""
import contextlib
import datetime
import os
import re
import subprocess

from benchmarks.context import ROOT


def first_match(file, pattern):
    try:
        with open(file, encoding="utf-8") as text:
            found = re.search(pattern, text.read(), re.MULTILINE)
    except OSError:
        return "unknown"
    return found[1].strip() if found else "unknown"


def facts():
    commit = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True, check=False).stdout.strip()
    memory = first_match("/proc/meminfo", r"^MemTotal:\s+(\d+) kB")
    return {"cpu": first_match("/proc/cpuinfo", r"^model name\s*:\s*(.*)$"),
            "cores": len(os.sched_getaffinity(0)),
            "memory_gib": round(int(memory) / 1048576, 1) if memory.isdigit() else None,
            "kernel": os.uname().release,
            "system": first_match("/etc/os-release", r'^PRETTY_NAME="?([^"\n]*)'),
            "nice": os.getpriority(os.PRIO_PROCESS, 0),
            "commit": commit or "unknown"}


def come_first():
    """What is measured goes before other work of the machine, as far as this user may; facts() says how far."""
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -20)


def load():
    return round(os.getloadavg()[0], 1)


def today():
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
