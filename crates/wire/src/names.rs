//! Which types this process has used, by signature, so that a mismatch can be told in words.
//!
//! A small table without a lock: a type that was used long ago may have been displaced, and is then described by its
//! signature alone.

use std::sync::atomic::{AtomicPtr, Ordering};

use crate::{Scalar, Shape, Type};

/// Enough for the types that a program sends; 2 KiB.
const ENTRIES: usize = 256;

static USED: [AtomicPtr<Type>; ENTRIES] = [const { AtomicPtr::new(std::ptr::null_mut()) }; ENTRIES];

/// Notes that a type is being used. One load where it was noted before.
#[inline]
pub fn remember(used: &'static Type) {
    let entry = &USED[used.signature as usize % ENTRIES];
    let pointer = std::ptr::from_ref(used).cast_mut();
    // Relaxed: the value is only compared.
    if entry.load(Ordering::Relaxed) != pointer {
        // Release: pairs with the Acquire in `find`.
        entry.store(pointer, Ordering::Release);
    }
}

/// The type of that signature, if it was used here lately.
pub fn find(signature: u64) -> Option<&'static Type> {
    // Acquire: pairs with the Release in `remember`.
    let pointer = USED[signature as usize % ENTRIES].load(Ordering::Acquire);
    // SAFETY: null, or made from a `&'static Type` by `remember`.
    let used = unsafe { pointer.as_ref() }?;
    (used.signature == signature).then_some(used)
}

/// Words for a signature: the name of a type of that signature if one is known here.
pub fn describe(signature: u64) -> String {
    if signature == 0 {
        return "untyped bytes".into();
    }
    if let Some(scalar) = Scalar::ALL.into_iter().find(|&s| Shape::Scalar(s).signature() == signature) {
        return scalar.name().into();
    }
    match find(signature) {
        Some(used) => used.to_string(),
        None => format!("a type of signature {signature:#018x}"),
    }
}
