//! MPI without an encoding: objects and their names, attributes, info, error classes and handlers, requests, datatypes,
//! operators, buffered sends; and one function for each of the standard's in [`functions`].
//!
//! Refuses to know C declarations and how a call comes in: that is an ABI's (docs/decisions/c-door.md). Everything here is one
//! per operating-system process, because a process that speaks MPI is one.

mod attribute;
mod buffer;
mod caller;
pub mod class;
mod collective;
mod comm;
mod datatype;
mod error;
pub mod functions;
mod group;
mod handle;
mod handler;
mod info;
mod instance;
mod leaks;
mod message;
pub mod number;
mod op;
pub mod pointer;
mod request;
pub mod said;
mod session;
mod status;
pub mod table;

pub use comm::Communicator;
pub use datatype::Type;
pub use error::{Error, On, Result};
pub use handle::{Comm, Datatype, Errhandler, File, Group, Info, Message, Op, Request, Session, Win};
pub use handler::{ErrorFunction, Verdict, bug, verdict};
pub use status::Status;
