//! Results as comma-separated values (RFC 4180): one line for each row, with a header.

use crate::Results;

const COLUMNS: [&str; 20] = [
    "benchmark",
    "form",
    "algorithm",
    "forced",
    "threads",
    "communicators",
    "ranks",
    "transport",
    "bytes",
    "unit",
    "median",
    "quartile_1",
    "quartile_3",
    "least",
    "most",
    "repetitions",
    "operations",
    "alone_us",
    "computation_us",
    "together_us",
];

/// The text of a file.
pub fn write(results: &Results) -> String {
    let mut text = COLUMNS.join(",") + "\r\n";
    for row in &results.rows {
        let optional = |value: &Option<String>| value.clone().unwrap_or_default();
        let sample = row.sample();
        let part = |part| sample.quantile(part).map_or(String::new(), |figure| figure.to_string());
        let times =
            row.microseconds.map_or([const { String::new() }; 3], |times| times.map(|time| time.to_string()));
        let [alone, computation, together] = times;
        let cells: [String; COLUMNS.len()] = [
            row.benchmark.clone(),
            optional(&row.form),
            optional(&row.algorithm),
            row.forced.to_string(),
            row.threads.map_or(String::new(), |threads| threads.to_string()),
            optional(&row.communicators),
            results.ranks.to_string(),
            results.transport.clone(),
            row.bytes.to_string(),
            row.unit.clone(),
            part(0.5),
            part(0.25),
            part(0.75),
            part(0.0),
            part(1.0),
            row.figures.len().to_string(),
            row.operations.to_string(),
            alone,
            computation,
            together,
        ];
        text.push_str(&cells.map(|cell| quoted(&cell)).join(","));
        text.push_str("\r\n");
    }
    text
}

fn quoted(cell: &str) -> String {
    match cell.contains([',', '"', '\r', '\n']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        assert_eq!(quoted("plain"), "plain");
        assert_eq!(quoted("a,b"), "\"a,b\"");
        assert_eq!(quoted("say \"x\""), "\"say \"\"x\"\"\"");
    }
}
