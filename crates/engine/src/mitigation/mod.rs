//! What a program does about failures (user-level failure mitigation; Bland, Bouteiller, Herault, Bosilca and Dongarra,
//! "Post-failure recovery of MPI communication capability", 2013): it learns who is gone and acknowledges that, revokes a
//! communicator so that nobody goes on waiting in it, and agrees with the others on what to do next.
//!
//! Who is gone is known to each lane by itself, and two lanes may learn it at different times; only an agreement makes it
//! common knowledge.

pub(crate) mod agree;
mod failed;
mod recent;
pub(crate) mod registry;
mod revoke;
