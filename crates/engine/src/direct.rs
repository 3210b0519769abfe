//! The shortest ways of a small blocking message: no request, no queue, one visit to the lane. Whatever is out of the
//! ordinary takes the general way instead; both give the same result.

use fabric::{Class, Event, INLINE_BYTES, Payload, Peer};
use os::Time;

use crate::envelope::{EAGER, Envelope};
use crate::matching::Pattern;
use crate::receive::status_of;
use crate::{Communicator, Group, Lane, Source, Status, TagPattern, TypeTag};

/// What a direct receive found.
pub enum Direct {
    /// The message, whose bytes (as many as the status says) are to be copied to the user.
    Received([u8; INLINE_BYTES], Status),
    /// Something else is to be done first, or the message is no simple one: post the receive.
    Post,
    /// Nothing has come so far.
    Nothing,
}

/// What a direct receive looks for.
pub struct DirectPattern<'a> {
    pattern: Pattern,
    /// The communicator's.
    group: &'a Group,
}

impl Lane {
    /// Sends a small message at once if nothing stands in its way. Returns whether it did.
    #[inline]
    pub fn send_directly(
        &mut self,
        communicator: &Communicator,
        to: usize,
        tag: i32,
        of: TypeTag,
        bytes: &[u8],
    ) -> bool {
        if tag < 0 || !self.is_undisturbed() || communicator.revoked_by().is_some() {
            return false;
        }
        let Some(process) = communicator.peers().process(to) else { return false };
        let Some(peer) = self.recent_peer(process) else { return false };
        if !self.introduce(peer, of) {
            return false;
        }
        let state = &mut self.peers[peer.0 as usize];
        if state.failed.is_some()
            || !state.backlog.is_empty()
            || bytes.len() > state.eager_bytes
            || !state.books.spend(bytes.len())
        {
            return false;
        }
        let envelope = Envelope::of_message(communicator, tag, of);
        let sent = self.port.send(peer, Class::Data, envelope.frame(true), bytes).is_ok();
        let state = &mut self.peers[peer.0 as usize];
        if sent {
            state.counters.messages_sent += 1;
            state.counters.eager_sent += 1;
            state.counters.bytes_sent += bytes.len() as u64;
        } else {
            state.books.refund(bytes.len());
        }
        sent
    }

    /// Whether a receive may look at what arrives without being posted: no receive was posted before it and no message
    /// waits.
    #[inline]
    pub fn may_receive_directly(&self) -> bool {
        self.posted.is_empty() && self.unexpected.is_empty() && self.is_undisturbed()
    }

    /// The pattern of a receive, if its arguments are in order and its communicator serves.
    #[inline]
    pub fn direct_pattern<'a>(
        &mut self,
        communicator: &'a Communicator,
        source: Source,
        tag: TagPattern,
    ) -> Option<DirectPattern<'a>> {
        if communicator.revoked_by().is_some() {
            return None;
        }
        let source = match source {
            Source::Any => None,
            Source::Rank(rank) if rank < communicator.peers().size() => Some(rank as u32),
            Source::Rank(_) => return None,
        };
        let label = match tag {
            TagPattern::Any => None,
            TagPattern::Tag(tag) if tag >= 0 => Some(tag as u64),
            TagPattern::Tag(_) => return None,
        };
        let pattern = Pattern { context: communicator.context.0, source, label };
        Some(DirectPattern { pattern, group: communicator.peers() })
    }

    /// Looks once for a small message that fits the pattern. Any other event is taken in as always. Only while
    /// [`may_receive_directly`](Lane::may_receive_directly), and by the progress owner.
    #[inline]
    pub fn receive_directly(
        &mut self,
        now: Time,
        pattern: &DirectPattern<'_>,
        of: TypeTag,
        capacity: usize,
    ) -> Direct {
        let work = match self.port.next(now) {
            None => return Direct::Nothing,
            Some(Event::Arrival(arrival)) => {
                if arrival.frame.kind == EAGER
                    && let Payload::Inline { bytes, length } = arrival.payload
                {
                    let envelope = Envelope::of(&arrival.frame);
                    let length = length as usize;
                    if pattern.pattern.fits(&envelope)
                        && self.is_true(&envelope, arrival.peer, pattern.group)
                        && of.accepts(envelope.signature)
                        && length <= capacity
                    {
                        self.meet(arrival.peer);
                        self.count_received(arrival.peer, length);
                        self.count_copy(length);
                        self.give_back_credit(arrival.peer, length);
                        let status = status_of(&envelope.key(), envelope.signature, length);
                        return Direct::Received(bytes, status);
                    }
                }
                self.arrived(arrival, None)
            }
            Some(event) => self.take_in(event, None),
        };
        self.work.extend(work);
        Direct::Post
    }

    /// Whether a message came from whom it names. Contexts are never given twice, so what was found once holds.
    #[inline]
    fn is_true(&mut self, envelope: &Envelope, peer: Peer, group: &Group) -> bool {
        let claim = (envelope.context, envelope.source, peer);
        self.found_true == claim || {
            let is_true = group.process(envelope.source as usize) == Some(self.port.process(peer));
            if is_true {
                self.found_true = claim;
            }
            is_true
        }
    }

    #[inline]
    fn is_undisturbed(&self) -> bool {
        self.closed.is_none()
    }

    /// Whether anything but an arrival could move this lane on.
    #[inline]
    pub fn only_arrivals_matter(&self) -> bool {
        self.work.is_empty() && self.streams.is_empty() && self.nothing_stalled() && self.watching.is_empty()
    }
}
