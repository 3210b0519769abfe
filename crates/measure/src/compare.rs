//! Two results, row by row.
//!
//! Rows are the same when benchmark, form, named algorithm, threads and size are; ranks, transport and machine may differ, which is
//! then said. A row *differs* when the middle halves of its figures (from the first quartile to the third) don't overlap and the
//! medians are further apart than a tolerance; anything less is noise.

use crate::sample::{digits, significant};
use crate::table::{Column, aligned, described};
use crate::{Results, Row};

/// Medians closer than this part of the former are taken for the same.
pub const TOLERANCE: f64 = 0.05;

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// No difference beyond the noise.
    Same,
    /// The second is better.
    Better,
    /// The second is worse.
    Worse,
}

/// A row that both have.
#[derive(Clone, Debug)]
pub struct Pair<'r> {
    /// Of the first.
    pub before: &'r Row,
    /// Of the second.
    pub after: &'r Row,
    /// The second's median divided by the first's; none if the first's is 0.
    pub ratio: Option<f64>,
    /// Whether that is more than noise.
    pub verdict: Verdict,
}

/// Two results, compared.
#[derive(Clone, Debug)]
pub struct Comparison<'r> {
    before: &'r Results,
    after: &'r Results,
    /// The rows that both have, in the order of the first.
    pub pairs: Vec<Pair<'r>>,
    /// How many rows only the first has, and only the second.
    pub alone: (usize, usize),
}

/// Compares two results.
pub fn compare<'r>(before: &'r Results, after: &'r Results, tolerance: f64) -> Comparison<'r> {
    let key = |row: &Row| (row.line(), row.threads, row.bytes, row.unit.clone());
    let index: std::collections::HashMap<_, _> = after.rows.iter().map(|row| (key(row), row)).collect();
    let pairs: Vec<Pair<'_>> =
        before.rows.iter().filter_map(|row| Some(pair(row, index.get(&key(row))?, tolerance))).collect();
    let alone = (before.rows.len() - pairs.len(), after.rows.len() - pairs.len());
    Comparison { before, after, pairs, alone }
}

fn pair<'r>(before: &'r Row, after: &'r Row, tolerance: f64) -> Pair<'r> {
    let (first, second) = (before.sample(), after.sample());
    let part = |part| first.quantile(part).zip(second.quantile(part)).unwrap_or_default();
    let ((low, low_after), (median, median_after), (high, high_after)) = (part(0.25), part(0.5), part(0.75));
    let apart = high < low_after || high_after < low;
    let far = (median_after - median).abs() > tolerance * median;
    let verdict = match (apart && far, (median_after < median) == before.less_is_better) {
        (false, _) => Verdict::Same,
        (true, true) => Verdict::Better,
        (true, false) => Verdict::Worse,
    };
    Pair { before, after, ratio: (median > 0.0).then(|| median_after / median), verdict }
}

impl Comparison<'_> {
    /// How many rows became worse beyond the noise.
    pub fn worse(&self) -> usize {
        self.pairs.iter().filter(|pair| pair.verdict == Verdict::Worse).count()
    }

    /// For people: what differs in the circumstances, a table, and one line that sums it up.
    pub fn table(&self) -> String {
        let mut text = format!("A: {}\nB: {}\n", self.before.circumstances(), self.after.circumstances());
        for pairs in self.pairs.chunk_by(|one, other| one.before.benchmark == other.before.benchmark) {
            text.push_str(&format!("\n{}\n{}", pairs[0].before.benchmark, one_table(pairs)));
        }
        let count = |verdict| self.pairs.iter().filter(|pair| pair.verdict == verdict).count();
        text.push_str(&format!(
            "\n{} rows: {} better, {} worse, {} the same within the noise",
            self.pairs.len(),
            count(Verdict::Better),
            self.worse(),
            count(Verdict::Same)
        ));
        if self.alone != (0, 0) {
            text.push_str(&format!("; {} only in A, {} only in B", self.alone.0, self.alone.1));
        }
        text + "\n"
    }
}

fn one_table(pairs: &[Pair<'_>]) -> String {
    let rows: Vec<Row> = pairs.iter().map(|pair| pair.before.clone()).collect();
    let mut columns: Vec<Column> = described(&rows);
    let unit = &rows[0].unit;
    let median = |row: &Row| row.sample().median().map_or("–".into(), digits);
    let spread = |row: &Row| {
        let part = |part| row.sample().quantile(part).map_or("–".into(), digits);
        format!("({} to {})", part(0.25), part(0.75))
    };
    for (name, side) in [("A", 0), ("B", 1)] {
        let of = |pair: &Pair<'_>| if side == 0 { pair.before.clone() } else { pair.after.clone() };
        columns.push((format!("{name} {unit}"), pairs.iter().map(|pair| median(&of(pair))).collect()));
        columns.push(("25 to 75 %".into(), pairs.iter().map(|pair| spread(&of(pair))).collect()));
    }
    let ratio = |pair: &Pair<'_>| pair.ratio.map_or("–".into(), significant);
    columns.push(("B/A".into(), pairs.iter().map(ratio).collect()));
    let verdict = |pair: &Pair<'_>| match pair.verdict {
        Verdict::Same => "",
        Verdict::Better => "better",
        Verdict::Worse => "WORSE",
    };
    columns.push((String::new(), pairs.iter().map(|pair| verdict(pair).to_owned()).collect()));
    aligned(&columns)
}
