//! Collectives: the untyped verbs.

use std::sync::Arc;

use engine::collective::{Algorithm, Begun, Blocks, Call, Case, Collective, Lengths, Operands, Price, Span};
use engine::{Error, Pointer, RequestId};
use mapped::board::PAYLOAD_BYTES;

use crate::Comm;

impl Comm {
    /// The case of a collective on this communicator: equal blocks, not in place, commutative. Change its fields for
    /// anything else; all members must come to the same.
    pub fn case(&self, collective: Collective, elements: u64, element_bytes: u64) -> Case {
        let board = self.inner().board().map(|_| PAYLOAD_BYTES as u64);
        Case { board, ..Case::new(collective, self.size() as u32, elements, element_bytes) }
    }

    /// The algorithm that is taken here: that which the user has named, if it fits, else the cheapest. The same at all
    /// members.
    pub fn algorithm(&self, case: &Case) -> &'static Algorithm {
        self.cell().lock().lane.choose(case, self.price())
    }

    /// What messages of this communicator cost.
    pub fn price(&self) -> &'static Price {
        match self.inner().board() {
            Some(_) => &Price::SHARED_MEMORY,
            None => &Price::SOCKET,
        }
    }

    /// Performs a collective and returns when this member's part is done. `algorithm` forces one, which must fit the
    /// case and be the same at all members; `None` takes the cheapest.
    ///
    /// A user's operator may have failed: ask it ([`layout::Operator::take_failure`]).
    ///
    /// # Errors
    /// As [`start_collective`](Comm::start_collective), a member's failure, members that disagree about lengths.
    ///
    /// # Safety
    /// The operands' buffers are valid for what the call says: `input` for reads, `output` for reads and writes.
    pub unsafe fn collective(
        &self,
        call: &Call,
        algorithm: Option<&'static Algorithm>,
        operands: Operands,
    ) -> Result<(), Error> {
        let cell = self.cell();
        let mut inside = cell.lock();
        let algorithm = algorithm.unwrap_or_else(|| inside.lane.choose(&call.case, self.price()));
        // The caller's promise holds for whoever moves the collective on: it is waited for here.
        match inside.lane.begin_collective(self.inner(), call, algorithm, operands)? {
            Begun::Inline(inline) => {
                drop(inside);
                cell.move_on(inline, &self.process().house)
            }
            Begun::Request(request) => {
                cell.nudge(&inside);
                cell.wait(inside, request, &self.process().house).map(drop)
            }
        }
    }

    /// Starts a collective; see [`collective`](Comm::collective). All members start all collectives of a communicator in
    /// the same order.
    ///
    /// # Errors
    /// A root out of range, a communicator that takes no more operations: nothing was started.
    ///
    /// # Safety
    /// As for [`collective`](Comm::collective), until the request completes; nobody else writes the input or uses the
    /// output until then.
    pub unsafe fn start_collective(
        &self,
        call: &Call,
        algorithm: Option<&'static Algorithm>,
        operands: Operands,
    ) -> Result<RequestId, Error> {
        let algorithm = algorithm.unwrap_or_else(|| self.algorithm(&call.case));
        let cell = self.cell();
        let mut inside = cell.lock();
        let request = inside.lane.start_collective(self.inner(), call, algorithm, operands)?;
        cell.nudge(&inside);
        Ok(request)
    }

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
        unsafe { self.collective(&Call::new(case, self.rank() as u32, 0), None, operands)? };
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
        let mut all = vec![0u8; blocks.bytes() as usize];
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
        unsafe { self.collective(&call, None, operands)? };
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
        let (mine, mut theirs) = (parts.concat(), vec![0u8; taken.bytes() as usize]);
        let case = Case { listed: true, ..self.case(Collective::AllToAll, 0, 1) };
        let mut call = Call::new(case, self.rank() as u32, 0);
        (call.input, call.output) = (Lengths::Listed(given), Lengths::Listed(taken.clone()));
        let operands = Operands {
            input: Pointer::reading(mine.as_ptr()),
            output: Pointer::new(theirs.as_mut_ptr()),
            operator: None,
        };
        // SAFETY: both buffers have the size that the call states and outlive it.
        unsafe { self.collective(&call, None, operands)? };
        Ok(cut(&theirs, &taken))
    }
}

/// The blocks of a buffer.
fn cut(all: &[u8], blocks: &Blocks) -> Vec<Vec<u8>> {
    let span = |block| blocks.span(block);
    let block = |span: Span| all[span.offset as usize..][..span.bytes as usize].to_vec();
    (0..blocks.len()).map(span).map(block).collect()
}
