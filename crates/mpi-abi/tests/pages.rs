//! What the pages for C programmers say is compiled and typed as it stands there.

mod prefix;

use std::fs;
use std::path::{Path, PathBuf};

use prefix::{prefix, typed};

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    fs::read_to_string(path).unwrap()
}

/// The blocks of a page that are in a language.
fn blocks<'p>(page: &'p str, language: &str) -> Vec<&'p str> {
    let begin = format!("```{language}\n");
    page.split(&begin).skip(1).filter_map(|rest| rest.split_once("```")).map(|(block, _)| block).collect()
}

/// A folder of a test's own with these programs in it.
fn folder(name: &str, programs: &[(&str, &str)]) -> PathBuf {
    let folder = prefix().join(format!("page-{name}"));
    fs::create_dir_all(&folder).unwrap();
    programs.iter().for_each(|(file, text)| fs::write(folder.join(file), text).unwrap());
    folder
}

#[test]
fn messages_in_c() {
    let page = page("messages.md");
    let [program] = blocks(&page, "c")[..] else { panic!("there is one program") };
    let [lines] = blocks(&page, "sh")[..] else { panic!("there is one list of lines") };
    let folder = folder("messages", &[("messages.c", program)]);
    let said = "4 ranks, the sum of their numbers is 6\n";
    assert_eq!(typed(lines, &folder), format!("{said}{said}"));
    assert!(page.contains("ranks, the sum of their numbers is {total}"), "Rust says the same");
    // Nothing is found in it, with any number of ranks.
    for ranks in [1, 2, 3, 5] {
        assert_eq!(typed(&format!("mpiexec -n {ranks} --check ./messages 2>&1 | wc -l"), &folder), "1\n");
    }
}

#[test]
fn tools() {
    let page = page("tools.md");
    let (hello, tool) = (include_str!("c/observed.c"), include_str!("c/tool.c"));
    let folder = folder("tools", &[("program.c", hello), ("tool.c", tool)]);
    let lines = blocks(&page, "sh").into_iter().find(|block| block.contains("LD_PRELOAD")).unwrap();
    // Where the tool is linked, its folder must be known to whoever loads it.
    typed("mpicc program.c -o program", &folder);
    let said = typed(lines, &folder);
    assert_eq!(
        said.matches("the tool saw 1 beginning").count(),
        lines.matches("./program").count(),
        "{said}"
    );
}
