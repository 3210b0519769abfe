//! The root of a collective.

use crate::comm::Communicator;
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
    #[inline(always)]
    pub fn of(comm: &Communicator, root: i32) -> Result<Root> {
        if comm.inter.is_none() && root >= 0 && (root as usize) < comm.comm.size() {
            return Ok(Root::Rank(root as usize));
        }
        Root::between(comm, root)
    }

    /// What C says of the root of a collective between two groups; a rank of one group can't be.
    #[cold]
    #[inline(never)]
    fn between(comm: &Communicator, root: i32) -> Result<Root> {
        let rank = usize::try_from(root).ok().filter(|rank| *rank < comm.peers());
        match (&comm.inter, rank) {
            (Some(_), Some(rank)) => Ok(Root::There(rank)),
            (Some(_), None) if root == ROOT => Ok(Root::Here),
            (Some(_), None) if root == PROC_NULL => Ok(Root::Nobody),
            _ => {
                let text = format!("there is no root {root}: ranks are 0 to {}", comm.peers() - 1);
                Err(Error::new(ERR_ROOT, text))
            }
        }
    }

    /// Whether this member is the root.
    #[inline]
    pub fn is_here(self, comm: &Communicator) -> bool {
        match self {
            Root::Rank(rank) => rank == comm.comm.rank(),
            other => other == Root::Here,
        }
    }

    /// Whether this member gives to the root, or gets of it. In one group the root does so too.
    pub fn is_served(self) -> bool {
        matches!(self, Root::Rank(_) | Root::There(_))
    }
}
