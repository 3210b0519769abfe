//! What cannot travel is refused by the compiler, in words that say what to do.

#[test]
fn refused() {
    trybuild::TestCases::new().compile_fail("tests/refused/*.rs");
}
