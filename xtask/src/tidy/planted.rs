//! Tidy proves itself: each rule finds its planted violation and leaves the innocent alone.

use super::{layering, sources};
use serde_json::json;

/// The rules that object to `text` as the file `path`, in the order of the file.
fn rules(path: &str, text: &str) -> Vec<&'static str> {
    sources::check(path, text).into_iter().map(|finding| finding.rule).collect()
}

fn objections(manifest: &str, name: &str, dependency: &str, kind: Option<&str>) -> Vec<&'static str> {
    let metadata = json!({ "packages": [
        { "name": name, "manifest_path": manifest, "dependencies": [{ "name": dependency, "kind": kind }] },
        { "name": "archipelago-os", "manifest_path": "crates/os/Cargo.toml", "dependencies": [] },
        { "name": "archipelago-engine", "manifest_path": "crates/engine/Cargo.toml", "dependencies": [] },
        { "name": "archipelago-runtime", "manifest_path": "crates/runtime/Cargo.toml", "dependencies": [] },
        { "name": "archipelago", "manifest_path": "crates/archipelago/Cargo.toml", "dependencies": [] },
        { "name": "bench", "manifest_path": "bench/Cargo.toml", "dependencies": [] },
    ]});
    layering::check(&layering::packages(&metadata)).into_iter().map(|finding| finding.rule).collect()
}

#[test]
fn arrows_point_down() {
    let check = |name: &str, dependency: &str, expected: &[&str]| {
        let manifest = format!("crates/{}/Cargo.toml", name.trim_start_matches("archipelago-"));
        assert_eq!(objections(&manifest, name, dependency, None), expected, "{name} -> {dependency}");
    };
    check("archipelago-fabric", "archipelago-os", &[]);
    check("archipelago-fabric", "archipelago-engine", &["layering"]);
    check("archipelago-launch", "archipelago-runtime", &["layering"]);
    check("archipelago-mpi", "archipelago", &["layering"]);
    check("archipelago-cli", "archipelago", &[]);
    check("archipelago-fabric", "bench", &["layering"]);
    check("archipelago-newroom", "archipelago-os", &["layering"]);
}

#[test]
fn apps_use_the_front_door() {
    let check = |dependency: &str, expected: &[&str]| {
        assert_eq!(objections("apps/sort/Cargo.toml", "sort", dependency, None), expected, "{dependency}");
    };
    check("archipelago", &[]);
    check("clap", &[]);
    check("archipelago-runtime", &["layering"]);
}

#[test]
fn a_message_passes_through_little() {
    let check = |name: &str, dependency: &str, kind, expected: &[&str]| {
        assert_eq!(
            objections("crates/x/Cargo.toml", name, dependency, kind),
            expected,
            "{name} -> {dependency}"
        );
    };
    check("archipelago-engine", "slab", None, &[]);
    check("archipelago-engine", "tokio", None, &["dependency"]);
    check("archipelago-engine", "cc", Some("build"), &["dependency"]);
    check("archipelago-engine", "proptest", Some("dev"), &[]);
    check("archipelago-engine", "libc", None, &["system"]);
    check("archipelago-os", "libc", None, &[]);
    check("archipelago-cli", "clap", None, &[]);
}

#[test]
fn unsafe_code_stays_in_its_modules() {
    let text = "pub fn f(p: *const u8) -> u8 { unsafe { *p } }\n";
    assert_eq!(rules("crates/engine/src/lane.rs", text), ["unsafe"]);
    assert_eq!(rules("crates/os/src/memory.rs", text), [""; 0]);
    assert_eq!(rules("crates/engine/tests/lane.rs", text), [""; 0]);
    assert_eq!(rules("crates/engine/src/lane.rs", "// unsafe\nconst WORD: &str = \"unsafe\";\n"), [""; 0]);
    let in_tests = "#[cfg(test)]\nmod tests {\n    fn f(p: *const u8) -> u8 { unsafe { *p } }\n}\n";
    assert_eq!(rules("crates/engine/src/lane.rs", in_tests), [""; 0]);
    let after_tests = "#[cfg(test)]\nmod tests {}\nfn f(p: *const u8) -> u8 { unsafe { *p } }\n";
    assert_eq!(rules("crates/engine/src/lane.rs", after_tests), ["unsafe"]);
}

#[test]
fn the_system_is_called_from_os() {
    assert_eq!(rules("crates/engine/src/a.rs", "fn f() { libc::getpid(); }\n"), ["system"]);
    assert_eq!(rules("crates/engine/src/a.rs", "use rustix::fd::OwnedFd;\n"), ["system"]);
    assert_eq!(rules("crates/os/src/a.rs", "use rustix::fd::OwnedFd;\n"), [""; 0]);
    assert_eq!(rules("crates/layout/src/a.rs", "unsafe extern \"C\" { fn getpid() -> i32; }\n"), ["system"]);
    assert_eq!(rules("crates/layout/src/a.rs", "extern \"C\" fn ours() {}\n"), [""; 0]);
}

#[test]
fn shared_atomics_stay_in_mapped() {
    let cast = "fn f(p: *const u8) -> *const AtomicU64 { p.cast() }\n";
    let from_pointer = "fn f(p: *mut u64) { let _ = unsafe { AtomicU64::from_ptr(p) }; }\n";
    assert_eq!(rules("crates/layout/src/a.rs", cast), ["atomics"]);
    assert_eq!(rules("crates/layout/src/a.rs", from_pointer), ["atomics"]);
    assert_eq!(rules("crates/mapped/src/a.rs", cast), [""; 0]);
    assert_eq!(rules("crates/engine/src/a.rs", "static COUNT: AtomicU64 = AtomicU64::new(0);\n"), [""; 0]);
}

#[test]
fn files_are_one_idea() {
    assert_eq!(rules("crates/os/src/a.rs", &"// line\n".repeat(600)), [""; 0]);
    assert_eq!(rules("crates/os/src/a.rs", &"// line\n".repeat(601)), ["length"]);
    assert_eq!(rules("crates/os/src/utils.rs", "\n"), ["name"]);
}

#[test]
fn roots_of_modules_hold_no_logic() {
    let body = "let x = 1;\n".repeat(16);
    let logic = format!("pub fn f() {{\n{body}}}\n");
    assert_eq!(rules("crates/os/src/lib.rs", "pub mod clock;\npub use clock::Time;\n"), [""; 0]);
    assert_eq!(rules("crates/os/src/lib.rs", "impl Tag {\n    pub const NONE: Tag = Tag(0);\n}\n"), [""; 0]);
    assert_eq!(rules("crates/os/src/lib.rs", &logic), ["logic"]);
    assert_eq!(rules("crates/os/src/clock.rs", &logic), [""; 0]);
    assert_eq!(rules("crates/os/src/net/mod.rs", &format!("impl S {{ {logic} }}\n")), ["logic"]);
    assert_eq!(rules("crates/m/src/lib.rs", &format!("#[proc_macro_derive(W)]\n{logic}")), [""; 0]);
    assert_eq!(rules("crates/os/src/lib.rs", &format!("#[cfg(test)]\nmod tests {{ {logic} }}\n")), [""; 0]);
}

#[test]
fn unfinished_work_is_found() {
    for word in ["todo", "unimplemented", "dbg"] {
        assert_eq!(rules("crates/os/src/a.rs", &format!("fn f() {{ {word}!() }}\n")), ["unfinished"]);
    }
    assert_eq!(rules("crates/os/src/a.rs", "#[test]\n#[ignore]\nfn f() {}\n"), ["ignored"]);
    assert_eq!(rules("crates/os/src/a.rs", "#[test]\n#[ignore = \"slow\"]\nfn f() {}\n"), ["ignored"]);
    assert_eq!(rules("crates/os/src/a.rs", "// todo!() is a word here\nfn todo() {}\n"), [""; 0]);
}

#[test]
fn what_does_not_parse_is_said() {
    assert_eq!(rules("crates/os/src/a.rs", "fn f( {\n"), ["syntax"]);
}
