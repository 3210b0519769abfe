//! Active messages on lanes that are driven by hand, in an order that a seed decides: each is handled once and in order,
//! each call answered once, whatever the sizes, the credit, and the way that a request takes.

#[allow(dead_code, reason = "the tests of collectives use the rest")]
mod world;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use archipelago_engine::active::{Delivered, Handler, ObjectId, Outcome, Owed, Parcel, Target, Unanswered};
use archipelago_engine::{Config, Data, Error, Pointer, Received, RequestId, TypeTag};
use fabric::sim::Fault;
use fabric::{Class, Frame};
use world::{Chance, World};

/// The frames' kinds.
const ACTIVE: u8 = 40;
const ACTIVE_RENDEZVOUS: u8 = 41;
const UNANSWERED: u8 = 42;
const MOVED: u8 = 43;

/// What a handler wants done, once its turn is over.
enum Intent {
    Tell(Vec<u8>),
    Forward(Owed, Vec<u8>),
    Answer(Owed, Vec<u8>),
    Refuse(Owed),
}

/// What all handlers of a rank write.
#[derive(Default)]
struct Log {
    intents: Vec<Intent>,
    /// Of each (origin, object): the number of the last message that came straight from there.
    last: HashMap<(u32, u32), u32>,
    handled: u64,
    in_turn: bool,
}

/// A message: its origin, the object that it was first for, its number, how often it goes on, what becomes of it; then filler.
#[derive(Clone, Copy, Debug)]
struct Letter {
    origin: u32,
    object: u32,
    number: u32,
    hops: u8,
    fate: u8,
}

impl Letter {
    fn write(self, bytes: usize) -> Vec<u8> {
        let words = [self.origin, self.object, self.number].map(u32::to_le_bytes).concat();
        let mut all = [&words[..], &[self.hops, self.fate]].concat();
        all.resize(bytes.max(14), self.number as u8);
        all
    }

    fn read(bytes: &[u8]) -> Letter {
        let word = |i: usize| u32::from_le_bytes(bytes[4 * i..4 * i + 4].try_into().unwrap());
        let letter =
            Letter { origin: word(0), object: word(1), number: word(2), hops: bytes[12], fate: bytes[13] };
        assert!(bytes[14..].iter().all(|byte| *byte == letter.number as u8));
        letter
    }
}

struct Script {
    object: u32,
    log: Arc<Mutex<Log>>,
    room: Vec<u8>,
}

// SAFETY: the room stays where it is until the next message.
unsafe impl Handler for Script {
    fn room(&mut self, bytes: usize) -> Result<Pointer, String> {
        self.room = vec![0; bytes];
        Ok(Pointer::new(self.room.as_mut_ptr()))
    }

    fn handle(&mut self, delivered: Delivered<'_>) -> Outcome {
        let mut log = self.log.lock().unwrap();
        assert!(!std::mem::replace(&mut log.in_turn, true), "two turns at once");
        let bytes = delivered.small.map_or_else(|| std::mem::take(&mut self.room), <[u8]>::to_vec);
        assert_eq!(bytes.len(), delivered.bytes);
        let mut letter = Letter::read(&bytes);
        log.handled += 1;
        if delivered.sender as u32 == letter.origin && letter.object == self.object {
            let last = log.last.insert((letter.origin, letter.object), letter.number);
            assert!(last.is_none_or(|last| last < letter.number), "{last:?} {letter:?}");
        }
        log.in_turn = false;
        if letter.hops > 0 {
            letter.hops -= 1;
            // No longer straight.
            letter.object = u32::MAX;
            let onward = letter.write(bytes.len());
            log.intents.push(match delivered.owed {
                Some(owed) => Intent::Forward(owed, onward),
                None => Intent::Tell(onward),
            });
            return Outcome::Kept;
        }
        match (delivered.owed, letter.fate % 4) {
            (Some(owed), 1) => log.intents.push(Intent::Answer(owed, bytes)),
            (Some(owed), 2) => log.intents.push(Intent::Refuse(owed)),
            (Some(_), 3) => return Outcome::Refused("fate".into()),
            _ => return Outcome::Answer(parcel(bytes)),
        }
        Outcome::Kept
    }
}

fn parcel(bytes: Vec<u8>) -> Parcel {
    match Data::small(&bytes) {
        Some(data) => Parcel { of: TypeTag::BYTES, data, keep: None },
        None => {
            let data = Data::Memory { from: Pointer::reading(bytes.as_ptr()), bytes: bytes.len() };
            Parcel { of: TypeTag::BYTES, data, keep: Some(Box::new(bytes)) }
        }
    }
}

struct Scene {
    world: World,
    logs: Vec<Arc<Mutex<Log>>>,
    calls: Vec<(usize, RequestId, Letter, usize)>,
    later: Vec<(usize, Intent)>,
}

const OBJECTS: u32 = 3;

impl Scene {
    fn new(world: World) -> Scene {
        let logs = world.ranks.iter().map(|_| Arc::default()).collect();
        Scene { world, logs, calls: Vec::new(), later: Vec::new() }
    }

    fn register(&mut self, rank: usize) {
        for object in 0..OBJECTS {
            let handler = Script { object, log: self.logs[rank].clone(), room: Vec::new() };
            let (lane, world) = self.lane(rank);
            let id =
                lane.register_object(&world, ObjectId::Stated(object), TypeTag::BYTES, Box::new(handler));
            assert_eq!(id, Ok(u64::from(object)));
        }
    }

    fn lane(
        &mut self,
        rank: usize,
    ) -> (&mut archipelago_engine::Lane, Arc<archipelago_engine::Communicator>) {
        let rank = &mut self.world.ranks[rank];
        (&mut rank.lane, rank.world.clone())
    }

    fn target(&mut self) -> Target {
        let rank = self.world.chance.below(self.world.ranks.len());
        Target { rank, object: self.world.chance.below(OBJECTS as usize) as u64 }
    }

    /// Sends one message of a rank, in whatever way.
    fn send(&mut self, rank: usize, number: u32) {
        let to = self.target();
        let chance = &mut self.world.chance;
        let hops = chance.below(4) as u8 * chance.below(2) as u8;
        let (fate, bytes) =
            (chance.below(16) as u8, [14, 20, 24, 25, 32, 33, 200, 3000, 40_000][chance.below(9)]);
        let letter = Letter { origin: rank as u32, object: to.object as u32, number, hops, fate };
        let is_call = chance.below(2) == 0;
        let (lane, world) = self.lane(rank);
        let parcel = parcel(letter.write(bytes));
        if is_call {
            let call = lane.call_kept(&world, to, parcel, false).unwrap();
            self.calls.push((rank, call, letter, bytes));
        } else {
            lane.tell_kept(&world, to, parcel, false).unwrap();
        }
    }

    fn step(&mut self) -> bool {
        let moved = self.world.step();
        for rank in 0..self.logs.len() {
            let intents = std::mem::take(&mut self.logs[rank].lock().unwrap().intents);
            self.later.extend(intents.into_iter().map(|intent| (rank, intent)));
        }
        // Some later than others.
        let due = self.world.chance.below(3) > 0 && !self.later.is_empty();
        if due {
            let (rank, intent) = self.later.remove(0);
            let to = self.target();
            let (lane, world) = self.lane(rank);
            match intent {
                Intent::Tell(bytes) => lane.tell_kept(&world, to, parcel(bytes), true).unwrap(),
                Intent::Forward(owed, bytes) => lane.forward(owed, to, parcel(bytes)).unwrap(),
                Intent::Answer(owed, bytes) => lane.answer(owed, parcel(bytes)),
                Intent::Refuse(owed) => lane.leave_unanswered(owed, &Unanswered::Refused("fate".into())),
            }
        }
        moved || due
    }

    fn settle(&mut self, what: &str) {
        let mut idle = 0;
        while idle < 400 * self.logs.len() {
            idle = if self.step() { 0 } else { idle + 1 };
        }
        for (rank, call, ..) in &self.calls {
            assert!(self.world.ranks[*rank].lane.is_complete(*call), "{what}: a call waits for ever");
        }
    }

    fn settle_world(&mut self) {
        let mut idle = 0;
        while idle < 1000 {
            idle = if self.world.step() { 0 } else { idle + 1 };
        }
    }

    /// Takes the answers and compares.
    fn check_calls(&mut self, what: &str) {
        for (rank, call, letter, bytes) in std::mem::take(&mut self.calls) {
            let lane = &mut self.world.ranks[rank].lane;
            let outcome = lane.take(call).unwrap();
            match letter.fate % 4 {
                2 | 3 => assert!(matches!(outcome, Err(Error::Unanswered { .. })), "{what}: {outcome:?}"),
                _ => {
                    let status = outcome.unwrap_or_else(|error| panic!("{what}: {error}"));
                    assert_eq!(status.bytes, bytes, "{what}");
                    let mut answer = vec![0u8; bytes];
                    let to = Pointer::new(answer.as_mut_ptr());
                    let message = lane.answer_of(call).unwrap();
                    match lane.receive_message(message, TypeTag::BYTES, to, bytes).unwrap() {
                        Received::Work(work, _) => {
                            // SAFETY: the buffer is there.
                            let finished = unsafe { work.run(|_| {}) };
                            finished.into_iter().for_each(|finished| lane.finish(finished));
                        }
                        Received::Pending(request) => {
                            self.world.wait_all(&[(rank, request)], what)[0].clone().unwrap();
                        }
                    }
                    assert_eq!(Letter::read(&answer).number, letter.number, "{what}");
                }
            }
        }
    }

    fn sums(&mut self) -> (u64, u64) {
        let counters = self.world.ranks.iter().map(|rank| rank.lane.active_counters(&rank.world));
        counters.fold((0, 0), |(sent, handled), c| (sent + c.sent, handled + c.handled))
    }
}

/// Few bytes of credit, and an eager limit that is often exceeded, are cases like others.
fn configurations(seed: u64) -> Config {
    let pool_bytes = [4 << 20, 4096, 300, 0][seed as usize % 4];
    let eager_bytes = [None, Some(0), Some(64), Some(1000)][seed as usize / 4 % 4];
    Config { pool_bytes, eager_bytes, ..Config::default() }
}

#[test]
fn each_is_handled_once_and_each_call_answered() {
    for seed in 1..=120 {
        for size in [1, 2, 3, 5] {
            let config = configurations(seed);
            let world = match seed % 3 {
                0 => World::new(size, seed, config),
                _ => World::simulated(size, seed, config),
            };
            let mut scene = Scene::new(world);
            let what = format!("seed {seed}, {size} ranks");
            let mut chance = Chance::new(seed + 7);
            let mut registered = vec![false; size as usize];
            for number in 0..60 {
                let rank = chance.below(size as usize);
                scene.send(rank, number);
                for _ in 0..chance.below(30) {
                    scene.step();
                }
                // Some register late.
                if chance.below(4) == 0 && !registered[rank] {
                    registered[rank] = true;
                    scene.register(rank);
                }
            }
            (0..size as usize).filter(|rank| !registered[*rank]).for_each(|rank| scene.register(rank));
            scene.settle(&what);
            scene.check_calls(&what);
            // Those who have answered hear that their answers were taken.
            scene.settle(&what);
            let (sent, handled) = scene.sums();
            assert_eq!(sent, handled, "{what}");
            for rank in 0..size as usize {
                let (lane, world) = scene.lane(rank);
                assert!(lane.is_passive(&world), "{what}");
                let holdings = lane.holdings();
                assert_eq!((holdings.requests, holdings.unexpected, holdings.messages), (0, 0, 0), "{what}");
                assert_eq!(lane.unexpected_bytes(), 0, "{what}");
                assert_eq!(lane.counters().frames_refused, 0, "{what}");
            }
        }
    }
}

#[test]
fn credit_comes_back_in_full() {
    for seed in 7..=16 {
        let mut scene = Scene::new(World::simulated(2, seed, configurations(seed)));
        (0..2).for_each(|rank| scene.register(rank));
        for number in 0..3000 {
            let letter = Letter { origin: 0, object: 1, number, hops: 0, fate: 0 };
            let (lane, world) = scene.lane(0);
            let to = Target { rank: 1, object: 1 };
            if number % 5 == 0 {
                let call = lane.call_kept(&world, to, parcel(letter.write(150)), false).unwrap();
                scene.calls.push((0, call, letter, 150));
            } else {
                lane.tell_kept(&world, to, parcel(letter.write(150)), false).unwrap();
            }
            if number % 100 == 99 {
                scene.settle("a burst");
                scene.check_calls("a burst");
            }
        }
        let counters = scene.world.ranks[0].lane.counters().peers;
        if seed == 16 {
            assert!(counters.eager_sent > 2900, "{counters:?}");
        }
    }
}

#[test]
fn nobody_waits_for_the_dead() {
    for seed in 1..=60 {
        for size in [2, 3, 4] {
            let mut scene = Scene::new(World::simulated(size, seed, configurations(seed)));
            (0..size as usize).for_each(|rank| scene.register(rank));
            let victim = seed as usize % size as usize;
            let mut chance = Chance::new(seed + 99);
            for number in 0..40 {
                let rank = chance.below(size as usize);
                scene.send(rank, number);
                for _ in 0..chance.below(20) {
                    scene.step();
                }
            }
            // It is heard by all at once; what it had sent may come first.
            let process = scene.world.ranks[victim].lane.port().me();
            let how = "killed by signal 9 (SIGKILL)".to_owned();
            scene.world.network.as_ref().unwrap().strike(Fault::Kill { process, how });
            let mut idle = 0;
            while idle < 4000 {
                let rank = scene.world.step();
                idle = if rank { 0 } else { idle + 1 };
                for rank in (0..size as usize).filter(|rank| *rank != victim) {
                    let intents = std::mem::take(&mut scene.logs[rank].lock().unwrap().intents);
                    scene.later.retain(|(owner, _)| *owner != victim);
                    let waiting = std::mem::take(&mut scene.later);
                    let waiting =
                        waiting.into_iter().filter(|(owner, _)| *owner == rank).map(|(_, intent)| intent);
                    for intent in waiting.chain(intents).collect::<Vec<_>>() {
                        let to = scene.target();
                        let (lane, world) = scene.lane(rank);
                        match intent {
                            Intent::Tell(bytes) => drop(lane.tell_kept(&world, to, parcel(bytes), true)),
                            Intent::Forward(owed, bytes) => {
                                if let Err(error) = lane.forward(owed, to, parcel(bytes)) {
                                    lane.leave_unanswered(owed, &Unanswered::Refused(error.to_string()));
                                }
                            }
                            Intent::Answer(owed, bytes) => lane.answer(owed, parcel(bytes)),
                            Intent::Refuse(owed) => {
                                lane.leave_unanswered(owed, &Unanswered::Refused("fate".into()));
                            }
                        }
                    }
                }
            }
            for (rank, call, ..) in scene.calls.iter().filter(|(rank, ..)| *rank != victim) {
                let lane = &scene.world.ranks[*rank].lane;
                assert!(lane.is_complete(*call), "seed {seed}, {size} ranks: rank {rank} waits for the dead");
            }
        }
    }
}

/// What can't be handed on is still to be answered by who has it.
#[test]
fn a_request_that_cannot_go_on_is_still_owed() {
    for seed in 1..20 {
        let mut scene = Scene::new(World::simulated(3, seed, Config::default()));
        scene.register(1);
        let letter = Letter { origin: 0, object: 0, number: 1, hops: 1, fate: 0 };
        let (lane, world) = scene.lane(0);
        let call =
            lane.call_kept(&world, Target { rank: 1, object: 0 }, parcel(letter.write(100)), false).unwrap();
        let owed = loop {
            scene.world.step();
            if let Some(Intent::Forward(owed, _)) = scene.logs[1].lock().unwrap().intents.pop() {
                break owed;
            }
        };
        let (lane, world) = scene.lane(1);
        let victim = world.group.process(2).unwrap();
        lane.failed(&world);
        let how = "killed by signal 9 (SIGKILL)".to_owned();
        scene.world.network.as_ref().unwrap().strike(Fault::Kill { process: victim, how });
        scene.settle_world();
        let (lane, world) = scene.lane(1);
        let gone = lane.forward(owed, Target { rank: 2, object: 0 }, parcel(letter.write(100)));
        assert!(matches!(gone, Err(Error::PeerFailed { rank: Some(2), .. })), "{gone:?}");
        let nobody = lane.forward(owed, Target { rank: 3, object: 0 }, parcel(letter.write(100)));
        assert!(matches!(nobody, Err(Error::NoSuchRank { .. })), "{nobody:?}");
        assert!(lane.is_passive(&world), "nothing waits to be sent");
        let straight = Letter { object: u32::MAX, hops: 0, ..letter };
        lane.forward(owed, Target { rank: 1, object: 1 }, parcel(straight.write(100))).unwrap();
        assert!(scene.world.wait_all(&[(0, call)], "the answer")[0].is_ok());
    }
}

#[test]
fn what_no_correct_peer_sends_ends_the_connection_and_nothing_else() {
    let senseless: [(u8, [u64; 3], Vec<u8>); 8] = [
        // No such kind.
        (ACTIVE, [0, 0, 0], vec![]),
        (ACTIVE, [0, 7 << 59, 0], vec![1; 20]),
        // Heads that are cut off.
        (ACTIVE, [0, 2 << 59, 0], vec![1; 7]),
        (ACTIVE, [0, 3 << 59, 0], vec![1; 15]),
        // Announcements that are none.
        (ACTIVE_RENDEZVOUS, [0, 1 << 59, 0], vec![1; 23]),
        (ACTIVE_RENDEZVOUS, [0, 2 << 59, 0], vec![1; 24]),
        (ACTIVE_RENDEZVOUS, [0, 1 << 59, 0], vec![1; 1000]),
        // It asks for a rank that isn't there.
        (ACTIVE, [0, 3 << 59, 0], [[9u8; 8], [0, 0, 1, 0, 0, 0, 0, 0]].concat()),
    ];
    for (kind, header, payload) in senseless {
        let mut scene = Scene::new(World::new(2, 1, Config::default()));
        scene.register(0);
        let liar = &mut scene.world.ranks[1].lane;
        let me = fabric_me(liar, 0);
        let sent = liar.port().send(me, Class::Data, Frame { kind, header }, &payload);
        assert!(sent.is_ok());
        scene.settle("a lie");
        assert_eq!(scene.world.ranks[0].lane.counters().frames_refused, 1, "{kind} {header:?}");
    }
    // Stale names are dropped.
    let stale: [(u8, [u64; 3], Vec<u8>); 4] = [
        (ACTIVE, [77, 4 << 59, 0], vec![1; 8]),
        (UNANSWERED, [77, 0, 0], b"why".to_vec()),
        (MOVED, [77, 1 << 32, 0], vec![]),
        (ACTIVE, [123, 1 << 59 | 5, 0], vec![1; 8]),
    ];
    let mut scene = Scene::new(World::new(2, 1, Config::default()));
    scene.register(0);
    for (kind, header, payload) in stale {
        let liar = &mut scene.world.ranks[1].lane;
        let me = fabric_me(liar, 0);
        assert!(liar.port().send(me, Class::Data, Frame { kind, header }, &payload).is_ok());
    }
    scene.settle("stale names");
    assert_eq!(scene.world.ranks[0].lane.counters().frames_refused, 0);
}

/// A room with guards around it; whatever comes is answered, kept or refused.
struct Guarded {
    room: Vec<u8>,
    bytes: usize,
    kept: Arc<Mutex<Vec<Owed>>>,
}

const GUARD: usize = 64;

// SAFETY: the room stays where it is until the next message.
unsafe impl Handler for Guarded {
    fn room(&mut self, bytes: usize) -> Result<Pointer, String> {
        if bytes > 1 << 20 {
            return Err("too much".into());
        }
        self.bytes = bytes;
        self.room = vec![0xa5; bytes + 2 * GUARD];
        Ok(Pointer::new(self.room[GUARD..].as_mut_ptr()))
    }

    fn handle(&mut self, delivered: Delivered<'_>) -> Outcome {
        if let Some(small) = delivered.small {
            return Outcome::Answer(parcel(small.to_vec()));
        }
        assert_eq!(delivered.bytes, self.bytes);
        let room = &self.room;
        assert!(room[..GUARD].iter().chain(&room[GUARD + self.bytes..]).all(|byte| *byte == 0xa5));
        self.kept.lock().unwrap().extend(delivered.owed);
        Outcome::Kept
    }
}

#[test]
fn hostile_frames_harm_nobody_else() {
    for seed in 1..=300 {
        let mut scene = Scene::new(World::new(3, seed, Config { pool_bytes: 64 << 10, ..Config::default() }));
        let kept = Arc::new(Mutex::new(Vec::new()));
        let (lane, world) = scene.lane(0);
        for id in [ObjectId::Stated(0), ObjectId::InOrder, ObjectId::Own] {
            let handler = Guarded { room: Vec::new(), bytes: 0, kept: kept.clone() };
            let of = TypeTag {
                signature: 0,
                name: archipelago_engine::TypeName::Made(|| "mine".to_owned()),
                ..TypeTag::BYTES
            };
            lane.register_object(&world, id, of, Box::new(handler)).unwrap();
        }
        // Calls for the storm to hit.
        let to = Target { rank: 1, object: 0 };
        let calls: Vec<RequestId> =
            (0..4).map(|_| lane.call_kept(&world, to, parcel(vec![1; 8]), false).unwrap()).collect();
        let mut chance = Chance::new(seed + 5);
        for _ in 0..400 {
            let word = |chance: &mut Chance| match chance.below(4) {
                0 => chance.below(usize::MAX >> 12) as u64,
                1 => 1 << 32 | chance.below(4) as u64,
                _ => chance.below(6) as u64,
            };
            let kind = [ACTIVE, ACTIVE_RENDEZVOUS, UNANSWERED, MOVED, 5, 6, 7, 9, 10][chance.below(9)];
            let object = [0, 1 << 32, 1 << 58, 9][chance.below(4)];
            let label = (chance.below(8) as u64) << 59 | object;
            let call = calls[chance.below(4)].word();
            let first = [world.context.0, call, word(&mut chance)][chance.below(3)];
            let header = match kind {
                ACTIVE | ACTIVE_RENDEZVOUS => [first, label, word(&mut chance) % 2],
                _ => [[call, word(&mut chance)][chance.below(2)], word(&mut chance), word(&mut chance)],
            };
            let length = [0, 8, 16, 24, 32, 40, 41, 200, 3000][chance.below(9)];
            let mut payload: Vec<u8> = (0..length).map(|_| chance.below(256) as u8).collect();
            // Announcements and heads that mean something.
            for (at, bytes) in payload.chunks_exact_mut(8).enumerate() {
                if chance.below(2) == 0 {
                    let value = if at == 1 { 0 } else { word(&mut chance) };
                    bytes.copy_from_slice(&value.to_le_bytes());
                }
            }
            let liar = &mut scene.world.ranks[1].lane;
            let target = fabric_me(liar, 0);
            let _ = liar.port().send(target, Class::Data, Frame { kind, header }, &payload);
            for _ in 0..chance.below(6) {
                scene.world.step();
            }
            if let Some(owed) = kept.lock().unwrap().pop() {
                let (lane, _) = scene.lane(0);
                lane.answer(owed, parcel(vec![7; 100]));
            }
        }
        // An honest one is served all the same.
        let letter = Letter { origin: 2, object: 0, number: 1, hops: 0, fate: 0 };
        let (lane, world) = scene.lane(2);
        let to = Target { rank: 0, object: 0 };
        let call = lane.call_kept(&world, to, parcel(letter.write(20)), false).unwrap();
        let outcome = scene.world.wait_all(&[(2, call)], "an honest call");
        assert!(outcome[0].is_ok(), "seed {seed}: {outcome:?}");
    }
}

fn fabric_me(lane: &mut archipelago_engine::Lane, rank: u32) -> fabric::Peer {
    let process = wire::ProcessId { number: rank, ..lane.port().me() };
    lane.port().connect(process)
}
