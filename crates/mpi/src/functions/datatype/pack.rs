//! Packing and unpacking (MPI 5.0 §5.2, §5.3).

use crate::message::{self, Bytes};
use crate::number::{
    ERR_ARG, ERR_BUFFER, ERR_COUNT, ERR_TRUNCATE, ERR_UNSUPPORTED_DATAREP, ERR_VALUE_TOO_LARGE, IN_PLACE,
};
use crate::pointer::{Address, IntegerOut, Text};
use crate::{Comm, Datatype, Error, Result};

/// Where the next `bytes` bytes of a packed buffer are, and the position behind them.
fn next(buffer: Address, size: i64, position: IntegerOut, bytes: i64) -> Result<(*mut u8, i64)> {
    let at = position.get()?;
    if at < 0 {
        return Err(Error::new(ERR_ARG, format!("the position is negative: {at}")));
    }
    let end = at.checked_add(bytes).filter(|end| *end <= size);
    let end = end.ok_or_else(|| {
        let text = format!("{bytes} bytes from position {at} on don't lie in a buffer of {size} bytes");
        Error::new(ERR_TRUNCATE, text)
    })?;
    if bytes > 0 && (buffer.is_null() || buffer.number() == IN_PLACE) {
        let what = if buffer.is_null() { "a null pointer" } else { "MPI_IN_PLACE, which can't be here" };
        return Err(Error::new(ERR_BUFFER, format!("the buffer of packed data is {what}")));
    }
    Ok((buffer.0.wrapping_offset(at as isize), end))
}

pub fn pack(
    inbuf: Address,
    incount: i64,
    datatype: Datatype,
    outbuf: Address,
    outsize: i64,
    position: IntegerOut,
    comm: Comm,
) -> Result {
    comm.get()?;
    let bytes = Bytes::new(inbuf, incount, datatype)?;
    let (place, end) = next(outbuf, outsize, position, bytes.len() as i64)?;
    bytes.pack_to(place);
    position.set_exactly(end)
}

pub fn unpack(
    inbuf: Address,
    insize: i64,
    position: IntegerOut,
    outbuf: Address,
    outcount: i64,
    datatype: Datatype,
    comm: Comm,
) -> Result {
    comm.get()?;
    let bytes = Bytes::new(outbuf, outcount, datatype)?;
    let (place, end) = next(inbuf, insize, position, bytes.len() as i64)?;
    bytes.unpack_from(place);
    position.set_exactly(end)
}

/// The bytes of so many elements, each of so many bytes.
fn product(count: i64, each: u64) -> Result<i64> {
    if count < 0 {
        return Err(Error::new(ERR_COUNT, format!("the count is negative: {count}")));
    }
    let large = || Error::new(ERR_VALUE_TOO_LARGE, "the packed data would have more than 2^63 - 1 bytes");
    i64::try_from(each).ok().and_then(|each| each.checked_mul(count)).ok_or_else(large)
}

pub fn pack_size(incount: i64, datatype: Datatype, comm: Comm, size: IntegerOut) -> Result {
    comm.get()?;
    size.set(Some(product(incount, datatype.bounds()?.size)?))
}

/// There is one format.
fn check_format(datarep: Text) -> Result {
    match datarep.get()?.as_str() {
        "external32" => Ok(()),
        other => {
            let text = format!("the data representation is {other:?}, and only external32 is known");
            Err(Error::new(ERR_UNSUPPORTED_DATAREP, text))
        }
    }
}

pub fn pack_external_size(datarep: Text, incount: i64, datatype: Datatype, size: IntegerOut) -> Result {
    check_format(datarep)?;
    size.set(Some(product(incount, datatype.get()?.layout()?.external_size())?))
}

pub fn pack_external(
    datarep: Text,
    inbuf: Address,
    incount: i64,
    datatype: Datatype,
    outbuf: Address,
    outsize: i64,
    position: IntegerOut,
) -> Result {
    check_format(datarep)?;
    Bytes::new(inbuf, incount, datatype)?;
    let of = datatype.get()?;
    let layout = of.layout()?;
    let (place, end) = next(outbuf, outsize, position, product(incount, layout.external_size())?)?;
    message::pack_external(layout, inbuf, incount as u64, place).map_err(not_converted)?;
    position.set_exactly(end)
}

pub fn unpack_external(
    datarep: Text,
    inbuf: Address,
    insize: i64,
    position: IntegerOut,
    outbuf: Address,
    outcount: i64,
    datatype: Datatype,
) -> Result {
    check_format(datarep)?;
    Bytes::new(outbuf, outcount, datatype)?;
    let of = datatype.get()?;
    let layout = of.layout()?;
    let (place, end) = next(inbuf, insize, position, product(outcount, layout.external_size())?)?;
    message::unpack_external(layout, place, outbuf, outcount as u64).map_err(not_converted)?;
    position.set_exactly(end)
}

fn not_converted(error: layout::ExternalError) -> Box<Error> {
    Error::new(ERR_VALUE_TOO_LARGE, error.to_string())
}
