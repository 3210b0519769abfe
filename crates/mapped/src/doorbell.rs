//! How a process that doesn't look at a ring learns that it should.
//!
//! Each receiver has one doorbell: a bit per sender, a sequence number, and a word that says whether it sleeps, and on
//! which number. A sender sets its bit, bumps the sequence, fences and reads `sleeping`. A receiver that is about to
//! sleep reads the sequence, stores it in `sleeping`, fences, looks at everything once more, and sleeps as long as the
//! sequence is what it had read.
//!
//! Exactly one sender moves the sequence on from the number on which the receiver sleeps, and that one makes the
//! system call that wakes it; nobody else does. (A word that senders clear instead loses wake-ups: a slow sender's
//! belated clearing can hit the receiver's next sleep.) Should that sender die between the two steps, the sleep's
//! limit ends it.

use crate::sync::{AtomicU32, AtomicU64, Ordering, fence};

/// Words of bits: one bit per sender.
#[cfg(not(loom))]
const WORDS: usize = 64;
#[cfg(loom)]
const WORDS: usize = 1;

/// The most senders that a doorbell tells apart.
pub const SENDERS_MAX: usize = WORDS * 64;

/// A receiver's doorbell. With up to 384 senders ringing touches one cache line.
#[repr(C, align(64))]
#[derive(Debug)]
pub struct Doorbell {
    /// Bumped by every ring; the word slept on.
    sequence: AtomicU32,
    /// 0: awake, else a [`Sleep`] in the upper half and the sequence number slept on in the lower. Written by the receiver.
    sleeping: AtomicU64,
    /// Set by senders, taken by the receiver.
    bits: [AtomicU64; WORDS],
}

/// How the receiver sleeps, and hence how it is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Sleep {
    /// On the doorbell's sequence word, as a futex.
    Futex = 1,
    /// In epoll, where a socket of its own wakes it.
    Socket = 2,
}

impl Sleep {
    fn of(word: u64) -> Option<Sleep> {
        match word >> 32 {
            1 => Some(Sleep::Futex),
            2 => Some(Sleep::Socket),
            _ => None,
        }
    }
}

impl Doorbell {
    /// Rings: sender `slot` has something, or has made room. Returns how the receiver must be woken, if it sleeps.
    pub fn ring(&self, slot: u16) -> Option<Sleep> {
        if let Some(word) = self.bits.get(slot as usize / 64) {
            // Release: pairs with the Acquire in `take`: who takes the bit sees what was published before.
            word.fetch_or(1 << (slot % 64), Ordering::Release);
        }
        self.nudge()
    }

    /// Rings without a bit: something else than a ring is worth a look.
    pub fn nudge(&self) -> Option<Sleep> {
        // Release: pairs with the Acquire in `sequence`.
        let before = self.sequence.fetch_add(1, Ordering::Release);
        // Pairs with the fence in `prepare_sleep`: either the receiver sees the bit, or we see that it sleeps.
        fence(Ordering::SeqCst);
        let sleeping = self.sleeping.load(Ordering::Relaxed);
        if sleeping as u32 == before { Sleep::of(sleeping) } else { None }
    }

    /// How the receiver sleeps, if it does.
    pub fn sleeping(&self) -> Option<Sleep> {
        Sleep::of(self.sleeping.load(Ordering::Relaxed))
    }

    /// The sequence number now. As long as it doesn't change, [`take`](Doorbell::take) gives nothing new.
    #[inline]
    pub fn sequence(&self) -> u32 {
        // Acquire: pairs with the Release in `nudge`: a new number comes with its bit.
        self.sequence.load(Ordering::Acquire)
    }

    /// Takes the bits of 64 senders, `word` being their number divided by 64.
    #[inline]
    pub fn take(&self, word: usize) -> u64 {
        match self.bits.get(word) {
            // Acquire: pairs with the Release in `ring`.
            Some(bits) if bits.load(Ordering::Relaxed) != 0 => bits.swap(0, Ordering::Acquire),
            _ => 0,
        }
    }

    /// Whether any bit of the first `senders` is set.
    pub fn is_rung(&self, senders: usize) -> bool {
        self.bits[..senders.div_ceil(64).min(WORDS)].iter().any(|bits| bits.load(Ordering::Relaxed) != 0)
    }

    /// Announces a sleep on the number `sequence`, and fences. The caller has read it by [`sequence`](Doorbell::sequence), then
    /// stated that it doesn't watch its rings; it looks at everything once more after this; then it sleeps as long as the number is
    /// the same, and calls [`awake`](Doorbell::awake).
    pub fn prepare_sleep(&self, sequence: u32, how: Sleep) {
        self.sleeping.store((how as u64) << 32 | sequence as u64, Ordering::Relaxed);
        // Pairs with the fences in `nudge` and in the producers' `must_ring`.
        fence(Ordering::SeqCst);
    }

    /// States that the receiver is awake.
    #[inline]
    pub fn awake(&self) {
        self.sleeping.store(0, Ordering::Relaxed);
    }

    /// The word to sleep on.
    #[cfg(not(loom))]
    pub fn word(&self) -> &AtomicU32 {
        &self.sequence
    }
}

#[cfg(not(loom))]
impl Default for Doorbell {
    fn default() -> Doorbell {
        Doorbell {
            sequence: AtomicU32::new(0),
            sleeping: AtomicU64::new(0),
            bits: [const { AtomicU64::new(0) }; WORDS],
        }
    }
}

#[cfg(loom)]
impl Default for Doorbell {
    fn default() -> Doorbell {
        Doorbell {
            sequence: AtomicU32::new(0),
            sleeping: AtomicU64::new(0),
            bits: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }
}
