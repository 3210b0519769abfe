//! The launcher with real processes: what it says, with which status it ends, and that it leaves nothing behind.

mod bench;
mod claims;
mod command_line;
mod deaths;
mod environment;
mod input;
mod limits;
mod machine;
mod output;
mod running;
mod scene;
mod signals;
mod statuses;
