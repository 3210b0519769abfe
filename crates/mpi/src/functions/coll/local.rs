//! Reduction within a process (MPI 5.0 §6.9.7).

use super::describe::row;
use crate::number::ERR_BUFFER;
use crate::pointer::Address;
use crate::{Datatype, Error, Op, Result};

pub fn reduce_local(inbuf: Address, inoutbuf: Address, count: i64, datatype: Datatype, op: Op) -> Result {
    let (operator, _) = op.on(datatype)?;
    if count > 0 && inbuf.number() == inoutbuf.number() {
        return Err(Error::new(
            ERR_BUFFER,
            "both operands are one buffer: what would be combined with itself",
        ));
    }
    row(inbuf, count, datatype)?.reduce_into(&row(inoutbuf, count, datatype)?, &operator);
    Ok(())
}
