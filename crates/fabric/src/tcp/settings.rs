//! What a TCP port is made with.

use control::Secret;
use std::net::IpAddr;
use wire::ProcessId;

/// Who may reach the listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Processes of this host.
    Host,
    /// Whoever reaches one of these addresses of this host. At most [`Reach::ADDRESSES_MAX`] are used.
    Addresses(Vec<IpAddr>),
}

impl Reach {
    /// Each address is a listening descriptor, and something for each peer to try.
    pub const ADDRESSES_MAX: usize = 8;

    /// All addresses of this host by which others may reach it: loops and addresses valid on one wire alone are left
    /// out; a host without any is reached by nobody but itself.
    ///
    /// # Errors
    /// When the kernel doesn't tell.
    pub fn network() -> std::io::Result<Reach> {
        let is_link_local = |address: &IpAddr| match address {
            IpAddr::V4(v4) => v4.is_link_local(),
            IpAddr::V6(v6) => v6.is_unicast_link_local(),
        };
        let found =
            os::interface::addresses()?.into_iter().filter(|one| !one.loopback).map(|one| one.address);
        let addresses: Vec<IpAddr> =
            found.filter(|address| !is_link_local(address)).take(Reach::ADDRESSES_MAX).collect();
        Ok(if addresses.is_empty() { Reach::Host } else { Reach::Addresses(addresses) })
    }
}

/// What a TCP port needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who it belongs to.
    pub me: ProcessId,
    /// The lane of that process; peers must be ports of the same lane.
    pub lane: u16,
    /// The job's secret.
    pub secret: Secret,
    /// Where it listens.
    pub reach: Reach,
    /// A host that is asked and doesn't answer for so long is unreachable.
    pub link_timeout_ns: u64,
    /// When a connection ends without a farewell, its process has probably died, and the runtime will hear how. For so long the
    /// failure waits for [`Port::fail`](super::Port::fail), so that it can say so too. And when the runtime knows first, the
    /// stream is read until it has been silent for so long.
    pub explain_ns: u64,
}

impl Settings {
    /// The first lane's port, reached from this host, with a link timeout of 10 s.
    pub fn new(me: ProcessId, secret: Secret) -> Settings {
        Settings {
            me,
            lane: 0,
            secret,
            reach: Reach::Host,
            link_timeout_ns: 10_000_000_000,
            explain_ns: 100_000_000,
        }
    }
}
