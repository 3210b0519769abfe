//! The table of `--stats`.

use control::Statistic;
use std::collections::BTreeMap;

/// With more lines than this the table shows each rank's sums alone.
const LINES_MAX: usize = 200;

/// Counters of all processes, as they come in: by rank, layer, and peer (`None`: what belongs to no peer).
#[derive(Debug, Default)]
pub struct Statistics {
    rows: BTreeMap<(u32, String, Option<u32>), Statistic>,
}

fn counts(row: &Statistic) -> [u64; 6] {
    [row.messages_out, row.bytes_out, row.messages_in, row.bytes_in, row.waits, row.bytes_copied]
}

/// What a process says of itself may be anything: no sum may overflow.
fn add(sum: &mut Statistic, row: &Statistic) {
    let counts = [
        (&mut sum.messages_out, row.messages_out),
        (&mut sum.bytes_out, row.bytes_out),
        (&mut sum.messages_in, row.messages_in),
        (&mut sum.bytes_in, row.bytes_in),
        (&mut sum.waits, row.waits),
        (&mut sum.bytes_copied, row.bytes_copied),
    ];
    for (sum, count) in counts {
        *sum = sum.saturating_add(count);
    }
}

impl Statistics {
    /// Adds what a process reports.
    pub fn add(&mut self, number: u32, rows: Vec<Statistic>) {
        for row in rows {
            add(self.rows.entry((number, row.layer.clone(), row.peer)).or_default(), &row);
        }
    }

    /// The table: for each rank and layer the sum, and below it what went to and came from each peer that anything did.
    /// `None` when no process reported anything.
    pub fn table(&self) -> Option<String> {
        if self.rows.is_empty() {
            return None;
        }
        let mut sums: BTreeMap<(u32, &str), Statistic> = BTreeMap::new();
        for ((number, layer, _), row) in &self.rows {
            add(sums.entry((*number, layer)).or_default(), row);
        }
        let with_peers = self.rows.len() <= LINES_MAX;
        let heads = [
            "rank",
            "layer",
            "peer",
            "messages out",
            "bytes out",
            "messages in",
            "bytes in",
            "waits",
            "bytes copied",
        ];
        let mut cells = vec![heads.map(str::to_owned)];
        let mut line = |number: u32, layer: &str, peer: String, row: &Statistic| {
            let [a, b, c, d, e, f] = counts(row).map(|count| count.to_string());
            cells.push([number.to_string(), layer.to_owned(), peer, a, b, c, d, e, f]);
        };
        for ((number, layer), sum) in &sums {
            line(*number, layer, "all".to_owned(), sum);
            let of_this = self.rows.range((*number, layer.to_string(), Some(0))..);
            let peers = of_this.take_while(|((n, l, _), _)| n == number && l == layer);
            for ((_, _, peer), row) in peers.filter(|(_, row)| with_peers && counts(row) != [0; 6]) {
                line(*number, layer, peer.map_or(String::new(), |peer| peer.to_string()), row);
            }
        }
        let width = |column: usize| cells.iter().map(|row| row[column].len()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..heads.len()).map(width).collect();
        let line = |row: &[String; 9]| {
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
        statistics.add(2, vec![row(Some(0), 1), row(Some(3), 0)]);
        let table = statistics.table().unwrap();
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 6);
        assert!(lines.iter().all(|line| line.len() == lines[0].len()));
        assert!(lines[1].trim_start().starts_with("2 ") && lines[1].contains(" all "), "{table}");
        assert!(
            lines[3].contains(" all ") && lines[3].contains(" 12 ") && lines[5].contains(" 7 "),
            "{table}"
        );
    }
}
