//! The constructors, but for those of arrays.

use std::borrow::Cow;

use wire::{Form, Scalar, Sequence, Shape, Wire};

use super::bounds::{Bounds, Reach, Span, add};
use super::layout::Facts;
use super::{Constructor, Field, Layout, LayoutError, Leaf};

impl Layout {
    /// One scalar.
    pub fn scalar(scalar: Scalar) -> Layout {
        let external_bytes = scalar.bytes() as u8;
        Layout::leaf(Leaf { scalar, sequence: Sequence::scalar(scalar), external_bytes })
    }

    /// A scalar that says for itself what it adds to signatures and how long it is in the external format.
    pub fn leaf(leaf: Leaf) -> Layout {
        let bytes = leaf.scalar.bytes();
        let span = Some(Span { low: 0, high: bytes as i64 });
        let facts = Facts {
            size: bytes as u64,
            external_size: leaf.external_bytes as u64,
            elements: 1,
            bounds: Bounds { occupied: span, set: false, data: span },
            alignment: leaf.scalar.alignment() as u32,
            depth: 0,
            only_bytes: leaf.scalar == Scalar::Byte,
        };
        proven(Layout::new(Constructor::Basic(leaf), facts))
    }

    /// Values of `T`, whose memory must be their encoding (a scalar, an array, a struct without padding in declared
    /// order): anything else does not compile.
    ///
    /// ```
    /// use archipelago_layout::Layout;
    /// use wire::Wire;
    ///
    /// let point = Layout::of::<[f64; 3]>();
    /// assert_eq!((point.size(), point.extent(), point.signature()), (24, 24, f64::SIGNATURE));
    /// ```
    ///
    /// ```compile_fail
    /// archipelago_layout::Layout::of::<Option<f64>>();
    /// ```
    pub fn of<T: Wire>() -> Layout {
        const { assert!(!matches!(T::FORM, Form::Packed), "the memory of the type is not its encoding") };
        let layout = of_shape(T::SHAPE);
        // In a packed struct no scalar lies where its alignment wants it, and the next struct follows at once.
        if layout.extent() == T::BYTES as i64 {
            layout
        } else {
            proven(Layout::resized(0, T::BYTES as i64, &layout))
        }
    }

    /// The same layout, as one of its own.
    pub fn duplicate(&self) -> Layout {
        let facts = Facts { depth: self.facts().depth + 1, ..*self.facts() };
        // At the greatest depth there is no room for another level, nor any need.
        Layout::new(Constructor::Duplicate { of: self.clone() }, facts).unwrap_or_else(|_| self.clone())
    }

    /// `count` elements in a row.
    ///
    /// # Errors
    /// [`LayoutError::Overflow`], [`LayoutError::TooDeep`], as for all constructors.
    pub fn contiguous(count: u64, of: &Layout) -> Result<Layout, LayoutError> {
        let facts = of.facts().times(count)?;
        let bounds = of.facts().bounds.repeated(count, of.extent())?;
        Layout::new(Constructor::Contiguous { count, of: of.clone() }, Facts { bounds, ..facts })
    }

    /// `count` blocks of `block` elements each, a stride of so many elements apart.
    ///
    /// # Errors
    /// As [`contiguous`](Layout::contiguous).
    ///
    /// ```
    /// use archipelago_layout::Layout;
    ///
    /// let pairs = Layout::vector(3, 2, 5, &Layout::of::<u8>())?;
    /// let numbers: Vec<u8> = (0..12).collect();
    /// assert_eq!(pairs.over(&numbers).unwrap().to_vec::<u8>(), [0, 1, 5, 6, 10, 11]);
    /// # Ok::<(), archipelago_layout::LayoutError>(())
    /// ```
    pub fn vector(count: u64, block: u64, stride: i64, of: &Layout) -> Result<Layout, LayoutError> {
        // Of less than two blocks, or of empty ones, no stride can reach too far.
        let matters = count > 1 && block > 0;
        let bytes = if matters { times_signed(stride, of.extent())? } else { 0 };
        let facts = strided(count, block, bytes, of)?;
        Layout::new(Constructor::Vector { count, block, stride, of: of.clone() }, facts)
    }

    /// [`vector`](Layout::vector) with its stride in bytes.
    ///
    /// # Errors
    /// As [`contiguous`](Layout::contiguous).
    pub fn hvector(count: u64, block: u64, stride: i64, of: &Layout) -> Result<Layout, LayoutError> {
        let facts = strided(count, block, stride, of)?;
        Layout::new(Constructor::HVector { count, block, stride, of: of.clone() }, facts)
    }

    /// Blocks of (length, displacement) elements.
    ///
    /// # Errors
    /// As [`contiguous`](Layout::contiguous).
    ///
    /// ```
    /// use archipelago_layout::Layout;
    ///
    /// let picked = Layout::indexed(&[(1, 4), (2, 0)], &Layout::of::<u8>())?;
    /// assert_eq!(picked.over(b"abcdef").unwrap().to_vec::<u8>(), b"eab");
    /// # Ok::<(), archipelago_layout::LayoutError>(())
    /// ```
    pub fn indexed<'a>(blocks: impl Into<Cow<'a, [(u64, i64)]>>, of: &Layout) -> Result<Layout, LayoutError> {
        let blocks = blocks.into();
        let facts = placed(blocks.iter().copied(), of.extent(), of)?;
        let blocks = blocks.into_owned().into();
        Layout::new(Constructor::Indexed { blocks, of: of.clone() }, facts)
    }

    /// Blocks of (length in elements, displacement in bytes).
    ///
    /// # Errors
    /// As [`contiguous`](Layout::contiguous).
    pub fn hindexed<'a>(
        blocks: impl Into<Cow<'a, [(u64, i64)]>>,
        of: &Layout,
    ) -> Result<Layout, LayoutError> {
        let blocks = blocks.into();
        let facts = placed(blocks.iter().copied(), 1, of)?;
        let blocks = blocks.into_owned().into();
        Layout::new(Constructor::HIndexed { blocks, of: of.clone() }, facts)
    }

    /// Blocks of one length at displacements in elements.
    ///
    /// # Errors
    /// As [`contiguous`](Layout::contiguous).
    pub fn indexed_block<'a>(
        block: u64,
        displacements: impl Into<Cow<'a, [i64]>>,
        of: &Layout,
    ) -> Result<Layout, LayoutError> {
        let displacements = displacements.into();
        let facts = placed(displacements.iter().map(|&at| (block, at)), of.extent(), of)?;
        let displacements = displacements.into_owned().into();
        Layout::new(Constructor::IndexedBlock { block, displacements, of: of.clone() }, facts)
    }

    /// Blocks of one length, in elements, at displacements in bytes.
    ///
    /// # Errors
    /// As [`contiguous`](Layout::contiguous).
    pub fn hindexed_block<'a>(
        block: u64,
        displacements: impl Into<Cow<'a, [i64]>>,
        of: &Layout,
    ) -> Result<Layout, LayoutError> {
        let displacements = displacements.into();
        let facts = placed(displacements.iter().map(|&at| (block, at)), 1, of)?;
        let displacements = displacements.into_owned().into();
        Layout::new(Constructor::HIndexedBlock { block, displacements, of: of.clone() }, facts)
    }

    /// Fields at displacements in bytes. Like a struct of C, and only like one, it is padded at its end to a multiple of
    /// its [alignment](Layout::alignment), unless bounds of a field were set.
    ///
    /// # Errors
    /// As [`contiguous`](Layout::contiguous).
    ///
    /// ```
    /// use archipelago_layout::{Field, Layout};
    ///
    /// // struct { double position[3]; char name; }
    /// let particle = Layout::structure(&[
    ///     Field { count: 3, displacement: 0, of: Layout::of::<f64>() },
    ///     Field { count: 1, displacement: 24, of: Layout::of::<i8>() },
    /// ])?;
    /// assert_eq!((particle.size(), particle.extent(), particle.true_extent()), (25, 32, 25));
    /// # Ok::<(), archipelago_layout::LayoutError>(())
    /// ```
    pub fn structure<'a>(fields: impl Into<Cow<'a, [Field]>>) -> Result<Layout, LayoutError> {
        let fields = fields.into();
        let mut facts = Facts::EMPTY;
        for field in fields.iter() {
            facts.add(field)?;
        }
        if let (false, Some(occupied)) = (facts.bounds.set, &mut facts.bounds.occupied) {
            let extent = occupied.high.checked_sub(occupied.low).ok_or(LayoutError::Overflow)?;
            // Not below 0, as nothing was set.
            let over = extent % facts.alignment as i64;
            if over > 0 {
                occupied.high = add(occupied.high, facts.alignment as i64 - over)?;
            }
        }
        Layout::new(Constructor::Struct { fields: fields.into_owned().into() }, facts)
    }

    /// The same bytes with other bounds: a row of such elements has one every `extent` bytes.
    ///
    /// # Errors
    /// As [`contiguous`](Layout::contiguous).
    ///
    /// ```
    /// use archipelago_layout::Layout;
    ///
    /// // The columns of a matrix of 2 rows and 3 columns, one after the other: its transpose.
    /// let column = Layout::vector(2, 1, 3, &Layout::of::<u8>())?;
    /// let columns = Layout::contiguous(3, &Layout::resized(0, 1, &column)?)?;
    /// assert_eq!(columns.over(b"abcdef").unwrap().to_vec::<u8>(), b"adbecf");
    /// # Ok::<(), archipelago_layout::LayoutError>(())
    /// ```
    pub fn resized(lower_bound: i64, extent: i64, of: &Layout) -> Result<Layout, LayoutError> {
        let occupied = Some(Span { low: lower_bound, high: add(lower_bound, extent)? });
        let bounds = Bounds { occupied, set: true, ..of.facts().bounds };
        let facts = Facts { bounds, depth: of.facts().depth + 1, ..*of.facts() };
        Layout::new(Constructor::Resized { lower_bound, extent, of: of.clone() }, facts)
    }
}

impl Facts {
    const EMPTY: Facts = Facts {
        size: 0,
        external_size: 0,
        elements: 0,
        bounds: Bounds::EMPTY,
        alignment: 1,
        depth: 0,
        only_bytes: true,
    };

    /// Those of `count` elements, but for their bounds.
    pub fn times(&self, count: u64) -> Result<Facts, LayoutError> {
        let product = |each: u64| each.checked_mul(count).ok_or(LayoutError::Overflow);
        let empty = if count == 0 { Facts::EMPTY } else { *self };
        Ok(Facts {
            size: product(self.size)?,
            external_size: product(self.external_size)?,
            elements: product(self.elements)?,
            depth: self.depth + 1,
            ..empty
        })
    }

    /// A field follows.
    fn add(&mut self, Field { count, displacement, of }: &Field) -> Result<(), LayoutError> {
        let more = of.facts();
        self.depth = self.depth.max(more.depth + 1);
        if *count == 0 {
            return Ok(());
        }
        let sum = |all: u64, each: u64| each.checked_mul(*count).and_then(|more| all.checked_add(more));
        self.size = sum(self.size, more.size).ok_or(LayoutError::Overflow)?;
        self.external_size = sum(self.external_size, more.external_size).ok_or(LayoutError::Overflow)?;
        self.elements = sum(self.elements, more.elements).ok_or(LayoutError::Overflow)?;
        self.bounds = self.bounds.union(more.bounds.over(Reach::row(*count, *displacement, of.extent())?)?);
        self.alignment = self.alignment.max(more.alignment);
        self.only_bytes &= more.only_bytes;
        Ok(())
    }
}

fn strided(count: u64, block: u64, stride_bytes: i64, of: &Layout) -> Result<Facts, LayoutError> {
    let elements = count.checked_mul(block).ok_or(LayoutError::Overflow)?;
    let bounds = match elements {
        0 => Bounds::EMPTY,
        _ => of.facts().bounds.repeated(block, of.extent())?.repeated(count, stride_bytes)?,
    };
    Ok(Facts { bounds, ..of.facts().times(elements)? })
}

/// The facts of blocks of (length in elements, displacement in units of so many bytes).
fn placed(blocks: impl Iterator<Item = (u64, i64)>, unit: i64, of: &Layout) -> Result<Facts, LayoutError> {
    let (mut elements, mut reach) = (0u64, None::<Reach>);
    // Of empty blocks no displacement is too far.
    for (length, at) in blocks.filter(|block| block.0 > 0) {
        elements = elements.checked_add(length).ok_or(LayoutError::Overflow)?;
        let row = Reach::row(length, times_signed(at, unit)?, of.extent())?;
        reach = Some(reach.map_or(row, |all| all.union(row)));
    }
    let bounds = reach.map_or(Ok(Bounds::EMPTY), |reach| of.facts().bounds.over(reach))?;
    Ok(Facts { bounds, ..of.facts().times(elements)? })
}

fn of_shape(shape: &Shape) -> Layout {
    match shape {
        Shape::Scalar(scalar) => Layout::scalar(*scalar),
        Shape::Array { of, count } => proven(Layout::contiguous(*count as u64, &packed(of))),
        Shape::Fields { of } => {
            let mut end = 0;
            let fields: Vec<Field> = of
                .iter()
                .map(|shape| {
                    let displacement = end;
                    end += shape.bytes() as i64;
                    Field { count: 1, displacement, of: packed(shape) }
                })
                .collect();
            proven(Layout::structure(&fields))
        }
        Shape::Enumeration { bytes, .. } => {
            let scalar = match bytes {
                0 => return proven(Layout::structure(&[])),
                1 => Scalar::U8,
                2 => Scalar::U16,
                4 => Scalar::U32,
                8 => Scalar::U64,
                _ => Scalar::U128,
            };
            Layout::leaf(Leaf { scalar, sequence: shape.sequence(), external_bytes: *bytes as u8 })
        }
        Shape::Optional { .. } => unreachable!("the memory of an option is never claimed to be its encoding"),
    }
}

/// The layout of a shape without padding at its end.
fn packed(shape: &Shape) -> Layout {
    let (layout, bytes) = (of_shape(shape), shape.bytes() as i64);
    if layout.extent() == bytes { layout } else { proven(Layout::resized(0, bytes, &layout)) }
}

/// The layout of a type: no type is larger than memory, or nested as deep as the constructors permit.
fn proven(layout: Result<Layout, LayoutError>) -> Layout {
    layout.unwrap_or_else(|error| panic!("the layout of a type must exist: {error}"))
}

/// A number of elements in bytes.
pub(crate) fn times_signed(count: i64, each: i64) -> Result<i64, LayoutError> {
    count.checked_mul(each).ok_or(LayoutError::Overflow)
}
