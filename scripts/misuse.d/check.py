"""Compares what the library does with c-tests/misuse/expected.tsv, and writes that file's columns anew."""

import re

import catalogue
import run

# Options of each run, and what its results are held against.
MODES = {
    "on_error=warn": ("default", "warn"),
    "on_error=abort": ("default", "abort"),
    "on_error=ignore": ("default", "ignore"),
    "secure": ("secure", "abort"),
    "secure,on_error=warn": ("secure", "warn"),
    "secure,on_error=ignore": ("secure", "ignore"),
}
SIGABRT = 134
SPOKEN = ("call", "later")  # the outcomes with a message


def accepts(program, library, options):
    """Whether the library knows the options: an old one does not know all."""
    return "unknown option" not in run.run(program, library, options).text


def wrong(case, options, result):
    """What is not as expected, in words; nothing when all is."""
    mode, policy = MODES[options]
    return (_wrong_default if mode == "default" else _wrong_secure)(case, policy, result)


def _wrong_default(case, policy, result):
    """The default mode: exit status, message and outcome are exact."""
    if result.status != case.status[policy]:
        return f"exit status {result.status}, expected {case.status[policy]}"
    said = result.messages()
    silent = policy == "ignore" or case.message == "-"
    if silent and said:
        return "a message where none is due"
    expected = ["not" if policy == "ignore" and name in SPOKEN else name for name in case.default]
    # What says nothing may still be refused.
    if result.outcome not in expected and not (policy == "ignore" and result.outcome == "refused"):
        return f"{result.outcome}, expected {' or '.join(expected)}"
    pattern = "ft_malloc: " + filled(case.message, result)
    if not silent and not (len(said) == 1 and re.fullmatch(pattern, said[0])):
        return f"not the one line {pattern}"
    return ""


def _wrong_secure(case, policy, result):
    """The hardened mode: one of the outcomes, and whatever it is, the heap is never broken."""
    said = [line for line in result.messages() if line.startswith("ft_malloc: ")]
    if result.outcome in ("broken", None):
        return f"the program did not end well: status {result.status}"
    if policy == "ignore":
        return "a message where none is due" if said else ""
    if result.outcome not in case.secure and case.secure != ["?"]:
        return f"{result.outcome}, expected {' or '.join(case.secure)}"
    ends = SIGABRT if policy == "abort" else 0
    if result.outcome in SPOKEN and not (said and result.status == ends):
        return f"exit status {result.status} and {len(said)} messages, expected {ends} and some"
    return ""


def filled(pattern, result):
    """The expected message with the addresses of this run."""
    bad, block = result.addresses()
    return pattern.replace("@BAD@", bad).replace("@BLOCK@", block)


def check(cases, library):
    """Runs all in all modes; prints what is wrong and the count; gives the exit status."""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for options in MODES:
        if not accepts(cases[0].program, library, options):
            print(f"skip FT_MALLOC={options}: this library does not know it")
            counts["skipped"] += 1
            continue
        for case, result in run.all_of(cases, library, options):
            error = wrong(case, options, result)
            counts["failed" if error else "passed"] += 1
            if error:
                print(f"FAIL {case.name} FT_MALLOC={options}: {error}")
                print("".join(f"     | {line}\n" for line in result.text.splitlines()[:8]), end="")
    print(", ".join(f"{number} {word}" for word, number in counts.items()))
    return 1 if counts["failed"] or not counts["passed"] else 0


def record(cases, library, runs):
    """Writes the column of the hardened mode from what it does in so many runs: all outcomes that were seen."""
    if not accepts(cases[0].program, library, "secure"):
        raise catalogue.Failed("the library does not know FT_MALLOC=secure")
    seen = {case.name: set() for case in cases}
    for _ in range(runs):
        for case, result in run.all_of(cases, library, "secure"):
            seen[case.name].add(result.outcome or "?")
    lines = catalogue.EXPECTED.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        fields = line.split("\t")
        if fields[0] in seen:
            fields[6] = "|".join(sorted(seen[fields[0]], key=[*run.OUTCOMES, run.ABSENT, "?"].index))
            lines[number] = "\t".join(fields)
    catalogue.EXPECTED.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0
