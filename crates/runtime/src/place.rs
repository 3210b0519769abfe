//! Where the program is, for reports: noted by the typed API when the job runs under `--check`, and nowhere else.

use std::cell::Cell;
use std::panic::Location;

pub use engine::check::Site;

thread_local!(static SITE: Cell<Site> = const { Cell::new(Site { at: None, is_blind: false }) });

/// Notes where the calling thread is.
pub fn note(site: Site) {
    SITE.set(site);
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
