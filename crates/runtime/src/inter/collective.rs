//! Collectives between two sides (MPI 5.0 §6.2.3): each side gets what the other gives. They are schedules on one communicator
//! of both sides, so that they have all forms that others have: [`Inter::call`] describes one for
//! [`Comm::collective`] and [`Comm::start_collective`] of [`Inter::union`]. The verbs here are those that block, on bytes.

use engine::collective::{Call, Case, Collective, Operands};
use engine::{Error, Pointer};
use layout::Operator;

use super::Inter;
use crate::bytes::Vector;
use crate::undisturbed;

/// Who is the root, as a member sees it (MPI 5.0 §6.2.3: `MPI_ROOT`, `MPI_PROC_NULL`, a rank of the other side).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// This process.
    Here,
    /// Another member of this side: this process takes no part.
    Beside,
    /// This rank of the other side.
    There(usize),
}

impl Inter {
    /// The case of a collective between the sides: of equal blocks; elements as this side has them.
    pub fn case(&self, what: Collective, elements: u64, element_bytes: u64) -> Case {
        let sides = if what == Collective::Barrier { 0 } else { self.first_size() as u32 };
        Case { sides, ..self.union().case(what, elements, element_bytes) }
    }

    /// The rank in the union of a collective's root.
    ///
    /// # Errors
    /// A rank that the other side doesn't have; a root beside this process where nobody is.
    pub fn root(&self, root: Root) -> Result<usize, Error> {
        let (own, other) = self.firsts();
        match root {
            Root::Here => Ok(own + self.local.rank()),
            Root::There(rank) if rank >= self.remote_size() => {
                Err(Error::NoSuchRank { rank, size: self.remote_size() })
            }
            Root::There(rank) => Ok(other + rank),
            // Whoever it is, this process has nothing to do with it.
            Root::Beside if self.local.size() > 1 => Ok(own + (self.local.rank() == 0) as usize),
            Root::Beside => {
                Err(Error::Argument { name: "root", why: "nobody else is on this side".to_owned() })
            }
        }
    }

    /// This member's part in a collective of such a case. Its buffers have a block for each member of the other side, or
    /// one; a reduce-scatter's input has one for each of this side.
    ///
    /// # Errors
    /// As [`root`](Inter::root).
    pub fn call(&self, case: Case, root: Option<Root>) -> Result<Call, Error> {
        let root = root.map_or(Ok(0), |root| self.root(root))?;
        Ok(Call::new(case, self.union().rank() as u32, root as u32))
    }

    /// Returns when all members of both sides have called it.
    ///
    /// # Errors
    /// As [`Comm::collective`](crate::Comm::collective).
    pub fn barrier(&self) -> Result<(), Error> {
        self.union().barrier()
    }

    /// The root's bytes reach all members of the other side.
    ///
    /// # Errors
    /// A root that there isn't; as [`Comm::collective`](crate::Comm::collective).
    pub fn broadcast(&self, root: Root, bytes: &mut [u8]) -> Result<(), Error> {
        self.between(Collective::Broadcast, Some(root), Vector::of_bytes(bytes.len()), &[], bytes, None)
    }

    /// The root gets the blocks of all members of the other side, all of one length, in the order of ranks. `all` is looked at
    /// in the root alone.
    ///
    /// # Errors
    /// A root that there isn't; as [`Comm::collective`](crate::Comm::collective).
    pub fn gather(&self, root: Root, mine: &[u8], all: &mut [u8]) -> Result<(), Error> {
        let block = if root == Root::Here { all.len() / self.remote_size() } else { mine.len() };
        self.between(Collective::Gather, Some(root), Vector::of_bytes(block), mine, all, None)
    }

    /// Each member of the other side gets its block of the root's bytes, all of one length. `all` is looked at in the root alone.
    ///
    /// # Errors
    /// As [`gather`](Inter::gather).
    pub fn scatter(&self, root: Root, all: &[u8], mine: &mut [u8]) -> Result<(), Error> {
        let block = if root == Root::Here { all.len() / self.remote_size() } else { mine.len() };
        self.between(Collective::Scatter, Some(root), Vector::of_bytes(block), all, mine, None)
    }

    /// The root gets the combination of the vectors of all members of the other side, in the order of ranks. `result` is looked
    /// at in the root alone.
    ///
    /// # Errors
    /// As [`gather`](Inter::gather).
    pub fn reduce(
        &self,
        root: Root,
        operator: &Operator,
        mine: &[u8],
        result: &mut [u8],
    ) -> Result<(), Error> {
        let bytes = if root == Root::Here { result.len() } else { mine.len() };
        let vector = elements_of(bytes, operator);
        self.between(Collective::Reduce, Some(root), vector, mine, result, Some(operator))
    }

    /// Every member gets the combination of the vectors of all members of the other side; all vectors are of one length.
    ///
    /// # Errors
    /// As [`Comm::collective`](crate::Comm::collective).
    pub fn all_reduce(&self, operator: &Operator, mine: &[u8], result: &mut [u8]) -> Result<(), Error> {
        let vector = elements_of(result.len(), operator);
        self.between(Collective::AllReduce, None, vector, mine, result, Some(operator))
    }

    /// Every member gets its block of the combination of the vectors of all members of the other side, which is cut into equal
    /// blocks. All vectors are of one length.
    ///
    /// # Errors
    /// As [`Comm::collective`](crate::Comm::collective).
    pub fn reduce_scatter(&self, operator: &Operator, mine: &[u8], block: &mut [u8]) -> Result<(), Error> {
        let vector = elements_of(block.len(), operator);
        self.between(Collective::ReduceScatter, None, vector, mine, block, Some(operator))
    }

    /// A collective of equal blocks.
    fn between(
        &self,
        what: Collective,
        root: Option<Root>,
        vector: Vector,
        input: &[u8],
        output: &mut [u8],
        operator: Option<&Operator>,
    ) -> Result<(), Error> {
        let mut case = self.case(what, vector.elements as u64, vector.element_bytes as u64);
        case.commutative = operator.is_none_or(Operator::is_commutative);
        let call = self.call(case, root)?;
        let one = vector.elements * vector.element_bytes;
        let (gives, is_root) = (matches!(root, None | Some(Root::There(_))), root == Some(Root::Here));
        let (given, taken) = match what {
            Collective::Broadcast => (0, if root == Some(Root::Beside) { 0 } else { one }),
            Collective::Gather => (one * gives as usize, one * self.remote_size() * is_root as usize),
            Collective::Scatter => (one * self.remote_size() * is_root as usize, one * gives as usize),
            Collective::Reduce => (one * gives as usize, one * is_root as usize),
            Collective::ReduceScatter => (one * self.local.size(), one),
            _ => (one, one),
        };
        for (name, there_are, needed) in [("input", input.len(), given), ("output", output.len(), taken)] {
            if there_are < needed {
                let why = format!("it has {there_are} bytes and must have {needed}");
                return Err(Error::Argument { name, why });
            }
        }
        let operands = Operands {
            input: Pointer::reading(input.as_ptr()),
            output: Pointer::new(output.as_mut_ptr()),
            operator: operator.cloned(),
        };
        // SAFETY: both buffers have the size that the call needs of this member, and outlive it.
        undisturbed(|| unsafe { self.union().collective(&call, None, &operands) })
    }
}

fn elements_of(bytes: usize, operator: &Operator) -> Vector {
    let element_bytes = operator.element_bytes().max(1);
    Vector { elements: bytes / element_bytes, element_bytes }
}
