//! Constructors of datatypes (MPI 5.0 §5.1.2 to §5.1.10), and the end of them.
//!
//! Each is told which form was called, because that is read back.

use std::ffi::c_int;

use layout::{Dimension, Distribution, Field, Layout, Order};

use crate::datatype::Contents;
use crate::number::{
    COMBINER_CONTIGUOUS, COMBINER_DARRAY, COMBINER_DUP, COMBINER_HINDEXED, COMBINER_HINDEXED_BLOCK,
    COMBINER_HVECTOR, COMBINER_INDEXED, COMBINER_INDEXED_BLOCK, COMBINER_RESIZED, COMBINER_STRUCT,
    COMBINER_SUBARRAY, COMBINER_VECTOR, DATATYPE_NULL, DISTRIBUTE_BLOCK, DISTRIBUTE_CYCLIC,
    DISTRIBUTE_DFLT_DARG, DISTRIBUTE_NONE, ERR_ARG, ERR_COUNT, ERR_RANK, ERR_TYPE, ORDER_C, ORDER_FORTRAN,
};
use crate::pointer::{Form, Integers, List, Out};
use crate::{Datatype, Error, Result, Type};

fn length(count: i64) -> Result<u64> {
    u64::try_from(count).map_err(|_| Error::new(ERR_COUNT, format!("the count is negative: {count}")))
}

fn lengths(counts: &[i64]) -> Result<Vec<u64>> {
    counts.iter().map(|count| length(*count)).collect()
}

fn argument(name: &str, value: impl std::fmt::Display) -> Box<Error> {
    Error::new(ERR_ARG, format!("{name} can't be {value}"))
}

/// Lengths and displacements of blocks.
fn blocks(lengths: &[u64], displacements: &[i64]) -> Vec<(u64, i64)> {
    lengths.iter().copied().zip(displacements.iter().copied()).collect()
}

/// Makes a datatype of one other; `layout` is given that one's.
fn make(
    oldtype: Datatype,
    newtype: Out<Datatype>,
    (combiner, form): (c_int, Form),
    layout: impl FnOnce(&Layout) -> Result<Layout>,
    contents: impl FnOnce(Contents) -> Contents,
) -> Result {
    newtype.check()?;
    let of = oldtype.get()?;
    let layout = layout(of.layout()?)?;
    let contents = contents(Contents::new(combiner, form, vec![of.part(oldtype)]));
    newtype.set(Type::derived(layout, contents).register()?)
}

pub fn type_contiguous(count: i64, oldtype: Datatype, newtype: Out<Datatype>, form: Form) -> Result {
    let layout = |of: &Layout| Ok(Layout::contiguous(length(count)?, of)?);
    make(oldtype, newtype, (COMBINER_CONTIGUOUS, form), layout, |made| made.counts(&[count]))
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
    let contents = |made: Contents| made.counts(&[count, blocklength, stride]);
    make(oldtype, newtype, (COMBINER_VECTOR, form), layout, contents)
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
    let contents = |made: Contents| made.counts(&[count, blocklength]).addresses(&[stride]);
    make(oldtype, newtype, (COMBINER_HVECTOR, form), layout, contents)
}

pub fn type_indexed(
    count: i64,
    blocklengths: Integers,
    displacements: Integers,
    oldtype: Datatype,
    newtype: Out<Datatype>,
    form: Form,
) -> Result {
    let n = length(count)? as usize;
    let (of_blocks, at) = (blocklengths.values(n)?, displacements.values(n)?);
    let layout = |of: &Layout| Ok(Layout::indexed(&blocks(&lengths(&of_blocks)?, &at), of)?);
    let contents = |made: Contents| made.counts(&[count]).counts(&of_blocks).counts(&at);
    make(oldtype, newtype, (COMBINER_INDEXED, form), layout, contents)
}

pub fn type_create_hindexed(
    count: i64,
    blocklengths: Integers,
    displacements: Integers,
    oldtype: Datatype,
    newtype: Out<Datatype>,
    form: Form,
) -> Result {
    let n = length(count)? as usize;
    let (of_blocks, at) = (blocklengths.values(n)?, displacements.values(n)?);
    let layout = |of: &Layout| Ok(Layout::hindexed(&blocks(&lengths(&of_blocks)?, &at), of)?);
    let contents = |made: Contents| made.counts(&[count]).counts(&of_blocks).addresses(&at);
    make(oldtype, newtype, (COMBINER_HINDEXED, form), layout, contents)
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
    let layout = |of: &Layout| Ok(Layout::indexed_block(length(blocklength)?, &at, of)?);
    let contents = |made: Contents| made.counts(&[count, blocklength]).counts(&at);
    make(oldtype, newtype, (COMBINER_INDEXED_BLOCK, form), layout, contents)
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
    let layout = |of: &Layout| Ok(Layout::hindexed_block(length(blocklength)?, &at, of)?);
    let contents = |made: Contents| made.counts(&[count, blocklength]).addresses(&at);
    make(oldtype, newtype, (COMBINER_HINDEXED_BLOCK, form), layout, contents)
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
    let (of_blocks, at) = (blocklengths.values(n)?, displacements.values(n)?);
    let (mut fields, mut parts) = (Vec::with_capacity(n), Vec::with_capacity(n));
    let counts = lengths(&of_blocks)?;
    for (i, name) in types.values(n)?.into_iter().enumerate() {
        let of = name.get()?;
        let (count, displacement) = (counts[i], at[i]);
        fields.push(Field { count, displacement, of: of.layout()?.clone() });
        parts.push(of.part(name));
    }
    let contents = Contents::new(COMBINER_STRUCT, form, parts);
    let contents = contents.counts(&[count]).counts(&of_blocks).addresses(&at);
    newtype.set(Type::derived(Layout::structure(&fields)?, contents).register()?)
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
    let (sizes, subsizes, starts) = (sizes.values(n)?, subsizes.values(n)?, starts.values(n)?);
    let order = order(order_of)?;
    let list = |name: &str, values: &[i64]| -> Result<Vec<u64>> {
        let positive = |value: &i64| u64::try_from(*value).map_err(|_| argument(name, value));
        values.iter().map(positive).collect()
    };
    let layout = |of: &Layout| {
        let (sizes, subsizes) = (list("a size", &sizes)?, list("a subsize", &subsizes)?);
        Ok(Layout::subarray(&sizes, &subsizes, &list("a start", &starts)?, order, of)?)
    };
    let contents = |made: Contents| {
        made.integers(&[ndims]).counts(&sizes).counts(&subsizes).counts(&starts).integers(&[order_of])
    };
    make(oldtype, newtype, (COMBINER_SUBARRAY, form), layout, contents)
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
    let contents = |made: Contents| {
        let made = made.integers(&[size, rank, ndims]).counts(&gsizes);
        made.integers(&distribs).integers(&dargs).integers(&psizes).integers(&[order_of])
    };
    make(oldtype, newtype, (COMBINER_DARRAY, form), layout, contents)
}

pub fn type_create_resized(
    oldtype: Datatype,
    lb: i64,
    extent: i64,
    newtype: Out<Datatype>,
    form: Form,
) -> Result {
    let layout = |of: &Layout| Ok(Layout::resized(lb, extent, of)?);
    make(oldtype, newtype, (COMBINER_RESIZED, form), layout, |made| made.addresses(&[lb, extent]))
}

pub fn type_dup(oldtype: Datatype, newtype: Out<Datatype>) -> Result {
    newtype.check()?;
    let of = oldtype.get()?;
    let layout = of.layout()?.duplicate();
    let contents = Contents::new(COMBINER_DUP, Form::Int, vec![of.part(oldtype)]);
    let made = Type::derived(layout, contents).with_attributes(of.attributes.copy(oldtype.0)?);
    if of.is_committed() {
        made.commit();
    }
    newtype.set(made.register()?)
}

pub fn type_commit(datatype: Out<Datatype>) -> Result {
    datatype.get()?.get()?.commit();
    Ok(())
}

pub fn type_free(datatype: Out<Datatype>) -> Result {
    let name = datatype.get()?;
    let held = name.get()?;
    if !held.is_derived() {
        return Err(Error::new(ERR_TYPE, "a predefined datatype can't be freed"));
    }
    held.attributes.delete_all(name.0)?;
    drop(held);
    if !name.remove() {
        return Err(Error::new(ERR_TYPE, "the datatype was freed before, and an operator is still using it"));
    }
    datatype.set(Datatype(DATATYPE_NULL))
}
