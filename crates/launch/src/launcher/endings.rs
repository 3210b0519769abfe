//! How each process ended, for who wants to know it of all (`--print-all-exitcodes`).

use std::collections::BTreeMap;

use control::Ending;

/// How the processes ended that have ended.
#[derive(Debug, Default)]
pub struct Endings(BTreeMap<u32, Ending>);

impl Endings {
    /// A process has ended.
    pub fn note(&mut self, number: u32, ending: Ending) {
        self.0.insert(number, ending);
    }

    /// A line for each way to end, with the ranks of `size` that ended so.
    pub fn lines(&self, size: u32) -> Vec<String> {
        let mut ways: Vec<(String, Vec<u32>)> = Vec::new();
        for number in 0..size {
            let way = self.0.get(&number).map_or_else(|| "was not started".to_owned(), Ending::to_string);
            match ways.iter_mut().find(|(known, _)| *known == way) {
                Some((_, ranks)) => ranks.push(number),
                None => ways.push((way, vec![number])),
            }
        }
        ways.iter().map(|(way, ranks)| format!("{}: {way}", named(ranks))).collect()
    }
}

/// "rank 1", "ranks 0-3,5": numbers that grow.
fn named(numbers: &[u32]) -> String {
    let runs = numbers.chunk_by(|before, after| before + 1 == *after);
    let run = |run: &[u32]| match run {
        [first, .., last] => format!("{first}-{last}"),
        one => one.iter().map(u32::to_string).collect(),
    };
    let plural = if numbers.len() == 1 { "" } else { "s" };
    format!("rank{plural} {}", runs.map(run).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_is_said_once() {
        let mut endings = Endings::default();
        for number in [0, 1, 2, 4] {
            endings.note(number, Ending::Exited(0));
        }
        endings.note(3, Ending::Signalled { signal: 9, core: false });
        let expected = [
            "ranks 0-2,4: exited with status 0",
            "rank 3: killed by signal 9 (SIGKILL)",
            "rank 5: was not started",
        ];
        assert_eq!(endings.lines(6), expected);
    }
}
