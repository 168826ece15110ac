"""Where things are, and the two ways to run a tool."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PARTS = ROOT / "scripts/bench.d"
SOURCES = ROOT / "benches"
COMPAT = ROOT / "scripts/compat.d"
# Honours CARGO_TARGET_DIR, as the Makefile does.
TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target").absolute()
PEERS = TARGET / "peers"
SCRATCH = TARGET / "bench"


class Failed(Exception):
    """A tool, a peer or a workload did not do what it should; the text says what."""


def tool(*command, **options):
    """Standard output of a tool that must succeed."""
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **options)
    except OSError as error:
        raise Failed(f"{command[0]}: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise Failed(f"{Path(str(command[0])).name}: took more than {error.timeout:.0f} s") from error
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        wrong = [line for line in lines if "error" in line.lower()] or lines[-1:] or ["no output"]
        raise Failed(f"{Path(str(command[0])).name}: {wrong[0].strip()}")
    return done.stdout


def newer(target, *sources):
    """Whether target is there and no source is newer."""
    return target.exists() and all(Path(source).stat().st_mtime <= target.stat().st_mtime for source in sources)
