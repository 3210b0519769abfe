//! What is asked of statuses, and set in them (MPI 5.0 §3.2.5, §13.2).

use std::ffi::c_int;

use crate::pointer::{Out, StatusIn, Statuses};
use crate::{Result, Status};

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
