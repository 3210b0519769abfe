//! What is measured, against which limit, and what is promised.

/// How one figure of ours is obtained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Rank 0 of `bench ours NAME` prints it; run by `archi run` with these options.
    Printed {
        /// The program's name.
        name: &'static str,
        /// The options of `archi run`.
        options: &'static [&'static str],
    },
    /// The seconds that all of it takes, from start to end.
    WallClock {
        /// The program's name.
        name: &'static str,
        /// The options of `archi run`.
        options: &'static [&'static str],
    },
}

/// What is promised of a figure or of its ratio to the limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Promise {
    /// Ours divided by the limit, at most.
    RatioAtMost(f64),
    /// Ours divided by the limit, at least.
    RatioAtLeast(f64),
    /// Ours alone, at most.
    AtMost(f64),
    /// Ours alone, at least.
    AtLeast(f64),
}

/// One line of the table.
pub struct Measure {
    /// What it is, in words.
    pub what: &'static str,
    /// The unit of ours, and of the limit.
    pub unit: &'static str,
    /// How ours is obtained.
    pub ours: Way,
    /// The limits that it is compared with: the best of them counts. May be empty.
    pub limits: &'static [&'static str],
    /// What is promised.
    pub promise: Promise,
}

const PAIR: &[&str] = &["-n", "2", "--bind-to", "core"];

/// Every line of the table, in its order.
pub const MEASURES: &[Measure] = &[
    Measure {
        what: "8 bytes on one host, half a round trip",
        unit: "ns",
        ours: Way::Printed { name: "latency", options: PAIR },
        limits: &["line"],
        promise: Promise::RatioAtMost(2.0),
    },
    Measure {
        what: "8-byte messages one way",
        unit: "M/s",
        ours: Way::Printed { name: "rate", options: PAIR },
        limits: &[],
        promise: Promise::AtLeast(5.0),
    },
    Measure {
        what: "4 MiB messages on one host",
        unit: "GB/s",
        ours: Way::Printed { name: "bandwidth", options: PAIR },
        limits: &["two-copy", "readv"],
        promise: Promise::RatioAtLeast(0.9),
    },
    Measure {
        what: "8 bytes over TCP loopback, half a round trip",
        unit: "ns",
        ours: Way::Printed {
            name: "latency",
            options: &["-n", "2", "--bind-to", "core", "--transport", "tcp"],
        },
        limits: &["socket"],
        promise: Promise::RatioAtMost(1.3),
    },
    Measure {
        what: "barrier of 4 ranks on 2 cores, in hand-overs of a core",
        unit: "ns",
        ours: Way::Printed { name: "barrier", options: &["-n", "4"] },
        limits: &["yield", "futex"],
        promise: Promise::RatioAtMost(4.0),
    },
    Measure {
        what: "CPU time of a rank that waits 3 s in a receive",
        unit: "s",
        ours: Way::Printed { name: "wait", options: &["-n", "2"] },
        limits: &[],
        promise: Promise::AtMost(0.03),
    },
    Measure {
        what: "archi run -n 8 of a program that only starts and ends",
        unit: "s",
        ours: Way::WallClock { name: "empty", options: &["-n", "8"] },
        limits: &[],
        promise: Promise::AtMost(0.1),
    },
    Measure {
        what: "memory of a rank beyond its program's own, 2 ranks",
        unit: "MiB",
        ours: Way::Printed { name: "memory", options: &["-n", "2"] },
        limits: &[],
        promise: Promise::AtMost(8.0),
    },
    Measure {
        what: "memory of a rank beyond its program's own, 32 ranks",
        unit: "MiB",
        ours: Way::Printed { name: "memory", options: &["-n", "32"] },
        limits: &[],
        promise: Promise::AtMost(8.0),
    },
];

impl Promise {
    /// True if a figure, and its ratio to the limit, keep the promise.
    pub fn kept(self, figure: f64, ratio: Option<f64>) -> bool {
        match self {
            Promise::AtMost(bound) => figure <= bound,
            Promise::AtLeast(bound) => figure >= bound,
            Promise::RatioAtMost(bound) => ratio.is_some_and(|ratio| ratio <= bound),
            Promise::RatioAtLeast(bound) => ratio.is_some_and(|ratio| ratio >= bound),
        }
    }

    /// True if a small limit is the good one: a time, not a rate.
    pub fn wants_less(self) -> bool {
        matches!(self, Promise::AtMost(_) | Promise::RatioAtMost(_))
    }

    /// As the table shows it.
    pub fn spelled(self) -> String {
        match self {
            Promise::AtMost(bound) => format!("≤ {bound}"),
            Promise::AtLeast(bound) => format!("≥ {bound}"),
            Promise::RatioAtMost(bound) => format!("≤ {bound} ×"),
            Promise::RatioAtLeast(bound) => format!("≥ {bound} ×"),
        }
    }
}
