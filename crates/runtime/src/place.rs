//! Where the program is, for reports: noted by the typed API when the job runs under `--check`, and nowhere else.

use std::cell::Cell;
use std::panic::Location;

pub use engine::check::Site;

thread_local!(static SITE: Cell<Site> = const { Cell::new(Site { at: None, is_blind: false }) });

thread_local!(static MAKES: Cell<bool> = const { Cell::new(false) });

/// Notes where the calling thread is.
pub fn note(site: Site) {
    SITE.set(site);
    MAKES.set(false);
}

/// The same, for a verb that makes a communicator.
pub fn note_maker(site: Site) {
    SITE.set(site);
    MAKES.set(true);
}

/// Where the communicator is made that is made now, if that is known.
pub(crate) fn take_maker() -> Site {
    match MAKES.try_with(|makes| makes.replace(false)) {
        Ok(true) => site(),
        _ => Site::default(),
    }
}

/// Where the calling thread was noted last.
pub fn site() -> Site {
    // A thread that ends has none any more.
    SITE.try_with(Cell::get).unwrap_or_default()
}

/// The place of [`site`].
pub(crate) fn here() -> Option<&'static Location<'static>> {
    site().at
}
