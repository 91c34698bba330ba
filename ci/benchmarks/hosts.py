"""refhost beside programs of a few lines: `touchstone bench` measures, this names the peers and what is wanted."""
import json
import sys

from benchmarks.context import PEERS, find, folder, output_of
from benchmarks.row import Row, not_measured

ABOUT = ("refhost against `cat`, a bare nlohmann_json loop, and hosts of 20 lines in Python and Node "
         "(`touchstone bench`: refhost's time divided by the other's, round by round; the judge on one core, the "
         "programs on the other). refhost commits each run to its database, the others keep nothing.")
WANTED = {"S ping against bare loop": 3, "O run against cat": 3}


def peers(context):
    """NAME=COMMAND of each peer that is installed, and the names of those that are not."""
    commands = {"cat": "cat", "bare loop": context.program("echo_loop"),
                "Python": f"{sys.executable} {PEERS}/host.py", "Node": f"node {PEERS}/host.js"}
    missing = {name: command.split()[0] for name, command in commands.items() if find(command.split()[0]) is None}
    return [f"{name}={command}" for name, command in commands.items() if name not in missing], missing


def measure(context):
    there, missing = peers(context)
    argv = [context.program("touchstone"), "bench", "--plain", "--seed", "1", "--rounds", str(context.rounds),
            "--round-time", "10ms" if context.quick else "200ms"]
    for peer in there:
        argv += ["--peer", peer]
    with folder() as scratch:
        output_of(argv + ["--json", f"{scratch}/rows.json"])
        with open(f"{scratch}/rows.json", encoding="utf-8") as file:
            rows = [Row.from_json(fields) for fields in json.load(file)["benchmarks"]]
    # refhost beside itself: what the method says of two hosts that are the same. One row is enough.
    rows = [row for row in rows if "of refhost" not in row.name]
    for row in rows:
        row.wanted = WANTED.get(row.name)
        if row.unit == "us":
            row.about += "; refhost"
    for peer, program in missing.items():
        rows += [not_measured(f"{what} against {peer}", "ratio", "less", f"{program} is not installed")
                 for what in ("S ping", "S run", "O run")]
    return rows
