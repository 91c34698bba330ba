"""A page whose blocks are one session with a server: its first command starts it, the others are for
one shell. What stands under a "$ " line is all that it says; "…" stands for anything. In a page
without "$ " each line must succeed, and each curl get an answer below 400."""
import re
import signal
import socket
import subprocess

from docs_test import play

MARK = "--- end of command ---"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fits(expected, said):
    pattern = "".join(".*" if part == "…" else re.escape(part) for part in re.split("(…)", expected))
    return re.fullmatch(pattern, said, re.DOTALL) is not None


def differences(workshop, name, commands):
    """What is not as the page says; a list of texts."""
    start = next((c for c in commands
                  if re.match(r"touchstone (provider|proxy)", c.text)), None)
    if start is None:
        return ["the session starts no server"]
    shown = any(c.shown for c in commands)
    own = re.search(r"--port (\d+)", start.text)
    own = own[1] if own else "9009" if "provider" in start.text else "8474"
    line = re.sub(r"\[.*?\]|--port \d+", "", start.text)
    server = subprocess.Popen(["bash", "-c", "exec " + line + " --port 0"], env=workshop.env,
                              cwd=workshop.place(name), text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        told = play.read_until(server.stdout, r"127\.0\.0\.1:\d+", 60)
        port = re.search(r"127\.0\.0\.1:(\d+)", told)
        if not port:
            return [f"the server told no address: {told}"]
        return compare(workshop, name, commands, start, shown, own, port[1])
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=20)


def compare(workshop, name, commands, start, shown, own, port):
    others = [c for c in commands if c is not start and not c.inline]
    listens = set(re.findall(r'"listen":"127\.0\.0\.1:(\d+)"', "\n".join(c.text for c in others)))
    real = {own: port, **{p: str(free_port()) for p in sorted(listens)}}
    script = "" if shown else "curl() { command curl -sS --fail-with-body \"$@\"; }\n"
    for command in others:
        text = command.text
        for page_port, real_port in real.items():
            text = text.replace(":" + page_port, ":" + real_port)
        script += f"{text}\nstatus=$?; echo; echo \"{MARK} $status\"\n"
    shell = subprocess.run(["bash"], input=script, cwd=workshop.place(name + "-shell"), timeout=60,
                           env=workshop.env, text=True, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT)
    parts = re.split(re.escape(MARK) + r" (\d+)\n", shell.stdout)
    said, statuses = parts[:-1:2], parts[1::2]
    if len(said) != len(others):
        return [f"{len(others)} commands, but {len(said)} came to an end"]
    found = []
    for command, text, status in zip(others, said, statuses):
        for page_port, real_port in real.items():
            text = text.replace(":" + real_port, ":" + page_port)
        text = text.strip("\n")
        if shown and not fits("\n".join(command.output), text):
            found.append(f"{command.where()}: $ {command.text}\n  the page: "
                         f"{chr(10).join(command.output)}\n  it said:  {text}")
        if not shown and status != "0":
            found.append(f"{command.where()}: {command.text}\n  ended with {status}: {text}")
    return found
