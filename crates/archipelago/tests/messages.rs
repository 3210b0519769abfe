//! Messages between ranks: every form, every order, every refusal.

use std::time::Duration;

use archipelago::{Comm, Error, Result, Wire};

#[derive(Wire, Clone, Copy, Debug, PartialEq)]
struct Particle {
    position: [f64; 3],
    id: u32,
    alive: bool,
}

fn neighbours(world: &Comm) -> (usize, usize) {
    let (me, n) = (world.rank(), world.size());
    ((me + n - 1) % n, (me + 1) % n)
}

#[archipelago::test(ranks = [1, 2, 3, 7])]
fn values_slices_and_vectors(world: Comm) -> Result<()> {
    let (left, right) = neighbours(&world);
    // Also to oneself: a small message waits where it arrives.
    let particle = Particle { position: [1.0, 2.0, 3.0], id: world.rank() as u32, alive: true };
    world.to(right).send(&particle)?;
    assert_eq!(world.from(left).receive::<Particle>()?, Particle { id: left as u32, ..particle });

    world.to(right).tag(1).send(&[particle; 3][..])?;
    assert_eq!(world.from(left).tag(1).receive::<Vec<Particle>>()?.len(), 3);

    world.to(right).send(&vec!['a', 'ö'])?;
    let mut letters = ['-'; 3];
    let status = world.from(left).receive_into(&mut letters[..])?;
    assert_eq!((status.source, status.count::<char>(), letters), (left, 2, ['a', 'ö', '-']));

    world.to(right).send::<[u64]>(&[])?;
    assert_eq!(world.from(left).receive::<Vec<u64>>()?, []);
    world.to(right).send(&())?;
    world.from(left).receive::<()>()
}

#[archipelago::test(ranks = [2, 3])]
fn all_sizes_in_order(world: Comm) -> Result<()> {
    let (left, right) = neighbours(&world);
    let sizes = [0, 1, 31, 32, 33, 1000, 4096, 20_000, 70_000, 300_000, 2_000_000, 5];
    std::thread::scope(|threads| {
        let sender = threads.spawn(|| {
            for size in sizes {
                let bytes: Vec<u8> = (0..size).map(|i| (i * 7 + size) as u8).collect();
                world.to(right).send(&bytes)?;
            }
            Result::Ok(())
        });
        for size in sizes {
            let bytes: Vec<u8> = world.from(left).receive()?;
            assert_eq!(bytes.len(), size);
            assert!(bytes.iter().enumerate().all(|(i, &byte)| byte == (i * 7 + size) as u8));
        }
        sender.join().unwrap()
    })
}

#[archipelago::test(ranks = [2])]
fn tags_choose_and_wildcards_take_the_first(world: Comm) -> Result<()> {
    if world.rank() == 0 {
        for tag in [5, 3, 4] {
            world.to(1).tag(tag).send(&tag)?;
        }
        world.to(1).send_synchronous(&0)?;
    } else {
        assert_eq!(world.from(0).tag(4).receive::<i32>()?, 4);
        let (first, status) = world.from_any().any_tag().receive_with_status::<i32>()?;
        assert_eq!((first, status.tag, status.source), (5, 5, 0));
        assert_eq!(world.from_any().tag(3).receive::<i32>()?, 3);
        assert_eq!(world.from(0).receive::<i32>()?, 0);
    }
    Ok(())
}

#[archipelago::test(ranks = [1, 2])]
fn a_short_buffer_keeps_the_message(world: Comm) -> Result<()> {
    let other = world.size() - 1 - world.rank();
    world.to(other).tag(9).send(&[1u32, 2, 3])?;
    let mut short = [0u32; 2];
    match world.from(other).tag(9).receive_into(&mut short[..]).unwrap_err() {
        error @ Error::Truncated { have: 2, need: 3, .. } => {
            let text = error.to_string();
            let expected = format!(
                "receive_into from rank {other}, tag 9, on `world` as rank {} of {}: the message has 3 values of u32 and the \
                 buffer has room for 2; the message is kept: receive it into a larger buffer, or as a Vec",
                world.rank(),
                world.size()
            );
            assert_eq!(text, expected);
        }
        error => panic!("{error}"),
    }
    assert!(matches!(
        world.from(other).tag(9).receive::<u32>(),
        Err(Error::Truncated { have: 1, need: 3, .. })
    ));
    assert_eq!(short, [0, 0]);
    assert_eq!(world.from(other).tag(9).receive::<Vec<u32>>()?, [1, 2, 3]);
    Ok(())
}

#[archipelago::test(ranks = [1, 2])]
fn what_is_too_long_is_counted_in_what_both_sides_have(world: Comm) -> Result<()> {
    let other = world.size() - 1 - world.rank();
    let (to, from) = (world.to(other), world.from(other));
    // An array is a value of its own, and a message need not be a whole number of them.
    to.send(&[1.0f64; 5])?;
    let error = from.receive_into(&mut [0.0f64; 4]).unwrap_err();
    assert!(matches!(error, Error::Truncated { have: 4, need: 5, .. }), "{error}");
    assert!(
        error.to_string().contains("the message has 5 values of f64 and the buffer has room for 4"),
        "{error}"
    );
    let error = from.receive::<[f64; 4]>().unwrap_err();
    assert!(error.to_string().contains("5 values of f64 and the buffer has room for 4"), "{error}");
    assert_eq!(from.receive::<Vec<f64>>()?, [1.0; 5]);
    to.send(&[[7u16; 3]; 3])?;
    let error = from.receive_into(&mut [[0u16; 3]; 2]).unwrap_err();
    assert!(matches!(error, Error::Truncated { have: 6, need: 9, .. }), "{error}");
    assert!(error.to_string().contains("9 values of u16 and the buffer has room for 6"), "{error}");
    assert_eq!(from.receive::<Vec<[u16; 3]>>()?, [[7; 3]; 3]);
    Ok(())
}

#[archipelago::test(ranks = [1, 2])]
fn another_type_is_an_error_that_names_both(world: Comm) -> Result<()> {
    let other = world.size() - 1 - world.rank();
    world.to(other).send(&Particle { position: [0.0; 3], id: 1, alive: false })?;
    for error in [
        world.from(other).receive::<u64>().unwrap_err(),
        world.from(other).receive::<Vec<u64>>().unwrap_err(),
        world.from(other).receive_into(&mut [0u64; 9][..]).unwrap_err(),
    ] {
        let text = error.to_string();
        assert!(matches!(error, Error::WrongType { .. }), "{text}");
        assert!(
            text.contains("made of messages::Particle ({f64 x3, u32, bool}), and this receive asks for u64"),
            "{text}"
        );
    }
    // Three f64, an u32 and a bool are what was sent.
    let parts: ([f64; 3], u32, bool) = world.from(other).receive()?;
    assert_eq!(parts, ([0.0; 3], 1, false));
    Ok(())
}

#[archipelago::test(ranks = [1, 2])]
fn another_number_of_values_is_an_error(world: Comm) -> Result<()> {
    let other = world.size() - 1 - world.rank();
    world.to(other).send(&[1.0; 4])?;
    assert!(matches!(
        world.from(other).receive::<Vec<[f64; 3]>>(),
        Err(Error::WrongCount { found: 32, expected: 24, .. })
    ));
    assert_eq!(world.from(other).receive::<Vec<[f64; 2]>>()?, [[1.0; 2]; 2]);
    world.to(other).send(&1.0)?;
    assert!(matches!(
        world.from(other).receive::<[f64; 2]>(),
        Err(Error::WrongCount { found: 8, expected: 16, .. })
    ));
    Ok(())
}

#[archipelago::test(ranks = [1, 3])]
fn addresses_are_checked_by_the_verb(world: Comm) -> Result<()> {
    let n = world.size();
    let text = world.to(n).send(&1).unwrap_err().to_string();
    assert!(text.starts_with(&format!("send to rank {n}, tag 0, on `world`")), "{text}");
    assert!(text.contains(&format!("there is no rank {n}")), "{text}");
    assert!(matches!(world.from(n).receive::<u8>(), Err(Error::NoSuchRank { .. })));
    assert!(matches!(world.from(n).probe(), Err(Error::NoSuchRank { .. })));
    assert!(matches!(world.to(0).tag(-1).send(&1), Err(Error::BadTag { tag: -1, .. })));
    assert!(matches!(world.from_any().tag(-7).receive::<u8>(), Err(Error::BadTag { tag: -7, .. })));
    assert!(world.to(n).send_owned(vec![1]).wait().is_err());
    assert!(world.scope(|s| world.to(n).start_send(s, &1)?.wait()).is_err());
    Ok(())
}

#[archipelago::test(ranks = [2])]
fn probes_look_and_take(world: Comm) -> Result<()> {
    if world.rank() == 0 {
        world.to(1).tag(2).send(&[1u16, 2])?;
        world.to(1).tag(2).send(&[3u16])?;
        world.from(1).receive::<()>()?;
        world.to(1).tag(8).send(&[0u8; 100_000][..])
    } else {
        let status = world.from_any().tag(2).probe()?;
        assert_eq!((status.source, status.tag, status.count::<u16>()), (0, 2, 2));
        let first = world.from(0).tag(2).matched_probe()?;
        // The first is taken: the second is next.
        assert_eq!(world.from(0).tag(2).receive::<Vec<u16>>()?, [3]);
        assert!(world.from_any().any_tag().try_probe()?.is_none());
        assert!(world.from_any().any_tag().try_matched_probe()?.is_none());
        assert_eq!(first.receive::<Vec<u16>>()?, [1, 2]);
        world.to(0).send(&())?;
        let large = loop {
            if let Some(message) = world.from(0).tag(8).try_matched_probe()? {
                break message;
            }
        };
        // Given back, it can be received by others.
        drop(large);
        let mut buffer = vec![1u8; 100_000];
        let status = world.from(0).tag(8).matched_probe()?.receive_into(&mut buffer)?;
        assert_eq!((status.bytes, buffer), (100_000, vec![0; 100_000]));
        Ok(())
    }
}

#[archipelago::test(ranks = [1, 2])]
fn a_message_that_comes_back_finds_the_receive_that_waits(world: Comm) -> Result<()> {
    let other = world.size() - 1 - world.rank();
    for (tag, size) in [(0, 3), (1, 1000), (2, 3_000_000)] {
        let sent = world.to(other).tag(tag).send_owned(vec![7u8; size]);
        let held = world.from(other).tag(tag).matched_probe()?;
        let mut incoming = world.from(other).tag(tag).receive_owned(vec![0u8; size]);
        assert!(!incoming.test());
        drop(held);
        assert_eq!(incoming.wait()?.0, vec![7u8; size]);
        sent.wait()?;
    }
    Ok(())
}

#[archipelago::test(ranks = [1, 2])]
fn a_message_that_does_not_fit_goes_to_the_next_receive_that_waits(world: Comm) -> Result<()> {
    let other = world.size() - 1 - world.rank();
    for size in [3, 1000, 3_000_000] {
        let short = world.from(other).receive_owned(vec![0u8; 2]);
        let typed = world.from(other).receive_owned(vec![0u16; size]);
        let right = world.from(other).receive_owned(vec![0u8; size]);
        let sent = world.to(other).send_owned(vec![9u8; size]);
        assert!(matches!(short.wait().unwrap_err().error, Error::Truncated { have: 2, .. }));
        assert!(matches!(typed.wait().unwrap_err().error, Error::WrongType { .. }));
        assert_eq!(right.wait()?.0, vec![9u8; size]);
        sent.wait()?;
    }
    Ok(())
}

#[archipelago::test(ranks = [1, 2, 5])]
fn scopes_wait_for_what_they_started(world: Comm) -> Result<()> {
    let (left, right) = neighbours(&world);
    let edge = vec![world.rank() as u64; 50_000];
    let mut ghosts = vec![vec![0u64; 50_000]; 3];
    world.scope(|s| {
        for (i, ghost) in ghosts.iter_mut().enumerate() {
            // Dropped: the scope waits.
            world.from(left).tag(i as i32).start_receive(s, ghost)?;
        }
        for i in 0..3 {
            world.to(right).tag(i).start_send(s, &edge)?;
        }
        Ok(())
    })?;
    assert!(ghosts.iter().all(|ghost| *ghost == vec![left as u64; 50_000]));

    // Of a packed type, and waited for in another order.
    let mut flags = [false; 4];
    let sum = world.scope(|s| {
        let (first, rest) = flags.split_at_mut(1);
        let one = world.from(left).tag(1).start_receive(s, first)?;
        let mut three = world.from(left).tag(2).start_receive(s, rest)?;
        let values = [true, true, false];
        world.to(right).tag(2).send(&values)?;
        while !three.test() {
            std::thread::yield_now();
        }
        let (three, status) = three.wait_with_status()?;
        assert_eq!((&*three, status.source, status.count::<bool>()), (&values[..], left, 3));
        world.to(right).tag(1).send(&true)?;
        Ok(one.wait()?.len() + three.len())
    })?;
    assert_eq!((sum, flags), (4, [true, true, true, false]));
    Ok(())
}

#[archipelago::test(ranks = [1, 2])]
fn a_scope_that_ends_with_an_error_cancels(world: Comm) -> Result<()> {
    let other = world.size() - 1 - world.rank();
    let mut buffer = vec![7u8; 1_000_000];
    let huge = vec![1u8; 4_000_000];
    let outcome = world.scope(|s| {
        let _never = world.from(other).tag(100).start_receive(s, &mut buffer)?;
        let _announced = world.to(other).tag(200).start_send(s, &huge)?;
        world.to(99).send(&1)
    });
    assert!(matches!(outcome, Err(Error::NoSuchRank { rank: 99, .. })));
    assert!(buffer.iter().all(|&byte| byte == 7));

    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        world.scope(|s| -> Result<()> {
            let _never = world.from(other).tag(100).start_receive(s, &mut buffer)?;
            std::panic::resume_unwind(Box::new("on purpose"))
        })
    }));
    assert_eq!(panicked.unwrap_err().downcast_ref::<&str>(), Some(&"on purpose"));
    // A caught panic does no harm, and nothing of the scopes is left.
    world.to(other).send(&5)?;
    assert_eq!(world.from(other).receive::<i32>()?, 5);
    assert!(world.from(other).tag(200).try_probe()?.is_none());
    Ok(())
}

#[archipelago::test(ranks = [1, 2])]
fn owned_operations_may_be_dropped_and_forgotten(world: Comm) -> Result<()> {
    let other = world.size() - 1 - world.rank();
    drop(world.to(other).tag(1).send_owned(vec![3u8; 500_000]));
    std::mem::forget(world.from(other).tag(2).receive_owned(vec![0u8; 10]));
    drop(world.from(other).tag(3).receive_owned([0u64; 2]));
    assert_eq!(world.from(other).tag(1).receive::<Vec<u8>>()?, vec![3u8; 500_000]);
    // The forgotten receive takes its message; the dropped one does not.
    world.to(other).tag(2).send(&[1u8])?;
    world.to(other).tag(3).send(&[1u64, 2])?;
    assert_eq!(world.from(other).tag(3).receive::<[u64; 2]>()?, [1, 2]);
    Ok(())
}

#[archipelago::test(ranks = [1, 2])]
fn owned_receives_can_be_cancelled(world: Comm) -> Result<()> {
    let mut incoming = world.from_any().any_tag().receive_owned(vec![false; 3]);
    assert!(!incoming.test());
    incoming.cancel();
    let failed = incoming.wait().unwrap_err();
    assert!(matches!(failed.error, Error::Cancelled { .. }));
    assert_eq!(failed.buffer, [false; 3]);
    assert!(failed.to_string().contains("receive_owned from any rank"), "{failed}");
    Ok(())
}

#[archipelago::test(ranks = [2])]
fn operations_are_futures_on_any_executor(world: Comm) -> Result<()> {
    let other = 1 - world.rank();
    if world.rank() == 1 {
        // Long enough for the other's progress thread to sleep.
        std::thread::sleep(Duration::from_millis(50));
    }
    let task = async {
        let sent = world.to(other).send_owned(vec![world.rank(); 30_000]);
        let (received, status) = world.from(other).receive_owned(vec![usize::MAX; 30_000]).await?;
        assert_eq!((received, status.source), (vec![other; 30_000], other));
        let packed = world.from(other).tag(1).receive_owned(vec!['?'; 2]);
        world.to(other).tag(1).send_owned(['a', 'b']).await?;
        assert_eq!(packed.await?.0, ['a', 'b']);
        sent.await?;
        Result::Ok(())
    };
    block_on(task)
}

/// The smallest executor.
fn block_on<F: Future>(future: F) -> F::Output {
    use std::sync::Arc;
    use std::task::{Context, Poll, Wake};
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let mut future = std::pin::pin!(future);
    let waker = Arc::new(Unpark(std::thread::current())).into();
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

#[archipelago::test(ranks = [1, 2])]
fn persistent_operations_start_again(world: Comm) -> Result<()> {
    let other = world.size() - 1 - world.rank();
    let mut outgoing = world.to(other).persistent_send(vec![0u64; 10_000]);
    let mut incoming = world.from(other).persistent_receive(vec![0u64; 20_000]);
    assert_eq!(incoming.wait()?.len(), 20_000);
    for round in 0..20 {
        incoming.start()?;
        outgoing.wait()?.fill(round);
        outgoing.start()?;
        assert_eq!(incoming.wait()?, vec![round; 10_000]);
        assert_eq!(incoming.status().map(|status| status.source), Some(other));
    }
    incoming.start()?;
    // Dropped while it waits: cancelled.
    drop(incoming);
    assert!(outgoing.into_buffer()?.iter().all(|&value| value == 19));
    assert!(world.to(77).persistent_send(1u8).start().is_err());
    Ok(())
}

#[archipelago::test(ranks = [1, 4])]
fn any_thread_may_send_and_receive(world: Comm) -> Result<()> {
    let n = world.size();
    std::thread::scope(|threads| {
        let workers: Vec<_> = (0..3)
            .map(|tag| {
                let world = world.clone();
                threads.spawn(move || {
                    let sent: Vec<_> =
                        (0..n).map(|to| world.to(to).tag(tag).send_owned(vec![tag; 5_000])).collect();
                    for _ in 0..n {
                        assert_eq!(world.from_any().tag(tag).receive::<Vec<i32>>()?, vec![tag; 5_000]);
                    }
                    sent.into_iter().try_for_each(|sent| sent.wait().map(drop)).map_err(Error::from)
                })
            })
            .collect();
        workers.into_iter().try_for_each(|worker| worker.join().unwrap())
    })
}

#[archipelago::test(ranks = [2])]
fn messages_are_counted(world: Comm) -> Result<()> {
    let other = 1 - world.rank();
    world.to(other).send(&[1u64, 2, 3])?;
    world.from(other).receive::<[u64; 3]>()?;
    let peers = world.peer_counters();
    let (_, counters) = peers.iter().find(|(rank, _)| *rank == other).unwrap();
    assert_eq!((counters.messages_sent, counters.bytes_sent), (1, 24));
    assert_eq!((counters.messages_received, counters.bytes_received), (1, 24));
    assert!(world.counters().peers.messages_sent >= 1);
    Ok(())
}

#[test]
fn when_one_rank_fails_the_others_waits_end_naming_it() {
    let told = std::sync::Mutex::new(Vec::new());
    let outcome = std::panic::catch_unwind(|| {
        archipelago::testing::run(3, |world| {
            if world.rank() == 1 {
                std::panic::resume_unwind(Box::new("boom".to_owned()));
            }
            let error = world.from(1).receive::<u8>().unwrap_err();
            told.lock().unwrap().push(error.to_string());
        })
    });
    let panic = outcome.unwrap_err();
    assert_eq!(panic.downcast_ref::<String>().unwrap(), "rank 1 of 3 failed: boom");
    let told = told.into_inner().unwrap();
    assert_eq!(told.len(), 2);
    assert!(told.iter().all(|text| text.contains("rank 1 panicked: boom")), "{told:?}");
}

#[test]
fn whole_programs_find_their_world_in_a_test() {
    fn program() -> Result<()> {
        let world = archipelago::init()?;
        assert!(archipelago::init().is_err() || world.size() > 0);
        let (left, right) = neighbours(&world);
        world.to(right).send(&world.rank())?;
        assert_eq!(world.from(left).receive::<usize>()?, left);
        world.finalize()
    }
    archipelago::testing::run(3, |_| program());
}
