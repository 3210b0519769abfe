//! What a lane asks its progress owner to do without the lane's lock: everything that touches users' memory or
//! runs users' code.
//!
//! The one module of this crate with unsafe code: it hands addresses to `layout`'s copy functions.
#![allow(unsafe_code)]

use std::sync::Arc;

use fabric::{Payload, Peer, Reader, Reserved};
use mapped::board::{Board, PAYLOAD_BYTES};

use crate::active::frames::{FIRST_BYTES, Head};
use crate::active::{Outcome, SmallTurn, Turn};
use crate::collective::SLOT_WORD_BYTES;
pub use crate::pointer::Pointer;
use crate::request::{RequestId, Waiter};

/// Bytes on their way to a user's buffer.
#[derive(Debug)]
pub enum Delivery {
    /// A small message, copied out of its line.
    Inline([u8; fabric::INLINE_BYTES]),
    /// A message that had to be stored.
    Held(Box<[u8]>),
    /// A payload in the transport's memory, to be released afterwards.
    Mapped(Peer, Payload),
}

/// Which part of which operation a piece of work does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The whole message of a receive.
    Whole,
    /// A piece of a receive's stream, of so many bytes.
    Piece(usize),
    /// An eager send's payload.
    Eager,
    /// A piece of a send's stream.
    Streamed,
    /// A collective's copy or reduction.
    Step,
}

/// Names the operation that a piece of work belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    pub(crate) request: RequestId,
    pub(crate) part: Part,
}

/// A run of memory that goes into a cell of a board.
#[derive(Clone, Copy, Debug)]
pub struct CellRun {
    pub(crate) from: Pointer,
    pub(crate) bytes: usize,
    /// Where in the cell.
    pub(crate) at: usize,
    /// Whether its length stands before it there.
    pub(crate) named: bool,
}

/// What a member publishes at once. One run, as nearly always, needs no memory of its own.
#[derive(Clone, Debug)]
pub enum CellRuns {
    /// One run, or nothing.
    One(Option<CellRun>),
    /// Several.
    Several(Box<[CellRun]>),
}

impl CellRuns {
    pub(crate) fn as_slice(&self) -> &[CellRun] {
        match self {
            CellRuns::One(run) => run.as_slice(),
            CellRuns::Several(runs) => runs,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }
}

/// Bytes read from a peer at a time when a layout scatters them: few enough to be in the cache when they are unpacked.
const SCATTERED_BYTES: usize = 128 << 10;

/// Something to do without the lane's lock.
pub enum Work {
    /// Copy received bytes into the user's buffer.
    Deliver {
        /// The bytes.
        from: Delivery,
        /// Where to.
        to: Pointer,
        /// How many.
        bytes: usize,
        /// `None`: nothing waits for it but the caller.
        ticket: Option<Ticket>,
    },
    /// Copy the user's bytes into the transport's room and publish them.
    Fill {
        /// The room.
        room: Reserved,
        /// What comes first.
        head: Head,
        /// Where from.
        from: Pointer,
        /// `None`: nothing waits for it but the caller.
        ticket: Option<Ticket>,
    },
    /// Read a message out of the peer's memory.
    Read {
        /// The way.
        reader: Reader,
        /// Address there.
        remote: u64,
        /// Where to.
        to: Pointer,
        /// How many.
        bytes: usize,
        /// The receive.
        ticket: Ticket,
    },
    /// Copy within this process: a collective's own block.
    Copy {
        /// Where from.
        from: Pointer,
        /// Where to.
        to: Pointer,
        /// How many.
        bytes: usize,
        /// `None`: nothing waits for it but the caller.
        ticket: Option<Ticket>,
    },
    /// Combine two runs of elements.
    Reduce {
        /// The operator.
        operator: layout::Operator,
        /// The operand that is only read.
        from: Pointer,
        /// The operand that takes the result.
        into: Pointer,
        /// How many elements.
        count: usize,
        /// Whether `from` is the left operand (`into = from op into`).
        from_is_left: bool,
        /// `None`: nothing waits for it but the caller.
        ticket: Option<Ticket>,
    },
    /// Write blocks into this process's cell of a board and publish them.
    Publish {
        /// The board.
        board: Arc<Board>,
        /// The collective's number on it.
        epoch: u64,
        /// What goes where in the cell.
        runs: CellRuns,
        /// What this member calls.
        mark: u32,
        /// `None`: nothing waits for it but the caller.
        ticket: Option<Ticket>,
    },
    /// Read out of a board's cells: one is copied, several are combined in order of rank.
    Fetch {
        /// The board.
        board: Arc<Board>,
        /// The collective's number on it.
        epoch: u64,
        /// The first member.
        of: usize,
        /// How many members, going round.
        count: usize,
        /// Bytes of the cells to pass over.
        skip: usize,
        /// Where to.
        into: Pointer,
        /// How many.
        bytes: usize,
        /// What combines several.
        operator: Option<layout::Operator>,
        /// `None`: nothing waits for it but the caller.
        ticket: Option<Ticket>,
    },
    /// Give a message to its handler.
    Handle(Box<Turn>),
    /// Give a small message to its handler.
    Turn(SmallTurn),
    /// Wake a waiting thread or task.
    Wake(Waiter),
    /// Drop what a detached operation kept alive.
    Drop(Box<dyn Send>),
}

/// What the lane must hear after a piece of work.
#[must_use = "hand it to Lane::finish"]
pub struct Finished {
    pub(crate) ticket: Option<Ticket>,
    pub(crate) release: Option<(Peer, Payload)>,
    pub(crate) succeeded: bool,
    pub(crate) turn: Option<Over>,
}

/// A turn whose work is done.
pub(crate) enum Over {
    Turn(Box<Turn>),
    Small(SmallTurn, Outcome),
}

impl Finished {
    /// Of what needs no more than a visit.
    fn plain(ticket: Option<Ticket>, release: Option<(Peer, Payload)>, succeeded: bool) -> Finished {
        Finished { ticket, release, succeeded, turn: None }
    }

    pub(crate) fn of_turn(turn: Box<Turn>, release: Option<(Peer, Payload)>) -> Finished {
        Finished { ticket: None, release, succeeded: true, turn: Some(Over::Turn(turn)) }
    }

    /// Whether the work was done as it should be.
    pub fn succeeded(&self) -> bool {
        self.succeeded
    }
}

impl Work {
    /// Whether the lane need not hear of it afterwards, so that the operation may count as complete before it is done.
    pub fn is_parting(&self) -> bool {
        matches!(self, Work::Deliver { from: Delivery::Inline(_) | Delivery::Held(_), ticket: None, .. })
    }

    /// Does it. `wake` wakes waiters. Returns what [`Lane::finish`](crate::Lane::finish) must hear, if anything.
    ///
    /// # Safety
    /// Every buffer that was given to an operation of this lane is still valid for it: operations own or borrow
    /// their buffers until they complete.
    pub unsafe fn run(self, wake: impl FnOnce(Waiter)) -> Option<Finished> {
        match self {
            Work::Deliver { from, to, bytes, ticket } => {
                // SAFETY: by this function's contract `to` is valid for `bytes`; a mapped payload is valid until it
                // is released, which happens after this.
                let release = unsafe { deliver(from, to, bytes) };
                (ticket.is_some() || release.is_some()).then(|| Finished::plain(ticket, release, true))
            }
            Work::Fill { room, head, from, ticket } => {
                let (pointer, bytes) = room.room();
                let head = head.as_slice();
                let first = head.len().min(bytes);
                // SAFETY: the room is ours until it is published; `from` is valid by this function's contract.
                unsafe {
                    layout::copy(head.as_ptr(), pointer, first);
                    from.read(pointer.add(first), bytes - first);
                }
                room.publish();
                done(ticket)
            }
            Work::Read { reader, remote, to, bytes, ticket } => {
                // SAFETY: `to` is valid for `bytes` by this function's contract.
                let succeeded = unsafe { read(&reader, remote, to, bytes) };
                Some(Finished::plain(Some(ticket), None, succeeded))
            }
            Work::Copy { from, to, bytes, ticket } => {
                // SAFETY: both are valid by this function's contract, and a schedule's steps don't overlap.
                unsafe { layout::copy(from.get(), to.get(), bytes) };
                done(ticket)
            }
            Work::Reduce { operator, from, into, count, from_is_left, ticket } => {
                // SAFETY: both hold `count` elements of the operator's type by this function's contract.
                unsafe { operator.reduce(from.get(), into.get(), count, from_is_left) };
                done_unless(operator.has_failed(), ticket)
            }
            Work::Publish { board, epoch, runs, mark, ticket } => {
                // SAFETY: the runs are valid by this function's contract.
                let bytes = unsafe { fill_cell(&board, epoch, runs.as_slice()) };
                board.publish(epoch, bytes, mark);
                done(ticket)
            }
            Work::Fetch { board, epoch, of, count, skip, into, bytes, operator, ticket } => {
                let from = (0..count).map(|i| board.payload((of + i) % board.size(), epoch));
                // SAFETY: `into` is valid for `bytes` by this function's contract; what the cells hold isn't written
                // again before this member is done with the epoch.
                unsafe { read_cells(from, skip, into, bytes, operator.as_ref()) };
                done_unless(operator.is_some_and(|operator| operator.has_failed()), ticket)
            }
            Work::Handle(turn) => Some(turn.run()),
            Work::Turn(mut turn) => {
                let outcome = turn.run();
                let turn = Some(Over::Small(turn, outcome));
                Some(Finished { ticket: None, release: None, succeeded: true, turn })
            }
            Work::Wake(waiter) => {
                wake(waiter);
                None
            }
            Work::Drop(kept) => {
                drop(kept);
                None
            }
        }
    }
}

/// What is heard of work whose operator may have failed: of a failure always.
fn done_unless(failed: bool, ticket: Option<Ticket>) -> Option<Finished> {
    if failed { Some(Finished::plain(ticket, None, false)) } else { done(ticket) }
}

/// What the lane hears of work that went well, if it waits for it.
fn done(ticket: Option<Ticket>) -> Option<Finished> {
    ticket.map(|ticket| Finished::plain(Some(ticket), None, true))
}

/// Reads a message out of a peer's memory: to where it shall lie, or, where a layout scatters it, by way of a piece of ours.
///
/// # Safety
/// `to` is valid for `bytes` writes.
unsafe fn read(reader: &Reader, remote: u64, to: Pointer, bytes: usize) -> bool {
    if let Pointer::Row(_) = to {
        // SAFETY: the contract.
        return unsafe { reader.read(remote, to.get(), bytes) }.is_ok();
    }
    let mut piece = vec![0u8; bytes.min(SCATTERED_BYTES)];
    let mut done = 0;
    while done < bytes {
        let now = piece.len().min(bytes - done);
        // SAFETY: the piece has room for it; then the contract.
        unsafe {
            if reader.read(remote.wrapping_add(done as u64), piece.as_mut_ptr(), now).is_err() {
                return false;
            }
            to.offset(done).write(piece.as_ptr(), now);
        }
        done += now;
    }
    true
}

/// # Safety
/// The runs are valid for reads.
unsafe fn fill_cell(board: &Board, epoch: u64, runs: &[CellRun]) -> usize {
    let mut filled = 0;
    for CellRun { from, bytes, at, named } in runs {
        let word = if *named { SLOT_WORD_BYTES as usize } else { 0 };
        // The table's conditions keep what is published within a cell; nothing else would be safe.
        assert!(*at <= PAYLOAD_BYTES && bytes + word <= PAYLOAD_BYTES - at, "more bytes than a cell holds");
        if *named {
            board.set_word(epoch, *at as u64, *bytes as u64);
        }
        // SAFETY: the run by contract; the room has PAYLOAD_BYTES, and nobody reads it before it is published.
        unsafe { layout::copy(from.get(), board.room(epoch).add(at + word), *bytes) };
        filled += bytes;
    }
    filled
}

/// # Safety
/// `into` is valid for `bytes` writes; the cells' payloads are not written meanwhile.
unsafe fn read_cells(
    cells: impl Iterator<Item = *mut u8>,
    skip: usize,
    into: Pointer,
    bytes: usize,
    operator: Option<&layout::Operator>,
) {
    assert!(skip <= PAYLOAD_BYTES && bytes <= PAYLOAD_BYTES - skip, "more bytes than a cell holds");
    for (number, cell) in cells.enumerate() {
        // SAFETY: within the cell.
        let from = unsafe { cell.add(skip) };
        match operator {
            Some(operator) if number > 0 => {
                let count = bytes / operator.element_bytes().max(1);
                // SAFETY: both hold `count` elements by contract.
                unsafe { operator.reduce(from, into.get(), count, false) };
            }
            // SAFETY: `into` by contract; the cell is mapped and large enough.
            _ => unsafe { layout::copy(from, into.get(), bytes) },
        }
    }
}

/// # Safety
/// `to` is valid for `bytes` writes; a mapped payload has not been released.
unsafe fn deliver(from: Delivery, to: Pointer, bytes: usize) -> Option<(Peer, Payload)> {
    match from {
        Delivery::Inline(source) => {
            // SAFETY: bytes <= 32 by construction (min); `to` is valid by contract.
            unsafe { to.write(source.as_ptr(), bytes.min(source.len())) };
            None
        }
        Delivery::Held(source) => {
            // SAFETY: as above.
            unsafe { to.write(source.as_ptr(), bytes.min(source.len())) };
            None
        }
        Delivery::Mapped(peer, payload) => {
            // SAFETY: the payload is still the receiver's, hence readable for its length.
            unsafe { copy_payload(&payload, to, bytes) };
            Some((peer, payload))
        }
    }
}

unsafe fn copy_payload(payload: &Payload, to: Pointer, bytes: usize) {
    match payload {
        // SAFETY: by contract of the caller.
        Payload::Inline { bytes: source, .. } => unsafe {
            to.write(source.as_ptr(), bytes.min(source.len()))
        },
        // SAFETY: by contract of the caller.
        Payload::Mapped { pointer, length } => unsafe { to.write(*pointer, bytes.min(*length)) },
    }
}

/// The first bytes of an arrival's payload; those past it are zero. Only for payloads that have not been released.
pub(crate) fn hold_first(payload: &Payload) -> [u8; FIRST_BYTES] {
    let mut first = [0u8; FIRST_BYTES];
    let to = Pointer::new(first.as_mut_ptr());
    // SAFETY: the lane calls this only between an arrival and its release, when the payload is readable; no more than
    // `first` has room for.
    unsafe { copy_payload(payload, to, payload.len().min(first.len())) };
    first
}

/// Copies an arrival's payload into memory of our own. Only for payloads that have not been released.
pub(crate) fn hold(payload: &Payload) -> Box<[u8]> {
    let mut held = vec![0u8; payload.len()].into_boxed_slice();
    let to = Pointer::new(held.as_mut_ptr());
    // SAFETY: the lane calls this only between an arrival and its release, when the payload is readable; `held` has
    // the payload's length.
    unsafe { copy_payload(payload, to, held.len()) };
    held
}
