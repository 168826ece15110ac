"""From runs to figures: medians, spread, ratios to the best peer, geometric means."""

import math
import statistics

import peers


def cost(run):
    """CPU seconds; for a test that says how many operations it did, nanoseconds for one."""
    return (run["user"] + run["system"]) * (1e9 / run["ops"] if run.get("ops") else 1)


# What is compared: title, figure of a run.
CPU = ("CPU", cost)
WALL = ("wall", lambda run: run["wall"] * (1e9 / run["ops"] if run.get("ops") else 1))
RSS = ("peak RSS", lambda run: run["rss"])
FAULTS = ("minor faults", lambda run: run["faults"])


def value(runs, measure):
    """Median of a figure over runs; None if there is none or a run failed."""
    if not runs or any("failed" in run for run in runs):
        return None
    return statistics.median(measure[1](run) for run in runs)


def spread(runs, measure):
    """Interquartile range as a part of the median; None with fewer than four runs."""
    if len(runs) < 4 or value(runs, measure) in (None, 0):
        return None
    quarters = statistics.quantiles((measure[1](run) for run in runs), n=4, method="inclusive")
    return (quarters[2] - quarters[0]) / value(runs, measure)


def key(name):
    """A figure that the workload itself printed."""
    return (name, lambda run: run[name])


def best_peer(row, measure):
    """(figure, name) of the peer with the lowest figure; None if every one failed."""
    values = [(value(runs, measure), name) for name, runs in row["runs"].items() if name != peers.OURS]
    values = [pair for pair in values if pair[0]]
    return min(values) if values else None


def ratio(row, name, measure):
    """Figure of an allocator over that of the test's best peer; None if either is missing."""
    best, own = best_peer(row, measure), value(row["runs"].get(name, []), measure)
    return own / best[0] if best and own is not None else None


def rows(data, section, kind=None):
    """Name and row of each test of a section (and kind) that was not skipped."""
    return [(name, row) for name, row in data["tests"].items()
            if row["section"] == section and kind in (None, row["kind"]) and "skipped" not in row]


def mean(data, name, measure, kind=None):
    """(geometric mean of the ratios over the table's tests, number of tests without a figure); None if no test has."""
    every = [ratio(row, name, measure) for _, row in rows(data, "table", kind)]
    known = [each for each in every if each]
    if not known:
        return None
    return math.exp(statistics.fmean(map(math.log, known))), len(every) - len(known)


def above(data, name, measure, limit):
    """Number of tests in which an allocator's ratio is above a limit."""
    every = [ratio(row, name, measure) for _, row in rows(data, "table")]
    return sum(each is not None and each > limit for each in every)


def worst(data, name, measure):
    """(ratio, test) of an allocator's worst test; None if there is none."""
    every = [(ratio(row, name, measure), test) for test, row in rows(data, "table")]
    every = [pair for pair in every if pair[0]]
    return max(every) if every else None
