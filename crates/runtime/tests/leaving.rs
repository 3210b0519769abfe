//! Who leaves, and those who still have to do with them: every wait ends, and nobody reads what is no message any more.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use archipelago_runtime::{Comm, Started, harness};
use engine::{Error, Mode, Source, TagPattern, TypeTag};
use fabric::Cause;

const BYTES: usize = 1 << 20;

fn all<R>(outcomes: Vec<Result<R, String>>) -> Vec<R> {
    outcomes.into_iter().map(|outcome| outcome.unwrap()).collect()
}

/// Sends a large message and lets it go: the lane keeps its buffer.
fn send_and_forget(comm: &Comm, to: usize, fill: u8) {
    let buffer = vec![fill; BYTES];
    // SAFETY: the buffer is kept until the send is complete, and its bytes don't move.
    let sent = unsafe { comm.start_send(to, 0, TypeTag::BYTES, buffer.as_ptr(), BYTES, Mode::Standard) };
    let Ok(Started::Pending(request)) = sent else { panic!("it is announced") };
    comm.detach(request, Some(Box::new(buffer)));
}

fn receive(comm: &Comm, source: Source) -> Result<Vec<u8>, Error> {
    let mut buffer = vec![0xee; BYTES];
    // SAFETY: the buffer is borrowed for the call.
    unsafe { comm.receive(source, TagPattern::Any, TypeTag::BYTES, buffer.as_mut_ptr(), BYTES) }?;
    Ok(buffer)
}

#[test]
fn who_leaves_stays_until_nobody_reads_its_memory() {
    for is_received in [true, false] {
        let left = AtomicBool::new(false);
        all(harness::run(2, |process| {
            let world = process.world();
            if world.rank() == 0 {
                send_and_forget(&world, 1, 7);
                process.leave_within(0);
                left.store(true, Ordering::SeqCst);
                return;
            }
            let (message, _) = world.matched_probe(Source::Rank(0), TagPattern::Any).unwrap();
            // While this rank does not look, nobody can know whether it is reading.
            std::thread::sleep(std::time::Duration::from_millis(20));
            assert!(!left.load(Ordering::SeqCst), "it left a message that is held here");
            if is_received {
                let mut buffer = vec![0xee; BYTES];
                // SAFETY: the buffer is borrowed for the call.
                unsafe { world.receive_message(message, TypeTag::BYTES, buffer.as_mut_ptr(), BYTES) }
                    .unwrap();
                assert!(buffer.iter().all(|byte| *byte == 7));
            } else {
                world.put_back(message);
                // It is forgotten, unless the receive is there before the retraction.
                match receive(&world, Source::Rank(0)) {
                    Ok(bytes) => assert!(bytes.iter().all(|byte| *byte == 7)),
                    Err(Error::PeerFailed { rank: Some(0), cause: Cause::Left, .. }) => {}
                    Err(other) => panic!("{other}"),
                }
            }
        }));
    }
}

#[test]
fn a_message_that_nobody_receives_keeps_nobody() {
    for together in [true, false] {
        all(harness::run(3, |process| {
            let world = process.world();
            for to in 0..3 {
                send_and_forget(&world, to, 1);
            }
            match together {
                true => process.finalize().unwrap(),
                false => process.leave_within(u64::MAX >> 2),
            }
        }));
    }
}

#[test]
fn a_receive_ends_when_its_source_finalises() {
    all(harness::run(3, |process| {
        let world = process.world();
        if world.rank() > 0 {
            // Met by a message, so that the farewell waits for the other's.
            if world.rank() == 1 {
                // SAFETY: nothing is read.
                unsafe { world.send(0, 0, TypeTag::BYTES, [].as_ptr(), 0, Mode::Standard) }.unwrap();
            }
            return process.finalize().unwrap();
        }
        let named = receive(&world, Source::Rank(1));
        assert!(named.is_ok(), "what was sent comes first");
        let named = receive(&world, Source::Rank(1)).unwrap_err();
        assert!(matches!(named, Error::PeerFailed { rank: Some(1), cause: Cause::Left, .. }), "{named}");
        let any = receive(&world, Source::Any).unwrap_err();
        assert_eq!(any, Error::Deserted { ranks: vec![1, 2] });
        assert!(any.to_string().contains("ranks 1 and 2 have left"), "{any}");
        process.finalize().unwrap();
    }));
}

#[test]
fn a_wildcard_ends_when_all_others_have_left() {
    let waiting = AtomicU32::new(0);
    all(harness::run(4, |process| {
        let world = process.world();
        if world.rank() > 0 {
            while waiting.load(Ordering::SeqCst) == 0 {
                std::thread::yield_now();
            }
            return;
        }
        // From two threads: one that owns the lane, and one that waits in line.
        std::thread::scope(|scope| {
            let threads = [0, 1].map(|_| {
                scope.spawn(|| {
                    waiting.fetch_add(1, Ordering::SeqCst);
                    receive(&world, Source::Any).unwrap_err()
                })
            });
            for error in threads.map(|thread| thread.join().unwrap()) {
                assert_eq!(error, Error::Deserted { ranks: vec![1, 2, 3] });
            }
        });
        let probed = world.probe(Source::Any, TagPattern::Any).unwrap_err();
        assert_eq!(probed, Error::Deserted { ranks: vec![1, 2, 3] });
    }));
}

#[test]
fn a_hang_ends_when_patience_does() {
    let patience = std::time::Duration::from_millis(50);
    let outcomes = harness::run_within(patience, 3, engine::Config::default(), |process| {
        // Everybody waits for the next, who sends nothing.
        let world = process.world();
        receive(&world, Source::Rank((world.rank() + 1) % 3)).unwrap_err().to_string()
    });
    // Who hears of it last may first see that another has left because of it.
    let outcomes: Vec<String> = outcomes.into_iter().map(|outcome| outcome.unwrap()).collect();
    assert!(outcomes.iter().any(|outcome| outcome.contains("taken for a hang")), "{outcomes:?}");
}
