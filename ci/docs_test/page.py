"""Finds the commands of a Markdown page: fenced blocks, indented blocks, and inline code.

A block of commands is one whose first line begins with "$ " or with the name of a program; or one
that a fence calls sh, bash or console. In a block with "$ " only those lines are commands, and what
stands below each is what it says. In another every line is a command, a comment, or goes on with the
line before. All other blocks are data; but a line of data that is a call of touchstone is a command,
too.

A marker stands before a block, on a line of its own, and is for that block:

    <!-- docs-test: check REASON -->     do not run it; only see that program and flags exist
    <!-- docs-test: data -->             it looks like commands and is none
    <!-- docs-test: host=logging -->     ./my-host is one that logs to stdout
    <!-- docs-test: session -->          all blocks of the page are one session (session.py)
"""
import re
import shutil
from dataclasses import dataclass, field

MARKER = re.compile(r"<!-- docs-test: (.*?) -->")
PROGRAMS = {"touchstone", "defective-host", "refhost", "curl", "printf", "cmake", "ctest", "git",
            "cd", "export", "python3", "apt-get", "sudo", "clang-format"}
SHELLS = {"sh", "bash", "console", "shell"}
SUBCOMMANDS = ()  # set by main: those that touchstone --help lists


@dataclass
class Command:
    page: str
    line: int
    text: str
    output: list = field(default_factory=list)
    marker: str = ""
    inline: bool = False
    shown: bool = False  # with "$ "

    def where(self):
        return f"{self.page}:{self.line}"


def first_word(text):
    words = text.split()
    while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
        words = words[1:]
    return words[0] if words else ""


def is_program(word):
    name = word.rsplit("/", 1)[-1]
    if word.startswith(("ci/", "build/release/bin/")) or name in PROGRAMS:
        return True
    return bool(re.fullmatch(r"[a-z][a-z0-9._+-]*", word)) and shutil.which(word) is not None


def is_call(text):
    """A line of data that is a call of touchstone: "touchstone run --only …", not "touchstone run:"."""
    words = text.split()
    return len(words) > 1 and words[0].rsplit("/", 1)[-1] == "touchstone" and words[1] in SUBCOMMANDS


def blocks_of(text):
    """(first line's number, lines, language or None, marker); indented lines without their indent."""
    found, marker, fence, block = [], "", None, None
    for number, line in enumerate(text.splitlines(), 1):
        if fence is not None:
            if line.startswith("```"):
                found.append(fence)
                fence, marker = None, ""
            else:
                fence[1].append(line)
        elif line.startswith("```"):
            fence, block = (number + 1, [], line[3:].strip(), marker), None
        elif line.startswith("    "):
            if block is None:
                block, marker = (number, [], None, marker), ""
                found.append(block)
            # Blank lines within a block belong to it.
            block[1].extend([""] * (number - block[0] - len(block[1])))
            block[1].append(line[4:])
        elif line.strip():
            block = None
            if MARKER.fullmatch(line.strip()):
                marker = MARKER.fullmatch(line.strip())[1]
    return found


def is_whole(text):
    """The line does not go on: quotes are closed, and no backslash or bracket waits."""
    quote = None
    for position, char in enumerate(text):
        if quote:
            if char == quote and not (quote == '"' and text[position - 1] == "\\"):
                quote = None
        elif char in "'\"":
            quote = char
        elif char == "#" and (position == 0 or text[position - 1] == " "):
            break
    return quote is None and not text.endswith("\\")


def commands_of_block(page, block):
    number, lines, language, marker = block
    words = marker.split(" ")[0]
    if words == "data" or language not in (None, "", *SHELLS):
        return []
    shown = any(line.startswith("$ ") for line in lines)
    first = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    if not shown and language not in SHELLS and not is_program(first_word(first)):
        return [Command(page, number + offset, line.strip(), marker=marker)
                for offset, line in enumerate(lines) if is_call(line.strip())]
    found = []
    for offset, line in enumerate(lines):
        here = number + offset
        if shown and line.startswith("$ "):
            found.append(Command(page, here, line[2:], marker=marker, shown=True))
        elif found and not is_whole(found[-1].text):
            found[-1].text += "\n" + line
        elif shown:
            if found:
                found[-1].output.append(line)
        elif line.strip() and not line.startswith("#"):
            found.append(Command(page, here, line, marker=marker))
    return found


def inline_commands(page, text):
    found, fenced = [], False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            fenced = not fenced
        if fenced or line.startswith("    "):
            continue
        for code in re.findall(r"`([^`]+)`", line):
            if (is_call(code) or re.match(r"ci/[a-z]", code)) and "/." not in code:
                found.append(Command(page, number, code, inline=True))
    return found


def commands_of(page, text):
    found = [c for block in blocks_of(text) for c in commands_of_block(page, block)]
    return found + inline_commands(page, text)
