"""The command line."""

import argparse
import datetime
import fcntl
import json
import os
import platform
import re
import signal
import sys
import time
from pathlib import Path

import instructions
import measure
import peers
import report
import workloads
from paths import ROOT, SCRATCH, Failed, tool

ABOUT = """Measures the library beside other allocators, on workloads of its own and on real programs.

  scripts/bench                 all of it (under half an hour on two cores); writes docs/benchmarks.md and docs/bench/
  scripts/bench --quick         a part with fewer repetitions (under four minutes)
  scripts/bench --report        writes the document again, from the results of the last full run

Only a run without other options writes docs/; others print their report and leave it in target/bench/."""
DOCUMENT = ROOT / "docs/benchmarks.md"
PLOTS = ROOT / "docs/bench"
MINUTES = {False: 27, True: 3.4}  # after which no repetition starts, of the full run and of the quick one


def _arguments(given=None):
    """What the command line (or a list) asks for."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=ABOUT,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    words = lambda text: [word.strip() for word in text.split(",") if word.strip()]
    parser.add_argument("--quick", action="store_true", help="the quick half of the workloads, three runs each")
    parser.add_argument("--report", action="store_true",
                        help="no measurement: write the last full run's report (with --quick: the last other run's)")
    parser.add_argument("--list", action="store_true", help="name the workloads")
    parser.add_argument("--only", type=words, default=[], metavar="WORKLOAD,…",
                        help="these alone; own, real, table, live, threads, memory, instructions name groups")
    parser.add_argument("--allocators", type=words, default=[], metavar="NAME,…", help="only these, and ours")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PATH", help="one more allocator")
    parser.add_argument("--mode", action="append", default=[], metavar="NAME=OPTIONS",
                        help="the library once more, with FT_MALLOC=OPTIONS")
    parser.add_argument("--library", default=str(ROOT / "libft_malloc.so"), metavar="PATH", help="instead of ours")
    parser.add_argument("--runs", type=int, default=0, metavar="N",
                        help="repetitions (5; 10 for tests with threads; 3 in a quick run; on slow machines fewer)")
    parser.add_argument("--touch", type=int, default=-1, metavar="MIB",
                        help="memory that is touched before a test's first runs (1024; quick: 64; 0: none); from "
                             "256 on, the amount before later ones follows from what the test needed")
    options = parser.parse_args(given)
    for item in options.peer:
        name, equals, path = item.partition("=")
        if not (name and equals and Path(path).exists()):
            parser.error(f"--peer {item}: NAME=PATH of a library that is there")
    for item in options.mode:
        if not re.fullmatch(r"[\w-]+=.+", item):
            parser.error(f"--mode {item}: NAME=OPTIONS, as in secure=secure")
    return options


def _machine():
    """What the figures depend on."""
    text = lambda path: Path(path).read_text(encoding="utf-8") if Path(path).exists() else ""
    model = re.search(r"^model name\s*:\s*(.*)", text("/proc/cpuinfo"), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s*(\d+)", text("/proc/meminfo"), re.MULTILINE)
    return {
        "cpu": model.group(1) if model else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(int(memory.group(1)) / 2**20) if memory else 0,
        "kernel": platform.release(),
        "libc": "-".join(platform.libc_ver()),
        "huge_pages": (re.findall(r"\[(\w+)\]", text("/sys/kernel/mm/transparent_hugepage/enabled")) or ["?"])[0],
        "load_before": round(os.getloadavg()[0], 1),
    }


def _commit():
    """The commit measured, with a mark if files differ from it."""
    try:
        return tool("git", "-C", ROOT, "describe", "--always", "--dirty", "--exclude", "*").strip()
    except Failed:
        return "unknown"


def _runs(test, options):
    """Repetitions of a test."""
    if options.runs:
        return 1 if test.together else options.runs
    if options.quick:
        return min(test.runs or 3, 3)
    return test.runs or (10 if test.parallel else 5)


def _measure(options, whole, results_file):
    """Measures, and saves after each repetition."""
    begin = time.monotonic()
    machine = _machine()
    SCRATCH.mkdir(parents=True, exist_ok=True)
    # Two at once would disturb each other, and the second would replace the library under the first.
    lock = open(SCRATCH / "lock", "w", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise Failed("another one is running") from error
    chosen = workloads.tests(options.quick, options.only)
    print("obtaining the allocators", file=sys.stderr)
    allocators = peers.obtain(options.library, options.peer, options.allocators, options.mode)
    for name, entry in allocators.items():
        print(f"  {name} {entry['version']}: {entry.get('failed') or entry['from']}", file=sys.stderr)
    touch = options.touch if options.touch >= 0 else 64 if options.quick else 1024
    bench = measure.Bench(allocators, touch, -20)
    data = {
        "whole": whole, "date": datetime.date.today().isoformat(), "commit": _commit(), "machine": machine,
        "touch_mib": touch, "allocators": allocators, "tests": {}, "instructions": {},
    }
    live = sys.stderr.isatty()

    def progress(test, number, name):
        if live:
            print(f"\rrepetition {number + 1}: {test.name}, {name}\033[K", end="", file=sys.stderr)

    def save():
        data["minutes"] = round((time.monotonic() - begin) / 60, 1)
        results_file.write_text(json.dumps(data, indent=1), encoding="utf-8")

    for test in chosen:
        data["tests"][test.name] = bench.start(test)
    # All tests in turn, so that a minute in which the machine is slow does not fall on one of them.
    for number in range(max((_runs(test, options) for test in chosen), default=0)):
        started = time.monotonic()
        for test in chosen:
            if number < _runs(test, options) and "skipped" not in data["tests"][test.name]:
                bench.repeat(test, data["tests"][test.name], number, progress)
        save()
        took = time.monotonic() - started
        print(("\r\033[K" if live else "") + f"repetition {number + 1}: {took:.0f} s", file=sys.stderr)
        if not options.runs and time.monotonic() - begin + took > MINUTES[options.quick] * 60:
            break
    for name, row in data["tests"].items():
        if row["kind"] == "real":
            measure.compare_outputs(row["runs"])
        failed = [f"{each}: {run['failed']}" for each, runs in row["runs"].items() for run in runs if "failed" in run]
        if "skipped" in row or failed:
            print(f"{name}: " + (f"skipped: {row['skipped']}" if "skipped" in row else "; ".join(failed)), file=sys.stderr)
    if not options.only or "instructions" in options.only:
        data["instructions"] = instructions.count(bench)
        save()
    return data


def main():
    """Exit status 0 if everything that ran worked on our library."""
    options = _arguments()
    # As Ctrl-C: processes that run are ended and files closed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if options.list:
        for test in workloads.tests(False, []):
            print(f"{test.name:26} {'quick' if test.quick else '':6} {test.about}")
        return 0
    whole = vars(options) == {**vars(_arguments([])), "report": options.report}
    results_file = SCRATCH / ("full.json" if whole else "part.json")
    try:
        if options.report:
            data = json.loads(results_file.read_text(encoding="utf-8"))
        else:
            data = _measure(options, whole, results_file)
        if whole:
            report.write(data, DOCUMENT, PLOTS)
            print(f"wrote {DOCUMENT.relative_to(ROOT)}")
        else:
            report.write(data, SCRATCH / "part.md", SCRATCH / "part")
            print((SCRATCH / "part.md").read_text(encoding="utf-8"))
    except (Failed, OSError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    ours = [run for row in data["tests"].values() for run in row["runs"].get(peers.OURS, [])]
    return 1 if "failed" in data["allocators"][peers.OURS] or any("failed" in run for run in ours) else 0
