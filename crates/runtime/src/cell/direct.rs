//! What becomes a wait only if it doesn't come about at once: small receives, answers to calls, and collectives on boards.

use engine::active::{DirectAnswer, Found, SmallTurn};
use engine::collective::{Advance, Inline};
use engine::{Communicator, Direct, Error, RequestId, Source, Status, TagPattern, TypeTag};
use mapped::Guard;

use super::{Cell, Inside, Ownership};
use crate::house::House;
use crate::undisturbed::undisturbed;

/// Looks of a receive before it is posted: about as long as a message takes from the other core.
const DIRECT_POLLS: u32 = 64;

/// Looks of a call before it is waited for: a way there and back, and a small handler between.
const ANSWER_POLLS: u32 = 256;

/// Turns of small active messages that are taken one after the other before anything else is looked at.
const TURNS_IN_A_ROW: u32 = 16;

/// Looks for small active messages between two looks at everything.
const TURN_LOOKS: u32 = 8;

/// Looks at a board with a core for each rank, and yields without, before a collective becomes a request: meanwhile this
/// thread moves nothing else on. Either takes less than a wake-up.
const INLINE_POLLS: u32 = 256;
const INLINE_YIELDS: u32 = 32;

/// Waits for fewer looks are counted but not timed: two looks at the clock are a good part of them.
const UNTIMED_LOOKS: u32 = 4;

impl Cell {
    /// Receives a small message without posting the receive, as long as polling is the right way to wait. Gives the lane
    /// back when it is not, or when anything else happens first.
    #[inline]
    pub fn receive_directly<'a>(
        &'a self,
        inside: Guard<'a, Inside>,
        communicator: &Communicator,
        source: Source,
        tag: TagPattern,
        of: TypeTag,
        capacity: usize,
    ) -> Result<([u8; fabric::INLINE_BYTES], Status), Guard<'a, Inside>> {
        let mut inside = inside;
        self.take_from_steward(&mut inside);
        if inside.ownership != Ownership::Free || !inside.lane.may_receive_directly() {
            return Err(inside);
        }
        let Some(pattern) = inside.lane.direct_pattern(communicator, source, tag) else { return Err(inside) };
        // A crowded host gets one look before the core is given away.
        let polls = if self.patience.poll_ns == 0 { 1 } else { DIRECT_POLLS };
        let now = inside.now;
        for _ in 0..polls {
            if !inside.lane.only_arrivals_matter() {
                return Err(inside);
            }
            match inside.lane.receive_directly(now, &pattern, of, capacity) {
                Direct::Received(bytes, status) => return Ok((bytes, status)),
                Direct::Post => return Err(inside),
                Direct::Nothing if self.original.is_wanted() => return Err(inside),
                Direct::Nothing => std::hint::spin_loop(),
            }
        }
        Err(inside)
    }

    /// Takes the small answer of a call, as long as polling is the right way to wait for it. Gives the lane back when it is not, or
    /// when anything else happens first: the call is then to be waited for.
    #[inline]
    pub fn answer_directly<'a>(
        &'a self,
        inside: Guard<'a, Inside>,
        call: RequestId,
        takes: impl Fn(&Status) -> bool,
    ) -> Result<([u8; fabric::INLINE_BYTES], Status), Guard<'a, Inside>> {
        let mut inside = inside;
        self.take_from_steward(&mut inside);
        if inside.ownership != Ownership::Free {
            self.nudge(&inside);
            return Err(inside);
        }
        let polls = if self.patience.poll_ns == 0 { 1 } else { ANSWER_POLLS };
        let now = inside.now;
        for _ in 0..polls {
            if !inside.lane.only_arrivals_matter() {
                return Err(inside);
            }
            match inside.lane.answer_directly(now, call, &takes) {
                DirectAnswer::Answered(bytes, status) => return Ok((bytes, status)),
                DirectAnswer::Wait => return Err(inside),
                DirectAnswer::Nothing if self.original.is_wanted() => return Err(inside),
                DirectAnswer::Nothing => std::hint::spin_loop(),
            }
        }
        Err(inside)
    }

    /// Runs the turn of a small active message, and those of the next ones that arrive.
    pub(super) fn run_turns<'a>(
        &'a self,
        inside: Guard<'a, Inside>,
        turn: &mut SmallTurn,
    ) -> Guard<'a, Inside> {
        let mut inside = inside;
        let (now, mut left) = (inside.now, TURNS_IN_A_ROW);
        loop {
            drop(inside);
            // Its handler catches what users' code throws; the drop of a message may panic.
            let outcome = undisturbed(|| turn.run());
            inside = self.lock();
            inside.lane.end_small_turn(turn, outcome);
            left -= 1;
            let goes_on = left > 0 && !self.original.is_wanted();
            if !goes_on || inside.lane.next_small_turn(now, turn) != Found::Turn {
                return inside;
            }
        }
    }

    /// Looks for small active messages alone, a few times, and runs their turns. Returns whether anything has come: a look takes a
    /// fraction of one at everything.
    pub(super) fn look_for_turns<'a>(&'a self, inside: Guard<'a, Inside>) -> (Guard<'a, Inside>, bool) {
        let mut inside = inside;
        let (now, mut turn) = (inside.now, SmallTurn::EMPTY);
        for _ in 0..TURN_LOOKS {
            match inside.lane.next_small_turn(now, &mut turn) {
                Found::Turn => return (self.run_turns(inside, &mut turn), true),
                Found::Other => return (inside, true),
                Found::Nothing => std::hint::spin_loop(),
            }
        }
        (inside, false)
    }

    /// Moves a collective on by looking at its board, as long as that is the right way to wait; then as a request.
    pub fn move_on(&self, inline: Inline, house: &House) -> Result<(), Error> {
        let mut inline = inline;
        let crowded = self.patience.poll_ns == 0;
        let (mut looks, mut since) = (0, None);
        let failed = loop {
            match inline.advance() {
                Advance::Work(work) => {
                    // Nothing is heard of what went well.
                    if self.work(work).is_some_and(|finished| !finished.succeeded()) {
                        break Some(Error::OperatorFailed);
                    }
                }
                Advance::Done => {
                    let mut inside = self.lock();
                    inside.lane.settle(inline);
                    // Another thread's collective may have waited for its turn behind this one.
                    self.nudge(&inside);
                    if looks > 0 {
                        inside.waits.waits += 1;
                        inside.waits.waited_ns += since.map_or(0, |since| self.clock.now().since(since));
                    }
                    inside.waits.yields += if crowded { u64::from(looks) } else { 0 };
                    return Ok(());
                }
                Advance::Post => break None,
                Advance::Failed(error) => break Some(error),
                Advance::Wait => {
                    if looks == if crowded { INLINE_YIELDS } else { INLINE_POLLS } {
                        break None;
                    }
                    if looks == UNTIMED_LOOKS {
                        since = Some(self.clock.now());
                    }
                    looks += 1;
                    if crowded { std::thread::yield_now() } else { std::hint::spin_loop() }
                }
            }
        };
        let mut inside = self.lock();
        let request = inside.lane.adopt(inline, failed);
        self.nudge(&inside);
        self.wait(inside, request, house).map(drop)
    }
}
