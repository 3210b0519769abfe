//! Frames over TCP, between hosts or (forced) on one.
//!
//! * `codec.rs`: a frame is 32 bytes of header and its payload.
//! * `meeting.rs`: how two processes come to share one connection: lazily, over whichever address answers first, by the
//!   handshake of [`control::handshake`]; when both connect at once, the lower process's connection stays.
//! * `cut.rs`: how a connection that is cut is made again, and goes on where it was.
//! * `output.rs`, `input.rs`: what waits to be sent or may have to be sent again, bounded; what was received, parsed in place.
//! * `port.rs`: the verbs; `progress.rs`: what they look at. `hub.rs`: the one place to sleep.
//!
//! Frames are sent at once while nothing waits before them: one system call. What the kernel doesn't take waits in a
//! bounded buffer and goes out together. What has gone is kept until the peer says that it has it: a link outlives its
//! connection. It ends with [`Cause::Left`](crate::Cause::Left) when a farewell came before the end of the stream, and is a failure
//! when it is cut for longer than the link timeout, or its process is known to be gone. A host that doesn't answer for the link
//! timeout is unreachable; a process that is merely stopped or busy is not, because its kernel answers.
//!
//! Refuses to trust: whoever connects has one second and a place among sixteen to prove that it knows the job's secret.

mod codec;
mod contact;
mod cut;
mod hub;
mod input;
mod link;
mod meeting;
mod output;
mod port;
mod progress;
mod reserved;
mod settings;
mod spares;

pub use codec::{FRAME_BYTES_MAX, HEADER_BYTES, Malformed, decode, encode};
pub use cut::Interruption;
pub use hub::Sleeper;
#[cfg(fuzzing)]
pub use input::parse_stream;
pub use meeting::Turned;
pub use port::Port;
pub use reserved::Reserved;
pub use settings::{Reach, Settings};
