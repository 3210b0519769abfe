//! Layouts in every verb and form, and parts of any types in every form, between ranks that are threads.

mod views {
    pub mod checks;
}

use archipelago::prelude::*;
use archipelago::{Error, Result};
use views::checks;

#[archipelago::test(ranks = [1, 2, 3, 4, 7])]
fn every_verb_takes_what_layouts_select(world: Comm) -> Result<()> {
    checks::all(&world, &[0, 1, 5, 3001])
}

#[archipelago::test(ranks = [16])]
fn among_many_ranks(world: Comm) -> Result<()> {
    checks::all(&world, &[3])
}

#[archipelago::test(ranks = [1, 2])]
fn what_is_no_row_of_values_is_refused_before_anything_is_done(world: Comm) -> Result<()> {
    let n = world.size();
    let (three_bytes, mut slice) = (Layout::contiguous(3, &Layout::of::<u8>())?, [1u64; 4]);
    let text = |outcome: Result<()>| match outcome {
        Err(Error::BadArgument { what, .. }) => what,
        other => panic!("{other:?}"),
    };
    let selects = "the layout selects 3 bytes, which are no whole number of values";
    let mut room = vec![0; n];
    let refused = world.prepare().all_gather(three_bytes.over(&slice)?, &mut room).run();
    assert_eq!(text(refused), selects);
    assert_eq!(text(world.all_gather(three_bytes.over(&slice)?).map(drop)), selects);
    let cut = three_bytes.over_mut(&mut slice)?;
    assert_eq!(text(world.prepare().all_reduce(cut, Sum).run()), selects);
    let cut = text(world.all_reduce(three_bytes.over(&slice)?, Sum).map(drop));
    assert!(cut.contains("no whole number of values"), "{cut}");
    assert_eq!(slice, [1; 4]);
    // Elements that would reach into one another can't be sent in parts.
    let wide = Layout::resized(0, 8, &Layout::vector(2, 1, 2, &Layout::of::<u64>())?)?;
    assert!(wide.own_each(vec![0u64; 8]).is_err());
    let before = Layout::hindexed(&[(1, -8)], &Layout::of::<u64>())?;
    assert!(Layout::resized(0, 16, &before)?.own_each(vec![0u64; 8]).is_err());
    let twice = Layout::resized(0, 16, &Layout::indexed_block(1, &[0, 0], &Layout::of::<u64>())?)?;
    assert_eq!(twice.own_each(vec![0u64; 8]).unwrap_err().to_string(), "the layout has a byte twice");
    let pairs = Layout::resized(0, 16, &Layout::of::<u64>())?;
    assert_eq!(pairs.own_each(vec![0u64; 8])?.len(), 4);
    assert!(pairs.own_each(vec![0u64; 7]).is_err());
    let odd = world.to(0).partitioned_send(pairs.own_each(vec![0u64; 8])?, 3).map(drop);
    assert!(text(odd).contains("4 elements can't be sent in 3 equal parts"));
    world.barrier()
}
