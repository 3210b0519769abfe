//! Where everything lies in a segment.

use crate::doorbell::SENDERS_MAX;

const PAGE: u64 = 4096;

/// The control page proper; the states of the slots follow it.
pub(super) const CONTROL_PAGE_BYTES: u64 = PAGE;

/// Bytes of control words before a ring's lines: the two lines in use, and two to keep whole pairs of lines, which some
/// processors fetch together.
pub(super) const RING_CONTROL: u64 = 256;

/// A ring's lines fill a page together with its control words.
pub(super) const RING_LINES: u32 = 60;
/// With its lines a ring takes 256 KiB: among 32 slots, if all stream to all, a lane touches 31 x 256 KiB = 7.75 MiB. That
/// is address space; a ring that carries small messages touches two pages of it.
pub(super) const RING_PAYLOAD: u32 = 252 << 10;
const RING: u64 = RING_CONTROL + RING_LINES as u64 * 64 + RING_PAYLOAD as u64;

/// The most slots. 4,096 of them need 4 TiB of address space for rings.
pub const SLOTS_MAX: u16 = 4096;

const _: () = assert!(SLOTS_MAX as usize <= SENDERS_MAX);
const _: () = assert!(RING.is_multiple_of(PAGE));
const _: () = assert!(size_of::<crate::Doorbell>() as u64 <= PAGE / 2);
const _: () = assert!(size_of::<crate::ring::Control>() as u64 <= RING_CONTROL);

/// What a segment has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Processes.
    pub slots: u16,
    /// Lanes of each process.
    pub lanes: u16,
    /// Cores that the job may use on this host, for who waits: with more processes than this nobody spins.
    pub cores: u32,
    /// Bytes of each process's board pool.
    pub board_bytes: u64,
    /// Bytes of each process's allocation pool.
    pub allocation_bytes: u64,
}

impl Shape {
    /// The usual shape for that many processes: 16 lanes or as many as 4 TiB have room for, all usable cores, 16 MiB of boards and 1 GiB of allocations each
    /// (address space, not memory).
    pub fn for_slots(slots: u16) -> Shape {
        Shape {
            slots,
            lanes: lanes_for(slots),
            cores: os::cores::Cores::of_this_process().usable() as u32,
            board_bytes: 16 << 20,
            allocation_bytes: 1 << 30,
        }
    }
}

/// As many lanes as a process has use for whose threads each have one; fewer where the rings of many processes, whose number
/// grows with the square, would take more than 4 TiB of address space.
fn lanes_for(slots: u16) -> u16 {
    const RINGS_BYTES_MAX: u64 = 4 << 40;
    let rings = (slots as u64).pow(2).max(1) * RING;
    (RINGS_BYTES_MAX / rings).clamp(1, 16) as u16
}

/// Offsets of the parts of a segment.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) shape: Shape,
    first_area: u64,
    area: u64,
    lane: u64,
    /// The whole segment.
    pub(super) bytes: u64,
}

impl Layout {
    pub(super) fn of(shape: Shape) -> Result<Layout, &'static str> {
        if shape.slots == 0 || shape.slots > SLOTS_MAX {
            return Err("the number of slots is not in 1..=4096");
        }
        if shape.lanes == 0 || shape.lanes > 64 {
            return Err("the number of lanes is not in 1..=64");
        }
        let pools = [shape.board_bytes, shape.allocation_bytes];
        if pools.iter().any(|bytes| !bytes.is_multiple_of(PAGE) || *bytes > 1 << 40) {
            return Err("a pool is larger than 1 TiB or not a multiple of 4096 bytes");
        }
        let first_area = PAGE + (shape.slots as u64 * 8).next_multiple_of(PAGE);
        let lane = PAGE + shape.slots as u64 * RING;
        let area = PAGE + shape.lanes as u64 * lane + shape.board_bytes + shape.allocation_bytes;
        let bytes = first_area + shape.slots as u64 * area;
        if bytes > 1 << 46 {
            return Err("it needs more than 64 TiB of address space");
        }
        Ok(Layout { shape, first_area, area, lane, bytes })
    }

    /// The state words follow the control page.
    pub(super) fn state(&self, slot: u16) -> u64 {
        assert!(slot < self.shape.slots, "slot {slot} of {}", self.shape.slots);
        CONTROL_PAGE_BYTES + slot as u64 * 8
    }

    #[inline]
    pub(super) fn area(&self, slot: u16) -> u64 {
        assert!(slot < self.shape.slots, "slot {slot} of {}", self.shape.slots);
        self.first_area + slot as u64 * self.area
    }

    #[inline]
    pub(super) fn doorbell(&self, slot: u16, lane: u16) -> u64 {
        assert!(lane < self.shape.lanes, "lane {lane} of {}", self.shape.lanes);
        self.area(slot) + PAGE + lane as u64 * self.lane
    }

    pub(super) fn ring(&self, receiver: u16, lane: u16, sender: u16) -> u64 {
        assert!(sender < self.shape.slots, "slot {sender} of {}", self.shape.slots);
        self.doorbell(receiver, lane) + PAGE + sender as u64 * RING
    }

    pub(super) fn board_pool(&self, slot: u16) -> u64 {
        self.area(slot) + PAGE + self.shape.lanes as u64 * self.lane
    }

    pub(super) fn allocation_pool(&self, slot: u16) -> u64 {
        self.board_pool(slot) + self.shape.board_bytes
    }

    pub(super) fn in_allocation_pool(&self, offset: u64, bytes: u64) -> bool {
        let Some(within) = offset.checked_sub(self.first_area) else { return false };
        let slot = within / self.area;
        if slot >= self.shape.slots as u64 {
            return false;
        }
        let start = self.allocation_pool(slot as u16);
        offset >= start
            && bytes <= self.shape.allocation_bytes
            && offset - start <= self.shape.allocation_bytes - bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every part of a small segment, as (start, bytes).
    fn parts(layout: &Layout) -> Vec<(u64, u64)> {
        let shape = layout.shape;
        let mut parts = vec![(0, CONTROL_PAGE_BYTES + shape.slots as u64 * 8)];
        for slot in 0..shape.slots {
            parts.push((layout.area(slot), PAGE));
            for lane in 0..shape.lanes {
                parts.push((layout.doorbell(slot, lane), PAGE / 2));
                parts.extend((0..shape.slots).map(|s| (layout.ring(slot, lane, s), RING)));
            }
            parts.push((layout.board_pool(slot), shape.board_bytes));
            parts.push((layout.allocation_pool(slot), shape.allocation_bytes));
        }
        parts
    }

    #[test]
    fn the_parts_are_apart_aligned_and_inside() {
        for (slots, lanes) in [(1, 1), (2, 1), (3, 2), (33, 1), (600, 1)] {
            let shape = Shape { slots, lanes, cores: 1, board_bytes: 8192, allocation_bytes: 4096 };
            let layout = Layout::of(shape).unwrap();
            let mut parts = parts(&layout);
            parts.sort();
            for pair in parts.windows(2) {
                assert!(pair[0].0 + pair[0].1 <= pair[1].0, "{pair:?}");
            }
            assert!(parts.iter().all(|(start, _)| start.is_multiple_of(64)));
            let (start, bytes) = parts[parts.len() - 1];
            assert_eq!(start + bytes, layout.bytes);
        }
    }

    #[test]
    fn any_number_of_processes_has_a_usual_shape() {
        for (slots, lanes) in [(1, 16), (2, 16), (128, 16), (1024, 16), (2048, 4), (SLOTS_MAX, 1)] {
            let shape = Shape::for_slots(slots);
            assert_eq!(shape.lanes, lanes, "{slots} processes");
            assert!(Layout::of(shape).is_ok());
        }
    }

    #[test]
    fn impossible_shapes_are_refused() {
        let shape = Shape { slots: 1, lanes: 1, cores: 1, board_bytes: 4096, allocation_bytes: 4096 };
        assert!(Layout::of(shape).is_ok());
        for wrong in [
            Shape { slots: 0, ..shape },
            Shape { slots: SLOTS_MAX + 1, ..shape },
            Shape { lanes: 0, ..shape },
            Shape { lanes: u16::MAX, ..shape },
            Shape { board_bytes: 4097, ..shape },
            Shape { allocation_bytes: u64::MAX - 4095, ..shape },
            Shape { slots: SLOTS_MAX, allocation_bytes: 1 << 40, ..shape },
        ] {
            assert!(Layout::of(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn only_allocation_pools_resolve() {
        let shape = Shape { slots: 3, lanes: 1, cores: 1, board_bytes: 4096, allocation_bytes: 8192 };
        let layout = Layout::of(shape).unwrap();
        for slot in 0..3 {
            let start = layout.allocation_pool(slot);
            assert!(layout.in_allocation_pool(start, 8192));
            assert!(layout.in_allocation_pool(start + 100, 8092));
            assert!(!layout.in_allocation_pool(start + 100, 8093));
            assert!(!layout.in_allocation_pool(start - 1, 1));
            assert!(!layout.in_allocation_pool(start + 8192, 1));
        }
        assert!(!layout.in_allocation_pool(0, 1));
        assert!(!layout.in_allocation_pool(u64::MAX, u64::MAX));
    }
}
