//! What there is of processes that join and leave (MPI 5.0 §11): nobody has a parent yet.

use crate::number::COMM_NULL;
use crate::pointer::Out;
use crate::{Comm, On, Result, instance};

pub fn comm_get_parent(parent: Out<Comm>) -> Result {
    instance::check_running()?;
    parent.set(Comm(COMM_NULL))
}

/// Nothing of a communicator's is under way when all its members free it: it is left.
pub fn comm_disconnect(comm: Out<Comm>) -> Result {
    let name = super::comm::freeable(comm)?;
    super::coll::barrier(name).map_err(|error| error.on(On::Comm(name)))?;
    super::comm::comm_free(comm)
}
