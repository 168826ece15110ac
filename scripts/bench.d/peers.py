"""Obtains the allocators, each as a library to preload, and proves that each is in use.

Debian's packages are used where they are; mimalloc, snmalloc and rpmalloc are built from the sources that their -sys
crates on crates.io carry, with the projects' own files that override malloc and operator new, as their own build
files do for a release.
"""

import glob
import json
import os
import platform
import re
import shutil
from pathlib import Path

from paths import PARTS, PEERS, SCRATCH, Failed, newer, tool

OURS = "ft_malloc"
GLIBC = "glibc"
# Package, and where it puts the library; of several, the last in order of version is taken.
PACKAGED = {
    "jemalloc": ("libjemalloc2", "/usr/lib/*/libjemalloc.so.2"),
    "tcmalloc": ("libtcmalloc-minimal4", "/usr/lib/*/libtcmalloc_minimal.so.4"),
    "scudo": (
        "libclang-rt-19-dev",
        f"/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.scudo_standalone-{platform.machine()}.so",
    ),
}
CRATES = {"libmimalloc-sys": "0.1.49", "snmalloc-sys": "0.7.6", "rpmalloc-sys": "0.2.3"}
C = [os.environ.get("CC", "cc"), "-O3", "-DNDEBUG", "-fPIC", "-shared", "-w", "-pthread"]
CXX = [os.environ.get("CXX", "c++"), *C[1:]]
# Not exported: whatever is not marked as part of the interface.
HIDDEN = ["-fvisibility=hidden", "-fno-builtin-malloc", "-ftls-model=initial-exec"]
MIMALLOC = [*C, *HIDDEN, "-DMI_SHARED_LIB", "-DMI_SHARED_LIB_EXPORT", "-DMI_MALLOC_OVERRIDE", "-DMI_BUILD_RELEASE"]
X86 = ["-mcx16", "-mprfchw"] if platform.machine() == "x86_64" else []


def _define(path, name):
    """The number that a header gives a name."""
    found = re.search(rf"#define\s+{name}\s+(\d+)", path.read_text(encoding="utf-8"))
    return int(found.group(1)) if found else 0


def _mimalloc(source, version):
    """Command and version of one of the two mimallocs in the crate."""
    top = source / "c_src/mimalloc" / version
    number = _define(top / "include/mimalloc.h", "MI_MALLOC_VERSION")
    include = [f"-I{top / 'include'}", f"-I{top / 'src'}"]
    return [*MIMALLOC, *include, top / "src/static.c"], f"{number // 10000}.{number // 100 % 100}.{number % 100}"


def _snmalloc(source, _):
    """Command and version of snmalloc."""
    top = source / "upstream/src"
    files = [top / "snmalloc/override" / name for name in ("malloc.cc", "new.cc")]
    flags = ["-std=c++20", "-fno-rtti", "-fomit-frame-pointer", "-ffunction-sections", "-static-libstdc++"]
    defines = {
        "SNMALLOC_EXPORT": '__attribute__((visibility("default")))',
        "SNMALLOC_USE_WAIT_ON_ADDRESS": 1,
        "SNMALLOC_USE_CXX11_THREAD_ATEXIT_DIRECT": "",
        "SNMALLOC_CHECK_LOADS": "false",
        "SNMALLOC_PAGEID": "false",
    }
    flags += [f"-D{name}={value}" for name, value in defines.items()]
    return [*CXX, *HIDDEN, *X86, *flags, f"-I{top}", *files], source.name.rsplit("-", 1)[1]


def _rpmalloc(source, _):
    """Command and version of rpmalloc."""
    top = source / "rpmalloc"
    found = re.search(r"^(\d+\.\d+\.\d+)", (top / "CHANGELOG").read_text(encoding="utf-8"), re.MULTILINE)
    flags = ["-D_GNU_SOURCE", "-DENABLE_PRELOAD=1", "-DENABLE_OVERRIDE=1"]
    return [*C, *HIDDEN, *flags, top / "rpmalloc/rpmalloc.c"], found.group(1) if found else "?"


BUILT = {
    "mimalloc2": ("libmimalloc-sys", _mimalloc, "v2"),
    "mimalloc3": ("libmimalloc-sys", _mimalloc, "v3"),
    "snmalloc": ("snmalloc-sys", _snmalloc, None),
    "rpmalloc": ("rpmalloc-sys", _rpmalloc, None),
}


def _crate_sources():
    """Folder of each crate's sources. A project of its own names them, so that cargo fetches and checks them."""
    project = PEERS / "crates"
    (project / "src").mkdir(parents=True, exist_ok=True)
    (project / "src/lib.rs").write_text("", encoding="utf-8")
    dependencies = "".join(f'{name} = "={version}"\n' for name, version in CRATES.items())
    manifest = '[package]\nname = "peers"\nversion = "0.0.0"\nedition = "2021"\n\n[workspace]\n\n[dependencies]\n'
    (project / "Cargo.toml").write_text(manifest + dependencies, encoding="utf-8")
    command = ["cargo", "metadata", "--format-version", "1", "--manifest-path", project / "Cargo.toml"]
    packages = json.loads(tool(*command))["packages"]
    return {package["name"]: Path(package["manifest_path"]).parent for package in packages if package["name"] in CRATES}


def _build(name, sources):
    """Entry of a peer that is built from a crate."""
    crate, recipe, argument = BUILT[name]
    if isinstance(sources, Failed):
        raise sources
    command, version = recipe(sources[crate], argument)
    library = PEERS / f"lib{name}.so"
    record = PEERS / f"{name}.command"
    text = " ".join(map(str, command))
    if not (library.exists() and record.exists() and record.read_text(encoding="utf-8") == text):
        tool(*command, "-o", library)
        record.write_text(text, encoding="utf-8")
    return {"library": str(library), "version": version, "from": f"crate {sources[crate].name}"}


def _packaged(name):
    """Entry of a peer that Debian has as a library."""
    package, pattern = PACKAGED[name]
    found = sorted(glob.glob(pattern), key=lambda path: [int(n) for n in re.findall(r"\d+", path)])
    if not found:
        raise Failed(f"not installed (package {package})")
    if shutil.which("dpkg-query"):
        owner = tool("dpkg", "-S", os.path.realpath(found[-1])).split(":")[0]
        version = tool("dpkg-query", "-W", "-f", "${Version}", owner)
        # Without the packaging's own part of the version.
        return {"library": found[-1], "version": re.sub(r"^\d+:|[-+~].*", "", version), "from": f"package {owner}"}
    return {"library": found[-1], "version": "?", "from": "the system"}


def libc():
    """The C library's file: preloaded where a program is linked with an allocator of its own."""
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        if re.search(r"/libc[.-][^/]*so[^/]*$", line):
            return line.split()[-1]
    raise Failed("no C library is mapped")


def _ours(library):
    """Entry of the library under test. A copy: a build meanwhile must not pull the file from under programs."""
    if not Path(library).exists():
        raise Failed(f"{library} is not there (make)")
    copy = PEERS / "libft_malloc.so"
    copy.unlink(missing_ok=True)  # not overwritten: a program that still runs has it mapped
    shutil.copyfile(os.path.realpath(library), copy)
    return {"library": str(copy), "version": "this tree", "from": "this tree"}


def prove(entry):
    """Runs the probe on a peer; raises if it does not serve the allocation functions."""
    probe = SCRATCH / "probe"
    if not newer(probe, PARTS / "probe.cc"):
        tool(*CXX[:1], "-O1", "-fno-builtin", "-std=c++17", "-w", PARTS / "probe.cc", "-o", probe, "-ldl")
    environment = dict(os.environ, LD_PRELOAD=entry["library"])
    expected = os.path.realpath(entry["library"] or libc())
    try:
        lines = tool(probe, env=environment, timeout=60).splitlines()
    except Failed as error:
        raise Failed(f"fails the probe: {error}") from error
    served = {name: os.path.realpath(file) for name, file in (line.split(" ", 1) for line in lines)}
    # operator new may be the C++ library's, which calls malloc.
    wrong = [name for name, file in served.items() if file != expected and name not in ("new", "delete")]
    if wrong or not served:
        raise Failed("does not serve " + ", ".join(wrong))
    entry["operators"] = served["new"] == expected


def obtain(library, added, wanted, modes=()):
    """All allocators by name: library, version, and why it cannot be used if it cannot."""
    PEERS.mkdir(parents=True, exist_ok=True)
    try:
        sources = _crate_sources()
    except (Failed, ValueError, KeyError) as error:
        sources = Failed(f"cannot fetch the crates: {error}")
    makers = {OURS: lambda: _ours(library)}
    makers[GLIBC] = lambda: {"library": "", "version": platform.libc_ver()[1], "from": "the system"}
    makers.update({name: lambda name=name: _packaged(name) for name in PACKAGED})
    makers.update({name: lambda name=name: _build(name, sources) for name in BUILT})
    for item in added:
        name, _, path = item.partition("=")
        entry = {"library": str(Path(path).absolute()), "version": "?", "from": "--peer"}
        makers[name] = lambda entry=entry: entry
    chosen = {OURS}
    for item in modes:
        name, _, text = item.partition("=")
        chosen.add(name)
        makers[name] = lambda text=text: {**makers[OURS](), "options": text}
    allocators = {}
    for name, make in makers.items():
        if wanted and name not in wanted and name not in chosen:
            continue
        try:
            allocators[name] = make()
            prove(allocators[name])
        except Failed as error:
            allocators[name] = dict(allocators.get(name, {"version": ""}), failed=str(error))
    return allocators
