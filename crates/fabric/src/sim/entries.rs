//! The frames of all links, in one slab of linked lists, so that an idle link costs no memory for them.

use crate::{Frame, INLINE_BYTES};

/// No entry, no link.
pub(super) const NONE: u32 = u32::MAX;

/// A frame with its payload.
pub(super) struct Entry {
    pub(super) frame: Frame,
    pub(super) body: Body,
    /// The one behind it in the same list.
    pub(super) next: u32,
}

/// Its payload.
pub(super) enum Body {
    /// Reserved, and not published yet.
    Awaited(u32),
    /// In the line.
    Inline([u8; INLINE_BYTES], u8),
    /// Elsewhere. The vector's memory stays in place when the entry moves.
    Heap(Vec<u8>),
}

impl Body {
    pub(super) fn new(payload: &[u8]) -> Body {
        if payload.len() > INLINE_BYTES {
            return Body::Heap(payload.to_vec());
        }
        let mut bytes = [0; INLINE_BYTES];
        bytes[..payload.len()].copy_from_slice(payload);
        Body::Inline(bytes, payload.len() as u8)
    }

    pub(super) fn len(&self) -> u32 {
        match self {
            Body::Awaited(length) => *length,
            Body::Inline(_, length) => *length as u32,
            Body::Heap(bytes) => bytes.len() as u32,
        }
    }
}

/// The slab.
#[derive(Default)]
pub(super) struct Entries {
    slots: slab::Slab<Entry>,
}

/// A first-in-first-out list in the slab.
#[derive(Clone, Copy)]
pub(super) struct List {
    pub(super) head: u32,
    pub(super) tail: u32,
}

impl List {
    pub(super) const EMPTY: List = List { head: NONE, tail: NONE };
}

impl Entries {
    pub(super) fn get(&self, index: u32) -> &Entry {
        &self.slots[index as usize]
    }

    pub(super) fn get_mut(&mut self, index: u32) -> &mut Entry {
        &mut self.slots[index as usize]
    }

    pub(super) fn insert(&mut self, frame: Frame, body: Body) -> u32 {
        self.slots.insert(Entry { frame, body, next: NONE }) as u32
    }

    pub(super) fn remove(&mut self, index: u32) -> Entry {
        self.slots.remove(index as usize)
    }

    /// Puts the entry `index` at the end of `list`.
    pub(super) fn append(&mut self, list: &mut List, index: u32) {
        match list.tail {
            NONE => list.head = index,
            tail => self.get_mut(tail).next = index,
        }
        list.tail = index;
    }

    /// Takes the first entry off `list`, leaving it in the slab.
    pub(super) fn detach_first(&mut self, list: &mut List) -> Option<u32> {
        let first = list.head;
        if first == NONE {
            return None;
        }
        list.head = std::mem::replace(&mut self.get_mut(first).next, NONE);
        if list.head == NONE {
            list.tail = NONE;
        }
        Some(first)
    }

    /// How many frames exist anywhere.
    pub(super) fn count(&self) -> usize {
        self.slots.len()
    }
}
