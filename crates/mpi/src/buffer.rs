//! Room for buffered sends: how much the program has attached, and how much of it is in use (MPI 5.0 §3.6).
//!
//! Messages are kept in memory of our own; the attached buffer says how much there may be of it, and is never touched. Where none is
//! attached it is as if one of no bytes were.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use crate::number::{BSEND_OVERHEAD, BUFFER_AUTOMATIC, ERR_ARG, ERR_BUFFER, ERR_OTHER};
use crate::pointer::{self, Address};
use crate::request::{Outcome, Pending, Wakers};
use crate::{Error, Result, Status, instance};

/// What can be attached to: the process, a communicator, a session.
pub(crate) struct Pool {
    attached: Mutex<Option<Attached>>,
}

#[derive(Clone)]
struct Attached {
    address: usize,
    size: i64,
    used: Arc<Used>,
}

/// How much of a buffer is in use.
#[derive(Default)]
struct Used {
    epochs: Mutex<Epochs>,
    /// Of those who flush it.
    wakers: Wakers,
}

/// Its messages, by the flushes between which they came: a flush waits for those before it, whatever comes after it.
#[derive(Default)]
struct Epochs {
    bytes: usize,
    /// How many messages there are of each epoch that has some.
    messages: BTreeMap<u64, usize>,
    /// The number of the one that is open.
    open: u64,
}

/// Room in use; given back when it is dropped, which is when the message is gone.
pub(crate) struct Reservation {
    used: Arc<Used>,
    bytes: usize,
    epoch: u64,
}

impl Used {
    fn epochs(&self) -> MutexGuard<'_, Epochs> {
        self.epochs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Epochs {
    /// One more message, in the open epoch; its number.
    fn add(&mut self, bytes: usize) -> u64 {
        self.bytes += bytes;
        *self.messages.entry(self.open).or_default() += 1;
        self.open
    }

    /// Closes the open epoch, if it has messages; the number of the one that is open now, before which all must be gone.
    fn close(&mut self) -> u64 {
        self.open += u64::from(self.messages.contains_key(&self.open));
        self.open
    }

    /// A message is gone. Returns whether a flush may be complete.
    fn remove(&mut self, epoch: u64, bytes: usize) -> bool {
        self.bytes -= bytes;
        let oldest = self.oldest();
        if let Entry::Occupied(mut messages) = self.messages.entry(epoch) {
            *messages.get_mut() -= 1;
            if *messages.get() == 0 {
                messages.remove();
            }
        }
        self.oldest() != oldest
    }

    /// The oldest that has messages.
    fn oldest(&self) -> Option<u64> {
        self.messages.keys().next().copied()
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if self.used.epochs().remove(self.epoch, self.bytes) {
            self.used.wakers.wake();
        }
    }
}

/// What is attached to the process.
pub(crate) static PROCESS: Pool = Pool::new();

impl Pool {
    pub const fn new() -> Pool {
        Pool { attached: Mutex::new(None) }
    }

    fn attached(&self) -> Option<Attached> {
        self.attached.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many bytes the buffer has.
    pub fn size(&self) -> i64 {
        self.attached().map_or(0, |attached| attached.size)
    }

    /// Whether there is a buffer.
    pub fn is_attached(&self) -> bool {
        self.attached().is_some()
    }

    /// Attaches a buffer.
    ///
    /// # Errors
    /// One is attached already, or this is none.
    pub fn attach(&self, buffer: Address, size: i64) -> Result {
        // MPI 5.0 §3.6: the size is irrelevant then.
        let size = if buffer.number() == BUFFER_AUTOMATIC { 0 } else { size };
        pointer::length("the size", size, ERR_ARG)?;
        if buffer.is_null() && size > 0 {
            return Err(Error::new(ERR_BUFFER, "the buffer is a null pointer"));
        }
        let mut attached = self.attached.lock().unwrap_or_else(PoisonError::into_inner);
        if attached.is_some() {
            return Err(Error::new(ERR_BUFFER, "a buffer is attached already: detach it first"));
        }
        *attached = Some(Attached { address: buffer.number(), size, used: Arc::default() });
        Ok(())
    }

    /// Detaches the buffer, whose messages go on their way.
    pub fn forget(&self) {
        *self.attached.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Waits until its messages are gone, and detaches the buffer; its address.
    pub fn detach(&self) -> Result<Address> {
        self.flush()?;
        let attached = self.attached.lock().unwrap_or_else(PoisonError::into_inner).take();
        let address = attached.map_or(0, |attached| attached.address);
        // It came from C as an address, and goes back as one.
        Ok(Address(std::ptr::with_exposed_provenance_mut(address)))
    }

    /// Waits until the messages that it has now are gone.
    pub fn flush(&self) -> Result {
        self.start_flush().wait().map(drop)
    }

    /// Starts to wait for that.
    pub fn start_flush(&self) -> Box<dyn Pending> {
        let used = self.attached().map_or_else(Arc::default, |attached| attached.used);
        let until = used.epochs().close();
        Box::new(Flush { used, until })
    }

    /// Room for a message.
    ///
    /// # Errors
    /// `ERR_BUFFER`: there is not so much.
    pub fn reserve(&self, message_bytes: usize) -> Result<Reservation> {
        let Some(Attached { address, size, used }) = self.attached() else {
            return Err(Error::new(
                ERR_BUFFER,
                "no buffer is attached: call MPI_Buffer_attach before a buffered send",
            ));
        };
        let bytes = message_bytes.saturating_add(BSEND_OVERHEAD as usize);
        let room = if address == BUFFER_AUTOMATIC { usize::MAX } else { size as usize };
        let mut epochs = used.epochs();
        let in_use = epochs.bytes;
        if in_use.checked_add(bytes).is_none_or(|bytes| bytes > room) {
            let text = format!(
                "the attached buffer of {size} bytes has {in_use} in use, and this message needs {bytes} (MPI_BSEND_OVERHEAD \
                 among them)"
            );
            return Err(Error::new(ERR_BUFFER, text));
        }
        let epoch = epochs.add(bytes);
        drop(epochs);
        Ok(Reservation { used, bytes, epoch })
    }
}

/// Complete when no message is in the buffer that was there when it began (MPI 5.0 §3.6).
struct Flush {
    used: Arc<Used>,
    /// The epoch before which all must be gone.
    until: u64,
}

impl Flush {
    fn is_complete(&self) -> bool {
        self.used.epochs().oldest().is_none_or(|oldest| oldest >= self.until)
    }
}

impl Pending for Flush {
    fn test(&mut self) -> Option<Outcome> {
        if let Some(process) = instance::joined() {
            process.world().progress();
        }
        self.is_complete().then_some(Ok(Status::EMPTY))
    }

    fn wait(&mut self) -> Outcome {
        if !self.is_complete() {
            let process = instance::joined().ok_or_else(|| Error::new(ERR_OTHER, "MPI has ended"))?;
            process.world().wait_until(&|| self.is_complete());
        }
        Ok(Status::EMPTY)
    }

    fn watch(&mut self, waker: &Waker) -> bool {
        self.used.wakers.add(waker);
        !self.is_complete()
    }

    fn detach(self: Box<Self>) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attached(bytes: i64) -> Pool {
        let pool = Pool::new();
        pool.attach(Address(std::ptr::without_provenance_mut(4096)), bytes).unwrap();
        pool
    }

    fn flush(pool: &Pool) -> Flush {
        let used = pool.attached().unwrap().used;
        let until = used.epochs().close();
        Flush { used, until }
    }

    #[test]
    fn a_flush_waits_for_what_was_there_before_it() {
        let pool = attached(1 << 20);
        assert!(flush(&pool).is_complete());
        let (first, second) = (pool.reserve(10).unwrap(), pool.reserve(20).unwrap());
        let early = flush(&pool);
        assert!(!early.is_complete() && !flush(&pool).is_complete());
        let third = pool.reserve(30).unwrap();
        let late = flush(&pool);
        drop(second);
        assert!(!early.is_complete());
        drop(first);
        assert!(early.is_complete() && !late.is_complete());
        let fourth = pool.reserve(40).unwrap();
        drop(fourth);
        assert!(!late.is_complete());
        drop(third);
        assert!(late.is_complete() && flush(&pool).is_complete());
        assert_eq!(pool.attached().unwrap().used.epochs().bytes, 0);
    }

    #[test]
    fn there_are_no_more_epochs_than_messages() {
        let pool = attached(1 << 20);
        let kept = pool.reserve(1).unwrap();
        let first = flush(&pool);
        for _ in 0..1000 {
            drop(pool.reserve(1).unwrap());
            let passing = pool.reserve(1).unwrap();
            assert!(!flush(&pool).is_complete());
            drop(passing);
        }
        assert_eq!(pool.attached().unwrap().used.epochs().messages.len(), 1);
        drop(kept);
        assert!(first.is_complete());
    }

    #[test]
    fn the_size_of_an_automatic_buffer_is_irrelevant() {
        for size in [-1, 0, i64::MAX] {
            let pool = Pool::new();
            pool.attach(Address(std::ptr::without_provenance_mut(BUFFER_AUTOMATIC)), size).unwrap();
            assert_eq!(pool.size(), 0);
            drop(pool.reserve(1 << 30).unwrap());
            pool.forget();
            assert!(!pool.is_attached());
        }
    }
}
