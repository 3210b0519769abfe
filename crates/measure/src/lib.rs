//! What `archi bench` measures, and how its figures are told.
//!
//! - [`Plan`]: what is to be measured, as data; [`Benchmark`] lists all that there is. Collectives come from the engine's table
//!   of operations, so that none can be forgotten.
//! - [`session::run`]: measures a plan on all ranks of a communicator; [`rate::of_threads`] and its like are single
//!   measurements, for who wants one figure.
//! - [`Results`]: the figures, with [`json`], [`csv`], [`table`] and [`plot`] to tell them.
//! - [`compare`]: two results, row by row.
//!
//! Everything is measured through the front door, as a program sees it. Refuses to start processes (`archi bench` does) and to
//! promise anything (`cargo xtask bench` does, beside the bare limits of the machine).

pub mod benchmark;
pub mod collective;
pub mod compare;
pub mod csv;
pub mod error;
pub mod json;
pub mod machine;
pub mod overlap;
pub mod plan;
pub mod plot;
pub mod point;
pub mod progress;
pub mod rate;
pub mod repeat;
pub mod results;
pub mod sample;
pub mod session;
pub mod sizes;
pub mod table;

mod data;
mod series;

pub use benchmark::Benchmark;
pub use error::Error;
pub use plan::{Form, Plan};
pub use results::{Results, Row};
