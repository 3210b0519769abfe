//! Collectives and the communicators that come of them: the untyped verbs.

use std::sync::Arc;

use engine::collective::{Algorithm, Begun, Call, Case, Collective, Operands, Price};
use engine::split::{Part, Wish, part_of};
use engine::{Communicator, Error, Pointer, RequestId};
use mapped::board::{Board, PAYLOAD_BYTES};

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

    /// A communicator of the same members in the same order whose messages never meet those of this one. Collective;
    /// costs one all-gather of 32 bytes each.
    ///
    /// # Errors
    /// As [`collective`](Comm::collective).
    pub fn duplicate(&self) -> Result<Comm, Error> {
        let name = format!("copy of {}", self.inner().name);
        // Every member has a colour.
        self.part(Some(0), 0, name)?.ok_or(Error::StaleRequest)
    }

    /// The communicator of those members that state the same colour, ranked by key (equal keys: as here); `None` at
    /// those that state no colour. Collective; costs one all-gather of 32 bytes each.
    ///
    /// # Errors
    /// As [`collective`](Comm::collective).
    pub fn split(&self, colour: Option<u32>, key: i64) -> Result<Option<Comm>, Error> {
        self.part(colour, key, format!("part {} of {}", colour.unwrap_or_default(), self.inner().name))
    }

    fn part(&self, colour: Option<u32>, key: i64, name: String) -> Result<Option<Comm>, Error> {
        let process = self.process();
        let pool = process.boards().filter(|_| colour.is_some());
        let place = pool.and_then(|pool| pool.take());
        let wish = Wish { colour, key, context: process.new_context(), place };
        let part = self.agree(&wish);
        let places = part.as_ref().ok().and_then(|part| part.as_ref()?.places.clone());
        if places.is_none() {
            pool.zip(place).inspect(|(pool, place)| pool.give_back(*place));
        }
        Ok(part?.map(|part| {
            let communicator = Communicator::new(part.context, part.group, part.rank, name);
            let lane = communicator.lane(process.lanes()) as u16;
            let board =
                pool.zip(places).and_then(|(pool, places)| Board::new(pool.clone(), lane, places, part.rank));
            Comm::new(process.clone(), Arc::new(communicator.with_board(board)))
        }))
    }

    /// Exchanges wishes with all members.
    fn agree(&self, wish: &Wish) -> Result<Option<Part>, Error> {
        let mine = wish.encode();
        let mut all = vec![[0u8; Wish::BYTES]; self.size()];
        let case = self.case(Collective::AllGather, Wish::BYTES as u64, 1);
        let operands = Operands {
            input: Pointer::reading(mine.as_ptr()),
            output: Pointer::new(all.as_mut_ptr().cast()),
            operator: None,
        };
        // SAFETY: both buffers have the size that the case states and outlive the call.
        unsafe { self.collective(&Call::new(case, self.rank() as u32, 0), None, operands)? };
        let wishes: Vec<Wish> = all.iter().map(Wish::decode).collect();
        Ok(part_of(&self.inner().group, &wishes, self.rank()))
    }
}
