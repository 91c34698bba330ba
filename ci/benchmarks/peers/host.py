#!/usr/bin/python3
"""The least that a host in Python is: answers pings, and runs with an echo, in all modes of a line."""
import json
import sys
import time

for line in sys.stdin:
    request = json.loads(line)
    answer = {"protocol_version": 1, "request_id": request["request_id"], "session_id": request.get("session_id"),
              "ts_ms": time.time_ns() // 1_000_000}
    if request["type"] == "ping":
        answer |= {"type": "ack", "status": "PONG"}
    else:
        text = "echo: " + request["prompt"]
        answer |= {"type": "final", "status": "OK", "text": text, "error": None, "latency_ms": 0,
                   "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}
    print(json.dumps(answer), flush=True)
