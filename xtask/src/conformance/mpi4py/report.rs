//! What mpi4py's tests write, understood.

use super::super::run::End;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What one run of the tests said, at all ranks.
#[derive(Debug, PartialEq)]
pub struct Report {
    pub size: usize,
    /// Tests, the same at all ranks.
    ran: usize,
    pub failed: Vec<String>,
    /// How often each reason for a skip was given, by all ranks together.
    skipped: BTreeMap<String, usize>,
    /// How many tests were over, by all ranks together.
    pub over: usize,
    /// Lines of tests that began and didn't end.
    pub begun: Vec<String>,
    pub end: End,
    pub took: Duration,
}

impl Report {
    pub fn new(size: usize) -> Report {
        let (failed, skipped, begun) = (Vec::new(), BTreeMap::new(), Vec::new());
        Report { size, ran: 0, failed, skipped, over: 0, begun, end: End::Badly, took: Duration::ZERO }
    }

    pub fn green(&self) -> bool {
        self.end == End::Well && self.ran > 0 && self.failed.is_empty()
    }

    /// Takes in one line of what the ranks wrote.
    pub fn read(&mut self, line: &str) {
        if let Some(rest) = line.strip_prefix("Ran ")
            && let Some(number) = rest.split(' ').next().and_then(|word| word.parse().ok())
        {
            self.ran = number;
        }
        for heading in ["ERROR: ", "FAIL: "] {
            if let Some(name) = line.strip_prefix(heading) {
                self.failed.push(name.to_owned());
            }
        }
        if let Some((_, reason)) = line.split_once("... skipped ") {
            *self.skipped.entry(reason.trim_matches(['\'', '"']).to_owned()).or_default() += 1;
        }
        if line.ends_with(" ... ") {
            self.begun.push(line.trim_end_matches(" ... ").to_owned());
        } else if line.contains(" ... ") {
            self.over += 1;
        }
    }

    /// Failures, each once, with the number of ranks that had it.
    pub fn failures(&self) -> Vec<String> {
        let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
        self.failed.iter().for_each(|name| *counted.entry(name).or_default() += 1);
        counted.iter().map(|(name, ranks)| format!("not passed on {ranks} ranks: {name}")).collect()
    }
}

/// The reports side by side, and the reasons of the skips.
pub fn table(reports: &[Report]) -> String {
    let mut text = String::from("ranks   tests  failures  skipped   seconds\n");
    for report in reports {
        let skipped = report.skipped.values().sum::<usize>() / report.size;
        let ended = match report.end {
            End::Well => "",
            End::Badly => "  (a rank did not end well)",
            End::TimedOut => "  (ended at the time limit)",
        };
        let (size, seconds) = (report.size, report.took.as_secs_f64());
        let failures = report.failures().len();
        text +=
            &format!("{size:>5}  {:>6}  {failures:>8}  {skipped:>7}  {seconds:>8.1}{ended}\n", report.ran);
    }
    let reasons: BTreeSet<&String> = reports.iter().flat_map(|report| report.skipped.keys()).collect();
    if !reasons.is_empty() {
        text += "\nskipped, ranks: times (all ranks of a run together), because of\n";
        for reason in reasons {
            let counts: Vec<String> = reports
                .iter()
                .filter_map(|report| {
                    report.skipped.get(reason).map(|count| format!("{}: {count}", report.size))
                })
                .collect();
            text += &format!("  {reason:<28} {}\n", counts.join(", "));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_tests_write_is_understood() {
        let mut report = Report::new(2);
        let lines = [
            "testA (test_x.TestY.testA) ... ok",
            "testB (test_x.TestY.testB) ... skipped 'mpi-spawn'",
            "testB (test_x.TestY.testB) ... skipped 'mpi-spawn'",
            "FAIL: testD (test_x.TestY.testD)",
            "FAIL: testD (test_x.TestY.testD)",
            "ERROR: setUpClass (test_x.TestZ)",
            "Ran 1840 tests in 20.604s",
            "FAILED (failures=1, errors=1, skipped=2)",
            "testE (test_x.TestY.testE) ... ",
        ];
        lines.iter().for_each(|line| report.read(line));
        assert_eq!((report.ran, report.over, report.failures().len()), (1840, 3, 2));
        assert_eq!(report.failures()[1], "not passed on 2 ranks: testD (test_x.TestY.testD)");
        assert_eq!(report.begun, ["testE (test_x.TestY.testE)"]);
        report.end = End::Well;
        assert!(!report.green());
        report.failed.clear();
        assert!(report.green());
        let text = table(&[report]);
        assert!(text.contains("mpi-spawn                    2: 2"), "{text}");
        assert!(text.contains("    2    1840         0        1 "), "{text}");
    }
}
