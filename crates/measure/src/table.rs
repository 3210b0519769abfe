//! Results for people: one table for each benchmark.

use crate::sample::digits;
use crate::{Benchmark, Results, Row};

/// All tables, one for each benchmark, under a line on the circumstances.
pub fn write(results: &Results) -> String {
    let mut text = results.circumstances() + "\n";
    for rows in results.rows.chunk_by(|one, other| one.benchmark == other.benchmark) {
        text.push('\n');
        text.push_str(&benchmark(rows));
    }
    text
}

/// The table of rows of one benchmark.
pub fn benchmark(rows: &[Row]) -> String {
    let Some(first) = rows.first() else { return String::new() };
    let summary = Benchmark::named(&first.benchmark).and_then(|named| Some(named.first()?.summary()));
    let mut text = format!("{}: {}\n", first.benchmark, summary.unwrap_or_default());
    let mut columns = described(rows);
    let unit = &first.unit;
    let mut figures = |name: &str, part: f64| {
        let cells = rows.iter().map(|row| row.sample().quantile(part).map_or("–".into(), digits)).collect();
        columns.push((format!("{name} {unit}"), cells));
    };
    figures("median", 0.5);
    figures("25 %", 0.25);
    figures("75 %", 0.75);
    figures("least", 0.0);
    let repetitions = |row: &Row| format!("{} × {}", row.figures.len(), row.operations);
    columns.push(("repetitions".into(), rows.iter().map(repetitions).collect()));
    for (kind, name) in ["alone µs", "computing µs", "together µs"].into_iter().enumerate() {
        if first.microseconds.is_some() {
            let cell = |row: &Row| row.microseconds.map_or("–".into(), |times| digits(times[kind]));
            columns.push((name.into(), rows.iter().map(cell).collect()));
        }
    }
    text.push_str(&aligned(&columns));
    text
}

/// A column: its header and its cells.
pub(crate) type Column = (String, Vec<String>);

/// The columns that say which row it is; those that hold nothing are left out.
pub(crate) fn described(rows: &[Row]) -> Vec<Column> {
    let optional = |value: &Option<String>| value.clone().unwrap_or_default();
    let algorithm = |row: &Row| match (&row.algorithm, row.forced) {
        (Some(name), true) => format!("={name}"),
        (name, _) => optional(name),
    };
    let all: [Column; 5] = [
        ("bytes".into(), rows.iter().map(|row| row.bytes.to_string()).collect()),
        ("form".into(), rows.iter().map(|row| optional(&row.form)).collect()),
        ("algorithm".into(), rows.iter().map(algorithm).collect()),
        ("threads".into(), rows.iter().map(|row| row.threads.map_or("".into(), |n| n.to_string())).collect()),
        ("communicators".into(), rows.iter().map(|row| optional(&row.communicators)).collect()),
    ];
    all.into_iter().filter(|(_, cells)| cells.iter().any(|cell| !cell.is_empty())).collect()
}

/// Columns that line up: numbers to the right, words to the left.
pub(crate) fn aligned(columns: &[Column]) -> String {
    let width = |column: &Column| {
        let cells = column.1.iter().map(|cell| cell.chars().count());
        cells.chain([column.0.chars().count()]).max().unwrap_or(0)
    };
    let is_number = |(_, cells): &Column| {
        cells.iter().all(|cell| cell.starts_with(|letter: char| letter.is_ascii_digit() || letter == '–'))
    };
    let layout: Vec<(usize, bool)> =
        columns.iter().map(|column| (width(column), is_number(column))).collect();
    let line = |cells: Vec<&String>| {
        let mut text = String::new();
        for (cell, (width, right)) in cells.into_iter().zip(&layout) {
            let gap = " ".repeat(width - cell.chars().count());
            text.push_str("  ");
            text.push_str(&if *right { gap + cell } else { format!("{cell}{gap}") });
        }
        text.trim_end().to_owned() + "\n"
    };
    let rows = columns.first().map_or(0, |column| column.1.len());
    let mut text = line(columns.iter().map(|column| &column.0).collect());
    (0..rows).for_each(|row| text.push_str(&line(columns.iter().map(|column| &column.1[row]).collect())));
    text
}
