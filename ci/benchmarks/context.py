"""What all groups of benchmarks share: the build, the rounds, programs that are there or not, and their ends."""
import contextlib
import dataclasses
import os
import shutil
import socket
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
PEERS = f"{ROOT}/ci/benchmarks/peers"
PATH = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin"


class Failed(Exception):
    """Something that was to be measured went wrong; the text says what."""


@dataclasses.dataclass
class Context:
    build: str
    rounds: int  # 5 at least, to be comparable
    quick: bool  # as little as proves that all of it works
    say: object  # called with a line of progress

    def program(self, name):
        path = f"{self.build}/bin/{name}"
        if not os.access(path, os.X_OK):
            raise Failed(f"{path} is missing; build it first: cmake --build --preset release")
        return path


def find(name):
    """The path of an optional program; None where it is not installed."""
    return shutil.which(name, path=PATH)


def pinned(core, argv):
    """The command on one core; as it is where there is only one, or no taskset."""
    cores = sorted(os.sched_getaffinity(0))
    return ["taskset", "-c", str(cores[core % len(cores)])] + argv if len(cores) > 1 and find("taskset") else argv


def output_of(argv, env=None, accepted=(0,)):
    """What a program prints; Failed when it ends otherwise than accepted."""
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, env=env)
    if done.returncode not in accepted:
        raise Failed(f"{' '.join(argv)} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


@contextlib.contextmanager
def folder():
    path = tempfile.mkdtemp(prefix="touchstone-bench-")
    os.chmod(path, 0o755)  # nginx looks into it as another user
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def running(argv, **more):
    """A program that is ended when the block is left."""
    process = subprocess.Popen(argv, **more)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def wait_for(port, process):
    """Until something listens there; Failed when the process that should has ended."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        if process.poll() is not None:
            raise Failed(f"{process.args}: ended with {process.returncode} before it listened")
        time.sleep(0.02)
    raise Failed(f"{process.args}: does not listen on port {port} after 20 s")
