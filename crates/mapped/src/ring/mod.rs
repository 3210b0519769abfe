//! A queue from one producer to one consumer, in memory that both map.
//!
//! # Layout
//! ```text
//! receiver's line   watched, lines released, payload released        written by the consumer (watched: by both)
//! sender's line     space wanted                                     written by the producer (cleared by the consumer)
//! lines             [Line; n]: 8 words of 64 bits each                written by the producer
//! payload           bytes, used as a circle                           written by the producer
//! ```
//! A *line* carries one record: word 0 is `generation(16) | kind(8) | flags(8) | length(32)`, words 1 to 3 are the
//! header, words 4 to 7 up to 32 bytes of payload. A longer payload lies in the payload area; word 4 then holds its
//! offset and word 5 its *mark*, how many bytes of the area had been used when it was placed, itself included.
//!
//! # Who may do what
//! The producer stores words 1 to 7, then word 0 (Release). The consumer polls word 0 (Acquire) of the line at its
//! position until it carries the generation it expects, so there is no tail index, and a record costs one line
//! written and one read. The generation counts the laps; since a line is written in every lap, what a stale line
//! carries is always the lap before, and 16 bits can't be confused.
//!
//! The consumer gives lines and payload back in batches by storing two counters in its own line (Release); the
//! producer reads them (Acquire) only when its last knowledge of them leaves no room.
//!
//! # Not looking, and waiting for room
//! Both are the same exchange: one side states its wish and looks again, the other side acts and looks for a wish,
//! and a sequentially consistent fence between the two steps on both sides makes sure that one of them sees the other:
//!
//! - a consumer that stops polling stores `watched = 0`, fences, looks at its line; a producer publishes a line,
//!   fences, looks at `watched`: if it is 0 it sets it to 1 and rings the consumer's [doorbell](crate::doorbell);
//! - a producer without room stores `space_wanted = 1`, fences, looks at the counters; a consumer publishes the
//!   counters, fences, looks at `space_wanted`: if it is 1 it sets it to 0 and rings the producer's doorbell.
//!
//! Zeroed memory is an empty ring that nobody watches.

mod consumer;
mod memory;
mod producer;

pub use consumer::{Body, Consumer, Corrupt, Record, full_fence};
pub use memory::{Control, INLINE_BYTES, Line, RESERVED_LINES, RingMemory, private};
pub use producer::{Full, MustRing, Producer, Reservation};
