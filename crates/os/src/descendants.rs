//! The processes that descend from this one.

use std::fs;

/// The children of this process and all that descend from them, in no particular order; zombies included. An
/// orphan counts from the moment that a subreaper adopted it. `None` without `/proc`.
///
/// Processes start while this looks: a caller that wants to be sure looks again.
pub fn descendants() -> Option<Vec<u32>> {
    let me = std::process::id();
    // Cheap where the kernel has it: one small file a process.
    if let Some(children) = children_of(me) {
        let (mut found, mut at) = (children, 0);
        while at < found.len() {
            found.extend(children_of(found[at]).unwrap_or_default());
            at += 1;
        }
        return Some(found);
    }
    let parents = parents()?;
    let mut found = vec![me];
    let mut at = 0;
    while at < found.len() {
        let parent = found[at];
        found.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        at += 1;
    }
    found.remove(0);
    Some(found)
}

/// The children of all threads of a process, by `/proc/PID/task/TID/children`; `None` where that does not exist.
fn children_of(pid: u32) -> Option<Vec<u32>> {
    let mut children = Vec::new();
    for task in fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten() {
        let text = fs::read_to_string(task.path().join("children")).ok()?;
        children.extend(text.split_ascii_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
    }
    Some(children)
}

/// Every process that can be seen, with its parent.
fn parents() -> Option<Vec<(u32, u32)>> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc").ok()?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        parents.extend(parent_in(&stat).map(|parent| (pid, parent)));
    }
    (!parents.is_empty()).then_some(parents)
}

/// The parent in the text of `/proc/PID/stat`: the second field after the program's name, which stands in
/// parentheses and may itself contain anything.
fn parent_in(stat: &str) -> Option<u32> {
    stat[stat.rfind(')')? + 1..].split_ascii_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_are_found() {
        let mut child = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
        assert!(descendants().unwrap().contains(&child.id()));
        let parents = parents().unwrap();
        assert!(parents.contains(&(child.id(), std::process::id())));
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn programs_with_odd_names() {
        assert_eq!(parent_in("12 (a) b (c) R 34 12 12"), Some(34));
        assert_eq!(parent_in("12 (a"), None);
        assert_eq!(parent_in(""), None);
    }
}
