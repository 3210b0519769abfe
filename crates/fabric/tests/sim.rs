//! The simulated world itself: determinism, faults, both ways to drive it. (What it shares with the other transports
//! is in `conformance.rs`.)

use archipelago_fabric as fabric;
use fabric::sim::{Chance, Fault, IDLE_PORT_BYTES, Outcome, Port, Settings, Uniform, World};
use fabric::{Cause, Class, Event, Frame, Payload, Peer, Refused};
use os::Time;
use wire::{JobId, ProcessId};

fn process(number: u32) -> ProcessId {
    ProcessId { job: JobId(7), number, incarnation: 0 }
}

fn frame(kind: u8, word: u64) -> Frame {
    Frame { kind, header: [word, !word, word.rotate_left(13)] }
}

fn bytes(port: &mut Port, peer: Peer, payload: Payload) -> Vec<u8> {
    let bytes = match &payload {
        Payload::Inline { bytes, length } => bytes[..*length as usize].to_vec(),
        Payload::Mapped { pointer, length } => {
            // SAFETY: a payload that was not released yet, in this process's memory.
            unsafe { std::slice::from_raw_parts(*pointer, *length) }.to_vec()
        }
    };
    port.release(peer.0, payload);
    bytes
}

/// Everybody sends `rounds` frames of random sizes to random others; returns what happened, in order.
fn scatter(seed: u64, processes: u32, rounds: u32) -> Vec<(u64, u32, u32, u64, usize)> {
    let world = World::new(Settings::shaken(seed));
    let mut ports: Vec<Port> = (0..processes).map(|n| world.port(process(n))).collect();
    let mut chance = Chance::new(seed);
    let mut next_word = vec![0u64; (processes * processes) as usize];
    let mut expected = next_word.clone();
    let mut log = Vec::new();
    for _ in 0..rounds {
        for from in 0..processes {
            let to = chance.below(processes as u64) as u32;
            let link = ports[from as usize].connect(process(to));
            let length = chance.below(100) as usize;
            let word = &mut next_word[(from * processes + to) as usize];
            let payload = vec![*word as u8; length];
            *word += ports[from as usize].send(link, Class::Data, frame(1, *word), &payload).is_ok() as u64;
        }
        for _ in 0..processes {
            let Some(who) = world.step() else { break };
            while let Some(event) = ports[who.number as usize].next(Time(0)) {
                let Event::Arrival(arrival) = event else { continue };
                let port = &mut ports[who.number as usize];
                let from = port.process(arrival.peer.0).number;
                let word = arrival.frame.header[0];
                let due = &mut expected[(from * processes + who.number) as usize];
                assert_eq!(word, *due, "seed {seed}: out of order from {from} to {}", who.number);
                *due += 1;
                let payload = bytes(port, arrival.peer, arrival.payload);
                assert!(payload.iter().all(|byte| *byte == word as u8));
                log.push((world.now().0, from, who.number, word, payload.len()));
            }
        }
    }
    log
}

#[test]
fn a_seed_decides_everything() {
    let runs: Vec<_> = (0..8).map(|seed| scatter(seed, 8, 200)).collect();
    for (seed, run) in runs.iter().enumerate() {
        assert!(run.len() > 100);
        assert_eq!(*run, scatter(seed as u64, 8, 200));
    }
    assert_ne!(runs[0], runs[1]);
}

#[test]
fn time_passes_as_the_network_says() {
    let network = Uniform { latency_ns: 1000, bytes_per_ns: 2 };
    let world = World::with_network(Settings::default(), Box::new(network));
    let (mut a, mut b) = (world.port(process(0)), world.port(process(1)));
    let link = a.connect(process(1));
    for _ in 0..2 {
        a.send(link, Class::Data, frame(1, 0), &[0; 968]).unwrap();
    }
    assert_eq!(world.step(), Some(process(1)));
    assert_eq!(world.now(), Time(1500));
    assert!(matches!(b.next(Time(0)), Some(Event::Arrival(_))));
    assert!(b.next(Time(0)).is_none());
    assert_eq!(world.step(), Some(process(1)));
    assert_eq!(world.now(), Time(2000), "the second waits for the wire");
}

#[test]
fn a_cut_holds_back_and_a_heal_loses_nothing() {
    let world = World::new(Settings::shaken(3));
    let (mut a, mut b) = (world.port(process(0)), world.port(process(1)));
    let (there, back) = (a.connect(process(1)), b.connect(process(0)));
    a.send(there, Class::Data, frame(1, 0), &[]).unwrap();
    world.strike(Fault::Cut { a: process(0), b: process(1) });
    a.send(there, Class::Data, frame(1, 1), &[]).unwrap();
    world.strike_at(Time(9_000_000_000), Fault::Heal { a: process(1), b: process(0) });
    let mut words = Vec::new();
    while let Some(_who) = world.step() {
        while let Some(event) = b.next(Time(0)) {
            let Event::Arrival(arrival) = event else { panic!("{event:?}") };
            assert!(world.now() > Time(9_000_000_000));
            words.push(arrival.frame.header[0]);
        }
    }
    assert_eq!(words, [0, 1]);

    // Not healed: each fails for the other.
    world.strike(Fault::Cut { a: process(0), b: process(1) });
    a.send(there, Class::Data, frame(1, 2), &[]).unwrap();
    while world.step().is_some() {}
    assert!(matches!(a.next(Time(0)), Some(Event::Failed(_, Cause::Unreachable(_)))));
    assert!(matches!(b.next(Time(0)), Some(Event::Failed(_, Cause::Unreachable(_)))));
    assert!(a.next(Time(0)).is_none() && b.next(Time(0)).is_none());
    assert_eq!(a.send(there, Class::Data, frame(1, 3), &[]), Err(Refused::Failed));
    assert_eq!(b.send(back, Class::Data, frame(1, 3), &[]), Err(Refused::Failed));
}

#[test]
fn first_contact_with_the_dead_fails_too() {
    let world = World::new(Settings::default());
    let mut a = world.port(process(0));
    drop(world.port(process(1)));
    world.port(process(2)).leave();
    world.strike(Fault::Kill { process: process(3), how: "killed by signal 9 (SIGKILL)".into() });
    let links = [1, 2, 3].map(|n| a.connect(process(n)));
    while world.step().is_some() {}
    let causes = [(); 3].map(|()| match a.next(Time(0)) {
        Some(Event::Failed(peer, cause)) => (peer.0, cause),
        other => panic!("{other:?}"),
    });
    assert!(causes.iter().any(|(peer, cause)| *peer == links[0] && matches!(cause, Cause::Died(_))));
    assert!(causes.contains(&(links[1], Cause::Left)));
    assert!(causes.contains(&(links[2], Cause::Died("killed by signal 9 (SIGKILL)".into()))));
}

#[test]
fn the_dead_are_dead_on_lanes_that_nobody_had_used() {
    let world = World::new(Settings::default());
    let a = world.port(process(0));
    let _b = world.port(process(1));
    world.strike(Fault::Kill { process: process(1), how: "killed by signal 9 (SIGKILL)".into() });
    let mut later = a.beside(2);
    let link = later.connect(process(1));
    while world.step().is_some() {}
    assert!(matches!(later.next(Time(0)), Some(Event::Failed(peer, Cause::Died(_))) if peer.0 == link));
}

#[test]
fn sixty_five_thousand_idle_ports_are_cheap() {
    let world = World::new(Settings::default());
    let mut ports: Vec<Port> = (0..65_536).map(|n| world.port(process(n))).collect();
    // They work, too: a token goes round once.
    for n in 0..ports.len() {
        let to = process((n as u32 + 1) % 65_536);
        let link = ports[n].connect(to);
        ports[n].send(link, Class::Data, frame(1, n as u64), &[]).unwrap();
        assert_eq!(world.step(), Some(to));
        assert!(matches!(ports[to.number as usize].next(Time(0)), Some(Event::Arrival(_))));
    }
    assert_eq!(world.totals().received_frames, 65_536);
    assert_eq!(world.frames_underway(), 0);
    const { assert!(IDLE_PORT_BYTES <= 256) };
}

/// Sends `word` to `to`, asleep while there is no room.
fn send(port: &mut Port, to: u32, word: u64) {
    let link = port.connect(process(to));
    while port.send(link, Class::Data, frame(1, word), &[]) == Err(Refused::Full) {
        port.sleeper().sleep(u64::MAX);
        while !matches!(port.next(Time(0)), None | Some(Event::Room(_))) {}
    }
}

/// The next word, asleep until it comes.
fn receive(port: &mut Port) -> Result<u64, Cause> {
    loop {
        match port.next(Time(0)) {
            Some(Event::Arrival(arrival)) => return Ok(arrival.frame.header[0]),
            Some(Event::Room(_) | Event::Failed(_, Cause::Left)) => {}
            Some(Event::Failed(_, cause)) => return Err(cause),

            None => port.sleeper().sleep(u64::MAX),
        }
    }
}

fn ring(seed: u64, ranks: u32) -> (Vec<Outcome<u64>>, Time) {
    let world = World::new(Settings::shaken(seed));
    let processes: Vec<_> = (0..ranks).map(process).collect();
    let outcomes = world.run(&processes, |mut port| {
        let me = port.me().number;
        port.sleeper().compute(me as u64 * 100);
        let mut word = me as u64;
        for _ in 0..ranks {
            send(&mut port, (me + 1) % ranks, word);
            word = receive(&mut port).unwrap();
        }
        port.leave();
        word
    });
    (outcomes.unwrap(), world.now())
}

#[test]
fn ranks_pass_one_token() {
    for seed in 0..4 {
        let (outcomes, end) = ring(seed, 16);
        assert_eq!(outcomes, (0..16).map(Outcome::Returned).collect::<Vec<_>>());
        assert_eq!(ring(seed, 16).1, end, "the same seed takes the same time");
    }
    assert_ne!(ring(1, 16).1, ring(2, 16).1);
}

#[test]
fn a_deadlock_is_reported() {
    for timeout_ns in [u64::MAX, 250_000_000] {
        let world = World::new(Settings::default());
        let ended = world.run(&[process(0), process(1), process(2)], |mut port| {
            if port.me().number == 2 {
                port.leave();
                return;
            }
            loop {
                assert!(port.next(Time(0)).is_none());
                port.sleeper().sleep(timeout_ns);
            }
        });
        let report = ended.unwrap_err().report;
        assert!(report.contains("all 2 ranks wait") && report.contains("process 1 sleeps since"), "{report}");
    }
}

#[test]
fn a_long_computation_is_no_deadlock() {
    let world = World::new(Settings::default());
    let outcomes = world.run(&[process(0), process(1)], |mut port| match port.me().number {
        0 => {
            port.sleeper().compute(3_600_000_000_000);
            send(&mut port, 1, 5);
            port.leave();
            0
        }
        _ => loop {
            match port.next(Time(0)) {
                Some(Event::Arrival(arrival)) => break arrival.frame.header[0],
                _ => port.sleeper().sleep(250_000_000),
            }
        },
    });
    assert_eq!(outcomes.unwrap(), [Outcome::Returned(0), Outcome::Returned(5)]);
}

#[test]
fn killing_a_rank_ends_its_thread_and_wakes_the_others() {
    let world = World::new(Settings::default());
    world.strike_at(
        Time(5_000),
        Fault::Kill { process: process(1), how: "killed by signal 9 (SIGKILL)".into() },
    );
    let outcomes = world.run(&[process(0), process(1)], |mut port| {
        port.connect(process(1 - port.me().number));
        receive(&mut port).unwrap_err()
    });
    let died = Cause::Died("killed by signal 9 (SIGKILL)".into());
    assert_eq!(outcomes.unwrap(), [Outcome::Returned(died), Outcome::Killed]);
}

#[test]
fn a_panicking_rank_is_a_death_for_the_others() {
    let world = World::new(Settings::default());
    let outcomes = world.run(&[process(0), process(1)], |mut port| {
        port.connect(process(1 - port.me().number));
        assert_eq!(port.me().number, 0, "planned");
        receive(&mut port).unwrap_err()
    });
    let outcomes = outcomes.unwrap();
    assert!(matches!(&outcomes[0], Outcome::Returned(Cause::Died(_))));
    assert!(matches!(&outcomes[1], Outcome::Panicked(text) if text.contains("planned")));
}
