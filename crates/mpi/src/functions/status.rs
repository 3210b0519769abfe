//! What is asked of statuses, and set in them (MPI 5.0 §3.2.5, §13.2).

use std::ffi::c_int;

use crate::number::ERR_COUNT;
use crate::pointer::{Out, StatusIn, Statuses};
use crate::{Datatype, Error, Result, Status};

pub fn status_get_source(status: StatusIn, source: Out<c_int>) -> Result {
    source.set(status.get()?.source)
}

pub fn status_get_tag(status: StatusIn, tag: Out<c_int>) -> Result {
    tag.set(status.get()?.tag)
}

pub fn status_get_error(status: StatusIn, error: Out<c_int>) -> Result {
    error.set(status.get()?.error)
}

fn change(status: Statuses, change: impl FnOnce(Status) -> Status) -> Result {
    let changed = change(status.get(0)?);
    status.set_all(0, changed);
    Ok(())
}

pub fn status_set_source(status: Statuses, source: c_int) -> Result {
    change(status, |status| Status { source, ..status })
}

pub fn status_set_tag(status: Statuses, tag: c_int) -> Result {
    change(status, |status| Status { tag, ..status })
}

pub fn status_set_error(status: Statuses, error: c_int) -> Result {
    change(status, |status| Status { error, ..status })
}

pub fn status_set_cancelled(status: Statuses, flag: c_int) -> Result {
    change(status, |status| status.with_cancelled(flag != 0))
}

/// The status of a message of so many scalars (MPI 5.0 §13.2): so that `MPI_Get_elements` says the same.
pub fn status_set_elements(status: Statuses, datatype: Datatype, count: i64) -> Result {
    let elements = u64::try_from(count)
        .map_err(|_| Error::new(ERR_COUNT, format!("the number of elements is negative: {count}")))?;
    let of = datatype.get()?;
    let bytes = of.layout()?.bytes_of_elements(elements).and_then(|bytes| i64::try_from(bytes).ok());
    let bytes = bytes.ok_or_else(|| {
        Error::new(ERR_COUNT, format!("{count} elements would have more than 2^63 - 1 bytes"))
    })?;
    change(status, |status| status.with_bytes(bytes))
}
