//! Runs a program over memory, from any packed byte to any other.
//!
//! A range that begins or ends within an iteration splits there; what is whole goes to the kernels. So a message
//! that is moved in pieces costs a walk down the program for each piece (and a binary search in lists), and nothing
//! is done twice.

use super::kernel;
use super::program::{Item, Node};

/// Moves the packed bytes `from..to` of a node, whose first byte lies at `memory`; `stream` is where packed byte `from`
/// is or goes.
///
/// # Safety
/// The memory of those bytes and `to - from` bytes of the stream are valid, for reading where they are read and for
/// writing where they are written, and don't overlap; the range lies within the node.
pub(super) unsafe fn range<const PACK: bool>(
    node: &Node,
    memory: *mut u8,
    from: u64,
    to: u64,
    stream: *mut u8,
) {
    if from == 0 && to == node.bytes() {
        // SAFETY: the contract.
        return unsafe { whole::<PACK>(node, memory, stream) };
    }
    // SAFETY: the contract is handed on: what is moved of a body is what the range has of it.
    unsafe {
        match node {
            Node::Run { .. } => {
                kernel::run::<PACK>(memory.wrapping_add(from as usize), stream, (to - from) as usize);
            }
            Node::Loop { stride, body, .. } => {
                let place = |i: u64| memory.wrapping_offset((*stride as isize).wrapping_mul(i as isize));
                split::<PACK>(body, from, to, stream, place, |first, count, stream| {
                    repeated::<PACK>(body, place(first), *stride as isize, count as usize, stream);
                });
            }
            Node::Scatter { at, body, .. } => {
                let place = |i: u64| memory.wrapping_offset(at[i as usize] as isize);
                split::<PACK>(body, from, to, stream, place, |first, count, stream| {
                    picked::<PACK>(body, memory, &at[first as usize..][..count as usize], stream);
                });
            }
            Node::List { items, .. } => {
                let first = items.partition_point(|item| item.before + item.part.node.bytes() <= from);
                let (mut from, mut stream) = (from, stream);
                for Item { part, before } in &items[first..] {
                    if from >= to {
                        break;
                    }
                    let end = (before + part.node.bytes()).min(to);
                    let memory = memory.wrapping_offset(part.at as isize);
                    range::<PACK>(&part.node, memory, from - before, end - before, stream);
                    stream = stream.wrapping_add((end - from) as usize);
                    from = end;
                }
            }
        }
    }
}

/// Splits a range of equal bodies into the end of one, whole ones, and the beginning of one.
///
/// # Safety
/// As [`range`]; `place` gives the memory of a body, `all` moves so many bodies from one on.
#[inline(always)]
unsafe fn split<const PACK: bool>(
    body: &Node,
    from: u64,
    to: u64,
    stream: *mut u8,
    place: impl Fn(u64) -> *mut u8,
    all: impl FnOnce(u64, u64, *mut u8),
) {
    let each = body.bytes();
    let (mut first, skip) = (from / each, from % each);
    let (last, rest) = (to / each, to % each);
    // SAFETY: the contract.
    unsafe {
        if first == last {
            return range::<PACK>(body, place(first), skip, rest, stream);
        }
        let mut stream = stream;
        if skip > 0 {
            range::<PACK>(body, place(first), skip, each, stream);
            stream = stream.wrapping_add((each - skip) as usize);
            first += 1;
        }
        all(first, last - first, stream);
        if rest > 0 {
            let stream = stream.wrapping_add(((last - first) * each) as usize);
            range::<PACK>(body, place(last), 0, rest, stream);
        }
    }
}

/// # Safety
/// As [`range`], of all bytes of the node.
unsafe fn whole<const PACK: bool>(node: &Node, memory: *mut u8, stream: *mut u8) {
    // SAFETY: the contract.
    unsafe {
        match node {
            Node::Run { bytes, .. } => kernel::run::<PACK>(memory, stream, *bytes as usize),
            Node::Loop { count, stride, body, .. } => {
                repeated::<PACK>(body, memory, *stride as isize, *count as usize, stream);
            }
            Node::Scatter { at, body, .. } => picked::<PACK>(body, memory, at, stream),
            Node::List { items, .. } => {
                for Item { part, before } in items.iter() {
                    let memory = memory.wrapping_offset(part.at as isize);
                    whole::<PACK>(&part.node, memory, stream.wrapping_add(*before as usize));
                }
            }
        }
    }
}

/// Moves `count` whole bodies, a stride apart.
///
/// # Safety
/// As [`range`], of all bytes of the bodies.
unsafe fn repeated<const PACK: bool>(
    body: &Node,
    memory: *mut u8,
    stride: isize,
    count: usize,
    stream: *mut u8,
) {
    // SAFETY: the contract.
    unsafe {
        match body {
            Node::Run { bytes, .. } => {
                kernel::strided::<PACK>(memory, stride, count, stream, *bytes as usize)
            }
            Node::Loop { count: columns, stride: step, body: inner, .. }
                if matches!(**inner, Node::Run { .. }) =>
            {
                let columns = (*columns as usize, *step as isize);
                kernel::plane::<PACK>(memory, (count, stride), columns, stream, inner.bytes() as usize);
            }
            _ => {
                let (mut memory, mut stream) = (memory, stream);
                for _ in 0..count {
                    whole::<PACK>(body, memory, stream);
                    memory = memory.wrapping_offset(stride);
                    stream = stream.wrapping_add(body.bytes() as usize);
                }
            }
        }
    }
}

/// Moves whole bodies at these displacements.
///
/// # Safety
/// As [`range`], of all bytes of the bodies.
unsafe fn picked<const PACK: bool>(body: &Node, memory: *mut u8, at: &[i64], stream: *mut u8) {
    // SAFETY: the contract.
    unsafe {
        match body {
            Node::Run { bytes, .. } => kernel::scattered::<PACK>(memory, at, stream, *bytes as usize),
            _ => {
                let mut stream = stream;
                for &at in at {
                    whole::<PACK>(body, memory.wrapping_offset(at as isize), stream);
                    stream = stream.wrapping_add(body.bytes() as usize);
                }
            }
        }
    }
}
