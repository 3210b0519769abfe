//! Communicators that some can't make: of those who live, though nobody has died; of a group that others don't give. All who would
//! wait for it are told, and nothing is kept of it.

use std::time::Duration;

use archipelago_runtime::inter::Inter;
use archipelago_runtime::{Comm, harness};
use engine::{Config, Error, Group};

/// Before that nothing is taken for a hang: those who wait for ever are told only then, and of that.
const PATIENCE: Duration = Duration::from_secs(60);

/// Goes through two attempts of `shrink`, each of so many agreements that bring contexts, as one that could not make the
/// communicator.
fn fails_twice(comm: &Comm, agreements: usize) {
    let agree = || {
        let request = comm.start_shrink().unwrap();
        comm.wait(request).unwrap();
        comm.agreed(request).unwrap()
    };
    for _ in 0..2 {
        let mut agreed = agree();
        (1..agreements).for_each(|_| agreed = agree());
        let plain = comm.plain_of(&agreed).unwrap();
        // The all-gather succeeds at all; what this one lacks is memory, or the like.
        drop(plain.duplicate().unwrap());
        assert_eq!(comm.agree(0).unwrap().flags & 1, 0);
    }
}

#[test]
fn who_could_make_it_does_not_wait_for_one_who_could_not() {
    let outcomes = harness::run_within(PATIENCE, 3, Config::default(), |process| {
        let world = process.world();
        if world.rank() == 2 {
            fails_twice(&world, 1);
            return None;
        }
        Some(world.shrink().map(drop))
    });
    for outcome in &outcomes[..2] {
        let outcome = outcome.as_ref().unwrap();
        assert!(matches!(outcome, Some(Err(Error::Elsewhere { .. }))), "{outcome:?}");
    }
    assert_eq!(outcomes[2], Ok(None));
}

#[test]
fn nor_do_those_of_two_sides() {
    let outcomes = harness::run_within(PATIENCE, 3, Config::default(), |process| {
        let world = process.world();
        let (side, other) = if world.rank() < 2 { (0, 2) } else { (1, 0) };
        let local = world.split(Some(side), 0).unwrap().unwrap();
        let inter = Inter::create(&local, 0, Some((&world, other)), 1).unwrap();
        if side == 1 {
            fails_twice(inter.comm(), 3);
            return None;
        }
        Some(inter.shrink().map(drop))
    });
    for outcome in &outcomes[..2] {
        let outcome = outcome.as_ref().unwrap();
        assert!(matches!(outcome, Some(Err(Error::Elsewhere { .. }))), "{outcome:?}");
    }
    assert_eq!(outcomes[2], Ok(None));
}

#[test]
fn places_of_communicators_that_were_not_made_come_back() {
    let outcomes = harness::run(2, |process| {
        let world = process.world();
        let members: Vec<_> = world.inner().group.processes().collect();
        let mine = if world.rank() == 0 { &members[..] } else { &members[1..] };
        let places = || process.holdings().1;
        let before = places();
        for _ in 0..20 {
            let made = world.create(&Group::of(mine.to_vec()));
            let differs = matches!(made, Err(Error::Argument { name: "group", .. }));
            assert_eq!(differs, world.rank() == 0, "{made:?}");
        }
        places() - before
    });
    assert_eq!(outcomes[0], Ok(0));
    // Those of boards that their owner has let go count until somebody else's place is wanted.
    assert!(outcomes[1].as_ref().is_ok_and(|kept| *kept <= 1), "{outcomes:?}");
}
