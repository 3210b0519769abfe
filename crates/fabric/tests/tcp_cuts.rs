//! Connections that something on the way cuts: whatever is lost with them arrives all the same, once and in order; and who
//! stays cut off is given up. Each process is reached through a relay that cuts.

use archipelago_fabric as fabric;
use control::Secret;
use fabric::sim::Chance;
use fabric::tcp::{FRAME_BYTES_MAX, Port, Settings};
use fabric::{Arrival, Card, Cause, Class, Event, Frame, Payload, Refused};
use os::Time;
use os::socket;
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use wire::{JobId, ProcessId};

fn process(number: u32) -> ProcessId {
    ProcessId { job: JobId(5), number, incarnation: 0 }
}

fn port(number: u32, link_timeout_ns: u64) -> Port {
    let settings = Settings::new(process(number), Secret([4; 32]));
    Port::new(Settings { link_timeout_ns, ..settings }).unwrap()
}

/// What a relay does with its connections.
#[derive(Clone, Copy)]
enum Plan {
    /// Carries everything.
    Carry,
    /// Cuts each after a random number of bytes: some in the handshake, some much later.
    CutSometimes,
    /// Cuts each right behind the handshake: after so many bytes in both directions.
    CutBehindHandshake,
    /// Takes connections, and cuts them at once.
    Down,
}

/// Stands between a process and those who connect to it.
struct Relay {
    address: SocketAddr,
    plan: Mutex<Plan>,
    chance: Mutex<Chance>,
    cuts: AtomicU64,
    /// Both ends of each connection that is carried.
    carried: Mutex<Vec<[TcpStream; 2]>>,
}

impl Relay {
    fn to(target: SocketAddr, seed: u64, plan: Plan) -> Arc<Relay> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let relay = Arc::new(Relay {
            address: listener.local_addr().unwrap(),
            plan: Mutex::new(plan),
            chance: Mutex::new(Chance::new(seed)),
            cuts: AtomicU64::new(0),
            carried: Mutex::default(),
        });
        let mine = relay.clone();
        std::thread::spawn(move || listener.incoming().for_each(|from| mine.carry(from.unwrap(), target)));
        relay
    }

    fn carry(self: &Arc<Relay>, from: TcpStream, target: SocketAddr) {
        let plan = *self.plan.lock().unwrap();
        let most = match plan {
            Plan::Carry => u64::MAX,
            Plan::CutSometimes => {
                let mut chance = self.chance.lock().unwrap();
                let most = [250, 5_000, 400_000][chance.below(3) as usize];
                1 + chance.below(most)
            }
            Plan::CutBehindHandshake => 76 + 64 + 48 + 49,
            Plan::Down => {
                let _ = socket::cut(&from);
                return;
            }
        };
        let Ok(to) = TcpStream::connect(target) else { return };
        // What is left for both directions together.
        let left = Arc::new(AtomicU64::new(most));
        let ends = || [from.try_clone().unwrap(), to.try_clone().unwrap()];
        self.carried.lock().unwrap().push(ends());
        for [from, to] in [ends(), [to.try_clone().unwrap(), from.try_clone().unwrap()]] {
            let (left, relay) = (left.clone(), self.clone());
            std::thread::spawn(move || relay.pump(from, to, &left));
        }
    }

    fn pump(&self, mut from: TcpStream, mut to: TcpStream, left: &AtomicU64) {
        let mut buffer = [0; 50_000];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            let before = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                Some(left.saturating_sub(count as u64))
            });
            let passes = (before.unwrap() as usize).min(count);
            if to.write_all(&buffer[..passes]).is_err() {
                break;
            }
            if passes < count {
                self.cuts.fetch_add(1, Ordering::Relaxed);
                let _ = (socket::cut(&from), socket::cut(&to));
                return;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    }

    fn set(&self, plan: Plan) {
        *self.plan.lock().unwrap() = plan;
    }

    /// Cuts what is carried now, at these ends of it: 0 is the one of who connected.
    fn cut(&self, ends: &[usize]) {
        for carried in self.carried.lock().unwrap().drain(..) {
            ends.iter().for_each(|end| drop(socket::cut(&carried[*end])));
        }
    }
}

/// Ports that reach one another through relays.
struct Group {
    ports: Vec<Port>,
    relays: Vec<Arc<Relay>>,
    cards: HashMap<ProcessId, Card>,
}

impl Group {
    fn new(ports: u32, link_timeout_ns: u64, seed: u64, plan: Plan) -> Group {
        let ports: Vec<Port> = (0..ports).map(|number| port(number, link_timeout_ns)).collect();
        let relay = |(number, port): (usize, &Port)| {
            Relay::to(port.card().addresses[0], seed * 100 + number as u64, plan)
        };
        let relays: Vec<Arc<Relay>> = ports.iter().enumerate().map(relay).collect();
        let card = |(port, relay): (&Port, &Arc<Relay>)| {
            (port.me(), Card { addresses: vec![relay.address], ..port.card() })
        };
        let cards = ports.iter().zip(&relays).map(card).collect();
        Group { ports, relays, cards }
    }

    fn next(&mut self, at: usize) -> Option<Event> {
        let port = &mut self.ports[at];
        while let Some(wanted) = port.take_unresolved() {
            port.resolve(&self.cards[&wanted]);
        }
        port.next(Time::now())
    }

    /// Looks at all until somebody has something. A guard against hanging ends it after 60 s.
    fn await_next(&mut self) -> (usize, Event) {
        let begin = Time::now();
        loop {
            for at in 0..self.ports.len() {
                match self.next(at) {
                    Some(Event::Room(_)) | None => {}
                    Some(event) => return (at, event),
                }
            }
            assert!(Time::now().since(begin) < 60_000_000_000, "a guard against hanging");
            std::thread::yield_now();
        }
    }

    fn send(&mut self, from: usize, to: usize, word: u64, length: usize) -> Result<(), Refused> {
        let to = process(to as u32);
        let port = &mut self.ports[from];
        let link = port.connect(to);
        let (frame, bytes) = (Frame { kind: 3, header: [word, 0, 0] }, payload(word, length));
        if word.is_multiple_of(2) {
            return port.send(link, Class::Data, frame, &bytes);
        }
        let reserved = port.reserve(link, Class::Data, frame, length)?;
        let (room, bytes_max) = reserved.room();
        assert_eq!(bytes_max, length);
        // SAFETY: the room has that length and is ours until it is published.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), room, length) };
        reserved.publish();
        Ok(())
    }

    /// Takes a frame that must be the one with this word.
    fn take(&mut self, at: usize, arrival: Arrival, word: u64) {
        let bytes = match &arrival.payload {
            Payload::Inline { bytes, length } => bytes[..*length as usize].to_vec(),
            Payload::Mapped { pointer, length } => {
                // SAFETY: not released yet, and nobody writes received bytes.
                unsafe { std::slice::from_raw_parts(*pointer, *length) }.to_vec()
            }
        };
        assert_eq!(arrival.frame.header[0], word, "in order, each once");
        assert!(bytes == payload(word, bytes.len()), "frame {word} of {} bytes", bytes.len());
        self.ports[at].release(arrival.peer.0, arrival.payload);
    }

    /// Awaits the frame with this word at `at`.
    fn await_word(&mut self, at: usize, word: u64) {
        match self.await_next() {
            (who, Event::Arrival(arrival)) if who == at => self.take(at, arrival, word),
            other => panic!("{other:?}"),
        }
    }
}

fn payload(word: u64, length: usize) -> Vec<u8> {
    (0..length).map(|at| (at as u64 * 7 + word) as u8).collect()
}

/// Everybody sends to everybody, while connections are cut anywhere: in handshakes, headers, payloads.
#[test]
fn all_arrives_once_and_in_order_however_often_connections_are_cut() {
    const FRAMES: u64 = 250;
    let run = |seed: u64| {
        let mut group = Group::new(3, 30_000_000_000, seed, Plan::CutSometimes);
        let mut chance = Chance::new(seed);
        let mut length = move || {
            let most = [40, 3_000, FRAME_BYTES_MAX as u64 + 1][chance.below(3) as usize];
            chance.below(most) as usize
        };
        let (mut sent, mut received) = ([[0; 3]; 3], [[0; 3]; 3]);
        let mut next_length = length();
        let begin = Time::now();
        while received.iter().flatten().any(|count| *count < FRAMES) {
            for from in 0..3 {
                for (to, sent) in sent[from].iter_mut().enumerate() {
                    if *sent < FRAMES && group.send(from, to, *sent, next_length).is_ok() {
                        *sent += 1;
                        next_length = length();
                    }
                }
                match group.next(from) {
                    Some(Event::Arrival(arrival)) => {
                        let of = group.ports[from].process(arrival.peer.0).number as usize;
                        group.take(from, arrival, received[from][of]);
                        received[from][of] += 1;
                    }
                    Some(Event::Failed(peer, cause)) => {
                        panic!("seed {seed}: {from} takes {peer:?} for lost: {cause}")
                    }
                    _ => {}
                }
            }
            assert!(
                Time::now().since(begin) < 120_000_000_000,
                "seed {seed}: a guard against hanging: {received:?} of {sent:?}, {:?}",
                group.ports.iter().map(|port| port.interruptions().collect::<Vec<_>>()).collect::<Vec<_>>()
            );
        }
        let cuts: u64 = group.relays.iter().map(|relay| relay.cuts.load(Ordering::Relaxed)).sum();
        assert!(cuts >= 10, "seed {seed}: only {cuts} cuts");
    };
    std::thread::scope(|scope| (1..=4).for_each(|seed| drop(scope.spawn(move || run(seed)))));
}

/// One end sees the cut, the other one has an open connection that is silent. Either end may be the one, and either may have
/// connected.
#[test]
fn a_cut_that_one_end_sees_is_mended() {
    for (connects, sees) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let mut group = Group::new(2, 30_000_000_000, 1, Plan::Carry);
        let other = 1 - connects;
        group.send(connects, other, 0, 10).unwrap();
        group.await_word(other, 0);
        group.send(other, connects, 0, 10).unwrap();
        group.await_word(connects, 0);
        group.relays[other].cut(&[usize::from(connects != sees)]);
        // Who doesn't see it says something that nobody hears.
        for word in 1..50 {
            group.send(1 - sees, sees, word, 700).unwrap();
        }
        for word in 1..50 {
            group.await_word(sees, word);
        }
        group.send(sees, 1 - sees, 1, 10).unwrap();
        group.await_word(1 - sees, 1);
    }
}

#[test]
fn who_stays_cut_off_is_given_up_after_the_link_timeout() {
    let mut group = Group::new(2, 1_000_000_000, 1, Plan::Carry);
    // What arrives now may be the last sign of life.
    let begin = Time::now();
    group.send(0, 1, 0, 10).unwrap();
    group.await_word(1, 0);
    group.relays.iter().for_each(|relay| relay.set(Plan::Down));
    group.relays.iter().for_each(|relay| relay.cut(&[0, 1]));
    while group.ports[0].interruptions().next().is_none() {
        assert!(group.next(0).is_none());
    }
    let interruption = group.ports[0].interruptions().next().unwrap();
    assert_eq!(interruption.process, process(1));
    // Sends are taken meanwhile.
    group.send(0, 1, 1, 10).unwrap();
    let (at, event) = group.await_next();
    let Event::Failed(_, Cause::Unreachable(why)) = event else { panic!("{event:?} at {at}") };
    assert!(why.contains("could not be made again within 1 s"), "{why}");
    assert!(Time::now().since(begin) >= 1_000_000_000);
}

#[test]
fn a_shorter_cut_costs_nothing() {
    let mut group = Group::new(2, 20_000_000_000, 1, Plan::Carry);
    group.send(0, 1, 0, 10).unwrap();
    group.await_word(1, 0);
    group.relays.iter().for_each(|relay| relay.set(Plan::Down));
    group.relays.iter().for_each(|relay| relay.cut(&[0, 1]));
    let begin = Time::now();
    let mut word = 1;
    while Time::now().since(begin) < 1_000_000_000 {
        word += u64::from(word < 100 && group.send(0, 1, word, 1_000).is_ok());
        for at in 0..2 {
            assert!(!matches!(group.next(at), Some(Event::Failed(..) | Event::Arrival(_))));
        }
    }
    assert!(group.ports[0].interruptions().next().is_some());
    group.relays.iter().for_each(|relay| relay.set(Plan::Carry));
    for arrived in 1..word {
        group.await_word(1, arrived);
    }
    assert!(group.ports.iter().all(|port| port.interruptions().next().is_none()));
}

/// A process that computes for longer than a stranger may take comes back to its connection all the same.
#[test]
fn who_looks_seldom_is_mended_too() {
    for seldom in 0..2 {
        let mut group = Group::new(2, 30_000_000_000, 1, Plan::Carry);
        group.send(0, 1, 0, 10).unwrap();
        group.await_word(1, 0);
        group.relays.iter().for_each(|relay| relay.cut(&[0, 1]));
        let begin = Time::now();
        let mut looked = begin;
        (0..2).for_each(|from| group.send(from, 1 - from, 1, 10).unwrap());
        let mut arrived = [false; 2];
        while arrived != [true; 2] {
            for (at, has_arrived) in arrived.iter_mut().enumerate() {
                if at == seldom && Time::now().since(looked) < 1_200_000_000 {
                    continue;
                }
                for _ in 0..20 {
                    match group.next(at) {
                        Some(Event::Arrival(arrival)) => {
                            group.take(at, arrival, 1);
                            *has_arrived = true;
                        }
                        Some(Event::Failed(_, cause)) => panic!("{at}: {cause}"),
                        _ => {}
                    }
                }
                if at == seldom {
                    looked = Time::now();
                }
            }
            assert!(Time::now().since(begin) < 60_000_000_000, "a guard against hanging: {arrived:?}");
        }
    }
}

/// The runtime's word ends the attempts.
#[test]
fn the_end_of_a_process_is_no_cut() {
    let mut group = Group::new(2, 3_600_000_000_000, 1, Plan::Carry);
    group.send(0, 1, 0, 10).unwrap();
    group.await_word(1, 0);
    group.relays.iter().for_each(|relay| relay.set(Plan::Down));
    group.relays.iter().for_each(|relay| relay.cut(&[0, 1]));
    while group.ports[0].interruptions().next().is_none() {
        assert!(group.next(0).is_none());
    }
    let how = Cause::Died("killed by signal 9 (SIGKILL)".into());
    group.ports[0].fail(process(1), how.clone());
    match group.await_next() {
        (0, Event::Failed(_, cause)) => assert_eq!(cause, how),
        other => panic!("{other:?}"),
    }
}

/// A process that left, and lives on without ever looking, is not waited for as long as its kernel answers.
#[test]
fn who_left_and_lives_on_is_given_up() {
    let mut group = Group::new(2, 2_000_000_000, 1, Plan::Carry);
    group.send(0, 1, 0, 10).unwrap();
    group.await_word(1, 0);
    group.relays.iter().for_each(|relay| relay.cut(&[0, 1]));
    while group.ports[0].interruptions().next().is_none() {
        assert!(group.next(0).is_none());
    }
    // Also when nobody has looked for a while before it was told.
    std::thread::sleep(std::time::Duration::from_millis(500));
    let begin = Time::now();
    group.ports[0].fail(process(1), Cause::Left);
    loop {
        match group.next(0) {
            Some(Event::Failed(_, cause)) => break assert_eq!(cause, Cause::Left),
            _ => assert!(Time::now().since(begin) < 60_000_000_000, "a guard against hanging"),
        }
    }
    assert!(Time::now().since(begin) >= 2_000_000_000, "it had time to deliver");
}

/// Who leaves stays until what it sent is there, also over another connection.
#[test]
fn last_words_survive_a_cut() {
    for cut_at in 0..4 {
        let mut group = Group::new(2, 30_000_000_000, 1, Plan::Carry);
        group.send(0, 1, 0, 10).unwrap();
        group.await_word(1, 0);
        let cut = |group: &Group| group.relays.iter().for_each(|relay| relay.cut(&[0, 1]));
        if cut_at == 0 {
            cut(&group);
        }
        if cut_at == 3 {
            // Nothing is underway, and the cut is known.
            (1..20).for_each(|word| group.send(0, 1, word, 2_000).unwrap());
            (1..20).for_each(|word| group.await_word(1, word));
            cut(&group);
            while group.ports[0].interruptions().next().is_none() {
                assert!(group.next(0).is_none());
            }
            group.ports[0].leave();
            assert!(!group.ports[0].has_left());
            assert!(matches!(group.await_next(), (1, Event::Failed(_, Cause::Left))));
            continue;
        }
        (1..20).for_each(|word| group.send(0, 1, word, 2_000).unwrap());
        if cut_at == 1 {
            cut(&group);
        }
        group.ports[0].leave();
        if cut_at == 2 {
            cut(&group);
        }
        (1..20).for_each(|word| group.await_word(1, word));
        assert!(matches!(group.await_next(), (1, Event::Failed(_, Cause::Left))));
    }
}

/// Connections come about, and each is cut before anything goes over it.
#[test]
fn a_way_that_never_serves_is_given_up_too() {
    let mut group = Group::new(2, 2_000_000_000, 1, Plan::Carry);
    group.send(0, 1, 0, 10).unwrap();
    group.await_word(1, 0);
    group.relays.iter().for_each(|relay| relay.set(Plan::CutBehindHandshake));
    group.relays.iter().for_each(|relay| relay.cut(&[0, 1]));
    group.send(0, 1, 1, 10).unwrap();
    let (at, event) = group.await_next();
    assert!(matches!(event, Event::Failed(_, Cause::Unreachable(_))), "{event:?} at {at}");
    let cuts: u64 = group.relays.iter().map(|relay| relay.cuts.load(Ordering::Relaxed)).sum();
    assert!(cuts > 2, "{cuts}");
}

/// Where nothing waits, cuts are harmless, however many and for however long.
#[test]
fn a_quiet_link_is_mended_again_and_again() {
    let mut group = Group::new(2, 4_000_000_000, 1, Plan::Carry);
    group.send(0, 1, 0, 10).unwrap();
    group.await_word(1, 0);
    let begin = Time::now();
    while Time::now().since(begin) < 6_000_000_000 {
        for at in 0..2 {
            assert!(group.next(at).is_none());
        }
        if group.ports.iter().all(|port| port.interruptions().next().is_none()) {
            group.relays.iter().for_each(|relay| relay.cut(&[0, 1]));
        }
    }
    group.send(0, 1, 1, 10).unwrap();
    group.await_word(1, 1);
}
