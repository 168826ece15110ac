"""The command line."""

import argparse
import json
import sys
from pathlib import Path

import allocators
import catalogue
import check
import run
import table
from paths import ROOT, Failed

ABOUT = """Runs the programs of c-tests/misuse, each of which does one wrong thing, and says what becomes of it.

  scripts/misuse                  under the library in each mode and under its peers; writes the tables of docs/security.md
  scripts/misuse --check [NAME]…  the library alone, in all modes, compared with c-tests/misuse/expected.tsv
  scripts/misuse --show NAME…     what these print and what becomes of them, under all; writes nothing
  scripts/misuse --record [NAME]… write the columns 7 and 8 of that file from --runs runs of each; to be read before it is believed

NAME selects the programs whose names contain it."""
RESULTS = catalogue.BUILT / "results.json"


def _arguments():
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="scripts/misuse", description=ABOUT,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    words = lambda text: [word.strip() for word in text.split(",") if word.strip()]
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these programs (with --check and --show)")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="compare with what is expected")
    what.add_argument("--show", action="store_true", help="print every run")
    what.add_argument("--record", action="store_true", help="write what the sampled and the hardened mode do into expected.tsv")
    what.add_argument("--report", action="store_true", help="no run: write the last results into the document again")
    parser.add_argument("--library", default=str(ROOT / "libft_malloc.so"), metavar="PATH", help="instead of ours")
    parser.add_argument("--allocators", type=words, default=[], metavar="NAME,…", help="only these, and ours")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PATH", help="one more allocator")
    parser.add_argument("--runs", type=int, metavar="N", help="runs of each program (1 with --check, else 3); the worst counts")
    options = parser.parse_args()
    for item in options.peer:
        name, equals, path = item.partition("=")
        if not (name and equals and Path(path).exists()):
            parser.error(f"--peer {item}: NAME=PATH of a library that is there")
    if not Path(options.library).exists():
        parser.error(f"{options.library} is not there (make)")
    if options.runs is None:
        options.runs = 1 if options.check or options.show else 3
    return options


def _columns(options, cases):
    """Name in the table, library and FT_MALLOC of each column, and a sentence on what they are."""
    columns, about = [], []
    for name, entry in allocators.obtain(options.library, options.peer, options.allocators).items():
        if "failed" in entry:
            print(f"skip {name}: {entry['failed']}", file=sys.stderr)
        elif name == allocators.peers.OURS:
            for mode, setting in allocators.OURS.items():
                if check.accepts(cases[0].program, entry["library"], setting):
                    columns.append((f"ft_malloc, {mode}", entry["library"], setting))
        else:
            columns.append((name, entry["library"], ""))
            about.append(f"{name} {entry['version']} ({entry['from']})")
    return columns, "Beside the library: " + ", ".join(about) + "."


def _measure(options, cases):
    """Runs all under all; gives the outcome by allocator and case, the worst of the runs, and the sentence."""
    columns, about = _columns(options, cases)
    order = [None, run.ABSENT, *run.OUTCOMES]
    results = {}
    for name, library, setting in columns:
        worst = {case.name: None for case in cases}
        for _ in range(options.runs):
            for case, result in run.all_of(cases, library, setting):
                worst[case.name] = max(worst[case.name], result.outcome, key=order.index)
                if options.show:
                    print(f"{case.name}  {name}: {result.outcome} (status {result.status})")
                    print("".join(f"     | {line}\n" for line in result.text.splitlines()[:12]), end="")
        results[name] = worst
        print(f"{name} done", file=sys.stderr)
    return {"results": results, "about": about, "runs": options.runs}


def _report(cases, last):
    """Writes the document from results."""
    table.write(table.text(cases, last["results"], last["about"], last["runs"]))
    return 0


def main():
    """Does what the command line asks for; gives the exit status."""
    options = _arguments()
    try:
        whole = catalogue.read()
        cases = [case for case in whole if not options.names or any(name in case.name for name in options.names)]
        if not cases:
            raise Failed("no such program")
        catalogue.build(cases)
        if options.check:
            return check.check(cases, options.library, options.runs)
        if options.record:
            return check.record(cases, options.library, options.runs)
        if options.show:
            _measure(options, cases)
            return 0
        if not options.report:
            RESULTS.write_text(json.dumps(_measure(options, whole)), encoding="utf-8")
        return _report(whole, json.loads(RESULTS.read_text(encoding="utf-8")))
    except (Failed, OSError) as error:
        print(f"misuse: {error}", file=sys.stderr)
        return 2
