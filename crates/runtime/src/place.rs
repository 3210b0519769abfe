//! Where the program is, for reports. The typed API notes it when the job runs under `--check`; of a program in another language
//! its front door finds it where it is asked for.

use std::cell::Cell;
use std::panic::Location;
use std::sync::OnceLock;

pub use engine::check::{Caller, Place, Site};

/// What the typed API knows of where it is called.
#[derive(Clone, Copy, Debug, Default)]
pub struct Noted {
    /// The line.
    pub at: Option<&'static Location<'static>>,
    /// The caller doesn't learn from whom its message came.
    pub is_blind: bool,
}

thread_local!(static NOTED: Cell<Noted> = const { Cell::new(Noted { at: None, is_blind: false }) });

thread_local!(static MAKES: Cell<bool> = const { Cell::new(false) });

/// Finds from where the program has called into a front door that is no typed API.
static FINDER: OnceLock<fn() -> Site> = OnceLock::new();

/// Has the places of programs in another language found by this function, from now on. It is called where programs are checked,
/// and for waits that last; in the thread that calls, maybe with its lane locked.
pub fn find_by(finder: fn() -> Site) {
    FINDER.get_or_init(|| finder);
}

/// Whether the program is in another language.
pub(crate) fn is_foreign() -> bool {
    FINDER.get().is_some()
}

/// Notes where the calling thread is.
pub fn note(noted: Noted) {
    NOTED.set(noted);
    MAKES.set(false);
}

/// The same, for a verb that makes a communicator.
pub fn note_maker(noted: Noted) {
    NOTED.set(noted);
    MAKES.set(true);
}

/// Where the calling thread was noted last.
#[inline]
pub fn noted() -> Noted {
    // A thread that ends has none any more.
    NOTED.try_with(Cell::get).unwrap_or_default()
}

/// Where the communicator is made that is made now, if that is known.
pub(crate) fn take_maker() -> Site {
    match (FINDER.get(), MAKES.try_with(|makes| makes.replace(false))) {
        (None, Ok(true)) => site(),
        _ => Site::default(),
    }
}

/// Where the calling thread is. Called where programs are checked.
pub(crate) fn site() -> Site {
    match FINDER.get() {
        Some(find) => find(),
        None => {
            let Noted { at, is_blind } = noted();
            Site { at: at.map(Place::Line), is_blind }
        }
    }
}

/// The place that was noted, for a wait that begins: a finder isn't asked, which takes longer.
pub(crate) fn here() -> Option<Place> {
    noted().at.map(Place::Line)
}

/// The place of a wait that lasts.
pub(crate) fn found() -> Option<Place> {
    FINDER.get().and_then(|find| find().at)
}
