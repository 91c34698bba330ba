#!/usr/bin/python3
"""Runs a host and hands on each line of its stdout late: a slower host, for ci/prove-gate.

usage: slow-host.py DELAY_MS COMMAND...

stdin and stderr are the host's own. Ends as the host ends.
"""

import queue
import subprocess
import sys
import threading
import time


def main():
    delay = int(sys.argv[1]) / 1000
    host = subprocess.Popen(sys.argv[2:], stdout=subprocess.PIPE)
    late = queue.Queue()

    def hand_on():
        while (item := late.get()) is not None:
            due, line = item
            time.sleep(max(0, due - time.monotonic()))
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()

    writer = threading.Thread(target=hand_on)
    writer.start()
    for line in host.stdout:
        late.put((time.monotonic() + delay, line))
    late.put(None)
    writer.join()
    sys.exit(host.wait())


main()
