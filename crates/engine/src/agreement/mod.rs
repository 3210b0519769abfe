//! Uniform agreement among the members of a communicator, of whom any may die at any moment.
//!
//! [`Agreement`] is one member's side of one agreement: a pure state machine that is told what arrives and who is gone, and says
//! what to send. It knows of no lane, so that tests can drive every order of events; the lane's part is in `mitigation::agree`.

mod machine;
mod proposal;

pub use machine::{Agreement, Message};
pub use proposal::{Proposal, RankSet};
