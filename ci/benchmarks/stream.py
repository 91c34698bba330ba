"""Durable runs a second and peak memory of refhost in stream mode: one process, 100 000 runs, each a commit."""
import re

from benchmarks.context import Failed, output_of
from benchmarks.row import Row

ABOUT = "Stream mode, echo provider, 100 000 runs in one process, all sent at once (`stream_bench`)."


def measure(context):
    runs = 2000 if context.quick else 100_000
    rate = Row("S durable runs, pipelined", "1/s", "more", about=f"{runs} runs", wanted=15_000)
    peak = Row("S peak RSS after them", "MiB", "less", about=f"{runs} runs", wanted=24)
    for number in range(context.rounds):
        context.say(f"stream, round {number + 1} of {context.rounds}")
        text = output_of([context.program("stream_bench"), context.program("refhost"), str(runs)])
        found = re.search(r"durable runs: (\d+) runs/s, peak RSS ([0-9.]+) MiB", text)
        if not found:
            raise Failed(f"stream_bench: expected rate and memory, got: {text[:500]}")
        rate.samples.append(float(found[1]))
        peak.samples.append(float(found[2]))
    return [rate, peak]
