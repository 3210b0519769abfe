//! The scored programs: no right one is blamed, and no wrong one is missed that docs/diagnosis.md doesn't list.

use std::process::Command;

use system_tests::{archi, output};

#[test]
fn programs_are_judged_as_they_are() {
    // The score looks for the launcher beside itself.
    assert!(archi().exists());
    let mut command = Command::new(env!("CARGO_BIN_EXE_scored"));
    command.arg("score");
    let ran = output(command);
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}");

    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/diagnosis.md");
    let page = std::fs::read_to_string(page).expect("the page is there");
    for missed in said.lines().filter_map(|line| line.strip_prefix("missed: ")) {
        assert!(page.contains(&format!("| {missed} |")), "docs/diagnosis.md doesn't list `{missed}`");
    }
    let all = said.lines().find_map(|line| line.strip_prefix("all")).expect("there is a sum");
    let counts: Vec<u64> = all.split_whitespace().filter_map(|count| count.parse().ok()).collect();
    assert!(counts[0] >= 200 && counts[4] >= 100, "{said}");
}
