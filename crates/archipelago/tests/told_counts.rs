//! Counts that other ranks tell, and that can't be.

use archipelago::Error;
use archipelago::prelude::*;

/// So many words in a list that adds up to a small number if sums wrap.
const NONSENSE: usize = usize::MAX - 4;

fn no_memory<T>(outcome: Result<T, Error>) {
    let error = outcome.err().expect("no memory is that large");
    assert!(matches!(error, Error::OutOfMemory { .. }), "{error}");
}

#[archipelago::test(ranks = [3])]
fn a_sum_that_wraps_is_refused(world: Comm) {
    // One rank calls what the others' verbs call first.
    match world.rank() {
        0 => no_memory(world.all_gather_v(&[7u8; 10])),
        1 => drop(world.all_gather(&[NONSENSE]).unwrap()),
        _ => no_memory(world.all_gather_v(&[9u8; 100])),
    }
    match world.rank() {
        0 => no_memory(world.root(0).gather_v(&[7u8; 10])),
        rank => world.root(0).gather_into(&[NONSENSE, 100][rank - 1], &mut [][..]).unwrap(),
    }
    match world.rank() {
        0 => world.root(0).broadcast(&mut [NONSENSE]).unwrap(),
        _ => no_memory(world.root(0).broadcast_vec::<u64>(None)),
    }
    match world.rank() {
        0 => world.root(0).broadcast(&mut [NONSENSE]).unwrap(),
        _ => no_memory(world.root(0).broadcast_vec::<[bool; 16]>(None)),
    }
}

#[archipelago::test(ranks = [2])]
fn own_counts_that_wrap_are_refused(world: Comm) {
    let values = [[true; 16]; 2];
    let too_many = [1 << 59, 1 << 59];
    no_memory(world.all_to_all_v(&values).counts(&[1, 1]).receive_counts(&too_many).run());
    world.barrier().unwrap();
}
