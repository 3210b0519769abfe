//! Where the time of a process goes, and what it sends.

use archipelago::{Comm, Wire};
use std::time::Instant;

/// Measures one process while it works.
pub struct Meter<'c> {
    world: &'c Comm,
    start: Instant,
    messages: Traffic,
    computing_s: f64,
    communicating_s: f64,
}

/// Messages and bytes, both ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Wire)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Traffic {
    pub messages_sent: u64,
    pub bytes_sent: u64,
    pub messages_received: u64,
    pub bytes_received: u64,
}

/// What one process did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Wire)]
pub struct Account {
    /// From start to end.
    pub seconds: f64,
    /// In local products.
    pub computing_s: f64,
    /// In communication, waiting included.
    pub communicating_s: f64,
    /// What it sent and received.
    pub traffic: Traffic,
}

impl<'c> Meter<'c> {
    /// Starts to measure.
    pub fn start(world: &'c Comm) -> Meter<'c> {
        let messages = counted(world);
        Meter { world, start: Instant::now(), messages, computing_s: 0.0, communicating_s: 0.0 }
    }

    /// Whose communication is measured.
    pub fn world(&self) -> &'c Comm {
        self.world
    }

    /// Counts what `work` takes as computing.
    pub fn compute<R>(&mut self, work: impl FnOnce() -> R) -> R {
        let start = Instant::now();
        let result = work();
        self.computing_s += start.elapsed().as_secs_f64();
        result
    }

    /// Counts what `work` takes as communicating.
    pub fn communicate<R>(&mut self, work: impl FnOnce() -> R) -> R {
        let start = Instant::now();
        let result = work();
        self.communicating_s += start.elapsed().as_secs_f64();
        result
    }

    /// What was measured since the start.
    pub fn account(&self) -> Account {
        let (before, now) = (self.messages, counted(self.world));
        Account {
            seconds: self.start.elapsed().as_secs_f64(),
            computing_s: self.computing_s,
            communicating_s: self.communicating_s,
            traffic: Traffic {
                messages_sent: now.messages_sent - before.messages_sent,
                bytes_sent: now.bytes_sent - before.bytes_sent,
                messages_received: now.messages_received - before.messages_received,
                bytes_received: now.bytes_received - before.bytes_received,
            },
        }
    }
}

impl Account {
    /// The share of the time that went into communication, from 0 to 1.
    pub fn communicating_share(&self) -> f64 {
        if self.seconds > 0.0 { self.communicating_s / self.seconds } else { 0.0 }
    }
}

fn counted(world: &Comm) -> Traffic {
    let peers = world.counters().peers;
    Traffic {
        messages_sent: peers.messages_sent,
        bytes_sent: peers.bytes_sent,
        messages_received: peers.messages_received,
        bytes_received: peers.bytes_received,
    }
}
