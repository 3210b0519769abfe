//! The code around every call: an implementation runs inside, its errors leave as the standard says.

use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};

use mpi::{Error, On, Verdict};

/// Calls an implementation; returns what C is to return. `said` is the call in words, for those who ask.
///
/// When a handler of the user's is called no value with a destructor is alive here, and no lock is held: it may throw, or
/// jump out.
#[inline(always)]
pub fn call(
    function: &'static str,
    on: On,
    said: impl Fn() -> String,
    body: impl FnOnce() -> mpi::Result,
) -> c_int {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => 0,
        Ok(Err(error)) => raise(function, on, &said, error),
        Err(panic) => mpi::bug(function, panic),
    }
}

#[cold]
#[inline(never)]
fn raise(function: &'static str, on: On, said: &dyn Fn() -> String, error: Box<Error>) -> c_int {
    match catch_unwind(AssertUnwindSafe(|| mpi::verdict(function, on, said, error))) {
        Ok(Verdict::Return(code)) => code,
        Ok(Verdict::Call { handler, handle, error, code }) => {
            let (mut handle, mut error) = (handle, error);
            handler.call(&mut handle, &mut error);
            code
        }
        Err(panic) => mpi::bug(function, panic),
    }
}
