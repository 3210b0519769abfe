//! The figures as a table, as a page of the documentation, and as JSON.

use crate::compare::Samples;
use crate::limits::LIMITS;
use crate::measures::{MEASURES, Measure};
use measure::machine;
use measure::sample::{Sample, digits};
use serde_json::json;

/// All that was measured.
pub struct Report {
    /// How many cores were used.
    pub cores: usize,
    /// How many times everything was taken.
    pub runs: usize,
    /// The machine's load before the first run.
    pub load: String,
    /// By the limit's name.
    pub limits: Samples,
    /// In the order of [`MEASURES`].
    pub ours: Vec<Sample>,
    /// Ours divided by the best limit of the same round.
    pub ratios: Vec<Sample>,
    /// One line each.
    pub failures: Vec<String>,
}

impl Report {
    /// A report without figures yet.
    pub fn new(cores: usize, runs: usize) -> Report {
        let empty = vec![Sample::default(); MEASURES.len()];
        Report {
            cores,
            runs,
            load: machine::load(),
            limits: Samples::new(),
            ours: empty.clone(),
            ratios: empty,
            failures: Vec::new(),
        }
    }

    fn kept(&self, index: usize) -> Option<bool> {
        let figure = self.ours[index].median()?;
        Some(MEASURES[index].promise.kept(figure, self.ratios[index].median()))
    }
}

/// The table of a terminal: limits first, then ours.
pub fn table(report: &Report, limits_only: bool) -> String {
    let mut rows = vec![["bare limit", "unit", "median (spread)", "", "", ""].map(String::from)];
    rows.extend(LIMITS.iter().map(|limit| {
        let figures = report.limits.get(limit.name).map(Sample::spelled).unwrap_or_default();
        [limit.what.into(), limit.unit.into(), figures, String::new(), String::new(), String::new()]
    }));
    if !limits_only {
        rows.push(std::array::from_fn(|_| String::new()));
        rows.push(
            ["ours", "unit", "median (spread)", "ratio to the limit", "promised", ""].map(String::from),
        );
        rows.extend((0..MEASURES.len()).map(|index| row(report, index)));
    }
    aligned(&rows)
}

fn row(report: &Report, index: usize) -> [String; 6] {
    let Measure { what, unit, promise, .. } = &MEASURES[index];
    let verdict = match report.kept(index) {
        Some(true) => "kept",
        Some(false) => "falls short",
        None => "no figure",
    };
    let (ours, ratios) = (report.ours[index].spelled(), report.ratios[index].spelled());
    [(*what).into(), (*unit).into(), ours, ratios, promise.spelled(), verdict.into()]
}

fn aligned(rows: &[[String; 6]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - cell.chars().count() + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The page `docs/performance.md`.
pub fn markdown(report: &Report) -> String {
    let runs = report.runs;
    let machine = machine::description(report.cores);
    let mut text = format!(
        "# Performance\n\n\
        Written by `cargo xtask bench`; don't edit. {runs} runs, ours and the bare limits in turn; a cell says the median, and \
        in brackets the least and the most. A ratio is taken between figures of the same run.\n\n\
        Machine: {machine}. Its load before the first run was {}: on a quiet machine it is near 0, and figures taken beside other \
        work are worse and spread more.\n\n\
        ## Ours\n\n\
        | | unit | ours | ratio to the limit | promised | |\n|---|---|---|---|---|---|\n",
        report.load
    );
    for index in 0..MEASURES.len() {
        text.push_str(&format!("| {} |\n", row(report, index).join(" | ")));
    }
    text.push_str(
        "\n## The bare limits\n\n\
        Each is a program without us, in `bench/src/limits.rs`.\n\n\
        | | unit | figure |\n|---|---|---|\n",
    );
    for limit in LIMITS {
        let figures = report.limits.get(limit.name).map(Sample::spelled).unwrap_or_default();
        text.push_str(&format!("| {} | {} | {figures} |\n", limit.what, limit.unit));
    }
    text.push_str("\n## What falls short\n\n");
    let mut all_kept = true;
    for (index, measure) in MEASURES.iter().enumerate() {
        if report.kept(index) == Some(true) {
            continue;
        }
        all_kept = false;
        let ours = report.ours[index]
            .median()
            .map_or("no figure".into(), |figure| format!("{} {}", digits(figure), measure.unit));
        let ratio = report.ratios[index]
            .median()
            .map(|ratio| format!(", {} × the limit", digits(ratio)))
            .unwrap_or_default();
        text.push_str(&format!(
            "- {}: {ours}{ratio}; promised {}.\n",
            measure.what,
            measure.promise.spelled()
        ));
    }
    if all_kept {
        text.push_str("Nothing that was measured.\n");
    }
    text
}

/// Every figure that was taken.
pub fn json(report: &Report) -> String {
    let limits: Vec<_> = LIMITS
        .iter()
        .map(|limit| {
            let figures = report.limits.get(limit.name).map(Sample::figures).unwrap_or_default();
            json!({ "name": limit.name, "what": limit.what, "unit": limit.unit, "figures": figures })
        })
        .collect();
    let ours: Vec<_> = MEASURES
        .iter()
        .enumerate()
        .map(|(index, measure)| {
            json!({
                "what": measure.what, "unit": measure.unit, "limits": measure.limits,
                "figures": report.ours[index].figures(), "ratios": report.ratios[index].figures(),
                "promised": measure.promise.spelled(), "kept": report.kept(index),
            })
        })
        .collect();
    let machine = machine::description(report.cores);
    format!(
        "{:#}\n",
        json!({ "machine": machine, "load": report.load, "runs": report.runs, "limits": limits, "ours": ours, "failures": report.failures })
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_falls_short_is_stated_with_its_figure() {
        let mut report = Report::new(2, 1);
        for (index, figure) in [(0, 300.0), (1, 4.0)] {
            report.ours[index].push(figure);
        }
        report.ratios[0].push(1.5);
        let page = markdown(&report);
        assert!(page.contains("8-byte messages one way: 4.00 M/s; promised ≥ 5."), "{page}");
        assert!(!page.contains("- 8 bytes on one host"), "{page}");
        assert!(page.contains("- 4 MiB messages on one host: no figure; promised ≥ 0.9 ×."), "{page}");
    }

    #[test]
    fn columns_line_up() {
        let report = Report::new(2, 1);
        let table = table(&report, false);
        let promised = |line: &str| line.find("promised");
        let header = table.lines().find(|line| promised(line).is_some()).unwrap();
        let first = table.lines().find(|line| line.starts_with("8 bytes on one host")).unwrap();
        let column = header[..promised(header).unwrap()].chars().count();
        assert_eq!(first.chars().nth(column), Some('≤'));
    }
}
