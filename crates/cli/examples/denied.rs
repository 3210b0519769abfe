//! Runs a program under a filter that denies it some system calls, as container runtimes do. Used by tests.
//!
//! ```text
//! denied process_vm_readv,memfd_create -- archi info
//! ```

use os::seccomp::{Call, deny};
use std::os::unix::process::CommandExt;

fn main() {
    let mut words = std::env::args_os().skip(1);
    let names = words.next().and_then(|names| names.into_string().ok()).unwrap_or_default();
    let call = |name: &str| {
        let known = Call::ALL.iter().find(|(known, _)| *known == name);
        known.unwrap_or_else(|| panic!("no call is named {name:?}")).1
    };
    let calls: Vec<Call> = names.split(',').map(call).collect();
    assert_eq!(words.next().as_deref(), Some("--".as_ref()), "denied CALL,... -- PROGRAM [ARGUMENTS]");
    let program = words.next().expect("a program is named");
    deny(&calls).expect("the kernel takes the filter");
    let error = std::process::Command::new(&program).args(words).exec();
    panic!("{}: {error}", program.display());
}
