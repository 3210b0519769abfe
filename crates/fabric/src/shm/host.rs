//! The segment of this host, as ports and runtime see it.

use std::collections::HashMap;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::{Arc, Mutex, PoisonError};

use mapped::segment::SegmentError;
use mapped::{Pool, ProcessState, Segment, Shape};

/// The memory that the processes of one job share on this host. Cheap to clone; unmapped with the last clone and the
/// last port on it.
#[derive(Clone, Debug)]
pub struct Host {
    segment: Arc<Segment>,
    /// What is taken of the allocation pools of those slots that live in this process.
    books: Arc<Mutex<HashMap<u16, Pool>>>,
}

impl Host {
    /// Makes the segment for `slots` processes: what the keeper does, and a test whose ranks are threads.
    ///
    /// # Errors
    /// When the kernel denies shared memory; the error says what was tried.
    pub fn create(slots: u16) -> Result<Host, SegmentError> {
        let usual = Shape::for_slots(slots);
        // Where address space is limited (RLIMIT_AS, RLIMIT_FSIZE), the pools for `allocate` and lanes are what can be spared.
        let lean = Shape { allocation_bytes: 1 << 20, lanes: 1, ..usual };
        Host::with_shape(usual).or_else(|error| Host::with_shape(lean).map_err(|_| error))
    }

    /// Makes a segment of a given shape.
    pub fn with_shape(shape: Shape) -> Result<Host, SegmentError> {
        Ok(Host::on(Segment::create(shape)?))
    }

    /// Maps the segment that another process made and handed over.
    ///
    /// # Errors
    /// When `fd` is no segment of this version, or can't be mapped.
    pub fn attach(fd: OwnedFd) -> Result<Host, SegmentError> {
        Ok(Host::on(Segment::attach(fd)?))
    }

    fn on(segment: Arc<Segment>) -> Host {
        Host { segment, books: Arc::default() }
    }

    /// The descriptor to hand over.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.segment.fd()
    }

    /// How many processes have room.
    pub fn slots(&self) -> u16 {
        self.segment.slots()
    }

    /// How many cores the job may use on this host.
    pub fn cores(&self) -> usize {
        self.segment.shape().cores.max(1) as usize
    }

    /// The segment itself: boards, states, allocation pools.
    pub fn segment(&self) -> &Arc<Segment> {
        &self.segment
    }

    /// Sets how a slot's process fares, and has everybody look. The keeper states starts and ends, a process its own leaving.
    pub fn set_state(&self, slot: u16, state: ProcessState) {
        self.segment.set_state(slot, state);
    }

    /// How a slot's process fares.
    pub fn state(&self, slot: u16) -> ProcessState {
        self.segment.state(slot)
    }

    /// Aborts the job on this host. The first code stays.
    pub fn abort(&self, code: i32) {
        self.segment.abort(code);
    }

    /// The code with which the job was aborted, if it was.
    #[inline]
    pub fn aborted(&self) -> Option<i32> {
        self.segment.aborted()
    }

    /// The distance from the segment's start of `bytes` bytes at `pointer`, if they lie in it: what another process of
    /// this host gives to [`resolve`](Host::resolve).
    pub fn offset_of(&self, pointer: *const u8, bytes: usize) -> Option<u64> {
        self.segment.offset_of(pointer as usize, bytes)
    }

    /// Where memory of some process's allocation pool lies in this process.
    pub fn resolve(&self, offset: u64, bytes: usize) -> Option<NonNull<u8>> {
        self.segment.resolve(offset, bytes)
    }

    /// Takes memory that all processes of this host map, from the pool of `slot`, which lives in this process. Its content
    /// is arbitrary. `None`: the pool is full.
    pub fn allocate(&self, slot: u16, bytes: usize, align: usize) -> Option<NonNull<u8>> {
        let offset = self.with_book(slot, |book| book.take(bytes as u64, align as u64))?;
        self.segment.resolve(offset, bytes)
    }

    /// Gives memory back that [`allocate`](Host::allocate) gave for the same slot. False: it did not.
    pub fn free(&self, slot: u16, start: NonNull<u8>) -> bool {
        let offset = self.segment.offset_of(start.as_ptr() as usize, 0);
        offset.is_some_and(|offset| self.with_book(slot, |book| book.give_back(offset)))
    }

    fn with_book<T>(&self, slot: u16, use_book: impl FnOnce(&mut Pool) -> T) -> T {
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        use_book(books.entry(slot).or_insert_with(|| {
            let (start, bytes) = self.segment.allocation_pool(slot);
            Pool::new(start, start + bytes)
        }))
    }
}
