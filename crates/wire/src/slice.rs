//! Slices of values: the unit in which values travel.

use std::borrow::Cow;
use std::ptr::NonNull;

use crate::{Form, Invalid, Wire};

/// The memory of the values, if it is their encoding.
#[inline]
pub fn encoded<T: Wire>(values: &[T]) -> Option<&[u8]> {
    // SAFETY: Dense and Plain types have no padding, so all bytes are initialised; without interior mutability none of
    // them changes while the borrow lasts.
    T::FORM
        .sent_in_place()
        .then(|| unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) })
}

/// The memory of the values, if any bytes may be written into it.
#[inline]
pub fn encoded_mut<T: Wire>(values: &mut [T]) -> Option<&mut [u8]> {
    // SAFETY: as in `encoded`; and in a Plain type whatever is written through the view is a value again.
    T::FORM
        .received_in_place()
        .then(|| unsafe { std::slice::from_raw_parts_mut(values.as_mut_ptr().cast(), size_of_val(values)) })
}

/// Values of a plain type whose bytes are all 0, straight from the system where they are many; `None` if there is no memory
/// for them: the number may come from outside.
///
/// # Panics
/// If the type is not plain.
///
/// ```
/// assert_eq!(archipelago_wire::slice::zeroed::<u32>(3), Some(vec![0; 3]));
/// assert_eq!(archipelago_wire::slice::zeroed::<u32>(usize::MAX / 2), None);
/// assert_eq!(archipelago_wire::slice::zeroed::<()>(usize::MAX).map(|all| all.len()), Some(usize::MAX));
/// ```
pub fn zeroed<T: Wire>(count: usize) -> Option<Vec<T>> {
    assert_eq!(T::FORM, Form::Plain, "only of a plain type are all patterns of bits values");
    let layout = std::alloc::Layout::array::<T>(count).ok()?;
    // SAFETY: the layout has a size.
    let memory = |layout| unsafe { std::alloc::alloc_zeroed(layout) };
    let first = match layout.size() {
        0 => NonNull::dangling(),
        _ => NonNull::new(memory(layout).cast())?,
    };
    // SAFETY: memory of `count` values that was allocated by the same allocator with the same layout, or none for values
    // that take none; and all zeros are values of a plain type.
    Some(unsafe { Vec::from_raw_parts(first.as_ptr(), count, count) })
}

/// Writes the encoding of all values. Never reads padding.
///
/// # Panics
/// If `into` is not as long as the encoding.
pub fn pack<T: Wire>(values: &[T], into: &mut [u8]) {
    assert_eq!(into.len(), values.len() * T::BYTES, "the room must be as long as the encoding");
    match encoded(values) {
        Some(bytes) => into.copy_from_slice(bytes),
        None if T::BYTES == 0 => {}
        None => values.iter().zip(into.chunks_exact_mut(T::BYTES)).for_each(|(value, room)| value.pack(room)),
    }
}

/// The encoding of all values: their memory, or packed.
#[inline]
pub fn encoding<T: Wire>(values: &[T]) -> Cow<'_, [u8]> {
    match encoded(values) {
        Some(bytes) => Cow::Borrowed(bytes),
        None => Cow::Owned(pack_to_vec(values)),
    }
}

/// The encoding of all values, packed.
pub fn pack_to_vec<T: Wire>(values: &[T]) -> Vec<u8> {
    let mut bytes = vec![0; values.len() * T::BYTES];
    pack(values, &mut bytes);
    bytes
}

/// Validates an encoding and overwrites the values with it.
///
/// On an error the values before the invalid one have been overwritten.
///
/// # Panics
/// If `from` is not as long as the encoding.
pub fn unpack<T: Wire>(from: &[u8], into: &mut [T]) -> Result<(), Invalid> {
    assert_eq!(from.len(), into.len() * T::BYTES, "the encoding must be as long as the values'");
    if let Some(bytes) = encoded_mut(into) {
        bytes.copy_from_slice(from);
        return Ok(());
    }
    for (i, value) in into.iter_mut().enumerate() {
        *value = T::unpack(&from[i * T::BYTES..][..T::BYTES]).map_err(|invalid| invalid.at(i))?;
    }
    Ok(())
}

/// Validates an encoding of any number of values. Bytes past the last whole value are the caller's to reject; values
/// without bytes are not counted by an encoding, so that of such a type is empty.
pub fn unpack_to_vec<T: Wire>(from: &[u8]) -> Result<Vec<T>, Invalid> {
    let Some(count) = from.len().checked_div(T::BYTES) else { return Ok(Vec::new()) };
    let mut values: Vec<T> = Vec::with_capacity(count);
    if T::FORM == Form::Plain {
        // SAFETY: the room is for `count` values, whose memory is their encoding, and any bytes are values.
        unsafe {
            std::ptr::copy_nonoverlapping(from.as_ptr(), values.as_mut_ptr().cast(), count * T::BYTES);
            values.set_len(count);
        }
        return Ok(values);
    }
    for (i, bytes) in from.chunks_exact(T::BYTES).enumerate() {
        values.push(T::unpack(bytes).map_err(|invalid| invalid.at(i))?);
    }
    Ok(values)
}
