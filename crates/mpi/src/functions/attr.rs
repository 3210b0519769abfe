//! Attributes of communicators and datatypes, and the old names for the same (MPI 5.0 §7.7.2).

use std::ffi::c_int;

use crate::attribute::{self, Kind};
use crate::pointer::{Address, Callback, Out};
use crate::{Comm, Datatype, Result};

pub fn comm_create_keyval(
    copy: Callback,
    delete: Callback,
    keyval: Out<c_int>,
    extra_state: Address,
) -> Result {
    attribute::create_key(Kind::Comm, copy, delete, keyval, extra_state)
}

pub fn win_create_keyval(
    copy: Callback,
    delete: Callback,
    keyval: Out<c_int>,
    extra_state: Address,
) -> Result {
    attribute::create_key(Kind::Win, copy, delete, keyval, extra_state)
}

pub fn type_create_keyval(
    copy: Callback,
    delete: Callback,
    keyval: Out<c_int>,
    extra_state: Address,
) -> Result {
    attribute::create_key(Kind::Type, copy, delete, keyval, extra_state)
}

pub fn comm_free_keyval(keyval: Out<c_int>) -> Result {
    attribute::free_key(Kind::Comm, keyval)
}

pub fn win_free_keyval(keyval: Out<c_int>) -> Result {
    attribute::free_key(Kind::Win, keyval)
}

pub fn type_free_keyval(keyval: Out<c_int>) -> Result {
    attribute::free_key(Kind::Type, keyval)
}

pub fn comm_set_attr(comm: Comm, keyval: c_int, value: Address) -> Result {
    comm.get()?.attributes.set(comm.0, Kind::Comm, keyval, value)
}

pub fn comm_get_attr(comm: Comm, keyval: c_int, value: Address, flag: Out<c_int>) -> Result {
    comm.get()?.attributes.get(Kind::Comm, keyval, value, flag)
}

pub fn comm_delete_attr(comm: Comm, keyval: c_int) -> Result {
    comm.get()?.attributes.delete(comm.0, Kind::Comm, keyval)
}

pub fn type_set_attr(datatype: Datatype, keyval: c_int, value: Address) -> Result {
    datatype.get()?.attached().attributes.set(datatype.0, Kind::Type, keyval, value)
}

pub fn type_get_attr(datatype: Datatype, keyval: c_int, value: Address, flag: Out<c_int>) -> Result {
    datatype.get()?.attributes().get(Kind::Type, keyval, value, flag)
}

pub fn type_delete_attr(datatype: Datatype, keyval: c_int) -> Result {
    datatype.get()?.attributes().delete(datatype.0, Kind::Type, keyval)
}

pub fn keyval_create(copy: Callback, delete: Callback, keyval: Out<c_int>, extra_state: Address) -> Result {
    comm_create_keyval(copy, delete, keyval, extra_state)
}

pub fn keyval_free(keyval: Out<c_int>) -> Result {
    comm_free_keyval(keyval)
}

pub fn attr_put(comm: Comm, keyval: c_int, value: Address) -> Result {
    comm_set_attr(comm, keyval, value)
}

pub fn attr_get(comm: Comm, keyval: c_int, value: Address, flag: Out<c_int>) -> Result {
    comm_get_attr(comm, keyval, value, flag)
}

pub fn attr_delete(comm: Comm, keyval: c_int) -> Result {
    comm_delete_attr(comm, keyval)
}
