//! How a buffer is cut into blocks: from block numbers to bytes.

use std::sync::Arc;

/// Bytes of a buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first byte, from the start of the buffer.
    pub offset: u64,
    /// How many.
    pub bytes: u64,
}

/// The blocks of a vector form: one per rank, each at its own place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocks {
    spans: Box<[Span]>,
    /// Bytes of all blocks before this one; one entry more than there are blocks.
    before: Box<[u64]>,
    largest: u64,
    end: u64,
}

impl Blocks {
    /// Blocks at the given places, one for each rank. What adds up to more than memory can hold, saturates: counts may come
    /// from other members, and no buffer is as long as that.
    pub fn new(spans: impl IntoIterator<Item = Span>) -> Blocks {
        // An empty block lies nowhere: its place may be outside the buffer.
        let anywhere = |span: Span| if span.bytes == 0 { Span::default() } else { span };
        let spans: Box<[Span]> = spans.into_iter().map(anywhere).collect();
        let mut before = Vec::with_capacity(spans.len() + 1);
        let (mut sum, mut largest, mut end) = (0, 0, 0);
        for span in &spans {
            before.push(sum);
            sum = u64::saturating_add(sum, span.bytes);
            largest = largest.max(span.bytes);
            end = end.max(span.offset.saturating_add(span.bytes));
        }
        before.push(sum);
        Blocks { spans, before: before.into(), largest, end }
    }

    /// Blocks of `counts` elements, behind one another.
    pub fn packed(counts: impl IntoIterator<Item = u64>, element_bytes: u64) -> Blocks {
        let mut offset = 0u64;
        Blocks::new(counts.into_iter().map(|count| {
            let span = Span { offset, bytes: count.saturating_mul(element_bytes) };
            offset = offset.saturating_add(span.bytes);
            span
        }))
    }

    /// Blocks of `counts` elements, each `displacements` elements from the start of the buffer.
    pub fn displaced(counts: &[u64], displacements: &[u64], element_bytes: u64) -> Blocks {
        Blocks::new(
            counts
                .iter()
                .zip(displacements)
                .map(|(count, at)| [at, count].map(|elements| elements.saturating_mul(element_bytes)))
                .map(|[offset, bytes]| Span { offset, bytes }),
        )
    }

    /// How many blocks.
    pub fn len(&self) -> u32 {
        self.spans.len() as u32
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The place of one block.
    pub fn span(&self, block: u32) -> Span {
        self.spans[block as usize]
    }

    /// Bytes of all blocks together.
    pub fn bytes(&self) -> u64 {
        self.before[self.spans.len()]
    }

    /// Where the last block ends: how long a buffer must be.
    pub fn end(&self) -> u64 {
        self.end
    }
}

/// How a buffer is cut into blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Area {
    /// There is no buffer, or the schedule doesn't touch it.
    Absent,
    /// `blocks` blocks of the same size behind one another. Block b is the (b + rotation) mod blocks -th in
    /// memory: that is how ranks relative to a root meet the caller's order.
    Equal {
        /// How many.
        blocks: u32,
        /// Bytes of each.
        bytes: u64,
        /// Where block 0 lies.
        rotation: u32,
    },
    /// Copies, one behind the other, of a vector that is cut into parts that differ by one element at most,
    /// the longer ones first. Block b is part b mod parts of copy b / parts.
    Even {
        /// Elements of the vector.
        elements: u64,
        /// Bytes of an element.
        element_bytes: u64,
        /// Into how many parts it is cut.
        parts: u32,
        /// How many copies there are.
        copies: u32,
        /// Which copy in memory is copy 0, as for `Equal`.
        rotation: u32,
    },
    /// The caller's list, in its own places, rotated like `Equal`.
    Listed {
        /// The blocks.
        list: Arc<Blocks>,
        /// Which of them is block 0.
        rotation: u32,
    },
    /// Copies, one behind the other, of the blocks of the caller's list, but behind one another, from number
    /// `rotation` of the list on.
    Packed {
        /// The blocks.
        list: Arc<Blocks>,
        /// Which of them is block 0.
        rotation: u32,
        /// How many copies there are.
        copies: u32,
    },
    /// An area with `parts` blocks for each rank; and behind them in number, but in memory at the start of the buffer, as
    /// many that are as large as those of rank `own`: where a reduce-scatter in place leaves its result.
    Resulting {
        /// The other area.
        like: Box<Area>,
        /// Whose blocks the result has.
        own: u32,
        /// How many.
        parts: u32,
    },
    /// One slot that is large enough for any block of another area and holds one of them at a time.
    Slot {
        /// The other area.
        like: Box<Area>,
    },
}

impl Area {
    /// Bytes from the start of the buffer to its last block's end.
    pub fn bytes(&self) -> u64 {
        match self {
            Area::Absent => 0,
            Area::Equal { blocks, bytes, .. } => *blocks as u64 * bytes,
            Area::Even { elements, element_bytes, copies, .. } => elements * element_bytes * *copies as u64,
            Area::Listed { list, .. } => list.end,
            Area::Packed { list, copies, .. } => list.bytes() * *copies as u64,
            Area::Resulting { like, .. } => like.bytes(),
            Area::Slot { like } => like.largest(),
        }
    }

    /// The caller's list of blocks, if it has one.
    pub fn list(&self) -> Option<&Arc<Blocks>> {
        match self {
            Area::Listed { list, .. } | Area::Packed { list, .. } => Some(list),
            Area::Resulting { like, .. } => like.list(),
            _ => None,
        }
    }

    /// Whether it is cut as the caller's list says.
    pub fn is_listed(&self) -> bool {
        self.list().is_some()
    }

    /// How many blocks there are.
    pub fn blocks(&self) -> u32 {
        match self {
            Area::Absent => 0,
            Area::Equal { blocks, .. } => *blocks,
            Area::Even { parts, copies, .. } => parts * copies,
            Area::Listed { list, .. } => list.len(),
            Area::Packed { list, copies, .. } => list.len() * copies,
            Area::Resulting { like, parts, .. } => like.blocks() + parts,
            Area::Slot { like } => like.blocks(),
        }
    }

    /// Bytes of the largest block.
    pub fn largest(&self) -> u64 {
        match self {
            Area::Absent => 0,
            Area::Equal { bytes, .. } => *bytes,
            Area::Even { elements, element_bytes, parts, .. } => {
                elements.div_ceil((*parts).max(1) as u64) * element_bytes
            }
            Area::Listed { list, .. } | Area::Packed { list, .. } => list.largest,
            Area::Resulting { like, .. } | Area::Slot { like } => like.largest(),
        }
    }

    /// Where one block lies; `None` if there is no such block.
    #[inline]
    pub fn block(&self, block: u32) -> Option<Span> {
        if block >= self.blocks() {
            return None;
        }
        Some(match self {
            Area::Absent => return None,
            Area::Equal { blocks, bytes, rotation } => {
                Span { offset: turn(block, *rotation, *blocks) as u64 * bytes, bytes: *bytes }
            }
            Area::Even { elements, element_bytes, parts, copies, rotation } => {
                let copy = turn(block / parts, *rotation, *copies) as u64;
                let part = (block % parts) as u64;
                let (short, longer) = (elements / *parts as u64, elements % *parts as u64);
                let first = part * short + part.min(longer);
                let length = short + (part < longer) as u64;
                Span { offset: (copy * elements + first) * element_bytes, bytes: length * element_bytes }
            }
            Area::Listed { list, rotation } => list.span(turn(block, *rotation, list.len())),
            Area::Packed { list, rotation, .. } => {
                let (copy, number) = (block / list.len(), block % list.len());
                let at = turn(number, *rotation, list.len());
                let before = copy as u64 * list.bytes() + if at < *rotation { list.bytes() } else { 0 };
                Span {
                    offset: before + list.before[at as usize] - list.before[*rotation as usize],
                    bytes: list.span(at).bytes,
                }
            }
            Area::Resulting { like, own, parts } => match block.checked_sub(like.blocks()) {
                None => like.block(block)?,
                Some(part) => {
                    let (first, last) = (like.block(own * parts)?, like.block(own * parts + part)?);
                    Span { offset: last.offset - first.offset, bytes: last.bytes }
                }
            },
            Area::Slot { like } => Span { offset: 0, bytes: like.block(block)?.bytes },
        })
    }

    /// Where `count` blocks from `first` on lie, if they lie behind one another; `None` if they don't or don't
    /// exist. Blocks without bytes lie anywhere.
    pub fn run(&self, first: u32, count: u32) -> Option<Span> {
        if count == 0 {
            return Some(Span::default());
        }
        if count == 1 {
            return self.block(first);
        }
        // In these areas the blocks of one vector or turn are dense: no need to look at each.
        let last = first.checked_add(count - 1)?;
        let dense = match self {
            Area::Even { parts, .. } => first / parts == last / parts,
            Area::Equal { blocks, rotation, .. } => {
                turn(first, *rotation, *blocks) <= turn(last, *rotation, *blocks)
            }
            Area::Packed { list, .. } => first / list.len() == last / list.len(),
            _ => false,
        };
        if dense {
            let (from, to) = (self.block(first)?, self.block(last)?);
            return Some(Span { offset: from.offset, bytes: to.offset + to.bytes - from.offset });
        }
        let mut whole = Span::default();
        for block in first..=last {
            let span = self.block(block)?;
            if span.bytes == 0 {
                continue;
            }
            if whole.bytes == 0 {
                whole = span;
            } else if span.offset == whole.offset + whole.bytes {
                whole.bytes += span.bytes;
            } else {
                return None;
            }
        }
        Some(whole)
    }
}

/// The elements of each of the parts that a vector is cut into: they differ by one at most, the longer ones first.
pub(super) fn parts_of(elements: u64, parts: u32) -> impl Iterator<Item = u64> {
    let (short, longer) = (elements / parts as u64, elements % parts as u64);
    (0..parts as u64).map(move |part| short + (part < longer) as u64)
}

/// The place in memory of a block of a rotated area.
#[inline]
fn turn(block: u32, rotation: u32, blocks: u32) -> u32 {
    if rotation >= blocks - block { block - (blocks - rotation) } else { block + rotation }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks of an area in the order of memory are disjoint and fill what `bytes` states.
    fn check_tiles(area: &Area) {
        let mut spans: Vec<Span> = (0..area.blocks()).map(|b| area.block(b).unwrap()).collect();
        spans.sort_by_key(|s| (s.offset, s.bytes));
        let mut end = 0;
        for span in spans {
            assert_eq!(span.offset, end, "{area:?}");
            end = span.offset + span.bytes;
        }
        assert_eq!(end, area.bytes(), "{area:?}");
        assert_eq!(area.block(area.blocks()), None);
    }

    #[test]
    fn areas_tile_their_buffers() {
        for blocks in 1..9 {
            for rotation in 0..blocks {
                check_tiles(&Area::Equal { blocks, bytes: 12, rotation });
                check_tiles(&Area::Equal { blocks, bytes: 0, rotation });
                let list = Arc::new(Blocks::packed((0..blocks as u64).map(|i| i % 3), 4));
                check_tiles(&Area::Packed { list, rotation, copies: 2 });
            }
            for elements in 0..20 {
                for copies in 1..3 {
                    check_tiles(&Area::Even {
                        elements,
                        element_bytes: 8,
                        parts: blocks,
                        copies,
                        rotation: copies - 1,
                    });
                }
            }
        }
    }

    #[test]
    fn runs_are_dense_or_refused() {
        let equal = Area::Equal { blocks: 5, bytes: 4, rotation: 3 };
        assert_eq!(equal.run(0, 2), Some(Span { offset: 12, bytes: 8 }));
        assert_eq!(equal.run(2, 3), Some(Span { offset: 0, bytes: 12 }));
        assert_eq!(equal.run(1, 2), None);
        assert_eq!(equal.run(0, 6), None);
        let even = Area::Even { elements: 7, element_bytes: 2, parts: 3, copies: 2, rotation: 0 };
        assert_eq!(even.run(1, 2), Some(Span { offset: 6, bytes: 8 }));
        assert_eq!(even.run(3, 3), Some(Span { offset: 14, bytes: 14 }));
        let gaps = Arc::new(Blocks::displaced(&[2, 0, 3], &[0, 99, 4], 1));
        let listed = Area::Listed { list: gaps.clone(), rotation: 0 };
        assert_eq!(listed.run(0, 2), Some(Span { offset: 0, bytes: 2 }));
        assert_eq!(listed.run(0, 3), None);
        let packed = Area::Packed { list: gaps, rotation: 2, copies: 1 };
        assert_eq!(packed.run(0, 3), Some(Span { offset: 0, bytes: 5 }));
        let slot = Area::Slot { like: Box::new(even) };
        assert_eq!((slot.block(1), slot.bytes()), (Some(Span { offset: 0, bytes: 4 }), 6));
    }

    #[test]
    fn even_parts_differ_by_one_element() {
        let even = Area::Even { elements: 7, element_bytes: 1, parts: 3, copies: 1, rotation: 0 };
        let sizes: Vec<u64> = (0..3).map(|b| even.block(b).unwrap().bytes).collect();
        assert_eq!(sizes, [3, 2, 2]);
    }
}
