//! The table of `--stats`.

use control::Statistic;
use std::collections::BTreeMap;

/// Counters of all processes, as they come in.
#[derive(Debug, Default)]
pub struct Statistics {
    rows: BTreeMap<(u32, String), Statistic>,
}

impl Statistics {
    /// Adds what a process reports.
    pub fn add(&mut self, number: u32, rows: Vec<Statistic>) {
        for row in rows {
            let sum = self.rows.entry((number, row.layer.clone())).or_default();
            // Peers add up to the process's line: the table stays readable with many of them.
            sum.messages_out += row.messages_out;
            sum.bytes_out += row.bytes_out;
            sum.messages_in += row.messages_in;
            sum.bytes_in += row.bytes_in;
            sum.waits += row.waits;
            sum.bytes_copied += row.bytes_copied;
        }
    }

    /// The table; `None` when no process reported anything.
    pub fn table(&self) -> Option<String> {
        if self.rows.is_empty() {
            return None;
        }
        let heads = [
            "rank",
            "layer",
            "messages out",
            "bytes out",
            "messages in",
            "bytes in",
            "waits",
            "bytes copied",
        ];
        let mut cells = vec![heads.map(str::to_owned)];
        for ((number, layer), row) in &self.rows {
            let counts =
                [row.messages_out, row.bytes_out, row.messages_in, row.bytes_in, row.waits, row.bytes_copied];
            let [a, b, c, d, e, f] = counts.map(|count| count.to_string());
            cells.push([number.to_string(), layer.clone(), a, b, c, d, e, f]);
        }
        let width = |column: usize| cells.iter().map(|row| row[column].len()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..heads.len()).map(width).collect();
        let line = |row: &[String; 8]| {
            let padded: Vec<String> =
                row.iter().zip(&widths).map(|(cell, width)| format!("{cell:>width$}")).collect();
            padded.join("  ")
        };
        Some(cells.iter().map(line).collect::<Vec<_>>().join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_add_up_and_columns_line_up() {
        let mut statistics = Statistics::default();
        assert_eq!(statistics.table(), None);
        let row = |peer, messages_out| Statistic {
            layer: "shm".into(),
            peer,
            messages_out,
            ..Statistic::default()
        };
        statistics.add(10, vec![row(Some(0), 5), row(Some(1), 7)]);
        statistics.add(2, vec![row(Some(0), 1)]);
        let table = statistics.table().unwrap();
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|line| line.len() == lines[0].len()));
        assert!(lines[1].trim_start().starts_with("2 ") && lines[2].contains(" 12 "), "{table}");
    }
}
