//! The inner loops: runs of a fixed length at a stride, in one or two dimensions, or at listed displacements.
//!
//! `PACK`: from memory to the stream of packed bytes; else from the stream to memory.

/// Moves one run.
///
/// # Safety
/// `bytes` bytes at `memory` and at `stream` are valid, for reading where they are read and for writing where they are
/// written, and don't overlap.
#[inline(always)]
pub(super) unsafe fn run<const PACK: bool>(memory: *mut u8, stream: *mut u8, bytes: usize) {
    let (from, to) = if PACK { (memory, stream) } else { (stream, memory) };
    // SAFETY: the contract.
    unsafe { crate::copy(from, to, bytes) };
}

/// Moves one run of a length that the compiler knows.
///
/// # Safety
/// As [`run`].
#[inline(always)]
unsafe fn fixed<const PACK: bool, const BYTES: usize>(memory: *mut u8, stream: *mut u8) {
    let (from, to) = if PACK { (memory, stream) } else { (stream, memory) };
    // SAFETY: the contract; an array of bytes has no alignment.
    unsafe { to.cast::<[u8; BYTES]>().write(from.cast::<[u8; BYTES]>().read()) };
}

/// Calls a kernel with the length of the runs as a constant where it is a common one.
macro_rules! by_length {
    ($bytes:expr, $kernel:ident::<$pack:ident>($($argument:expr),*)) => {
        match $bytes {
            1 => $kernel::<$pack, 1>($($argument),*),
            2 => $kernel::<$pack, 2>($($argument),*),
            3 => $kernel::<$pack, 3>($($argument),*),
            4 => $kernel::<$pack, 4>($($argument),*),
            6 => $kernel::<$pack, 6>($($argument),*),
            8 => $kernel::<$pack, 8>($($argument),*),
            12 => $kernel::<$pack, 12>($($argument),*),
            16 => $kernel::<$pack, 16>($($argument),*),
            24 => $kernel::<$pack, 24>($($argument),*),
            32 => $kernel::<$pack, 32>($($argument),*),
            48 => $kernel::<$pack, 48>($($argument),*),
            64 => $kernel::<$pack, 64>($($argument),*),
            // Length 0 stands for one that is not known.
            _ => $kernel::<$pack, 0>($($argument),*),
        }
    };
}

/// Moves `count` runs of `bytes` bytes that lie `stride` apart in memory.
///
/// # Safety
/// As [`run`], for each of them.
pub(super) unsafe fn strided<const PACK: bool>(
    memory: *mut u8,
    stride: isize,
    count: usize,
    stream: *mut u8,
    bytes: usize,
) {
    // SAFETY: the contract; a kernel of length 0 takes that which it is given.
    unsafe { by_length!(bytes, row::<PACK>(memory, stride, count, stream, bytes)) }
}

/// Moves `rows` rows of `columns` runs each.
///
/// # Safety
/// As [`run`], for each of them.
pub(super) unsafe fn plane<const PACK: bool>(
    memory: *mut u8,
    (rows, row_stride): (usize, isize),
    (columns, column_stride): (usize, isize),
    stream: *mut u8,
    bytes: usize,
) {
    let (rows, columns) = ((rows, row_stride), (columns, column_stride));
    // SAFETY: the contract.
    unsafe { by_length!(bytes, grid::<PACK>(memory, rows, columns, stream, bytes)) }
}

/// Moves runs at these displacements.
///
/// # Safety
/// As [`run`], for each of them.
pub(super) unsafe fn scattered<const PACK: bool>(memory: *mut u8, at: &[i64], stream: *mut u8, bytes: usize) {
    // SAFETY: the contract.
    unsafe { by_length!(bytes, picked::<PACK>(memory, at, stream, bytes)) }
}

/// # Safety
/// As [`strided`].
#[inline(always)]
unsafe fn row<const PACK: bool, const BYTES: usize>(
    memory: *mut u8,
    stride: isize,
    count: usize,
    stream: *mut u8,
    bytes: usize,
) {
    let bytes = if BYTES == 0 { bytes } else { BYTES };
    let (mut memory, mut stream) = (memory, stream);
    for _ in 0..count {
        // SAFETY: the contract; the last step may leave the buffer, which is why it wraps.
        unsafe {
            match BYTES {
                0 => run::<PACK>(memory, stream, bytes),
                _ => fixed::<PACK, BYTES>(memory, stream),
            }
        }
        memory = memory.wrapping_offset(stride);
        stream = stream.wrapping_add(bytes);
    }
}

/// # Safety
/// As [`plane`].
#[inline(always)]
unsafe fn grid<const PACK: bool, const BYTES: usize>(
    memory: *mut u8,
    (rows, row_stride): (usize, isize),
    (columns, column_stride): (usize, isize),
    stream: *mut u8,
    bytes: usize,
) {
    let each = columns * if BYTES == 0 { bytes } else { BYTES };
    let (mut memory, mut stream) = (memory, stream);
    for _ in 0..rows {
        // SAFETY: the contract.
        unsafe { row::<PACK, BYTES>(memory, column_stride, columns, stream, bytes) };
        memory = memory.wrapping_offset(row_stride);
        stream = stream.wrapping_add(each);
    }
}

/// # Safety
/// As [`scattered`].
#[inline(always)]
unsafe fn picked<const PACK: bool, const BYTES: usize>(
    memory: *mut u8,
    at: &[i64],
    stream: *mut u8,
    bytes: usize,
) {
    let bytes = if BYTES == 0 { bytes } else { BYTES };
    let mut stream = stream;
    for &at in at {
        let memory = memory.wrapping_offset(at as isize);
        // SAFETY: the contract.
        unsafe {
            match BYTES {
                0 => run::<PACK>(memory, stream, bytes),
                _ => fixed::<PACK, BYTES>(memory, stream),
            }
        }
        stream = stream.wrapping_add(bytes);
    }
}
