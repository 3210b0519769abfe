//! Ready sends that came before their receive was posted (MPI 5.0 §3.4: that is erroneous). The receiver sees it and tells the
//! sender, who knows which of its sends that was and where the program called it.
//!
//! Both count the ready messages from one to the other: frames of a pair come in order, so that the number names the send.

use std::collections::{HashMap, VecDeque};

use fabric::{Class, Frame, Peer};

use super::{Finding, Site};
use crate::Lane;
use crate::envelope::UNREADY;
use crate::matching::Key;

/// Ready sends to one peer whose places are remembered; of older ones only the rank and the tag are told.
const SENDS_MAX: usize = 256;

/// What is known of ready messages to and from one peer.
#[derive(Default)]
pub(crate) struct Ready {
    sent: u64,
    /// The last ones.
    sites: VecDeque<(Site, usize)>,
    arrived: u64,
}

/// Of each peer.
pub(crate) type ReadyMessages = HashMap<Peer, Ready>;

impl Lane {
    /// A ready message goes to a peer, rank `to` of its communicator.
    pub(crate) fn ready_sent(&mut self, peer: Peer, to: usize) {
        let Some(check) = &mut self.check else { return };
        let site = check.site;
        let known = check.ready.entry(peer).or_default();
        known.sent += 1;
        if known.sites.len() == SENDS_MAX {
            known.sites.pop_front();
        }
        known.sites.push_back((site, to));
    }

    /// A ready message has come; its sender is told if nobody waited for it.
    pub(crate) fn ready_arrived(&mut self, peer: Peer, key: &Key, is_awaited: bool) {
        self.counters.ready_unposted += u64::from(!is_awaited);
        let Some(check) = &mut self.check else { return };
        let known = check.ready.entry(peer).or_default();
        let number = known.arrived;
        known.arrived += 1;
        if !is_awaited {
            let frame = Frame { kind: UNREADY, header: [key.context, key.label, number] };
            // Nothing is kept for it: without room it is told here.
            if self.port.send(peer, Class::Control, frame, &[]).is_err() {
                let what = format!(
                    "a ready send from rank {} with tag {} found no receive posted",
                    key.source, key.label
                );
                self.find(Finding { what, context: key.context });
            }
        }
    }

    /// A ready send of this process found no receive. Returns false for what no correct peer says.
    pub(crate) fn unready_arrived(&mut self, peer: Peer, header: [u64; 3]) -> bool {
        let [context, tag, number] = header;
        let Some(known) = self.check.as_ref().and_then(|check| check.ready.get(&peer)) else { return false };
        if number >= known.sent {
            return false;
        }
        let back = (known.sent - number) as usize;
        let send = known.sites.len().checked_sub(back).and_then(|place| known.sites.get(place));
        let (to, at) = match send {
            Some((site, to)) => (format!("rank {to}"), site.suffix()),
            None => (format!("process {}", self.port.process(peer).number), String::new()),
        };
        let what = format!("a ready send to {to} with tag {tag}{at} came before its receive was posted");
        self.find(Finding { what, context });
        true
    }

    fn find(&mut self, finding: Finding) {
        if let Some(check) = &mut self.check {
            check.find(finding);
        }
    }
}
