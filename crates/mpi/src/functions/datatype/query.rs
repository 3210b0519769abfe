//! What is asked of datatypes: sizes and bounds, how they were made, names; and how many are in a message.

use std::ffi::c_int;

use crate::datatype::{Contents, Part};
use crate::number::{COMBINER_NAMED, DATATYPE_NULL, ERR_ARG, ERR_TYPE, MAX_OBJECT_NAME};
use crate::pointer::{IntegerOut, ListMut, Out, StatusIn, Text, TextOut};
use crate::{Datatype, Error, Result, Type};

pub fn type_size(datatype: Datatype, size: IntegerOut) -> Result {
    // MPI 5.0 §20.3: an optional datatype that isn't there has the size MPI_UNDEFINED.
    size.set(datatype.get()?.layout().ok().map(|layout| layout.size() as i64))
}

pub fn type_get_extent(datatype: Datatype, lb: IntegerOut, extent: IntegerOut) -> Result {
    let of = datatype.get()?;
    let layout = of.layout().ok();
    lb.set(layout.map(|layout| layout.lower_bound()))?;
    extent.set(layout.map(|layout| layout.extent()))
}

pub fn type_get_true_extent(datatype: Datatype, true_lb: IntegerOut, true_extent: IntegerOut) -> Result {
    let of = datatype.get()?;
    let layout = of.layout().ok();
    true_lb.set(layout.map(|layout| layout.true_lower_bound()))?;
    true_extent.set(layout.map(|layout| layout.true_extent()))
}

/// How many integers, addresses, large counts and datatypes are read back, and the combiner.
fn envelope(of: &Type) -> ([usize; 4], c_int) {
    match of.contents() {
        None => ([0; 4], COMBINER_NAMED),
        Some(Contents { combiner, integers, addresses, large_counts, parts, .. }) => {
            ([integers.len(), addresses.len(), large_counts.len(), parts.len()], *combiner)
        }
    }
}

/// MPI 5.0 §5.1.13: the form without large counts can't tell of them.
fn without_large_counts(of: &Type) -> Result {
    match of.contents() {
        Some(contents) if !contents.large_counts.is_empty() => {
            let text = "the datatype was made with large counts: call the function whose name ends with _c";
            Err(Error::new(ERR_TYPE, text))
        }
        _ => Ok(()),
    }
}

pub fn type_get_envelope(
    datatype: Datatype,
    num_integers: Out<c_int>,
    num_addresses: Out<c_int>,
    num_datatypes: Out<c_int>,
    combiner: Out<c_int>,
) -> Result {
    let of = datatype.get()?;
    without_large_counts(&of)?;
    let ([integers, addresses, _, datatypes], made_by) = envelope(&of);
    num_integers.set(integers as c_int)?;
    num_addresses.set(addresses as c_int)?;
    num_datatypes.set(datatypes as c_int)?;
    combiner.set(made_by)
}

pub fn type_get_envelope_c(
    datatype: Datatype,
    num_integers: Out<i64>,
    num_addresses: Out<i64>,
    num_large_counts: Out<i64>,
    num_datatypes: Out<i64>,
    combiner: Out<c_int>,
) -> Result {
    let ([integers, addresses, large_counts, datatypes], made_by) = envelope(&*datatype.get()?);
    num_integers.set(integers as i64)?;
    num_addresses.set(addresses as i64)?;
    num_large_counts.set(large_counts as i64)?;
    num_datatypes.set(datatypes as i64)?;
    combiner.set(made_by)
}

pub fn type_get_contents(
    datatype: Datatype,
    max_integers: c_int,
    max_addresses: c_int,
    max_datatypes: c_int,
    integers: ListMut<c_int>,
    addresses: ListMut<i64>,
    datatypes: ListMut<Datatype>,
) -> Result {
    without_large_counts(&*datatype.get()?)?;
    let room = [max_integers.into(), max_addresses.into(), 0, max_datatypes.into()];
    let none = ListMut(std::ptr::null_mut());
    contents(datatype, room, integers, addresses, none, datatypes)
}

pub fn type_get_contents_c(
    datatype: Datatype,
    max_integers: i64,
    max_addresses: i64,
    max_large_counts: i64,
    max_datatypes: i64,
    integers: ListMut<c_int>,
    addresses: ListMut<i64>,
    large_counts: ListMut<i64>,
    datatypes: ListMut<Datatype>,
) -> Result {
    let room = [max_integers, max_addresses, max_large_counts, max_datatypes];
    contents(datatype, room, integers, addresses, large_counts, datatypes)
}

fn contents(
    datatype: Datatype,
    room: [i64; 4],
    integers: ListMut<c_int>,
    addresses: ListMut<i64>,
    large_counts: ListMut<i64>,
    datatypes: ListMut<Datatype>,
) -> Result {
    let of = datatype.get()?;
    let Some(made) = of.contents() else {
        return Err(Error::new(ERR_TYPE, "a named predefined datatype has no contents"));
    };
    let (needed, _) = envelope(&of);
    let kinds = ["integers", "addresses", "large counts", "datatypes"];
    let places = [integers.number(), addresses.number(), large_counts.number(), datatypes.number()];
    for (((kind, needed), room), place) in kinds.into_iter().zip(needed).zip(room).zip(places) {
        if room < needed as i64 {
            let text = format!("the contents have {needed} {kind}, and there is room for {room}");
            return Err(Error::new(ERR_ARG, text));
        }
        if needed > 0 && place == 0 {
            return Err(Error::new(ERR_ARG, format!("the list of {kind} is a null pointer")));
        }
    }
    for (at, value) in made.integers.iter().enumerate() {
        integers.set(at, *value)?;
    }
    for (at, value) in made.addresses.iter().enumerate() {
        addresses.set(at, *value)?;
    }
    for (at, value) in made.large_counts.iter().enumerate() {
        large_counts.set(at, *value)?;
    }
    for (at, part) in made.parts.iter().enumerate() {
        let name = match part {
            Part::Predefined(name) => *name,
            // MPI 5.0 §5.1.13: a new datatype, which the program frees.
            Part::Made(shape) => Type::again(shape.clone()).register()?,
        };
        datatypes.set(at, name)?;
    }
    Ok(())
}

pub fn type_set_name(datatype: Datatype, type_name: Text) -> Result {
    let of = datatype.get()?;
    let name = type_name.object_name()?;
    *of.name() = name;
    Ok(())
}

pub fn type_get_name(datatype: Datatype, type_name: TextOut, resultlen: Out<c_int>) -> Result {
    resultlen.check()?;
    // MPI 5.0 §7.8: the null handle has a name, too.
    let name = match datatype.0 {
        DATATYPE_NULL => b"MPI_DATATYPE_NULL".to_vec(),
        _ => datatype.get()?.name().clone(),
    };
    resultlen.set(type_name.set(&name, MAX_OBJECT_NAME as usize)? as c_int)
}

pub fn get_count(status: StatusIn, datatype: Datatype, count: IntegerOut) -> Result {
    let bytes = status.get()?.bytes();
    let of = datatype.get()?;
    let size = of.layout()?.size() as i64;
    // MPI 5.0 §3.2.5: of empty elements there are none, however many were sent.
    count.set(match bytes.checked_rem(size) {
        None if bytes == 0 => Some(0),
        Some(0) => Some(bytes / size),
        _ => None,
    })
}

pub fn get_elements(status: StatusIn, datatype: Datatype, count: IntegerOut) -> Result {
    let bytes = status.get()?.bytes();
    let of = datatype.get()?;
    let (elements, exact) = of.layout()?.elements_within(bytes.max(0) as u64);
    count.set(exact.then_some(elements as i64))
}
