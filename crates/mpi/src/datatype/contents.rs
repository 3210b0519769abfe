//! How a program made a datatype: what is read back as its envelope and contents (MPI 5.0 §5.1.13).
//!
//! The layout remembers the arguments of its constructor: they are read back from it, and only what it doesn't know is kept here.

use std::ffi::c_int;
use std::sync::Arc;

use layout::{Constructor, Dimension, Distribution, Field, Layout, Order};

use super::object::Shape;
use crate::number::{
    COMBINER_DUP, DISTRIBUTE_BLOCK, DISTRIBUTE_CYCLIC, DISTRIBUTE_NONE, ORDER_C, ORDER_FORTRAN,
};
use crate::pointer::Form;
use crate::{Datatype, Result};

/// How a datatype was made, as far as its layout doesn't tell.
pub(crate) struct Contents {
    /// Which constructor.
    pub combiner: c_int,
    form: Form,
    /// What it was made of.
    pub parts: Parts,
    /// Arguments that made no difference to the layout.
    others: Box<[c_int]>,
}

/// A datatype that another one was made of. The program may have freed it since.
#[derive(Clone)]
pub(crate) enum Part {
    /// One that is always there.
    Predefined(Datatype),
    /// One that the program made.
    Made(Arc<Shape>),
}

/// What a datatype was made of.
pub(crate) enum Parts {
    None,
    One(Part),
    Several(Box<[Part]>),
}

impl Parts {
    /// All of them.
    pub fn all(&self) -> &[Part] {
        match self {
            Parts::None => &[],
            Parts::One(part) => std::slice::from_ref(part),
            Parts::Several(parts) => parts,
        }
    }
}

/// Where an argument is read back from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    Integers,
    Addresses,
    LargeCounts,
}

/// How many entries the lists of an envelope have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lengths {
    pub integers: usize,
    pub addresses: usize,
    pub large_counts: usize,
    pub datatypes: usize,
}

/// What an argument is in the constructor's declaration.
#[derive(Clone, Copy)]
enum Kind {
    /// `int` in both forms.
    Integer,
    /// `int` in one form and `MPI_Count` in the other.
    Count,
    /// `MPI_Aint` in one form and `MPI_Count` in the other.
    Address,
}

impl Contents {
    /// Of a call of this form.
    pub fn new(combiner: c_int, form: Form, parts: Parts) -> Contents {
        Contents { combiner, form, parts, others: Box::default() }
    }

    /// And arguments that made no difference to the layout.
    pub fn others(self, others: impl Into<Box<[c_int]>>) -> Contents {
        Contents { others: others.into(), ..self }
    }

    /// How many arguments are read back of a datatype of this layout.
    pub fn lengths(&self, layout: &Layout) -> Lengths {
        let (integers, counts, addresses) = match layout.constructor() {
            _ if self.combiner == COMBINER_DUP => (0, 0, 0),
            Constructor::Contiguous { .. } => (0, 1, 0),
            Constructor::Vector { .. } => (0, 3, 0),
            Constructor::HVector { .. } => (0, 2, 1),
            Constructor::Indexed { blocks, .. } => (0, 1 + 2 * blocks.len(), 0),
            Constructor::HIndexed { blocks, .. } => (0, 1 + blocks.len(), blocks.len()),
            Constructor::IndexedBlock { displacements, .. } => (0, 2 + displacements.len(), 0),
            Constructor::HIndexedBlock { displacements, .. } => (0, 2, displacements.len()),
            Constructor::Struct { fields } => (0, 1 + fields.len(), fields.len()),
            Constructor::Subarray { sizes, .. } => (2, 3 * sizes.len(), 0),
            Constructor::DistributedArray { dimensions, .. } => {
                (4 + 3 * dimensions.len(), dimensions.len(), 0)
            }
            Constructor::Resized { .. } => (0, 0, 2),
            // What Fortran asked for is like a named one.
            _ => (self.others.len(), 0, 0),
        };
        let datatypes = self.parts.all().len();
        match self.form {
            Form::Int => Lengths { integers: integers + counts, addresses, large_counts: 0, datatypes },
            Form::Large => Lengths { integers, addresses: 0, large_counts: counts + addresses, datatypes },
        }
    }

    /// Gives the arguments away one by one, those of each list in their order.
    pub fn arguments(&self, layout: &Layout, mut give: impl FnMut(List, i64) -> Result) -> Result {
        let mut give = |kind: Kind, value: i64| match (kind, self.form) {
            (Kind::Integer, _) | (Kind::Count, Form::Int) => give(List::Integers, value),
            (Kind::Address, Form::Int) => give(List::Addresses, value),
            (Kind::Count | Kind::Address, Form::Large) => give(List::LargeCounts, value),
        };
        // What is not negative was so before it was made unsigned.
        let length = |length: usize| length as i64;
        match layout.constructor() {
            _ if self.combiner == COMBINER_DUP => Ok(()),
            Constructor::Contiguous { count, .. } => give(Kind::Count, *count as i64),
            Constructor::Vector { count, block, stride, .. } => {
                give(Kind::Count, *count as i64)?;
                give(Kind::Count, *block as i64)?;
                give(Kind::Count, *stride)
            }
            Constructor::HVector { count, block, stride, .. } => {
                give(Kind::Count, *count as i64)?;
                give(Kind::Count, *block as i64)?;
                give(Kind::Address, *stride)
            }
            Constructor::Indexed { blocks, .. } => {
                give(Kind::Count, length(blocks.len()))?;
                blocks.iter().try_for_each(|(block, _)| give(Kind::Count, *block as i64))?;
                blocks.iter().try_for_each(|(_, at)| give(Kind::Count, *at))
            }
            Constructor::HIndexed { blocks, .. } => {
                give(Kind::Count, length(blocks.len()))?;
                blocks.iter().try_for_each(|(block, _)| give(Kind::Count, *block as i64))?;
                blocks.iter().try_for_each(|(_, at)| give(Kind::Address, *at))
            }
            Constructor::IndexedBlock { block, displacements, .. } => {
                give(Kind::Count, length(displacements.len()))?;
                give(Kind::Count, *block as i64)?;
                displacements.iter().try_for_each(|at| give(Kind::Count, *at))
            }
            Constructor::HIndexedBlock { block, displacements, .. } => {
                give(Kind::Count, length(displacements.len()))?;
                give(Kind::Count, *block as i64)?;
                displacements.iter().try_for_each(|at| give(Kind::Address, *at))
            }
            Constructor::Struct { fields } => {
                give(Kind::Count, length(fields.len()))?;
                fields.iter().try_for_each(|Field { count, .. }| give(Kind::Count, *count as i64))?;
                fields.iter().try_for_each(|Field { displacement, .. }| give(Kind::Address, *displacement))
            }
            Constructor::Subarray { sizes, subsizes, starts, order, .. } => {
                give(Kind::Integer, length(sizes.len()))?;
                let lists = [sizes, subsizes, starts].into_iter().flatten();
                lists.into_iter().try_for_each(|value| give(Kind::Count, *value as i64))?;
                give(Kind::Integer, number_of(*order))
            }
            Constructor::DistributedArray { processes, rank, dimensions, order, .. } => {
                give(Kind::Integer, *processes as i64)?;
                give(Kind::Integer, *rank as i64)?;
                give(Kind::Integer, length(dimensions.len()))?;
                dimensions.iter().try_for_each(|Dimension { size, .. }| give(Kind::Count, *size as i64))?;
                for Dimension { distribution, .. } in dimensions {
                    let kind = match distribution {
                        Distribution::None => DISTRIBUTE_NONE,
                        Distribution::Block(_) => DISTRIBUTE_BLOCK,
                        Distribution::Cyclic(_) => DISTRIBUTE_CYCLIC,
                    };
                    give(Kind::Integer, kind.into())?;
                }
                // Of a dimension that isn't distributed too.
                self.others.iter().try_for_each(|of_block| give(Kind::Integer, i64::from(*of_block)))?;
                let processes = dimensions.iter().map(|dimension| dimension.processes as i64);
                processes.into_iter().try_for_each(|processes| give(Kind::Integer, processes))?;
                give(Kind::Integer, number_of(*order))
            }
            Constructor::Resized { lower_bound, extent, .. } => {
                give(Kind::Address, *lower_bound)?;
                give(Kind::Address, *extent)
            }
            _ => self.others.iter().try_for_each(|value| give(Kind::Integer, i64::from(*value))),
        }
    }
}

fn number_of(order: Order) -> i64 {
    match order {
        Order::C => ORDER_C.into(),
        Order::Fortran => ORDER_FORTRAN.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::{COMBINER_DARRAY, COMBINER_VECTOR};

    fn read_back(contents: &Contents, layout: &Layout) -> [Vec<i64>; 3] {
        let mut lists = [const { Vec::new() }; 3];
        let give = |list, value| {
            lists[list as usize].push(value);
            Ok(())
        };
        contents.arguments(layout, give).unwrap();
        lists
    }

    #[test]
    fn as_many_arguments_as_the_lengths_say() {
        let of = Layout::of::<f64>();
        let fields =
            [(2, 0), (1, 24)].map(|(count, displacement)| Field { count, displacement, of: of.clone() });
        let dealt = [(5, 2), (7, 1)].map(|(size, processes)| Dimension {
            size,
            distribution: Distribution::Block(None),
            processes,
        });
        let layouts = [
            Layout::contiguous(3, &of),
            Layout::vector(3, 2, 4, &of),
            Layout::hvector(3, 2, -40, &of),
            Layout::indexed(&[(1, 4), (2, 0), (0, 9)], &of),
            Layout::hindexed(&[(1, 40), (2, 0)], &of),
            Layout::indexed_block(2, &[4, 0, 8], &of),
            Layout::hindexed_block(2, &[40, 0, 80], &of),
            Layout::structure(&fields),
            Layout::subarray(&[4, 5], &[2, 3], &[1, 2], Order::Fortran, &of),
            Layout::distributed_array(2, 1, &dealt, Order::C, &of),
            Layout::resized(-8, 64, &of),
        ];
        for layout in layouts.map(|layout| layout.unwrap()) {
            for form in [Form::Int, Form::Large] {
                let contents = Contents::new(COMBINER_VECTOR, form, Parts::None).others([7, 8]);
                let lengths = contents.lengths(&layout);
                let lengths = [lengths.integers, lengths.addresses, lengths.large_counts];
                assert_eq!(
                    read_back(&contents, &layout).map(|list| list.len()),
                    lengths,
                    "{layout:?} {form:?}"
                );
                let copy = Contents::new(COMBINER_DUP, form, Parts::None);
                assert_eq!((read_back(&copy, &layout), copy.lengths(&layout)), Default::default());
            }
        }
    }

    #[test]
    fn arguments_come_in_the_order_of_the_standard() {
        let dealt = [
            Dimension { size: 5, distribution: Distribution::Cyclic(Some(2)), processes: 2 },
            Dimension { size: 7, distribution: Distribution::None, processes: 1 },
        ];
        let layout = Layout::distributed_array(2, 1, &dealt, Order::C, &Layout::of::<u8>()).unwrap();
        let (cyclic, none, order) = (DISTRIBUTE_CYCLIC.into(), DISTRIBUTE_NONE.into(), ORDER_C.into());
        let check = |form, expected| {
            let contents = Contents::new(COMBINER_DARRAY, form, Parts::None).others([2, 33]);
            assert_eq!(read_back(&contents, &layout), expected, "{form:?}");
        };
        check(Form::Int, [vec![2, 1, 2, 5, 7, cyclic, none, 2, 33, 2, 1, order], vec![], vec![]]);
        check(Form::Large, [vec![2, 1, 2, cyclic, none, 2, 33, 2, 1, order], vec![], vec![5, 7]]);
        let layout = Layout::hindexed(&[(1, 40), (2, -8)], &Layout::of::<u8>()).unwrap();
        let check = |form, expected| {
            let contents = Contents::new(COMBINER_VECTOR, form, Parts::None);
            assert_eq!(read_back(&contents, &layout), expected, "{form:?}");
        };
        check(Form::Int, [vec![2, 1, 2], vec![40, -8], vec![]]);
        check(Form::Large, [vec![], vec![], vec![2, 1, 2, 40, -8]]);
    }
}
