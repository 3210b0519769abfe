//! Messages between ranks as threads, through the whole stack below the typed API.

use std::sync::OnceLock;
use std::time::Duration;

use archipelago_runtime::{Comm, Started, harness};
use engine::active::{Delivered, Handler, ObjectId, Outcome};
use engine::{Error, Mode, Source, Status, TagPattern, TypeName, TypeTag};

const U64: TypeTag = TypeTag { signature: 64, name: TypeName::Made(|| "u64".into()), ..TypeTag::BYTES };
const F32: TypeTag = TypeTag { signature: 32, name: TypeName::Made(|| "f32".into()), ..TypeTag::BYTES };

fn send(comm: &Comm, to: usize, tag: i32, data: &[u8]) {
    // SAFETY: the slice is borrowed for the call.
    unsafe { comm.send(to, tag, U64, data.as_ptr(), data.len(), Mode::Standard) }.unwrap();
}

fn receive(comm: &Comm, source: Source, tag: TagPattern, bytes: usize) -> Result<(Vec<u8>, Status), Error> {
    let mut buffer = vec![0xee; bytes];
    // SAFETY: the buffer is borrowed for the call.
    let status = unsafe { comm.receive(source, tag, U64, buffer.as_mut_ptr(), bytes) }?;
    buffer.truncate(status.bytes);
    Ok((buffer, status))
}

fn pattern(bytes: usize, seed: usize) -> Vec<u8> {
    (0..bytes).map(|i| (i * 31 + seed * 7 + (i >> 8)) as u8).collect()
}

fn all<R>(outcomes: Vec<Result<R, String>>) -> Vec<R> {
    outcomes.into_iter().map(|outcome| outcome.unwrap()).collect()
}

#[test]
fn every_size_arrives_whole_around_a_ring() {
    let sizes = [0, 1, 8, 31, 32, 33, 64, 1000, 4096, 8192, 16_384, 16_385, 65_536, 1 << 20, (1 << 22) + 3];
    for ranks in [1, 2, 3, 7] {
        all(harness::run(ranks, |process| {
            let world = process.world();
            let (me, n) = (world.rank(), world.size());
            for (tag, &bytes) in sizes.iter().enumerate() {
                let data = pattern(bytes, me);
                // SAFETY: `data` lives until the wait below.
                let sent = unsafe {
                    world.start_send((me + 1) % n, tag as i32, U64, data.as_ptr(), bytes, Mode::Standard)
                };
                let left = (me + n - 1) % n;
                let (got, status) =
                    receive(&world, Source::Rank(left), TagPattern::Tag(tag as i32), bytes).unwrap();
                assert_eq!((status.source, status.tag, status.bytes), (left, tag as i32, bytes));
                assert!(got == pattern(bytes, left), "{bytes} bytes from {left}");
                if let Started::Pending(request) = sent.unwrap() {
                    world.wait(request).unwrap();
                }
            }
        }));
    }
}

#[test]
fn messages_of_one_pair_and_tag_keep_their_order() {
    all(harness::run(2, |process| {
        let world = process.world();
        for i in 0..20_000u64 {
            if world.rank() == 0 {
                let bytes = [8, 40, 3000][i as usize % 3];
                let mut data = vec![0; bytes];
                data[..8].copy_from_slice(&i.to_le_bytes());
                send(&world, 1, 5, &data);
            } else {
                let (data, _) = receive(&world, Source::Any, TagPattern::Any, 3000).unwrap();
                assert_eq!(u64::from_le_bytes(data[..8].try_into().unwrap()), i);
            }
        }
    }));
}

#[test]
fn wildcards_take_what_comes_and_tags_select() {
    all(harness::run(4, |process| {
        let world = process.world();
        if world.rank() == 0 {
            let (late, _) = receive(&world, Source::Rank(3), TagPattern::Tag(9), 8).unwrap();
            assert_eq!(late, b"tag nine");
            let mut seen = [0; 4];
            for _ in 0..30 {
                let (data, status) = receive(&world, Source::Any, TagPattern::Tag(1), 100).unwrap();
                assert_eq!(data, pattern(50, status.source));
                seen[status.source] += 1;
            }
            assert_eq!(seen, [0, 10, 10, 10]);
        } else {
            for _ in 0..10 {
                send(&world, 0, 1, &pattern(50, world.rank()));
            }
            if world.rank() == 3 {
                send(&world, 0, 9, b"tag nine");
            }
        }
    }));
}

#[test]
fn a_short_buffer_and_a_wrong_type_keep_the_message() {
    all(harness::run(2, |process| {
        let world = process.world();
        if world.rank() == 0 {
            send(&world, 1, 0, &pattern(100, 0));
            send(&world, 1, 1, &pattern(100_000, 1));
            return;
        }
        for (tag, bytes) in [(0, 100), (1, 100_000)] {
            let source = Source::Rank(0);
            let error = receive(&world, source, TagPattern::Tag(tag), 99).unwrap_err();
            assert_eq!(error, Error::Truncated { have: 99, need: bytes, source: 0, tag, kept: true });
            let mut wrong = vec![0u8; bytes];
            // SAFETY: the buffer is borrowed for the call.
            let error =
                unsafe { world.receive(source, TagPattern::Tag(tag), F32, wrong.as_mut_ptr(), bytes) }
                    .unwrap_err();
            let (expected, found) = ("f32".to_string(), "u64".to_string());
            assert_eq!(error, Error::TypeMismatch { expected, found, source: 0, tag });
            let (data, _) = receive(&world, source, TagPattern::Tag(tag), bytes).unwrap();
            assert!(data == pattern(bytes, tag as usize));
        }
    }));
}

#[test]
fn a_receive_that_cuts_takes_what_it_has_room_for_and_fails() {
    const CUT: TypeTag = TypeTag { cuts: true, ..U64 };
    all(harness::run(2, |process| {
        let world = process.world();
        for (round, bytes) in [20, 100, 5000, 100_000, 3_000_001].into_iter().enumerate() {
            let (first, second, other) = (pattern(bytes, round), pattern(bytes - 1, 9), 1 - world.rank());
            for room in [0, 1, bytes / 2, bytes - 1] {
                // Two messages each way, whose sends are waited for before the receives, which are posted before or after
                // the messages come.
                for early in [true, false] {
                    let mut rooms = [vec![0xee; bytes], vec![0xee; bytes]];
                    let post = |rooms: &mut [Vec<u8>; 2]| {
                        [(0, room), (1, bytes)].map(|(at, room)| {
                            let (from, tag) = (Source::Rank(other), TagPattern::Any);
                            // SAFETY: the rooms live until the waits below.
                            unsafe { world.start_receive(from, tag, CUT, rooms[at].as_mut_ptr(), room) }
                        })
                    };
                    let posted = early.then(|| post(&mut rooms));
                    let sent = [&first, &second].map(|data| {
                        let (from, length) = (data.as_ptr(), data.len());
                        // SAFETY: as above.
                        unsafe { world.start_send(other, 4, U64, from, length, Mode::Standard) }.unwrap()
                    });
                    let posted = posted.unwrap_or_else(|| post(&mut rooms));
                    for sent in sent {
                        if let Started::Pending(request) = sent {
                            world.wait(request).unwrap();
                        }
                    }
                    let outcomes = posted.map(|started| match started.unwrap() {
                        Started::Done(status) => Ok(status),
                        Started::Pending(request) => world.wait(request),
                    });
                    let cut =
                        Error::Truncated { have: room, need: bytes, source: other, tag: 4, kept: false };
                    assert_eq!(outcomes[0], Err(cut));
                    assert_eq!(outcomes[1].as_ref().map(|status| status.bytes), Ok(bytes - 1));
                    assert!(rooms[0][..room] == first[..room], "{bytes} bytes into {room}");
                    assert!(rooms[0][room..].iter().all(|byte| *byte == 0xee), "{bytes} bytes into {room}");
                    assert!(rooms[1][..bytes - 1] == second[..], "{bytes} bytes into {room}");
                }
            }
        }
    }));
}

#[test]
fn a_matched_probe_holds_its_message_and_a_probe_leaves_it() {
    all(harness::run(2, |process| {
        let world = process.world();
        if world.rank() == 0 {
            for bytes in [8, 500, 200_000] {
                send(&world, 1, 3, &pattern(bytes, 2));
            }
            return;
        }
        for bytes in [8, 500, 200_000] {
            assert_eq!(world.probe(Source::Any, TagPattern::Any).unwrap().bytes, bytes);
            let (message, status) = world.matched_probe(Source::Any, TagPattern::Tag(3)).unwrap();
            assert_eq!((status.bytes, status.source), (bytes, 0));
            let mut data = vec![0; bytes];
            // SAFETY: the buffer is borrowed for the call.
            unsafe { world.receive_message(message, U64, data.as_mut_ptr(), bytes) }.unwrap();
            assert!(data == pattern(bytes, 2));
            // SAFETY: as above.
            let again = unsafe { world.receive_message(message, U64, data.as_mut_ptr(), bytes) };
            assert_eq!(again, Err(Error::StaleRequest));
        }
        assert_eq!(world.try_probe(Source::Any, TagPattern::Any).unwrap(), None);
    }));
}

#[test]
fn ten_thousand_unexpected_messages_from_each_stay_within_the_bound() {
    for bytes in [0, 8, 100, 4000, 20_000] {
        let count = if bytes > 4000 { 1000 } else { 10_000 };
        let senders = 3;
        all(harness::run(senders + 1, |process| {
            let world = process.world();
            if world.rank() > 0 {
                let data = pattern(bytes, world.rank());
                let start = |_| {
                    // SAFETY: `data` outlives the waits below.
                    unsafe { world.start_send(0, 0, U64, data.as_ptr(), bytes, Mode::Standard) }.unwrap()
                };
                let requests: Vec<_> = (0..count).map(start).collect();
                send(&world, 0, 1, b"all sent");
                for request in requests {
                    if let Started::Pending(request) = request {
                        world.wait(request).unwrap();
                    }
                }
                return;
            }
            for rank in 1..=senders {
                receive(&world, Source::Rank(rank), TagPattern::Tag(1), 8).unwrap();
            }
            for _ in 0..count {
                for rank in 1..=senders {
                    let (data, _) = receive(&world, Source::Rank(rank), TagPattern::Tag(0), bytes).unwrap();
                    assert!(data == pattern(bytes, rank));
                }
            }
            let most = process.counters().unexpected_bytes_max;
            let bound = engine::credit::POOL_BYTES + 128 * (count * senders + senders) as u64;
            assert!(most <= bound, "{most} bytes of unexpected messages, bound {bound}");
        }));
    }
}

/// A handler of messages that don't come.
struct Idle;

// SAFETY: it gives no memory.
unsafe impl Handler for Idle {
    fn room(&mut self, _: usize) -> Result<engine::Pointer, String> {
        Err("nothing is expected".into())
    }

    fn handle(&mut self, _: Delivered<'_>) -> Outcome {
        Outcome::Kept
    }
}

#[test]
fn who_serves_objects_sleeps_while_a_peer_has_no_room() {
    const COUNT: usize = 10_000;
    let sender = OnceLock::new();
    all(harness::run(2, |process| {
        let world = process.world();
        if world.rank() == 0 {
            world.register(ObjectId::InOrder, U64, Box::new(Idle)).unwrap();
            let data = pattern(8, 0);
            let start = |_| {
                // SAFETY: `data` outlives the waits below.
                unsafe { world.start_send(1, 0, U64, data.as_ptr(), 8, Mode::Standard) }.unwrap()
            };
            let requests: Vec<_> = (0..COUNT).map(start).collect();
            sender.set(process.clone()).ok().unwrap();
            receive(&world, Source::Rank(1), TagPattern::Tag(1), 8).unwrap();
            for request in requests {
                if let Started::Pending(request) = request {
                    world.wait(request).unwrap();
                }
            }
            return;
        }
        // It takes nothing in before the other one sleeps.
        let sender = sender.wait();
        let sleeps = (0..60_000).any(|_| {
            std::thread::sleep(Duration::from_millis(1));
            sender.waits().sleeps > 0
        });
        assert!(sleeps, "it polls for ever");
        send(&world, 0, 1, b"it slept");
        for _ in 0..COUNT {
            assert_eq!(receive(&world, Source::Rank(0), TagPattern::Tag(0), 8).unwrap().0, pattern(8, 0));
        }
    }));
}

#[test]
fn threads_share_one_communicator() {
    all(harness::run(2, |process| {
        let world = process.world();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let world = &world;
                scope.spawn(move || {
                    let peer = 1 - world.rank();
                    for i in 0..2000 {
                        let data = pattern(8 + i % 100, thread);
                        if world.rank() == 0 {
                            send(world, peer, thread as i32, &data);
                        }
                        let (got, _) =
                            receive(world, Source::Rank(peer), TagPattern::Tag(thread as i32), 200).unwrap();
                        assert_eq!(got, data);
                        if world.rank() == 1 {
                            send(world, peer, thread as i32, &got);
                        }
                    }
                });
            }
        });
    }));
}

#[test]
fn a_panic_ends_the_others_waits_and_names_the_rank() {
    let outcomes = harness::run(3, |process| {
        let world = process.world();
        if world.rank() == 1 {
            panic!("out of luck");
        }
        receive(&world, Source::Any, TagPattern::Any, 8).unwrap_err().to_string()
    });
    assert_eq!(outcomes[1], Err("out of luck".into()));
    for rank in [0, 2] {
        let error = outcomes[rank].as_ref().unwrap();
        assert!(error.contains("rank 1 panicked: out of luck"), "{error}");
    }
}

#[test]
fn a_panic_ends_a_large_send_to_the_one_who_panicked() {
    let outcomes = harness::run(2, |process| {
        let world = process.world();
        if world.rank() == 0 {
            receive(&world, Source::Rank(1), TagPattern::Tag(1), 8).unwrap();
            panic!("out of tea");
        }
        send(&world, 0, 1, b"announce");
        let data = pattern(1 << 20, 1);
        // SAFETY: the slice is borrowed for the call.
        unsafe { world.send(0, 0, U64, data.as_ptr(), data.len(), Mode::Standard) }
    });
    assert_eq!(outcomes[0], Err("out of tea".into()));
    assert_eq!(outcomes[1], Ok(Err(Error::Revoked("rank 0 panicked: out of tea".into()))));
}

#[test]
fn a_waker_may_communicate_when_it_goes() {
    struct Nosy(Comm);
    impl std::task::Wake for Nosy {
        fn wake(self: std::sync::Arc<Self>) {}
    }
    impl Drop for Nosy {
        fn drop(&mut self) {
            // An error where the waker goes only when its process leaves; what counts is that this returns.
            let _ = self.0.try_probe(Source::Any, TagPattern::Any);
        }
    }
    all(harness::run(1, |process| {
        let world = process.world();
        let mut buffer = [0u8; 8];
        // SAFETY: the buffer lives until the wait below.
        let started = unsafe {
            world.start_receive(Source::Any, TagPattern::Any, U64, buffer.as_mut_ptr(), buffer.len())
        };
        let Ok(Started::Pending(request)) = started else { panic!("nothing was sent") };
        for _ in 0..3 {
            let waker = std::task::Waker::from(std::sync::Arc::new(Nosy(world.clone())));
            assert!(world.poll(request, &mut std::task::Context::from_waker(&waker)).is_pending());
        }
        send(&world, 0, 0, &[5; 8]);
        world.wait(request).unwrap();
        assert_eq!(buffer, [5; 8]);
    }));
}

#[test]
fn who_has_left_starts_nothing_and_waits_for_nothing() {
    all(harness::run(3, |process| {
        let world = process.world();
        let left = |outcome: Result<(), Error>| match outcome {
            Err(Error::Revoked(why)) => assert!(why.contains("has left its job"), "{why}"),
            other => panic!("{other:?}"),
        };
        std::thread::scope(|scope| {
            // Posted before the end or after it.
            let waits = scope.spawn(|| receive(&world, Source::Any, TagPattern::Any, 8).map(drop));
            match world.rank() {
                0 => process.leave(),
                _ => process.finalize().unwrap(),
            }
            match waits.join().unwrap() {
                // Heard before this process had left.
                Err(Error::Deserted { .. }) => {}
                outcome => left(outcome),
            }
        });
        assert!(process.has_left());
        // SAFETY: the bytes are borrowed for the call.
        left(unsafe { world.send(0, 0, U64, [7u8; 8].as_ptr(), 8, Mode::Standard) });
        left(receive(&world, Source::Rank(0), TagPattern::Tag(0), 8).map(drop));
        left(world.try_probe(Source::Any, TagPattern::Any).map(drop));
        left(world.matched_probe(Source::Any, TagPattern::Any).map(drop));
        left(world.duplicate().map(drop));
    }));
}

#[test]
fn cancelled_operations_end_and_leave_nothing() {
    all(harness::run(2, |process| {
        let world = process.world();
        let peer = 1 - world.rank();
        let mut buffer = [0u8; 8];
        // SAFETY: the buffer lives until the wait.
        let request = unsafe {
            world.start_receive(Source::Rank(peer), TagPattern::Tag(4), U64, buffer.as_mut_ptr(), 8)
        };
        let Started::Pending(request) = request.unwrap() else { panic!("nothing was sent") };
        world.cancel(request);
        assert_eq!(world.wait(request), Err(Error::Cancelled));
        let large = pattern(1 << 20, 0);
        if world.rank() == 0 {
            // SAFETY: `large` lives until the wait.
            let sent = unsafe { world.start_send(1, 5, U64, large.as_ptr(), large.len(), Mode::Standard) };
            let Started::Pending(request) = sent.unwrap() else { panic!("too large") };
            world.cancel(request);
            assert_eq!(world.wait(request), Err(Error::Cancelled));
            send(&world, 1, 6, b"go");
        } else {
            receive(&world, Source::Rank(0), TagPattern::Tag(6), 2).unwrap();
            assert_eq!(world.try_probe(Source::Any, TagPattern::Any).unwrap(), None);
        }
    }));
}

#[test]
fn misuse_is_an_error_before_anything_happens() {
    all(harness::run(2, |process| {
        let world = process.world();
        let byte = [0u8];
        // SAFETY: the slice is borrowed for the call.
        let bad_rank = unsafe { world.send(2, 0, U64, byte.as_ptr(), 1, Mode::Standard) };
        assert_eq!(bad_rank, Err(Error::NoSuchRank { rank: 2, size: 2 }));
        // SAFETY: as above.
        let bad_tag = unsafe { world.send(1, -1, U64, byte.as_ptr(), 1, Mode::Standard) };
        assert_eq!(bad_tag, Err(Error::BadTag(-1)));
        assert_eq!(process.counters().peers.messages_sent, 0);
    }));
}

#[test]
fn a_message_in_ready_mode_that_nobody_waits_for_is_counted_and_kept() {
    let counts = harness::run(2, |process| {
        let world = process.world();
        let word = [5u8; 8];
        if world.rank() == 0 {
            // SAFETY: the word lives through both calls.
            unsafe { world.send(1, 1, U64, word.as_ptr(), 8, Mode::Ready) }.unwrap();
            // SAFETY: as above.
            unsafe { world.send(1, 2, U64, word.as_ptr(), 8, Mode::Standard) }.unwrap();
        } else {
            // The second comes after the first, which is unexpected then.
            for tag in [2, 1] {
                let mut room = [0u8; 8];
                let (source, tag) = (Source::Rank(0), TagPattern::Tag(tag));
                // SAFETY: the room lives through the call.
                unsafe { world.receive(source, tag, U64, room.as_mut_ptr(), 8) }.unwrap();
                assert_eq!(room, word);
            }
        }
        process.counters().ready_unposted
    });
    assert_eq!(counts.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [0, 1]);
}
