//! Collectives between two sides (MPI 5.0 §6.2.3): each side gets what the other gives. They are composed of a part on each
//! side and messages over the bridge, so that a side's part takes the algorithm that is best there.
//!
//! In the costs A(n) is what the named operation costs on a side of n members, and a word is a message of 8 bytes.

use engine::Error;
use engine::collective::Collective;
use layout::Operator;

use super::Inter;
use crate::bytes::Vector;

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
    /// Returns when all members of both sides have called it. Costs two barriers on each side, two messages each way between
    /// the leaders.
    ///
    /// # Errors
    /// As [`Comm::collective`](crate::Comm::collective).
    pub fn barrier(&self) -> Result<(), Error> {
        let gathered = self.local.barrier();
        let met = if self.is_leader() { self.meet(gathered, &[], &mut []) } else { gathered };
        self.tell_side(met)
    }

    /// The root's bytes reach all members of the other side. Costs one message over the bridge, and there two broadcasts, one of
    /// a word.
    ///
    /// # Errors
    /// A root that there isn't; as [`Comm::collective`](crate::Comm::collective).
    pub fn broadcast(&self, root: Root, bytes: &mut [u8]) -> Result<(), Error> {
        self.check_root(root)?;
        match root {
            Root::Here => self.bridge.exchange(Some(0), bytes, None, &mut []),
            Root::Beside => Ok(()),
            Root::There(root) => {
                let received = match self.is_leader() {
                    true => self.bridge.exchange(None, &[], Some(root), bytes),
                    false => Ok(()),
                };
                self.tell_side(received)?;
                self.spread(bytes)
            }
        }
    }

    /// The root gets the blocks of all members of the other side, all of one length, in the order of ranks. Costs a gather there, a
    /// word and a message of all blocks over the bridge. `all` is looked at in the root alone.
    ///
    /// # Errors
    /// A root that there isn't; a buffer of another length than all blocks; as [`Comm::collective`](crate::Comm::collective).
    pub fn gather(&self, root: Root, mine: &[u8], all: &mut [u8]) -> Result<(), Error> {
        self.check_root(root)?;
        match root {
            Root::Here => {
                self.hear_outcome_of_leader().and_then(|()| self.bridge.exchange(None, &[], Some(0), all))
            }
            Root::Beside => Ok(()),
            Root::There(root) => {
                let mut gathered = self.room_of_leader(mine.len() * self.local.size());
                let block = Vector::of_bytes(mine.len());
                let outcome = self.local.rooted(Collective::Gather, 0, block, mine, &mut gathered, None);
                self.give_root(root, outcome, &gathered)
            }
        }
    }

    /// Each member of the other side gets its block of the root's bytes, all of one length. Costs a message of all blocks over the
    /// bridge, and there a broadcast of a word and a scatter. `all` is looked at in the root alone.
    ///
    /// # Errors
    /// As [`gather`](Inter::gather).
    pub fn scatter(&self, root: Root, all: &[u8], mine: &mut [u8]) -> Result<(), Error> {
        self.check_root(root)?;
        match root {
            Root::Here => self.bridge.exchange(Some(0), all, None, &mut []),
            Root::Beside => Ok(()),
            Root::There(root) => {
                let mut blocks = self.room_of_leader(mine.len() * self.local.size());
                let received = match self.is_leader() {
                    true => self.bridge.exchange(None, &[], Some(root), &mut blocks),
                    false => Ok(()),
                };
                self.tell_side(received)?;
                let block = Vector::of_bytes(mine.len());
                self.local.rooted(Collective::Scatter, 0, block, &blocks, mine, None)
            }
        }
    }

    /// Every member gets the blocks of all members of the other side: those of a side are of one length. Costs a gather, a
    /// broadcast and one of a word on each side, and a word and a message of all blocks each way.
    ///
    /// # Errors
    /// As [`Comm::collective`](crate::Comm::collective).
    pub fn all_gather(&self, mine: &[u8], theirs: &mut [u8]) -> Result<(), Error> {
        let mut gathered = self.room_of_leader(mine.len() * self.local.size());
        let block = Vector::of_bytes(mine.len());
        let outcome = self.local.rooted(Collective::Gather, 0, block, mine, &mut gathered, None);
        let met = if self.is_leader() { self.meet(outcome, &gathered, theirs) } else { outcome };
        self.tell_side(met)?;
        self.spread(theirs)
    }

    /// Every member gives each member of the other side a block, and gets one from each. Costs a message from each to each, in
    /// as many rounds as the larger side has members.
    ///
    /// # Errors
    /// Buffers that aren't one block for each member of the other side; as [`Comm::collective`](crate::Comm::collective).
    pub fn all_to_all(&self, mine: &[u8], theirs: &mut [u8]) -> Result<(), Error> {
        let (me, here, there) = (self.local.rank(), self.local.size(), self.remote_size());
        for (name, bytes) in [("mine", mine.len()), ("theirs", theirs.len())] {
            if !bytes.is_multiple_of(there) {
                let why = format!("{bytes} bytes can't be divided among {there} ranks");
                return Err(Error::Argument { name, why });
            }
        }
        let (given, taken) = (mine.len() / there, theirs.len() / there);
        let rounds = here.max(there);
        for round in 0..rounds {
            let (to, from) = ((me + round) % rounds, (me + rounds - round) % rounds);
            let (to, from) = (Some(to).filter(|to| *to < there), Some(from).filter(|from| *from < there));
            let mine = to.map_or(&[][..], |to| &mine[to * given..][..given]);
            let theirs = from.map_or(&mut [][..], |from| &mut theirs[from * taken..][..taken]);
            self.bridge.exchange(to, mine, from, theirs)?;
        }
        Ok(())
    }

    /// The root gets the combination of the vectors of all members of the other side, in the order of ranks. Costs a reduction
    /// there, a word and a message over the bridge. `result` is looked at in the root alone.
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
        self.check_root(root)?;
        match root {
            Root::Here => {
                self.hear_outcome_of_leader().and_then(|()| self.bridge.exchange(None, &[], Some(0), result))
            }
            Root::Beside => Ok(()),
            Root::There(root) => {
                let mut reduced = self.room_of_leader(mine.len());
                let outcome = self.reduce_here(operator, mine, &mut reduced);
                self.give_root(root, outcome, &reduced)
            }
        }
    }

    /// Every member gets the combination of the vectors of all members of the other side; all vectors are of one length. Costs a
    /// reduction, a broadcast and one of a word on each side, and a word and a message each way.
    ///
    /// # Errors
    /// As [`Comm::collective`](crate::Comm::collective).
    pub fn all_reduce(&self, operator: &Operator, mine: &[u8], result: &mut [u8]) -> Result<(), Error> {
        let mut reduced = self.room_of_leader(mine.len());
        let outcome = self.reduce_here(operator, mine, &mut reduced);
        let met = if self.is_leader() { self.meet(outcome, &reduced, result) } else { outcome };
        self.tell_side(met)?;
        self.spread(result)
    }

    /// Every member gets its block of the combination of the vectors of all members of the other side, which is cut into equal
    /// blocks. Costs a reduction, a scatter and a broadcast of a word on each side, and a word and a message each way.
    ///
    /// # Errors
    /// A vector that can't be cut into a block for each member of either side; as [`Comm::collective`](crate::Comm::collective).
    pub fn reduce_scatter(&self, operator: &Operator, mine: &[u8], block: &mut [u8]) -> Result<(), Error> {
        let (given, needed) = (mine.len(), block.len() * self.local.size());
        if given != needed {
            let why = format!("it has {given} bytes, and this side's blocks need {needed}");
            return Err(Error::Argument { name: "mine", why });
        }
        let (mut reduced, mut theirs) = (self.room_of_leader(given), self.room_of_leader(given));
        let outcome = self.reduce_here(operator, mine, &mut reduced);
        let met = if self.is_leader() { self.meet(outcome, &reduced, &mut theirs) } else { outcome };
        self.tell_side(met)?;
        let length = Vector::of_bytes(block.len());
        self.local.rooted(Collective::Scatter, 0, length, &theirs, block, None)
    }

    fn check_root(&self, root: Root) -> Result<(), Error> {
        match root {
            Root::There(rank) if rank >= self.remote_size() => {
                Err(Error::NoSuchRank { rank, size: self.remote_size() })
            }
            _ => Ok(()),
        }
    }

    /// Room for what the leader alone has.
    fn room_of_leader(&self, bytes: usize) -> Vec<u8> {
        vec![0; if self.is_leader() { bytes } else { 0 }]
    }

    fn reduce_here(&self, operator: &Operator, mine: &[u8], reduced: &mut [u8]) -> Result<(), Error> {
        let element_bytes = operator.element_bytes().max(1);
        let vector = Vector { elements: mine.len() / element_bytes, element_bytes };
        self.local.rooted(Collective::Reduce, 0, vector, mine, reduced, Some(operator.clone()))
    }

    /// The leaders tell each other how their sides fared, and if both did well what they have.
    fn meet(&self, outcome: Result<(), Error>, mine: &[u8], theirs: &mut [u8]) -> Result<(), Error> {
        let mut other = [0; 1];
        self.bridge.exchange(Some(0), &[outcome.is_err() as u8], Some(0), &mut other)?;
        outcome?;
        match other {
            [0] => self.bridge.exchange(Some(0), mine, Some(0), theirs),
            _ => Err(self.other_side_failed()),
        }
    }

    /// The leader gives the root on the other side what its own side has come to.
    fn give_root(&self, root: usize, outcome: Result<(), Error>, bytes: &[u8]) -> Result<(), Error> {
        if !self.is_leader() {
            return outcome;
        }
        self.bridge.exchange(Some(root), &[outcome.is_err() as u8], None, &mut [])?;
        outcome?;
        self.bridge.exchange(Some(root), bytes, None, &mut [])
    }

    fn hear_outcome_of_leader(&self) -> Result<(), Error> {
        let mut outcome = [0; 1];
        self.bridge.exchange(None, &[], Some(0), &mut outcome)?;
        if outcome == [0] { Ok(()) } else { Err(self.other_side_failed()) }
    }

    fn other_side_failed(&self) -> Error {
        let process = self.remote().process(0).unwrap_or_default();
        Error::Elsewhere { process, why: "the other side's part in it failed".into() }
    }

    /// The leader tells its side how it fared with the other, so that nobody waits for what doesn't come.
    fn tell_side(&self, outcome: Result<(), Error>) -> Result<(), Error> {
        let mut failed = [(outcome.is_err() && self.is_leader()) as u8];
        self.local.rooted(Collective::Broadcast, 0, Vector::of_bytes(1), &[], &mut failed, None)?;
        outcome?;
        match failed {
            [0] => Ok(()),
            _ => {
                let process = self.local.inner().group.process(0).unwrap_or_default();
                Err(Error::Elsewhere { process, why: "the leaders could not talk to each other".into() })
            }
        }
    }

    /// What the leader has, at all of its side.
    fn spread(&self, bytes: &mut [u8]) -> Result<(), Error> {
        self.local.rooted(Collective::Broadcast, 0, Vector::of_bytes(bytes.len()), &[], bytes, None)
    }
}
