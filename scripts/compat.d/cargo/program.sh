title=cargo
light=no
describe='cargo build --release --offline of this crate into a scratch directory; the library compared byte by byte'
main=('/cargo$' '/build-script-build$|/build_script_build')
own_malloc='/rustc$'
own_malloc_note='rustc brings its own jemalloc, which no preload replaces; cargo, the build scripts and the linker run on ours'
limit=600

find_program() {
    [ -f "$root/Cargo.toml" ] || { echo "no Cargo.toml"; return 1; }
    export CARGO_HOME=${CARGO_HOME:-$user_home/.cargo} RUSTUP_HOME=${RUSTUP_HOME:-$user_home/.rustup}
    if command -v rustup >/dev/null; then
        # The real cargo: the one on PATH is rustup's front, which would only start it.
        program=$(cd "$root" && rustup which cargo) && PATH=$(dirname "$program"):$PATH
    else
        program=$(elf cargo)
    fi
}
version() { "$program" --version | cut -d ' ' -f 2; }
prepare() {
    local part
    mkdir crate
    for part in Cargo.toml Cargo.lock build.rs cbindgen.toml rust-toolchain.toml .cargo src include benches tests examples; do
        [ ! -e "$root/$part" ] || cp -r "$root/$part" crate/
    done
}
workload() {
    cp -r "$shared/crate" . && cd crate || return
    local features=
    grep -q '^abi *=' Cargo.toml && features='--features abi'
    # shellcheck disable=SC2086
    under "$program" build --release --offline --quiet $features --target-dir "$work/target"
    (cd "$work/target/release" && sums *.so *.a)
    under "$program" metadata --offline --format-version 1 --no-deps | sha256sum
}
