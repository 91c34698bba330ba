"""Carries a plan out, in a folder with all that the pages speak of: my-host, a profile, reports."""
import os
import re
import select
import shutil
import signal
import subprocess
import time

TIMEOUT_S = 120
LOGGING = "#!/bin/sh\ncase \" $* \" in *' host '*) echo 'INFO starting host' ;; esac\nexec refhost \"$@\"\n"
HOST = "#!/bin/sh\nexec refhost \"$@\"\n"
PYTHON = "import os, sys\nos.execvp('refhost', ['refhost'] + sys.argv[1:])\n"
NODE = ("const { spawnSync } = require('child_process');\n"
        "const args = process.argv.slice(2).filter((a) => a !== '--flag');\n"
        "process.exit(spawnSync('refhost', args, { stdio: 'inherit' }).status);\n")
POLICY = '{"name":"tiny","milestone":"M1","suites":{"run":{"only":["ctrl/*ping*"]}}}'
WAIVERS = ('{"waivers":[{"requirement":"FRAME-16","reason":"r","owner":"o",'
           '"expires":"2099-01-01"}]}')


class Workshop:
    """The programs under test, and folders for commands to run in."""

    def __init__(self, binaries, root, folder):
        self.binaries, self.root, self.folder = os.path.abspath(binaries), root, folder
        self.env = {**os.environ, "PATH": self.binaries + ":" + os.environ["PATH"],
                    "TMPDIR": folder, "HOME": folder, "NO_COLOR": "1"}
        self.env.pop("TOUCHSTONE_LIVE", None)
        self.helps = {}

    def place(self, name):
        """A folder for one page, with what its commands name."""
        here = os.path.join(self.folder, name)
        # What a command may write to is a copy.
        shutil.copytree(os.path.join(self.root, "docs"), os.path.join(here, "docs"))
        os.makedirs(os.path.join(here, "golden/cases"))
        os.makedirs(os.path.join(here, "build/release"))
        os.symlink(self.binaries, os.path.join(here, "build/release/bin"))
        for data in ("conformance", "ci", "CMakePresets.json", "golden/contract", "golden/schema",
                     "golden/schema_test.py"):
            os.symlink(os.path.join(self.root, data), os.path.join(here, data))
        for report, source in getattr(self, "reports", {}).items():
            shutil.copy(source, os.path.join(here, report))
        self.furnish(here)
        return here

    def furnish(self, here, marker=""):
        """The reader's own files, as new."""
        host = LOGGING if "host=logging" in marker else HOST
        with open(os.path.join(self.root, "conformance/profiles/refhost.json"), encoding="utf-8") as f:
            profile = f.read()
        files = {"my-host": host, "zene": host, "my_host.py": PYTHON, "my_host.js": NODE,
                 "waivers.json": WAIVERS, "my-profile.json": profile, "my-host.json": profile,
                 "tiny.json": POLICY, "mine.json": POLICY,
                 "mine.jsonl": '{"protocol_version":1,"type":"ping","request_id":"p"}\n'}
        for file, text in files.items():
            with open(os.path.join(here, file), "w", encoding="utf-8") as stream:
                stream.write(text)
            os.chmod(os.path.join(here, file), 0o755)

    def make_reports(self):
        """Reports for commands that read some: two of the same host."""
        here = self.place("reports")
        subprocess.run(["touchstone", "run", "--only", "ctrl/*ping*", "--report-dir", "r", "--plain"],
                       cwd=here, env=self.env, check=True, timeout=TIMEOUT_S,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        report = os.path.join(here, "r/report.json")
        self.reports = {name: report for name in
                        ("baseline.json", "old.json", "new.json", "OLD.json", "NEW.json")}

    def run(self, here, text, marker=""):
        """Exit status (None: it did not end) and all that it said."""
        self.furnish(here, marker)
        # With its parent it ends: whoever ends this test leaves nothing behind.
        child = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", "bash", "-c", text], cwd=here, env=self.env, text=True,
                                 start_new_session=True, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            said, _ = child.communicate(timeout=TIMEOUT_S)
            return child.returncode, said
        except subprocess.TimeoutExpired:
            end_session(child)
            return None, "it did not end within " + str(TIMEOUT_S) + " s"

    def serve(self, here, text):
        """Starts a server on a free port, waits until it tells its address, and ends it by Ctrl-C."""
        text = re.sub(r"--port [0-9]+", "", text)
        text = re.sub(r"(touchstone (?:provider|proxy))", r"\1 --port 0", text, count=1)
        child = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", "bash", "-c", "exec " + text], cwd=here, env=self.env, text=True,
                                 start_new_session=True, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said = read_until(child.stdout, r"127\.0\.0\.1:\d+", TIMEOUT_S)
        child.send_signal(signal.SIGINT)
        try:
            child.communicate(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            end_session(child)
            return None, said + "Ctrl-C did not end it"
        if not re.search(r"127\.0\.0\.1:\d+", said):
            return None, said + "it told no address"
        return (0 if child.returncode in (0, 130) else child.returncode), said

    def help_of(self, *words):
        if words not in self.helps:
            ended = subprocess.run([*words, "--help"], cwd=self.root, env=self.env, text=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, timeout=TIMEOUT_S)
            self.helps[words] = ended.stdout if ended.returncode == 0 else None
        return self.helps[words]


def end_session(child):
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    child.communicate()


def read_until(stream, pattern, seconds):
    said, deadline = "", time.monotonic() + seconds
    while time.monotonic() < deadline and not re.search(pattern, said):
        ready, _, _ = select.select([stream], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            break
        got = os.read(stream.fileno(), 65536).decode("utf-8", "replace")
        if not got:
            break
        said += got
    return said


def missing_flags(workshop, text):
    """What a command names that is not there: the program, the subcommand, a flag. None: all is."""
    words = re.sub(r"[\[\]|…]", " ", text).split(" -- ")[0].split()
    while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
        words = words[1:]
    if words[0].startswith("ci/"):
        path = os.path.join(workshop.root, words[0].rstrip("/"))
        if re.search(r"[A-Z]{3}", words[0]) and not os.path.exists(path):
            return None  # a placeholder within the name
        if os.path.isdir(path) or (os.path.isfile(path) and not os.access(path, os.X_OK)):
            return None
        if not os.path.exists(path):
            return f"there is no {words[0]}"
        shown = workshop.help_of(path)
        # What a script does not know it hands on.
        if shown is not None and "ARGUMENTS" in shown:
            target = "gate" if "gate" in words[0] else None
            shown += workshop.help_of("touchstone", target) or "" if target else " " + " ".join(words)
    elif words[0].rsplit("/", 1)[-1] == "touchstone":
        if len(words) == 1 or words[1].startswith("-"):
            shown = workshop.help_of("touchstone")
        else:
            shown = workshop.help_of("touchstone", words[1])
    elif words[0] == "cmake" and "--preset" in words:
        with open(os.path.join(workshop.root, "CMakePresets.json"), encoding="utf-8") as file:
            preset = words[words.index("--preset") + 1]
            return None if f'"{preset}"' in file.read() or preset.isupper() else f"no preset {preset}"
    else:
        program = words[0].replace("build/release/bin/", workshop.binaries + "/")
        return None if shutil.which(program, path=workshop.env["PATH"]) else f"there is no {words[0]}"
    if shown is None:
        return f"`{' '.join(words[:2])} --help` fails"
    flags = [w.split("=")[0] for w in words if re.match(r"--[a-z]", w)]
    lacking = [f for f in flags if not re.search(re.escape(f) + r"(?![a-z-])", shown)]
    return f"it has no {', '.join(lacking)}" if lacking else None


def masked(line):
    """Numbers, and folders of this machine, aside."""
    line = re.sub(r"(/[\w.+-]+){2,}/?", "PATH", line)
    return re.sub(r"\s+", " ", re.sub(r"\d+(\.\d+)?", "#", line)).strip()


def first_unsaid(expected, said):
    """The first line of an excerpt that was not said, in order; None: all were. "…" is anything."""
    heard = [masked(line) for line in said.splitlines()]
    at = 0
    for line in expected:
        if not line.strip():
            continue
        pattern = ".*".join(re.escape(part) for part in masked(line).split("…"))
        found = next((i for i in range(at, len(heard)) if re.fullmatch(pattern, heard[i])), None)
        if found is None:
            return line
        at = found + 1
    return None
