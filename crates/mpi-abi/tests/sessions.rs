//! Sessions, in C.

mod prefix;

use prefix::{compile, succeeds};

#[test]
fn sessions_without_a_world() {
    let program = compile("sessions.c", &[]);
    for ranks in [1, 2, 3] {
        assert_eq!(succeeds(&program, ranks), "0 failures\n", "{ranks} ranks");
    }
}

#[test]
fn sessions_around_a_world() {
    let program = compile("sessions.c", &["-DWORLD=1"]);
    for ranks in [1, 2, 3] {
        assert_eq!(succeeds(&program, ranks), "0 failures\n", "{ranks} ranks");
    }
}
