//! A buffer of a collective, as the engine wants it: bytes in a row.

use std::sync::Arc;

use engine::Pointer;
use engine::collective::{Blocks, Lengths, Span};

use crate::message::{Bytes, check_place};
use crate::number::ERR_COUNT;
use crate::pointer::{Address, Integers};
use crate::{Datatype, Error, Result};

/// A buffer of a collective.
pub(crate) enum Side {
    /// The engine finds it here.
    Row(Pointer),
    /// It is packed to a row first, and unpacked from it.
    Packed(Arc<[Bytes]>),
}

/// A row of our own, in which a buffer is packed.
pub(crate) struct Row {
    /// Aligned for any type.
    room: Vec<u128>,
}

impl Side {
    /// Bytes that are a row, or are packed to one.
    #[inline(always)]
    pub fn whole(bytes: Bytes) -> Side {
        match bytes {
            Bytes::Row(at, _) => Side::Row(Pointer::new(at)),
            other => Side::Packed(Arc::new([other])),
        }
    }

    /// Blocks, each with a place of its own, and how the engine is told of them.
    pub fn of_blocks(blocks: Vec<Bytes>) -> (Side, Lengths) {
        let (side, spans): (Side, Vec<Span>) = match first(&blocks) {
            Some(first) => {
                let spans = blocks.iter().filter_map(|block| span(block, first)).collect();
                (Side::Row(Pointer::new(first)), spans)
            }
            None => {
                let mut offset = 0;
                let packed = |block: &Bytes| {
                    let span = Span { offset, bytes: block.len() as u64 };
                    offset += span.bytes;
                    span
                };
                let spans = blocks.iter().map(packed).collect();
                (Side::Packed(blocks.into()), spans)
            }
        };
        (side, Lengths::Listed(Arc::new(Blocks::new(spans))))
    }
}

impl Row {
    /// For these blocks; with what is in them if that counts.
    pub fn of(blocks: &[Bytes], is_read: bool) -> Row {
        let bytes: usize = blocks.iter().map(Bytes::len).sum();
        let mut room = vec![0u128; bytes.div_ceil(16).max(1)];
        if is_read {
            let mut rest = super::job::bytes_of_mut(&mut room);
            for block in blocks {
                let (mine, behind) = rest.split_at_mut(block.len());
                block.copy_to(mine);
                rest = behind;
            }
        }
        Row { room }
    }

    /// Where it is. It stays there when it is moved.
    pub fn place(&mut self) -> Pointer {
        Pointer::new(self.room.as_mut_ptr().cast())
    }

    /// Gives these blocks what is at the beginning.
    pub fn unpack(&self, blocks: &[Bytes]) {
        let mut rest = super::job::bytes_of(&self.room);
        for block in blocks {
            let (mine, behind) = rest.split_at(block.len().min(rest.len()));
            block.fill(mine);
            rest = behind;
        }
    }
}

/// The lowest address of blocks that are all rows; none if one isn't.
fn first(blocks: &[Bytes]) -> Option<*mut u8> {
    let mut first: Option<*mut u8> = None;
    for block in blocks {
        match block {
            Bytes::LaidOut(_) => return None,
            Bytes::Row(_, 0) => {}
            Bytes::Row(at, _) => first = Some(first.map_or(*at, |first| first.min(*at))),
        }
    }
    Some(first.unwrap_or(std::ptr::null_mut()))
}

fn span(block: &Bytes, first: *mut u8) -> Option<Span> {
    match block {
        Bytes::Row(_, 0) => Some(Span::default()),
        Bytes::Row(at, bytes) => {
            Some(Span { offset: (at.addr() - first.addr()) as u64, bytes: *bytes as u64 })
        }
        Bytes::LaidOut(_) => None,
    }
}

/// Displacements from here on may be addresses, on MPI_BOTTOM: those of memory on 64-bit systems are larger, but for programs at fixed places.
const LOWEST_ABSOLUTE: i64 = 4 << 30;

/// The blocks of a vector form: `counts` elements each, at displacements of so many extents.
pub(crate) fn blocks_at(
    buffer: Address,
    number: usize,
    counts: Integers,
    displacements: Integers,
    datatype: Datatype,
) -> Result<Vec<Bytes>> {
    let of = datatype.get()?;
    let layout = of.layout()?;
    let extent = layout.extent();
    let block = |at: usize| {
        let count = counts.get(at)?;
        if count == 0 {
            return Ok(Bytes::Row(buffer.0, 0));
        }
        let displacement = displacements.get(at)?;
        if count > 0 && displacement.saturating_mul(extent) < LOWEST_ABSOLUTE {
            // Before a displacement hides that there is no buffer.
            check_place(buffer, layout)?;
        }
        let offset = displacement.checked_mul(extent).and_then(|offset| isize::try_from(offset).ok());
        let offset = offset.ok_or_else(|| {
            Error::new(ERR_COUNT, format!("displacement {displacement} of block {at} is too large"))
        })?;
        Bytes::new(buffer.offset(offset), count, datatype)
    };
    (0..number).map(block).collect()
}
