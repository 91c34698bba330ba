#!/usr/bin/python3 -SE
"""A host behind a relay that is slow: slow_host.py MS HOST ARGS… holds each answer back by MS (not the ACCEPTED before it)."""
import subprocess
import sys
import time

host = subprocess.Popen(sys.argv[2:], stdin=sys.stdin, stdout=subprocess.PIPE)
for line in host.stdout:
    if b"ACCEPTED" not in line:
        time.sleep(float(sys.argv[1]) / 1000)
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()
sys.exit(host.wait())
