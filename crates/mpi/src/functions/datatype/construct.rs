//! Constructors of datatypes (MPI 5.0 §5.1.2 to §5.1.10), and the end of them.
//!
//! Each is told which form was called, because that is read back.

use std::ffi::c_int;

use layout::{Dimension, Distribution, Field, Layout, Order};

use crate::datatype::{Contents, Parts};
use crate::number::{
    COMBINER_CONTIGUOUS, COMBINER_DARRAY, COMBINER_HINDEXED, COMBINER_HINDEXED_BLOCK, COMBINER_HVECTOR,
    COMBINER_INDEXED, COMBINER_INDEXED_BLOCK, COMBINER_RESIZED, COMBINER_STRUCT, COMBINER_SUBARRAY,
    COMBINER_VECTOR, DATATYPE_NULL, DISTRIBUTE_BLOCK, DISTRIBUTE_CYCLIC, DISTRIBUTE_DFLT_DARG,
    DISTRIBUTE_NONE, ERR_ARG, ERR_COUNT, ERR_RANK, ERR_TYPE, ORDER_C, ORDER_FORTRAN,
};
use crate::pointer::{self, Form, Integers, List, Out, with_room};
use crate::{Datatype, Error, Result, Type};

fn length(count: i64) -> Result<u64> {
    pointer::length("the count", count, ERR_COUNT).map(|count| count as u64)
}

fn argument(name: &str, value: impl std::fmt::Display) -> Box<Error> {
    Error::new(ERR_ARG, format!("{name} can't be {value}"))
}

/// Lengths and displacements of blocks.
fn blocks(count: usize, lengths: Integers, displacements: Integers) -> Result<Vec<(u64, i64)>> {
    let mut all = with_room(count)?;
    for at in 0..count {
        all.push((length(lengths.get(at)?)?, displacements.get(at)?));
    }
    Ok(all)
}

/// Makes a datatype of one other; `layout` is given that one's.
fn make(
    oldtype: Datatype,
    newtype: Out<Datatype>,
    (combiner, form): (c_int, Form),
    layout: impl FnOnce(&Layout) -> Result<Layout>,
) -> Result {
    make_with(oldtype, newtype, (combiner, form), layout, |contents| contents)
}

/// The same, where the layout doesn't know all of the contents.
fn make_with(
    oldtype: Datatype,
    newtype: Out<Datatype>,
    (combiner, form): (c_int, Form),
    layout: impl FnOnce(&Layout) -> Result<Layout>,
    contents: impl FnOnce(Contents) -> Contents,
) -> Result {
    newtype.check()?;
    let of = oldtype.get()?;
    let layout = layout(of.layout()?)?;
    let contents = contents(Contents::new(combiner, form, Parts::One(of.part(oldtype))));
    newtype.set(Type::derived(layout, contents).register()?)
}

pub fn type_contiguous(count: i64, oldtype: Datatype, newtype: Out<Datatype>, form: Form) -> Result {
    let layout = |of: &Layout| Ok(Layout::contiguous(length(count)?, of)?);
    make(oldtype, newtype, (COMBINER_CONTIGUOUS, form), layout)
}

pub fn type_vector(
    count: i64,
    blocklength: i64,
    stride: i64,
    oldtype: Datatype,
    newtype: Out<Datatype>,
    form: Form,
) -> Result {
    let layout = |of: &Layout| Ok(Layout::vector(length(count)?, length(blocklength)?, stride, of)?);
    make(oldtype, newtype, (COMBINER_VECTOR, form), layout)
}

pub fn type_create_hvector(
    count: i64,
    blocklength: i64,
    stride: i64,
    oldtype: Datatype,
    newtype: Out<Datatype>,
    form: Form,
) -> Result {
    let layout = |of: &Layout| Ok(Layout::hvector(length(count)?, length(blocklength)?, stride, of)?);
    make(oldtype, newtype, (COMBINER_HVECTOR, form), layout)
}

pub fn type_indexed(
    count: i64,
    blocklengths: Integers,
    displacements: Integers,
    oldtype: Datatype,
    newtype: Out<Datatype>,
    form: Form,
) -> Result {
    let blocks = blocks(length(count)? as usize, blocklengths, displacements)?;
    make(oldtype, newtype, (COMBINER_INDEXED, form), |of| Ok(Layout::indexed(blocks, of)?))
}

pub fn type_create_hindexed(
    count: i64,
    blocklengths: Integers,
    displacements: Integers,
    oldtype: Datatype,
    newtype: Out<Datatype>,
    form: Form,
) -> Result {
    let blocks = blocks(length(count)? as usize, blocklengths, displacements)?;
    make(oldtype, newtype, (COMBINER_HINDEXED, form), |of| Ok(Layout::hindexed(blocks, of)?))
}

pub fn type_create_indexed_block(
    count: i64,
    blocklength: i64,
    displacements: Integers,
    oldtype: Datatype,
    newtype: Out<Datatype>,
    form: Form,
) -> Result {
    let at = displacements.values(length(count)? as usize)?;
    let layout = |of: &Layout| Ok(Layout::indexed_block(length(blocklength)?, at, of)?);
    make(oldtype, newtype, (COMBINER_INDEXED_BLOCK, form), layout)
}

pub fn type_create_hindexed_block(
    count: i64,
    blocklength: i64,
    displacements: Integers,
    oldtype: Datatype,
    newtype: Out<Datatype>,
    form: Form,
) -> Result {
    let at = displacements.values(length(count)? as usize)?;
    let layout = |of: &Layout| Ok(Layout::hindexed_block(length(blocklength)?, at, of)?);
    make(oldtype, newtype, (COMBINER_HINDEXED_BLOCK, form), layout)
}

pub fn type_create_struct(
    count: i64,
    blocklengths: Integers,
    displacements: Integers,
    types: List<Datatype>,
    newtype: Out<Datatype>,
    form: Form,
) -> Result {
    newtype.check()?;
    let n = length(count)? as usize;
    let (mut fields, mut parts) = (with_room(n)?, with_room(n)?);
    for i in 0..n {
        let (count, displacement, name) =
            (length(blocklengths.get(i)?)?, displacements.get(i)?, types.get(i)?);
        let of = name.get()?;
        fields.push(Field { count, displacement, of: of.layout()?.clone() });
        parts.push(of.part(name));
    }
    let contents = Contents::new(COMBINER_STRUCT, form, Parts::Several(parts.into()));
    newtype.set(Type::derived(Layout::structure(fields)?, contents).register()?)
}

fn order(order: c_int) -> Result<Order> {
    match order {
        ORDER_C => Ok(Order::C),
        ORDER_FORTRAN => Ok(Order::Fortran),
        _ => Err(argument("the order", order)),
    }
}

fn dimensions(ndims: c_int) -> Result<usize> {
    usize::try_from(ndims).ok().filter(|n| *n > 0).ok_or_else(|| argument("the number of dimensions", ndims))
}

pub fn type_create_subarray(
    ndims: c_int,
    sizes: Integers,
    subsizes: Integers,
    starts: Integers,
    order_of: c_int,
    oldtype: Datatype,
    newtype: Out<Datatype>,
    form: Form,
) -> Result {
    let n = dimensions(ndims)?;
    let order = order(order_of)?;
    let list = |name: &str, values: Integers| -> Result<Vec<u64>> {
        values.each(n, |value| u64::try_from(value).map_err(|_| argument(name, value)))
    };
    let layout = |of: &Layout| {
        let (sizes, subsizes) = (list("a size", sizes)?, list("a subsize", subsizes)?);
        Ok(Layout::subarray(&sizes, &subsizes, &list("a start", starts)?, order, of)?)
    };
    make(oldtype, newtype, (COMBINER_SUBARRAY, form), layout)
}

/// How the elements of a dimension are dealt.
fn distribution(kind: c_int, of_block: c_int) -> Result<Distribution> {
    let block = match of_block {
        DISTRIBUTE_DFLT_DARG => None,
        block => Some(block),
    };
    // MPI 5.0 §5.1.4: a block has one element at least.
    let checked = || match block.map(u64::try_from) {
        None => Ok(None),
        Some(Ok(block)) if block > 0 => Ok(Some(block)),
        Some(_) => Err(argument("the size of a block", of_block)),
    };
    match kind {
        DISTRIBUTE_NONE => Ok(Distribution::None),
        DISTRIBUTE_BLOCK => checked().map(Distribution::Block),
        DISTRIBUTE_CYCLIC => checked().map(Distribution::Cyclic),
        _ => Err(argument("a distribution", kind)),
    }
}

pub fn type_create_darray(
    size: c_int,
    rank: c_int,
    ndims: c_int,
    gsizes: Integers,
    distribs: List<c_int>,
    dargs: List<c_int>,
    psizes: List<c_int>,
    order_of: c_int,
    oldtype: Datatype,
    newtype: Out<Datatype>,
    form: Form,
) -> Result {
    let n = dimensions(ndims)?;
    let (gsizes, distribs) = (gsizes.values(n)?, distribs.values(n)?);
    let (dargs, psizes) = (dargs.values(n)?, psizes.values(n)?);
    let order = order(order_of)?;
    if size <= 0 {
        return Err(argument("the number of processes", size));
    }
    if !(0..size).contains(&rank) {
        let text = format!("there is no rank {rank} among {size} processes");
        return Err(Error::new(ERR_RANK, text));
    }
    let dimension = |i: usize| -> Result<Dimension> {
        let (size, processes) = (u64::try_from(gsizes[i]), u64::try_from(psizes[i]));
        let size = size.map_err(|_| argument("a size", gsizes[i]))?;
        let processes = processes.map_err(|_| argument("a number of processes", psizes[i]))?;
        Ok(Dimension { size, distribution: distribution(distribs[i], dargs[i])?, processes })
    };
    let layout = |of: &Layout| {
        let all: Vec<Dimension> = (0..n).map(dimension).collect::<Result<_>>()?;
        Ok(Layout::distributed_array(size as u64, rank as u64, &all, order, of)?)
    };
    // That of a dimension which isn't distributed makes no difference to the layout.
    make_with(oldtype, newtype, (COMBINER_DARRAY, form), layout, |made| made.others(&dargs[..]))
}

pub fn type_create_resized(
    oldtype: Datatype,
    lb: i64,
    extent: i64,
    newtype: Out<Datatype>,
    form: Form,
) -> Result {
    let layout = |of: &Layout| Ok(Layout::resized(lb, extent, of)?);
    make(oldtype, newtype, (COMBINER_RESIZED, form), layout)
}

pub fn type_dup(oldtype: Datatype, newtype: Out<Datatype>) -> Result {
    newtype.check()?;
    let of = oldtype.get()?;
    newtype.set(of.duplicate(oldtype, of.attributes().copy(oldtype.0)?)?.register()?)
}

pub fn type_commit(datatype: Out<Datatype>) -> Result {
    datatype.get()?.get()?.commit();
    Ok(())
}

pub fn type_free(datatype: Out<Datatype>) -> Result {
    let name = datatype.get()?;
    if !name.free_plain() {
        let held = name.get_made()?;
        held.attributes().delete_all(name.0)?;
        if !held.free() {
            let text = "the datatype was freed before, and an operator is still using it";
            return Err(Error::new(ERR_TYPE, text));
        }
    }
    datatype.set(Datatype(DATATYPE_NULL))
}
