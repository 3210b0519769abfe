//! Datatypes as objects.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use layout::Layout;

use super::contents::{Contents, Part};
use super::predefined::{self, Meaning};
use crate::attribute::Attributes;
use crate::number::{DATATYPE_NULL, ERR_OTHER, ERR_TYPE};
use crate::table::{Ref, Table};
use crate::{Datatype, Error, Result};

/// A datatype.
pub struct Type {
    shape: Arc<Shape>,
    /// What operators see in it, of a predefined one.
    pub(crate) meaning: Option<Meaning>,
    committed: AtomicBool,
    /// Whether the program freed its name.
    freed: AtomicBool,
    /// Who needs the name: the program, and operations under way whose operator is told it. It goes with the last.
    needed: AtomicUsize,
    name: Mutex<Vec<u8>>,
    pub(crate) attributes: Attributes,
}

/// What a datatype is, apart from what a program attaches to it. Those that are made of it keep it.
pub(crate) struct Shape {
    /// None: it has no size here.
    layout: Option<Layout>,
    /// None: it has a name in the standard.
    contents: Option<Contents>,
}

static TYPES: Table<Type> = Table::new();

/// A datatype in use.
pub(crate) enum TypeRef {
    Predefined(&'static Type),
    Made(Ref<'static, Type>),
}

impl Deref for TypeRef {
    type Target = Type;

    fn deref(&self) -> &Type {
        match self {
            TypeRef::Predefined(of) => of,
            TypeRef::Made(of) => of,
        }
    }
}

impl Type {
    fn new(shape: Arc<Shape>, meaning: Option<Meaning>, committed: bool, name: &str) -> Type {
        let (committed, name) = (AtomicBool::new(committed), Mutex::new(name.into()));
        let (freed, needed) = (AtomicBool::new(false), AtomicUsize::new(1));
        Type { shape, meaning, committed, freed, needed, name, attributes: Attributes::default() }
    }

    /// One that the program makes.
    pub(crate) fn derived(layout: Layout, contents: Contents) -> Type {
        let shape = Shape { layout: Some(layout), contents: Some(contents) };
        Type::new(Arc::new(shape), None, false, "")
    }

    /// One of the standard's.
    pub(super) fn predefined(layout: Option<Layout>, meaning: Option<Meaning>, name: &str) -> Type {
        Type::new(Arc::new(Shape { layout, contents: None }), meaning, true, name)
    }

    /// One of the standard's without a name, which a program asks for by its properties.
    pub(crate) fn unnamed(like: &Type, contents: Contents) -> Type {
        let shape = Shape { layout: like.shape.layout.clone(), contents: Some(contents) };
        Type::new(Arc::new(shape), like.meaning, true, "")
    }

    /// One that another one was made of, again.
    pub(crate) fn again(shape: Arc<Shape>) -> Type {
        Type::new(shape, None, false, "")
    }

    /// The same with these attributes.
    pub(crate) fn with_attributes(self, attributes: Attributes) -> Type {
        Type { attributes, ..self }
    }

    /// Gives it a name for the program.
    pub(crate) fn register(self) -> Result<Datatype> {
        let name = TYPES.insert(self).map(Datatype);
        name.ok_or_else(|| Error::new(ERR_OTHER, "there are too many datatypes: free some"))
    }

    /// Its layout.
    ///
    /// # Errors
    /// `ERR_TYPE` for an optional type that this platform doesn't have.
    pub(crate) fn layout(&self) -> Result<&Layout> {
        let missing = || Error::new(ERR_TYPE, "this optional datatype has no size here");
        self.shape.layout.as_ref().ok_or_else(missing)
    }

    /// How it was made; none of one that the standard names.
    pub(crate) fn contents(&self) -> Option<&Contents> {
        self.shape.contents.as_ref()
    }

    /// Whether messages can be made of it.
    pub(crate) fn is_committed(&self) -> bool {
        self.committed.load(Ordering::Relaxed)
    }

    /// Permits messages made of it.
    pub(crate) fn commit(&self) {
        if let Some(layout) = &self.shape.layout {
            layout.commit();
        }
        self.committed.store(true, Ordering::Relaxed);
    }

    /// Whether the program made it.
    pub(crate) fn is_derived(&self) -> bool {
        self.meaning.is_none()
    }

    /// What the program calls it.
    pub(crate) fn name(&self) -> MutexGuard<'_, Vec<u8>> {
        self.name.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It, known under this name, as a part of another one.
    pub(crate) fn part(&self, name: Datatype) -> Part {
        if self.is_derived() { Part::Made(self.shape.clone()) } else { Part::Predefined(name) }
    }
}

impl Datatype {
    /// The datatype of this name.
    ///
    /// # Errors
    /// `ERR_TYPE`.
    pub(crate) fn get(self) -> Result<TypeRef> {
        if let Some(of) = predefined::find(self) {
            return Ok(TypeRef::Predefined(of));
        }
        let missing = || match self.0 {
            DATATYPE_NULL => Error::new(ERR_TYPE, "the datatype is MPI_DATATYPE_NULL"),
            0 => Error::new(ERR_TYPE, "the datatype is a null pointer, which is no handle"),
            name => Error::new(ERR_TYPE, format!("{name:#x} is no datatype (was it freed?)")),
        };
        TYPES.get(self.0).map(TypeRef::Made).ok_or_else(missing)
    }

    /// Frees the name, unless that was done before; who uses the datatype keeps it.
    pub(crate) fn remove(self) -> bool {
        let freed = TYPES.get(self.0).is_some_and(|of| !of.freed.swap(true, Ordering::AcqRel));
        if freed {
            self.release();
        }
        freed
    }

    /// Keeps the name valid for functions that are told it, also after the program has freed it (MPI 5.0 §5.1.9).
    ///
    /// # Errors
    /// `ERR_TYPE`.
    pub(crate) fn keep(self) -> Result<Kept> {
        if let TypeRef::Made(of) = self.get()? {
            let one_more = |needed: usize| (needed > 0).then_some(needed + 1);
            if of.needed.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more).is_err() {
                return Err(Error::new(ERR_TYPE, "the datatype was freed"));
            }
        }
        Ok(Kept(self))
    }

    fn release(self) {
        if TYPES.get(self.0).is_some_and(|of| of.needed.fetch_sub(1, Ordering::AcqRel) == 1) {
            TYPES.remove(self.0);
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
        self.0.release();
    }
}
