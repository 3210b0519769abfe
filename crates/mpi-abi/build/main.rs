//! Writes the shims, and says what the linker must know.

mod shims;
// Other results of the tables are made by `cargo xtask generate`, of the same sources.
#[allow(dead_code)]
mod table;

use std::path::Path;

fn main() {
    println!("cargo:rerun-if-changed=table");
    println!("cargo:rerun-if-changed=build");
    // MPI 5.0 §20.2: the soname follows MPI_ABI_VERSION. Threads and exit handlers must not lose their code: never unloaded.
    for argument in ["-soname,libmpi_abi.so.1", "-z,nodelete"] {
        println!("cargo:rustc-cdylib-link-arg=-Wl,{argument}");
    }
    let table = table::Table::read(Path::new(env!("CARGO_MANIFEST_DIR")));
    let out = std::env::var_os("OUT_DIR").expect("cargo gives build scripts a folder");
    let out = Path::new(&out);
    std::fs::write(out.join("shims.rs"), shims::shims(&table)).expect("the folder takes a file");
    std::fs::write(out.join("numbers.rs"), shims::numbers(&table)).expect("the folder takes a file");
}
