//! Every collective in every form: at once, in a scope, owned, awaited, persistent; in place and apart; with values that are
//! packed; given up, dropped, and refused.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use archipelago::prelude::*;
use archipelago::{Buffers, Error, Lent, Prepared, Result};

/// A type that is packed: padding, and a bool that not every byte is.
#[derive(Wire, Clone, Copy, Debug, PartialEq, Default)]
struct Sample {
    valid: bool,
    value: u32,
}

fn sample(rank: usize, i: usize) -> Sample {
    Sample { valid: (rank + i).is_multiple_of(2), value: (100 * rank + i) as u32 }
}

/// Composition of x -> a x + b: associative, not commutative.
fn compose(f: &(u32, u32), g: &(u32, u32)) -> (u32, u32) {
    (f.0.wrapping_mul(g.0), f.0.wrapping_mul(g.1).wrapping_add(f.1))
}

fn map(rank: usize, i: usize) -> (u32, u32) {
    (2 * rank as u32 + 3, (rank + 7 * i) as u32)
}

fn composed(ranks: std::ops::Range<usize>, i: usize) -> (u32, u32) {
    ranks.map(|rank| map(rank, i)).reduce(|f, g| compose(&f, &g)).unwrap()
}

/// Polls on this thread until it is ready.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
        std::thread::yield_now();
    }
}

/// Runs a collective on vectors in all ways; each must give `expected`.
fn check_in_place<T>(
    world: &Comm,
    values: &[T],
    expected: &[T],
    prepare: impl Fn(Vec<T>) -> Prepared<'static, archipelago::InPlace<Vec<T>>>,
    lent: impl for<'a> Fn(&'a mut Vec<T>) -> Prepared<'static, archipelago::InPlace<&'a mut Vec<T>>>,
) -> Result<()>
where
    T: Wire + Clone + PartialEq + std::fmt::Debug + Send + 'static,
{
    let mut buffer = values.to_vec();
    lent(&mut buffer).run()?;
    assert_eq!(buffer, expected);
    let mut buffer = values.to_vec();
    world.scope(|s| {
        let under_way = lent(&mut buffer).start(s)?;
        assert_eq!(under_way.wait()?, expected);
        Ok(())
    })?;
    let mut buffer = values.to_vec();
    // The scope waits for what is not waited for.
    world.scope(|s| lent(&mut buffer).start(s).map(drop))?;
    assert_eq!(buffer, expected);
    assert_eq!(prepare(values.to_vec()).owned().wait()?, expected);
    assert_eq!(block_on(prepare(values.to_vec()).owned())?, expected);
    let mut again = prepare(values.to_vec()).persistent()?;
    for _ in 0..3 {
        again.wait()?.clone_from_slice(values);
        again.start()?;
        assert_eq!(again.wait()?, expected);
    }
    assert_eq!(again.into_buffers()?, expected);
    Ok(())
}

/// The same for a collective with two buffers.
fn check_apart<T>(
    world: &Comm,
    values: &[T],
    expected: &[T],
    prepare: impl Fn(Vec<T>, Vec<T>) -> Prepared<'static, archipelago::Apart<Vec<T>, Vec<T>>>,
    lent: impl for<'a> Fn(
        &'a Vec<T>,
        &'a mut Vec<T>,
    ) -> Prepared<'static, archipelago::Apart<&'a Vec<T>, &'a mut Vec<T>>>,
) -> Result<()>
where
    T: Wire + Clone + PartialEq + Default + std::fmt::Debug + Send + 'static,
{
    let (given, blank) = (values.to_vec(), vec![T::default(); expected.len()]);
    let mut buffer = blank.clone();
    lent(&given, &mut buffer).run()?;
    assert_eq!(buffer, expected);
    let mut buffer = blank.clone();
    world.scope(|s| {
        assert_eq!(lent(&given, &mut buffer).start(s)?.wait()?, expected);
        Ok(())
    })?;
    assert_eq!(prepare(given.clone(), blank.clone()).owned().wait()?, (given.clone(), expected.to_vec()));
    assert_eq!(block_on(prepare(given.clone(), blank.clone()).owned())?.1, expected);
    let mut again = prepare(given.clone(), blank).persistent()?;
    for _ in 0..3 {
        again.wait()?.1.fill_with(T::default);
        again.start()?;
        assert_eq!(again.wait()?.1, expected);
    }
    Ok(())
}

/// A communicator for the closures above, which outlive nothing of it.
fn forever(comm: &Comm) -> &'static Comm {
    Box::leak(Box::new(comm.clone()))
}

#[archipelago::test(ranks = [1, 2, 3, 4, 7])]
fn in_one_buffer(world: Comm) -> Result<()> {
    let (me, n, w) = (world.rank(), world.size(), forever(&world));
    for count in [0, 1, 5, 3000] {
        let each = |f: &dyn Fn(usize) -> (u32, u32)| (0..count).map(f).collect::<Vec<_>>();
        let mine = each(&|i| map(me, i));
        let all = each(&|i| composed(0..n, i));
        let op = || ordered(compose);
        check_in_place(
            w,
            &mine,
            &all,
            |b| w.prepare().all_reduce(b, op()),
            |b| w.prepare().all_reduce(b, op()),
        )?;
        let up_to_me = each(&|i| composed(0..me + 1, i));
        check_in_place(w, &mine, &up_to_me, |b| w.prepare().scan(b, op()), |b| w.prepare().scan(b, op()))?;
        let before_me = each(&|i| if me == 0 { map(0, i) } else { composed(0..me, i) });
        check_in_place(
            w,
            &mine,
            &before_me,
            |b| w.prepare().exclusive_scan(b, op()),
            |b| w.prepare().exclusive_scan(b, op()),
        )?;
        let root = count % n;
        let roots = each(&|i| map(root, i));
        let at = || w.root(root).prepare();
        check_in_place(w, &mine, &roots, |b| at().broadcast(b), |b| at().broadcast(b))?;

        let blocks = |from: usize, to: usize| (0..count).map(move |i| sample(from * n + to, i));
        let given: Vec<Sample> = (0..n).flat_map(|to| blocks(me, to)).collect();
        let received: Vec<Sample> = (0..n).flat_map(|from| blocks(from, me)).collect();
        check_in_place(
            w,
            &given,
            &received,
            |b| w.prepare().all_to_all_in_place(b),
            |b| w.prepare().all_to_all_in_place(b),
        )?;
        let mut own = vec![Sample::default(); n * count];
        own[me * count..][..count].copy_from_slice(&(0..count).map(|i| sample(me, i)).collect::<Vec<_>>());
        let gathered: Vec<Sample> =
            (0..n).flat_map(|rank| (0..count).map(move |i| sample(rank, i))).collect();
        check_in_place(
            w,
            &own,
            &gathered,
            |b| w.prepare().all_gather_in_place(b),
            |b| w.prepare().all_gather_in_place(b),
        )?;

        let mut values: Vec<(u32, u32)> = (0..n * count).map(|i| map(me, i)).collect();
        w.prepare().reduce_scatter_in_place(&mut values, op()).run()?;
        let result: Vec<(u32, u32)> = (0..count).map(|i| composed(0..n, me * count + i)).collect();
        assert_eq!(values[..count], result);
    }
    let barrier = w.prepare().barrier().owned();
    w.prepare().barrier().run()?;
    barrier.wait()?;
    Ok(())
}

#[archipelago::test(ranks = [1, 2, 3, 4, 7])]
fn in_two_buffers(world: Comm) -> Result<()> {
    let (me, n, w) = (world.rank(), world.size(), forever(&world));
    for count in [0, 1, 4, 2500] {
        let samples = |rank: usize| (0..count).map(move |i| sample(rank, i)).collect::<Vec<_>>();
        let all: Vec<Sample> = (0..n).flat_map(samples).collect();
        let mine = samples(me);
        check_apart(
            w,
            &mine,
            &all,
            |a, b| w.prepare().all_gather(a, b),
            |a, b| w.prepare().all_gather(a, b),
        )?;
        let at = || w.root(n - 1).prepare();
        let at_root = |values: &[Sample]| if me == n - 1 { values.to_vec() } else { vec![] };
        check_apart(w, &mine, &at_root(&all), |a, b| at().gather(a, b), |a, b| at().gather(a, b))?;
        check_apart(w, &at_root(&all), &mine, |a, b| at().scatter(a, b), |a, b| at().scatter(a, b))?;

        let maps: Vec<(u32, u32)> = (0..count).map(|i| map(me, i)).collect();
        let reduced: Vec<(u32, u32)> = (0..count).map(|i| composed(0..n, i)).collect();
        let reduced = if me == n - 1 { reduced } else { vec![] };
        let op = || ordered(compose);
        check_apart(w, &maps, &reduced, |a, b| at().reduce(a, b, op()), |a, b| at().reduce(a, b, op()))?;
        let many: Vec<(u32, u32)> = (0..n * count).map(|i| map(me, i)).collect();
        let result: Vec<(u32, u32)> = (0..count).map(|i| composed(0..n, me * count + i)).collect();
        check_apart(
            w,
            &many,
            &result,
            |a, b| w.prepare().reduce_scatter(a, b, op()),
            |a, b| w.prepare().reduce_scatter(a, b, op()),
        )?;
        assert_eq!(w.reduce_scatter(&many, op())?, result);

        // Parts of different lengths, some of them empty.
        let length = |from: usize, to: usize| (from + 2 * to) % 3 * count / 2;
        let counts: Vec<usize> = (0..n).map(|to| length(me, to)).collect();
        let receive_counts: Vec<usize> = (0..n).map(|from| length(from, me)).collect();
        let part = |from: usize, to: usize| (0..length(from, to)).map(move |i| sample(from * n + to, i));
        let given: Vec<Sample> = (0..n).flat_map(|to| part(me, to)).collect();
        let received: Vec<Sample> = (0..n).flat_map(|from| part(from, me)).collect();
        check_apart(
            w,
            &given,
            &received,
            |a, b| w.prepare().all_to_all_v(a, &counts, b, &receive_counts),
            |a, b| w.prepare().all_to_all_v(a, &counts, b, &receive_counts),
        )?;
        let counts: Vec<usize> = (0..n).map(|rank| length(rank, 0)).collect();
        let mine: Vec<Sample> = (0..counts[me]).map(|i| sample(me, i)).collect();
        let all: Vec<Sample> =
            (0..n).flat_map(|rank| (0..counts[rank]).map(move |i| sample(rank, i))).collect();
        check_apart(
            w,
            &mine,
            &all,
            |a, b| w.prepare().all_gather_v(a, b, &counts),
            |a, b| w.prepare().all_gather_v(a, b, &counts),
        )?;
        check_apart(
            w,
            &mine,
            &at_root(&all),
            |a, b| at().gather_v(a, b, &counts),
            |a, b| at().gather_v(a, b, &counts),
        )?;
        check_apart(
            w,
            &at_root(&all),
            &mine,
            |a, b| at().scatter_v(a, &counts, b),
            |a, b| at().scatter_v(a, &counts, b),
        )?;
        let sum: usize = counts.iter().sum();
        let many: Vec<(u32, u32)> = (0..sum).map(|i| map(me, i)).collect();
        let start: usize = counts[..me].iter().sum();
        let result: Vec<(u32, u32)> = (0..counts[me]).map(|i| composed(0..n, start + i)).collect();
        check_apart(
            w,
            &many,
            &result,
            |a, b| w.prepare().reduce_scatter_v(a, &counts, b, op()),
            |a, b| w.prepare().reduce_scatter_v(a, &counts, b, op()),
        )?;
        assert_eq!(w.reduce_scatter_v(&many, &counts, op())?, result);
    }
    Ok(())
}

#[archipelago::test(ranks = [1, 2, 3, 4, 6, 8])]
fn between_neighbours(world: Comm) -> Result<()> {
    for periodic in [[false, true], [true, true], [false, false]] {
        let grid =
            world.cartesian(&[(0, periodic[0]), (0, periodic[1])])?.expect("all ranks are in the grid");
        let ranks = grid.neighbours().ranks();
        for count in [0, 1, 3, 5000] {
            let mine: Vec<Sample> = (0..count).map(|i| sample(grid.rank(), i)).collect();
            let around = grid.neighbours().all_gather(&mine)?;
            // What goes to one side of a rank comes from the opposite side of the neighbour there.
            let edge = |rank: usize, side: usize| (0..count).map(move |i| sample(4 * rank + side, i));
            let edges: Vec<Sample> = (0..4).flat_map(|side| edge(grid.rank(), side)).collect();
            let halo = grid.neighbours().all_to_all(&edges)?;
            let mut into = vec![Sample::default(); 4 * count];
            let swapped = grid.neighbours().prepare().all_to_all(edges, std::mem::take(&mut into)).owned();
            let (_, into) = swapped.wait()?;
            for (side, rank) in ranks.iter().enumerate() {
                let place = &into[side * count..][..count];
                match rank {
                    Some(rank) => {
                        let expected: Vec<Sample> = (0..count).map(|i| sample(*rank, i)).collect();
                        assert_eq!(around[side], expected);
                        assert_eq!(halo[side], edge(*rank, side ^ 1).collect::<Vec<_>>());
                        assert_eq!(place, edge(*rank, side ^ 1).collect::<Vec<_>>());
                    }
                    None => {
                        assert!(around[side].is_empty() && halo[side].is_empty());
                        assert!(place.iter().all(|sample| *sample == Sample::default()));
                    }
                }
            }
            // A side has as many values more as its number says.
            let length = |side: usize| count + side;
            let edges: Vec<u64> = (0..4).flat_map(|side| vec![side as u64; length(side)]).collect();
            let (counts, back) = ([0, 1, 2, 3].map(length), [1, 0, 3, 2].map(length));
            let parts = grid.neighbours().all_to_all_v(&edges, &counts, &back)?;
            for (side, rank) in ranks.iter().enumerate() {
                let expected = if rank.is_some() { vec![side as u64 ^ 1; back[side]] } else { vec![] };
                assert_eq!(parts[side], expected);
            }
        }
        assert!(grid.neighbours().all_to_all(&[1, 2, 3]).is_err());
    }
    Ok(())
}

#[archipelago::test(ranks = [2, 3, 4])]
fn many_at_once_and_dropped_ones_run_on(world: Comm) -> Result<()> {
    let (me, n) = (world.rank(), world.size());
    let mut results = Vec::new();
    for i in 0..20usize {
        let later = world.prepare().all_reduce(vec![me + i; 10 * i], Sum).owned();
        match i % 3 {
            // Nobody waits for it here; the others' is complete all the same.
            0 if me == i % n => drop(later),
            _ => results.push((i, later)),
        }
    }
    world.barrier()?;
    for (i, later) in results.into_iter().rev() {
        assert_eq!(later.wait()?, vec![n * (n - 1) / 2 + n * i; 10 * i]);
    }
    // A set takes out what is complete first.
    let mut set = archipelago::Requests::new();
    for i in 0..5usize {
        set.insert(world.prepare().all_gather(vec![10 * i + me], vec![0; n]).owned());
    }
    while let Some((key, outcome)) = set.wait_any() {
        let (given, all) = outcome?;
        assert_eq!(all, (0..n).map(|rank| given[0] - me + rank).collect::<Vec<_>>(), "{key:?}");
    }
    let mut unstarted = world.prepare().all_gather(vec![me], vec![0; n]).persistent()?;
    if me == 0 {
        unstarted.start()?;
        drop(unstarted);
    } else {
        unstarted.start()?;
        assert_eq!(unstarted.wait()?.1.len(), n);
    }
    world.barrier()
}

#[archipelago::test(ranks = [2, 4])]
fn a_scope_that_ends_with_an_error_gives_its_collectives_up_everywhere(world: Comm) -> Result<()> {
    // On a communicator of its own, which is of no use afterwards.
    for count in [1, 100_000] {
        let comm = world.duplicate()?;
        let mut values = vec![1u64; count];
        if comm.rank() == 0 {
            let outcome: Result<()> = comm.scope(|s| {
                comm.prepare().all_reduce(&mut values, Sum).start(s)?;
                comm.to(99).send(&1)
            });
            assert!(matches!(outcome, Err(Error::NoSuchRank { .. })));
            // Nothing touches the buffer any more.
            values.fill(7);
            world.barrier()?;
            assert!(values.iter().all(|value| *value == 7));
        } else {
            let outcome = comm.prepare().all_reduce(&mut values, Sum).run();
            // Those who had all that they need before are done; the others hear of it.
            if let Err(error) = outcome {
                let text = error.to_string();
                assert!(text.contains("all_reduce") && text.contains("its caller gave it up"), "{text}");
            }
            world.barrier()?;
        }
    }
    Ok(())
}

#[archipelago::test(ranks = [1, 3])]
fn buffers_that_do_not_fit_are_refused_before_anything_is_done(world: Comm) -> Result<()> {
    fn text<B: Buffers + Send + Unpin + 'static>(prepared: Prepared<'_, B>) -> (String, B::Back) {
        let failed = prepared.owned().wait().err().expect("it can't be");
        (failed.error.to_string(), failed.buffer)
    }
    let (me, n) = (world.rank(), world.size());
    let (why, buffers) = text(world.prepare().all_gather(vec![1, 2], vec![0; 3]));
    assert!(
        why.contains(&format!("the buffer that is written has 3 values and must have {}", 2 * n)),
        "{why}"
    );
    assert_eq!(buffers, (vec![1, 2], vec![0; 3]));
    let (why, _) = text(world.root(n).prepare().broadcast(vec![0u8; 3]));
    assert!(why.contains(&format!("broadcast with root {n}")), "{why}");
    if n > 1 {
        let (why, _) = text(world.prepare().reduce_scatter(vec![1.0; n + 1], vec![0.0], Sum));
        assert!(why.contains("can't be divided among 3 ranks; reduce_scatter_v gives"), "{why}");
    }
    let (why, _) = text(world.prepare().all_gather_v(vec![me], vec![0; n], &vec![1; n + 1]));
    assert!(why.contains(&format!("`counts` has {} entries", n + 1)), "{why}");
    fn lent<'a, B: Lent<'a>>(prepared: Prepared<'a, B>) -> bool
    where
        B::Item: 'a,
    {
        prepared.run().is_err()
    }
    assert!(lent(world.root(me).prepare().scatter_v(&[1, 2][..], &[9; 3][..n], &mut [0][..])));
    // Nothing is left of it.
    world.barrier()
}
