//! Messages whose bytes layouts select, in every order that a seed decides, on shared memory and on a network that delays:
//! what arrives lies where the receiver's layout has it, and nothing else has changed.

#[allow(dead_code, reason = "the tests of collectives use the rest")]
mod world;

use archipelago_engine::{
    Config, Data, Mode, Pointer, Received, RequestId, Sent, Source, TagPattern, TypeTag,
};
use layout::{Layout, Placed};
use world::{Chance, World};

/// A layout of `count` numbers, in one of several manners, and how long a slice must be for it.
fn layout_of(count: usize, chance: &mut Chance) -> (Layout, usize) {
    let (of, n) = (Layout::of::<u32>(), count as u64);
    let layout = match chance.below(5) {
        0 => Layout::contiguous(n, &of),
        1 => Layout::vector(n, 1, 3, &of),
        2 => Layout::vector(n / 7, 7, 9, &of).and_then(|rows| Layout::hindexed(&[(1, 0)], &rows)).and_then(
            |rows| {
                let rest = Layout::hindexed(&[(n % 7, rows.extent() + 8)], &of)?;
                let field = |of| layout::Field { count: 1, displacement: 0, of };
                Layout::structure(&[field(rows), field(rest)])
            },
        ),
        // Backwards: the message begins at the end.
        3 => Layout::hvector(n, 1, -8, &of).and_then(|row| Layout::hindexed(&[(1, 8 * n as i64)], &row)),
        _ => {
            let places: Vec<i64> = (0..n as i64).map(|i| i * 2 + (i * i) % 2).collect();
            Layout::indexed_block(1, &places, &of)
        }
    };
    let layout = layout.expect("a layout of a few numbers");
    let end = (layout.true_lower_bound() + layout.true_extent()) as usize;
    (layout, end.div_ceil(4) + 1)
}

/// A message, as its two sides have it.
struct Message {
    from: usize,
    to: usize,
    tag: i32,
    bytes: usize,
    sent: Side,
    received: Side,
    expected: Vec<u32>,
}

struct Side {
    slice: Vec<u32>,
    placed: Box<Placed>,
}

impl Side {
    fn pointer(&self) -> Pointer {
        self.placed.contiguous().map_or_else(|| Pointer::laid_out(&self.placed), Pointer::new)
    }
}

fn message(number: usize, ranks: usize, chance: &mut Chance) -> Message {
    const COUNTS: [usize; 8] = [0, 1, 8, 9, 100, 1_000, 10_000, 70_001];
    let count = COUNTS[chance.below(COUNTS.len())];
    let (ours, our_length) = layout_of(count, chance);
    let (theirs, their_length) = layout_of(count, chance);
    let numbers: Vec<u32> = (0..count as u32).map(|i| i * 17 + number as u32).collect();
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_ne_bytes()).collect();
    let mut slice = vec![7; our_length];
    ours.over_mut(&mut slice).unwrap().unpack(0, &bytes);
    let mut expected = vec![9; their_length];
    theirs.over_mut(&mut expected).unwrap().unpack(0, &bytes);
    let side = |layout: &Layout, mut slice: Vec<u32>| {
        let placed = Placed::new(layout, slice.as_mut_ptr().cast(), 1).unwrap();
        Side { slice, placed: Box::new(placed) }
    };
    Message {
        from: chance.below(ranks),
        to: chance.below(ranks),
        tag: number as i32,
        bytes: bytes.len(),
        sent: side(&ours, slice),
        received: side(&theirs, vec![9; their_length]),
        expected,
    }
}

fn send(world: &mut World, message: &Message, synchronous: bool) -> Option<RequestId> {
    let from = message.sent.pointer();
    let data = match message.bytes <= fabric::INLINE_BYTES {
        true => {
            let mut bytes = [0; fabric::INLINE_BYTES];
            // SAFETY: the message has so many bytes, and the room is long enough.
            unsafe { from.read(bytes.as_mut_ptr(), message.bytes) };
            Data::Small { bytes, length: message.bytes as u8 }
        }
        false => Data::Memory { from, bytes: message.bytes },
    };
    let mode = if synchronous { Mode::Synchronous } else { Mode::Standard };
    let rank = &mut world.ranks[message.from];
    let communicator = rank.world.clone();
    match rank.lane.send(&communicator, message.to, message.tag, TypeTag::BYTES, data, mode).unwrap() {
        Sent::Done => None,
        Sent::Work(work) => {
            // SAFETY: the message stays until the end of the test.
            let finished = unsafe { work.run(|_| {}) };
            assert!(finished.is_none());
            None
        }
        Sent::Pending(request) => Some(request),
    }
}

fn receive(world: &mut World, message: &Message) -> Option<RequestId> {
    let rank = &mut world.ranks[message.to];
    let communicator = rank.world.clone();
    let (source, tag) = (Source::Rank(message.from), TagPattern::Tag(message.tag));
    let to = message.received.pointer();
    match rank.lane.receive(&communicator, source, tag, TypeTag::BYTES, to, message.bytes).unwrap() {
        Received::Work(work, status) => {
            assert_eq!(status.bytes, message.bytes);
            // SAFETY: the message stays until the end of the test.
            if let Some(finished) = unsafe { work.run(|_| {}) } {
                rank.lane.finish(finished);
            }
            None
        }
        Received::Pending(request) => Some(request),
    }
}

fn check(world: &mut World, seed: u64) {
    let ranks = world.ranks.len();
    let mut chance = Chance::new(seed + 1);
    let messages: Vec<Message> = (0..12).map(|number| message(number, ranks, &mut chance)).collect();
    let mut requests = Vec::new();
    // Each is sent and received once, in any order, with the world moving on between.
    let mut acts: Vec<(usize, bool)> = (0..messages.len()).flat_map(|i| [(i, true), (i, false)]).collect();
    for i in (1..acts.len()).rev() {
        acts.swap(i, chance.below(i + 1));
    }
    for (number, sends) in acts {
        let message = &messages[number];
        let synchronous = chance.below(3) == 0;
        let (rank, started) = match sends {
            true => (message.from, send(world, message, synchronous)),
            false => (message.to, receive(world, message)),
        };
        requests.extend(started.map(|request| (rank, request)));
        for _ in 0..chance.below(30) {
            world.step();
        }
    }
    let what = format!("laid-out messages, seed {seed}");
    for outcome in world.wait_all(&requests, &what) {
        assert!(outcome.is_ok(), "{what}: {outcome:?}");
    }
    for Message { from, to, bytes, received, expected, .. } in &messages {
        assert_eq!(received.slice, *expected, "{what}: {bytes} bytes from {from} to {to}");
    }
}

#[test]
fn on_shared_memory() {
    for seed in 0..40 {
        for ranks in [1, 2, 3, 5] {
            check(&mut World::new(ranks, seed, Config::default()), seed);
        }
    }
}

#[test]
fn over_a_network_that_delays_and_reorders() {
    for seed in 0..40 {
        for ranks in [2, 4] {
            check(&mut World::simulated(ranks, seed, Config::default()), seed);
        }
    }
}
