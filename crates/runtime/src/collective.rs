//! Collectives and the communicators that come of them: the untyped verbs.

use std::sync::Arc;

use engine::collective::{Algorithm, Call, Case, Collective, Operands, Price, choose};
use engine::split::{Wish, part_of};
use engine::{Communicator, Error, Pointer, RequestId};

use crate::Comm;

impl Comm {
    /// The case of a collective on this communicator: equal blocks, not in place, commutative. Change its fields for
    /// anything else; all members must come to the same.
    pub fn case(&self, collective: Collective, elements: u64, element_bytes: u64) -> Case {
        Case::new(collective, self.size() as u32, elements, element_bytes)
    }

    /// The algorithm that is cheapest here. The same at all members.
    pub fn algorithm(&self, case: &Case) -> &'static Algorithm {
        choose(case, self.price())
    }

    /// What messages of this communicator cost.
    pub fn price(&self) -> &'static Price {
        let surroundings = self.process().surroundings();
        match surroundings.local_size == surroundings.size {
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
        operands: Operands,
    ) -> Result<(), Error> {
        // SAFETY: as promised by the caller, who waits here.
        let request = unsafe { self.start_collective(call, algorithm, operands)? };
        self.wait(request).map(drop)
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
    /// costs one broadcast of 8 bytes.
    ///
    /// # Errors
    /// As [`collective`](Comm::collective).
    pub fn duplicate(&self) -> Result<Comm, Error> {
        let mut context = self.process().new_context().0.to_le_bytes();
        let case = self.case(Collective::Broadcast, 8, 1);
        let output = Pointer::new(context.as_mut_ptr());
        let operands = Operands { output, ..Operands::NONE };
        // SAFETY: `context` has eight bytes and outlives the call.
        unsafe { self.collective(&Call::new(case, self.rank() as u32, 0), None, operands)? };
        let context = wire::ContextId(u64::from_le_bytes(context));
        let name = format!("copy of {}", self.inner().name);
        let communicator = Communicator::new(context, self.inner().group.clone(), self.rank(), name);
        Ok(Comm::new(self.process().clone(), Arc::new(communicator)))
    }

    /// The communicator of those members that state the same colour, ranked by key (equal keys: as here); `None` at
    /// those that state no colour. Collective; costs one all-gather of 24 bytes each.
    ///
    /// # Errors
    /// As [`collective`](Comm::collective).
    pub fn split(&self, colour: Option<u32>, key: i64) -> Result<Option<Comm>, Error> {
        let mine = Wish { colour, key, context: self.process().new_context() }.encode();
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
        let part = part_of(&self.inner().group, &wishes, self.rank());
        Ok(part.map(|(context, group, rank)| {
            let name = format!("part {} of {}", colour.unwrap_or_default(), self.inner().name);
            Comm::new(self.process().clone(), Arc::new(Communicator::new(context, group, rank, name)))
        }))
    }
}
