"""Runs the tests: every repetition visits all tests and allocators, these in rotating order."""

import hashlib
import math
import os
import re
import shutil
import signal
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import peers
from paths import COMPAT, PARTS, ROOT, SCRATCH, Failed, newer, tool
from workloads import DATA, build

# MiB touched before a run, once it is known that the test needs less.
LEAST_TOUCH = 256
SECONDS = 180  # more than this is a hang
# No option of the caller's for one of the allocators gets in.
FOREIGN = re.compile(r"LD_PRELOAD|FT_MALLOC|MALLOC_.*|TCMALLOC_.*|MIMALLOC_.*|SCUDO_OPTIONS|GLIBC_TUNABLES|PYTHON.*")


class Bench:
    """The tools, and how runs are made."""

    def __init__(self, allocators, touch_mib, priority):
        SCRATCH.mkdir(parents=True, exist_ok=True)
        DATA.mkdir(exist_ok=True)
        self.allocators = allocators
        self.touch_mib = self.touch = touch_mib
        self.priority = priority
        self.workloads = build()
        self.launch = SCRATCH / "launch"
        self.witness = SCRATCH / "witness.so"
        cc = os.environ.get("CC", "cc")
        if not newer(self.launch, PARTS / "launch.c"):
            tool(cc, "-O2", PARTS / "launch.c", "-o", self.launch)
        source = COMPAT / "tools/witness.c"
        if not newer(self.witness, source):
            tool(cc, "-O2", "-w", "-fPIC", "-shared", "-Wl,-z,now", source, "-o", self.witness, "-ldl")

    def usable(self):
        """Names of the allocators that are there and in use."""
        return [name for name, entry in self.allocators.items() if "failed" not in entry]

    def _library(self, test, name):
        """What to preload."""
        library = self.allocators[name]["library"]
        return peers.libc() if not library and test.own_allocator else library

    def _environment(self, test, name):
        """The caller's, without what would change an allocator but its own options, and with one language."""
        clean = {key: value for key, value in os.environ.items() if not FOREIGN.fullmatch(key)}
        options = self.allocators[name].get("options")
        return {**clean, "LC_ALL": "C", **test.environment, **({"FT_MALLOC": options} if options else {})}

    def prove(self, test, name):
        """Raises unless the test's executables get malloc and free from the allocator."""
        library = self._library(test, name)
        with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
            seen = Path(folder, "seen")
            seen.touch()
            preload = f"{library}:{self.witness}".lstrip(":")
            environment = {**self._environment(test, name), "LD_PRELOAD": preload, "COMPAT_WITNESS": str(seen)}
            tool(*test.prove, env=environment, timeout=60, cwd=folder)
            served = [line.split("\t") for line in seen.read_text(encoding="utf-8").splitlines()]
        expected = os.path.realpath(library or peers.libc())
        for executable in test.executables[:1]:
            names = {os.path.basename(os.path.realpath(shutil.which(each) or each)) for each in test.executables}
            used = [fields for fields in served if os.path.basename(fields[1]) in names]
            if not used:
                raise Failed(f"{executable} was not seen to start")
            for fields in used:
                if any(os.path.realpath(file) != expected for file in fields[2:]):
                    raise Failed(f"{executable} is not on this allocator")

    def once(self, test, name):
        """What one run used and printed; {"failed": why} if it did not work."""
        try:
            return self._once(test, name)
        except Failed as error:
            return {"failed": str(error)}

    def _once(self, test, name):
        program = str(test.command[0])
        own = self.workloads / program
        command = [str(own) if own.exists() else program, *map(str, test.command[1:])]
        priority = self.priority if test.parallel else 0
        with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
            result = Path(folder, "result")
            launch = [self.launch, result, str(self.touch), str(priority), self._library(test, name), *command]
            with open(Path(folder, "out"), "w+b") as out, open(Path(folder, "err"), "w+b") as err:
                stdin = subprocess.PIPE if test.client else open(test.stdin or os.devnull, "rb")
                # A session of its own, so that all of its processes can be ended.
                process = subprocess.Popen(launch, stdin=stdin, stdout=out, stderr=err, cwd=folder,
                                           env=self._environment(test, name), start_new_session=True)
                try:
                    extra = test.client(process, Path(folder)) if test.client else {}
                    process.wait(SECONDS)
                except subprocess.TimeoutExpired as error:
                    raise Failed(f"took more than {SECONDS} s") from error
                finally:
                    try:
                        os.killpg(process.pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
                    process.wait()
                    if process.stdin:
                        process.stdin.close()
                    elif not test.client:
                        stdin.close()
                out.seek(0)
                err.seek(0)
                return {**_figures(test, result, out.read(), err.read().decode(errors="replace")), **extra}

    def start(self, test):
        """A row for a test, with the reason if it is skipped."""
        row = {"about": test.about, "kind": test.kind, "section": test.section, "at": test.at,
               "command": " ".join(map(_short, test.command)), "runs": {}}
        try:
            if test.prepare:
                test.prepare()
        except Failed as error:
            return dict(row, skipped=str(error))
        for name in self.usable():
            row["runs"][name] = []
            try:
                if test.prove:
                    self.prove(test, name)
            except Failed as error:
                row["runs"][name].append({"failed": str(error)})
        return row

    def repeat(self, test, row, number, progress):
        """One more repetition of a test: a run for each allocator, the first of which the number decides."""
        # A test that failed once is not tried again: it may be a hang.
        names = [name for name, runs in row["runs"].items() if not any("failed" in run for run in runs)]
        shift = number % max(len(names), 1)
        order = names[shift:] + names[:shift]
        peaks = [run["rss"] for runs in row["runs"].values() for run in runs if "rss" in run]
        self.touch = self.touch_mib
        if self.touch_mib >= LEAST_TOUCH and peaks:
            self.touch = max(LEAST_TOUCH, math.ceil(1.5 * max(peaks) / 1024))
        if test.together:
            with ThreadPoolExecutor(4) as pool:
                for name, figures in zip(order, pool.map(lambda name: self.once(test, name), order)):
                    row["runs"][name].append(figures)
            return
        for name in order:
            progress(test, number, name)
            row["runs"][name].append(self.once(test, name))


def _short(part):
    """An argument without the folders of this machine."""
    return str(part).replace(f"{SCRATCH}/", "").replace(f"{ROOT}/", "")


def _figures(test, result, out, err):
    """Figures of a run that ended well; raises otherwise."""
    if not result.exists():
        raise Failed("the launcher failed: " + (err.strip().splitlines() or ["?"])[-1])
    fields = result.read_text(encoding="utf-8").split()
    wall, user, system = map(float, fields[:3])
    rss, faults, status, had = map(int, fields[3:])
    if os.WIFSIGNALED(status):
        raise Failed(f"ended by {signal.Signals(os.WTERMSIG(status)).name}")
    if status != 0:
        raise Failed(f"exit status {os.waitstatus_to_exitcode(status)}: " + (err.strip().splitlines() or ["?"])[-1])
    if "cannot be preloaded" in err:
        raise Failed("the library could not be preloaded")
    if re.search(r"^ft_malloc: ", err, re.MULTILINE):
        raise Failed("misuse report: " + err.strip().splitlines()[0])
    figures = {"wall": wall, "user": user, "system": system, "rss": rss, "faults": faults, "priority": bool(had)}
    if test.kind == "real":
        figures["output"] = hashlib.sha256(out).hexdigest()[:16]
    else:
        for line in out.decode().splitlines():
            key, _, value = line.partition(" ")
            figures[key] = float(value)
    return figures


def compare_outputs(runs):
    """Marks runs whose output differs from that on the C library's malloc."""
    outputs = [run["output"] for name in (peers.GLIBC, *runs) for run in runs.get(name, []) if "output" in run]
    for each in runs.values():
        for number, run in enumerate(each):
            if "output" in run and run["output"] != outputs[0]:
                each[number] = {"failed": "other output than with " + peers.GLIBC}
