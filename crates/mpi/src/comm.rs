//! Communicators as objects: what MPI knows of one beside what the runtime does.
#![allow(unsafe_code)]

use std::ops::Deref;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use runtime::inter::Inter;

use crate::attribute::Attributes;
use crate::buffer::Pool;
use crate::handler::Held;
use crate::info::{self, Pairs};
use crate::number::{
    COMM_NULL, COMM_SELF, COMM_WORLD, ERR_COMM, ERR_OTHER, ERR_RANK, ERR_TAG, ERRORS_ARE_FATAL, PROC_NULL,
};
use crate::request::Made;
use crate::table::{Looked, Ref, Table};
use crate::{Comm, Errhandler, Error, Result, Session, instance, leaks, session};

/// A communicator.
pub struct Communicator {
    /// What sends and receives; ranks of an inter-communicator are of its other side.
    pub(crate) comm: runtime::Comm,
    /// What collectives of an inter-communicator need.
    pub(crate) inter: Option<Inter>,
    /// Who sees its errors.
    pub(crate) handler: Held,
    /// The name that the program, or the standard, has given it; else only messages name it.
    given_name: Mutex<Arc<[u8]>>,
    /// What the program has attached to it.
    pub(crate) attributes: Attributes,
    /// What the program has asserted of its use.
    hints: Mutex<Pairs>,
    /// How many partitioned messages were made on it.
    pub(crate) partitioned: Mutex<Made>,
    /// Room for its buffered sends, if it has its own.
    pub(crate) buffer: Pool,
    /// Whether the edges of its distributed graph, if it has one, were given weights.
    pub(crate) is_weighted: bool,
    /// The session that it comes of.
    pub(crate) session: Option<Session>,
    /// Where its non-blocking collectives run.
    aside: OnceLock<runtime::Comm>,
    /// How many siblings it has.
    siblings: AtomicU64,
}

/// Begin the words of which siblings are derived.
const ASIDE: u64 = 1;
const NUMBERED: u64 = 2;

/// All communicators, the predefined ones among them.
static COMMS: Table<Communicator> = Table::looked_at();

/// The predefined ones, which are never dropped: to use them costs one load. Null: there are none now.
static WORLD: AtomicPtr<Communicator> = AtomicPtr::new(std::ptr::null_mut());
static OWN: AtomicPtr<Communicator> = AtomicPtr::new(std::ptr::null_mut());

/// A communicator in use, for a call.
pub(crate) enum CommRef {
    Looked(Looked<'static, Communicator>),
    Kept(Kept),
}

/// A communicator in use, for as long as is wanted, by any thread.
pub(crate) enum Kept {
    Predefined(&'static Communicator),
    Counted(Ref<'static, Communicator>),
}

impl Deref for CommRef {
    type Target = Communicator;

    #[inline]
    fn deref(&self) -> &Communicator {
        match self {
            CommRef::Looked(comm) => comm,
            CommRef::Kept(comm) => comm,
        }
    }
}

impl Deref for Kept {
    type Target = Communicator;

    #[inline]
    fn deref(&self) -> &Communicator {
        match self {
            Kept::Predefined(comm) => comm,
            Kept::Counted(comm) => comm,
        }
    }
}

impl Communicator {
    /// Of one group.
    pub(crate) fn new(comm: runtime::Comm) -> Communicator {
        Communicator::of(comm, None)
    }

    /// Of two groups.
    pub(crate) fn between(inter: Inter) -> Communicator {
        Communicator::of(inter.comm().clone(), Some(inter))
    }

    fn of(comm: runtime::Comm, inter: Option<Inter>) -> Communicator {
        Communicator {
            comm,
            inter,
            handler: Held::predefined(Errhandler(ERRORS_ARE_FATAL)),
            given_name: Mutex::default(),
            attributes: Attributes::default(),
            hints: Mutex::default(),
            partitioned: Mutex::default(),
            buffer: Pool::new(),
            is_weighted: false,
            session: None,
            aside: OnceLock::new(),
            siblings: AtomicU64::new(0),
        }
    }

    /// Where collectives of all its members run: of an inter-communicator over both sides.
    pub(crate) fn whole(&self) -> &runtime::Comm {
        self.inter.as_ref().map_or(&self.comm, Inter::union)
    }

    /// Where its non-blocking collectives run: those that block are matched with one another alone, whatever was started
    /// between them.
    pub(crate) fn aside(&self) -> runtime::Comm {
        let make = || self.whole().sibling(&[ASIDE], format!("{}, non-blocking", self.name()));
        self.aside.get_or_init(make).clone()
    }

    /// Where a persistent collective runs, whose order is that in which they are made, not that in which they are started
    /// (MPI 5.0 §6.13).
    pub(crate) fn persistent(&self) -> runtime::Comm {
        self.whole().sibling(&self.numbered(), format!("{}, persistent", self.name()))
    }

    /// Words that all members come to, who make such things in the same order.
    fn numbered(&self) -> [u64; 2] {
        // Relaxed: only the order of one thread's own calls matters.
        [NUMBERED, self.siblings.fetch_add(1, Ordering::Relaxed)]
    }

    /// A communicator of the same members, which each makes for itself.
    pub(crate) fn sibling(&self) -> Communicator {
        let words = self.numbered();
        match &self.inter {
            None => Communicator::new(self.comm.sibling(&words, format!("copy of {}", self.name()))),
            Some(inter) => Communicator::between(inter.sibling(&words)),
        }
    }

    /// Of this session.
    pub(crate) fn of_session(self, session: Option<Session>) -> Communicator {
        Communicator { session, ..self }
    }

    /// With what it has of the communicator of which it was made: the error handler (MPI 5.0 §9.3.1), the session, and whether
    /// edges have weights.
    pub(crate) fn like(self, other: &Communicator) -> Communicator {
        self.handler.set(other.handler.share());
        self.weighted(other.is_weighted).of_session(other.session)
    }

    /// With edges that were given weights, or not.
    pub(crate) fn weighted(self, is_weighted: bool) -> Communicator {
        Communicator { is_weighted, ..self }
    }

    /// With these attributes.
    pub(crate) fn with_attributes(self, attributes: Attributes) -> Communicator {
        Communicator { attributes, ..self }
    }

    /// Gives it a name of its own for the program.
    pub(crate) fn register(self) -> Result<Comm> {
        let name = COMMS.try_insert(self, []).map_err(|comm| {
            // The program lets go of what it has attached, under the only name that there is.
            let _ = comm.attributes.delete_all(COMM_NULL);
            Error::new(ERR_OTHER, "there are too many communicators: free some")
        })?;
        leaks::made(leaks::Kind::Comm, name);
        Ok(Comm(name))
    }

    /// How people call it.
    pub(crate) fn name(&self) -> Arc<str> {
        self.comm.name()
    }

    /// What the program has asserted of its use.
    pub(crate) fn hints(&self) -> Pairs {
        self.hints.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes these hints, but those that are ignored.
    pub(crate) fn assert(&self, hints: Pairs) {
        let mut all = self.hints.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in info::accepted(hints) {
            all.retain(|(known, _)| *known != key);
            all.push((key, value));
        }
    }

    /// Its two sides.
    ///
    /// # Errors
    /// It has one.
    pub(crate) fn inter(&self) -> Result<&Inter> {
        self.inter.as_ref().ok_or_else(|| Error::new(ERR_COMM, "the communicator is no inter-communicator"))
    }

    /// Refuses inter-communicators.
    pub(crate) fn check_intra(&self) -> Result {
        match &self.inter {
            None => Ok(()),
            Some(_) => {
                Err(Error::new(ERR_COMM, "the communicator is an inter-communicator, which can't be here"))
            }
        }
    }

    /// The name that the program or the standard has given it; else the empty one.
    pub(crate) fn given_name(&self) -> Arc<[u8]> {
        self.given_name.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Calls it otherwise from now on.
    pub(crate) fn set_name(&self, name: &[u8]) {
        self.comm.inner().set_name(&String::from_utf8_lossy(name));
        *self.given_name.lock().unwrap_or_else(PoisonError::into_inner) = name.into();
    }

    /// How many ranks messages can be for.
    #[inline]
    pub(crate) fn peers(&self) -> usize {
        match &self.inter {
            None => self.comm.size(),
            Some(inter) => inter.remote_size(),
        }
    }

    /// The rank that a message is for; none if for nobody.
    ///
    /// # Errors
    /// `ERR_RANK`.
    #[inline]
    pub(crate) fn peer(&self, rank: i32) -> Result<Option<usize>> {
        if (rank as u32 as usize) < self.peers() && rank >= 0 {
            return Ok(Some(rank as usize));
        }
        self.no_peer(rank)
    }

    #[cold]
    fn no_peer(&self, rank: i32) -> Result<Option<usize>> {
        if rank == PROC_NULL {
            return Ok(None);
        }
        let text = format!("there is no rank {rank}: ranks of {} are 0 to {}", self.name(), self.peers() - 1);
        Err(Error::new(ERR_RANK, text))
    }
}

impl Comm {
    /// The communicator of this name.
    ///
    /// # Errors
    /// `ERR_COMM`; before the beginning and after the end `ERR_OTHER`.
    #[inline]
    pub(crate) fn get(self) -> Result<CommRef> {
        self.get_here()
    }

    /// The same, found where it is asked for and not in a function of its own. Which is quicker is told by measurement alone (docs/decisions/c-door.md):
    /// collectives lose 15 ns by a call, messages 9 ns without it.
    #[inline(always)]
    pub(crate) fn get_here(self) -> Result<CommRef> {
        find(self).ok_or_else(|| self.missing())
    }

    /// The same, for longer than a call.
    ///
    /// # Errors
    /// As [`get`](Comm::get).
    pub(crate) fn keep(self) -> Result<Kept> {
        keep(self).ok_or_else(|| self.missing())
    }

    #[cold]
    fn missing(self) -> Box<Error> {
        // Other communicators there are of sessions as well.
        let is_of_world = [COMM_WORLD, COMM_SELF].contains(&self.0) || !session::is_any_open();
        if let (true, Err(error)) = (is_of_world, instance::check_running()) {
            return error;
        }
        match self.0 {
            COMM_NULL => Error::new(ERR_COMM, "the communicator is MPI_COMM_NULL"),
            0 => Error::new(ERR_COMM, "the communicator is a null pointer, which is no handle"),
            name => Error::new(ERR_COMM, format!("{name:#x} is no communicator (was it freed?)")),
        }
    }

    /// Frees the name; what is under way goes on.
    pub(crate) fn remove(self) -> bool {
        COMMS.remove(self.0)
    }
}

/// The communicator of this name, if there is one.
#[inline(always)]
pub(crate) fn find(name: Comm) -> Option<CommRef> {
    let looked = match name.0 {
        COMM_WORLD | COMM_SELF => None,
        name => COMMS.look(name),
    };
    match looked {
        Some(comm) => Some(CommRef::Looked(comm)),
        None => keep(name).map(CommRef::Kept),
    }
}

/// The same, for longer than a call.
#[inline(always)]
fn keep(name: Comm) -> Option<Kept> {
    let predefined = match name.0 {
        COMM_WORLD => &WORLD,
        COMM_SELF => &OWN,
        name => return COMMS.get(name).map(Kept::Counted),
    };
    // Acquire: pairs with the Release in `open_world`.
    let comm = predefined.load(Ordering::Acquire);
    // SAFETY: it is null, or was leaked when the world was opened.
    unsafe { comm.as_ref() }.map(Kept::Predefined)
}

/// Makes the predefined communicators.
pub(crate) fn open_world(world: Communicator, own: Communicator) {
    world.set_name(b"MPI_COMM_WORLD");
    own.set_name(b"MPI_COMM_SELF");
    for (place, comm) in [(&WORLD, world), (&OWN, own)] {
        // Release: pairs with the Acquire in `find`.
        place.store(Box::into_raw(Box::new(comm)), Ordering::Release);
    }
}

/// The names that there are, but the predefined ones.
pub(crate) fn names() -> Vec<usize> {
    COMMS.names()
}

/// Takes the predefined communicators away; before that the attributes of `MPI_COMM_SELF` (MPI 5.0 §11.2.4).
pub(crate) fn close_world() -> Result {
    if let Some(own) = find(Comm(COMM_SELF)) {
        own.attributes.delete_all(COMM_SELF)?;
    }
    if let Some(world) = find(Comm(COMM_WORLD)) {
        world.attributes.delete_all(COMM_WORLD)?;
    }
    // Who looks at one may go on: they stay, and what looks for lost memory still finds them.
    static KEPT: [AtomicPtr<Communicator>; 2] = [const { AtomicPtr::new(std::ptr::null_mut()) }; 2];
    for (predefined, kept) in [&WORLD, &OWN].into_iter().zip(&KEPT) {
        kept.store(predefined.swap(std::ptr::null_mut(), Ordering::Relaxed), Ordering::Relaxed);
        // Nobody reads it: an optimiser would take that for a reason to store nothing.
        std::hint::black_box(kept);
    }
    Ok(())
}

/// Refuses tags that can't be sent.
#[inline]
pub(crate) fn check_tag(tag: i32) -> Result {
    if tag < 0 {
        return Err(Error::new(ERR_TAG, format!("tag {tag} is negative: tags are 0 to {}", i32::MAX)));
    }
    Ok(())
}
