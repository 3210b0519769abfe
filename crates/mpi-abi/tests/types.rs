//! Datatypes.

mod prefix;

use prefix::{compile, succeeds};

#[test]
fn random_shapes_are_what_lists_of_their_scalars_say() {
    let program = compile("shapes.c", &["-O1", "-DSTRUCTS=1", "-DSHAPES=2000"]);
    for ranks in [1, 2, 3] {
        let output = succeeds(&program, ranks);
        assert!(output.starts_with("0 failures, "), "{ranks} ranks: {output}");
    }
}

#[test]
fn special_cases_and_what_is_refused() {
    let program = compile("types.c", &["-DSTRICT=1"]);
    for ranks in [1, 2] {
        assert_eq!(succeeds(&program, ranks), "0 failures\n", "{ranks} ranks");
    }
}

#[test]
fn every_operator_on_every_datatype() {
    let program = compile("operators.c", &["-O1", "-DSTRICT=1"]);
    for ranks in [1, 2] {
        assert_eq!(succeeds(&program, ranks), "0 failures\n", "{ranks} ranks");
    }
}
