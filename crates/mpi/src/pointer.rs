//! Pointers that a C program passes, under names that say what they are for.
//!
//! They are made by C alone: whoever calls a function of MPI promises that they are valid for what the standard says of the
//! parameter. That promise is what the unsafe blocks here stand on; the functions that use them are safe. Null is found where
//! a value is needed.

use std::ffi::{CStr, c_char, c_int};

use crate::number::{ERR_ARG, ERR_NO_MEM, ERR_VALUE_TOO_LARGE, MAX_OBJECT_NAME, UNDEFINED};
use crate::{Error, Result, Status};

/// Values that C may hand over uninitialised or with any bits: integers, addresses, names.
pub trait Plain: Copy {}

impl Plain for u8 {}
impl Plain for c_int {}
impl Plain for i64 {}
impl Plain for Address {}
impl Plain for [c_int; 3] {}
impl<T> Plain for *mut T {}

/// A buffer: `void *`, `const void *`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Address(pub *mut u8);

impl Address {
    /// As a number, to be compared with `IN_PLACE` and its like.
    pub fn number(self) -> usize {
        self.0.addr()
    }

    /// Whether it is null.
    pub fn is_null(self) -> bool {
        self.0.is_null()
    }

    /// So many bytes further on.
    pub fn offset(self, bytes: isize) -> Address {
        Address(self.0.wrapping_offset(bytes))
    }

    /// The same as the place of a pointer, for `void *` parameters that are written.
    pub fn as_out(self) -> Out<Address> {
        Out(self.0.cast())
    }
}

/// Where one value is written, or read and written; or `usize` for callers that count in that.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Out<T>(pub *mut T);

impl<T: Plain> Out<T> {
    /// Writes.
    ///
    /// # Errors
    /// Null.
    pub fn set(self, value: T) -> Result {
        if self.0.is_null() {
            return Err(null("an output argument"));
        }
        // SAFETY: the caller of MPI promises a valid pointer; it need not be aligned for us.
        unsafe { self.0.write_unaligned(value) };
        Ok(())
    }

    /// Reads.
    ///
    /// # Errors
    /// Null.
    pub fn get(self) -> Result<T> {
        if self.0.is_null() {
            return Err(null("an argument that is read and written"));
        }
        // SAFETY: as for `set`; any bits are a value.
        Ok(unsafe { self.0.read_unaligned() })
    }

    /// Refuses null, before there are side effects.
    ///
    /// # Errors
    /// Null.
    pub fn check(self) -> Result {
        if self.0.is_null() { Err(null("an output argument")) } else { Ok(()) }
    }
}

/// A list that is read.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct List<T>(pub *const T);

impl<T: Plain> List<T> {
    /// Its first `count` values.
    ///
    /// # Errors
    /// Null, where there is a value.
    pub fn values(self, count: usize) -> Result<Vec<T>> {
        let mut all = with_room(count)?;
        for at in 0..count {
            all.push(self.get(at)?);
        }
        Ok(all)
    }

    /// One value.
    ///
    /// # Errors
    /// Null.
    #[inline]
    pub fn get(self, at: usize) -> Result<T> {
        if self.0.is_null() {
            return Err(null("a list"));
        }
        // SAFETY: the caller of MPI promises as many values as the other arguments say.
        Ok(unsafe { self.0.add(at).read_unaligned() })
    }

    /// As a number, to be compared with `UNWEIGHTED` and its like.
    pub fn number(self) -> usize {
        self.0.addr()
    }
}

/// A list that is written, or read and written.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct ListMut<T>(pub *mut T);

impl<T: Plain> ListMut<T> {
    /// One value.
    ///
    /// # Errors
    /// Null.
    pub fn get(self, at: usize) -> Result<T> {
        List(self.0.cast_const()).get(at)
    }

    /// Its first `count` values.
    ///
    /// # Errors
    /// Null, where there is a value.
    pub fn values(self, count: usize) -> Result<Vec<T>> {
        List(self.0.cast_const()).values(count)
    }

    /// Writes one value.
    ///
    /// # Errors
    /// Null.
    pub fn set(self, at: usize, value: T) -> Result {
        if self.0.is_null() {
            return Err(null("a list"));
        }
        // SAFETY: the caller of MPI promises room for as many values as the other arguments say.
        unsafe { self.0.add(at).write_unaligned(value) };
        Ok(())
    }

    /// As a number, to be compared with `UNWEIGHTED` and its like.
    pub fn number(self) -> usize {
        self.0.addr()
    }
}

/// A vector with room for what a list has, and no more.
///
/// # Errors
/// `ERR_NO_MEM`: a count that can't be meant.
pub(crate) fn with_room<T>(count: usize) -> Result<Vec<T>> {
    let mut all = Vec::new();
    match all.try_reserve_exact(count) {
        Ok(()) => Ok(all),
        Err(_) => Err(Error::new(ERR_NO_MEM, format!("there is no memory for a list of {count} entries"))),
    }
}

/// Which form of a function was called, where that is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// With counts of `int`.
    Int,
    /// With counts of 64 bits: its name ends with `_c`.
    Large,
}

/// A list of integers, of either width.
#[derive(Clone, Copy, Debug)]
pub enum Integers {
    /// Of `int`.
    Int(List<c_int>),
    /// Of 64 bits.
    Long(List<i64>),
}

impl Integers {
    /// One of them.
    ///
    /// # Errors
    /// Null.
    pub fn get(self, at: usize) -> Result<i64> {
        match self {
            Integers::Int(list) => list.get(at).map(i64::from),
            Integers::Long(list) => list.get(at),
        }
    }

    /// The first `count`.
    ///
    /// # Errors
    /// Null, where there is a value.
    pub fn values(self, count: usize) -> Result<Vec<i64>> {
        self.each(count, Ok)
    }

    /// What becomes of the first `count`, made one by one.
    ///
    /// # Errors
    /// Null, where there is a value; the first error of `make`.
    pub fn each<T>(self, count: usize, make: impl Fn(i64) -> Result<T>) -> Result<Vec<T>> {
        let mut all = with_room(count)?;
        for at in 0..count {
            all.push(make(self.get(at)?)?);
        }
        Ok(all)
    }
}

/// Where an integer is written, of either width.
#[derive(Clone, Copy, Debug)]
pub enum IntegerOut {
    /// An `int`.
    Int(Out<c_int>),
    /// One of 64 bits.
    Long(Out<i64>),
}

impl IntegerOut {
    /// Writes; `None` is `UNDEFINED`, and so is what doesn't fit (MPI 5.0 §4.1.7).
    ///
    /// # Errors
    /// Null.
    pub fn set(self, value: Option<i64>) -> Result {
        let undefined = i64::from(UNDEFINED);
        match self {
            IntegerOut::Int(out) => {
                out.set(value.and_then(|value| c_int::try_from(value).ok()).unwrap_or(UNDEFINED))
            }
            IntegerOut::Long(out) => out.set(value.unwrap_or(undefined)),
        }
    }

    /// Refuses null.
    ///
    /// # Errors
    /// Null.
    pub fn check(self) -> Result {
        match self {
            IntegerOut::Int(out) => out.check(),
            IntegerOut::Long(out) => out.check(),
        }
    }

    /// Writes what has to fit.
    ///
    /// # Errors
    /// Null; `ERR_VALUE_TOO_LARGE`.
    pub fn set_exactly(self, value: i64) -> Result {
        match self {
            IntegerOut::Int(out) => match c_int::try_from(value) {
                Ok(value) => out.set(value),
                Err(_) => {
                    let text =
                        format!("{value} doesn't fit an int: call the function whose name ends with _c");
                    Err(Error::new(ERR_VALUE_TOO_LARGE, text))
                }
            },
            IntegerOut::Long(out) => out.set(value),
        }
    }

    /// Reads.
    ///
    /// # Errors
    /// Null.
    pub fn get(self) -> Result<i64> {
        match self {
            IntegerOut::Int(out) => out.get().map(i64::from),
            IntegerOut::Long(out) => out.get(),
        }
    }
}

/// A string that is read.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Text(pub *const c_char);

impl Text {
    /// Its bytes: C knows no encoding.
    ///
    /// # Errors
    /// Null.
    pub fn bytes(self) -> Result<Vec<u8>> {
        if self.0.is_null() {
            return Err(null("a string"));
        }
        // SAFETY: the caller of MPI promises a string that ends.
        Ok(unsafe { CStr::from_ptr(self.0) }.to_bytes().to_owned())
    }

    /// Its characters. Where its bytes are none, they are escaped: what differs stays different.
    ///
    /// # Errors
    /// Null.
    pub fn get(self) -> Result<String> {
        let escaped = |other: std::string::FromUtf8Error| other.as_bytes().escape_ascii().to_string();
        Ok(String::from_utf8(self.bytes()?).unwrap_or_else(escaped))
    }

    /// As the name of an object: a longer one is cut (MPI 5.0 §7.8).
    ///
    /// # Errors
    /// Null.
    pub fn object_name(self) -> Result<Vec<u8>> {
        let mut name = self.bytes()?;
        name.truncate(MAX_OBJECT_NAME as usize - 1);
        Ok(name)
    }
}

/// Where a string is written.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct TextOut(pub *mut c_char);

impl TextOut {
    /// Writes as much of `text` as `room` bytes hold with the end mark; returns how many bytes that are without it.
    ///
    /// # Errors
    /// Null, where there is room.
    pub fn set(self, text: impl AsRef<[u8]>, room: usize) -> Result<usize> {
        let Some(most) = room.checked_sub(1) else { return Ok(0) };
        if self.0.is_null() {
            return Err(null("the room for a string"));
        }
        let text = text.as_ref();
        let bytes = text.len().min(most);
        for (at, byte) in text[..bytes].iter().chain(&[0]).enumerate() {
            // SAFETY: the caller of MPI promises `room` bytes.
            unsafe { self.0.add(at).write(*byte as c_char) };
        }
        Ok(bytes)
    }
}

/// Where statuses are written: one, or a list; null where nobody wants them.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Statuses(pub *mut Status);

impl Statuses {
    /// Whether they are wanted.
    #[inline]
    pub fn are_wanted(self) -> bool {
        !self.0.is_null()
    }

    /// Writes one, but for its error.
    #[inline]
    pub fn set(self, at: usize, status: Status) {
        if self.are_wanted() {
            // SAFETY: the caller of MPI promises room for as many statuses as the other arguments say.
            unsafe {
                let place = self.0.add(at);
                let error = (&raw const (*place).error).read_unaligned();
                place.write_unaligned(Status { error, ..status });
            }
        }
    }

    /// Writes one of what an operation came to; of one that failed what is known of its message.
    ///
    /// # Errors
    /// The operation's.
    #[inline]
    pub fn tell(self, at: usize, outcome: Result<Status>) -> Result {
        let status = match &outcome {
            Ok(status) => Some(*status),
            Err(error) => error.status,
        };
        status.into_iter().for_each(|status| self.set(at, status));
        outcome.map(drop)
    }

    /// Writes one with its error.
    pub fn set_all(self, at: usize, status: Status) {
        if self.are_wanted() {
            // SAFETY: as for `set`.
            unsafe { self.0.add(at).write_unaligned(status) };
        }
    }

    /// Writes the error of one.
    pub fn set_error(self, at: usize, error: c_int) {
        if self.are_wanted() {
            // SAFETY: as for `set`.
            unsafe { (&raw mut (*self.0.add(at)).error).write_unaligned(error) };
        }
    }

    /// Reads one.
    ///
    /// # Errors
    /// Null.
    pub fn get(self, at: usize) -> Result<Status> {
        StatusIn(self.0.cast_const()).get_at(at)
    }
}

/// A status that is read.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct StatusIn(pub *const Status);

impl StatusIn {
    /// Reads it.
    ///
    /// # Errors
    /// Null.
    pub fn get(self) -> Result<Status> {
        self.get_at(0)
    }

    fn get_at(self, at: usize) -> Result<Status> {
        if self.0.is_null() {
            return Err(null("the status"));
        }
        // SAFETY: the caller of MPI promises a status; any bits are one.
        Ok(unsafe { self.0.add(at).read_unaligned() })
    }
}

/// A function of the program's: its address. Some have small numbers, which are compared and never called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Callback(pub usize);

/// What C counts with a signed number.
///
/// # Errors
/// Of this class: it is negative.
#[inline]
pub(crate) fn length(what: &str, value: impl Into<i64>, class: c_int) -> Result<usize> {
    let value = value.into();
    usize::try_from(value).map_err(|_| Error::new(class, format!("{what} is negative: {value}")))
}

fn null(what: &str) -> Box<Error> {
    Error::new(ERR_ARG, format!("{what} is a null pointer"))
}
