//! NumPy's `.npy`: a header in Python's own notation, then the elements.
//!
//! Written from the description in NumPy's documentation (`numpy.lib.format`). Read are versions 1 to 3, arrays of
//! one and two dimensions, booleans, integers of 1 to 8 bytes and floats of 4 and 8 bytes, in both byte orders and
//! both orders of elements. An array of one dimension is read as one column.

use crate::error::Error;
use crate::header::Header;
use crate::matrix::{EXACT_MAX, Matrix, checked_size};
use std::io::{self, Write};

/// The first bytes of every file.
pub const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// NumPy itself refuses longer headers.
const HEADER_BYTES_MAX: usize = 10_000;

/// What an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of Rust's types")]
pub enum Element {
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F32,
    F64,
}

/// Which end of a number comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "nothing to add")]
pub enum ByteOrder {
    Little,
    Big,
}

/// How a matrix is laid out in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// What an element is.
    pub element: Element,
    /// Which end of a number comes first.
    pub bytes: ByteOrder,
    /// Column by column instead of row by row.
    pub fortran_order: bool,
    /// 1, 2 or 3: the width of the header's length, and whether the header may hold Unicode.
    pub version: u8,
}

impl Form {
    /// What NumPy would write for an array of doubles.
    pub const DOUBLES: Form =
        Form { element: Element::F64, bytes: ByteOrder::Little, fortran_order: false, version: 1 };
}

/// Every element type with its code and its width in bytes.
const ELEMENTS: &[(Element, &str, usize)] = &[
    (Element::Bool, "b1", 1),
    (Element::I8, "i1", 1),
    (Element::I16, "i2", 2),
    (Element::I32, "i4", 4),
    (Element::I64, "i8", 8),
    (Element::U8, "u1", 1),
    (Element::U16, "u2", 2),
    (Element::U32, "u4", 4),
    (Element::U64, "u8", 8),
    (Element::F32, "f4", 4),
    (Element::F64, "f8", 8),
];

/// Reads a whole file.
///
/// # Errors
/// [`Error::Malformed`] for bytes that are no such file, [`Error::Unsupported`] for other element types and
/// dimensions, [`Error::TooLarge`] past `elements_max`, [`Error::Unfit`] for integers that no double holds.
/// Nothing is allocated before the sizes have been checked against the file's own length.
pub fn read(bytes: &[u8], elements_max: usize) -> Result<Matrix, Error> {
    let (header, body) = split(bytes)?;
    let Header { descr, fortran_order, shape } = Header::parse(header)?;
    let (element, order, width) = element(&descr)?;
    let (rows, columns) = match shape[..] {
        [rows] => (rows, 1),
        [rows, columns] => (rows, columns),
        _ => {
            return Err(Error::Unsupported(format!(
                "an array of {} dimensions is not a matrix",
                shape.len()
            )));
        }
    };
    let (rows, columns) = checked_size(rows, columns, elements_max)?;
    let expected = rows * columns * width;
    if body.len() != expected {
        let what =
            format!("{rows}x{columns} elements of {width} bytes are {expected} bytes, {} follow", body.len());
        return Err(Error::malformed("after the header", what));
    }
    let values =
        body.chunks_exact(width).map(|bytes| decode(element, order, bytes)).collect::<Result<_, _>>()?;
    Ok(if fortran_order {
        Matrix::from_values(columns, rows, values).transposed()
    } else {
        Matrix::from_values(rows, columns, values)
    })
}

/// Writes a matrix.
///
/// # Errors
/// [`Error::Unfit`] before anything is written, if an element doesn't fit the form; [`Error::Output`] if the writer fails.
pub fn write(matrix: &Matrix, form: Form, out: &mut impl Write) -> Result<(), Error> {
    let Some((_, code, width)) = ELEMENTS.iter().find(|(element, ..)| *element == form.element) else {
        return Err(Error::Unsupported(format!("elements of type {:?}", form.element)));
    };
    if let Some(value) = matrix.values().iter().find(|value| !holds(form.element, **value)) {
        return Err(Error::Unfit(format!("{value} is no value of type {code}")));
    }
    write_checked(matrix, form, code, *width, out).map_err(Error::Output)
}

fn write_checked(
    matrix: &Matrix,
    form: Form,
    code: &str,
    width: usize,
    out: &mut impl Write,
) -> io::Result<()> {
    let mark = match (width, form.bytes) {
        (1, _) => '|',
        (_, ByteOrder::Little) => '<',
        (_, ByteOrder::Big) => '>',
    };
    let order = if form.fortran_order { "True" } else { "False" };
    let (rows, columns) = (matrix.rows(), matrix.columns());
    let mut header =
        format!("{{'descr': '{mark}{code}', 'fortran_order': {order}, 'shape': ({rows}, {columns}), }}");
    let before = if form.version == 1 { 10 } else { 12 };
    // Elements start at a multiple of 64 bytes, and a line feed ends the header.
    let padding = 64 - (before + header.len() + 1) % 64;
    header.extend(std::iter::repeat_n(' ', padding % 64));
    header.push('\n');
    out.write_all(MAGIC)?;
    out.write_all(&[form.version, 0])?;
    match form.version {
        1 => out.write_all(&(header.len() as u16).to_le_bytes())?,
        _ => out.write_all(&(header.len() as u32).to_le_bytes())?,
    }
    out.write_all(header.as_bytes())?;
    let transposed;
    let matrix = if form.fortran_order {
        transposed = matrix.transposed();
        &transposed
    } else {
        matrix
    };
    matrix.values().iter().try_for_each(|value| encode(form, *value, out))
}

/// The header's text and what follows it.
fn split(bytes: &[u8]) -> Result<(&[u8], &[u8]), Error> {
    let cut = |what: &str| Error::malformed("at the start", what);
    let rest = bytes.strip_prefix(MAGIC).ok_or_else(|| cut("not a .npy file"))?;
    let (version, rest) = rest.split_first_chunk::<2>().ok_or_else(|| cut("the file ends in its version"))?;
    let (length, rest) = match version[0] {
        1 => rest.split_first_chunk().map(|(length, rest)| (usize::from(u16::from_le_bytes(*length)), rest)),
        2 | 3 => rest.split_first_chunk().map(|(length, rest)| (u32::from_le_bytes(*length) as usize, rest)),
        other => {
            return Err(Error::Unsupported(format!("version {other}.{} of the .npy format", version[1])));
        }
    }
    .ok_or_else(|| cut("the file ends in the length of its header"))?;
    if length > HEADER_BYTES_MAX {
        return Err(cut(&format!("a header of {length} bytes; {HEADER_BYTES_MAX} is the limit")));
    }
    rest.split_at_checked(length).ok_or_else(|| cut("the file ends in its header"))
}

/// The type, byte order and width that a `descr` such as `<f8` names.
fn element(descr: &str) -> Result<(Element, ByteOrder, usize), Error> {
    let unsupported = || Error::Unsupported(format!("elements of type '{}'", descr.escape_default()));
    let mut letters = descr.chars();
    let order = match letters.next() {
        Some('<' | '|') => ByteOrder::Little,
        Some('>') => ByteOrder::Big,
        Some('=') if cfg!(target_endian = "little") => ByteOrder::Little,
        Some('=') => ByteOrder::Big,
        _ => return Err(unsupported()),
    };
    let found = ELEMENTS.iter().find(|(_, code, _)| *code == letters.as_str());
    let (element, _, width) = found.ok_or_else(unsupported)?;
    if descr.starts_with('|') && *width > 1 {
        return Err(Error::malformed("in the header", format!("'{descr}' names no byte order")));
    }
    Ok((*element, order, *width))
}

fn decode(element: Element, order: ByteOrder, bytes: &[u8]) -> Result<f64, Error> {
    macro_rules! number {
        ($kind:ty) => {{
            let mut own = [0; size_of::<$kind>()];
            own.copy_from_slice(bytes);
            match order {
                ByteOrder::Little => <$kind>::from_le_bytes(own),
                ByteOrder::Big => <$kind>::from_be_bytes(own),
            }
        }};
    }
    Ok(match element {
        Element::Bool if bytes[0] > 1 => {
            return Err(Error::malformed("among the elements", format!("{} is no boolean", bytes[0])));
        }
        Element::Bool | Element::U8 => f64::from(bytes[0]),
        Element::I8 => f64::from(number!(i8)),
        Element::I16 => f64::from(number!(i16)),
        Element::I32 => f64::from(number!(i32)),
        Element::U16 => f64::from(number!(u16)),
        Element::U32 => f64::from(number!(u32)),
        Element::F32 => f64::from(number!(f32)),
        Element::F64 => number!(f64),
        Element::I64 => exact(i128::from(number!(i64)))?,
        Element::U64 => exact(i128::from(number!(u64)))?,
    })
}

/// An integer as a double, if that loses nothing.
fn exact(integer: i128) -> Result<f64, Error> {
    if integer.unsigned_abs() <= EXACT_MAX as u128 {
        return Ok(integer as f64);
    }
    Err(Error::Unfit(format!("the integer {integer} is past 2^53, where doubles have gaps")))
}

/// True if the type holds the value exactly.
fn holds(element: Element, value: f64) -> bool {
    let whole = |least: f64, most: f64| value.fract() == 0.0 && value >= least && value <= most;
    match element {
        Element::Bool => value == 0.0 || value == 1.0,
        Element::I8 => whole(f64::from(i8::MIN), f64::from(i8::MAX)),
        Element::I16 => whole(f64::from(i16::MIN), f64::from(i16::MAX)),
        Element::I32 => whole(f64::from(i32::MIN), f64::from(i32::MAX)),
        Element::I64 => whole(-EXACT_MAX, EXACT_MAX),
        Element::U8 => whole(0.0, f64::from(u8::MAX)),
        Element::U16 => whole(0.0, f64::from(u16::MAX)),
        Element::U32 => whole(0.0, f64::from(u32::MAX)),
        Element::U64 => whole(0.0, EXACT_MAX),
        Element::F32 => value.is_nan() || f64::from(value as f32) == value,
        Element::F64 => true,
    }
}

fn encode(form: Form, value: f64, out: &mut impl Write) -> io::Result<()> {
    macro_rules! put {
        ($kind:ty) => {
            match form.bytes {
                ByteOrder::Little => out.write_all(&(value as $kind).to_le_bytes()),
                ByteOrder::Big => out.write_all(&(value as $kind).to_be_bytes()),
            }
        };
    }
    match form.element {
        Element::Bool | Element::U8 => put!(u8),
        Element::I8 => put!(i8),
        Element::I16 => put!(i16),
        Element::I32 => put!(i32),
        Element::I64 => put!(i64),
        Element::U16 => put!(u16),
        Element::U32 => put!(u32),
        Element::U64 => put!(u64),
        Element::F32 => put!(f32),
        Element::F64 => put!(f64),
    }
}
