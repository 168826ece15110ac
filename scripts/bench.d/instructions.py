"""Instructions that a malloc and its free execute, counted by callgrind.

Counted is what runs outside the program itself. Two runs that differ only in the rounds are subtracted, so that start
and end drop out; what is left is the allocator (whose library callgrind does not always know by name).
"""

import os
import re
import shutil
import tempfile
from pathlib import Path

from paths import SCRATCH, Failed, tool

# Name, command with a count of rounds, pairs in a round.
WAYS = {
    "one block again and again": (lambda rounds: ["pair", rounds * 1000, 64], 1000),
    "batches of 1000 blocks": (lambda rounds: ["batch", rounds, 1000, 64], 1000),
}
ROUNDS = (10, 30)


def _outside(profile, program):
    """Instructions executed outside a program's own file, by a file that callgrind wrote."""
    names, current, total, inclusive = {}, "", 0, False
    for line in profile.splitlines():
        found = re.match(r"c?ob=\((\d+)\)(?: (.*))?", line)
        if found:
            if found.group(2):
                names[found.group(1)] = os.path.realpath(found.group(2))
            if line.startswith("ob="):
                current = names.get(found.group(1), "")
        elif line.startswith("calls="):
            inclusive = True  # the next line is the cost of what was called, counted there already
        elif re.match(r"[+\-*\d]", line):
            if not inclusive and current != program:
                total += int(line.split()[1])
            inclusive = False
    return total


def _count(bench, command, library):
    """Instructions of one run outside the program."""
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        out = Path(folder, "profile")
        valgrind = ["valgrind", "--tool=callgrind", "-q", f"--callgrind-out-file={out}"]
        preload = {"LD_PRELOAD": library} if library else {}
        program = [bench.workloads / command[0], *command[1:]]
        tool(*valgrind, *program, env={**os.environ, **preload}, timeout=120)
        return _outside(out.read_text(encoding="utf-8"), os.path.realpath(program[0]))


def count(bench):
    """Way to allocator to instructions for a pair; a text where it did not work. Empty without valgrind."""
    if not shutil.which("valgrind"):
        return {}
    result = {}
    for way, (command, pairs) in WAYS.items():
        result[way] = {}
        for name in bench.usable():
            try:
                few, many = (_count(bench, command(rounds), bench.allocators[name]["library"]) for rounds in ROUNDS)
                result[way][name] = round((many - few) / (ROUNDS[1] - ROUNDS[0]) / pairs, 1)
            except (Failed, OSError, ValueError) as error:
                result[way][name] = f"failed: {error}"
    return result
