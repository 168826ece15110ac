"""The programs of c-tests/misuse, what is expected of each, and how they are built."""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from paths import ROOT, TARGET, Failed, newer, tool

SOURCES = ROOT / "c-tests/misuse"
EXPECTED = SOURCES / "expected.tsv"
BUILT = TARGET / "misuse"
MODES = ("default", "sampled", "secure")
SPOKEN = ("call", "later")  # the outcomes with a message
FLAGS = "-std=gnu11 -O1 -g -w -fno-builtin -pthread -D_GNU_SOURCE".split()

# Heading in the document, and the names it stands over; the first that fits counts.
GROUPS = [
    ("Double free", r"double_free_.*|operator_delete_.*twice(_fork)?|free_(aligned_)?sized_freed(_fork)?"),
    ("Use of a freed pointer in `realloc` and `malloc_usable_size`",
     r"(realloc|reallocarray|usable_size)_freed(_large|_zero|_same_size|_fork)?"),
    ("Wrong size or alignment at the release",
     r"free_sized_wrong.*|free_aligned_sized_(size|alignment)|free_of_new|operator_delete_of_new_array"
     r"|operator_delete_sized_(smaller|larger|large)|operator_delete_array_sized_wrong"
     r"|operator_delete_aligned_(wrong|alignment)"),
    ("Invalid pointer", r"(free|realloc|usable_size|operator_delete)_.*"),
    ("Overflow", r"(overflow|off_by_one)_.*"),
    ("Underflow", r"underflow_.*"),
    ("Write after free", r"write_after_free_.*"),
    ("Read of freed or never written memory", r"read_.*"),
    ("Use of zero bytes", r"zero_size_.*"),
    ("Impossible sizes and alignments", r"impossible_.*"),
]


@dataclass
class Case:
    """A program and its line in expected.tsv."""

    name: str
    message: str  # extended regular expression for the line after "ft_malloc: ", or "-"
    status: dict  # policy -> exit status
    becomes: dict  # mode -> what may become of it: pairs of outcome and message
    suite: bool  # counts among those that allocators are compared by

    @property
    def group(self):
        """Heading over it."""
        for title, names in GROUPS:
            if re.fullmatch(names, self.name):
                return title
        raise Failed(f"{self.name}: no heading for it in catalogue.py")

    @property
    def title(self):
        """What the program does, in its own words."""
        first = (SOURCES / f"{self.name}.c").read_text(encoding="utf-8").splitlines()[0]
        return first.removeprefix("//").strip().rstrip(".")

    @property
    def program(self):
        """The file to run."""
        return BUILT / "bin" / self.name


def alternatives(column, message):
    """The pairs of outcome and message in one of the columns 6 to 8."""
    pairs = [part.partition(": ") for part in column.split(" | ")]
    return [(outcome, pattern or message) for outcome, _, pattern in pairs]


def _case(fields):
    """The case of one line of the file."""
    name, message, *rest, suite = fields
    status = dict(zip(("warn", "abort", "ignore"), map(int, rest)))
    becomes = {mode: alternatives(column, message) for mode, column in zip(MODES, rest[3:])}
    for outcome, pattern in (pair for pairs in becomes.values() for pair in pairs):
        if pattern == "-" if outcome in SPOKEN else pattern != message:
            raise Failed(f"{name}: {outcome} with the message {pattern}")
    return Case(name, message, status, becomes, suite == "suite")


def read():
    """All cases, in the order of the headings and then of the file."""
    cases = []
    for number, line in enumerate(EXPECTED.read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) != 9:
            raise Failed(f"{EXPECTED.name}:{number}: {len(fields)} columns instead of 9")
        cases.append(_case(fields))
    missing = {path.stem for path in SOURCES.glob("*.c")} ^ {case.name for case in cases}
    if missing:
        raise Failed(f"only a program or only a line in {EXPECTED.name}: {', '.join(sorted(missing))}")
    titles = [title for title, _ in GROUPS]
    return sorted(cases, key=lambda case: titles.index(case.group))


def build(cases):
    """Compiles what is not up to date."""
    (BUILT / "bin").mkdir(parents=True, exist_ok=True)
    headers = [*SOURCES.glob("*.h"), ROOT / "c-tests/check.h", Path(__file__)]

    def compile_one(case):
        source = SOURCES / f"{case.name}.c"
        if newer(case.program, source, *headers):
            return
        libraries = " ".join(re.findall(r"^// libs: *(.*)", source.read_text(encoding="utf-8"), re.MULTILINE))
        tool(os.environ.get("CC", "cc"), *FLAGS, source, "-o", case.program, *libraries.split())

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(compile_one, cases))
