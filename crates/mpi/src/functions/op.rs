//! Operators (MPI 5.0 §6.9.5).

use std::ffi::c_int;

use crate::number::{ERR_ARG, ERR_OP, NO_OP, OP_NULL, REPLACE};
use crate::op::{self, Made};
use crate::pointer::{Callback, Out};
use crate::{Error, Op, Result};

fn create(function: Callback, commute: c_int, op: Out<Op>, is_large: bool) -> Result {
    op.check()?;
    if function.0 == 0 {
        return Err(Error::new(ERR_ARG, "the function is a null pointer"));
    }
    op.set(op::register(Made { function: function.0, is_large, is_commutative: commute != 0 })?)
}

pub fn op_create(user_fn: Callback, commute: c_int, op: Out<Op>) -> Result {
    create(user_fn, commute, op, false)
}

pub fn op_create_c(user_fn: Callback, commute: c_int, op: Out<Op>) -> Result {
    create(user_fn, commute, op, true)
}

pub fn op_free(op: Out<Op>) -> Result {
    let name = op.get()?;
    if name.get()?.is_none() || !name.remove() {
        return Err(Error::new(ERR_OP, "a predefined operator can't be freed"));
    }
    op.set(Op(OP_NULL))
}

pub fn op_commutative(op: Op, commute: Out<c_int>) -> Result {
    let commutes = match op.get()? {
        Some(made) => made.is_commutative,
        None => ![REPLACE, NO_OP].contains(&op.0),
    };
    commute.set(c_int::from(commutes))
}
