//! A call of a collective: values become bytes, and what comes back becomes values again.

use engine::collective::{Algorithm, Call, Case, Collective};
use layout::{Buffer, BufferMut, Failure, Operator};
use runtime::undisturbed;
use wire::{Form, Wire, slice};

use super::buffers::Lendable;
use crate::error::{Peer, Spot};
use crate::lending::Lending;
use crate::transfer::type_of;
use crate::{Comm, Result};

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
    pub(crate) fn check<T: Wire>(&self, comm: &runtime::Comm, lending: &Lending) -> Result<()> {
        lending.check::<T>(self.spot, comm, self.input, self.output)
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
    #[inline]
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
    #[inline]
    pub(super) fn of(comm: &'c runtime::Comm, described: Described) -> Self {
        let Described { spot, call, operator, algorithm, gives_output, .. } = described;
        Job { comm, spot, call, operator, algorithm, gives_output }
    }

    /// The same, for buffers of so many values that are contributed and that are written.
    #[inline]
    pub(super) fn described(self, input: usize, output: usize) -> Described {
        let Job { spot, call, operator, algorithm, gives_output, .. } = self;
        Described { spot, call, operator, algorithm, gives_output, input, output }
    }

    /// All ranks contribute what lies in their outputs.
    #[inline]
    pub(super) fn in_place(mut self) -> Self {
        (self.call.in_place, self.call.case.in_place) = (true, true);
        self
    }

    /// This member gives what lies in its output, and gets nothing.
    pub(super) fn giving_the_output(self) -> Self {
        Job { gives_output: true, ..self }
    }

    /// The job, unless so many values can't be divided among the ranks.
    pub(super) fn divided<T: Wire>(self, name: &str, given: usize) -> Result<Self> {
        let ranks = self.peers();
        if given.is_multiple_of(ranks) {
            return Ok(self);
        }
        let verb = match self.call.case.collective {
            Collective::ReduceScatter => "reduce_scatter_v",
            Collective::AllGather => "all_gather_v",
            Collective::Gather => "gather_v",
            Collective::Scatter => "scatter_v",
            _ => "all_to_all_v",
        };
        let side = if self.call.case.sides > 0 { " of the other side" } else { "" };
        Err(self.refuse::<T>(format!(
            "`{name}`: {given} values can't be divided among {ranks} ranks{side}; {verb} gives parts of different lengths"
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

    /// The job, unless its root can't be.
    pub(super) fn rooted<T: Wire>(self) -> Result<Self> {
        match self.spot.peer {
            Peer::Root(rank) if rank >= self.comm.size() => {
                let error = engine::Error::NoSuchRank { rank, size: self.comm.size() };
                Err(self.spot.explain::<T>(self.comm, error))
            }
            _ => Ok(self),
        }
    }

    /// Reduces: contributions lie in the output.
    #[inline]
    pub(super) fn reducing(mut self, operator: Operator, in_place: bool) -> Self {
        self.call.case.commutative = operator.is_commutative();
        self.call.in_place = in_place;
        self.operator = Some(operator);
        self
    }

    pub(super) fn refuse<T: Wire>(&self, what: String) -> crate::Error {
        self.spot.refuse::<T>(self.comm, what)
    }

    /// Performs it on rows of this call's own making, whose lengths are right.
    #[inline]
    pub(super) fn run<T: Wire>(self, input: &[T], output: &mut [T]) -> Result<()> {
        self.perform::<T>(Lending::whole(input, output))
    }

    /// Performs it on these buffers, which must have so many values.
    #[inline]
    pub(super) fn run_into<I, O>(
        self,
        (input, given): (&I, usize),
        (output, room): (&mut O, usize),
    ) -> Result<()>
    where
        I: Buffer + ?Sized,
        O: BufferMut + ?Sized,
    {
        let lending = Lending::whole(input, output);
        lending.check::<I::Item>(self.spot, self.comm, given, room)?;
        self.perform::<I::Item>(lending)
    }

    /// Performs it on one buffer, which must have so many values.
    #[inline]
    pub(super) fn run_in_place<O: BufferMut + ?Sized>(self, buffer: &mut O, count: usize) -> Result<()> {
        let none: &[O::Item] = &[];
        self.run_into((none, 0), (buffer, count))
    }

    /// Performs it on an input that must have so many values; this member gets nothing.
    pub(super) fn run_from<I: Buffer + ?Sized>(self, input: (&I, usize)) -> Result<()> {
        self.run_into(input, (&mut [0u8; 0][..], 0))
    }

    /// Performs what was described on its buffers.
    #[inline]
    pub(super) fn run_on<B: Lendable>(comm: &Comm, described: Described, buffers: &mut B) -> Result<()> {
        let lending = buffers.lend();
        described.check::<B::Item>(&comm.untyped, &lending)?;
        Job::of(&comm.untyped, described).perform::<B::Item>(lending)
    }

    /// Performs it on an input that must have so many values, and makes `count` values of what this member gets.
    pub(super) fn run_to_vec<I>(self, (input, given): (&I, usize), count: usize) -> Result<Vec<I::Item>>
    where
        I: Buffer + ?Sized,
    {
        let (comm, spot) = (self.comm, self.spot);
        // How many there are, others may have said.
        let none = || {
            let bytes = (count as u64).saturating_mul(I::Item::BYTES as u64);
            spot.explain::<I::Item>(comm, engine::Error::OutOfMemory { bytes })
        };
        if I::Item::FORM == Form::Plain {
            let mut output = slice::zeroed(count).ok_or_else(none)?;
            return self.run_into((input, given), (&mut output, count)).map(|()| output);
        }
        let length = I::Item::BYTES;
        let bytes = count.checked_mul(length).ok_or_else(none)?;
        let mut scratch: Vec<u8> = slice::zeroed(bytes).ok_or_else(none)?;
        self.run_into((input, given), (&mut scratch, bytes))?;
        let value =
            |i: usize| I::Item::unpack(&scratch[i * length..][..length]).map_err(|invalid| invalid.at(i));
        let values = (0..count).map(value).collect::<std::result::Result<_, _>>();
        values.map_err(|invalid| spot.invalid::<I::Item>(comm, invalid))
    }

    #[inline]
    fn perform<T: Wire>(self, mut lending: Lending) -> Result<()> {
        let Job { comm, spot, mut call, operator, algorithm, gives_output } = self;
        let operands = lending.operands(gives_output, operator);
        if let Some(listed) = lending.listed() {
            (call.input, call.output) = listed;
        }
        // SAFETY: the buffers are as long as the call says, the callers have seen to it, and borrowed by them until this returns,
        // when the operation is complete.
        let outcome = undisturbed(|| unsafe { comm.collective(&call, algorithm, &operands) });
        match operands.operator.as_ref().and_then(Operator::take_failure) {
            Some(Failure::Panicked(panic)) => std::panic::resume_unwind(panic),
            Some(Failure::Invalid(invalid)) => return Err(spot.invalid::<T>(comm, invalid)),
            None => outcome.map_err(|error| spot.explain::<T>(comm, error))?,
        }
        lending.land(comm, spot).map(drop)
    }
}
