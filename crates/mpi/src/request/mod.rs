//! Requests: operations under way, complete, or waiting to be started again.

mod errors;
mod generalised;
mod object;
mod partitioned;
mod pending;
mod sleep;
mod transfer;

pub(crate) use errors::Errors;
pub(crate) use generalised::{Generalised, Waiting};
pub(crate) use object::{Extra, Object, Standing, names};
pub(crate) use partitioned::{Made, PartitionedReceive, PartitionedSend, pair};
pub(crate) use pending::{Outcome, Pending, State, orphan};
pub(crate) use sleep::{Wakers, wait_for_any};
pub(crate) use transfer::{Cancels, Moved, Transfer, pattern, source, started};
