//! Which cores each process of a host is bound to.

use control::agent::Bind;
use os::topology::{self, Part};

/// The cores of each process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Binding {
    asked: Bind,
    /// By place; empty when nothing is bound.
    cores: Vec<Vec<usize>>,
    /// All that there are.
    all: Vec<usize>,
    /// Each process has a hardware thread, since there are too few cores.
    shares_cores: bool,
}

impl Binding {
    /// For so many processes, on the cores that this process may use.
    ///
    /// Cores of their own go to the processes in order. Caches, nodes and sockets are filled in order, so that neighbours share
    /// one: with n processes and p parts, process i gets part `i * p / n`, or part `i` if there are no more processes than parts.
    pub fn new(asked: Bind, processes: usize) -> Binding {
        let all = os::cores::affinity().unwrap_or_default();
        Binding::on(asked, processes, &all, |part| topology::parts(part, &all))
    }

    fn on(asked: Bind, processes: usize, all: &[usize], parts: impl Fn(Part) -> Vec<Vec<usize>>) -> Binding {
        let own = |part, each: u32| {
            let (parts, each) = (parts(part), each.max(1) as usize);
            let enough = processes.checked_mul(each).is_some_and(|needed| needed <= parts.len());
            let cores = |place: usize| {
                let mut cores = parts[place * each..(place + 1) * each].concat();
                cores.sort_unstable();
                cores
            };
            if enough { (0..processes).map(cores).collect() } else { Vec::new() }
        };
        let shared = |part| {
            let parts = parts(part);
            let of = |place: usize| match parts.len() {
                0 => Vec::new(),
                count if processes <= count => parts[place].clone(),
                count => parts[place * count / processes].clone(),
            };
            (0..processes).map(of).collect()
        };
        let mut shares_cores = false;
        let cores: Vec<Vec<usize>> = match asked {
            Bind::None => Vec::new(),
            Bind::Threads(each) => own(Part::Thread, each),
            Bind::Cores(each) => {
                let cores = own(Part::Core, each);
                if cores.is_empty() && each <= 1 {
                    let threads = own(Part::Thread, 1);
                    shares_cores = !threads.is_empty();
                    threads
                } else {
                    cores
                }
            }
            Bind::Cache => shared(Part::Cache),
            Bind::Node => shared(Part::Node),
            Bind::Socket => shared(Part::Socket),
        };
        Binding { asked, cores, all: all.to_vec(), shares_cores }
    }

    /// Whether anything is bound.
    pub fn is_bound(&self) -> bool {
        !self.cores.is_empty()
    }

    /// The cores of the process at this place; none where it isn't bound.
    pub fn of(&self, place: usize) -> &[usize] {
        self.cores.get(place).map_or(&[], Vec::as_slice)
    }

    /// What of it is not as it was asked for.
    pub fn remark(&self) -> Option<String> {
        match (self.asked, self.is_bound()) {
            (Bind::None, _) => None,
            (Bind::Threads(_), false) => {
                Some("more processes than hardware threads for them: none is bound".into())
            }
            (Bind::Cores(0 | 1), false) => Some("more processes than cores: none is bound to a core".into()),
            (Bind::Cores(each), false) => {
                Some(format!("there are not {each} cores for each process: none is bound to cores"))
            }
            _ if self.shares_cores => {
                Some("more processes than cores: each is bound to a hardware thread".into())
            }
            _ => None,
        }
    }

    /// What the process at this place is bound to, in words.
    pub fn describe(&self, place: usize) -> String {
        match self.of(place) {
            [] if self.all.is_empty() => "is not bound".into(),
            [] => format!("is not bound: it runs on {}", spelled(&self.all)),
            cores => format!("is bound to {}", spelled(cores)),
        }
    }
}

/// "core 3", "cores 0-3,8".
fn spelled(cores: &[usize]) -> String {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for &core in cores {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == core => *last = core,
            _ => ranges.push((core, core)),
        }
    }
    let one = |&(first, last): &(usize, usize)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    let plural = if cores.len() == 1 { "" } else { "s" };
    format!("core{plural} {}", ranges.iter().map(one).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two sockets of two cores with two threads each.
    fn machine(part: Part) -> Vec<Vec<usize>> {
        match part {
            Part::Thread => (0..8).map(|thread| vec![thread]).collect(),
            Part::Core => (0..4).map(|core| vec![core, core + 4]).collect(),
            Part::Cache | Part::Node | Part::Socket => vec![vec![0, 1, 4, 5], vec![2, 3, 6, 7]],
        }
    }

    #[track_caller]
    fn check(asked: Bind, processes: usize, expected: &[&str], remark: Option<&str>) {
        let all: Vec<usize> = (0..8).collect();
        let binding = Binding::on(asked, processes, &all, machine);
        let told: Vec<String> = (0..processes).map(|place| binding.describe(place)).collect();
        assert_eq!(told, expected, "{asked:?}");
        assert_eq!(binding.remark().as_deref(), remark, "{asked:?}");
        assert_eq!(binding.is_bound(), !expected[0].starts_with("is not bound"));
    }

    #[test]
    fn cores_of_their_own() {
        check(Bind::Cores(1), 2, &["is bound to cores 0,4", "is bound to cores 1,5"], None);
        check(Bind::Cores(2), 2, &["is bound to cores 0-1,4-5", "is bound to cores 2-3,6-7"], None);
        check(Bind::Threads(1), 2, &["is bound to core 0", "is bound to core 1"], None);
        check(Bind::Threads(3), 2, &["is bound to cores 0-2", "is bound to cores 3-5"], None);
    }

    #[test]
    fn too_few_of_them() {
        let free = "is not bound: it runs on cores 0-7";
        check(Bind::None, 1, &[free], None);
        check(
            Bind::Cores(3),
            2,
            &[free; 2],
            Some("there are not 3 cores for each process: none is bound to cores"),
        );
        check(Bind::Cores(1), 9, &[free; 9], Some("more processes than cores: none is bound to a core"));
        let threads: Vec<String> = (0..5).map(|core| format!("is bound to core {core}")).collect();
        let threads: Vec<&str> = threads.iter().map(String::as_str).collect();
        check(
            Bind::Cores(1),
            5,
            &threads,
            Some("more processes than cores: each is bound to a hardware thread"),
        );
        check(
            Bind::Threads(5),
            2,
            &[free; 2],
            Some("more processes than hardware threads for them: none is bound"),
        );
    }

    #[test]
    fn parts_that_several_share() {
        let (first, second) = ("is bound to cores 0-1,4-5", "is bound to cores 2-3,6-7");
        check(Bind::Socket, 2, &[first, second], None);
        check(Bind::Node, 4, &[first, first, second, second], None);
        check(Bind::Cache, 3, &[first, first, second], None);
        check(Bind::Socket, 1, &[first], None);
    }
}
