//! Active messages: requests and one-way messages for objects, whose handlers run where the messages arrive.

mod address;
mod answer;
mod calling;
mod handler;
mod inter;
mod object;
mod quiescence;
mod request;

pub use address::{Address, ObjectName};
pub use calling::Calling;
pub use handler::{Handle, Payload, Returning, Taking};
pub use object::Object;
pub use request::Request;
