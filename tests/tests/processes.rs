//! The same program as processes: what `#[archipelago::test(processes = true)]` starts.

use archipelago::prelude::*;
use archipelago::{Error, Result};

#[archipelago::test(ranks = [1, 2, 4], processes = true)]
fn ranks_are_processes(world: Comm) -> Result<()> {
    let (me, n) = (world.rank(), world.size());
    let mut pids = world.all_gather(&[std::process::id()])?;
    pids.sort();
    pids.dedup();
    assert_eq!(pids.len(), n);

    let (left, right) = ((me + n - 1) % n, (me + 1) % n);
    for count in [1, 1000, 1_000_000] {
        let mine: Vec<u64> = (0..count).map(|i| i * me as u64).collect();
        let mut theirs = vec![0; count as usize];
        world.scope(|s| {
            let incoming = world.from(left).start_receive(s, &mut theirs)?;
            world.to(right).start_send(s, &mine)?.wait()?;
            incoming.wait().map(drop)
        })?;
        assert!(theirs.iter().enumerate().all(|(i, &value)| value == (i * left) as u64));
        let sum = (n * (n - 1) / 2) as u64;
        assert_eq!(world.all_reduce(&mine, Sum)?, (0..count).map(|i| i * sum).collect::<Vec<_>>());
    }
    Ok(())
}

/// Threads with communicators of their own, beside a rank that computes while others wait for it.
#[archipelago::test(ranks = [2, 3, 4], processes = true)]
fn processes_have_threads_and_lanes(world: Comm) -> Result<()> {
    let (me, n) = (world.rank(), world.size());
    let (left, right) = ((me + n - 1) % n, (me + 1) % n);
    let comms: Vec<Comm> = (0..3).map(|_| world.duplicate()).collect::<Result<_>>()?;
    std::thread::scope(|scope| {
        let around = |comm: &Comm| -> Result<()> {
            for round in 0..50 {
                let words = [1, 100, 20_000][round % 3];
                let sent = comm.to(right).send_owned(vec![me + round; words]);
                assert_eq!(comm.from_any().receive::<Vec<usize>>()?, vec![left + round; words]);
                sent.wait()?;
                assert_eq!(comm.all_reduce(round, Sum)?, n * round);
            }
            Ok(())
        };
        let threads: Vec<_> = comms.iter().map(|comm| scope.spawn(move || around(comm))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| panic!("a thread")))
    })?;
    // Rank 0 is not in a call until it hears, on another way than messages, that the others' part is done.
    world.start_progress_thread().expect("the system has threads");
    let token = std::env::temp_dir()
        .join(format!("archipelago-threads-{}", world.all_reduce(std::process::id(), Max)?));
    let sum = comms[0].prepare().all_reduce(vec![me; 50_000], Sum).owned();
    if me == 0 {
        for _ in 0..12_000 {
            if token.exists() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        assert!(token.exists(), "the progress thread has not taken part");
    }
    assert_eq!(sum.wait()?, vec![n * (n - 1) / 2; 50_000]);
    if me == 1 {
        std::fs::write(&token, []).expect("a file for all to see");
    }
    world.barrier()?;
    if me == 0 {
        std::fs::remove_file(&token).expect("it was there");
    }
    Ok(())
}

#[archipelago::test(ranks = [3], processes = true)]
fn a_short_buffer_keeps_the_message_of_another_process(world: Comm) -> Result<()> {
    if world.rank() > 0 {
        return world.to(0).tag(world.rank() as i32).send(&vec![world.rank() as u8; 100_000]);
    }
    for source in [2, 1] {
        let tag = source as i32;
        let short = world.from(source).tag(tag).receive_into(&mut [0u8; 10][..]);
        assert!(matches!(short, Err(Error::Truncated { have: 10, need: 100_000, .. })));
        assert_eq!(world.from_any().tag(tag).receive::<Vec<u8>>()?, vec![source as u8; 100_000]);
    }
    Ok(())
}

#[archipelago::test(ranks = [2], processes = true)]
#[should_panic(expected = "rank 1 of 2 failed: on purpose")]
fn one_ranks_failure_fails_the_test(world: Comm) -> Result<()> {
    if world.rank() == 1 {
        std::panic::resume_unwind(Box::new("on purpose"));
    }
    // Ends when the job does.
    world.from(1).receive()
}
