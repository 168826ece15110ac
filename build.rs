//! Writes the C header (cbindgen, into `OUT_DIR`; `make header` brings it to `include/`) and passes
//! the shared library's link arguments. Nothing else.

use core::error::Error;
use std::env;
use std::path::PathBuf;

/// Arguments for GNU-style linkers.
const ELF: [&str; 8] = [
    // Without it a program that links the library would ask the loader for the path it was built at.
    "-Wl,-soname,libft_malloc.so",
    // A name nobody defines fails here and not when a program starts.
    "-Wl,-z,defs",
    // What our functions call is ours, also where the program has a function of that name: its own may be a wrapper that
    // calls us.
    "-Wl,-Bsymbolic-functions",
    // But for `reallocarray`: programs that replace `realloc` leave that to the C library.
    "-Wl,--export-dynamic-symbol=realloc",
    // A thread that ends after dlclose still runs our pthread key destructor: never unmap the code.
    "-Wl,-z,nodelete",
    // Fork handlers run in the reverse order of their registration before a fork: ours, which take every lock, must be the
    // first registered, before those of other libraries' constructors, so that they run last.
    "-Wl,-z,initfirst",
    // Everything the loader relocates is read-only before the program runs.
    "-Wl,-z,relro",
    "-Wl,-z,now",
];

/// Arguments for Apple's linker.
const MACHO: [&str; 2] = [
    "-Wl,-install_name,@rpath/libft_malloc.dylib",
    // Nothing is used of libiconv, which the crate `libc` names there.
    "-Wl,-dead_strip_dylibs",
];

/// The C functions; what else the header needs is named in `cbindgen.toml`.
const FFI: &str = "src/ffi";

fn main() -> Result<(), Box<dyn Error>> {
    for watched in ["build.rs", "cbindgen.toml", FFI] {
        println!("cargo::rerun-if-changed={watched}");
    }

    // Only the shared library is linked with the feature `abi`; tests are linked without it.
    let abi = env::var_os("CARGO_FEATURE_ABI").is_some();
    let arguments: &[&str] = match env::var("CARGO_CFG_TARGET_OS")?.as_str() {
        "linux" if abi => &ELF,
        "macos" if abi => &MACHO,
        _ => &[],
    };
    for argument in arguments {
        println!("cargo::rustc-link-arg={argument}");
    }

    // One file with its modules, not the crate: reading the crate would run `cargo metadata`.
    let header = PathBuf::from(env::var("OUT_DIR")?).join("ft_malloc.h");
    cbindgen::Builder::new()
        .with_src(PathBuf::from(FFI).join("mod.rs"))
        .with_config(cbindgen::Config::from_file("cbindgen.toml")?)
        .generate()?
        .write_to_file(header);
    Ok(())
}
