//! Room for buffered sends: how much the program has attached, and how much of it is in use (MPI 5.0 §3.6).
//!
//! Messages are kept in memory of our own; the attached buffer says how much there may be of it, and is never touched. Where none is
//! attached it is as if one of no bytes were.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;

use crate::number::{BSEND_OVERHEAD, BUFFER_AUTOMATIC, ERR_ARG, ERR_BUFFER, ERR_OTHER};
use crate::pointer::Address;
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
    bytes: AtomicUsize,
    /// Of those who wait until nothing is.
    wakers: Wakers,
}

/// Room in use; given back when it is dropped, which is when the message is gone.
pub(crate) struct Reservation {
    used: Arc<Used>,
    bytes: usize,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        // Release: pairs with the Acquire of who waits for the buffer.
        if self.used.bytes.fetch_sub(self.bytes, Ordering::AcqRel) == self.bytes {
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
        if size < 0 {
            return Err(Error::new(ERR_ARG, format!("the size is negative: {size}")));
        }
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

    /// Waits until its messages are gone, and detaches the buffer; its address.
    pub fn detach(&self) -> Result<Address> {
        self.flush()?;
        let attached = self.attached.lock().unwrap_or_else(PoisonError::into_inner).take();
        let address = attached.map_or(0, |attached| attached.address);
        // It came from C as an address, and goes back as one.
        Ok(Address(std::ptr::with_exposed_provenance_mut(address)))
    }

    /// Waits until its messages are gone.
    pub fn flush(&self) -> Result {
        self.start_flush().wait().map(drop)
    }

    /// Starts to wait for that.
    pub fn start_flush(&self) -> Box<dyn Pending> {
        let used = self.attached().map_or_else(Arc::default, |attached| attached.used);
        Box::new(Flush { used })
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
        let take = |used: usize| used.checked_add(bytes).filter(|used| *used <= room);
        match used.bytes.fetch_update(Ordering::AcqRel, Ordering::Acquire, take) {
            Ok(_) => Ok(Reservation { used, bytes }),
            Err(in_use) => {
                let text = format!(
                    "the attached buffer of {size} bytes has {in_use} in use, and this message needs {bytes} (MPI_BSEND_OVERHEAD \
                     among them)"
                );
                Err(Error::new(ERR_BUFFER, text))
            }
        }
    }
}

/// Complete when no message is in the buffer.
struct Flush {
    used: Arc<Used>,
}

impl Flush {
    fn is_empty(&self) -> bool {
        // Acquire: pairs with the Release of what was given back.
        self.used.bytes.load(Ordering::Acquire) == 0
    }
}

impl Pending for Flush {
    fn test(&mut self) -> Option<Outcome> {
        if let Some(process) = instance::joined() {
            process.world().progress();
        }
        self.is_empty().then_some(Ok(Status::EMPTY))
    }

    fn wait(&mut self) -> Outcome {
        if !self.is_empty() {
            let process = instance::joined().ok_or_else(|| Error::new(ERR_OTHER, "MPI has ended"))?;
            process.world().wait_until(&|| self.is_empty());
        }
        Ok(Status::EMPTY)
    }

    fn watch(&mut self, waker: &Waker) -> bool {
        self.used.wakers.add(waker);
        !self.is_empty()
    }

    fn detach(self: Box<Self>) {}
}
