//! Flow control: a message whose payload goes with its envelope may have to be stored by a receiver that did not
//! ask for it yet, so it is sent only against credit. Without credit only the envelope goes, and the sender's own
//! request bounds what is queued.
//!
//! A receiver's memory for unexpected messages is thus at most its pool plus some 200 bytes for each outstanding
//! announced message of its peers, of which there are at most 2^24 of all peers together: beyond that the peer that has
//! announced most is dropped.

/// What a queued message occupies beside the payload that does not fit its entry.
pub const ENTRY_BYTES: u64 = 128;

/// The default size of a receiver's pool.
pub const POOL_BYTES: u64 = 4 << 20;

/// The most that one peer gets without asking, and the size of a further grant.
pub const GRANT_BYTES: u64 = 64 << 10;

/// What a message of `bytes` costs: its entry, and what of it lies outside.
pub fn cost(bytes: usize) -> u64 {
    ENTRY_BYTES + (bytes as u64).saturating_sub(fabric::INLINE_BYTES as u64)
}

/// The credit that each pair of a job has from the start. Both sides compute it, so first contact costs nothing:
/// half of the pool shared by all that may come.
pub fn initial(pool_bytes: u64, job_size: u32) -> u64 {
    (pool_bytes / 2 / job_size.max(1) as u64).min(GRANT_BYTES) / ENTRY_BYTES * ENTRY_BYTES
}

/// One side's books with one peer, in both directions.
#[derive(Clone, Copy, Debug)]
pub struct Books {
    /// What we may still send eagerly.
    pub available: u64,
    /// What the peer sent eagerly and we have consumed but not given back.
    owed: u64,
    /// What the peer may have outstanding in all.
    granted: u64,
}

impl Books {
    /// The books at first contact.
    pub fn new(initial: u64) -> Books {
        Books { available: initial, owed: 0, granted: initial }
    }

    /// Takes the cost of an eager message, if there is credit for it.
    pub fn spend(&mut self, bytes: usize) -> bool {
        let cost = cost(bytes);
        let enough = self.available >= cost;
        if enough {
            self.available -= cost;
        }
        enough
    }

    /// Gives back what a refused frame had taken.
    pub fn refund(&mut self, bytes: usize) {
        self.available += cost(bytes);
    }

    /// Notes that an eager message of the peer was consumed; returns what to give back now, in batches of half the grant.
    pub fn consumed(&mut self, bytes: usize) -> Option<u64> {
        self.owed += cost(bytes);
        (self.owed * 2 >= self.granted).then(|| std::mem::take(&mut self.owed))
    }

    /// The peer announces what it would have sent eagerly: it gets more, if the pool's common half has some left.
    pub fn extend(&mut self, left: &mut u64) -> Option<u64> {
        let grant = GRANT_BYTES.min(*left);
        if grant < ENTRY_BYTES || self.granted >= 16 * GRANT_BYTES {
            return None;
        }
        *left -= grant;
        self.granted += grant;
        Some(grant + std::mem::take(&mut self.owed))
    }

    /// The peer sends nothing more: what it was granted beyond these bytes, which comes back to the common half of the pool.
    pub fn reclaim(&mut self, kept: u64) -> u64 {
        let back = self.granted.saturating_sub(kept);
        self.granted -= back;
        back
    }

    /// The peer gave credit. A hostile peer can only harm itself by giving too much: we bound nothing by it.
    pub fn receive(&mut self, bytes: u64) {
        self.available = self.available.saturating_add(bytes);
    }

    /// Whether an eager arrival keeps to what the peer was granted is checked by the bytes that we hold for it.
    pub fn granted(&self) -> u64 {
        self.granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_initial_credits_fit_half_the_pool() {
        for job_size in [1, 2, 3, 31, 32, 33, 1000, 65_536, u32::MAX] {
            assert!(initial(POOL_BYTES, job_size) * job_size as u64 <= POOL_BYTES.max(GRANT_BYTES));
        }
        assert_eq!(initial(POOL_BYTES, 2), GRANT_BYTES);
        assert_eq!(initial(POOL_BYTES, 65_536), 0);
    }

    #[test]
    fn credit_circulates_without_loss() {
        let (mut sender, mut receiver) = (Books::new(1024), Books::new(1024));
        let mut sent = 0;
        for _ in 0..1000 {
            while sender.spend(8) {
                sent += 1;
            }
            assert!(sent > 0, "credit ran out for good");
            while sent > 0 {
                sent -= 1;
                if let Some(back) = receiver.consumed(8) {
                    sender.receive(back);
                }
            }
        }
    }

    #[test]
    fn extensions_stop_with_the_pool() {
        let (mut left, mut books) = (100 << 10, Books::new(0));
        assert_eq!(books.extend(&mut left), Some(64 << 10));
        assert_eq!(books.extend(&mut left), Some(36 << 10));
        assert_eq!(books.extend(&mut left), None);
        left += books.reclaim(30 << 10);
        assert_eq!((left, books.granted()), (70 << 10, 30 << 10));
        left += books.reclaim(90 << 10);
        assert_eq!((left, books.granted()), (70 << 10, 30 << 10));
    }
}
