"""A thousand one-shots: `touchstone soak` against the shell loop that one would write first."""
import os
import re
import subprocess
import sys
import time

from benchmarks.context import PEERS, Failed, folder, output_of, running
from benchmarks.provider import address_of, answer_with
from benchmarks.row import Row, ratios

ABOUT = ("1000 one-shots of refhost by `touchstone soak --mode O --mix ok-only --rate max`, all checks on, against "
         "`ci/benchmarks/peers/shell-loop` (spawn, then a Python check of the line), which does a fifth of it. In both "
         "refhost asks a mock provider. Wall time, start and end included.")


def shell_loop(argv, provider_url):
    """Seconds that the loop takes on a fresh state directory."""
    with folder() as scratch:
        env = dict(os.environ, PYTHON=sys.executable, LLM_PROVIDER="openai", LLM_API_KEY="key",
                   LLM_BASE_URL=f"{provider_url}/v1", ZENE_STATE_DIR=f"{scratch}/state", HOME=scratch)
        begun = time.perf_counter()
        output_of(argv, env)
        return time.perf_counter() - begun


def measure(context):
    requests = 50 if context.quick else 1000
    refhost = context.program("refhost")
    soak = [context.program("touchstone"), "soak", "--plain", "--seed", "1", "--mode", "O", "--mix", "ok-only",
            "--rate", "max", "--requests", str(requests)]
    loops = requests // 5
    loop = [f"{PEERS}/shell-loop", str(loops), refhost, "host", "--protocol", "v1"]
    rates = {"touchstone soak": [], "shell loop": []}
    with running([context.program("touchstone"), "provider", "--quiet"], stdout=subprocess.PIPE,
                 stderr=subprocess.STDOUT, text=True) as mock:
        base = address_of(mock)
        answer_with(base, {"text": "fine"})
        for number in range(context.rounds):
            context.say(f"one-shots, round {number + 1} of {context.rounds}")
            begun = time.perf_counter()
            text = output_of(soak)
            rates["touchstone soak"].append(requests / (time.perf_counter() - begun))
            if not re.search(rf"\b{requests}\b", text):
                raise Failed(f"soak: expected {requests} answers, got: {text[:500]}")
            rates["shell loop"].append(loops / shell_loop(loop, base))
    rows = [Row(f"one-shots by {who}", "1/s", "more", samples, "spawned, answered and checked")
            for who, samples in rates.items()]
    rows.append(ratios("one-shots: touchstone soak against the shell loop", rates["touchstone soak"],
                       rates["shell loop"], "more", "how many times as many a second", wanted=10))
    return rows
