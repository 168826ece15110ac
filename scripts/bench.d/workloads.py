"""What is measured: the table of tests. Sizes are chosen so that a run takes a fraction of a second."""

import os
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Optional

from paths import SCRATCH, SOURCES, Failed, newer, tool

DATA = SCRATCH / "data"
PROGRAMS = SOURCES / "programs"
# Sections: the table of ratios, the two curves, and what is about memory alone.
TABLE, LIVE, THREADS, MEMORY = "table", "live", "threads", "memory"


@dataclass
class Test:
    """One row: a command, run once per repetition and allocator."""

    name: str
    about: str
    command: list
    kind: str = "own"
    section: str = TABLE
    at: int = 0  # the point on a curve: live blocks, threads
    parallel: bool = False  # its threads need both cores: raised priority, more runs
    quick: bool = False
    runs: int = 0  # 0: as asked for
    together: bool = False  # mostly sleeps, so that several allocators can run at the same time
    environment: dict = field(default_factory=dict)
    stdin: Optional[Path] = None
    client: Optional[Callable] = None  # runs beside the command, without the allocator, and ends it
    prepare: Optional[Callable] = None  # makes inputs; raises Failed if the program is not there
    prove: list = field(default_factory=list)  # a short command that runs the same executables
    executables: tuple = ()  # those that must have been on the allocator
    own_allocator: bool = False  # linked with another malloc, so that plain malloc must be preloaded


def build():
    """Compiles the workloads of our own; the folder with them."""
    folder = SCRATCH / "workloads"
    folder.mkdir(parents=True, exist_ok=True)
    compilers = {".c": [os.environ.get("CC", "cc"), "-std=gnu11"], ".cc": [os.environ.get("CXX", "c++"), "-std=c++17"]}
    for source in sorted([*SOURCES.glob("*.c"), *SOURCES.glob("*.cc")]):
        target = folder / source.stem
        if not newer(target, source, SOURCES / "bench.h"):
            flags = ["-O2", "-g", "-fno-builtin-malloc", "-fno-builtin-calloc", "-fno-builtin-free", "-pthread"]
            tool(*compilers[source.suffix], *flags, source, "-o", target)
    return folder


def _own():
    """The workloads of our own that go into the table."""

    def test(name, about, *command, quick=False, parallel=False, runs=0):
        return Test(name, about, list(command), quick=quick, parallel=parallel, runs=runs)

    yield test("pair", "malloc and free of 48 bytes", "pair", 20_000_000, 48, quick=True)
    yield test("batch", "1000 blocks of 64 bytes, then all freed", "batch", 25_000, 1000, 64, quick=True)
    for live, small, middle, wide in (("1e3", 8e6, 8e6, 3e6), ("1e5", 3e6, 2e6, 6e5), ("2e6", 2e6, 1e6, 0)):
        blocks = int(float(live))
        for largest, ops in ((144, small), (1024, middle), (32768, wide)):
            # Two million of up to 32 KiB would be more memory than most machines have.
            if ops:
                about = f"random replacement among {blocks:,} blocks of 16–{largest} bytes"
                command = ["random", blocks, 16, largest, int(ops)]
                yield test(f"random {live} {largest}", about, *command, quick=live == "1e5" and largest == 144)
    yield test("lists", "16 linked lists filled in turn, walked, thinned out", "nodes", "list", 100_000, 4, quick=True)
    yield test("tree", "a std::map filled, walked, thinned out", "nodes", "tree", 60_000, 4)
    server = ["server", 4, 40, 5000, 50_000]
    yield test("server", "threads die and hand their blocks on", *server, quick=True, parallel=True)
    one = ["producers", 1, 1, 3_000_000, 64, 16, 512]
    yield test("producers 1:1", "one allocates, one frees", *one, quick=True, parallel=True)
    many = ["producers", 4, 1, 2_000_000, 64, 16, 512]
    yield test("producers 4:1", "four allocate, one only frees", *many, parallel=True)
    full = ["producers", 16, 1, 1_500_000, 15_000, 16, 1024]
    about = "sixteen allocate, one only frees, some 370 MiB live"
    yield test("producers 16:1", about, *full, quick=True, parallel=True)
    migrate = ["migrate", 4, 40_000, 8_000_000]
    yield test("migrate", "mixed lifetimes, every eighth block changes threads", *migrate, quick=True, parallel=True)
    short = ["short_threads", 100_000, 4]
    yield test("threads 1e5", "100,000 short threads, four at a time", *short, parallel=True, runs=2)
    large = ["large", 40 << 10, 1 << 20, 50, 20_000, "malloc"]
    yield test("large 40K-1M", "40 KiB–1 MiB, 50 live, random replacement, every page written", *large, quick=True)
    large = ["large", 5 << 20, 25 << 20, 10, 100, "malloc"]
    yield test("large 5-25M", "5–25 MiB, 10 live, likewise", *large, quick=True)
    yield test("calloc 1M", "calloc of 1 MiB, 20 live, every page read", "large", 1 << 20, 1 << 20, 20, 2000, "calloc")
    yield test("realloc 1G", "four arrays that grow by half, to 1 GiB together", "grow", 4, 1 << 30,
               runs=3)
    yield test("aligned", "alignments of 16–4096, 20,000 live", "aligned", 20_000, 4_000_000)
    for how in ("active", "passive"):
        about = f"two threads write to small blocks of their own ({how})"
        yield test(f"sharing {how}", about, "sharing", how, 2, 300, 400_000, parallel=True)
    yield test("phases", "a million of one size, 99 % freed, then another size", "phases", 1_000_000, 4)
    yield test("drift", "a server whose sizes and lifetimes drift", "drift", 2_000_000, 100, quick=True)


def _curves():
    """The points of the two curves."""
    for exponent in range(2, 8):
        live = 10**exponent
        ops = 6_000_000 if live < 10**5 else 2_000_000
        command = ["random", live, 16, 144, ops]
        name, about, quick = f"live 1e{exponent}", f"{live:,} live blocks", exponent < 6
        yield Test(name, about, command, section=LIVE, at=live, runs=3, quick=quick)
    for threads in (1, 2, 4, 8, 16, 32, 64):
        command = ["migrate", threads, 40_000, 6_000_000]
        quick = threads in (1, 2, 16, 64)
        about = f"{threads} thread" + "s" * (threads > 1)
        yield Test(about, about, command, section=THREADS, at=threads, parallel=True, runs=5, quick=quick)


def _memory():
    """What is about memory alone."""
    for name, survivors in (("all freed", 0), ("1 % survive", 10)):
        about = f"500 MB of small blocks, {name}, ten seconds idle, then malloc_trim"
        command = ["idle", 477, survivors, 10]
        yield Test(f"idle {name}", about, command, section=MEMORY, runs=1, together=True)
    for exponent in (3, 5, 6, 7):
        about = f"mappings, overhead, fork and thread start with {10**exponent:,} blocks"
        yield Test(f"heap 1e{exponent}", about, ["heap", 10**exponent], section=MEMORY, runs=3, quick=exponent < 7)
    shell = ["/bin/sh", "-c", ":"]
    yield Test("sh", "/bin/sh -c :", shell, section=MEMORY, runs=3, quick=True)
    # A shell gives /dev/null to what it starts in the background, unless told otherwise.
    idle = ["/bin/sh", "-c", 'exec 3<&0; i=0; while [ $i -lt 100 ]; do sh -c "read x" <&3 & i=$((i + 1)); done; wait']
    yield Test("100 idle", "100 idle shells, proportional set sizes added up", idle, section=MEMORY, runs=1,
               client=_idle_sizes, quick=True)


def _program(*names):
    """Real path of the first of these that is installed."""
    for name in names:
        found = shutil.which(name)
        if found:
            return os.path.realpath(found)
    raise Failed(f"{names[0]} is not installed")


def _needs(*names):
    """A prepare that needs programs only."""
    return lambda: [_program(name) for name in names] and None


def _git():
    """A repository with 200 commits."""
    _program("git")
    if (DATA / "repository").exists():
        return
    history, seed = [], 7
    for commit in range(200):
        seed = (seed * 1103515245 + 12345) % 2**31
        file = seed % 40
        lines = (f"line {n} of {file} in {commit if n % 7 == commit % 7 else commit // 50} {seed * (n + 1) % 65537}\n"
                 for n in range(300))
        text, message = "".join(lines), f"commit {commit}"
        history.append(f"commit refs/heads/main\ncommitter A <a@example.com> {1600000000 + commit * 60} +0000\n"
                       f"data {len(message)}\n{message}\n"
                       f"M 100644 inline dir{file % 5}/file{file}\ndata {len(text)}\n{text}\n")
    # Under another name until it is whole.
    new = DATA / "repository.new"
    shutil.rmtree(new, ignore_errors=True)
    tool("git", "init", "-q", "-b", "main", new)
    tool("git", "-C", new, "fast-import", "--quiet", input="".join(history))
    tool("git", "-C", new, "gc", "--quiet")
    new.rename(DATA / "repository")


def _zstd():
    """60 MB that compress somewhat, the same everywhere."""
    _program("zstd")
    path = DATA / "zstd.input"
    if path.exists():
        return
    state, words = 1, []
    for _ in range(5000):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        words.append(b"%x " % (state >> (24 + state % 32)))
    new = path.with_suffix(".new")
    with open(new, "wb") as file:
        for _ in range(60):
            part = []
            for _ in range(100_000):
                state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
                part.append(words[(state >> 33) * (state >> 50) % 5000])
            file.write(b"".join(part)[:1_000_000])
    new.rename(path)


def _z3():
    """Nine pigeons and eight holes, as sums of integers."""
    _program("z3")
    pigeons, holes = range(9), range(8)
    lines = [f"(declare-const x{i}_{j} Int)(assert (<= 0 x{i}_{j} 1))" for i in pigeons for j in holes]
    lines += ["(assert (>= (+ " + " ".join(f"x{i}_{j}" for j in holes) + ") 1))" for i in pigeons]
    lines += ["(assert (<= (+ " + " ".join(f"x{i}_{j}" for i in pigeons) + ") 1))" for j in holes]
    (DATA / "pigeons.smt2").write_text("\n".join([*lines, "(check-sat)\n"]), encoding="utf-8")


SOCKET = "redis.socket"


def _redis_load(process, folder):
    """Works on the server that was started in the folder, then ends it."""
    client = ["redis-cli", "-s", str(folder / SOCKET)]
    deadline = time.monotonic() + 20
    while subprocess.run([*client, "ping"], capture_output=True, check=False).returncode != 0:
        if process.poll() is not None or time.monotonic() > deadline:
            raise Failed("the server does not answer")
        time.sleep(0.02)
    load = ["redis-benchmark", "-s", folder / SOCKET, "-q", "-c", 20, "-P", 16, "-r", 50_000, "-d", 100]
    try:
        tool(*load, "-n", 100_000, "-t", "set,get,lpush", timeout=120)
        tool(*load, "-n", 10_000, "-t", "lrange_100", timeout=120)
        keys = tool(*client, "eval", (PROGRAMS / "mixed.lua").read_text(encoding="utf-8"), 0, timeout=120).strip()
        if not keys.isdigit():
            raise Failed(f"the server answered {keys}")
    finally:
        subprocess.run([*client, "shutdown", "nosave"], capture_output=True, check=False)
    return {}


def _idle_sizes(process, _):
    """Proportional set sizes of the waiting shells, in KiB; closing their input ends them."""
    deadline, total, count = time.monotonic() + 20, 0, 0
    try:
        while time.monotonic() < deadline:
            time.sleep(0.3)
            total = count = 0
            for path in Path("/proc").glob("[0-9]*"):
                try:
                    if os.getpgid(int(path.name)) != process.pid or b"read x" not in (path / "cmdline").read_bytes():
                        continue
                    if b"while" in (path / "cmdline").read_bytes():
                        continue
                    lines = (path / "smaps_rollup").read_text(encoding="utf-8").splitlines()
                    total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
                    count += 1
                except (OSError, ProcessLookupError):
                    continue
            if count == 100:
                break
    finally:
        process.stdin.close()
    if count != 100:
        raise Failed(f"{count} of 100 shells were there")
    return {"pss": total}


def _real():
    """Real programs. Their output must be the same with every allocator."""

    def test(name, about, command, **more):
        return Test(name, about, command, kind="real", **more)

    hashed = {"PYTHONHASHSEED": "0", "PYTHONMALLOC": "malloc", "PYTHONDONTWRITEBYTECODE": "1"}
    yield test("python", "CPython with PYTHONMALLOC=malloc: JSON, regular expressions, trees",
               ["python3", SOURCES / "objects.py"], environment=hashed, quick=True, prepare=_needs("python3"),
               prove=["python3", "-c", ""], executables=("python3",))
    compiled = ["g++", "-std=c++17", "-O0", "-c", "-o", "heavy.o"]
    yield test("g++", "a file with the standard library's largest headers", [*compiled, PROGRAMS / "heavy.cpp"],
               prepare=_needs("g++"), prove=[*compiled, "-x", "c++", "/dev/null"], executables=("cc1plus",), runs=3)
    server = ["redis-server", "--port", 0, "--unixsocket", SOCKET, "--save", "", "--appendonly", "no",
              "--logfile", "redis.log"]
    yield test("redis", "server under set, get, lpush, lrange and a script with values of 0–3000 bytes", server,
               client=_redis_load, prepare=_needs("redis-server", "redis-benchmark"), own_allocator=True,
               prove=["redis-server", "--version"], executables=("redis-server", "redis-check-rdb"), runs=3)
    yield test("sqlite", "a database in memory: joins, JSON, updates", ["sqlite3", "-batch", ":memory:"],
               stdin=PROGRAMS / "database.sql", prepare=_needs("sqlite3"), prove=["sqlite3", "--version"],
               executables=("sqlite3",), runs=4)
    git = ["git", "-C", DATA / "repository", "-c", "pack.threads=2", "-c", "gc.aggressiveWindow=50", "gc"]
    git += ["--aggressive", "--quiet"]
    yield test("git gc", "200 commits packed anew", git, prepare=_git, runs=5,
               environment={"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}, parallel=True,
               prove=["git", "--version"], executables=("git",))
    yield test("node", "maps, JSON, many buffers, zlib", ["node", PROGRAMS / "objects.js"], prepare=_needs("node"),
               prove=["node", "-e", "0"], executables=("node",))
    yield test("z3", "nine pigeons in eight holes", ["z3", DATA / "pigeons.smt2"], prepare=_z3,
               prove=["z3", "--version"], executables=("z3",))
    compress = ["zstd", "-q", "-T2", "-5", "-c", DATA / "zstd.input"]
    yield test("zstd", "60 MB at level 5, two threads", compress, prepare=_zstd,
               prove=["zstd", "--version"], executables=("zstd",), parallel=True)


def tests(quick, only):
    """The tests asked for, in the order in which they run."""
    every = [*_own(), *_real(), *_curves(), *_memory()]
    known = {test.name for test in every} | {test.section for test in every} | {"own", "real", "instructions"}
    unknown = set(only) - known
    if unknown:
        raise Failed(f"no workload {', '.join(sorted(unknown))} (--list names them)")
    if only:
        return [test for test in every if {test.name, test.section} & set(only)
                or test.section == TABLE and test.kind in only]
    return [test for test in every if test.quick or not quick]
