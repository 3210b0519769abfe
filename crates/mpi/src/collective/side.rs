//! A buffer of a collective, as the engine wants it: bytes in a row.

use std::sync::Arc;

use engine::Pointer;
use engine::collective::{Blocks, Lengths, Span};

use crate::message::Bytes;
use crate::number::ERR_COUNT;
use crate::pointer::{Address, Integers};
use crate::{Datatype, Error, Result};

/// A buffer of a collective.
#[derive(Clone)]
pub(crate) enum Side {
    /// There is none.
    Absent,
    /// One row, or what is packed to one.
    Whole(Bytes),
    /// Blocks, each with a place of its own.
    Blocks(Arc<[Bytes]>),
}

/// Where the engine finds a buffer, and the memory that holds it while it is packed.
pub(crate) struct Row {
    pub at: Pointer,
    /// Aligned for any type.
    room: Option<Vec<u128>>,
}

impl Side {
    /// Blocks, and how the engine is told of them.
    pub fn of_blocks(blocks: Vec<Bytes>) -> (Side, Lengths) {
        let spans: Vec<Span> = match first(&blocks) {
            Some(first) => blocks.iter().filter_map(|block| span(block, first)).collect(),
            None => {
                let mut offset = 0;
                let packed = |block: &Bytes| {
                    let span = Span { offset, bytes: block.len() as u64 };
                    offset += span.bytes;
                    span
                };
                blocks.iter().map(packed).collect()
            }
        };
        (Side::Blocks(blocks.into()), Lengths::Listed(Arc::new(Blocks::new(spans))))
    }

    /// The row, filled with what is in the buffer if that counts.
    pub fn row(&self, is_read: bool) -> Row {
        match self {
            Side::Absent => Row { at: Pointer::NULL, room: None },
            Side::Whole(Bytes::Row(at, _)) => Row { at: Pointer::new(*at), room: None },
            Side::Whole(bytes) => Row::room(std::slice::from_ref(bytes), is_read),
            Side::Blocks(blocks) => match first(blocks) {
                Some(first) => Row { at: Pointer::new(first), room: None },
                None => Row::room(blocks, is_read),
            },
        }
    }

    /// Takes what the engine has left in the row.
    pub fn fill(&self, row: &Row) {
        let blocks = match self {
            Side::Absent => return,
            Side::Whole(bytes) => std::slice::from_ref(bytes),
            Side::Blocks(blocks) => blocks,
        };
        if let Some(packed) = row.packed() {
            let mut rest = packed;
            for block in blocks {
                let (mine, behind) = rest.split_at(block.len().min(rest.len()));
                block.fill(mine);
                rest = behind;
            }
        }
    }
}

impl Row {
    fn room(blocks: &[Bytes], is_read: bool) -> Row {
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
        Row { at: Pointer::new(room.as_mut_ptr().cast()), room: Some(room) }
    }

    fn packed(&self) -> Option<&[u8]> {
        self.room.as_deref().map(super::job::bytes_of)
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

/// The blocks of a vector form: `counts` elements each, at displacements of so many extents.
pub(crate) fn blocks_at(
    buffer: Address,
    number: usize,
    counts: Integers,
    displacements: Integers,
    datatype: Datatype,
) -> Result<Vec<Bytes>> {
    let extent = datatype.get()?.layout()?.extent();
    let block = |at: usize| {
        let count = counts.get(at)?;
        if count == 0 {
            return Ok(Bytes::Row(buffer.0, 0));
        }
        let displacement = displacements.get(at)?;
        let offset = displacement.checked_mul(extent).and_then(|offset| isize::try_from(offset).ok());
        let offset = offset.ok_or_else(|| {
            Error::new(ERR_COUNT, format!("displacement {displacement} of block {at} is too large"))
        })?;
        Bytes::new(buffer.offset(offset), count, datatype)
    };
    (0..number).map(block).collect()
}
