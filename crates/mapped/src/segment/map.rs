//! A segment, mapped into this process.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::{Arc, Mutex};

use os::shared_file::{Denied, Origin};
use os::{SharedFile, SharedMapping};

use super::control::{AreaHeader, AreaOwner, ControlPage, ProcessState, StateWord};
use super::layout::{self, Layout, Shape};
use crate::doorbell::{Doorbell, Sleep};
use crate::ring::RingMemory;

/// A mapped segment.
#[derive(Debug)]
pub struct Segment {
    mapping: SharedMapping,
    file: SharedFile,
    layout: Layout,
    /// The slots of which this process has itself said who lives there: the segment's own words on that could be
    /// anybody's.
    own_slots: Mutex<BTreeSet<u16>>,
}

/// Why there is no segment.
#[derive(Debug)]
#[non_exhaustive]
pub enum SegmentError {
    /// No file for shared memory could be made.
    Denied(Denied),
    /// It could not be mapped.
    Map {
        /// The size of the mapping.
        bytes: u64,
        /// What the kernel said.
        error: io::Error,
    },
    /// What was received is not a segment of this version, or contradicts itself.
    Foreign(&'static str),
    /// A segment of this shape can't be.
    Shape(&'static str),
}

impl fmt::Display for SegmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SegmentError::Denied(denied) => denied.fmt(f),
            SegmentError::Map { bytes, error } => {
                write!(f, "the host's segment ({bytes} bytes of address space) could not be mapped: {error}")
            }
            SegmentError::Foreign(what) => write!(f, "the descriptor received is no usable segment: {what}"),
            SegmentError::Shape(what) => write!(f, "no segment of this shape: {what}"),
        }
    }
}

impl std::error::Error for SegmentError {}

impl Segment {
    /// Makes a segment.
    ///
    /// # Errors
    /// [`SegmentError`]: the shape is out of range, or the kernel denies the memory.
    pub fn create(shape: Shape) -> Result<Arc<Segment>, SegmentError> {
        let layout = Layout::of(shape).map_err(SegmentError::Shape)?;
        let file = SharedFile::create("archipelago", layout.bytes).map_err(SegmentError::Denied)?;
        let segment = Segment::map(file, layout)?;
        segment.control().initialise(&shape);
        Ok(Arc::new(segment))
    }

    /// Maps a segment that another process made.
    ///
    /// # Errors
    /// [`SegmentError::Foreign`] if it isn't one, [`SegmentError::Map`] if the kernel refuses.
    pub fn attach(fd: OwnedFd) -> Result<Arc<Segment>, SegmentError> {
        let file = SharedFile::received(fd);
        let map_error = |bytes| move |error| SegmentError::Map { bytes, error };
        let bytes = file.bytes().map_err(map_error(0))?;
        if bytes < layout::CONTROL_PAGE_BYTES {
            return Err(SegmentError::Foreign("it is too small"));
        }
        let page = SharedMapping::of_file(&file, layout::CONTROL_PAGE_BYTES as usize)
            .map_err(map_error(layout::CONTROL_PAGE_BYTES))?;
        // SAFETY: the mapping is that large and page-aligned, and the control page consists of atomics.
        let shape = unsafe { page.start().cast::<ControlPage>().as_ref() }.shape();
        let layout = Layout::of(shape.map_err(SegmentError::Foreign)?).map_err(SegmentError::Foreign)?;
        if layout.bytes != bytes {
            return Err(SegmentError::Foreign("its size contradicts its shape"));
        }
        Ok(Arc::new(Segment::map(file, layout)?))
    }

    fn map(file: SharedFile, layout: Layout) -> Result<Segment, SegmentError> {
        let mapping = SharedMapping::of_file(&file, layout.bytes as usize)
            .map_err(|error| SegmentError::Map { bytes: layout.bytes, error })?;
        Ok(Segment { mapping, file, layout, own_slots: Mutex::default() })
    }

    /// The file, to be handed to other processes.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// What kind of file it is.
    pub fn origin(&self) -> &Origin {
        self.file.origin()
    }

    /// Its shape.
    #[inline]
    pub fn shape(&self) -> &Shape {
        &self.layout.shape
    }

    /// How many processes it has room for.
    #[inline]
    pub fn slots(&self) -> u16 {
        self.layout.shape.slots
    }

    /// The doorbell of a slot's lane.
    ///
    /// # Panics
    /// If there is no such slot or lane, as all functions here do.
    #[inline]
    pub fn doorbell(&self, slot: u16, lane: u16) -> &Doorbell {
        // SAFETY: the layout gives the doorbell a page of its own in the mapping; it consists of atomics.
        unsafe { self.at(self.layout.doorbell(slot, lane)).cast().as_ref() }
    }

    /// The ring on which `sender` sends to `receiver`. It lies so: control words, lines, payload, without gaps.
    pub fn ring_memory(self: &Arc<Segment>, receiver: u16, lane: u16, sender: u16) -> RingMemory {
        let offset = self.layout.ring(receiver, lane, sender);
        let (lines, payload) = (layout::RING_LINES, layout::RING_PAYLOAD);
        let lines_at = offset + layout::RING_CONTROL;
        let payload_at = lines_at + lines as u64 * 64;
        let keep = self.clone();
        // SAFETY: the layout keeps the whole ring in the mapping, apart from all else, and aligned; `keep` keeps it
        // mapped; files are made of zeros.
        unsafe {
            RingMemory::new(
                self.at(offset).cast(),
                self.at(lines_at).cast(),
                lines,
                self.at(payload_at),
                payload,
                keep,
            )
        }
    }

    /// States who lives in a slot, and how its memory may be read.
    pub fn move_in(&self, slot: u16, owner: AreaOwner) {
        self.own_slots.lock().unwrap_or_else(|e| e.into_inner()).insert(slot);
        self.header(slot).move_in(owner);
    }

    /// States that the process of a slot looks at this lane's doorbell from now on: [`nudge_all`](Segment::nudge_all) rings no
    /// others, since a doorbell is a page.
    pub fn open_lane(&self, slot: u16, lane: u16) {
        assert!(lane < self.layout.shape.lanes, "lane {lane} of {}", self.layout.shape.lanes);
        self.header(slot).open_lane(lane);
    }

    /// Whether this process moved into a slot through this mapping, whatever the segment says.
    pub fn is_own_slot(&self, slot: u16) -> bool {
        self.own_slots.lock().unwrap_or_else(|e| e.into_inner()).contains(&slot)
    }

    /// Who lives in a slot, if it has moved in.
    pub fn owner(&self, slot: u16) -> Option<AreaOwner> {
        self.header(slot).owner()
    }

    /// Sets the state of a slot's process, and has everybody look.
    pub fn set_state(&self, slot: u16, state: ProcessState) {
        self.note_state(slot, state);
        self.nudge_all();
    }

    /// Sets the state of a slot's process. Who sleeps sees it when it next looks around: to be followed by a nudge for
    /// those who should look now. A doorbell is a page, so that a process of a large job which rang them all would map as
    /// many pages as there are processes.
    pub fn note_state(&self, slot: u16, state: ProcessState) {
        self.state_word(slot).set(state);
        self.control().bump_changes();
    }

    /// The state of a slot's process.
    pub fn state(&self, slot: u16) -> ProcessState {
        self.state_word(slot).get()
    }

    /// How often a state has changed: as long as this is the same, no state is worth a look.
    #[inline]
    pub fn changes(&self) -> u32 {
        self.control().changes()
    }

    /// Aborts the job on this host: the first code stays. Everybody is woken.
    pub fn abort(&self, code: i32) {
        self.control().abort(code);
        self.nudge_all();
    }

    /// The code with which the job was aborted, if it was.
    #[inline]
    pub fn aborted(&self) -> Option<i32> {
        self.control().aborted()
    }

    /// Rings a doorbell and wakes its owner if it sleeps. Returns whether that took a system call.
    #[inline]
    pub fn ring(&self, receiver: u16, lane: u16, sender: u16) -> bool {
        let doorbell = self.doorbell(receiver, lane);
        doorbell.ring(sender).is_some_and(|how| self.wake(receiver, lane, how))
    }

    /// Makes a slot's lane look around. Wakes it also when somebody else should have done so: that one may be dead.
    pub fn nudge(&self, slot: u16, lane: u16) {
        let doorbell = self.doorbell(slot, lane);
        let how = doorbell.nudge().or_else(|| doorbell.sleeping());
        if let Some(how) = how {
            self.wake(slot, lane, how);
        }
    }

    /// Makes everybody look around who may still look. Slots in which nobody lives are left untouched.
    pub fn nudge_all(&self) {
        for slot in 0..self.slots() {
            let lives = match self.state(slot) {
                ProcessState::Running => true,
                // Under no keeper nobody says who runs.
                ProcessState::Empty => self.owner(slot).is_some(),
                ProcessState::Left
                | ProcessState::Exited(_)
                | ProcessState::Killed(_)
                | ProcessState::Ended => false,
            };
            if lives {
                // Anybody who maps the segment can set bits of lanes that there aren't.
                let open = 1 | self.header(slot).lanes();
                for lane in (0..self.layout.shape.lanes).filter(|lane| open >> lane & 1 != 0) {
                    self.nudge(slot, lane);
                }
            }
        }
    }

    #[cold]
    fn wake(&self, slot: u16, lane: u16, how: Sleep) -> bool {
        match how {
            Sleep::Futex => {
                os::futex::wake(self.doorbell(slot, lane).word(), 1);
            }
            // No receiver says so before it has such a socket.
            Sleep::Socket => return false,
        }
        true
    }

    /// The board pool of a slot: its first byte and its size.
    pub fn board_pool(&self, slot: u16) -> (NonNull<u8>, usize) {
        (self.at(self.layout.board_pool(slot)), self.layout.shape.board_bytes as usize)
    }

    /// The allocation pool of a slot: its distance from the segment's start, and its size.
    pub fn allocation_pool(&self, slot: u16) -> (u64, u64) {
        (self.layout.allocation_pool(slot), self.layout.shape.allocation_bytes)
    }

    /// The distance of `bytes` bytes at `address` from the segment's start, if they lie in it: the same in every process.
    pub fn offset_of(&self, address: usize, bytes: usize) -> Option<u64> {
        let offset = address.checked_sub(self.mapping.start().as_ptr() as usize)?;
        let end = offset.checked_add(bytes)?;
        (end <= self.mapping.bytes()).then_some(offset as u64)
    }

    /// Where `bytes` bytes at that distance lie in this process, if they lie in some slot's allocation pool.
    pub fn resolve(&self, offset: u64, bytes: usize) -> Option<NonNull<u8>> {
        self.layout.in_allocation_pool(offset, bytes as u64).then(|| self.at(offset))
    }

    fn state_word(&self, slot: u16) -> &StateWord {
        // SAFETY: the layout leaves a word for each slot behind the control page; it is an atomic.
        unsafe { self.at(self.layout.state(slot)).cast().as_ref() }
    }

    fn header(&self, slot: u16) -> &AreaHeader {
        // SAFETY: the layout gives the header a page of its own in the mapping; it consists of atomics.
        unsafe { self.at(self.layout.area(slot)).cast().as_ref() }
    }

    #[inline]
    fn control(&self) -> &ControlPage {
        // SAFETY: the mapping starts with the control page, which consists of atomics.
        unsafe { self.mapping.start().cast().as_ref() }
    }

    #[inline]
    fn at(&self, offset: u64) -> NonNull<u8> {
        assert!(offset < self.mapping.bytes() as u64);
        // SAFETY: inside the mapping.
        unsafe { self.mapping.start().add(offset as usize) }
    }
}
