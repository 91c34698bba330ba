"""Fuzzing from end to end: inputs a second at refhost with all oracles on, as a user starts it."""
import re

from benchmarks.context import Failed, output_of
from benchmarks.row import Row

ABOUT = "`touchstone fuzz` at refhost, all oracles on: drawing, sending, answering and judging."
MODES = (("S", 100_000, 20_000), ("O", 1500, 300))


def measure(context):
    rows = [Row(f"fuzz {mode}: inputs", "1/s", "more", about=f"touchstone fuzz --modes {mode} --cases {cases}",
                wanted=wanted) for mode, cases, wanted in MODES]
    for number in range(context.rounds):
        context.say(f"fuzz, round {number + 1} of {context.rounds}")
        for (mode, cases, _), row in zip(MODES, rows, strict=True):
            # The same seed each time: the same inputs.
            text = output_of([context.program("touchstone"), "fuzz", "--plain", "--seed", "1", "--modes", mode,
                              "--cases", str(cases // 50 if context.quick else cases)])
            rate = re.search(r"([0-9.]+) s, (\d+)/s; 0 findings", text)
            if not rate:
                raise Failed(f"fuzz {mode}: expected a rate and no finding, got: {text[:500]}")
            row.samples.append(float(rate[2]))
    return rows
