//! Topologies, in C.

mod prefix;

use prefix::{compile, succeeds};

#[test]
fn topologies() {
    let program = compile("topologies.c", &["-DSTRICT=1"]);
    for ranks in [1, 2, 4, 6] {
        assert_eq!(succeeds(&program, ranks), "0 failures\n", "{ranks} ranks");
    }
}
