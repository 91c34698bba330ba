"""Parts of the judge under Google Benchmark: one process for each round, so that rounds interleave and are alike."""
import json

from benchmarks.context import output_of, pinned
from benchmarks.row import Row

ABOUT = "Parts, by Google Benchmark, on one core."
# program, its benchmark, our name, what is wanted
PARTS = (("conformance_contract_bench", "JudgeLines/20", "judge: lines of about 190 bytes", 200_000),
         ("conformance_contract_bench", "JudgeLines/2000", "judge: lines, each fourth with 2000 bytes of text", None),
         ("fault_injection_provider_bench", "KeepAlive/real_time/threads:1", "provider: answers to one caller", None))


def measure(context):
    rows = [Row(name, "1/s", "more", about=f"{program} {benchmark}", wanted=wanted)
            for program, benchmark, name, wanted in PARTS]
    for number in range(context.rounds):
        context.say(f"parts, round {number + 1} of {context.rounds}")
        for (program, benchmark, _, _), row in zip(PARTS, rows, strict=True):
            text = output_of(pinned(0, [context.program(program), f"--benchmark_filter=^{benchmark}$",
                                        f"--benchmark_min_time={0.02 if context.quick else 0.5}",
                                        "--benchmark_format=json"]))
            row.samples.append(json.loads(text)["benchmarks"][0]["items_per_second"])
    return rows
