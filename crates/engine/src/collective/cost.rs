//! What an algorithm costs: on the critical path, and in all.

/// Counts along the critical path of a collective, at its slowest member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Messages that wait for one another.
    pub latencies: u64,
    /// Messages that one member has to send or take one after the other.
    pub messages: u64,
    /// Bytes through the busiest member.
    pub bytes: u64,
    /// Bytes combined by the operator.
    pub reduced: u64,
    /// Bytes copied within a member.
    pub copied: u64,
    /// Cells of the board written and read.
    pub cells: u64,
    /// Turns of the board after the first: everybody has to come by in each.
    pub turns: u64,
    /// What of the messages stays on a host, where the members are on several.
    pub near: Near,
}

/// Messages within a host along the critical path, beside those between hosts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Near {
    /// Messages that wait for one another.
    pub latencies: u64,
    /// Messages that one member has to send or take one after the other.
    pub messages: u64,
    /// Bytes through the busiest member.
    pub bytes: u64,
}

impl Cost {
    /// `steps` messages in a row that carry `bytes` together.
    pub fn steps(steps: u32, bytes: u64) -> Cost {
        Cost { latencies: steps as u64, messages: steps as u64, bytes, ..Cost::default() }
    }

    /// The same, and so many bytes reduced.
    pub fn reducing(self, reduced: u64) -> Cost {
        Cost { reduced, ..self }
    }

    /// The same, and `steps` messages in a row within a host that carry `bytes` together.
    pub fn near(self, steps: u32, bytes: u64) -> Cost {
        let Near { latencies, messages, bytes: before } = self.near;
        let steps = steps as u64;
        let near = Near { latencies: latencies + steps, messages: messages + steps, bytes: before + bytes };
        Cost { near, ..self }
    }

    /// The same, and so many bytes copied.
    pub fn copying(self, copied: u64) -> Cost {
        Cost { copied, ..self }
    }
}

/// Messages and bytes that all members together send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// How many messages.
    pub messages: u64,
    /// How many bytes in them.
    pub bytes: u64,
}

impl Traffic {
    /// So many messages with so many bytes together.
    pub fn new(messages: u64, bytes: u64) -> Traffic {
        Traffic { messages, bytes }
    }
}

/// What the counts cost on a transport, in picoseconds. Constants, not measurements: all members must come to
/// the same choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// From the send of an empty message until the receiver can answer, beyond the work of the two processors.
    pub latency_ps: u64,
    /// A processor's work to send or to take one message.
    pub message_ps: u64,
    /// A byte of a message.
    pub byte_ps: u64,
    /// A byte of an operand.
    pub reduced_byte_ps: u64,
    /// A byte copied.
    pub copied_byte_ps: u64,
    /// Writing or reading one cell of a board.
    pub cell_ps: u64,
    /// A further turn of a board: often the hand-over of a core.
    pub turn_ps: u64,
}

impl Price {
    /// Messages through memory that both processes map.
    pub const SHARED_MEMORY: Price = Price {
        latency_ps: 300_000,
        message_ps: 100_000,
        byte_ps: 200,
        reduced_byte_ps: 100,
        copied_byte_ps: 60,
        cell_ps: 70_000,
        turn_ps: 1_500_000,
    };

    /// Messages through a socket.
    pub const SOCKET: Price = Price {
        latency_ps: 12_000_000,
        message_ps: 3_000_000,
        byte_ps: 400,
        reduced_byte_ps: 100,
        copied_byte_ps: 60,
        cell_ps: 70_000,
        turn_ps: 3_000_000,
    };

    /// The price of a cost, in picoseconds.
    pub fn of(&self, cost: &Cost) -> u64 {
        let part = |count: u64, ps: u64| count.saturating_mul(ps);
        let near = &Price::SHARED_MEMORY;
        part(cost.latencies, self.latency_ps)
            .saturating_add(part(cost.near.latencies, near.latency_ps))
            .saturating_add(part(cost.near.messages, near.message_ps))
            .saturating_add(part(cost.near.bytes, near.byte_ps))
            .saturating_add(part(cost.messages, self.message_ps))
            .saturating_add(part(cost.bytes, self.byte_ps))
            .saturating_add(part(cost.reduced, self.reduced_byte_ps))
            .saturating_add(part(cost.copied, self.copied_byte_ps))
            .saturating_add(part(cost.cells, self.cell_ps))
            .saturating_add(part(cost.turns, self.turn_ps))
    }
}

/// The bytes that cost as much as one latency, about: from it a pipeline's number of segments is chosen. A
/// constant, because all members must cut alike.
pub(super) const LATENCY_BYTES: u64 = 8192;

/// Segments for a pipeline of `hops` hops: the square root of hops·bytes/latency bytes minimises
/// (hops - 1 + segments)·(latency + bytes/segments).
pub(super) fn segments(bytes: u64, hops: u32) -> u32 {
    let best = (bytes / LATENCY_BYTES).saturating_mul(hops.saturating_sub(1) as u64).isqrt();
    best.clamp(1, (bytes / LATENCY_BYTES).max(1)).min(4096) as u32
}
