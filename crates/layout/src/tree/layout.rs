//! A layout and what is known of it.

use std::fmt;
use std::sync::{Arc, OnceLock};

use wire::Sequence;

use super::bounds::{Bounds, Span};
use super::program::Program;
use super::{Constructor, LayoutError};

/// Which bytes of a buffer make up a message, and in which order: a *derived datatype*.
///
/// Layouts are made of scalars and other layouts; cheap to clone; never changed. All counts and displacements have 64
/// bits; what would reach beyond them is an error when it is made. Memory it takes: the lists that it was given,
/// and as much again for the program.
///
/// ```
/// use archipelago_layout::{Layout, Order};
///
/// // Column 2 of a matrix of 4 rows and 5 columns.
/// let column = Layout::subarray(&[4, 5], &[4, 1], &[0, 2], Order::C, &Layout::of::<u16>())?;
/// assert_eq!((column.size(), column.extent()), (4 * 2, 4 * 5 * 2));
/// let matrix: Vec<u16> = (0..20).collect();
/// assert_eq!(column.over(&matrix).unwrap().to_vec::<u16>(), [2, 7, 12, 17]);
/// # Ok::<(), archipelago_layout::LayoutError>(())
/// ```
#[derive(Clone)]
pub struct Layout {
    inner: Arc<Inner>,
}

struct Inner {
    constructor: Constructor,
    facts: Facts,
    program: OnceLock<Program>,
    seldom: OnceLock<Box<Seldom>>,
}

/// What most layouts are never asked.
#[derive(Default)]
struct Seldom {
    signature: OnceLock<u64>,
    sequence: OnceLock<Sequence>,
    external: OnceLock<Program>,
}

/// What follows from a constructor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    pub size: u64,
    pub external_size: u64,
    pub elements: u64,
    pub bounds: Bounds,
    pub alignment: u32,
    pub depth: u32,
    pub only_bytes: bool,
}

impl Layout {
    /// How deep layouts may be nested.
    pub const DEPTH_MAX: u32 = 500;

    pub(crate) fn new(constructor: Constructor, facts: Facts) -> Result<Layout, LayoutError> {
        if facts.depth > Layout::DEPTH_MAX {
            return Err(LayoutError::TooDeep);
        }
        if i64::try_from(facts.size.max(facts.external_size)).is_err() {
            return Err(LayoutError::Overflow);
        }
        let facts = Facts { bounds: facts.bounds.checked()?, ..facts };
        let (program, seldom) = (OnceLock::new(), OnceLock::new());
        Ok(Layout { inner: Arc::new(Inner { constructor, facts, program, seldom }) })
    }

    pub(crate) fn facts(&self) -> &Facts {
        &self.inner.facts
    }

    /// How it was made: its envelope and contents.
    pub fn constructor(&self) -> &Constructor {
        &self.inner.constructor
    }

    /// The bytes of data: the length of a message of one element.
    pub fn size(&self) -> u64 {
        self.facts().size
    }

    /// How many scalars it has.
    pub fn elements(&self) -> u64 {
        self.facts().elements
    }

    /// Where it begins, in bytes: the smallest displacement, or what [`resized`](Layout::resized) has set.
    pub fn lower_bound(&self) -> i64 {
        self.occupied().low
    }

    /// From one element to the next in a row of them, in bytes. Not negative unless the program has set it so.
    pub fn extent(&self) -> i64 {
        // Proven not to overflow when the layout was made.
        self.occupied().high - self.occupied().low
    }

    /// The first byte of data, whatever was set.
    pub fn true_lower_bound(&self) -> i64 {
        self.data().low
    }

    /// From the first byte of data to behind the last.
    pub fn true_extent(&self) -> i64 {
        self.data().high - self.data().low
    }

    /// The alignment that C would give it: the largest of its scalars'.
    pub fn alignment(&self) -> u32 {
        self.facts().alignment
    }

    /// The type signature: what `wire` gives a type of the same sequence of scalars, so that repetition doesn't count. 0,
    /// which matches anything, of bytes without a type.
    pub fn signature(&self) -> u64 {
        if self.facts().only_bytes {
            return 0;
        }
        *self.seldom().signature.get_or_init(|| self.sequence().signature())
    }

    /// Its scalars, one after the other.
    fn sequence(&self) -> Sequence {
        *self.seldom().sequence.get_or_init(|| match self.constructor() {
            Constructor::Basic(leaf) => leaf.sequence,
            Constructor::Struct { fields } => fields.iter().fold(Sequence::EMPTY, |all, field| {
                if field.count == 0 { all } else { all.then(field.of.sequence().times(field.count)) }
            }),
            // All others repeat what they are made of.
            other => other.parts().first().map_or(Sequence::EMPTY, |of| {
                of.sequence().times(self.elements().checked_div(of.elements()).unwrap_or(0))
            }),
        })
    }

    /// Whether elements in a row are bytes in a row, without a gap and in order.
    pub fn is_contiguous(&self) -> bool {
        self.size() as i64 == self.extent() && self.program().is_run_at(0, self.size())
    }

    /// Makes the program that packs and unpacks now and not when it is first needed. Costs as much as the lists that the layout was
    /// given are long.
    pub fn commit(&self) {
        self.program();
    }

    /// How many scalars the first `bytes` bytes of a row of such elements hold completely, and whether these are all of the
    /// bytes.
    pub fn elements_within(&self, bytes: u64) -> (u64, bool) {
        match bytes.checked_div(self.size()) {
            None => (0, bytes == 0),
            Some(whole) => {
                let (more, exact) = super::program::elements_within(self, bytes % self.size());
                (whole * self.elements() + more, exact)
            }
        }
    }

    /// How many bytes the first so many scalars of a row of such elements have: what
    /// [`elements_within`](Layout::elements_within) is the inverse of. None beyond 2^64 - 1; 0 if it has no scalars.
    ///
    /// ```
    /// use archipelago_layout::{Field, Layout};
    ///
    /// let field = |displacement, of| Field { count: 1, displacement, of };
    /// let pair = Layout::structure(&[field(0, Layout::of::<f64>()), field(8, Layout::of::<u16>())])?;
    /// assert_eq!((pair.bytes_of_elements(3), pair.elements_within(18)), (Some(18), (3, true)));
    /// # Ok::<(), archipelago_layout::LayoutError>(())
    /// ```
    pub fn bytes_of_elements(&self, elements: u64) -> Option<u64> {
        let Some(whole) = elements.checked_div(self.elements()) else { return Some(0) };
        let more = super::program::bytes_of_elements(self, elements % self.elements());
        whole.checked_mul(self.size())?.checked_add(more)
    }

    pub(crate) fn program(&self) -> &Program {
        self.inner.program.get_or_init(|| Program::native(self))
    }

    pub(crate) fn external_program(&self) -> &Program {
        self.seldom().external.get_or_init(|| Program::external(self))
    }

    fn seldom(&self) -> &Seldom {
        self.inner.seldom.get_or_init(Box::default)
    }

    fn occupied(&self) -> Span {
        self.facts().bounds.occupied.unwrap_or(Span { low: 0, high: 0 })
    }

    fn data(&self) -> Span {
        self.facts().bounds.data.unwrap_or(Span { low: 0, high: 0 })
    }
}

impl fmt::Debug for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.constructor.fmt(f)
    }
}
