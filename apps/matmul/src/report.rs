//! What was done, for people and for programs.

use crate::meter::Account;
use crate::plan::Plan;
use crate::verify::Check;
use serde_json::json;

/// All that is known at the end.
pub struct Report<'a> {
    /// What was to be done.
    pub plan: &'a Plan,
    /// What each process did, by rank.
    pub accounts: &'a [Account],
    /// Which check the product passed.
    pub check: Option<Check>,
    /// Where it was written.
    pub out: Option<String>,
}

impl Report<'_> {
    /// The longest of all processes.
    fn seconds(&self) -> f64 {
        self.accounts.iter().map(|account| account.seconds).fold(0.0, f64::max)
    }

    fn gflops(&self) -> f64 {
        self.plan.operations() / self.seconds() * 1e-9
    }

    fn communicating_share(&self) -> f64 {
        let total: f64 = self.accounts.iter().map(Account::communicating_share).sum();
        total / self.accounts.len() as f64
    }

    /// Lines and a table.
    pub fn text(&self) -> String {
        let Plan { rows, inner, columns, algorithm, .. } = self.plan;
        let processes = match self.accounts.len() {
            1 => "1 process".to_owned(),
            count => format!("{count} processes"),
        };
        let computing = self.accounts.iter().map(|account| account.computing_s).fold(0.0, f64::max);
        let mut text = format!(
            "{rows}x{inner} times {inner}x{columns} on {processes}, algorithm {}\n",
            algorithm.name()
        );
        text.push_str(&format!(
            "{:.2} GFLOP/s in {}, of which local products took {}; {:.0} % of the time was spent communicating\n\n",
            self.gflops(),
            seconds(self.seconds()),
            seconds(computing),
            100.0 * self.communicating_share()
        ));
        text.push_str(&table(self.accounts));
        if let Some(check) = self.check {
            text.push_str(&format!("\nverified: {check}\n"));
        }
        if let Some(path) = &self.out {
            text.push_str(&format!("written: {path}\n"));
        }
        text
    }

    /// One line of JSON.
    pub fn json(&self) -> String {
        let processes: Vec<_> = self
            .accounts
            .iter()
            .map(|account| {
                json!({
                    "seconds": account.seconds, "computing_s": account.computing_s,
                    "communicating_s": account.communicating_s, "communicating_share": account.communicating_share(),
                    "messages_sent": account.traffic.messages_sent, "bytes_sent": account.traffic.bytes_sent,
                    "messages_received": account.traffic.messages_received,
                    "bytes_received": account.traffic.bytes_received,
                })
            })
            .collect();
        let Plan { rows, inner, columns, algorithm, .. } = self.plan;
        json!({
            "rows": rows, "inner": inner, "columns": columns, "algorithm": algorithm.name(),
            "seconds": self.seconds(), "gflops": self.gflops(), "communicating_share": self.communicating_share(),
            "processes": processes, "verified": self.check.map(|check| check.to_string()), "out": self.out,
        })
        .to_string()
    }
}

fn table(accounts: &[Account]) -> String {
    let header = ["rank", "computing", "communicating", "sent", "in messages", "received", "in messages"];
    let mut rows = vec![header.map(String::from)];
    rows.extend(accounts.iter().enumerate().map(|(rank, account)| {
        let share =
            format!("{} ({:.0} %)", seconds(account.communicating_s), 100.0 * account.communicating_share());
        let traffic = account.traffic;
        [
            rank.to_string(),
            seconds(account.computing_s),
            share,
            bytes(traffic.bytes_sent),
            traffic.messages_sent.to_string(),
            bytes(traffic.bytes_received),
            traffic.messages_received.to_string(),
        ]
    }));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 7] = std::array::from_fn(width);
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:>width$}"));
        text.push_str(&cells.collect::<Vec<_>>().join("  "));
        text.push('\n');
    }
    text
}

fn seconds(value: f64) -> String {
    match value {
        value if value < 1e-3 => format!("{:.0} µs", value * 1e6),
        value if value < 1.0 => format!("{:.1} ms", value * 1e3),
        value => format!("{value:.2} s"),
    }
}

fn bytes(count: u64) -> String {
    const STEPS: [(&str, u32); 3] = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    match STEPS.iter().find(|(_, shift)| count >> shift > 0) {
        Some((unit, shift)) => format!("{:.1} {unit}", count as f64 / (1u64 << shift) as f64),
        None => format!("{count} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::Traffic;
    use crate::options::Algorithm;

    #[test]
    fn figures_have_units_and_columns_line_up() {
        let traffic =
            Traffic { messages_sent: 3, bytes_sent: 5 << 20, messages_received: 12, bytes_received: 100 };
        let account = Account { seconds: 2.0, computing_s: 1.5, communicating_s: 0.5, traffic };
        let plan = Plan { go: true, algorithm: Algorithm::Rows, rows: 1000, inner: 1000, columns: 1000 };
        let accounts = [account, Account { computing_s: 0.000_25, ..account }];
        let report =
            Report { plan: &plan, accounts: &accounts, check: Some(Check::Exact { elements: 9 }), out: None };
        let expected = "\
1000x1000 times 1000x1000 on 2 processes, algorithm rows
1.00 GFLOP/s in 2.00 s, of which local products took 1.50 s; 25 % of the time was spent communicating

rank  computing    communicating     sent  in messages  received  in messages
   0     1.50 s  500.0 ms (25 %)  5.0 MiB            3     100 B           12
   1     250 µs  500.0 ms (25 %)  5.0 MiB            3     100 B           12

verified: all 9 elements equal those computed in integers
";
        assert_eq!(report.text(), expected);
        let parsed: serde_json::Value = serde_json::from_str(&report.json()).unwrap();
        assert_eq!(parsed["processes"][1]["bytes_sent"], 5 << 20);
        assert_eq!(parsed["gflops"], 1.0);
    }
}
