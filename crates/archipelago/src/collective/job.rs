//! A call of a collective: values become bytes, and what comes back becomes values again.

use engine::collective::{Algorithm, Call, Case, Collective};
use layout::{Failure, Operator};
use wire::{Form, Wire, slice};

use super::Prepared;
use crate::error::{Peer, Spot};
use crate::transfer::type_of;
use crate::{Comm, Result, raw};

/// A call of a collective, for any communicator that is like the one for which it was made.
#[derive(Clone, Debug)]
pub(crate) struct Described {
    pub(crate) spot: Spot,
    pub(crate) call: Call,
    pub(crate) operator: Option<Operator>,
    /// The algorithm that was named.
    pub(crate) algorithm: Option<&'static Algorithm>,
    /// The output is not written: it is what this member gives.
    pub(crate) gives_output: bool,
    /// How many values the buffers must have.
    input: usize,
    output: usize,
}

impl Described {
    /// Refuses buffers that are not as long as the call says. What follows relies on it.
    pub(crate) fn check<T: Wire>(&self, comm: &runtime::Comm, input: &[T], output: &[T]) -> Result<()> {
        for (what, given, needed) in
            [("contributed", input.len(), self.input), ("written", output.len(), self.output)]
        {
            if given != needed {
                let what = format!("the buffer that is {what} has {given} values and must have {needed}");
                return Err(self.spot.refuse::<T>(comm, what));
            }
        }
        Ok(())
    }
}

/// A call of a collective on values of `T`, before its buffers are known.
pub(super) struct Job<'c> {
    pub(super) comm: &'c runtime::Comm,
    pub(super) spot: Spot,
    pub(super) call: Call,
    operator: Option<Operator>,
    algorithm: Option<&'static Algorithm>,
    gives_output: bool,
}

impl<'c> Job<'c> {
    /// With blocks of `count` values at each member.
    pub(super) fn new<T: Wire>(
        comm: &'c Comm,
        operation: &'static str,
        what: Collective,
        root: Option<usize>,
        count: usize,
    ) -> Self {
        let comm = &comm.untyped;
        let peer = root.map_or(Peer::All, Peer::Root);
        let case = Job::case::<T>(comm, what, count);
        // A root that can't be is refused by the engine.
        let call =
            Call::new(case, comm.rank() as u32, root.map_or(0, |root| root.min(u32::MAX as usize) as u32));
        let call = Call { of: type_of::<T>(), ..call };
        let spot = Spot::new(operation, peer, None);
        Job { comm, spot, call, operator: None, algorithm: None, gives_output: false }
    }

    /// A call that was described before.
    pub(super) fn of(comm: &'c runtime::Comm, described: Described) -> Self {
        let Described { spot, call, operator, algorithm, gives_output, .. } = described;
        Job { comm, spot, call, operator, algorithm, gives_output }
    }

    /// Describes it, with buffers of so many values that are contributed and that are written.
    pub(super) fn prepared<B>(
        self,
        comm: &'c Comm,
        input: usize,
        output: usize,
        buffers: B,
    ) -> Prepared<'c, B> {
        let Job { spot, call, operator, algorithm, gives_output, .. } = self;
        let described = Ok(Described { spot, call, operator, algorithm, gives_output, input, output });
        Prepared { comm, described, buffers }
    }

    /// All ranks contribute what lies in their outputs.
    pub(super) fn in_place(mut self) -> Self {
        (self.call.in_place, self.call.case.in_place) = (true, true);
        self
    }

    /// This member gives what lies in its output, and gets nothing.
    pub(super) fn giving_the_output(self) -> Self {
        Job { gives_output: true, ..self }
    }

    /// Refuses values that can't be divided among the ranks.
    pub(super) fn check_divisible<T: Wire>(&self, given: usize) -> Result<()> {
        let ranks = self.peers();
        if given.is_multiple_of(ranks) {
            return Ok(());
        }
        let verb = match self.call.case.collective {
            Collective::ReduceScatter => "reduce_scatter_v",
            Collective::AllGather => "all_gather_v",
            Collective::Gather => "gather_v",
            Collective::Scatter => "scatter_v",
            _ => "all_to_all_v",
        };
        Err(self.refuse::<T>(format!(
            "{given} values can't be divided among {ranks} ranks; {verb} gives parts of different lengths"
        )))
    }

    /// How many blocks a buffer has that has several: one for each rank, of an inter-communicator for each of the other side.
    pub(super) fn peers(&self) -> usize {
        let (first, size) = (self.call.case.sides as usize, self.comm.size());
        if first == 0 || self.comm.rank() < first { size - first } else { first }
    }

    /// Values without bytes have nothing to say: there are none of them.
    pub(super) fn case<T: Wire>(comm: &runtime::Comm, what: Collective, count: usize) -> Case {
        let elements = if T::BYTES == 0 { 0 } else { count as u64 };
        comm.case(what, elements, T::BYTES.max(1) as u64)
    }

    /// Refuses a root that can't be, before anything is done.
    pub(super) fn check_root<T: Wire>(&self) -> Result<()> {
        match self.spot.peer {
            Peer::Root(rank) if rank >= self.comm.size() => {
                let error = engine::Error::NoSuchRank { rank, size: self.comm.size() };
                Err(self.spot.explain::<T>(self.comm, error))
            }
            _ => Ok(()),
        }
    }

    /// Reduces: contributions lie in the output.
    pub(super) fn reducing(mut self, operator: Operator, in_place: bool) -> Self {
        self.call.case.commutative = operator.is_commutative();
        self.call.in_place = in_place;
        self.operator = Some(operator);
        self
    }

    pub(super) fn refuse<T: Wire>(&self, what: String) -> crate::Error {
        self.spot.refuse::<T>(self.comm, what)
    }

    /// Performs it: `input` is what this member contributes, `output` what it gets (and, where it is in place, contributes).
    pub(super) fn run<T: Wire>(self, input: &[T], output: &mut [T]) -> Result<()> {
        let (input, output) = if self.gives_output { (&*output, &mut [][..]) } else { (input, output) };
        let contribution = slice::encoding(input);
        if let Some(bytes) = slice::encoded_mut(output) {
            return self.perform::<T>(&contribution, bytes);
        }
        let mut scratch = slice::pack_to_vec(output);
        let (comm, spot) = (self.comm, self.spot);
        self.perform::<T>(&contribution, &mut scratch)?;
        slice::unpack(&scratch, output).map_err(|invalid| spot.invalid::<T>(comm, invalid))
    }

    /// Performs it and makes `count` values of what this member gets.
    pub(super) fn run_to_vec<T: Wire>(self, input: &[T], count: usize) -> Result<Vec<T>> {
        let contribution = slice::encoding(input);
        let (comm, spot) = (self.comm, self.spot);
        // How many there are, others may have said.
        let none = || {
            let bytes = (count as u64).saturating_mul(T::BYTES as u64);
            spot.explain::<T>(comm, engine::Error::OutOfMemory { bytes })
        };
        if T::FORM == Form::Plain {
            let mut output = slice::zeroed(count).ok_or_else(none)?;
            let bytes = slice::encoded_mut(&mut output).unwrap_or_default();
            self.perform::<T>(&contribution, bytes)?;
            return Ok(output);
        }
        let mut scratch = count.checked_mul(T::BYTES).and_then(slice::zeroed).ok_or_else(none)?;
        self.perform::<T>(&contribution, &mut scratch)?;
        let value =
            |i: usize| T::unpack(&scratch[i * T::BYTES..][..T::BYTES]).map_err(|invalid| invalid.at(i));
        (0..count).map(value).collect::<Result<_, _>>().map_err(|invalid| spot.invalid::<T>(comm, invalid))
    }

    fn perform<T: Wire>(self, input: &[u8], output: &mut [u8]) -> Result<()> {
        let Job { comm, spot, call, operator, algorithm, .. } = self;
        // SAFETY: both buffers are as long as the call says: the operations in this module see to it.
        let outcome = unsafe { raw::collective(comm, &call, algorithm, operator.clone(), input, output) };
        match operator.and_then(|operator| operator.take_failure()) {
            Some(Failure::Panicked(panic)) => std::panic::resume_unwind(panic),
            Some(Failure::Invalid(invalid)) => Err(spot.invalid::<T>(comm, invalid)),
            None => outcome.map_err(|error| spot.explain::<T>(comm, error)),
        }
    }
}
