//! Reduction within a process (MPI 5.0 §6.9.7).

use super::describe::rows;
use crate::number::ERR_BUFFER;
use crate::op::reduce_here;
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
    let (from, into) = (rows(inbuf, 1, count, datatype)?, rows(inoutbuf, 1, count, datatype)?);
    let (from, mut combined) = (from.packed(), into.packed());
    reduce_here(&operator, &from, &mut combined);
    into.fill(&combined);
    Ok(())
}
