"""Compares what the library does with c-tests/misuse/expected.tsv, and writes that file's columns anew."""

import re

import catalogue
import run
from catalogue import SPOKEN

# Options of each run, and what its results are held against. The seed makes a run of the sampled mode repeat.
MODES = {
    "on_error=warn": ("default", "warn"),
    "on_error=abort": ("default", "abort"),
    "on_error=ignore": ("default", "ignore"),
    "sample_guard=1,seed=1,on_error=warn": ("sampled", "warn"),
    "sample_guard=1,seed=1,on_error=abort": ("sampled", "abort"),
    "sample_guard=1,seed=1,on_error=ignore": ("sampled", "ignore"),
    "secure,on_error=warn": ("secure", "warn"),
    "secure": ("secure", "abort"),
    "secure,on_error=ignore": ("secure", "ignore"),
}
# Options of the modes whose columns are recorded: their choices are random.
RECORDED = {"sampled": "sample_guard=1", "secure": "secure"}
SIGABRT, SIGSEGV = 134, 139
PREFIX = "ft_malloc: "
# The lines below a message about a sampled block.
STACK = re.compile(r"ft_malloc:   (allocated|freed) by .+")


def accepts(program, library, options):
    """Whether the library knows the options: an old one does not know all."""
    return "unknown option" not in run.run(program, library, options).text


def _due(case, mode, policy):
    """What may become of a case: outcome, exit status and message, which is None where nothing is said."""
    for outcome, message in case.becomes[mode]:
        is_spoken = outcome in SPOKEN
        is_fault = outcome == "fault" or is_spoken and message.startswith("SIGSEGV")
        status = SIGSEGV if is_fault else SIGABRT if is_spoken and policy == "abort" else 0
        if mode == "default":
            status = case.status[policy]
        if not is_spoken or policy == "ignore":
            message = None
        if is_spoken and policy == "ignore":
            # What says nothing may still be refused.
            yield from [("fault", status, None)] if is_fault else [("not", status, None), ("refused", status, None)]
        else:
            yield outcome, status, message


def wrong(case, options, result):
    """What is not as expected, in words; nothing when all is."""
    mode, policy = MODES[options]
    due = list(_due(case, mode, policy))
    came = (result.outcome, result.status)
    patterns = [filled(message, result) for outcome, status, message in due if (outcome, status) == came]
    if not patterns:
        words = " or ".join(sorted({f"{outcome} and {status}" for outcome, status, _ in due}))
        return f"{result.outcome} and exit status {result.status}, expected {words}"
    lines = [line for line in result.messages() if not (mode == "sampled" and STACK.fullmatch(line))]
    if None in patterns:
        return "a message where none is due" if result.messages() else ""
    # An overflow can run through several blocks, each of which is found.
    are_many = (mode, policy, result.outcome) == ("secure", "warn", "later")
    if not lines or len(lines) > 1 and not are_many or any(not _fits(line, patterns) for line in lines):
        return "not the one line " + " or ".join(PREFIX + pattern for pattern in patterns)
    return ""


def _fits(line, patterns):
    """Whether a line is one of the messages."""
    return any(re.fullmatch(PREFIX + pattern, line) for pattern in patterns)


def filled(pattern, result):
    """The expected message with the addresses of this run."""
    bad, block = result.addresses()
    return pattern and pattern.replace("@BAD@", bad).replace("@BLOCK@", block)


def check(cases, library, runs):
    """Runs all in all modes, so many times; prints what is wrong and the count; gives the exit status."""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for options in MODES:
        if not accepts(cases[0].program, library, options):
            print(f"skip FT_MALLOC={options}: this library does not know it")
            counts["skipped"] += 1
            continue
        for case, result in run.all_of(cases * runs, library, options):
            if result.outcome == run.ABSENT:
                counts["skipped"] += 1
                print(f"skip {case.name} FT_MALLOC={options}: {result.text.strip()}")
                continue
            error = wrong(case, options, result)
            counts["failed" if error else "passed"] += 1
            if error:
                print(f"FAIL {case.name} FT_MALLOC={options}: {error}")
                print("".join(f"     | {line}\n" for line in result.text.splitlines()[:8]), end="")
    print(", ".join(f"{number} {word}" for word, number in counts.items()))
    return 1 if counts["failed"] or not counts["passed"] else 0


def _pattern(line, result):
    """The pattern for a message of this run."""
    bad, block = result.addresses()
    text = re.sub(r"[][(){}.*+?|^$\\]", r"\\\g<0>", line.removeprefix(PREFIX))
    for address, name in ((bad, "@BAD@"), (block, "@BLOCK@")):
        text = text.replace(address, name) if address else text
    return re.sub(r"0x[0-9a-f]+", "0x[0-9a-f]+", text)


def _seen(case, result):
    """What became of a case in a run, as the column of its mode has it."""
    if result.outcome not in SPOKEN:
        return {result.outcome or "?"}
    lines = [line for line in result.messages() if not STACK.fullmatch(line)]
    as_usual = [filled(case.message, result)]
    return {result.outcome + ("" if _fits(line, as_usual) else ": " + _pattern(line, result)) for line in lines}


def record(cases, library, runs):
    """Writes the columns of the sampled and the hardened mode from what they do in so many runs: all that was seen."""
    seen = {(case.name, mode): set() for case in cases for mode in RECORDED}
    for mode, setting in RECORDED.items():
        for options in (f"{setting},on_error={policy}" for policy in ("warn", "abort")):
            if not accepts(cases[0].program, library, options):
                raise catalogue.Failed(f"the library does not know FT_MALLOC={options}")
            for _ in range(runs):
                for case, result in run.all_of(cases, library, options):
                    seen[case.name, mode] |= _seen(case, result)
    order = [*run.OUTCOMES, run.ABSENT, "?"]
    lines = catalogue.EXPECTED.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        fields = line.split("\t")
        if (fields[0], "secure") in seen:
            for mode in RECORDED:
                found = sorted(seen[fields[0], mode], key=lambda text: (order.index(text.partition(": ")[0]), text))
                fields[5 + catalogue.MODES.index(mode)] = " | ".join(found)
            lines[number] = "\t".join(fields)
    catalogue.EXPECTED.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0
