//! Datatypes as objects.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use layout::Layout;

use super::attached::Attached;
use super::contents::{Contents, Part, Parts};
use super::face::{self, Bounds, Face};
use super::predefined::{self, Meaning};
use crate::attribute::Attributes;
use crate::number::{COMBINER_DUP, DATATYPE_NULL, ERR_OTHER, ERR_TYPE};
use crate::pointer::Form;
use crate::table::{Ref, Table};
use crate::{Datatype, Error, Result, leaks};

/// A datatype.
pub struct Type {
    shape: Arc<Shape>,
    /// What operators see in it, of a predefined one.
    pub(crate) meaning: Option<Meaning>,
    committed: AtomicBool,
    /// None: nothing.
    attached: OnceLock<Box<Attached>>,
}

/// What a datatype is, apart from what a program attaches to it. Those that are made of it keep it.
pub(crate) struct Shape {
    /// None: it has no size here.
    layout: Option<Layout>,
    /// None: it has a name in the standard.
    contents: Option<Contents>,
    /// What is asked of it often.
    pub face: Face,
}

static TYPES: Table<Type, false, { face::WORDS }> = Table::new();

/// A datatype that the program made, in use.
pub(crate) type MadeRef = Ref<'static, Type, false, { face::WORDS }>;

/// A datatype in use.
pub(crate) enum TypeRef {
    Predefined(&'static Type),
    Made(MadeRef),
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

impl TypeRef {
    /// What is attached to it.
    pub(crate) fn attached(&self) -> &Attached {
        if let Some(attached) = self.attached.get() {
            return attached;
        }
        if let TypeRef::Made(of) = self {
            of.mark();
        }
        self.attached.get_or_init(|| Box::new(Attached::new(Vec::new(), Attributes::none())))
    }
}

impl Type {
    fn new(shape: Arc<Shape>, meaning: Option<Meaning>, committed: bool) -> Type {
        Type { shape, meaning, committed: AtomicBool::new(committed), attached: OnceLock::new() }
    }

    /// One that the program makes.
    pub(crate) fn derived(layout: Layout, contents: Contents) -> Type {
        Type::new(Shape::new(Some(layout), Some(contents)), None, false)
    }

    /// One of the standard's.
    pub(super) fn predefined(layout: Option<Layout>, meaning: Option<Meaning>, name: &str) -> Type {
        let of = Type::new(Shape::new(layout, None), meaning, true);
        Type { attached: Box::new(Attached::new(name.into(), Attributes::none())).into(), ..of }
    }

    /// One of the standard's without a name, which a program asks for by its properties.
    pub(crate) fn unnamed(like: &Type, contents: Contents) -> Type {
        Type::new(Shape::new(like.shape.layout.clone(), Some(contents)), like.meaning, true)
    }

    /// One that another one was made of, again.
    pub(crate) fn again(shape: Arc<Shape>) -> Type {
        Type::new(shape, None, false)
    }

    /// The same as one of its own, with these attributes (MPI 5.0 §5.1.9).
    pub(crate) fn duplicate(&self, name: Datatype, attributes: Attributes) -> Result<Type> {
        let contents = Contents::new(COMBINER_DUP, Form::Int, Parts::One(self.part(name)));
        let made = Type::derived(self.layout()?.clone(), contents);
        made.committed.store(self.is_committed(), Ordering::Relaxed);
        if !attributes.is_untouched() {
            made.attached.get_or_init(|| Box::new(Attached::new(Vec::new(), attributes)));
        }
        Ok(made)
    }

    /// Gives it a name for the program.
    pub(crate) fn register(self) -> Result<Datatype> {
        let plain = self.attached.get().is_none() && self.is_derived();
        let face = self.shape.face.0;
        let full = |_| Error::new(ERR_OTHER, "there are too many datatypes: free some");
        let name = TYPES.try_insert(self, face).map_err(full)?;
        if let (false, Some(of)) = (plain, TYPES.get(name)) {
            of.mark();
        }
        leaks::made(leaks::Kind::Datatype, name);
        Ok(Datatype(name))
    }

    /// Its layout.
    ///
    /// # Errors
    /// `ERR_TYPE` for an optional type that this platform doesn't have.
    pub(crate) fn layout(&self) -> Result<&Layout> {
        self.shape.layout.as_ref().ok_or_else(no_size)
    }

    /// How it was made; none of one that the standard names.
    pub(crate) fn contents(&self) -> Option<&Contents> {
        self.shape.contents.as_ref()
    }

    /// What is asked of it often.
    pub(crate) fn face(&self) -> &Face {
        &self.shape.face
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
    pub(crate) fn name(&self) -> Vec<u8> {
        self.attached.get().map_or_else(Vec::new, |attached| attached.name().clone())
    }

    /// Its attributes; to set one there are those that are [attached](TypeRef::attached).
    pub(crate) fn attributes(&self) -> &Attributes {
        static NONE: Attributes = Attributes::none();
        self.attached.get().map_or(&NONE, |attached| &attached.attributes)
    }

    /// It, known under this name, as a part of another one.
    pub(crate) fn part(&self, name: Datatype) -> Part {
        if self.is_derived() { Part::Made(self.shape.clone()) } else { Part::Predefined(name) }
    }
}

fn no_size() -> Box<Error> {
    Error::new(ERR_TYPE, "this optional datatype has no size here")
}

impl Shape {
    fn new(layout: Option<Layout>, contents: Option<Contents>) -> Arc<Shape> {
        let face = Face::new(layout.as_ref(), contents.as_ref());
        Arc::new(Shape { layout, contents, face })
    }
}

impl Drop for Shape {
    /// Duplicates of duplicates may be nested as deep as a program likes.
    fn drop(&mut self) {
        let made_of = |shape: &mut Shape| match shape.contents.as_mut().map(|contents| &mut contents.parts) {
            Some(parts @ Parts::One(Part::Made(_))) => std::mem::replace(parts, Parts::None),
            _ => Parts::None,
        };
        let mut next = made_of(self);
        while let Parts::One(Part::Made(shape)) = next {
            next = Arc::into_inner(shape).map_or(Parts::None, |mut last| made_of(&mut last));
        }
    }
}

/// The names of those that the program has made and not freed.
pub(crate) fn names() -> Vec<usize> {
    let is_kept =
        |of: &Type| of.is_derived() && !of.attached.get().is_some_and(|attached| attached.is_freed());
    TYPES.names().into_iter().filter(|name| TYPES.get(*name).is_some_and(|of| is_kept(&of))).collect()
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
        TYPES.get(self.0).map(TypeRef::Made).ok_or_else(|| self.missing())
    }

    /// What never changes of the datatype of this name: quicker than to get it.
    ///
    /// # Errors
    /// `ERR_TYPE`.
    #[inline]
    pub(crate) fn face(self) -> Result<Face> {
        match TYPES.face(self.0) {
            Some(words) => Ok(Face(words)),
            None => predefined::find(self).map(|of| of.shape.face).ok_or_else(|| self.missing()),
        }
    }

    /// Its size and bounds.
    ///
    /// # Errors
    /// `ERR_TYPE`, also for an optional type that this platform doesn't have.
    pub(crate) fn bounds(self) -> Result<Bounds> {
        self.face()?.bounds().ok_or_else(no_size)
    }

    #[cold]
    fn missing(self) -> Box<Error> {
        match self.0 {
            DATATYPE_NULL => Error::new(ERR_TYPE, "the datatype is MPI_DATATYPE_NULL"),
            0 => Error::new(ERR_TYPE, "the datatype is a null pointer, which is no handle"),
            name => Error::new(ERR_TYPE, format!("{name:#x} is no datatype (was it freed?)")),
        }
    }

    /// The datatype of this name, if the program made it.
    ///
    /// # Errors
    /// `ERR_TYPE`.
    pub(crate) fn get_made(self) -> Result<TypeRef> {
        let of = self.get()?;
        match of.is_derived() {
            true => Ok(of),
            false => Err(Error::new(ERR_TYPE, "a predefined datatype can't be freed")),
        }
    }

    /// Whether the program made it, nobody uses it now, and nothing is attached to it.
    pub(crate) fn is_plain(self) -> bool {
        TYPES.is_plain(self.0)
    }

    /// Frees the name of a datatype that the program made, that nobody uses now and to which nothing is attached. Returns whether it was one.
    pub(crate) fn free_plain(self) -> bool {
        TYPES.remove_plain(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::DOUBLE;

    #[test]
    fn duplicates_may_be_nested_as_deep_as_a_program_likes() {
        let mut of = Type::derived(Layout::of::<u8>(), Contents::new(0, Form::Int, Parts::None));
        of.commit();
        for _ in 0..300_000 {
            of = of.duplicate(Datatype(0), Attributes::none()).unwrap();
        }
        assert!(of.is_committed() && of.layout().unwrap().size() == 1);
        // Each is the last that knows the next.
        drop(of);
    }

    #[test]
    fn what_has_something_attached_is_not_freed_as_if_it_had_not() {
        let part = || Parts::One(Part::Predefined(Datatype(DOUBLE)));
        let make = || Type::derived(Layout::of::<f64>(), Contents::new(COMBINER_DUP, Form::Int, part()));
        let name = make().register().unwrap();
        assert!(name.is_plain() && name.free_plain() && !name.free_plain() && name.get().is_err());
        let name = make().register().unwrap();
        *name.get().unwrap().attached().name() = b"called so".to_vec();
        assert!(!name.free_plain());
        assert_eq!(name.get().unwrap().name(), b"called so");
        // Kept, it goes with who keeps it.
        let kept = name.keep().unwrap();
        assert!(name.get().unwrap().free() && !name.get().unwrap().free());
        assert!(name.get().is_ok() && name.face().is_ok());
        drop(kept);
        assert!(name.get().is_err() && name.face().is_err() && name.keep().is_err());
        // Those of the standard without a name are never freed.
        let double = Datatype(DOUBLE).get().unwrap();
        let unnamed = Contents::new(COMBINER_DUP, Form::Int, Parts::None);
        let name = Type::unnamed(&double, unnamed).register().unwrap();
        assert!(!name.free_plain() && name.get_made().is_err());
    }
}
