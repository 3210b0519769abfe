//! What is TCP's own: strangers, garbage, simultaneous opens, wrong addresses, lack of descriptors. (What it shares with
//! the other transports is in `conformance/`.) Nothing here leaves the loop.

use archipelago_fabric as fabric;
use control::Secret;
use control::handshake::{Handshake, Progress, Standing, Verdict};
use fabric::sim::Chance;
use fabric::tcp::{FRAME_BYTES_MAX, HEADER_BYTES, Port, Settings, decode, encode};
use fabric::{Card, Cause, Class, Event, Frame, Payload, Peer, Refused};
use os::Time;
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;
use wire::{JobId, ProcessId};

fn process(number: u32) -> ProcessId {
    ProcessId { job: JobId(5), number, incarnation: 0 }
}

/// Of who connects for the first time.
const FIRST: Standing = Standing { attempt: 1, received: 0 };

fn secret() -> Secret {
    Secret([4; 32])
}

fn port(number: u32) -> Port {
    Port::new(Settings::new(process(number), secret())).unwrap()
}

fn frame(word: u64) -> Frame {
    Frame { kind: 3, header: [word, 0, 0] }
}

/// Ports that know each other's cards, looked at in turn.
struct Group {
    ports: Vec<Port>,
    cards: HashMap<ProcessId, Card>,
    seen: Vec<(usize, Event)>,
}

impl Group {
    fn new(ports: Vec<Port>) -> Group {
        let cards = ports.iter().map(|port| (port.me(), port.card())).collect();
        Group { ports, cards, seen: Vec::new() }
    }

    /// Looks at every port once.
    fn look(&mut self) {
        for (index, port) in self.ports.iter_mut().enumerate() {
            while let Some(wanted) = port.take_unresolved() {
                if let Some(card) = self.cards.get(&wanted) {
                    port.resolve(card);
                }
            }
            if let Some(event) = port.next(Time::now()) {
                self.seen.push((index, event));
            }
        }
    }

    /// Looks until `wanted` finds what it wants; a guard against hanging ends it after 30 s.
    fn until<T>(&mut self, mut wanted: impl FnMut(&mut Group) -> Option<T>) -> T {
        let begin = Time::now();
        loop {
            if let Some(found) = wanted(self) {
                return found;
            }
            assert!(Time::now().since(begin) < 30_000_000_000, "seen so far: {:?}", self.seen);
            self.look();
        }
    }

    /// Awaits the next event, which must be a frame with this word, and gives its payload back.
    fn await_word(&mut self, at: usize, word: u64) -> Vec<u8> {
        let event = self.until(|group| {
            let found = group.seen.iter().position(|(index, _)| *index == at)?;
            Some(group.seen.remove(found).1)
        });
        let Event::Arrival(arrival) = event else { panic!("{event:?}") };
        assert_eq!(arrival.frame, frame(word));
        take(&mut self.ports[at], arrival.peer, arrival.payload)
    }

    fn await_failure(&mut self, at: usize) -> Cause {
        self.until(|group| {
            let found = (group.seen.iter())
                .position(|(index, event)| *index == at && matches!(event, Event::Failed(..)))?;
            match group.seen.remove(found).1 {
                Event::Failed(_, cause) => Some(cause),
                _ => None,
            }
        })
    }

    fn send(&mut self, from: usize, to: usize, word: u64, bytes: &[u8]) -> Result<(), Refused> {
        let to = self.ports[to].me();
        let link = self.ports[from].connect(to);
        self.ports[from].send(link, Class::Data, frame(word), bytes)
    }
}

fn take(port: &mut Port, peer: Peer, payload: Payload) -> Vec<u8> {
    let bytes = match &payload {
        Payload::Inline { bytes, length } => bytes[..*length as usize].to_vec(),
        Payload::Mapped { pointer, length } => {
            // SAFETY: not released yet, and nobody writes received bytes.
            unsafe { std::slice::from_raw_parts(*pointer, *length) }.to_vec()
        }
    };
    port.release(peer.0, payload);
    bytes
}

fn address(port: &Port) -> SocketAddr {
    port.card().addresses[0]
}

#[test]
fn listens_on_the_loop_alone_by_default() {
    let port = port(0);
    let addresses = port.card().addresses;
    assert!(
        !addresses.is_empty() && addresses.iter().all(|address| address.ip().is_loopback()),
        "{addresses:?}"
    );
}

#[test]
fn of_simultaneous_opens_one_connection_remains() {
    for round in 0..50 {
        let mut group = Group::new(vec![port(0), port(1)]);
        // Both have something to say before either knows of the other.
        group.send(0, 1, 10, b"from 0").unwrap();
        group.send(1, 0, 20, b"from 1").unwrap();
        assert_eq!(group.await_word(1, 10), b"from 0", "round {round}");
        assert_eq!(group.await_word(0, 20), b"from 1");
        for word in 0..20 {
            group.send(0, 1, word, &[1; 40]).unwrap();
            group.send(1, 0, word, &[2; 40]).unwrap();
        }
        for word in 0..20 {
            assert_eq!(group.await_word(1, word), [1; 40]);
            assert_eq!(group.await_word(0, word), [2; 40]);
        }
        for _ in 0..50 {
            group.look();
        }
        assert!(group.seen.is_empty(), "{:?}", group.seen);
    }
}

#[test]
fn many_ports_open_to_each_other_at_once() {
    const PORTS: usize = 10;
    let mut group = Group::new((0..PORTS as u32).map(port).collect());
    for from in 0..PORTS {
        for to in (0..PORTS).filter(|to| *to != from) {
            group.send(from, to, (from * 100 + to) as u64, &[from as u8; 50]).unwrap();
        }
    }
    let all = PORTS * (PORTS - 1);
    group.until(|group| (group.seen.len() == all).then_some(()));
    for (to, event) in std::mem::take(&mut group.seen) {
        let Event::Arrival(arrival) = event else { panic!("{event:?} at {to}") };
        let from = group.ports[to].process(arrival.peer.0).number as usize;
        assert_eq!(arrival.frame, frame((from * 100 + to) as u64));
        assert_eq!(take(&mut group.ports[to], arrival.peer, arrival.payload), [from as u8; 50]);
    }
}

#[test]
fn strangers_are_dropped_counted_and_harmless() {
    let mut group = Group::new(vec![port(0), port(1)]);
    let target = address(&group.ports[0]);
    group.send(1, 0, 1, b"before").unwrap();
    group.await_word(0, 1);

    // A scan, a web browser, garbage of all lengths, half a greeting and then nothing.
    drop(TcpStream::connect(target).unwrap());
    let mut dropped = Vec::new();
    let mut chance = Chance::new(1);
    for length in [1, 3, 8, 75, 76, 77, 500, 100_000] {
        let mut stream = TcpStream::connect(target).unwrap();
        let bytes: Vec<u8> = match length {
            3 => b"GET / HTTP/1.1\r\n\r\n".to_vec(),
            _ => (0..length).map(|_| chance.bits() as u8 | 0x80).collect(),
        };
        let _ = stream.write_all(&bytes);
        dropped.push(stream);
    }
    group.until(|group| (group.ports[0].turned().strangers >= 9).then_some(()));
    for mut stream in dropped {
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut buffer = [0; 10];
        // Closed, without a word to them.
        assert!(!matches!(stream.read(&mut buffer), Ok(1..)));
    }
    group.send(1, 0, 2, b"after").unwrap();
    assert_eq!(group.await_word(0, 2), b"after");
    assert!(group.seen.is_empty());
}

#[test]
fn the_silent_lose_their_place_after_a_second() {
    let mut group = Group::new(vec![port(0), port(1)]);
    let target = address(&group.ports[0]);
    // More than there are places: the others wait outside, and so does the one who belongs here.
    let silent: Vec<TcpStream> = (0..20).map(|_| TcpStream::connect(target).unwrap()).collect();
    group.send(1, 0, 1, b"patience").unwrap();
    assert_eq!(group.await_word(0, 1), b"patience");
    assert!(group.ports[0].turned().late >= 5, "{:?}", group.ports[0].turned());
    drop(silent);
}

#[test]
fn another_jobs_process_is_turned_away() {
    let mut group = Group::new(vec![port(0)]);
    let other = Settings { secret: Secret([9; 32]), ..Settings::new(process(1), secret()) };
    let mut intruder = Port::new(other).unwrap();
    let link = intruder.connect(process(0));
    intruder.resolve(&group.ports[0].card());
    intruder.send(link, Class::Data, frame(1), b"let me in").unwrap();
    // The intruder sees through us first, since we prove ourselves first, and hangs up.
    group.until(|group| {
        assert!(intruder.next(Time::now()).is_none());
        (group.ports[0].turned().strangers >= 1).then_some(())
    });
    // One that goes on regardless is seen through.
    let mut stream = TcpStream::connect(address(&group.ports[0])).unwrap();
    let handshake = Handshake::initiate(&Secret([9; 32]), process(1), process(0), 0, [1; 32], FIRST);
    stream.write_all(handshake.output()).unwrap();
    stream.write_all(&[7; 48]).unwrap();
    group.until(|group| (group.ports[0].turned().unproved >= 1).then_some(()));
    assert!(group.seen.is_empty());
}

/// A peer that has proved itself, and then sends whatever the test wants.
fn befriend(group: &mut Group, number: u32) -> TcpStream {
    let mut stream = TcpStream::connect(address(&group.ports[0])).unwrap();
    let mut handshake =
        Handshake::initiate(&secret(), process(number), process(0), 0, [number as u8; 32], FIRST);
    assert_eq!(shake(group, &mut stream, &mut handshake), Verdict::Accepted);
    // When its connection ends it listens nowhere: it is dead.
    group
        .cards
        .insert(process(number), Card { process: process(number), slot: None, addresses: vec![nobody()] });
    stream
}

/// Goes through with a handshake.
fn shake(group: &mut Group, stream: &mut TcpStream, handshake: &mut Handshake) -> Verdict {
    stream.set_nonblocking(true).unwrap();
    let verdict = group.until(|_| {
        while !handshake.output().is_empty() {
            let count = stream.write(handshake.output()).unwrap();
            handshake.sent(count);
        }
        let mut bytes = [0; 200];
        let wanted = handshake.wanted();
        if let Ok(count) = stream.read(&mut bytes[..wanted]) {
            assert_eq!(handshake.receive(&bytes[..count]), Ok(count));
        }
        match handshake.progress() {
            Progress::Done(verdict) => Some(verdict),
            _ => None,
        }
    });
    stream.set_nonblocking(false).unwrap();
    verdict
}

/// Where nobody listens.
fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[test]
fn a_peer_that_breaks_the_protocol_costs_its_own_connection() {
    let mut group = Group::new(vec![port(0), port(1)]);
    let header = encode(&frame(1), 0);
    let with = |at: usize, byte: u8| {
        let mut header = header;
        header[at] = byte;
        header
    };
    let hostile = [with(3, 0xff), with(2, 1), with(4, 0xfe), with(6, 1), [0xff; HEADER_BYTES]];
    for (number, bytes) in hostile.iter().enumerate() {
        let mut stream = befriend(&mut group, 10 + number as u32);
        stream.write_all(&encode(&frame(7), 3)).unwrap();
        stream.write_all(b"yes").unwrap();
        stream.write_all(bytes).unwrap();
        assert_eq!(group.await_word(0, 7), b"yes", "what was right still counts");
        assert!(matches!(group.await_failure(0), Cause::Protocol(_)));
    }
    group.send(1, 0, 2, b"the others live").unwrap();
    assert_eq!(group.await_word(0, 2), b"the others live");
}

/// Where the stream goes on is the peer's word, and must be possible.
#[test]
fn a_peer_that_has_what_was_never_sent_is_not_believed() {
    let mut group = Group::new(vec![port(0)]);
    // It says so as it connects,
    let mut stream = TcpStream::connect(address(&group.ports[0])).unwrap();
    let standing = Standing { attempt: 1, received: 1 };
    let mut handshake = Handshake::initiate(&secret(), process(7), process(0), 0, [7; 32], standing);
    assert_eq!(shake(&mut group, &mut stream, &mut handshake), Verdict::Refused);
    let cause = group.await_failure(0);
    assert!(matches!(&cause, Cause::Protocol(why) if why.contains("never sent")), "{cause}");
    // or later.
    let mut stream = befriend(&mut group, 8);
    let acknowledge = |received| encode(&Frame { kind: fabric::ACKNOWLEDGE, header: [received, 0, 0] }, 0);
    stream.write_all(&[acknowledge(0), encode(&frame(1), 0), acknowledge(1)].concat()).unwrap();
    assert_eq!(group.await_word(0, 1), b"");
    let cause = group.await_failure(0);
    assert!(matches!(&cause, Cause::Protocol(why) if why.contains("never sent")), "{cause}");
}

/// Who only receives sends acknowledgements, and must be able to forget them; but not each is worth another.
#[test]
fn many_acknowledgements_are_acknowledged_and_few_are_not() {
    const COUNT: u64 = 40_000;
    let mut group = Group::new(vec![port(0)]);
    let mut stream = befriend(&mut group, 7);
    let acknowledgement = encode(&Frame { kind: fabric::ACKNOWLEDGE, header: [0; 3] }, 0);
    let all = acknowledgement.repeat(COUNT as usize);
    stream.set_nonblocking(true).unwrap();
    let (mut written, mut heard) = (0, Vec::new());
    let told = |heard: &[u8]| {
        let frames = heard.chunks_exact(HEADER_BYTES).map(|bytes| decode(bytes.try_into().unwrap()).unwrap());
        frames.map(|(frame, _)| frame.header[0]).collect::<Vec<u64>>()
    };
    let told = group.until(|_| {
        written += stream.write(&all[written..]).unwrap_or(0);
        let mut bytes = [0; 4 * HEADER_BYTES];
        let count = stream.read(&mut bytes).unwrap_or(0);
        heard.extend(&bytes[..count]);
        let told = told(&heard);
        let enough = all.len() as u64 - 2 * (64 << 10);
        (written == all.len() && told.last() >= Some(&enough)).then_some(told)
    });
    assert!(told.is_sorted() && told.last() <= Some(&(all.len() as u64)));
    assert!((1..=all.len() / (64 << 10)).contains(&told.len()), "{}", told.len());
}

/// An attempt that is older than the connection changes nothing; a newer one replaces it.
#[test]
fn of_attempts_to_connect_the_newest_counts() {
    let mut group = Group::new(vec![port(0)]);
    let mut first = befriend(&mut group, 7);
    let attempt = |group: &mut Group, attempt| {
        let mut stream = TcpStream::connect(address(&group.ports[0])).unwrap();
        let standing = Standing { attempt, received: 0 };
        let mut handshake = Handshake::initiate(&secret(), process(7), process(0), 0, [9; 32], standing);
        let verdict = shake(group, &mut stream, &mut handshake);
        (stream, verdict, handshake.their_standing())
    };
    assert_eq!(attempt(&mut group, 1).1, Verdict::Busy);
    let whole = [&encode(&frame(1), 3)[..], b"yes"].concat();
    first.write_all(&whole[..20]).unwrap();
    (0..50).for_each(|_| group.look());
    let (mut second, verdict, theirs) = attempt(&mut group, 2);
    assert_eq!((verdict, theirs), (Verdict::Accepted, Standing { attempt: 0, received: 20 }));
    second.write_all(&whole[20..]).unwrap();
    assert_eq!(group.await_word(0, 1), b"yes");
    assert!(!matches!(first.read(&mut [0; 9]), Ok(1..)), "closed");
}

#[test]
fn a_stream_cut_anywhere_is_a_death_and_never_a_frame() {
    let mut group = Group::new(vec![port(0)]);
    let mut whole = encode(&frame(1), 40).to_vec();
    whole.extend([5; 40]);
    for (number, cut) in (0..whole.len()).step_by(7).enumerate() {
        let mut stream = befriend(&mut group, 100 + number as u32);
        stream.write_all(&whole[..cut]).unwrap();
        drop(stream);
        let cause = group.await_failure(0);
        assert!(matches!(cause, Cause::Died(_)), "{cause}");
        assert!(group.seen.is_empty(), "cut at {cut}: {:?}", group.seen);
    }
}

#[test]
fn frames_arrive_whole_however_the_stream_is_cut_up() {
    let mut group = Group::new(vec![port(0)]);
    let mut chance = Chance::new(3);
    let mut stream = befriend(&mut group, 9);
    let lengths: Vec<usize> = (0..300)
        .map(|k| [chance.below(40), chance.below(3000), chance.below(60_000)][k % 3] as usize)
        .collect();
    let mut bytes = Vec::new();
    for (word, length) in lengths.iter().enumerate() {
        bytes.extend(encode(&frame(word as u64), *length));
        bytes.extend(std::iter::repeat_n(word as u8, *length));
    }
    let seed = chance.bits();
    // Closed when all is read: to hear anything makes a kernel forget what its process has not seen off.
    let kept = stream.try_clone().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut chance = Chance::new(seed);
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let most = [3, 100, 200_000][chance.below(3) as usize];
                let count = (1 + chance.below(most) as usize).min(rest.len());
                stream.write_all(&rest[..count]).unwrap();
                rest = &rest[count..];
            }
        });
        for (word, length) in lengths.iter().enumerate() {
            let payload = group.await_word(0, word as u64);
            assert!(
                payload.len() == *length && payload.iter().all(|byte| *byte == word as u8),
                "frame {word}"
            );
        }
    });
    drop(kept);
    assert!(matches!(group.await_failure(0), Cause::Died(_)));
}

#[test]
fn no_header_upsets_the_parser() {
    let mut chance = Chance::new(7);
    for _ in 0..1_000_000 {
        let mut bytes = [0; HEADER_BYTES];
        bytes.chunks_mut(8).for_each(|eight| eight.copy_from_slice(&chance.bits().to_le_bytes()));
        if chance.below(2) == 0 {
            bytes[2..8].fill(0);
            bytes[4] = chance.bits() as u8;
        }
        if let Ok((frame, length)) = decode(&bytes) {
            assert!(length <= FRAME_BYTES_MAX);
            assert_eq!(encode(&frame, length), bytes);
        }
    }
}

#[test]
fn the_right_one_among_wrong_addresses_is_found() {
    let mut group = Group::new(vec![port(0), port(1)]);
    // Somebody else's listener, one that never answers, a closed port, and the right one.
    let else_ = TcpListener::bind("127.0.0.1:0").unwrap();
    let else_address = else_.local_addr().unwrap();
    let closed = nobody();
    std::thread::spawn(move || {
        for stream in else_.incoming() {
            let _ = stream.unwrap().write_all(b"220 mail.example ESMTP\r\n");
        }
    });
    let right = address(&group.ports[1]);
    let card = Card { process: process(1), slot: None, addresses: vec![else_address, closed, right] };
    group.cards.insert(process(1), card);
    group.send(0, 1, 1, b"found").unwrap();
    assert_eq!(group.await_word(1, 1), b"found");
}

#[test]
fn nobody_there_is_unreachable() {
    let mut group = Group::new(vec![port(0)]);
    let gone = port(1);
    group.cards.insert(process(1), gone.card());
    group.cards.insert(process(2), Card { process: process(2), slot: None, addresses: Vec::new() });
    drop(gone);
    for number in [1, 2] {
        let link = group.ports[0].connect(process(number));
        group.ports[0].send(link, Class::Data, frame(1), b"hello?").unwrap();
        let cause = group.await_failure(0);
        assert!(matches!(&cause, Cause::Unreachable(why) if !why.is_empty()), "{cause}");
        assert_eq!(group.ports[0].send(link, Class::Data, frame(1), b""), Err(Refused::Failed));
    }
}

#[test]
fn a_process_that_left_says_so_to_latecomers() {
    let mut group = Group::new(vec![port(0), port(1)]);
    group.ports[0].leave();
    assert!(group.ports[0].has_left());
    group.send(1, 0, 1, b"too late").unwrap();
    assert_eq!(group.await_failure(1), Cause::Left);
}

#[test]
fn frames_sent_before_the_card_is_known_arrive_before_the_farewell() {
    let mut group = Group::new(vec![port(0), port(1)]);
    group.send(0, 1, 1, b"last words").unwrap();
    group.ports[0].leave();
    assert!(!group.ports[0].has_left());
    assert_eq!(group.await_word(1, 1), b"last words");
    assert_eq!(group.await_failure(1), Cause::Left);
    assert!(group.ports[0].has_left());
}

#[test]
fn the_runtimes_word_explains_an_end() {
    let mut group = Group::new(vec![port(0), port(1)]);
    group.send(1, 0, 1, b"alive").unwrap();
    assert_eq!(group.await_word(0, 1), b"alive");
    drop(group.ports.pop());
    // The end of the stream is seen, and kept back.
    let begin = Time::now();
    while group.ports[0].deadline().is_none() {
        group.look();
        assert!(Time::now().since(begin) < 30_000_000_000, "a guard against hanging");
    }
    assert!(group.seen.is_empty());
    let how = Cause::Died("killed by signal 9 (SIGKILL)".into());
    group.ports[0].fail(process(1), how.clone());
    assert_eq!(group.await_failure(0), how);
    for _ in 0..100 {
        group.look();
    }
    assert!(group.seen.is_empty(), "reported once");
}

/// The runtime may hear of an end before the last frames are here.
#[test]
fn news_of_an_end_overtake_nothing() {
    let died = Cause::Died("killed by signal 9 (SIGKILL)".into());
    // Who left in order has ended its stream: it is waited for however long that takes.
    for (cause, explain_ns) in [(died, 60_000_000_000), (Cause::Left, 0)] {
        let settings = Settings { explain_ns, ..Settings::new(process(0), secret()) };
        let mut group = Group::new(vec![Port::new(settings).unwrap()]);
        let mut stream = befriend(&mut group, 7);
        group.ports[0].fail(process(7), cause.clone());
        for _ in 0..1_000 {
            group.look();
        }
        assert!(group.seen.is_empty(), "{:?}", group.seen);
        stream.write_all(&encode(&frame(1), 10)).unwrap();
        stream.write_all(b"last words").unwrap();
        drop(stream);
        assert_eq!(group.await_word(0, 1), b"last words");
        assert_eq!(group.await_failure(0), cause);
    }
}

#[test]
fn an_end_without_an_end_of_the_stream_is_reported_all_the_same() {
    let settings = Settings { explain_ns: 1_000_000, ..Settings::new(process(0), secret()) };
    let mut group = Group::new(vec![Port::new(settings).unwrap()]);
    let _stream = befriend(&mut group, 7);
    let gone = Cause::Died("its host is gone".into());
    group.ports[0].fail(process(7), gone.clone());
    assert_eq!(group.await_failure(0), gone);
}

#[test]
fn news_end_a_sleep() {
    let mut port = port(0);
    let (mut keeper, news) = std::os::unix::net::UnixStream::pair().unwrap();
    port.listen_to(&news).unwrap();
    let awake = |port: &mut Port| {
        while port.next(Time::now()).is_some() || !port.arm() {}
        let awake = port.sleeper().sleep(50_000_000);
        port.disarm();
        awake
    };
    assert!(!awake(&mut port), "nothing to hear");
    keeper.write_all(b"news").unwrap();
    assert!(awake(&mut port) && awake(&mut port), "until it was read");
    port.listen_no_more(&news);
    assert!(!awake(&mut port), "they are another's business again");
}
