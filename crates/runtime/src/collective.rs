//! Collectives: the untyped verbs.

use engine::collective::{Algorithm, Begun, Call, Case, Collective, Operands, Price};
use engine::{Error, RequestId};
use mapped::board::PAYLOAD_BYTES;

use crate::Comm;

impl Comm {
    /// The case of a collective on this communicator: equal blocks, not in place, commutative. Change its fields for
    /// anything else; all members must come to the same.
    #[inline]
    pub fn case(&self, collective: Collective, elements: u64, element_bytes: u64) -> Case {
        let board = self.inner().board().map(|_| PAYLOAD_BYTES as u64);
        let spread = self.inner().hosts().map(|hosts| hosts.spread());
        Case { board, spread, ..Case::new(collective, self.size() as u32, elements, element_bytes) }
    }

    /// The algorithm that is taken here: that which the user has named, if it fits, else the cheapest. The same at all
    /// members.
    pub fn algorithm(&self, case: &Case) -> &'static Algorithm {
        self.cell().lock().lane.choose(case, self.price())
    }

    /// What messages of this communicator cost.
    pub fn price(&self) -> &'static Price {
        match self.process().boards().is_some() && self.inner().hosts().is_none() {
            true => &Price::SHARED_MEMORY,
            false => &Price::SOCKET,
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
        operands: &Operands,
    ) -> Result<(), Error> {
        let cell = self.cell();
        let mut inside = cell.lock();
        self.process().check_call(&mut inside.lane);
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
        operands: &Operands,
    ) -> Result<RequestId, Error> {
        let algorithm = algorithm.unwrap_or_else(|| self.algorithm(&call.case));
        let cell = self.cell();
        let mut inside = cell.lock();
        self.process().check_call(&mut inside.lane);
        let request = inside.lane.start_collective(self.inner(), call, algorithm, operands)?;
        cell.nudge(&inside);
        Ok(request)
    }
}
