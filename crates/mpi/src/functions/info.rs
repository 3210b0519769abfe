//! Info objects (MPI 5.0 §10). They may be used before the beginning and after the end.

use std::ffi::{c_char, c_int};

use crate::info;
use crate::number::{ERR_ARG, ERR_INFO, INFO_NULL, MAX_INFO_KEY};
use crate::pointer::{self, ListMut, Out, Text, TextOut};
use crate::{Error, Info, Result};

pub fn info_create(info: Out<Info>) -> Result {
    info.check()?;
    info.set(info::create(info::Pairs::new())?)
}

pub fn info_create_env(_argc: c_int, _argv: ListMut<*mut c_char>, info: Out<Info>) -> Result {
    info.check()?;
    info.set(info::create(info::environment())?)
}

pub fn info_dup(info: Info, newinfo: Out<Info>) -> Result {
    newinfo.check()?;
    let pairs = info.get()?.pairs().clone();
    newinfo.set(info::create(pairs)?)
}

pub fn info_free(info: Out<Info>) -> Result {
    let name = info.get()?;
    name.get()?;
    if !name.remove() {
        return Err(Error::new(ERR_INFO, "a predefined info object can't be freed"));
    }
    info.set(Info(INFO_NULL))
}

pub fn info_set(info: Info, key: Text, value: Text) -> Result {
    info.get()?.set(&key_of(key)?, value.bytes()?)
}

pub fn info_delete(info: Info, key: Text) -> Result {
    info.get()?.remove(&key_of(key)?)
}

pub fn info_get(info: Info, key: Text, valuelen: c_int, value: TextOut, flag: Out<c_int>) -> Result {
    flag.check()?;
    let room = pointer::length("valuelen", valuelen, ERR_ARG)?;
    let found = find(info, key)?;
    flag.set(c_int::from(found.is_some()))?;
    if let Some(found) = found {
        value.set(&found, room + 1)?;
    }
    Ok(())
}

pub fn info_get_string(
    info: Info,
    key: Text,
    buflen: Out<c_int>,
    value: TextOut,
    flag: Out<c_int>,
) -> Result {
    flag.check()?;
    let given = buflen.get()?;
    let room = pointer::length("buflen", given, ERR_ARG)?;
    let found = find(info, key)?;
    flag.set(c_int::from(found.is_some()))?;
    if let Some(found) = found {
        value.set(&found, room)?;
        // MPI 5.0 §10: with the end mark.
        buflen.set(found.len() as c_int + 1)?;
    }
    Ok(())
}

pub fn info_get_valuelen(info: Info, key: Text, valuelen: Out<c_int>, flag: Out<c_int>) -> Result {
    flag.check()?;
    let found = find(info, key)?;
    flag.set(c_int::from(found.is_some()))?;
    if let Some(found) = found {
        valuelen.set(found.len() as c_int)?;
    }
    Ok(())
}

pub fn info_get_nkeys(info: Info, nkeys: Out<c_int>) -> Result {
    let count = info.get()?.pairs().len();
    nkeys.set(count as c_int)
}

pub fn info_get_nthkey(info: Info, n: c_int, key: TextOut) -> Result {
    let object = info.get()?;
    let pairs = object.pairs();
    let found = usize::try_from(n).ok().and_then(|n| pairs.get(n));
    let (name, _) = found.ok_or_else(|| {
        Error::new(ERR_ARG, format!("there is no key number {n}: the object has {}", pairs.len()))
    })?;
    key.set(name, MAX_INFO_KEY as usize).map(drop)
}

fn find(info: Info, key: Text) -> Result<Option<Vec<u8>>> {
    let (object, key) = (info.get()?, key_of(key)?);
    info::check_key(&key)?;
    Ok(object.get(&key))
}

fn key_of(key: Text) -> Result<Vec<u8>> {
    key.bytes().map_err(|error| Error::new(crate::number::ERR_INFO_KEY, error.text))
}
