//! A peer that sends whatever it likes: the lane neither panics nor writes outside a receive's buffer, and goes on
//! working with the others.

use std::sync::Arc;

use archipelago_engine::active::{CALLS_MAX, Delivered, Handler, ObjectId, Outcome, Target};
use archipelago_engine::work::Pointer;
use archipelago_engine::{
    Communicator, Config, Data, Group, Lane, Mode, Polled, Received, Sent, Source, TagPattern, TypeTag,
};
use fabric::{Class, Event, Frame, Host, Payload, Port};
use os::Time;
use wire::{ContextId, JobId, ProcessId};

struct Chance(u64);

impl Chance {
    fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Often small, so that it means something; else anything.
    fn word(&mut self) -> u64 {
        let roll = self.bits();
        match roll & 3 {
            0 => roll >> 8,
            1 => ((roll >> 8) % 4) | (((roll >> 40) % 3) << 32),
            _ => (roll >> 8) % 8,
        }
    }
}

const GUARD: u8 = 0xa5;

fn process(number: u32) -> ProcessId {
    ProcessId { job: JobId(9), number, incarnation: 0 }
}

fn progress(lane: &mut Lane) {
    for _ in 0..10_000 {
        match lane.poll(Time(0), None) {
            Polled::Work(work) => {
                // SAFETY: the buffers live until the end of the test.
                if let Some(finished) = unsafe { work.run(|_| {}) } {
                    lane.finish(finished);
                }
            }
            Polled::Progress => {}
            Polled::Idle => return,
        }
    }
    panic!("a lane that never comes to rest");
}

fn storm(seed: u64) {
    let mut chance = Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let host = Host::create(3).expect("memory to share");
    let config =
        Config { job_size: 3, pool_bytes: 64 << 10, check: seed.is_multiple_of(2), ..Config::default() };
    let mut lane = Lane::new(Port::on_host(&host, 0, process(0), 0), config);
    let mut hostile = Port::on_host(&host, 1, process(1), 0);
    let mut honest = Lane::new(Port::on_host(&host, 2, process(2), 0), config);
    let world = |rank| {
        Arc::new(Communicator::new(ContextId::WORLD, Group::world(JobId(9), 3), rank, "world".to_owned()))
    };
    let (mine, theirs) = (world(0), world(2));

    // Something for the storm to hit: open receives with guards around their buffers, and announced sends.
    let mut buffers = vec![[GUARD; 3 * 64]; 12];
    let mut open = Vec::new();
    for (n, buffer) in buffers.iter_mut().enumerate() {
        let to = Pointer::new(buffer[64..].as_mut_ptr());
        let source = if n % 2 == 0 { Source::Rank(1) } else { Source::Any };
        let of = TypeTag {
            signature: n as u64 % 3,
            name: archipelago_engine::TypeName::Made(|| "mine".to_owned()),
            ..TypeTag::BYTES
        };
        let tag = if n % 3 == 0 { TagPattern::Any } else { TagPattern::Tag(n as i32 % 4) };
        match lane.receive(&mine, source, tag, of, to, 64) {
            Ok(Received::Pending(request)) => open.push(request),
            _ => panic!("nothing was sent"),
        }
    }
    let large = vec![7u8; 100_000];
    let from = Pointer::reading(large.as_ptr());
    for tag in 0..3 {
        let data = Data::Memory { from, bytes: large.len() };
        assert!(matches!(
            lane.send(&mine, 1, tag, TypeTag::BYTES, data, Mode::Standard),
            Ok(Sent::Pending(_) | Sent::Work(_))
        ));
    }

    let target = hostile.connect(process(0));
    for _ in 0..2_000 {
        let roll = chance.bits();
        let length = match roll & 3 {
            0 => 24,
            1 => (roll >> 8) as usize % 33,
            _ => (roll >> 8) as usize % 2_000,
        };
        let mut payload: Vec<u8> =
            (0..length.div_ceil(8)).flat_map(|_| chance.word().to_le_bytes()).collect();
        // No addresses in announcements: within one process they are followed, between processes the kernel checks them.
        if payload.len() >= 16 {
            payload[8..16].fill(0);
        }
        let frame = Frame {
            kind: 1 + (chance.bits() % 15) as u8,
            header: [chance.word(), chance.word(), chance.word()],
        };
        let class = if roll >> 63 == 0 { Class::Data } else { Class::Control };
        let _ = hostile.send(target, class, frame, &payload[..length]);
        if roll >> 60 == 0 {
            progress(&mut lane);
            while let Some(event) = hostile.next(Time(0)) {
                if let Event::Arrival(arrival) = event
                    && matches!(arrival.payload, Payload::Mapped { .. })
                {
                    hostile.release(arrival.peer, arrival.payload);
                }
            }
        }
    }
    progress(&mut lane);
    for buffer in &buffers {
        let (before, after) = (&buffer[..64], &buffer[128..]);
        assert!(before.iter().chain(after).all(|byte| *byte == GUARD), "seed {seed}: written outside");
    }

    // An honest peer is still served. Receives from any rank stay posted, and would take what it sends.
    open.into_iter().for_each(|request| lane.cancel(request));
    let mut word = [0u8; 8];
    let to = Pointer::new(word.as_mut_ptr());
    let tag = TagPattern::Tag(1_000);
    let posted = lane.receive(&mine, Source::Rank(2), tag, TypeTag::BYTES, to, 8);
    let Ok(Received::Pending(request)) = posted else { panic!("nothing was sent") };
    let mut bytes = [0; fabric::INLINE_BYTES];
    bytes[..8].copy_from_slice(b"still ok");
    let data = Data::Small { bytes, length: 8 };
    assert!(honest.send(&theirs, 0, 1_000, TypeTag::BYTES, data, Mode::Standard).is_ok());
    for _ in 0..100 {
        progress(&mut honest);
        progress(&mut lane);
    }
    assert_eq!(lane.take(request).expect("complete").expect("received").bytes, 8);
    assert_eq!(&word, b"still ok");
}

/// Eager messages without end: the peer is dropped when it exceeds its credit, and what it stored stays bounded.
#[test]
fn a_flood_beyond_its_credit_ends() {
    let host = Host::create(2).expect("memory to share");
    let config = Config { job_size: 2, pool_bytes: 64 << 10, ..Config::default() };
    let mut lane = Lane::new(Port::on_host(&host, 0, process(0), 0), config);
    let mut hostile = Port::on_host(&host, 1, process(1), 0);
    let target = hostile.connect(process(0));
    for _ in 0..10_000 {
        let _ = hostile.send(target, Class::Data, Frame { kind: 1, header: [0, 1 << 32, 0] }, &[1; 200]);
        progress(&mut lane);
    }
    assert!(lane.unexpected_bytes() <= 2 * (64 << 10), "{} bytes stored", lane.unexpected_bytes());
    let world = Communicator::new(ContextId::WORLD, Group::world(JobId(9), 2), 0, "world".to_owned());
    let data = Data::Small { bytes: [0; fabric::INLINE_BYTES], length: 1 };
    let Err(error) = lane.send(&world, 1, 0, TypeTag::BYTES, data, Mode::Standard) else {
        panic!("not dropped")
    };
    assert!(error.to_string().contains("credit"), "{error}");
}

#[test]
fn a_hostile_peer_harms_nobody() {
    // Most storms end early, since whoever breaks the protocol is dropped.
    for seed in 1..=600 {
        storm(seed);
    }
}

/// An object that takes whatever comes.
struct Anything(Vec<u8>);

// SAFETY: the room stays where it is until the next message.
unsafe impl Handler for Anything {
    fn room(&mut self, bytes: usize) -> Result<Pointer, String> {
        self.0 = vec![0; bytes];
        Ok(Pointer::new(self.0.as_mut_ptr()))
    }

    fn handle(&mut self, _: Delivered<'_>) -> Outcome {
        Outcome::Kept
    }
}

/// Nobody has counted it as sent: counted as handled, it would keep the members from ever being quiescent.
#[test]
fn a_strangers_active_message_counts_for_nothing() {
    let config = Config { job_size: 3, ..Config::default() };
    for bytes in [0, 8, 100, 100_000] {
        let host = Host::create(3).expect("memory to share");
        let lane = |number| Lane::new(Port::on_host(&host, number as u16, process(number), 0), config);
        let (mut lane, mut stranger) = (lane(0), lane(2));
        let context = ContextId::new(7, 7);
        let pair = |other, rank| {
            let group = Group::of(vec![process(0), process(other)]);
            Arc::new(Communicator::new(context, group, rank, "pair".to_owned()))
        };
        let (real, forged) = (pair(1, 0), pair(2, 1));
        let handler = Box::new(Anything(Vec::new()));
        let object = lane.register_object(&real, ObjectId::InOrder, TypeTag::BYTES, handler).unwrap();
        let payload = vec![1u8; bytes];
        let data = match bytes {
            ..=32 => Data::Small { bytes: [1; fabric::INLINE_BYTES], length: bytes as u8 },
            _ => Data::Memory { from: Pointer::reading(payload.as_ptr()), bytes },
        };
        let to = Target { rank: 0, object };
        if let Ok(Sent::Work(work)) = stranger.tell_object(&forged, to, TypeTag::BYTES, data) {
            // SAFETY: the payload is there.
            assert!(unsafe { work.run(|_| {}) }.is_none());
        }
        for _ in 0..10 {
            progress(&mut stranger);
            progress(&mut lane);
        }
        assert!(lane.knows_gone(process(2)), "{bytes} bytes");
        let counters = lane.active_counters(&real);
        assert_eq!((counters.handled, counters.refused, counters.lost), (0, 0, 0), "{bytes} bytes");
        assert_eq!(lane.unexpected_bytes(), 0);
    }
}

/// Requests in the name of one who made none: what is owed for them never costs that one its connection, and stays bounded.
#[test]
fn whom_a_forwarder_names_is_not_dropped_for_it() {
    /// The kinds of the frame and of the message.
    const ACTIVE: u8 = 40;
    const FORWARDED: u64 = 3 << 59;
    let host = Host::create(3).expect("memory to share");
    let config = Config { job_size: 3, ..Config::default() };
    let mut lane = Lane::new(Port::on_host(&host, 0, process(0), 0), config);
    let mut hostile = Port::on_host(&host, 1, process(1), 0);
    // It computes, and takes nothing in.
    let mut named = Lane::new(Port::on_host(&host, 2, process(2), 0), config);
    let world = |rank| {
        Arc::new(Communicator::new(ContextId::WORLD, Group::world(JobId(9), 3), rank, "world".to_owned()))
    };
    let mine = world(0);
    let handler = Box::new(Anything(Vec::new()));
    let object = lane.register_object(&mine, ObjectId::InOrder, TypeTag::BYTES, handler).unwrap();
    lane.remove_object(&mine, object);
    let target = hostile.connect(process(0));
    let frame = Frame { kind: ACTIVE, header: [ContextId::WORLD.0, FORWARDED | object, 0] };
    for call in 0..3 * CALLS_MAX as u64 {
        // The call, the rank that made it, and how often it was forwarded.
        let head = [&call.to_le_bytes()[..], &2u32.to_le_bytes(), &1u32.to_le_bytes()].concat();
        while hostile.send(target, Class::Data, frame, &head).is_err() {
            progress(&mut lane);
        }
    }
    progress(&mut lane);
    assert!(!lane.knows_gone(process(2)), "dropped for what another did in its name");
    let waiting = lane.control_waiting();
    assert!((CALLS_MAX..=2 * CALLS_MAX + 2).contains(&waiting), "{waiting} frames wait");
    // What it sends is taken.
    let mut word = [0u8; 8];
    let to = Pointer::new(word.as_mut_ptr());
    let posted = lane.receive(&mine, Source::Rank(2), TagPattern::Tag(1), TypeTag::BYTES, to, 8);
    let Ok(Received::Pending(request)) = posted else { panic!("nothing was sent") };
    let data = Data::Small { bytes: [5; fabric::INLINE_BYTES], length: 8 };
    assert!(named.send(&world(2), 0, 1, TypeTag::BYTES, data, Mode::Standard).is_ok());
    for _ in 0..10_000 {
        progress(&mut named);
        progress(&mut lane);
        if lane.control_waiting() == 0 && lane.is_complete(request) {
            break;
        }
    }
    assert_eq!(lane.take(request).expect("complete").expect("received").bytes, 8);
    assert_eq!((word, lane.control_waiting()), ([5; 8], 0));
}
