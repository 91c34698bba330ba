"""Decides what becomes of a command: it is run, run with a smaller budget, or only checked.

A rule that is missing is a failure: whoever writes a new kind of command into a page says here, or
with a marker (page.py), how it is tested.
"""
import re
from dataclasses import dataclass

# What stands for something of the reader's own, and what the test puts in its place.
PLACEHOLDERS = {
    "fault NAME": "fault retry-after-zero", "show NAME": "show flapping",
    "--scenario NAME": "--scenario flapping", "--defect NAME": "--defect replay-unmarked",
    "explain ID": "explain FRAME-13", "'<area>/<name>*'": "'ctrl/ping*'",
}
# The flags that make a command of touchstone cheap; put behind the subcommand unless it has them.
BUDGETS = {
    "run": [("--only", "--area", "--drafts", "ctrl/*ping*"), ("--only", "--drafts", "*/[a-c]*")],
    "gate": [("--only", "--policy", "ctrl/*ping*"), ("--requests", "--policy", "12")],
    "fuzz": [("--cases", "--replay", "--model", "200"), ("--programs", "--replay", "--cases", "12")],
    "record": [("--only", "--requests", "ctrl/*")],
}
SEEDED = {"run", "gate", "fuzz", "record", "soak", "fault"}  # the same each time
CHECKED = {  # subcommand: why it is not run
    "selftest": "the ctest selftest_fast runs it",
    "bench": "measures for minutes",
}
SERVERS = {"provider", "proxy"}
FOREIGN = {  # program: why it is only looked at
    "git": "needs a repository to clone from",
    "cmake": "builds; its presets are looked up",
    "ctest": "this runs inside of it",
    "clang-format": "changes files",
    "apt-get": "installs", "sudo": "installs",
}


@dataclass
class Plan:
    how: str            # "run", "serve", "check", "unknown"
    text: str = ""      # for a shell
    reason: str = ""


def is_synopsis(text):
    bare = re.sub(r"'[^']*'|\"[^\"]*\"|--(area|modes?|milestone) [A-Z0-9,]+|explain [A-Z]+-[0-9]+", "''", text)
    return bool(re.search(r"\[[-a-zA-Z]|…|<[a-z]+>|(^|[\s=/])[A-Z][A-Z_0-9]*(?=[\s,|/.]|$)", bare))


def without_comment(text):
    """A "#" behind white space, outside of quotes."""
    return re.match(r"""(?:[^'"#]|(?<!\s)\#|'[^']*'|"(?:[^"\\]|\\.)*")*""", text)[0].rstrip()


def with_budget(sub, text):
    """The same command, smaller."""
    for *flags, value in BUDGETS.get(sub, []):
        if any(re.search(rf"(\s){flag}(\s|=|$)", text) for flag in flags):
            continue
        text = re.sub(rf"\b{sub}\b", f"{sub} {flags[0]} '{value}'", text, count=1)
    text = re.sub(r"--policy [^\s]+", "--policy tiny.json", text)
    text = re.sub(r"--shard [0-9]+/[0-9]+", "--shard 1/1", text)
    text = re.sub(r"--(programs|requests|cases) [0-9]{3,}", r"--\1 12", text)
    text = re.sub(r"--(for|duration) [0-9]+(ms|s|m|h)", r"--\1 2s", text)
    if sub in SEEDED and "--seed" not in text:
        text = re.sub(rf"\b{sub}\b", f"{sub} --seed 1", text, count=1)
    return re.sub(r"\s--live [0-9]+", "", text)


def plan_for(command):
    text = without_comment(command.text)
    for name, value in PLACEHOLDERS.items():
        text = text.replace(name, value)
    kind, _, reason = command.marker.partition(" ")
    if kind == "check":
        return Plan("check", text, reason) if reason else Plan("unknown", text, "a check needs a reason")
    words = text.split()
    while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
        words = words[1:]
    name = words[0].rsplit("/", 1)[-1] if words else ""
    if words and (words[0].startswith("ci/") or words[0].startswith("./ci/")):
        return Plan("check", text, "builds or runs for minutes; its --help and flags are looked at")
    if name in FOREIGN:
        return Plan("check", text, FOREIGN[name])
    if name in ("touchstone", "printf", "python3", "cd", "export", "defective-host", "refhost"):
        call = re.search(r"touchstone ([a-z]+)", text)
        sub = call[1] if call else ""
        if command.inline and " --" not in text and len(words) < 3:
            return Plan("check", text, "named in a sentence")
        if is_synopsis(text):
            return Plan("check", text, "a synopsis")
        if sub in CHECKED and not re.search(r"--(only|list)\b", text):
            return Plan("check", text, CHECKED[sub])
        if sub in SERVERS:
            return Plan("serve", text)
        return Plan("run", with_budget(sub, text))
    return Plan("unknown", text, f"`{name}` is no program that docs-test knows (ci/docs_test/plan.py), "
                                 "and no marker says what to do with it")
