//! Non-blocking operations on borrowed buffers. A scope ends when all that it started has ended, so that a request that
//! is leaked, or forgotten, can't leave a buffer to an operation that is still under way.
//!
//! The shape is that of `std::thread::scope`: requests live for `'scope`, buffers for longer.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::address::{Destination, Source, Status};
use crate::called::called;
use crate::collective::{Described, Lent};
use crate::lending::Writable;
use crate::operation::Operation;
use crate::{Comm, Result};
use layout::{Buffer, BufferMut, Memory, MemoryMut};

impl Comm {
    /// Runs `body`, which may start operations on buffers that it borrows, and completes them all.
    ///
    /// When `body` returns a value, the scope waits for all that was started and not waited for. When it returns an error
    /// or panics, the scope cancels receives that have not been matched, takes back sends that were only announced, and
    /// lets running transfers come to their end: nothing touches the buffers afterwards. Collectives that are not complete are
    /// given up: they fail at all ranks.
    ///
    /// # Errors
    /// That of `body`, or the first of the operations that `body` did not wait for.
    ///
    /// ```
    /// # archipelago::testing::run(2, |world| {
    /// let other = 1 - world.rank();
    /// let (mut theirs, mine) = (vec![0.0; 1000], vec![world.rank() as f64; 1000]);
    /// world.scope(|s| {
    ///     let incoming = world.from(other).start_receive(s, &mut theirs)?;
    ///     world.to(other).start_send(s, &mine)?;
    ///     let received: &mut [f64] = incoming.wait()?;
    ///     received[0] += 1.0;
    ///     Ok(())
    /// })?;
    /// assert_eq!(theirs[0], other as f64 + 1.0);
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    ///
    /// What a layout selects is lent as a buffer is: its view is made before the scope, and lives as long.
    ///
    /// ```
    /// use archipelago::{Order, prelude::*};
    /// # archipelago::testing::run(2, |world| {
    /// // A field of 4 by 6 values, of which the first and the last column are halos of the neighbours in a ring.
    /// let column = |at| Layout::subarray(&[4, 6], &[4, 1], &[0, at], Order::C, &Layout::of::<f64>());
    /// let (me, n) = (world.rank(), world.size());
    /// let (left, right) = (world.from((me + n - 1) % n), world.to((me + 1) % n));
    /// let old = vec![me as f64; 4 * 6];
    /// let mut new = old.clone();
    ///
    /// let (halo, edge) = (column(0)?, column(4)?);
    /// let (mut into, out_of) = (halo.over_mut(&mut new)?, edge.over(&old)?);
    /// world.scope(|s| {
    ///     left.start_receive(s, &mut into)?;
    ///     right.start_send(s, &out_of)?;
    ///     Ok(()) // both are complete when the scope ends
    /// })?;
    /// assert_eq!(new[..2], [((me + n - 1) % n) as f64, me as f64]);
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    ///
    /// A buffer can't be used while an operation has it:
    ///
    /// ```compile_fail
    /// # archipelago::testing::run(1, |world| {
    /// let mut buffer = vec![0.0; 10];
    /// world.scope(|s| {
    ///     let incoming = world.from(0).start_receive(s, &mut buffer)?;
    ///     buffer[0] = 1.0; // still borrowed
    ///     incoming.wait()?;
    ///     Ok(())
    /// })
    /// # });
    /// ```
    ///
    /// and a request can't leave its scope:
    ///
    /// ```compile_fail
    /// # archipelago::testing::run(1, |world| {
    /// let mut buffer = vec![0.0; 10];
    /// let escaped = world.scope(|s| world.from(0).start_receive(s, &mut buffer));
    /// # });
    /// ```
    pub fn scope<'env, F, R>(&self, body: F) -> Result<R>
    where
        F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> Result<R>,
    {
        let scope = Scope { started: Operations::default(), scope: PhantomData, env: PhantomData };
        match catch_unwind(AssertUnwindSafe(|| body(&scope))) {
            Ok(Ok(value)) => scope.started.complete_all().map(|()| value),
            Ok(Err(error)) => {
                scope.started.cancel_all();
                Err(error)
            }
            Err(panic) => {
                scope.started.cancel_all();
                resume_unwind(panic)
            }
        }
    }
}

/// What operations on borrowed buffers are started in; made by [`Comm::scope`].
pub struct Scope<'scope, 'env: 'scope> {
    started: Operations<'scope>,
    // Invariant in both, as in std::thread::Scope: neither may be made longer or shorter by coercion.
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

impl<'scope, 'env> Scope<'scope, 'env> {
    /// Starts a collective on what is lent for the scope.
    pub(crate) fn collect<B: Lent<'scope>>(
        &'scope self,
        comm: &'scope runtime::Comm,
        described: Described,
        mut buffers: B,
    ) -> Result<Collecting<'scope, B::Written>> {
        let lending = buffers.lend();
        let (items, count) = lending.row();
        // SAFETY: all are borrowed for 'scope, the scope does not end before the operation is complete, and only
        // `Collecting::wait` gives what is written back before, when it is.
        let operation = unsafe { Operation::collective::<B::Item>(comm, &described, lending)? };
        let (operations, key) = self.started.insert(comm, operation)?;
        Ok(Collecting { operations, key, items, count, borrow: PhantomData })
    }
}

impl<'c> Destination<'c> {
    /// Starts to send a value, a slice, a vector, or what a layout selects of a slice, that is borrowed until the scope ends.
    ///
    /// # Errors
    /// A rank or a tag that can't be, a peer that is known to be gone: nothing was started.
    #[track_caller]
    pub fn start_send<'scope, 'env, B>(
        &self,
        scope: &'scope Scope<'scope, 'env>,
        data: &'scope B,
    ) -> Result<Sending<'scope>>
    where
        B: Buffer + ?Sized,
        'c: 'scope,
    {
        called(self.comm);
        // SAFETY: the buffer is borrowed for 'scope, and the scope does not end before the operation is complete.
        let operation = unsafe {
            match data.memory() {
                Memory::Row(items) => Operation::send(self, "start_send", self.mode, items),
                Memory::LaidOut(placed, signature) => {
                    Operation::send_laid_out::<B::Item>(self, "start_send", self.mode, placed, signature)
                }
            }
        };
        let (operations, key) = scope.started.insert(&self.comm.untyped, operation)?;
        Ok(Sending { operations, key })
    }
}

impl<'c> Source<'c> {
    /// Starts to receive into a value, a slice, a vector (of as many values as it has), or to where a layout has it in a
    /// slice. What is received into is borrowed until the scope ends, or until [`wait`](Receiving::wait) gives it back.
    ///
    /// # Errors
    /// A rank or a tag that can't be, a peer that is known to be gone: nothing was started.
    #[track_caller]
    pub fn start_receive<'scope, 'env, B>(
        &self,
        scope: &'scope Scope<'scope, 'env>,
        buffer: &'scope mut B,
    ) -> Result<Receiving<'scope, B>>
    where
        B: BufferMut + ?Sized,
        'c: 'scope,
    {
        called(self.comm);
        let buffer: *mut B = buffer;
        // SAFETY: the buffer is mutably borrowed for 'scope, the scope does not end before the operation is complete, and
        // only `Receiving::wait` gives it back before, when it is.
        let operation = unsafe {
            match (*buffer).memory_mut() {
                MemoryMut::Row(items) => Operation::receive(self, "start_receive", items),
                MemoryMut::LaidOut(placed, signature) => {
                    Operation::receive_laid_out::<B::Item>(self, "start_receive", placed, signature)
                }
            }
        };
        let (operations, key) = scope.started.insert(&self.comm.untyped, operation)?;
        Ok(Receiving { operations, key, buffer, borrow: PhantomData })
    }
}

/// A send that was started in a scope. Dropping it leaves the waiting to the scope.
pub struct Sending<'scope> {
    operations: &'scope Operations<'scope>,
    key: usize,
}

impl Sending<'_> {
    /// Waits until the buffer can be used again.
    ///
    /// # Errors
    /// A peer that is gone.
    pub fn wait(self) -> Result<()> {
        self.operations.wait(self.key).map(drop)
    }

    /// Whether it is complete.
    pub fn test(&mut self) -> bool {
        self.operations.test(self.key)
    }
}

/// A receive that was started in a scope. Dropping it leaves the waiting to the scope.
pub struct Receiving<'scope, B: BufferMut + ?Sized> {
    operations: &'scope Operations<'scope>,
    key: usize,
    buffer: *mut B,
    borrow: PhantomData<&'scope mut B>,
}

impl<'scope, B: BufferMut + ?Sized> Receiving<'scope, B> {
    /// Waits for the message and gives the part of the buffer that it filled; of a layout, the number of bytes.
    ///
    /// # Errors
    /// A message that is longer than the buffer or of another type (it is kept), a peer that is gone.
    pub fn wait(self) -> Result<B::Filled<'scope>> {
        self.wait_with_status().map(|(filled, _)| filled)
    }

    /// [`wait`](Receiving::wait), and tells from whom and with which tag.
    ///
    /// # Errors
    /// As [`wait`](Receiving::wait).
    pub fn wait_with_status(self) -> Result<(B::Filled<'scope>, Status)> {
        let (status, _) = self.operations.wait(self.key)?;
        // SAFETY: the operation is complete, and it was the only user of the buffer, which is borrowed for 'scope.
        let buffer: &'scope mut B = unsafe { &mut *self.buffer };
        Ok((buffer.filled(status.bytes), Status::of(status)))
    }

    /// Waits until [`wait`](Receiving::wait) returns at once.
    ///
    /// # Errors
    /// As [`ReceiveOwned::ready`](crate::ReceiveOwned::ready).
    pub fn ready(&mut self) -> Result<()> {
        self.operations.ready(self.key)
    }

    /// Whether it is complete.
    pub fn test(&mut self) -> bool {
        self.operations.test(self.key)
    }

    /// Cancels it, unless a message was matched; [`wait`](Receiving::wait) tells which. One that was cancelled and is not waited
    /// for ends the scope with an error.
    pub fn cancel(&mut self) {
        self.operations.cancel(self.key);
    }
}

/// A collective that was started in a scope. Dropping it leaves the waiting to the scope.
pub struct Collecting<'scope, O: Writable<'scope>> {
    operations: &'scope Operations<'scope>,
    key: usize,
    items: *mut u8,
    count: usize,
    borrow: PhantomData<O::Back>,
}

impl<'scope, O: Writable<'scope>> Collecting<'scope, O> {
    /// Waits until this rank's part is done and gives the values back that were written; of what a layout selects, nothing.
    ///
    /// # Errors
    /// A rank that is gone; ranks that call another operation or other lengths.
    pub fn wait(self) -> Result<O::Back> {
        self.operations.wait(self.key)?;
        // SAFETY: the operation is complete, and it was the only user of the items, which are borrowed for 'scope.
        Ok(unsafe { O::back(self.items, self.count) })
    }

    /// Whether it is complete.
    pub fn test(&mut self) -> bool {
        self.operations.test(self.key)
    }
}

/// The operations of a scope that have not been waited for.
#[derive(Default)]
struct Operations<'scope> {
    slots: RefCell<Vec<Option<(&'scope runtime::Comm, Operation)>>>,
    /// Those that are empty.
    free: RefCell<Vec<usize>>,
}

impl<'scope> Operations<'scope> {
    /// Takes an operation in, unless it failed to start.
    fn insert(
        &'scope self,
        comm: &'scope runtime::Comm,
        operation: Operation,
    ) -> Result<(&'scope Self, usize)> {
        if let Some(error) = operation.failed(comm) {
            return Err(error);
        }
        let mut slots = self.slots.borrow_mut();
        let key = self.free.borrow_mut().pop().unwrap_or_else(|| {
            slots.push(None);
            slots.len() - 1
        });
        slots[key] = Some((comm, operation));
        Ok((self, key))
    }

    fn wait(&self, key: usize) -> Result<(engine::Status, usize)> {
        let Some((comm, mut operation)) = self.slots.borrow_mut()[key].take() else {
            unreachable!("a request is waited for once, as that consumes it")
        };
        self.free.borrow_mut().push(key);
        operation.wait(comm)
    }

    fn ready(&self, key: usize) -> Result<()> {
        match &mut self.slots.borrow_mut()[key] {
            Some((comm, operation)) => operation.ready(comm),
            None => Ok(()),
        }
    }

    fn test(&self, key: usize) -> bool {
        match &mut self.slots.borrow_mut()[key] {
            Some((comm, operation)) => operation.test(comm),
            None => true,
        }
    }

    fn cancel(&self, key: usize) {
        if let Some((comm, operation)) = &self.slots.borrow()[key] {
            operation.cancel(comm);
        }
    }

    fn complete_all(&self) -> Result<()> {
        wait_for_all(self.slots.take())
    }

    fn cancel_all(&self) {
        let operations = self.slots.take();
        for (comm, operation) in operations.iter().flatten() {
            operation.cancel(comm);
        }
        // The scope has an error already.
        let _ = wait_for_all(operations);
    }
}

/// Waits for all, whatever became of those before: none has its buffer any more afterwards. An operator that has panicked does so
/// then.
fn wait_for_all(operations: Vec<Option<(&runtime::Comm, Operation)>>) -> Result<()> {
    let (mut outcome, mut panic) = (Ok(()), None);
    for (comm, mut operation) in operations.into_iter().flatten() {
        match catch_unwind(AssertUnwindSafe(|| operation.wait(comm).map(drop))) {
            Ok(one) => outcome = outcome.and(one),
            Err(one) => panic = panic.or(Some(one)),
        }
    }
    match panic {
        Some(panic) => resume_unwind(panic),
        None => outcome,
    }
}
