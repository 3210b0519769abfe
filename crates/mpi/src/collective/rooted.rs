//! Roots, and the simplest collectives.
#![allow(unsafe_code)]

use engine::Pointer;
use engine::collective::{Call, Collective, Operands};
use runtime::inter;

use crate::comm::Communicator;
use crate::message::Bytes;
use crate::number::{ERR_ROOT, PROC_NULL, ROOT};
use crate::{Error, Result};

/// The root of a collective, as a member sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Root {
    /// This rank, of a communicator of one group.
    Rank(usize),
    /// This process, of an inter-communicator.
    Here,
    /// Another member of this side: this one takes no part.
    Nobody,
    /// This rank of the other side.
    There(usize),
}

impl Root {
    /// What C says of it.
    ///
    /// # Errors
    /// `ERR_ROOT`.
    pub fn of(comm: &Communicator, root: i32) -> Result<Root> {
        let rank = usize::try_from(root).ok().filter(|rank| *rank < comm.peers());
        match (&comm.inter, rank) {
            (None, Some(rank)) => Ok(Root::Rank(rank)),
            (Some(_), Some(rank)) => Ok(Root::There(rank)),
            (Some(_), None) if root == ROOT => Ok(Root::Here),
            (Some(_), None) if root == PROC_NULL => Ok(Root::Nobody),
            _ => {
                let text = format!("there is no root {root}: ranks are 0 to {}", comm.peers() - 1);
                Err(Error::new(ERR_ROOT, text))
            }
        }
    }

    fn inter(self) -> inter::Root {
        match self {
            Root::Here => inter::Root::Here,
            Root::There(rank) => inter::Root::There(rank),
            Root::Rank(_) | Root::Nobody => inter::Root::Beside,
        }
    }
}

pub(crate) fn barrier(comm: &Communicator) -> Result {
    if let Some(inter) = &comm.inter {
        return Ok(inter.barrier()?);
    }
    let call = Call::new(comm.comm.case(Collective::Barrier, 0, 1), comm.comm.rank() as u32, 0);
    // SAFETY: there are no buffers.
    Ok(unsafe { comm.comm.collective(&call, None, Operands::NONE) }?)
}

pub(crate) fn broadcast(comm: &Communicator, root: Root, bytes: &Bytes) -> Result {
    let Bytes::Row(at, length) = bytes else {
        let mut packed = bytes.packed();
        let row = Bytes::Row(packed.as_mut_ptr(), packed.len());
        broadcast(comm, root, &row)?;
        bytes.fill(&packed);
        return Ok(());
    };
    match (&comm.inter, root) {
        (None, Root::Rank(root)) => {
            let case = comm.comm.case(Collective::Broadcast, *length as u64, 1);
            let call = Call::new(case, comm.comm.rank() as u32, root as u32);
            let operands = Operands { input: Pointer::NULL, output: Pointer::new(*at), operator: None };
            // SAFETY: C promises the buffer; this call waits.
            Ok(unsafe { comm.comm.collective(&call, None, operands) }?)
        }
        (Some(inter), root) => {
            let mut packed = bytes.packed();
            inter.broadcast(root.inter(), &mut packed)?;
            bytes.fill(&packed);
            Ok(())
        }
        _ => Ok(()),
    }
}
