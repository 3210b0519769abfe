//! Datatypes as objects.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};

use layout::Layout;

use super::predefined::{self, Meaning};
use crate::number::{DATATYPE_NULL, ERR_OTHER, ERR_TYPE};
use crate::table::{Ref, Table};
use crate::{Datatype, Error, Result};

/// A datatype.
pub struct Type {
    /// None: it has no size here.
    layout: Option<Layout>,
    /// What operators see in it, of a predefined one.
    pub(crate) meaning: Option<Meaning>,
    committed: AtomicBool,
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
    /// One that the program makes.
    pub(crate) fn derived(layout: Layout) -> Type {
        Type { layout: Some(layout), meaning: None, committed: AtomicBool::new(false) }
    }

    /// One of the standard's.
    pub(super) fn predefined(layout: Option<Layout>, meaning: Option<Meaning>) -> Type {
        Type { layout, meaning, committed: AtomicBool::new(true) }
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
        self.layout.as_ref().ok_or_else(missing)
    }

    /// Whether messages can be made of it.
    pub(crate) fn is_committed(&self) -> bool {
        self.committed.load(Ordering::Relaxed)
    }

    /// Permits messages made of it.
    pub(crate) fn commit(&self) {
        if let Some(layout) = &self.layout {
            layout.commit();
        }
        self.committed.store(true, Ordering::Relaxed);
    }

    /// Whether the program made it.
    pub(crate) fn is_derived(&self) -> bool {
        self.meaning.is_none()
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

    /// Frees the name; who uses the datatype keeps it.
    pub(crate) fn remove(self) -> bool {
        TYPES.remove(self.0)
    }
}
