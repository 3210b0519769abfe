//! What a program attaches to a datatype, or keeps it for. Most have nothing of that, and are made and freed without it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::object::{MadeRef, TypeRef};
use crate::attribute::Attributes;
use crate::number::ERR_TYPE;
use crate::{Datatype, Error, Result};

/// What is attached to a datatype.
pub(crate) struct Attached {
    name: Mutex<Vec<u8>>,
    pub attributes: Attributes,
    /// Who needs the datatype's name, counted in steps of [`USER`]: the program, and operations under way whose operator is told it. It
    /// goes with the last. And whether the program [freed](FREED) it.
    needed: AtomicUsize,
}

/// Whether the program freed a datatype's name.
const FREED: usize = 1;
/// One that needs a datatype's name.
const USER: usize = 2;

impl Attached {
    pub fn new(name: Vec<u8>, attributes: Attributes) -> Attached {
        Attached { name: Mutex::new(name), attributes, needed: AtomicUsize::new(USER) }
    }

    /// Whether the program freed the datatype's name.
    pub fn is_freed(&self) -> bool {
        self.needed.load(Ordering::Relaxed) & FREED != 0
    }

    /// What the program calls it.
    pub fn name(&self) -> MutexGuard<'_, Vec<u8>> {
        self.name.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TypeRef {
    /// Frees the name, unless that was done before; who uses the datatype keeps it.
    pub(crate) fn free(self) -> bool {
        let free = |needed: usize| (needed & FREED == 0).then(|| (needed | FREED) - USER);
        match self.attached().needed.fetch_update(Ordering::AcqRel, Ordering::Acquire, free) {
            Ok(USER) => self.close(),
            before => before.is_ok(),
        }
    }

    fn close(self) -> bool {
        match self {
            TypeRef::Predefined(_) => false,
            TypeRef::Made(of) => MadeRef::close(of),
        }
    }
}

impl Datatype {
    /// Keeps the name valid for functions that are told it, also after the program has freed it (MPI 5.0 §5.1.9).
    ///
    /// # Errors
    /// `ERR_TYPE`.
    pub(crate) fn keep(self) -> Result<Kept> {
        let of = self.get()?;
        if let TypeRef::Predefined(_) = of {
            return Ok(Kept(self));
        }
        let one_more = |needed: usize| (needed >= USER).then_some(needed + USER);
        match of.attached().needed.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more) {
            Ok(_) => Ok(Kept(self)),
            Err(_) => Err(Error::new(ERR_TYPE, "the datatype was freed")),
        }
    }
}

/// A datatype's name that stays valid while this lives.
pub(crate) struct Kept(Datatype);

impl Kept {
    /// The name.
    pub fn name(&self) -> Datatype {
        self.0
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if let Ok(of @ TypeRef::Made(_)) = self.0.get()
            && of.attached().needed.fetch_sub(USER, Ordering::AcqRel) & !FREED == USER
        {
            of.close();
        }
    }
}
