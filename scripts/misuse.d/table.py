"""The tables in docs/security.md."""

from collections import Counter

import catalogue
import run
from paths import ROOT

DOCUMENT = ROOT / "docs/security.md"
MARKS = ("<!-- written by scripts/misuse -->", "<!-- end of what scripts/misuse writes -->")
GOOD = ["call", "refused", "clean", "fault", "later"]  # the outcomes of what was found or stopped
# How an outcome reads in a cell. The better ones are words, the worst stands out.
WORDS = {
    "call": "call", "refused": "refused", "clean": "clean", "fault": "fault", "later": "later",
    "not": "–", "broken": "**broken**", run.ABSENT: "n/a", None: "n/a",
}
MEANINGS = """| in the tables | |
|---|---|
| call | found in the call or at the access: a message, or an end by a signal of the allocator's own (`SIGABRT`, `SIGTRAP`, `SIGILL`) |
| refused | the call fails as it should |
| clean | nothing of the earlier contents could be read |
| fault | `SIGSEGV` or `SIGBUS` in the call or at the access: stopped, by a guard page or by chance, without a word |
| later | a message, or an end like that of "call", at a later call |
| – | not noticed; the heap works on |
| **broken** | not noticed, and then the heap did not keep what was written to it, or a later correct call crashed or hung |
| n/a | the allocator and its C library do not have the function, or the case cannot arise |"""


def _row(cells):
    """A line of a table."""
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _head(first, names):
    """The two lines at the top of a table."""
    return [_row([first, *names]), "|" + "---|" * (len(names) + 1)]


def _good(outcomes, cases):
    """How many of the cases were found or stopped, and of how many that the allocator has the functions for."""
    count = Counter(outcomes.get(case.name) for case in cases)
    absent = count[run.ABSENT] + count[None]
    return sum(count[outcome] for outcome in GOOD), len(cases) - absent


def _kinds(cases, results):
    """Found or stopped, by kind of misuse and allocator."""
    lines = _head("found or stopped", results)
    for title, _ in catalogue.GROUPS:
        of_kind = [case for case in cases if case.group == title]
        lines.append(_row([title, *("%d of %d" % _good(outcomes, of_kind) for outcomes in results.values())]))
    return lines


def _totals(cases, results):
    """How often each outcome came, by allocator."""
    words = [WORDS[outcome] for outcome in run.OUTCOMES]
    lines = ["| | found or stopped | " + " | ".join(words) + " | n/a |", "|" + "---|" * (len(words) + 3)]
    for name, outcomes in results.items():
        count = Counter(outcomes.get(case.name) for case in cases)
        good, there = _good(outcomes, cases)
        lines.append(_row([name, f"{good} of {there}", *(count[o] for o in run.OUTCOMES), len(cases) - there]))
    return lines


def text(cases, results, versions, runs):
    """All that goes between the marks."""
    suite = [case for case in cases if case.suite]
    lines = [f"{len(cases)} programs; of {runs} runs of each the worst counts. {versions}", "", MEANINGS, ""]
    lines += [f"The {len(suite)} programs that allocators are compared by (the last column of `expected.tsv`):", ""]
    lines += _totals(suite, results)
    lines += ["", f"All {len(cases)}:", ""] + _totals(cases, results)
    lines += ["", "All, by kind of misuse:", ""] + _kinds(cases, results)
    for title, _ in catalogue.GROUPS:
        lines += ["", f"### {title}", ""] + _head("", results)
        for case in (case for case in cases if case.group == title):
            lines.append(_row([case.title, *(WORDS[found.get(case.name)] for found in results.values())]))
    return "\n".join(lines)


def write(body):
    """Puts the text between the marks of the document."""
    before, begin, rest = DOCUMENT.read_text(encoding="utf-8").partition(MARKS[0])
    _, end, after = rest.partition(MARKS[1])
    if not begin or not end:
        raise catalogue.Failed(f"{DOCUMENT} does not have the marks {MARKS[0]} and {MARKS[1]}")
    DOCUMENT.write_text(f"{before}{begin}\n\n{body}\n\n{end}{after}", encoding="utf-8")
