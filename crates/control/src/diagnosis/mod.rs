//! Who waits for whom: what processes say of themselves when they are asked, and what follows from it.
//!
//! - [`state`]: what one process says: its threads, what each waits for, and counts by which two answers are compared.
//! - [`call`]: what a member of a collective says that it calls.
//! - [`knot`]: which processes can never go on, from two answers of each (docs/decisions/knots.md).
//! - [`mod@report`]: the same in words and as a table; [`mod@json`]: for programs.
//!
//! Pure: refuses to ask anybody. The launcher asks the processes of a job, the runtime those that are threads of one process.

pub mod call;
pub mod json;
pub mod knot;
pub mod report;
pub mod state;

pub use call::{Call, Part};
pub use json::json;
pub use knot::{Verdict, judge};
pub use report::report;
pub use state::{Count, Needs, Operation, State, Thread};
