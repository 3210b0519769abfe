//! Message passing between processes: a safe SPMD runtime.
//!
//! Every process of a job runs the same program on its own part of the data, with its own memory, and computes together
//! with the others by messages. `archi run -n 4 ./program` starts four of them; a program that nobody started is a
//! world of one.
//!
//! ```
//! # mod program {
//! use archipelago::prelude::*;
//!
//! #[derive(Wire, Clone, Copy)]
//! struct Particle { position: [f64; 3], id: u32, alive: bool }
//!
//! # pub
//! fn main() -> archipelago::Result<()> {
//!     let world = archipelago::init()?;                       // a world of one when not launched
//!     let (me, n) = (world.rank(), world.size());             // usize; addresses are checked by the verb
//!     let right = world.to((me + 1) % n).tag(7);              // a destination
//!     let left = world.from((me + n - 1) % n).tag(7);         // a source; world.from_any() cannot be sent to
//!
//!     // 1. borrowed: the scope completes everything; wait() gives the borrow back
//!     let (mut ghost, edge) = (vec![0.0; 1024], vec![me as f64; 1024]);
//!     world.scope(|s| {
//!         let incoming = left.start_receive(s, &mut ghost)?;
//!         let outgoing = right.start_send(s, &edge)?;
//!         relax(incoming.wait()?);                            // &mut [f64], usable now
//!         outgoing.wait()
//!     })?;
//!     // 2. owned: 'static, awaitable, safe to drop or forget; an error returns the buffer
//!     let sent = right.send_owned(edge);
//!     let halo: Vec<f64> = left.receive()?;                   // blocking; right.send(&x)? is its twin
//!     let edge = sent.wait()?;                                // or .await
//!     // 3. persistent: the request owns its buffer; start() and wait() as often as you like
//!     let mut again = right.persistent_send(edge);
//!     again.start()?;
//!     let next: Vec<f64> = left.receive()?;
//!     let edge = again.into_buffer()?;
//!
//!     let total: f64 = world.all_reduce(halo[0], Sum)?;
//!     let mine = Particle { position: [total, 0.0, 0.0], id: me as u32, alive: true };
//!     let everyone: Option<Vec<Particle>> = world.root(0).gather(&[mine])?;
//!     let counts = vec![edge.len() / n; n];
//!     let parts = world.all_to_all_v(&edge[..n * counts[0]]).counts(&counts).run()?; // unknown receive counts cost one extra exchange
//! #   assert_eq!(total, (n * (n - 1) / 2) as f64);
//! #   assert_eq!(next, halo);
//! #   assert_eq!(everyone.map_or(0, |all| all.iter().filter(|p| p.alive && p.id < 3).count()), if me == 0 { n } else { 0 });
//! #   assert!(parts.iter().enumerate().all(|(rank, part)| part == vec![rank as f64; counts[0]]));
//! #   assert_eq!(ghost[1], ((me + n - 1) % n) as f64 + 1.0);
//!     Ok(())
//! }
//! # fn relax(ghost: &mut [f64]) { ghost.iter_mut().for_each(|x| *x += 1.0); }
//! # }
//! # for ranks in 1..=3 {
//! #     archipelago::testing::run(ranks, |_| program::main());
//! # }
//! ```
//!
//! # Buffers
//! Three tiers keep non-blocking communication sound, also if a handle is leaked: in a [`scope`](Comm::scope) buffers are
//! borrowed; [`send_owned`](Destination::send_owned) and [`receive_owned`](Source::receive_owned) own theirs until they are
//! complete, and are futures; persistent operations keep theirs, and
//! [partitioned](Destination::partitioned_send) ones are given it part by part, by any thread. A plain type (every pattern of its
//! bits is a value, no padding) is sent and received where it lies; any other that derives [`Wire`] is packed, received into
//! scratch memory, validated, and then written.
//!
//! # Layouts
//! What is sent need not lie in a row: a [`Layout`] selects it from a slice, and [`over`](Layout::over) and
//! [`over_mut`](Layout::over_mut) make a view of it that is sent and received as a slice is, also in a scope. The other side may
//! have another layout of the same values, or none. A large message is packed straight into the pieces that it travels in.
//! Collectives take views wherever they take values, in every form, and so do buffered, persistent and partitioned sends.
//!
//! ```
//! use archipelago::{Order, prelude::*};
//! # archipelago::testing::run(2, |world| {
//! // The last column of a field goes into the first column, the halo, of the right neighbour's.
//! let column = |at| Layout::subarray(&[4, 6], &[4, 1], &[0, at], Order::C, &Layout::of::<f64>());
//! let (edge, halo) = (column(5)?, column(0)?);
//! let (me, n) = (world.rank(), world.size());
//! let mut field = vec![me as f64; 4 * 6];
//! world.to((me + 1) % n).send(&edge.over(&field)?)?;
//! world.from((me + n - 1) % n).receive_into(&mut halo.over_mut(&mut field)?)?;
//! assert_eq!(field[..7], [1.0 - me as f64, me as f64, me as f64, me as f64, me as f64, me as f64, 1.0 - me as f64]);
//! # Ok::<(), archipelago::Error>(())
//! # });
//! ```
//!
//! # Errors
//! All verbs return [`Error`], which says in which operation, on which communicator, with whom, and what to do. Arguments are
//! checked before anything is done. A message that does not fit its receive is kept for another one.
//!
//! # Ends
//! [`init`] gives a guard: when it goes, the process leaves its job. When a panic unwinds through it, or `main` returns an error,
//! the job ends. [`Comm::abort`] ends it from any thread.

// The derive of Wire names the crate by its name, also in here.
extern crate self as archipelago;

mod active;
mod address;
mod buffered;
mod called;
mod collective;
mod comm;
mod create;
mod error;
mod exchange;
mod graph;
mod grid;
mod group;
mod inter;
mod kept;
mod lending;
mod mitigation;
mod operation;
mod operator;
mod owned;
mod partitioned;
mod persistent;
mod probe;
mod promises;
mod raw;
mod scope;
mod set;
pub mod testing;
mod transfer;

pub use active::{
    Address, Calling, Handle, Object, ObjectName, Payload, Request as ActiveRequest, Returning, Taking,
};
pub use address::{Destination, Source, Status};
pub use archipelago_macros::test;
pub use buffered::SendBuffer;
pub use collective::{
    AllToAllV, AllToAllW, Apart, Buffers, CollectiveOwned, InPlace, Lendable, Lent, LentParts, Neighbours,
    OwnedParts, Parts, PersistentCollective, Prepare, PrepareInter, PrepareNeighbours, PrepareRooted,
    Prepared, Root,
};
pub use comm::{Comm, World, init};
pub use create::Likeness;
pub use engine::active::ActiveCounters;
pub use engine::group::{Comparison, Ranks};
pub use engine::topology::Neighbour;
pub use engine::{Counters, PeerCounters};
pub use error::{Error, Failed, Place, Result};
pub use graph::Graph;
pub use grid::Grid;
pub use group::Group;
pub use inter::InterComm;
pub use layout::{
    Buffer, BufferMut, Constructor, Dimension, Distribution, Field, Layout, LayoutError, Operand, Order,
    OutOfBounds, OwnedBuffer, OwnedElements, OwnedView, Partible, ReproducibleSum, View, ViewMut,
};
pub use lending::{Readable, Writable};
pub use mitigation::{AgreeOwned, Agreement, ShrinkOwned};
pub use operator::{
    And, BitAnd, BitOr, BitXor, Bits, Function, Located, Max, MaxLocation, Min, MinLocation, NoOp, Number,
    Operation, Or, Ordered, Product, Replace, Sum, Truth, Xor, commutative, ordered,
};
pub use owned::{ReceiveOwned, SendOwned};
pub use partitioned::{Partition, PartitionedReceive, PartitionedSend};
pub use persistent::{PersistentReceive, PersistentSend};
pub use probe::Message;
pub use runtime::Waits;
pub use runtime::inter::Root as InterRoot;
pub use scope::{Collecting, Receiving, Scope, Sending};
pub use set::{Key, Request, Requests};
#[doc(hidden)]
pub use wire;
pub use wire::{BF16, Complex, F16, Items, ItemsMut, LongDouble, Receivable, RowOperand, Wire};

/// What most programs use.
pub mod prelude {
    pub use crate::{
        And, BitAnd, BitOr, BitXor, Comm, Layout, Located, Max, MaxLocation, Min, MinLocation, Or, Product,
        Sum, Wire, World, Xor, commutative, ordered,
    };
}

/// The first program of the README is a test.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct Readme;

/// So is the page that shows messages in Rust beside those in C.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/messages.md")]
pub struct Messages;

/// And so is the page on layouts.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/layouts.md")]
pub struct Layouts;

/// And the page on threads.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/threads.md")]
pub struct Threads;

/// And the page on active messages.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/active-messages.md")]
pub struct ActiveMessages;

/// And the page on collectives.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/collectives.md")]
pub struct Collectives;

/// And the page on failures.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/failures.md")]
pub struct Failures;
