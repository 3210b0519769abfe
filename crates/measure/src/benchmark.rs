//! All that can be measured.

use engine::collective::Collective;

/// One thing that can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Benchmark {
    /// Half a round trip between ranks 0 and 1.
    Latency,
    /// Bytes a second from rank 0 to rank 1.
    Bandwidth,
    /// Bytes a second between ranks 0 and 1, both ways at once.
    Bidirectional,
    /// Messages a second of all pairs of ranks.
    MessageRate,
    /// Messages a second of threads of ranks 0 and 1.
    ThreadRate,
    /// Half a round trip between threads of ranks 0 and 1, all at once.
    ThreadLatency,
    /// How much of an exchange between ranks 0 and 1 hides behind computation.
    Overlap,
    /// A collective.
    Collective(Collective),
    /// How much of a collective hides behind computation.
    CollectiveOverlap(Collective),
}

/// Whether a smaller figure is the better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// It is.
    Less,
    /// The larger one is.
    More,
}

/// Benchmarks that are asked for by one word.
pub const GROUPS: [(&str, &str); 4] = [
    ("point-to-point", "latency, bandwidths, rates"),
    ("collectives", "all collectives"),
    ("overlaps", "overlap of an exchange and of every collective"),
    ("all", "everything"),
];

impl Benchmark {
    /// All there are: those between ranks, then one of each kind for each collective of the engine's table.
    pub fn all() -> Vec<Benchmark> {
        let mut all = vec![
            Benchmark::Latency,
            Benchmark::Bandwidth,
            Benchmark::Bidirectional,
            Benchmark::MessageRate,
            Benchmark::ThreadRate,
            Benchmark::ThreadLatency,
        ];
        all.extend(Collective::ALL.map(Benchmark::Collective));
        all.push(Benchmark::Overlap);
        all.extend(Collective::ALL.map(Benchmark::CollectiveOverlap));
        all
    }

    /// What it is asked for by: a collective by its name in `archi info --collectives`, its overlap with `overlap-` before that.
    pub fn name(self) -> String {
        match self {
            Benchmark::Latency => "latency".into(),
            Benchmark::Bandwidth => "bandwidth".into(),
            Benchmark::Bidirectional => "bidirectional-bandwidth".into(),
            Benchmark::MessageRate => "message-rate".into(),
            Benchmark::ThreadRate => "thread-rate".into(),
            Benchmark::ThreadLatency => "thread-latency".into(),
            Benchmark::Overlap => "overlap".into(),
            Benchmark::Collective(collective) => collective.name().into(),
            Benchmark::CollectiveOverlap(collective) => format!("overlap-{}", collective.name()),
        }
    }

    /// In words, with what a size counts.
    pub fn summary(self) -> String {
        match self {
            Benchmark::Latency => "half a round trip between ranks 0 and 1".into(),
            Benchmark::Bandwidth => "from rank 0 to rank 1, by windows of non-blocking messages".into(),
            Benchmark::Bidirectional => "between ranks 0 and 1, both ways at once".into(),
            Benchmark::MessageRate => "all pairs of ranks at once, each one way".into(),
            Benchmark::ThreadRate => "threads of rank 0 to threads of rank 1".into(),
            Benchmark::ThreadLatency => {
                "half a round trip of each thread of rank 0 with one of rank 1".into()
            }
            Benchmark::Overlap => {
                "an exchange of ranks 0 and 1: the part of its time that hides behind computation".into()
            }
            Benchmark::Collective(collective) => time_of(collective).into(),
            Benchmark::CollectiveOverlap(collective) => {
                format!("{}: the part of its time that hides behind computation", collective.name())
            }
        }
    }

    /// The unit of its figures.
    pub fn unit(self) -> &'static str {
        match self {
            Benchmark::Latency | Benchmark::ThreadLatency | Benchmark::Collective(_) => "µs",
            Benchmark::Bandwidth | Benchmark::Bidirectional => "MB/s",
            Benchmark::MessageRate | Benchmark::ThreadRate => "M/s",
            Benchmark::Overlap | Benchmark::CollectiveOverlap(_) => "%",
        }
    }

    /// Which figures are the better ones.
    pub fn better(self) -> Better {
        match self {
            Benchmark::Latency | Benchmark::ThreadLatency | Benchmark::Collective(_) => Better::Less,
            _ => Better::More,
        }
    }

    /// The fewest ranks that it makes sense for.
    pub fn ranks_min(self) -> usize {
        match self {
            Benchmark::Collective(_) | Benchmark::CollectiveOverlap(_) => 1,
            _ => 2,
        }
    }

    /// The collective that it is about.
    pub fn collective(self) -> Option<Collective> {
        match self {
            Benchmark::Collective(collective) | Benchmark::CollectiveOverlap(collective) => Some(collective),
            _ => None,
        }
    }

    /// Whether it is about overlap.
    pub fn is_overlap(self) -> bool {
        matches!(self, Benchmark::Overlap | Benchmark::CollectiveOverlap(_))
    }

    /// The benchmarks of a name, or of a group's.
    ///
    /// ```
    /// use archipelago_measure::Benchmark;
    /// assert_eq!(Benchmark::named("latency"), Some(vec![Benchmark::Latency]));
    /// assert!(Benchmark::named("collectives").unwrap().len() >= 13);
    /// assert_eq!(Benchmark::named("lattency"), None);
    /// ```
    pub fn named(word: &str) -> Option<Vec<Benchmark>> {
        let chosen: Vec<Benchmark> = Benchmark::all()
            .into_iter()
            .filter(|one| match word {
                "all" => true,
                "point-to-point" => one.collective().is_none() && !one.is_overlap(),
                "collectives" => matches!(one, Benchmark::Collective(_)),
                "overlaps" => one.is_overlap(),
                name => one.name() == name,
            })
            .collect();
        (!chosen.is_empty()).then_some(chosen)
    }
}

/// What a size means for a collective.
fn time_of(collective: Collective) -> &'static str {
    match collective {
        Collective::Barrier => "nobody leaves before all have come",
        Collective::Broadcast => "a vector of the root to all",
        Collective::Reduce | Collective::AllReduce | Collective::Scan | Collective::ExclusiveScan => {
            "a vector of f64 is added up"
        }
        Collective::ReduceScatter => "f64 are added up; a block for each rank",
        Collective::NeighbourAllGather => "a block to the four neighbours in a periodic grid",
        Collective::NeighbourAllToAll => "a block for each of the four neighbours in a periodic grid",
        Collective::Gather | Collective::Scatter | Collective::AllGather | Collective::AllToAll => {
            "a block for each rank"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        let mut names: Vec<String> = Benchmark::all().iter().map(|one| one.name()).collect();
        assert!(names.iter().all(|name| Benchmark::named(name).unwrap().len() == 1));
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
        for (group, _) in GROUPS {
            assert!(Benchmark::named(group).unwrap().len() > 1, "{group}");
            assert!(!names.iter().any(|name| name == group));
        }
    }

    #[test]
    fn every_operation_of_the_table_is_measured() {
        for collective in Collective::ALL {
            assert_eq!(Benchmark::named(collective.name()), Some(vec![Benchmark::Collective(collective)]));
            let overlap = format!("overlap-{}", collective.name());
            assert_eq!(Benchmark::named(&overlap), Some(vec![Benchmark::CollectiveOverlap(collective)]));
        }
    }
}
