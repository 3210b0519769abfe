//! Where the program calls: noted where programs are checked (`archi run --check`), so that what is found names its place.

use std::panic::Location;

use runtime::place::{Noted, note, note_maker};

use crate::Comm;

/// The verb that this stands in was called from there.
#[track_caller]
#[inline]
pub(crate) fn called(comm: &Comm) {
    if comm.untyped.process().is_checking() {
        note(Noted { at: Some(Location::caller()), is_blind: false });
    }
}

/// The same of a receive that doesn't tell from whom its message came.
#[track_caller]
#[inline]
pub(crate) fn called_blindly(comm: &Comm) {
    if comm.untyped.process().is_checking() {
        note(Noted { at: Some(Location::caller()), is_blind: true });
    }
}

/// The same of a verb that makes a communicator.
#[track_caller]
#[inline]
pub(crate) fn called_to_make(comm: &Comm) {
    if comm.untyped.process().is_checking() {
        note_maker(Noted { at: Some(Location::caller()), is_blind: false });
    }
}
