//! Programs that lose ranks and go on. `recover PART [SEED]`.

use std::time::Duration;

use archipelago::prelude::*;
use archipelago::{Error, Result};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let seed = arguments.get(1).and_then(|text| text.parse().ok()).unwrap_or(1);
    match arguments.first().map(String::as_str) {
        Some("shrink") => shrink(seed),
        Some("stop") => stop(),
        Some("wildcard") => wildcard(),
        Some("revoke") => revoke(),
        Some("derived") => derived(),
        Some("sides") => sides(),
        other => panic!("recover: no such part as {other:?}"),
    }
}

fn mix(number: u64) -> u64 {
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

fn die() -> ! {
    let _ = os::signal::send(std::process::id(), os::signal::SIGKILL);
    loop {
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// Ranks work together while some of them are killed, at any moment; the others revoke, agree, shrink and go on.
fn shrink(seed: u64) -> Result<()> {
    const ROUNDS: u64 = 30;
    let world = archipelago::init()?;
    let (me, n) = (world.rank(), world.size());
    let victims = 1 + mix(seed) as usize % (n - 1);
    let mut ranks: Vec<usize> = (0..n).collect();
    ranks.sort_by_key(|rank| mix(seed << 8 ^ *rank as u64));
    let moment = mix(seed << 20 ^ me as u64);
    let is_victim = ranks[..victims].contains(&me);
    // In the midst of anything, or at one of these places.
    let (round_of_death, place_of_death) = (moment % ROUNDS, moment / ROUNDS % 5);
    if is_victim && place_of_death == 4 {
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_micros(moment % 60_000));
            die()
        });
    }
    let mut team = (*world).clone();
    let mut round = 0;
    while round < ROUNDS || team.size() > n - victims {
        let dies_at = |place: u64| {
            // Where nobody else dies before it, some of the places are never come to.
            let is_here = place == place_of_death && round >= round_of_death;
            if is_victim && (is_here || round >= ROUNDS) {
                die();
            }
        };
        dies_at(0);
        let outcome = work(&team, round);
        if let Err(error) = &outcome {
            assert!(
                matches!(error, Error::PeerFailed { .. } | Error::Revoked { .. } | Error::Ended { .. }),
                "round {round}: {error}"
            );
            team.revoke();
            dies_at(1);
        }
        let agreed = team.agree(u64::from(outcome.is_ok()))?;
        dies_at(2);
        if agreed.flags & 1 == 1 {
            round += 1;
        } else {
            team = team.shrink()?;
            dies_at(3);
        }
    }
    assert_eq!(team.size(), n - victims);
    if team.rank() == 0 {
        println!("{} of {n} ranks went on", team.size());
    }
    drop(team);
    world.finalize()
}

/// Something of everything, checked.
fn work(team: &Comm, round: u64) -> Result<()> {
    let (me, n) = (team.rank(), team.size());
    assert_eq!(team.all_reduce(1 + round, Sum)?, n as u64 * (1 + round));
    let bytes = [10, 3_000, 200_000][round as usize % 3];
    let (right, left) = ((me + 1) % n, (me + n - 1) % n);
    let sent = team.to(right).tag(1).send_owned(vec![round as u8; bytes]);
    let got: Vec<u8> = team.from(left).tag(1).receive()?;
    assert!(got == vec![round as u8; bytes]);
    sent.wait()?;
    if me == 0 {
        let mut seen = vec![false; n];
        for _ in 1..n {
            let (from, status) = team.from_any().tag(2).receive_with_status::<usize>()?;
            assert!(from == status.source && !std::mem::replace(&mut seen[from], true));
        }
    } else {
        team.to(0).tag(2).send(&me)?;
    }
    let mut word = [if me == n - 1 { round } else { 0 }; 700];
    team.root(n - 1).broadcast(&mut word)?;
    if let Some(at) = word.iter().position(|word| *word != round) {
        panic!("round {round}: word {at} at {:p} is {:#x}: {team:?}", &word[at], word[at]);
    }
    Ok(())
}

/// Rank 1 is stopped for a while: nobody takes it for dead.
fn stop() -> Result<()> {
    let world = archipelago::init()?;
    let pids = world.all_gather(&[std::process::id()])?;
    if world.rank() == 0 {
        os::signal::send(pids[1], os::signal::SIGSTOP).expect("it is of this user");
        let waiting = world.from(1).receive_owned([0u8; 1]);
        let agreeing = world.agree_owned(3);
        for _ in 0..30 {
            std::thread::sleep(Duration::from_millis(100));
            assert!(world.failed().is_empty(), "a stopped process is not dead");
        }
        os::signal::send(pids[1], os::signal::SIGCONT).expect("it is of this user");
        let agreed = agreeing.wait()?;
        assert_eq!((agreed.flags, agreed.failed.size(), agreed.is_acknowledged), (1, 0, true));
        assert_eq!(waiting.wait()?.0, [7]);
        println!("nobody is dead");
    } else {
        if world.rank() == 1 {
            world.to(0).send(&7u8)?;
        }
        assert_eq!(world.agree(if world.rank() == 1 { 5 } else { 7 })?.flags, 1);
    }
    world.finalize()
}

/// A receive from any rank goes on once the failure is acknowledged; what is done with others is not concerned.
fn wildcard() -> Result<()> {
    let world = archipelago::init()?;
    let (me, n) = (world.rank(), world.size());
    if me == n - 1 {
        die();
    }
    if me == 0 {
        let mut incoming = world.from_any().tag(1).receive_owned(vec![0u64; 4]);
        let mut interrupted = 0;
        while let Err(error) = incoming.ready() {
            let Error::FailurePending { rank, host, cause, .. } = &error else { return Err(error) };
            assert_eq!((*rank, host.as_deref()), (n - 1, Some(os::host::name().as_str())));
            assert!(cause.contains("SIGKILL"), "{cause}");
            interrupted += 1;
            if interrupted == 3 {
                assert_eq!(world.acknowledge_failures().size(), 1);
                // Now somebody is let send.
                world.to(n - 2).send(&0u8)?;
            }
        }
        let (values, status) = incoming.wait()?;
        assert_eq!((interrupted, values, status.source), (3, vec![n as u64; 4], n - 2));
        let named = world.from(n - 1).receive::<u8>();
        assert!(matches!(named, Err(Error::PeerFailed { rank: Some(rank), .. }) if rank == n - 1));
        let agreed = world.agree(1)?;
        assert!(agreed.failed.size() == 1 && agreed.is_acknowledged == (n == 2));
        println!("the others went on");
        return world.finalize();
    }
    if me == n - 2 {
        world.from(0).receive::<u8>()?;
        world.to(0).tag(1).send(&[n as u64; 4])?;
    }
    world.agree(1)?;
    world.finalize()
}

/// Rank 0 revokes, and dies once one has heard of it: whoever waits for others than the dead is told all the same, or that it is dead.
fn revoke() -> Result<()> {
    let world = archipelago::init()?;
    let (me, n) = (world.rank(), world.size());
    let team = world.duplicate()?;
    if me == 0 {
        std::thread::sleep(Duration::from_millis(50));
        team.revoke();
        // One has heard of it: so will all. What nobody has heard of goes with the revoker.
        let _heard: u8 = world.from(1).receive()?;
        die();
    }
    // Everybody waits for the next, who never sends; the last one for the dead.
    let outcome = team.from((me + 1) % n).receive::<u8>();
    let is_right = match &outcome {
        Err(Error::Revoked { by, .. }) => *by == Some(0),
        Err(Error::PeerFailed { rank, .. }) => me == n - 1 && *rank == Some(0),
        _ => false,
    };
    assert!(is_right, "rank {me}: {:?}", outcome.map(drop));
    if me == 1 {
        world.to(0).send(&0u8)?;
    }
    let alive = team.shrink()?;
    assert_eq!((alive.rank(), alive.size()), (me - 1, n - 1));
    assert_eq!(alive.all_reduce(1, Sum)?, n - 1);
    if me == n - 1 {
        println!("all were told");
    }
    drop((alive, team));
    world.finalize()
}

/// The last rank lives and doesn't come to what the others wait in: to the making of a communicator, or with its parts. It revokes.
fn derived() -> Result<()> {
    let world = archipelago::init()?;
    let (me, n) = (world.rank(), world.size());
    let team = world.duplicate()?;
    let parts = || {
        let mut incoming = team.from(n - 1).partitioned_receive(vec![0u8; 100], 4)?;
        incoming.start()?;
        incoming.wait().map(drop)
    };
    let outcome = if me == n - 1 {
        (0..me).try_for_each(|rank| world.from(rank).receive::<u8>().map(drop))?;
        team.revoke();
        team.barrier()
    } else {
        world.to(n - 1).send(&0u8)?;
        if me.is_multiple_of(2) { team.create_from(&team.group(), "late").map(drop) } else { parts() }
    };
    assert!(matches!(outcome, Err(Error::Revoked { by: Some(by), .. }) if by == n - 1), "{me}: {outcome:?}");
    let next = team.shrink()?;
    assert_eq!(next.all_reduce(1, Sum)?, n);
    if me == 0 {
        println!("all went on");
    }
    drop((next, team));
    world.finalize()
}

/// Two sides, each of which loses a rank: those who live go on as two sides.
fn sides() -> Result<()> {
    let world = archipelago::init()?;
    let (me, n) = (world.rank(), world.size());
    let parity = me % 2;
    let side = world.split(Some(parity as u32), 0)?.expect("it gave a colour");
    let inter = side.inter_communicator(0, (side.rank() == 0).then_some((&*world, 1 - parity)), 0)?;
    if me + 2 >= n {
        die();
    }
    // Without them it can't be.
    assert!(inter.barrier().is_err());
    inter.revoke();
    let agreed = inter.agree(0b1100 | 1 << parity)?;
    assert_eq!(agreed.flags, 0b1100 | 1 << (1 - parity), "each side gets what the other gives");
    let alive = inter.shrink()?;
    let of_parity = |parity: usize| (n - 2 + 1 - parity) / 2;
    assert_eq!((alive.size(), alive.remote_size()), (of_parity(parity), of_parity(1 - parity)));
    assert_eq!(alive.all_reduce(&[1usize], Sum)?, [alive.remote_size()]);
    if me == 0 {
        println!("both sides went on");
    }
    drop((alive, inter, side));
    world.finalize()
}
