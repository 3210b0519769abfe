//! A collective under way: a request whose steps are sends, receives, copies, reductions and board operations.

use crate::{Error, Lane, RequestId, Status};

/// A collective under way.
pub(crate) struct Execution {}

impl Lane {
    /// A step's send or receive: [`Lane::send_envelope`] and [`Lane::post`] with `Owner::Step` start it, and its
    /// completion is told here. What they can do at once they return instead.
    ///
    /// A send or receive that belongs to a collective has completed.
    pub(crate) fn step_completed(&mut self, _collective: RequestId, _outcome: Result<Status, Error>) {}

    /// A copy or reduction of a collective has been done.
    pub(crate) fn step_finished(&mut self, _collective: RequestId) {}

    /// Looks at the boards that collectives wait for. Returns whether any moved.
    pub(crate) fn look_at_boards(&mut self) -> bool {
        false
    }
}
