//! Which cores share memory and caches, and to which of these a process is bound.

use std::collections::BTreeSet;
use std::fs;

use crate::cores;

/// Where a process runs, as far as its affinity mask confines it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Locality {
    /// The NUMA node that all cores of the mask belong to.
    pub node: Option<u32>,
    /// The lowest core of those that share the last level of cache, if all cores of the mask do.
    pub cache: Option<u32>,
}

impl Locality {
    /// Of the calling thread. A kernel that doesn't tell of nodes has one, which all cores belong to; one that doesn't tell of
    /// caches has none that is shared.
    pub fn of_this_thread() -> Locality {
        let Ok(cores) = cores::affinity() else { return Locality::default() };
        Locality {
            node: node_of(&cores, nodes()),
            cache: cache_of(&cores, |path| fs::read_to_string(path).ok()),
        }
    }
}

/// What a processor consists of, from the smallest part to the largest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What the kernel schedules on: a hardware thread.
    Thread,
    /// A core, with all its hardware threads.
    Core,
    /// The cores that share the last level of cache.
    Cache,
    /// The cores of a NUMA node.
    Node,
    /// The cores of a socket.
    Socket,
}

/// These cores (in ascending order), by the parts of the machine that they belong to; the parts in the order of their first
/// core. A kernel that tells nothing of a part has one for each core where the part is a core, else one for all.
pub fn parts(part: Part, cores: &[usize]) -> Vec<Vec<usize>> {
    parts_of(part, cores, &nodes(), |path| fs::read_to_string(path).ok())
}

fn parts_of(
    part: Part,
    cores: &[usize],
    nodes: &[(u32, BTreeSet<usize>)],
    read: impl Fn(&str) -> Option<String>,
) -> Vec<Vec<usize>> {
    // The first core of the part names it, also where that one is not among these.
    let first =
        |text: Option<String>| text.and_then(|text| list(&text)).and_then(|list| list.first().copied());
    let name = |core: usize| {
        let of = |what: &str| format!("/sys/devices/system/cpu/cpu{core}/{what}");
        match part {
            Part::Thread => core,
            Part::Core => first(read(&of("topology/thread_siblings_list"))).unwrap_or(core),
            Part::Cache => {
                let lists =
                    (0..).map_while(|index| read(&of(&format!("cache/index{index}/shared_cpu_list"))));
                first(lists.last()).unwrap_or(0)
            }
            Part::Node => nodes.iter().position(|(_, node)| node.contains(&core)).unwrap_or(0),
            Part::Socket => first(read(&of("topology/core_siblings_list"))).unwrap_or(0),
        }
    };
    let mut parts: Vec<(usize, Vec<usize>)> = Vec::new();
    for &core in cores {
        let name = name(core);
        match parts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, members)) => members.push(core),
            None => parts.push((name, vec![core])),
        }
    }
    parts.into_iter().map(|(_, members)| members).collect()
}

/// The NUMA nodes that have cores: their numbers and their cores.
pub fn nodes() -> Vec<(u32, BTreeSet<usize>)> {
    let Ok(entries) = fs::read_dir("/sys/devices/system/node") else { return Vec::new() };
    let node = |entry: fs::DirEntry| {
        let number = entry.file_name().to_str()?.strip_prefix("node")?.parse().ok()?;
        let cores = list(&fs::read_to_string(entry.path().join("cpulist")).ok()?)?;
        (!cores.is_empty()).then_some((number, cores))
    };
    let mut nodes: Vec<_> = entries.flatten().filter_map(node).collect();
    nodes.sort_unstable();
    nodes
}

fn node_of(cores: &[usize], nodes: Vec<(u32, BTreeSet<usize>)>) -> Option<u32> {
    if nodes.is_empty() {
        return Some(0);
    }
    let holds = |(_, node): &(u32, BTreeSet<usize>)| cores.iter().all(|core| node.contains(core));
    nodes.into_iter().find(holds).map(|(number, _)| number)
}

fn cache_of(cores: &[usize], read: impl Fn(&str) -> Option<String>) -> Option<u32> {
    let first = cores.first()?;
    let at = |index: u32| format!("/sys/devices/system/cpu/cpu{first}/cache/index{index}/shared_cpu_list");
    let last = (0..).map_while(|index| read(&at(index))).last()?;
    let sharing = list(&last)?;
    let lowest = *sharing.first()? as u32;
    cores.iter().all(|core| sharing.contains(core)).then_some(lowest)
}

/// Parses a kernel's list of cores: "0-3,8".
fn list(text: &str) -> Option<BTreeSet<usize>> {
    let mut cores = BTreeSet::new();
    for part in text.trim().split(',').filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        if last > rustix::thread::CpuSet::MAX_CPU {
            return None;
        }
        cores.extend(first..=last);
    }
    Some(cores)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_cores() {
        let check = |text, expected: Option<&[usize]>| {
            assert_eq!(list(text), expected.map(|cores| cores.iter().copied().collect()), "{text:?}");
        };
        check("0-3,8\n", Some(&[0, 1, 2, 3, 8]));
        check("5\n", Some(&[5]));
        check("\n", Some(&[]));
        check("0-\n", None);
        check("0-99999999\n", None);
    }

    #[test]
    fn a_mask_within_a_node_is_bound_to_it() {
        let nodes = || vec![(0, (0..4).collect()), (2, (4..8).collect())];
        assert_eq!(node_of(&[1, 3], nodes()), Some(0));
        assert_eq!(node_of(&[4], nodes()), Some(2));
        assert_eq!(node_of(&[3, 4], nodes()), None);
        assert_eq!(node_of(&[3, 4], Vec::new()), Some(0));
    }

    #[test]
    fn the_last_level_of_cache_counts() {
        let read = |path: &str| match path {
            "/sys/devices/system/cpu/cpu5/cache/index0/shared_cpu_list" => Some("5\n".to_owned()),
            "/sys/devices/system/cpu/cpu5/cache/index1/shared_cpu_list" => Some("4-7\n".to_owned()),
            _ => None,
        };
        assert_eq!(cache_of(&[5, 6], read), Some(4));
        assert_eq!(cache_of(&[5, 8], read), None);
        assert_eq!(cache_of(&[8], read), None);
    }

    #[test]
    fn cores_by_the_parts_that_they_belong_to() {
        // Two sockets of two cores with two threads each, of which thread 6 may not be used.
        let read = |path: &str| {
            let core: usize =
                path.strip_prefix("/sys/devices/system/cpu/cpu")?.split('/').next()?.parse().ok()?;
            let (core, socket) = (core % 4, core % 4 / 2 * 2);
            match path.rsplit('/').next()? {
                "thread_siblings_list" => Some(format!("{core},{}\n", core + 4)),
                "core_siblings_list" => {
                    Some(format!("{socket}-{},{}-{}", socket + 1, socket + 4, socket + 5))
                }
                _ => None,
            }
        };
        let check = |part, expected: &[&[usize]]| {
            assert_eq!(parts_of(part, &[0, 1, 2, 3, 4, 5, 7], &[], read), expected, "{part:?}");
        };
        check(Part::Thread, &[&[0], &[1], &[2], &[3], &[4], &[5], &[7]]);
        check(Part::Core, &[&[0, 4], &[1, 5], &[2], &[3, 7]]);
        check(Part::Socket, &[&[0, 1, 4, 5], &[2, 3, 7]]);
        check(Part::Cache, &[&[0, 1, 2, 3, 4, 5, 7]]);
        check(Part::Node, &[&[0, 1, 2, 3, 4, 5, 7]]);
        assert_eq!(parts_of(Part::Core, &[3, 9], &[], |_| None), [[3], [9]]);
    }

    #[test]
    fn this_thread_is_somewhere() {
        let nodes = nodes();
        let here = Locality::of_this_thread();
        assert!(here.node.is_some() || nodes.len() > 1);
    }
}
