"""Runs one program under one allocator and says what became of the misuse."""

import os
import re
import resource
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

# What can become of a misuse, from the best to the worst; `notes` in table.py has the words for the reader.
OUTCOMES = ["call", "refused", "clean", "fault", "later", "not", "broken"]
ABSENT = "absent"  # the allocator and its C library do not have the function
# Seconds until a program hangs. Who does is tried again with more: the machine may be busy.
PATIENCE = (2, 10)
# Processor seconds after which the kernel ends it, should this script be killed meanwhile.
MOST_PROCESSOR_TIME = 60
OWN_LINES = re.compile(r"(bad 0x|went on$|refused$|leaked$|clean$|alive$|skipped: |\S+:\d+: failed: )")
FAULTS = (-signal.SIGSEGV, -signal.SIGBUS)


class Run:
    """A finished run: `status` as the shell has it, `text` all that was printed, in order, and the outcome."""

    def __init__(self, status, text):
        self.status = status if status >= 0 else 128 - status
        self.text = text
        self.outcome = _outcome(status, text)

    def messages(self):
        """The lines that are the allocator's."""
        return [line for line in self.text.splitlines() if not OWN_LINES.match(line)]

    def addresses(self):
        """What the program is about to misuse, and the block it belongs to."""
        found = re.search(r"^bad (0x[0-9a-f]+) block (0x[0-9a-f]+)$", self.text, re.MULTILINE)
        return found.groups() if found else ("", "")


def _outcome(status, text):
    """One of OUTCOMES, ABSENT, or None when the program did not come to its misuse."""
    if status == 77:
        return ABSENT
    before, mark, after = text.partition("went on\n")
    if not before.startswith("bad 0x") and not mark:
        return None
    said = [any(not OWN_LINES.match(line) for line in part.splitlines()) for part in (before, after)]
    stopped = status is not None and status < 0 and status not in FAULTS
    if (said[0] or stopped) and not mark:
        return "call"
    if said[0]:
        return "call" if stopped or status == 0 else "broken"
    if status in FAULTS and not mark:
        return "fault"
    if said[1] or stopped:
        return "later"
    if status != 0 or not after.endswith("alive\n"):
        return "broken"
    if "refused\n" in before:
        return "refused"
    return "clean" if "clean\n" in before else "not"


def run(program, library, options=""):
    """Runs a program with a library preloaded ("" for none) and FT_MALLOC set to `options`."""
    environment = {key: value for key, value in os.environ.items() if key not in ("FT_MALLOC", "LD_PRELOAD")}
    # What mimalloc notices it keeps to itself otherwise.
    environment["MIMALLOC_SHOW_ERRORS"] = "1"
    if library:
        environment["LD_PRELOAD"] = library
    if options:
        environment["FT_MALLOC"] = options
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for seconds in PATIENCE:
        process = subprocess.Popen([str(program)], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, start_new_session=True)
        _end_after(process.pid, MOST_PROCESSOR_TIME)
        try:
            text, _ = process.communicate(timeout=seconds)
            return Run(process.returncode, text.decode(errors="replace"))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            text, _ = process.communicate()
    return Run(124, text.decode(errors="replace"))


def _end_after(pid, seconds):
    try:
        resource.prlimit(pid, resource.RLIMIT_CPU, (seconds, seconds))
    except ProcessLookupError:
        pass  # it has ended


def all_of(cases, library, options=""):
    """Pairs of case and run, in the order of the cases; two programs at a time."""
    with ThreadPoolExecutor(2) as pool:
        return zip(cases, list(pool.map(lambda case: run(case.program, library, options), cases)))
