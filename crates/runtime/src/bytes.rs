//! Blocking verbs on borrowed bytes, for what processes tell one another when they make communicators. Safe to call: who
//! calls one waits, so that a borrow of the bytes is all that it needs.

use std::sync::Arc;

use engine::collective::{Blocks, Call, Case, Collective, Lengths, Operands, Span};
use engine::{Error, Mode, Pointer, Source, TagPattern, TypeTag};
use layout::Operator;

use crate::{Comm, Started, undisturbed};

/// The vectors of a collective with a root.
#[derive(Clone, Copy)]
pub(crate) struct Vector {
    /// Elements of the vector, or of one rank's block.
    pub elements: usize,
    /// Bytes of an element.
    pub element_bytes: usize,
}

impl Vector {
    /// So many bytes.
    pub fn of_bytes(elements: usize) -> Vector {
        Vector { elements, element_bytes: 1 }
    }

    fn bytes(self) -> usize {
        self.elements * self.element_bytes
    }
}

impl Comm {
    /// The bytes of all members, one behind the other in order of rank: everybody gives the same number.
    ///
    /// # Errors
    /// As [`collective`](Comm::collective).
    pub(crate) fn all_gather_bytes(&self, mine: &[u8]) -> Result<Vec<u8>, Error> {
        let mut all = vec![0u8; mine.len() * self.size()];
        let case = self.case(Collective::AllGather, mine.len() as u64, 1);
        let operands = Operands {
            input: Pointer::reading(mine.as_ptr()),
            output: Pointer::new(all.as_mut_ptr()),
            operator: None,
        };
        // SAFETY: both buffers have the size that the case states and outlive the call.
        unsafe { self.collective(&Call::new(case, self.rank() as u32, 0), None, &operands)? };
        Ok(all)
    }

    /// The bytes of all members, each any number. Costs an all-gather of 8 bytes each and one of the bytes.
    ///
    /// # Errors
    /// As [`collective`](Comm::collective).
    pub(crate) fn all_gather_v_bytes(&self, mine: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
        let lengths = self.all_gather_bytes(&(mine.len() as u64).to_le_bytes())?;
        let lengths = lengths.as_chunks::<8>().0.iter().map(|length| u64::from_le_bytes(*length));
        let blocks = Arc::new(Blocks::packed(lengths, 1));
        let mut all = room(blocks.bytes())?;
        let case =
            Case { listed: true, ..self.case(Collective::AllGather, blocks.bytes() / self.size() as u64, 1) };
        let mut call = Call::new(case, self.rank() as u32, 0);
        (call.input, call.output) = (Lengths::Bytes(mine.len() as u64), Lengths::Listed(blocks.clone()));
        let operands = Operands {
            input: Pointer::reading(mine.as_ptr()),
            output: Pointer::new(all.as_mut_ptr()),
            operator: None,
        };
        // SAFETY: both buffers have the size that the call states and outlive it.
        unsafe { self.collective(&call, None, &operands)? };
        Ok(cut(&all, &blocks))
    }

    /// Gives each member its part, and returns theirs, whose lengths are known.
    ///
    /// # Errors
    /// As [`collective`](Comm::collective).
    pub(crate) fn all_to_all_v_bytes(
        &self,
        parts: &[Vec<u8>],
        lengths: &[usize],
    ) -> Result<Vec<Vec<u8>>, Error> {
        let given = Arc::new(Blocks::packed(parts.iter().map(|part| part.len() as u64), 1));
        let taken = Arc::new(Blocks::packed(lengths.iter().map(|length| *length as u64), 1));
        let (mine, mut theirs) = (parts.concat(), room(taken.bytes())?);
        let case = Case { listed: true, ..self.case(Collective::AllToAll, 0, 1) };
        let mut call = Call::new(case, self.rank() as u32, 0);
        (call.input, call.output) = (Lengths::Listed(given), Lengths::Listed(taken.clone()));
        let operands = Operands {
            input: Pointer::reading(mine.as_ptr()),
            output: Pointer::new(theirs.as_mut_ptr()),
            operator: None,
        };
        // SAFETY: both buffers have the size that the call states and outlive it.
        unsafe { self.collective(&call, None, &operands)? };
        Ok(cut(&theirs, &taken))
    }

    /// Returns when all members have called it.
    ///
    /// # Errors
    /// As [`collective`](Comm::collective).
    pub fn barrier(&self) -> Result<(), Error> {
        let call = Call::new(self.case(Collective::Barrier, 0, 1), self.rank() as u32, 0);
        // SAFETY: no buffers.
        unsafe { self.collective(&call, None, &Operands::NONE) }
    }

    /// A broadcast (of `output`), gather, scatter or reduction.
    ///
    /// # Panics
    /// If a buffer that the call uses is not as long as that.
    ///
    /// # Errors
    /// As [`collective`](Comm::collective).
    pub(crate) fn rooted(
        &self,
        what: Collective,
        root: usize,
        vector: Vector,
        input: &[u8],
        output: &mut [u8],
        operator: Option<Operator>,
    ) -> Result<(), Error> {
        let (one, all) = (vector.bytes(), vector.bytes() * self.size());
        let at_root = |bytes: usize| if self.rank() == root { bytes } else { 0 };
        let (given, taken) = match what {
            Collective::Gather => (one, at_root(all)),
            Collective::Scatter => (at_root(all), one),
            Collective::Reduce => (one, at_root(one)),
            _ => (0, one),
        };
        assert!(input.len() >= given && output.len() >= taken, "the buffers are as long as the call says");
        let mut case = self.case(what, vector.elements as u64, vector.element_bytes as u64);
        case.commutative = operator.as_ref().is_none_or(Operator::is_commutative);
        let call = Call::new(case, self.rank() as u32, root as u32);
        let operands = Operands {
            input: Pointer::reading(input.as_ptr()),
            output: Pointer::new(output.as_mut_ptr()),
            operator,
        };
        // SAFETY: both buffers have the size that the call states, as asserted, and outlive it.
        undisturbed(|| unsafe { self.collective(&call, None, &operands) })
    }

    /// Gives everybody the bytes of the root, of any number; `None` at the root says that it has failed, and at the others
    /// that the root has.
    ///
    /// # Errors
    /// As [`collective`](Comm::collective).
    pub(crate) fn broadcast_v_bytes(
        &self,
        root: usize,
        mine: Option<Vec<u8>>,
    ) -> Result<Option<Vec<u8>>, Error> {
        let length = mine.as_ref().map_or(u64::MAX, |mine| mine.len() as u64);
        let mut length = length.to_le_bytes();
        self.rooted(Collective::Broadcast, root, Vector::of_bytes(8), &[], &mut length, None)?;
        let length = u64::from_le_bytes(length);
        if length == u64::MAX {
            return Ok(None);
        }
        let mut bytes = mine.filter(|_| self.rank() == root).map_or_else(|| room(length), Ok)?;
        self.rooted(Collective::Broadcast, root, Vector::of_bytes(bytes.len()), &[], &mut bytes, None)?;
        Ok(Some(bytes))
    }

    /// Sends to one rank and receives from another at the same time, both if there are any.
    ///
    /// # Errors
    /// As [`send`](Comm::send) and [`receive`](Comm::receive); a message of another length. The send is over all the same.
    pub(crate) fn exchange(
        &self,
        to: Option<usize>,
        mine: &[u8],
        from: Option<usize>,
        theirs: &mut [u8],
    ) -> Result<(), Error> {
        undisturbed(|| {
            let start = |to: usize| {
                // SAFETY: the bytes are borrowed until this returns, and before that the send is waited for.
                unsafe { self.start_send(to, 0, TypeTag::BYTES, mine.as_ptr(), mine.len(), Mode::Standard) }
            };
            let sending = to.map(start).transpose()?;
            let received = from.map(|from| {
                let (source, tag) = (Source::Rank(from), TagPattern::Tag(0));
                let (room, expected) = (theirs.as_mut_ptr(), theirs.len());
                // SAFETY: the bytes are borrowed until this returns.
                let status = unsafe { self.receive(source, tag, TypeTag::BYTES, room, expected)? };
                match status.bytes == expected {
                    true => Ok(()),
                    false => Err(Error::Disagreement { rank: from, expected, found: status.bytes }),
                }
            });
            let received = received.unwrap_or(Ok(()));
            let sent = match sending {
                Some(Started::Pending(request)) => {
                    if received.is_err() {
                        self.cancel(request);
                    }
                    self.wait(request).map(drop)
                }
                _ => Ok(()),
            };
            received.and(sent)
        })
    }
}

/// Memory for so many bytes, a number that other members may have said.
pub(crate) fn room(bytes: u64) -> Result<Vec<u8>, Error> {
    let room = usize::try_from(bytes).ok().and_then(wire::slice::zeroed);
    room.ok_or(Error::OutOfMemory { bytes })
}

/// The blocks of a buffer.
fn cut(all: &[u8], blocks: &Blocks) -> Vec<Vec<u8>> {
    let span = |block| blocks.span(block);
    let block = |span: Span| all[span.offset as usize..][..span.bytes as usize].to_vec();
    (0..blocks.len()).map(span).map(block).collect()
}
