//! A peer that speaks in another's name: what it sends is nobody's message, it loses its own connection, and the one whose
//! name it took is heard all the same.

use std::sync::Arc;

use archipelago_engine::collective::{Call, Case, Collective, Operands, named};
use archipelago_engine::{
    Communicator, Config, Data, Error, Group, Lane, Mode, Pointer, Polled, Received, Source, TagPattern,
    TypeTag,
};
use fabric::{Cause, Class, Frame, Host, Peer, Port};
use os::Time;
use wire::{ContextId, JobId, ProcessId};

fn process(number: u32) -> ProcessId {
    ProcessId { job: JobId(9), number, incarnation: 0 }
}

/// Rank 0 is attacked by rank 1, which takes the name of rank 2.
struct Scene {
    lane: Lane,
    world: Communicator,
    liar: Port,
    target: Peer,
    honest: Lane,
    /// What the honest one sends on, and what the two others are called in `world`.
    honest_world: Communicator,
    honest_rank: usize,
    liar_rank: usize,
    buffer: Box<[u8; 8]>,
}

impl Scene {
    fn new() -> Scene {
        let host = Host::create(3).expect("memory to share");
        let config = Config { job_size: 3, ..Config::default() };
        let lane = |number| Lane::new(Port::on_host(&host, number as u16, process(number), 0), config);
        let mut liar = Port::on_host(&host, 1, process(1), 0);
        let target = liar.connect(process(0));
        let (lane, honest) = (lane(0), lane(2));
        Scene {
            lane,
            world: world(0),
            liar,
            target,
            honest,
            honest_world: world(2),
            honest_rank: 2,
            liar_rank: 1,
            buffer: Box::default(),
        }
    }

    /// The same in an inter-communicator, whose other side the two others are.
    fn between_sides() -> Scene {
        let (here, there) = (Group::of(vec![process(0)]), Group::of(vec![process(1), process(2)]));
        let context = ContextId::WORLD;
        let mine = Communicator::new(context, here.clone(), 0, "asks".into()).with_remote(there.clone());
        let theirs = Communicator::new(context, there, 1, "answers".into()).with_remote(here);
        Scene { world: mine, honest_world: theirs, honest_rank: 1, liar_rank: 0, ..Scene::new() }
    }

    fn lie(&mut self, kind: u8, header: [u64; 3], payload: &[u8]) {
        assert!(self.liar.send(self.target, Class::Data, Frame { kind, header }, payload).is_ok());
    }

    fn tell_the_truth(&mut self) {
        let data = Data::Small { bytes: [2; 32], length: 8 };
        assert!(self.honest.send(&self.honest_world, 0, 5, TypeTag::BYTES, data, Mode::Standard).is_ok());
    }

    fn receive(&mut self, source: Source) -> Result<Received, Error> {
        let to = Pointer::new(self.buffer.as_mut_ptr());
        self.lane.receive(&self.world, source, TagPattern::Tag(5), TypeTag::BYTES, to, 8)
    }

    fn progress(&mut self) {
        for turn in 0..2_000 {
            let lane = if turn % 2 == 0 { &mut self.lane } else { &mut self.honest };
            if let Polled::Work(work) = lane.poll(Time(0), None) {
                // SAFETY: the buffers live as long as the scene.
                if let Some(finished) = unsafe { work.run(|_| {}) } {
                    lane.finish(finished);
                }
            }
        }
    }

    /// The honest message is received, and the liar's connection is over.
    fn check(mut self, posted: Option<Received>, source: Source) {
        self.tell_the_truth();
        self.progress();
        let received = posted.or_else(|| self.receive(source).ok());
        match received.expect("the honest one is there") {
            Received::Work(work, status) => {
                // SAFETY: as above.
                assert!(unsafe { work.run(|_| {}) }.is_none());
                assert_eq!(status.source, self.honest_rank);
            }
            Received::Pending(request) => {
                self.progress();
                let outcome = self.lane.take(request).expect("complete");
                assert_eq!(outcome.map(|status| status.source), Ok(self.honest_rank));
            }
        }
        assert_eq!(*self.buffer, [2; 8]);
        let data = Data::Small { bytes: [0; 32], length: 1 };
        let refused = self.lane.send(&self.world, self.liar_rank, 0, TypeTag::BYTES, data, Mode::Standard);
        let lost = |rank| rank == self.liar_rank;
        assert!(
            matches!(refused, Err(Error::PeerFailed { rank: Some(rank), cause: Cause::Protocol(_), .. }) if lost(rank))
        );
        assert_eq!(self.lane.unexpected_bytes(), 0);
    }
}

fn world(rank: usize) -> Communicator {
    Communicator::new(ContextId::WORLD, Group::world(JobId(9), 3), rank, "world".to_owned())
}

const EAGER: u8 = 1;
const RENDEZVOUS: u8 = 2;
const RETRACTED: u8 = 10;
const STEP_FAILED: u8 = 14;

/// "From rank 2, with tag 5."
const NAMED: u64 = 2 << 32 | 5;

#[test]
fn between_two_sides_names_are_those_of_the_other_side() {
    // "From rank 1", who is the honest one; and from one whom that side doesn't have, as many as there are in all.
    for name in [1, 2] {
        for source in [Source::Rank(1), Source::Any] {
            let mut scene = Scene::between_sides();
            let posted = scene.receive(source).expect("posted");
            scene.lie(EAGER, [ContextId::WORLD.0, name << 32 | 5, 0], &[1; 8]);
            scene.progress();
            match (source, posted) {
                // A wildcard is right to end: a member's connection is over.
                (Source::Any, Received::Pending(request)) => {
                    let ended = scene.lane.take(request).expect("ended").err();
                    assert!(matches!(ended, Some(Error::PeerFailed { rank: Some(0), .. })), "{ended:?}");
                    scene.check(None, Source::Rank(1));
                }
                // Nobody has asked for rank 2.
                (_, posted) if name == 1 => scene.check(Some(posted), source),
                _ => {}
            }
        }
    }
}

#[test]
fn a_message_in_anothers_name_is_nobodys() {
    for kind in [EAGER, RENDEZVOUS] {
        let payload = [1; 24];
        let payload = if kind == EAGER { &payload[..8] } else { &payload[..] };
        for posted in [false, true] {
            for source in [Source::Rank(2), Source::Any] {
                let mut scene = Scene::new();
                let receive = if posted { Some(scene.receive(source).expect("posted")) } else { None };
                scene.lie(kind, [ContextId::WORLD.0, NAMED, 0], payload);
                scene.progress();
                if !posted {
                    // Found out when a receive or a probe meets it.
                    let world = world(0);
                    assert_eq!(scene.lane.try_probe(&world, Source::Rank(2), TagPattern::Tag(5)), Ok(None));
                }
                // A wildcard is right to end: a member's connection is over.
                if source == Source::Any {
                    let ended = match receive {
                        Some(Received::Pending(request)) => scene.lane.take(request).expect("ended").err(),
                        _ => match scene.receive(source) {
                            Ok(Received::Pending(request)) => scene.lane.take(request).expect("ended").err(),
                            received => received.err(),
                        },
                    };
                    let protocol = matches!(ended, Some(Error::PeerFailed { rank: Some(1), .. }));
                    assert!(protocol, "{ended:?}");
                    scene.check(None, Source::Rank(2));
                } else {
                    scene.check(receive, source);
                }
            }
        }
    }
}

#[test]
fn a_small_receive_that_looks_directly_is_not_deceived() {
    let mut scene = Scene::new();
    let _ = scene.lane.try_probe(&world(0), Source::Rank(2), TagPattern::Any);
    scene.lie(EAGER, [ContextId::WORLD.0, NAMED, 0], &[1; 8]);
    for source in [Source::Rank(2), Source::Any] {
        let world = world(0);
        let pattern = scene.lane.direct_pattern(&world, source, TagPattern::Any).expect("a pattern");
        for _ in 0..100 {
            let looked = scene.lane.receive_directly(Time(0), &pattern, TypeTag::BYTES, 8);
            assert!(!matches!(looked, archipelago_engine::Direct::Received(..)));
        }
    }
    let _ = scene.receive(Source::Rank(2)).map(|_| ());
}

#[test]
fn who_answers_what_nobody_asked_is_dropped() {
    // (kind, header): a retraction that was not asked for, a type's piece of nobody's message, a kind that there is not.
    for (kind, header) in [(RETRACTED, [1 << 32, 1, 0]), (0x77, [0; 3]), (RENDEZVOUS, [0, NAMED, 0])] {
        let mut scene = Scene::new();
        let bytes = vec![1u8; 100_000];
        let data = Data::Memory { from: Pointer::reading(bytes.as_ptr()), bytes: bytes.len() };
        let sent = scene.lane.send(&world(0), 2, 0, TypeTag::BYTES, data, Mode::Standard);
        let Ok(archipelago_engine::Sent::Pending(send)) = sent else { panic!("announced") };
        scene.lie(kind, header, &[]);
        scene.progress();
        assert!(!scene.lane.is_complete(send), "another's send is none of its business");
        scene.check(None, Source::Rank(2));
    }
}

#[test]
fn only_members_fail_a_collective() {
    use archipelago_engine::collective::{Call, Case, Collective, Operands, Price, choose};
    let mut scene = Scene::new();
    let pair = Group::of(vec![process(0), process(2)]);
    let context = ContextId::new(7, 7);
    let of = |rank| std::sync::Arc::new(Communicator::new(context, pair.clone(), rank, "pair".into()));
    let case = Case::new(Collective::Barrier, 2, 0, 1);
    let algorithm = choose(&case, &Price::SOCKET);
    // Before the collective starts, and while it runs.
    let label = 1 << 63;
    for early in [true, false] {
        let label = if early { label } else { label | 1 << 20 };
        if early {
            scene.lie(STEP_FAILED, [context.0, label, 255 << 56], b"a lie");
            scene.progress();
        }
        let (mine, theirs) = (of(0), of(1));
        if !early {
            mine.next_sequence();
            theirs.next_sequence();
        }
        let call = |rank| Call::new(case, rank, 0);
        let here = scene.lane.start_collective(&mine, &call(0), algorithm, &Operands::NONE).unwrap();
        if !early {
            scene.lie(STEP_FAILED, [context.0, label, 255 << 56], b"a lie");
            scene.progress();
        }
        assert!(!scene.lane.is_complete(here));
        let there = scene.honest.start_collective(&theirs, &call(1), algorithm, &Operands::NONE).unwrap();
        scene.progress();
        assert!(matches!(scene.lane.take(here), Some(Ok(_))));
        assert!(matches!(scene.honest.take(there), Some(Ok(_))));
    }
    scene.check(None, Source::Rank(2));
}

/// A frame of a collective that tells of another call than ours ends it only if a member says so in its own name.
#[test]
fn another_call_in_anothers_name_ends_no_collective() {
    const STEP_EAGER: u8 = 3;
    let (label, mark) = (1u64 << 63, 0x7000_0001u64);
    for (source, ends) in [(2u64, false), (1, true)] {
        let mut scene = Scene::new();
        let case = Case::new(Collective::Barrier, 3, 0, 1);
        let algorithm = named(Collective::Barrier, "linear").unwrap();
        let world = Arc::new(world(0));
        let call = Call::new(case, 0, 0);
        let barrier = scene.lane.start_collective(&world, &call, algorithm, &Operands::NONE).unwrap();
        // No round of a barrier has this number: nobody waits for it.
        scene.lie(STEP_EAGER, [world.context.0, mark << 32 | source, label | 9], &[]);
        scene.progress();
        let outcome = scene.lane.take(barrier);
        let told = matches!(outcome, Some(Err(Error::OtherCall { rank: 1, .. })));
        assert_eq!((told, outcome.is_some()), (ends, ends), "{outcome:?}");
    }
}
