//! Shared memory between ranks that are threads of this process.

use archipelago_fabric as fabric;
use fabric::{Cause, Class, Event, Frame, Host, Payload, Peer, Port, Refused};
use mapped::ProcessState;
use os::Time;
use wire::{JobId, ProcessId};

fn process(number: u32) -> ProcessId {
    ProcessId { job: JobId(7), number, incarnation: 0 }
}

fn ports(count: u16) -> (Host, Vec<Port>) {
    let host = Host::create(count).unwrap();
    // The numbers of a host need not start at 0.
    let ports = (0..count).map(|slot| Port::on_host(&host, slot, process(10 + slot as u32), 0)).collect();
    (host, ports)
}

fn frame(kind: u8, word: u64) -> Frame {
    Frame { kind, header: [word, !word, 7] }
}

/// The next event, sleeping as a runtime does.
fn wait(port: &mut Port) -> Event {
    loop {
        for _ in 0..100 {
            if let Some(event) = port.next(Time::now()) {
                return event;
            }
        }
        if let Some(armed) = port.arm() {
            port.sleeper().sleep(armed, u64::MAX);
            port.disarm();
        }
    }
}

fn bytes(payload: &Payload) -> Vec<u8> {
    match payload {
        Payload::Inline { bytes, length } => bytes[..*length as usize].to_vec(),
        Payload::Mapped { pointer, length } => {
            // SAFETY: not released yet, and the sender is a correct one.
            let bytes = unsafe { std::slice::from_raw_parts(*pointer, *length) };
            bytes.to_vec()
        }
    }
}

/// The next arrival: who, frame, bytes; given back at once.
fn arrival(port: &mut Port) -> (Peer, Frame, Vec<u8>) {
    match wait(port) {
        Event::Arrival(arrival) => {
            let got = bytes(&arrival.payload);
            port.release(arrival.peer, arrival.payload);
            (arrival.peer, arrival.frame, got)
        }
        other => panic!("{other:?}"),
    }
}

fn send(port: &mut Port, peer: Peer, class: Class, frame: Frame, payload: &[u8]) {
    while port.send(peer, class, frame, payload) == Err(Refused::Full) {
        std::thread::yield_now();
    }
}

#[test]
fn frames_of_all_sizes_arrive_whole_and_in_order() {
    let (_host, mut ports) = ports(2);
    let (mut b, mut a) = (ports.pop().unwrap(), ports.pop().unwrap());
    let to_b = a.connect(process(11));
    let max = a.limits(to_b).frame_bytes_max;
    let sizes = [0, 1, 8, 31, 32, 33, 63, 64, 65, 100, 4095, 4096, max - 1, max];
    let content = |round: usize, size: usize| {
        (0..size).map(|k| (k * 31 + round * 7 + k / 256) as u8).collect::<Vec<_>>()
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..200 {
                for size in sizes {
                    send(&mut a, to_b, Class::Data, frame(3, round as u64), &content(round, size));
                }
            }
        });
        for round in 0..200 {
            for size in sizes {
                let (peer, got, payload) = arrival(&mut b);
                assert_eq!(b.process(peer), process(10));
                assert_eq!(got, frame(3, round as u64));
                assert!(payload == content(round, size), "round {round}, {size} bytes");
            }
        }
    });
}

#[test]
fn sleepers_are_woken() {
    let (_host, mut ports) = ports(2);
    let (mut b, mut a) = (ports.pop().unwrap(), ports.pop().unwrap());
    let (to_b, to_a) = (a.connect(process(11)), b.connect(process(10)));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for k in 0..2000 {
                assert_eq!(arrival(&mut b).1.header[0], k);
                send(&mut b, to_a, Class::Data, frame(1, k), &[1; 8]);
            }
        });
        for k in 0..2000 {
            send(&mut a, to_b, Class::Data, frame(1, k), &[1; 8]);
            assert_eq!(arrival(&mut a).1.header[0], k);
        }
    });
    let counted = a.counters(to_b);
    assert_eq!((counted.sent_frames, counted.sent_bytes), (2000, 16000));
    assert_eq!((counted.received_frames, counted.received_bytes), (2000, 16000));
}

#[test]
fn a_full_ring_refuses_then_reports_room() {
    let (_host, mut ports) = ports(2);
    let (mut b, mut a) = (ports.pop().unwrap(), ports.pop().unwrap());
    let to_b = a.connect(process(11));
    let mut sent = 0;
    while a.send(to_b, Class::Data, frame(1, sent), &[]) == Ok(()) {
        sent += 1;
    }
    assert_eq!(a.send(to_b, Class::Control, frame(2, sent), &[]), Ok(()), "the reserve is for control");
    assert_eq!(a.counters(to_b).refused, 1);
    assert!(a.next(Time(0)).is_none());
    for k in 0..=sent {
        assert_eq!(arrival(&mut b).1.header[0], k);
    }
    assert!(b.next(Time(0)).is_none());
    assert!(b.arm().is_some(), "nothing is left");
    b.disarm();
    match wait(&mut a) {
        Event::Room(peer) => assert_eq!(peer, to_b),
        other => panic!("{other:?}"),
    }
    assert_eq!(a.send(to_b, Class::Data, frame(1, 0), &[]), Ok(()));
}

#[test]
fn reservations_keep_their_place() {
    let (_host, mut ports) = ports(2);
    let (mut b, mut a) = (ports.pop().unwrap(), ports.pop().unwrap());
    let to_b = a.connect(process(11));
    let first = a.reserve(to_b, Class::Data, frame(1, 1), 5000).unwrap();
    let dropped = a.reserve(to_b, Class::Data, frame(1, 2), 100).unwrap();
    let small = a.reserve(to_b, Class::Data, frame(1, 3), 5).unwrap();
    a.send(to_b, Class::Data, frame(1, 4), b"last").unwrap();
    assert!(b.next(Time(0)).is_none(), "the first is not published yet");
    drop(dropped);
    for (reserved, byte) in [(small, 3), (first, 1)] {
        let (room, bytes) = reserved.room();
        // SAFETY: that is the room.
        unsafe { std::ptr::write_bytes(room, byte, bytes) };
        reserved.publish();
    }
    assert_eq!(arrival(&mut b).2, [1; 5000]);
    assert_eq!(arrival(&mut b).2, [3; 5]);
    assert_eq!(arrival(&mut b).2, b"last");
    assert!(b.next(Time(0)).is_none());
    // What was skipped was given back too: thousands of them never fill the ring.
    for _ in 0..5000 {
        drop(a.reserve(to_b, Class::Data, frame(1, 0), 10_000).unwrap());
        for _ in 0..100 {
            assert!(b.next(Time(0)).is_none());
        }
    }
}

#[test]
fn many_senders_are_all_served() {
    const SENDERS: u32 = 20;
    const FRAMES: u64 = 500;
    let (_host, mut ports) = ports(SENDERS as u16 + 1);
    let mut receiver = ports.pop().unwrap();
    std::thread::scope(|scope| {
        for mut port in ports {
            scope.spawn(move || {
                let to = port.connect(process(10 + SENDERS));
                for k in 0..FRAMES {
                    send(&mut port, to, Class::Data, frame(1, k), &[0; 100]);
                }
            });
        }
        let mut next = vec![0; SENDERS as usize];
        for _ in 0..SENDERS as u64 * FRAMES {
            let (peer, frame, _) = arrival(&mut receiver);
            let sender = (receiver.process(peer).number - 10) as usize;
            assert_eq!(frame.header[0], next[sender]);
            next[sender] += 1;
        }
        assert!(next.iter().all(|&count| count == FRAMES));
    });
}

#[test]
fn a_process_may_send_to_itself() {
    let (_host, mut ports) = ports(1);
    let me = ports[0].connect(process(10));
    ports[0].send(me, Class::Data, frame(1, 5), b"to myself").unwrap();
    let (peer, got, payload) = arrival(&mut ports[0]);
    assert_eq!((peer, got, payload.as_slice()), (me, frame(1, 5), b"to myself".as_slice()));
}

#[test]
fn leaving_a_large_world_touches_only_those_that_were_spoken_with() {
    let host = Host::create(1000).unwrap();
    for slot in 0..1000 {
        host.segment().note_state(slot, ProcessState::Running);
    }
    let mut ports: Vec<Port> =
        [0, 999].into_iter().map(|slot| Port::on_host(&host, slot, process(10 + slot as u32), 0)).collect();
    let (mut b, mut a) = (ports.pop().unwrap(), ports.pop().unwrap());
    let peer = a.connect(process(1009));
    a.send(peer, Class::Data, frame(1, 1), &[]).unwrap();
    arrival(&mut b);
    let of_the_segment = std::fs::File::from(host.fd().try_clone_to_owned().unwrap());
    // In units of 512 bytes: only what was touched takes memory.
    let pages = || std::os::unix::fs::MetadataExt::blocks(&of_the_segment.metadata().unwrap()) / 8;
    let before = pages();
    a.leave();
    assert!(pages() - before < 100, "{} pages", pages() - before);
    assert!(matches!(wait(&mut b), Event::Failed(_, Cause::Left)));
}

#[test]
fn deaths_are_reported_after_what_was_sent() {
    let (host, mut ports) = ports(3);
    let (mut c, mut b, mut a) = (ports.pop().unwrap(), ports.pop().unwrap(), ports.pop().unwrap());
    let (to_a, b_of_a, c_of_a) = (b.connect(process(10)), a.connect(process(11)), a.connect(process(12)));
    b.send(to_a, Class::Data, frame(1, 1), &[]).unwrap();
    b.send(to_a, Class::Data, frame(1, 2), &[9; 1000]).unwrap();
    host.set_state(1, ProcessState::Killed(9));
    c.leave();
    let (mut frames, mut failures) = (0, Vec::new());
    while failures.len() < 2 {
        match wait(&mut a) {
            Event::Arrival(arrival) => {
                assert_eq!(arrival.peer, b_of_a);
                frames += 1;
                a.release(arrival.peer, arrival.payload);
            }
            Event::Failed(peer, cause) => {
                if peer == b_of_a {
                    assert_eq!(frames, 2, "all that it had sent comes first");
                }
                failures.push((peer, cause));
            }
            other => panic!("{other:?}"),
        }
    }
    failures.sort_by_key(|(peer, _)| *peer);
    let died = Cause::Died("killed by signal 9 (SIGKILL)".into());
    assert_eq!(failures, [(b_of_a, died), (c_of_a, Cause::Left)]);
    assert_eq!(a.send(b_of_a, Class::Data, frame(1, 1), &[]), Err(Refused::Failed));
}

#[test]
fn memory_of_a_thread_is_read_plainly() {
    let (_host, mut ports) = ports(2);
    let peer = ports[0].connect(process(11));
    let limits = ports[0].limits(peer);
    assert!(limits.reads && limits.read_is_cheaper);
    let source = [5u8; 100];
    let mut target = [0u8; 100];
    let reader = ports[0].reader(peer).unwrap();
    // SAFETY: both arrays have 100 bytes.
    unsafe { reader.read(source.as_ptr() as u64, target.as_mut_ptr(), 100) }.unwrap();
    assert_eq!(target, source);
}

#[test]
fn an_attached_host_is_the_same_memory() {
    let host = Host::create(2).unwrap();
    let again = Host::attach(host.fd().try_clone_to_owned().unwrap()).unwrap();
    let mut a = Port::on_host(&host, 0, process(0), 0);
    let mut b = Port::on_host(&again, 1, process(1), 0);
    let to_b = a.connect(process(1));
    a.send(to_b, Class::Data, frame(1, 1), &[3; 100]).unwrap();
    assert_eq!(arrival(&mut b).2, [3; 100]);
    let null = std::fs::File::open("/dev/null").unwrap();
    assert!(Host::attach(null.into()).is_err());
    again.abort(3);
    again.abort(4);
    assert_eq!(host.aborted(), Some(3));
}

#[test]
fn memory_comes_from_pools_and_goes_back() {
    let host = Host::create(3).unwrap();
    let again = Host::attach(host.fd().try_clone_to_owned().unwrap()).unwrap();
    let memory = host.allocate(1, 1000, 4096).unwrap();
    // SAFETY: 1000 bytes of ours.
    unsafe { std::ptr::write_bytes(memory.as_ptr(), 6, 1000) };
    let offset = host.offset_of(memory.as_ptr(), 1000).unwrap();
    let seen = again.resolve(offset, 1000).unwrap();
    // SAFETY: the same memory, mapped again.
    assert_eq!(unsafe { std::slice::from_raw_parts(seen.as_ptr(), 1000) }, [6; 1000]);
    assert!(again.resolve(offset, 1 << 40).is_none());
    assert!(host.allocate(1, 1 << 40, 1).is_none());
    assert!(host.free(1, memory));
    assert!(!host.free(1, memory));
}
