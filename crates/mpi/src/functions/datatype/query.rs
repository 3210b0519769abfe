//! What is asked of datatypes: sizes and bounds, how they were made, names; and how many are in a message.

use std::ffi::c_int;

use crate::datatype::{Bounds, ContentsList, Lengths, Part};
use crate::number::{DATATYPE_NULL, ERR_ARG, ERR_TYPE, MAX_OBJECT_NAME};
use crate::pointer::{IntegerOut, ListMut, Out, StatusIn, Text, TextOut};
use crate::{Datatype, Error, Result, Type};

/// What of its bounds is asked. MPI 5.0 §20.3: of an optional datatype that isn't there it is MPI_UNDEFINED.
fn bound(datatype: Datatype, ask: impl Fn(Bounds) -> [i64; 2]) -> Result<[Option<i64>; 2]> {
    let bounds = datatype.face()?.bounds().map(ask);
    Ok([0, 1].map(|at| bounds.map(|bounds| bounds[at])))
}

pub fn type_size(datatype: Datatype, size: IntegerOut) -> Result {
    size.set(datatype.face()?.bounds().map(|bounds| bounds.size as i64))
}

pub fn type_get_extent(datatype: Datatype, lb: IntegerOut, extent: IntegerOut) -> Result {
    let [low, length] = bound(datatype, |bounds| [bounds.lower_bound, bounds.extent])?;
    lb.set(low)?;
    extent.set(length)
}

pub fn type_get_true_extent(datatype: Datatype, true_lb: IntegerOut, true_extent: IntegerOut) -> Result {
    let [low, length] = bound(datatype, |bounds| [bounds.true_lower_bound, bounds.true_extent])?;
    true_lb.set(low)?;
    true_extent.set(length)
}

/// MPI 5.0 §5.1.13: the form without large counts can't tell of them.
fn without_large_counts(lengths: Lengths) -> Result {
    if lengths.large_counts > 0 {
        let text = "the datatype was made with large counts: call the function whose name ends with _c";
        return Err(Error::new(ERR_TYPE, text));
    }
    Ok(())
}

pub fn type_get_envelope(
    datatype: Datatype,
    num_integers: Out<c_int>,
    num_addresses: Out<c_int>,
    num_datatypes: Out<c_int>,
    combiner: Out<c_int>,
) -> Result {
    let face = datatype.face()?;
    let lengths = face.lengths();
    without_large_counts(lengths)?;
    num_integers.set(lengths.integers as c_int)?;
    num_addresses.set(lengths.addresses as c_int)?;
    num_datatypes.set(lengths.datatypes as c_int)?;
    combiner.set(face.combiner())
}

pub fn type_get_envelope_c(
    datatype: Datatype,
    num_integers: Out<i64>,
    num_addresses: Out<i64>,
    num_large_counts: Out<i64>,
    num_datatypes: Out<i64>,
    combiner: Out<c_int>,
) -> Result {
    let face = datatype.face()?;
    let lengths = face.lengths();
    num_integers.set(lengths.integers as i64)?;
    num_addresses.set(lengths.addresses as i64)?;
    num_large_counts.set(lengths.large_counts as i64)?;
    num_datatypes.set(lengths.datatypes as i64)?;
    combiner.set(face.combiner())
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
    let of = datatype.get()?;
    without_large_counts(of.face().lengths())?;
    let room = [max_integers.into(), max_addresses.into(), 0, max_datatypes.into()];
    let none = ListMut(std::ptr::null_mut());
    contents(&of, room, integers, addresses, none, datatypes)
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
    contents(&*datatype.get()?, room, integers, addresses, large_counts, datatypes)
}

fn contents(
    of: &Type,
    room: [i64; 4],
    integers: ListMut<c_int>,
    addresses: ListMut<i64>,
    counts: ListMut<i64>,
    datatypes: ListMut<Datatype>,
) -> Result {
    let Some(made) = of.contents() else {
        return Err(Error::new(ERR_TYPE, "a named predefined datatype has no contents"));
    };
    let Lengths { integers: n, addresses: m, large_counts, datatypes: parts } = of.face().lengths();
    let needed = [n, m, large_counts, parts];
    let kinds = ["integers", "addresses", "large counts", "datatypes"];
    let places = [integers.number(), addresses.number(), counts.number(), datatypes.number()];
    for (((kind, needed), room), place) in kinds.into_iter().zip(needed).zip(room).zip(places) {
        if room < needed as i64 {
            let text = format!("the contents have {needed} {kind}, and there is room for {room}");
            return Err(Error::new(ERR_ARG, text));
        }
        if needed > 0 && place == 0 {
            return Err(Error::new(ERR_ARG, format!("the list of {kind} is a null pointer")));
        }
    }
    let mut given = [0; 3];
    made.arguments(of.layout()?, |list, value| {
        let before = &mut given[list as usize];
        let at = *before;
        *before += 1;
        match list {
            // It was an `int` when it was given.
            ContentsList::Integers => integers.set(at, value as c_int),
            ContentsList::Addresses => addresses.set(at, value),
            ContentsList::LargeCounts => counts.set(at, value),
        }
    })?;
    for (at, part) in made.parts.all().iter().enumerate() {
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
    *of.attached().name() = name;
    Ok(())
}

pub fn type_get_name(datatype: Datatype, type_name: TextOut, resultlen: Out<c_int>) -> Result {
    resultlen.check()?;
    // MPI 5.0 §7.8: the null handle has a name, too.
    let name = match datatype.0 {
        DATATYPE_NULL => b"MPI_DATATYPE_NULL".to_vec(),
        _ if datatype.is_plain() => Vec::new(),
        _ => datatype.get()?.name(),
    };
    resultlen.set(type_name.set(&name, MAX_OBJECT_NAME as usize)? as c_int)
}

pub fn get_count(status: StatusIn, datatype: Datatype, count: IntegerOut) -> Result {
    let bytes = status.get()?.bytes();
    let size = datatype.bounds()?.size as i64;
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
