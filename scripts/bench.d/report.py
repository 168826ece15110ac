"""Writes the report, from the results alone."""

import re

import peers
import plots
from figures import CPU, FAULTS, RSS, WALL, above, best_peer, key, mean, ratio, rows, spread, value, worst
from instructions import WAYS
from paths import SOURCES, Failed

MISSING = "–"
NOTES = SOURCES / "notes.md"


def _table(head, lines):
    """A Markdown table, its first column text and the others numbers; nothing without lines."""
    if not lines:
        return []
    return ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1),
            *("| " + " | ".join(line) + " |" for line in lines), ""]


def _number(number, digits=2):
    """A number, or a dash."""
    return MISSING if number is None else f"{number:.{digits}f}"


def _significant(number):
    """Three digits."""
    if number is None:
        return MISSING
    return f"{number:,.0f}" if number >= 100 else f"{number:.1f}" if number >= 10 else f"{number:.2f}"


def _used(data):
    """The allocators that were measured, ours first."""
    return [name for name, entry in data["allocators"].items() if "failed" not in entry]


def _failed(runs):
    """Whether one of these runs failed."""
    return any("failed" in run for run in runs)


def _cell(row, name, measure):
    """Ratio to the best peer with its spread; the best peer's in bold."""
    runs = row["runs"].get(name, [])
    if _failed(runs):
        return "failed"
    of = ratio(row, name, measure)
    if of is None:
        return MISSING
    wide = spread(runs, measure)
    text = f"{of:.2f}" + (f" ± {wide * 50:.0f} %" if wide is not None else "")
    best = best_peer(row, measure)
    return f"**{text}**" if best and (name == best[1] or name == peers.OURS and of <= 1) else text


def _ratios(data, measure):
    """Section: ratios of every test and allocator."""
    names = _used(data)
    lines = [[test, *(_cell(row, name, measure) for name in names)] for test, row in rows(data, "table")]
    return _table(["test", *names], lines)


def _means(data):
    """Section: geometric means."""
    names, lines = _used(data), []
    for measure in (CPU, RSS, WALL):
        for kind, title in ((None, "all tests"), ("own", "own workloads"), ("real", "real programs")):
            cells = []
            for name in names:
                found = mean(data, name, measure, kind)
                cells.append(MISSING if not found else f"{found[0]:.2f}" + ("*" if found[1] else ""))
            if any(cell != MISSING for cell in cells):
                lines.append([f"{measure[0]}, {title}", *cells])
        ends = [worst(data, name, measure) for name in names]
        if any(ends):
            lines.append([f"{measure[0]}, worst test", *(f"{end[0]:.2f}" if end else MISSING for end in ends)])
    star = any("*" in cell for line in lines for cell in line)
    note = ["\\* without the tests that failed with this allocator (or have no result).", ""] if star else []
    return _table(["geometric mean", *names], lines) + note


def _absolute(data):
    """Section: our figures and the best peer's, in units."""
    lines = []
    for test, row in rows(data, "table"):
        runs = row["runs"].get(peers.OURS, [])
        best, small = best_peer(row, CPU), best_peer(row, RSS)
        unit = "ns" if any(run.get("ops") for run in runs) else "s"
        lines.append([
            test, unit, _significant(value(runs, CPU)), f"{_significant(best[0])} {best[1]}" if best else MISSING,
            _significant(value(runs, WALL)), _number((value(runs, RSS) or 0) / 1024, 1),
            f"{small[0] / 1024:.1f} {small[1]}" if small else MISSING, _significant(value(runs, FAULTS)),
        ])
    head = ["test", "unit", "CPU", "best peer's", "wall", "RSS, MiB", "best peer's", "minor faults"]
    return _table(head, lines)


def _by_point(data, section, measure):
    """Series for a curve: name to [(point, figure)]."""
    series = {name: [] for name in _used(data)}
    for _, row in rows(data, section):
        for name in series:
            figure = value(row["runs"].get(name, []), measure)
            if figure is not None:
                series[name].append((row["at"], figure))
    return series


def _curve(data, section, measure, head):
    """A table of absolute figures along a curve."""
    series = _by_point(data, section, measure)
    points = sorted({at for each in series.values() for at, _ in each})
    lines = [[f"{at:,}", *(_significant(dict(each).get(at)) for each in series.values())] for at in points]
    return _table([head, *series], lines)


def _plots(data, folder):
    """Writes the plots that there are figures for; title to file."""
    means = {name: (mean(data, name, CPU), mean(data, name, RSS)) for name in _used(data)}
    dots = {name: [(cpu[0], rss[0])] for name, (cpu, rss) in means.items() if cpu and rss}
    rate = {name: [(at, figure / 1e6) for at, figure in each]
            for name, each in _by_point(data, "threads", key("rate")).items()}
    drawings = {
        "time-rss": ("CPU time against peak RSS", plots.plot(
            "CPU time against peak RSS (geometric means; 1 = best peer of each test)", "CPU time", "peak RSS", dots,
            lines=False, log_x=True)),
        "live": ("Cost against live blocks", plots.plot(
            "One random replacement among live blocks of 16–144 bytes", "live blocks", "ns of CPU time",
            _by_point(data, "live", key("ns")), lines=True, log_x=True, log_y=True)),
        "threads": ("Throughput against threads", plots.plot(
            "Mixed lifetimes, every eighth block changes threads", "threads", "million operations a second", rate,
            lines=True, log_x=True)),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.svg"):
        old.unlink()
    written = {}
    for name, (title, drawing) in drawings.items():
        if drawing:
            (folder / f"{name}.svg").write_text(drawing, encoding="utf-8")
            written[name] = f"![{title}]({folder.name}/{name}.svg)"
    return written


def _extra(row, name, which):
    """Median of a figure that a workload printed; None if there is none."""
    runs = row["runs"].get(name, []) if row else []
    return value(runs, key(which)) if runs and not _failed(runs) and which in runs[0] else None


def _memory(data):
    """Section: memory that comes back, and what a heap costs beside malloc."""
    tests, names = data["tests"], _used(data)

    def line(title, test, figure):
        row = tests.get(test)
        if not row or "skipped" in row:
            return None
        found = [figure(lambda which, name=name: _extra(row, name, which)) for name in names]
        cells = ["failed" if _failed(row["runs"].get(name, [])) else _significant(each)
                 for name, each in zip(names, found)]
        return [title, *cells]

    def part(upper, lower):
        """The quotient of two printed figures."""
        return lambda get: get(upper) / get(lower) if get(upper) is not None and get(lower) else None

    percent = lambda which: lambda get: None if get("peak") is None else 100 * get(which) / get("peak")
    rss = lambda get: get("rss") and get("rss") / 1024
    lines = [
        line("500 MB freed: % of the peak still resident at once", "idle all freed", percent("freed")),
        line("… after 10 s without a call", "idle all freed", percent("idle")),
        line("… after malloc_trim(0)", "idle all freed", percent("trimmed")),
        line("1 % survive: resident over their pages, at once", "idle 1 % survive", part("freed", "needed")),
        line("… after 10 s without a call", "idle 1 % survive", part("idle", "needed")),
        line("… after malloc_trim(0)", "idle 1 % survive", part("trimmed", "needed")),
        line("16 producers, 1 consumer: peak RSS over live bytes", "producers 16:1",
             lambda get: get("rss") * 1024 / get("live") if get("rss") else None),
        line("drifting server: worst RSS over live bytes", "drift", lambda get: get("worst")),
        line("… at the end", "drift", lambda get: get("last")),
        line("`/bin/sh -c :`, peak RSS in MiB", "sh", rss),
        line("100 idle shells, sum of proportional sizes in MiB", "100 idle",
             lambda get: get("pss") and get("pss") / 1024),
    ]
    for exponent in (3, 5, 6, 7):
        heap = f"heap 1e{exponent}"
        lines += [line(f"10^{exponent} blocks: mappings added", heap, lambda get: get("mappings")),
                  line("… resident over requested bytes", heap, lambda get: get("overhead")),
                  line("… fork and wait, µs", heap, lambda get: get("fork_us")),
                  line("… thread start and end, µs", heap, lambda get: get("thread_us"))]
    return _table(["", *names], [each for each in lines if each])


def _instructions(data):
    """Section: instructions in the allocator for a malloc and its free."""
    names = _used(data)
    lines = []
    for way, counts in data["instructions"].items():
        cells = [counts.get(name, MISSING) for name in names]
        lines.append([way, *("failed" if isinstance(cell, str) and cell != MISSING else str(cell) for cell in cells)])
    return _table(["64 bytes", *names], lines)


def _goals(data):
    """Section: each goal, and by how much it is missed."""
    tests, ours = data["tests"], peers.OURS
    notes = dict(re.findall(r"^- ([a-z-]+): (.*)$", NOTES.read_text("utf-8") if NOTES.exists() else "", re.MULTILINE))
    lines = []

    def goal(name, text, figure, limit, unit="", least=False):
        sign = "≥" if least else "≤"
        if figure is None:
            # In a part of the tests most goals have no figure; in all of them that is worth a line.
            if data["whole"]:
                lines.append([text, f"{sign} {limit:g}{unit}", MISSING, "not measured", notes.get(name, "")])
            return
        met = figure >= limit if least else figure <= limit
        verdict = "met" if met else f"missed by {abs(figure / limit - 1) * 100:.0f} %"
        why = "" if met else notes.get(name, "")
        lines.append([text, f"{sign} {limit:g}{unit}", f"{figure:.2f}{unit}", verdict, why])

    def extra(test, which):
        return _extra(tests.get(test), ours, which)

    def part(upper, lower, factor=1):
        return None if upper is None or not lower else factor * upper / lower

    for measure, limit, short in ((CPU, 1.10, "cpu"), (RSS, 1.15, "rss")):
        for kind, title in ((None, "all tests"), ("real", "real programs")):
            found = mean(data, ours, measure, kind)
            text = f"{measure[0]}, geometric mean over {title}"
            goal(f"{short}-{kind or 'all'}", text, found and found[0], 1.0)
        end = worst(data, ours, measure)
        goal(f"{short}-worst", f"{measure[0]}, worst test" + (
            f" ({end[1]}; over the limit: {above(data, ours, measure, limit)})" if end else ""), end and end[0], limit)
    points = [(ratio(row, ours, key("ns")), name) for name, row in rows(data, "live")]
    top = max((point for point in points if point[0]), default=None)
    text = "cost against live blocks, worst point" + (f" ({top[1]})" if top else "")
    goal("live", text, top and top[0], 1.10)
    goal("threads", "throughput of 64 threads over that of 2",
         part(extra("64 threads", "rate"), extra("2 threads", "rate")), 0.95, least=True)
    idle, survive = "idle all freed", "idle 1 % survive"
    goal("idle-all", "500 MB freed, 10 s idle: resident", part(extra(idle, "idle"), extra(idle, "peak"), 100), 10, " %")
    goal("idle-some", "1 % survive, 10 s idle: resident over the survivors' pages",
         part(extra(survive, "idle"), extra(survive, "needed")), 1.5)
    goal("trim-some", "1 % survive, malloc_trim(0): resident over the survivors' pages",
         part(extra(survive, "trimmed"), extra(survive, "needed")), 1.5)
    many = "producers 16:1"
    over = part(extra(many, "rss"), extra(many, "live"), 1024)
    goal("producers", "16 producers, 1 consumer: peak RSS over live", over, 1.25)
    for name, test, which in (("sh", "sh", "rss"), ("idle-processes", "100 idle", "pss")):
        base = _extra(tests.get(test), peers.GLIBC, which)
        goal(name, {"sh": "`/bin/sh -c :`, peak RSS over glibc's"}.get(name, "100 idle shells over glibc's"),
             part(extra(test, which), base), 1.05)
    for name, way in zip(("pair", "batch"), WAYS):
        number = data["instructions"].get(way, {}).get(ours)
        goal(f"instructions-{name}", f"instructions for a pair, {way}", None if isinstance(number, str) else number, 58)
    return _table(["goal", "limit", "measured", "", "why"], lines)


def _setting(data):
    """Section: machine, versions, and how it was measured."""
    machine = data["machine"]
    runs = [run for row in data["tests"].values() for each in row["runs"].values() for run in each]
    raised = all(run.get("priority", True) for run in runs)
    listed = [f"{name} {entry['version']} ({entry['from']})" if "failed" not in entry
              else f"{name} {entry['version']} could not be used: {entry['failed']}"
              for name, entry in data["allocators"].items()]
    skipped = [f"{name} ({row['skipped']})" for name, row in data["tests"].items() if "skipped" in row]
    failed = sorted({f"{name} with {each} ({run['failed']})" for name, row in data["tests"].items()
                     for each, runs in row["runs"].items() for run in runs if "failed" in run})
    failed += sorted({f"counting instructions with {name} ({text.removeprefix('failed: ')})"
                      for counts in data["instructions"].values() for name, text in counts.items()
                      if isinstance(text, str)})
    return [
        f"Measured on {data['date']} at commit {data['commit']}, in {data.get('minutes', 0):.0f} minutes, on "
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB, Linux {machine['kernel']}, "
        f"{machine['libc']}, transparent huge pages: {machine['huge_pages']}; load before: {machine['load_before']}.",
        "",
        f"Allocators: {'; '.join(listed)}.",
        "",
        "Each repetition visits all tests and allocators, these in rotating order. Figures are medians; ± is half the "
        "interquartile range. CPU is user and system time, for one operation where a test counts operations. "
        + (f"{data['touch_mib']} MiB are touched before a test's first runs, half as much again as it needed before "
           "the others, because a virtual machine's host may have taken free pages back. " if data["touch_mib"] else "")
        + ("Tests with threads run at raised priority." if raised else "The priority could not be raised.")
        + " That an allocator is in use is checked, not assumed: by a probe of ten functions for each, and in the "
        "executables of each real program. Redis is linked with jemalloc, so its glibc column preloads the C library. "
        "A ratio is to the best of the peers in that test, ours excluded; the best peer is in bold, and ours where it "
        "is no worse.",
        "",
        *([f"Skipped: {'; '.join(skipped)}.", ""] if skipped else []),
        *([f"Failed: {'; '.join(failed)}.", ""] if failed else []),
    ]


def write(data, document, plots_folder):
    """Writes the document, and its plots into a folder beside it."""
    if not _used(data):
        raise Failed("no allocator could be used")
    drawings = _plots(data, plots_folder)

    def section(title, lines, *names):
        pictures = [line for name in names if name in drawings for line in (drawings[name], "")]
        return [f"## {title}", "", *pictures, *lines] if lines or pictures else []

    about = [f"- {name}: {row['about']} (`{row['command']}`)" for name, row in data["tests"].items()
             if row["section"] == "table"]
    text = [
        "# Benchmarks", "", "Written by `make bench` (`scripts/bench`); do not edit.", "",
        *_setting(data),
        *section("Goals", _goals(data)),
        *section("Geometric means", _means(data), "time-rss"),
        *section("CPU, ratio to the best peer", _ratios(data, CPU)),
        *section("Peak RSS, ratio to the best peer", _ratios(data, RSS)),
        *section("In units", _absolute(data)),
        *section("Cost against live blocks", _curve(data, "live", key("ns"), "live blocks, ns"), "live"),
        *section("Cost against threads", _curve(data, "threads", WALL, "threads, ns of wall time"), "threads"),
        *section("Memory", _memory(data)),
        *section("Instructions for a malloc and its free", _instructions(data)),
        *section("The tests", about and [*about, ""]),
    ]
    document.write_text("\n".join(text).rstrip() + "\n", encoding="utf-8")
