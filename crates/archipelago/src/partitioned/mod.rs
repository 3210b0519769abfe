//! Partitioned messages: a buffer whose parts are given to the runtime one by one, by any thread, as they become ready, and that
//! arrives part by part. (MPI 5.0 §4)
//!
//! A pair of requests is matched once, when they are made: the sender names a context of its own, and every round's messages
//! travel in it, numbered, straight from buffer to buffer. Neighbouring parts that are small travel together. A program that
//! uses none pays nothing: this file stands on the verbs that everybody uses.

mod parts;
mod receive;
mod send;

pub use receive::PartitionedReceive;
pub use send::{Partition, PartitionedSend};
