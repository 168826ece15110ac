"""The allocators of the table: those of scripts/bench that check something, and their builds with more checks."""

import peers
from paths import SCRATCH

# Ours in its modes: the words for the table, and FT_MALLOC.
OURS = {"default": "on_error=abort", "sample_guard=1": "on_error=abort,sample_guard=1", "secure": "secure"}


def _mimalloc_secure(source, version):
    """Command and version of mimalloc as its own build makes it with MI_SECURE=ON."""
    command, number = peers.BUILT["mimalloc3"][1](source, version)
    return [*command, "-DMI_SECURE=4"], number


def _snmalloc_checks(source, argument):
    """Command and version of snmalloc's shim with checks."""
    command, number = peers.BUILT["snmalloc"][1](source, argument)
    return [*command, "-DSNMALLOC_CHECK_CLIENT"], number


def _hardened_malloc(source, _):
    """Command and version of hardened_malloc in its default configuration."""
    top = source / "vendor/hardened-malloc"
    settings = (source / "config-default.conf").read_text(encoding="utf-8").splitlines()
    flags = ["-std=c2x", "-D_GNU_SOURCE", "-fvisibility=hidden", f"-I{top / 'include'}", f"-I{top}"]
    flags += ["-include", "stdalign.h"]  # older compilers do not have alignas yet
    flags += [f"-D{line}" for line in settings if "=" in line and not line.startswith("#")]
    files = [top / f"{name}.c" for name in ("chacha", "h_malloc", "memory", "pages", "random", "util")]
    # Its version is that of the Android release it was taken from, and the day.
    return [*peers.C, *flags, *files, top / "new.cc", "-lstdc++"], source.name.removeprefix("hardened-malloc-sys-")


CHECKED = {
    "mimalloc3-secure": ("libmimalloc-sys", _mimalloc_secure, "v3"),
    "snmalloc-checks": ("snmalloc-sys", _snmalloc_checks, None),
    "hardened_malloc": ("hardened-malloc-sys", _hardened_malloc, None),
}
CRATES = {"hardened-malloc-sys": "16.0.2026071503"}
WANTED = ["glibc", "jemalloc", "mimalloc3", "mimalloc3-secure", "scudo", "snmalloc", "snmalloc-checks", "hardened_malloc"]


def obtain(library, added, only):
    """Ours and the peers by name, as scripts/bench has them: library, version, why one cannot be used if so."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    peers.BUILT.update(CHECKED)
    peers.CRATES.update(CRATES)
    names = only or [*WANTED, *(item.partition("=")[0] for item in added)]
    found = peers.obtain(library, added, names)
    return {name: found[name] for name in [peers.OURS, *names] if name in found}
