//! Collective operations against what they mean, for all numbers of ranks that algorithms treat differently.

use archipelago::prelude::*;
use archipelago::{Error, Result};

#[derive(Wire, Clone, Copy, Debug, PartialEq)]
struct Cell {
    flag: bool,
    weight: f64,
}

fn cell(rank: usize, i: usize) -> Cell {
    Cell { flag: (rank + i).is_multiple_of(2), weight: (rank * 1000 + i) as f64 }
}

#[archipelago::test(ranks = [1, 2, 3, 4, 7, 8])]
fn everybody_gets_the_roots_values(world: Comm) -> Result<()> {
    world.barrier()?;
    for root in 0..world.size() {
        for count in [0, 1, 5, 3000, 100_000] {
            let mut values = vec![0u64; count];
            if world.rank() == root {
                values.iter_mut().enumerate().for_each(|(i, value)| *value = (root + i) as u64);
            }
            world.root(root).broadcast(&mut values)?;
            assert!(values.iter().enumerate().all(|(i, &value)| value == (root + i) as u64));
        }
        let mut cells = vec![cell(world.rank(), 0); 3];
        world.root(root).broadcast(&mut cells)?;
        assert_eq!(cells, vec![cell(root, 0); 3]);
        let text = (world.rank() == root).then(|| vec!['r'; root]);
        assert_eq!(world.root(root).broadcast_vec(text)?, vec!['r'; root]);
    }
    Ok(())
}

#[archipelago::test(ranks = [1, 2, 3, 4, 7])]
fn gathering_and_scattering(world: Comm) -> Result<()> {
    let (me, n) = (world.rank(), world.size());
    for root in 0..n {
        let is_root = me == root;
        for count in [0, 1, 3, 5000] {
            let mine: Vec<Cell> = (0..count).map(|i| cell(me, i)).collect();
            let all: Vec<Cell> = (0..n).flat_map(|rank| (0..count).map(move |i| cell(rank, i))).collect();
            assert_eq!(world.root(root).gather(&mine)?, is_root.then(|| all.clone()));
            assert_eq!(world.root(root).scatter(is_root.then_some(&all[..]))?, mine);
            let mut into = vec![cell(99, 99); count];
            world.root(root).scatter_into(is_root.then_some(&all[..]), &mut into)?;
            assert_eq!(into, mine);
            assert_eq!(world.all_gather(&mine)?, all);
        }
        let counts: Vec<usize> = (0..n).map(|rank| rank * rank % 5).collect();
        let mine = vec![me as u32; counts[me]];
        let all: Vec<u32> = (0..n).flat_map(|rank| vec![rank as u32; counts[rank]]).collect();
        let gathered = world.root(root).gather_v(&mine)?;
        assert_eq!(gathered.is_some(), is_root);
        if let Some(gathered) = gathered {
            assert_eq!((gathered.values(), gathered.counts()), (&all[..], counts.clone()));
        }
        assert_eq!(world.root(root).scatter_v(is_root.then_some((&all[..], &counts[..])))?, mine);
        assert_eq!(world.all_gather_v(&mine)?.into_values(), all);
    }
    let mut all = vec![0.0; n];
    world.all_gather_into(&(me as f64), &mut all)?;
    assert!(all.iter().enumerate().all(|(rank, &value)| value == rank as f64));
    Ok(())
}

#[archipelago::test(ranks = [1, 2, 3, 4, 7])]
fn everybody_to_everybody(world: Comm) -> Result<()> {
    let (me, n) = (world.rank(), world.size());
    for count in [0, 1, 4, 2000] {
        let block = |from: usize, to: usize| (0..count).map(move |i| (from as u32, to as u16, i as u8));
        let values: Vec<(u32, u16, u8)> = (0..n).flat_map(|to| block(me, to)).collect();
        let expected: Vec<(u32, u16, u8)> = (0..n).flat_map(|from| block(from, me)).collect();
        assert_eq!(world.all_to_all(&values)?, expected);
        let mut into = vec![(9, 9, 9); values.len()];
        world.all_to_all_into(&values, &mut into)?;
        assert_eq!(into, expected);
    }
    let count = |from: usize, to: usize| (from * 3 + to * 5) % 4;
    let values: Vec<[i16; 2]> = (0..n).flat_map(|to| vec![[me as i16, to as i16]; count(me, to)]).collect();
    let counts: Vec<usize> = (0..n).map(|to| count(me, to)).collect();
    let receive_counts: Vec<usize> = (0..n).map(|from| count(from, me)).collect();
    let received = world.all_to_all_v(&values).counts(&counts).run()?;
    for (from, part) in received.iter().enumerate() {
        assert_eq!(part, vec![[from as i16, me as i16]; count(from, me)]);
    }
    assert_eq!(world.all_to_all_v(&values).counts(&counts).receive_counts(&receive_counts).run()?, received);
    Ok(())
}

#[archipelago::test(ranks = [1, 2, 3, 4, 7, 8])]
fn predefined_operators(world: Comm) -> Result<()> {
    let (me, n) = (world.rank(), world.size());
    let sum = n * (n - 1) / 2;
    assert_eq!(world.all_reduce(me, Sum)?, sum);
    assert_eq!(world.all_reduce(me as f32 + 1.0, Product)?, (1..=n).product::<usize>() as f32);
    assert_eq!(world.all_reduce(me as i8, Min)?, 0);
    assert_eq!(world.all_reduce(&[me as u16, 5][..], Max)?, [n as u16 - 1, 5]);
    assert_eq!(world.all_reduce([me as i128, 1], Sum)?, [sum as i128, n as i128]);
    assert!(!world.all_reduce(me != 0, And)?);
    assert_eq!(world.all_reduce(me == 1, Or)?, n > 1);
    assert_eq!(world.all_reduce(true, Xor)?, n % 2 == 1);
    assert_eq!(world.all_reduce(0b110u8 | me as u8, BitAnd)? & 0b110, 0b110);
    assert_eq!(world.all_reduce(1u64 << me, BitOr)?, (1 << n) - 1);
    assert_eq!(world.all_reduce(0xffu32, BitXor)?, if n % 2 == 1 { 0xff } else { 0 });
    let here = Located { value: (me as i32 - 2).abs(), location: me };
    let smallest = Located { value: if n > 2 { 0 } else { 3 - n as i32 }, location: (n - 1).min(2) };
    assert_eq!(world.all_reduce(here, MinLocation)?, smallest);
    assert_eq!(world.all_reduce(Located { value: 1.5, location: me }, MaxLocation)?.location, 0);

    for count in [0usize, 1, 7, 10_000] {
        let mine: Vec<u64> = (0..count).map(|i| (i + me) as u64).collect();
        let expected: Vec<u64> = (0..count).map(|i| (n * i + sum) as u64).collect();
        assert_eq!(world.all_reduce(&mine, Sum)?, expected);
        let mut in_place = mine.clone();
        world.all_reduce_in_place(&mut in_place, Sum)?;
        assert_eq!(in_place, expected);
        let root = count % n;
        assert_eq!(world.root(root).reduce(&mine, Sum)?, (me == root).then_some(expected));
        let before: Vec<u64> = (0..count).map(|i| ((me + 1) * i + me * (me + 1) / 2) as u64).collect();
        assert_eq!(world.scan(mine, Sum)?, before);
    }
    Ok(())
}

#[archipelago::test(ranks = [1, 2, 3, 4, 7])]
fn functions_as_operators_keep_the_order_of_ranks(world: Comm) -> Result<()> {
    let (me, n) = (world.rank(), world.size());
    // Composition of x -> a x + b, modulo 2^64: associative, not commutative. With a bool, so that it is packed.
    let compose = ordered(|f: &(u64, u64, bool), g: &(u64, u64, bool)| {
        (f.0.wrapping_mul(g.0), f.0.wrapping_mul(g.1).wrapping_add(f.1), f.2 ^ g.2)
    });
    let map = |rank: usize, i: usize| (2 * rank as u64 + 3, rank as u64 + i as u64, rank % 2 == 1);
    let fold = |ranks: usize, i: usize| {
        (1..ranks).fold(map(0, i), |f, rank| {
            let g = map(rank, i);
            (f.0.wrapping_mul(g.0), f.0.wrapping_mul(g.1).wrapping_add(f.1), f.2 ^ g.2)
        })
    };
    for count in [1, 3, 2000] {
        let mine: Vec<_> = (0..count).map(|i| map(me, i)).collect();
        let all: Vec<_> = (0..count).map(|i| fold(n, i)).collect();
        assert_eq!(world.all_reduce(&mine, &compose)?, all);
        assert_eq!(world.root(n - 1).reduce(&mine, &compose)?, (me == n - 1).then(|| all.clone()));
        assert_eq!(world.root(0).reduce(&mine, &compose)?, (me == 0).then_some(all));
        assert_eq!(world.scan(&mine, &compose)?, (0..count).map(|i| fold(me + 1, i)).collect::<Vec<_>>());
    }
    let largest = commutative(|a: &Option<i32>, b: &Option<i32>| *a.max(b));
    assert_eq!(world.all_reduce((me > 0).then_some(me as i32), largest)?, (n > 1).then_some(n as i32 - 1));
    Ok(())
}

#[test]
fn a_panic_in_an_operator_is_a_panic_of_its_rank() {
    let outcome = std::panic::catch_unwind(|| {
        archipelago::testing::run(2, |world| {
            let fragile =
                commutative(|_: &u8, _: &u8| std::panic::resume_unwind(Box::new("fragile".to_owned())));
            world.all_reduce(1u8, fragile).map(drop)
        })
    });
    let text = outcome.unwrap_err().downcast::<String>().unwrap();
    assert!(text.ends_with("failed: fragile"), "{text}");
}

#[archipelago::test(ranks = [1, 2, 3, 5])]
fn parts_of_any_types(world: Comm) -> Result<()> {
    let (me, n) = (world.rank(), world.size());
    // Rank r gets r numbers, and the last rank what must be packed, long enough not to fit a board.
    for count in [0, 3, 9000] {
        let numbers: Vec<Vec<u64>> = (0..n).map(|to| vec![(me * n + to) as u64; count + to]).collect();
        let cells: Vec<Cell> = (0..count).map(|i| cell(me, i)).collect();
        let mut incoming: Vec<Vec<u64>> = (0..n).map(|_| vec![0; count + me]).collect();
        let mut incoming_cells: Vec<Vec<Cell>> = (0..n).map(|_| vec![cell(99, 99); count]).collect();
        let mut exchange = world.all_to_all_w();
        for (to, numbers) in numbers.iter().enumerate() {
            exchange = if to == n - 1 { exchange.to(to, &cells) } else { exchange.to(to, numbers) };
        }
        for (from, (numbers, cells)) in incoming.iter_mut().zip(&mut incoming_cells).enumerate() {
            exchange = if me == n - 1 { exchange.from(from, cells) } else { exchange.from(from, numbers) };
        }
        exchange.run()?;
        for from in 0..n {
            if me == n - 1 {
                assert_eq!(incoming_cells[from], (0..count).map(|i| cell(from, i)).collect::<Vec<_>>());
            } else {
                assert_eq!(incoming[from], vec![(from * n + me) as u64; count + me]);
            }
        }
    }
    assert!(matches!(world.all_to_all_w().to(n, &1).run(), Err(Error::NoSuchRank { .. })));
    world.barrier()
}

#[archipelago::test(ranks = [2, 4])]
fn ranks_that_call_different_things_are_told(world: Comm) -> Result<()> {
    let me = world.rank();
    // On communicators of their own, which are of no use afterwards.
    for count in [1, 10_000] {
        let comm = world.duplicate()?;
        let outcome = match me {
            1 => comm.all_reduce(vec![1.0f32; count], Sum).map(drop),
            _ => comm.all_reduce(vec![1u32; count], Sum).map(drop),
        };
        let error = outcome.unwrap_err();
        assert!(matches!(error, Error::Disagreement { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains("all-reduce of f32") && text.contains("all-reduce of u32"), "{text}");
        let comm = world.duplicate()?;
        let outcome = match me {
            1 => comm.barrier(),
            _ => comm.all_gather(&vec![1u8; count]).map(drop),
        };
        let text = outcome.unwrap_err().to_string();
        assert!(text.contains("barrier") && text.contains("all-gather of u8"), "{text}");
        world.barrier()?;
    }
    Ok(())
}

#[archipelago::test(ranks = [1, 3])]
fn arguments_are_checked_before_anything_is_done(world: Comm) -> Result<()> {
    let n = world.size();
    let text = world.root(n).broadcast(&mut 1).unwrap_err().to_string();
    assert!(text.contains(&format!("broadcast with root {n}")), "{text}");
    assert!(matches!(world.root(n).gather(&[1]), Err(Error::NoSuchRank { .. })));
    assert!(matches!(world.root(world.rank()).scatter::<u8>(None), Err(Error::BadArgument { .. })));
    assert!(matches!(world.all_gather_into(&1, &mut vec![0; n + 1]), Err(Error::BadArgument { .. })));
    let values = vec![1; n + 1];
    if n > 1 {
        let text = world.all_to_all(&values).unwrap_err().to_string();
        assert!(text.contains("4 values can't be divided among 3 ranks; all_to_all_v"), "{text}");
    }
    let text = world.all_to_all_v(&values).counts(&vec![1; n]).run().unwrap_err().to_string();
    assert!(text.contains(&format!("`counts` adds up to {n} and there are {} values", n + 1)), "{text}");
    assert!(world.all_to_all_v(&values).counts(&[1; 9]).run().is_err());
    assert!(matches!(world.cartesian(&[(n + 1, false)]), Err(Error::BadArgument { .. })));
    // Nothing is left of it.
    world.barrier()
}

#[archipelago::test(ranks = [1, 4, 6])]
fn communicators_from_communicators(world: Comm) -> Result<()> {
    let (me, n) = (world.rank(), world.size());
    let copy = world.duplicate()?;
    let (left, right) = ((me + n - 1) % n, (me + 1) % n);
    copy.to(right).send(&1)?;
    world.to(right).send(&2)?;
    assert_eq!((world.from(left).receive::<i32>()?, copy.from(left).receive::<i32>()?), (2, 1));

    // Backwards, in two halves.
    let part = world.split(Some(me as u32 % 2), -(me as i64))?.expect("it gave a colour");
    assert_eq!(part.all_gather(&[me])?, (0..n).rev().filter(|rank| rank % 2 == me % 2).collect::<Vec<_>>());
    assert!(world.split(None, 0)?.is_none());

    let grid = world.cartesian(&[(0, true), (0, false)])?.expect("the grid has all ranks");
    assert_eq!(grid.dimensions().iter().product::<usize>(), n);
    let coordinates = grid.coordinates();
    let rows = grid.line(1)?;
    assert_eq!((rows.rank(), rows.size()), (coordinates[1], grid.dimensions()[1]));
    let columns = grid.line(0)?;
    assert_eq!(columns.all_reduce(coordinates[1], Max)?, coordinates[1]);
    assert!(grid.line(2).is_err());
    assert_eq!(
        grid.rank_at(&[coordinates[0] as isize - grid.dimensions()[0] as isize, coordinates[1] as isize]),
        Some(me)
    );
    assert_eq!(grid.shift(1, grid.dimensions()[1] as isize)?, (None, None));
    Ok(())
}

/// The sum, by way of a message to oneself on another communicator: users' code may communicate, also where a thread that
/// waits runs it.
#[archipelago::test(ranks = [1, 2, 3, 4, 7])]
fn an_operator_may_communicate(world: Comm) -> Result<()> {
    let (me, n) = (world.rank(), world.size());
    let inner = world.duplicate()?;
    for elements in [1, 100, 20_000] {
        let inner = inner.clone();
        let sum = move |a: &u64, b: &u64| {
            inner.to(inner.rank()).send(&(a + b)).unwrap();
            inner.from(inner.rank()).receive::<u64>().unwrap()
        };
        let sums = world.all_reduce(vec![me as u64; elements], commutative(sum))?;
        assert_eq!(sums, vec![(n * (n - 1) / 2) as u64; elements]);
    }
    Ok(())
}

/// Where an operator fails nobody takes what was not combined for the result, and nobody waits for ever.
#[archipelago::test(ranks = [2, 3, 5])]
fn an_operator_that_fails_at_one_rank_misleads_no_other(world: Comm) -> Result<()> {
    let (me, n) = (world.rank() as u64, world.size() as u64);
    for elements in [1, 3000, 50_000] {
        for round in 0..3 {
            let part = world.duplicate()?;
            let fails = me == round % n;
            let sum = move |a: &u64, b: &u64| {
                if fails {
                    std::panic::resume_unwind(Box::new("fragile".to_owned()));
                }
                a + b
            };
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                part.all_reduce(vec![me; elements], archipelago::ordered(sum))
            }));
            match outcome {
                Err(panic) => assert!(fails && panic.is::<String>()),
                // It may have had no part in the reduction.
                Ok(Ok(sums)) => assert_eq!(sums, vec![n * (n - 1) / 2; elements]),
                Ok(Err(error)) => assert!(error.to_string().contains("operator has failed"), "{error}"),
            }
            world.barrier()?;
        }
    }
    Ok(())
}

/// An operator's panic ends a scope only when nothing of it is under way any more: what comes after it lands where it belongs.
#[archipelago::test(ranks = [2, 3])]
fn a_scope_that_panics_has_waited_for_the_rest(world: Comm) -> Result<()> {
    let (me, size) = (world.rank(), world.size());
    let mut sums = vec![1u8; 64];
    let mut incoming = vec![0u8; 1 << 20];
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        world.scope(|scope| {
            let fragile =
                commutative(|_: &u8, _: &u8| std::panic::resume_unwind(Box::new("fragile".to_owned())));
            world.prepare().all_reduce(&mut sums, fragile).start(scope)?;
            world.from((me + size - 1) % size).start_receive(scope, &mut incoming)?;
            world.to((me + 1) % size).send(&vec![me as u8 + 1; 1 << 20])?;
            Ok(())
        })
    }));
    // Those whose values nobody combined hear of it as an error; whose operator panicked, by that.
    assert!(!matches!(outcome, Ok(Ok(()))));
    assert!(incoming.iter().all(|&byte| byte as usize == (me + size - 1) % size + 1), "it has come");
    Ok(())
}

/// A contribution that says that it has other values than it gives is refused, before anything is written.
#[archipelago::test(ranks = [1, 2])]
fn a_contribution_whose_result_has_another_length_is_refused(world: Comm) -> Result<()> {
    struct Boasts;
    impl archipelago::Items for Boasts {
        type Item = u64;

        fn items(&self) -> &[u64] {
            &[0; 1000]
        }
    }
    impl archipelago::RowOperand for Boasts {
        type Result = Vec<u64>;

        fn into_result(self) -> Vec<u64> {
            vec![0]
        }
    }
    let error = world.all_reduce(Boasts, Sum).unwrap_err().to_string();
    assert!(error.contains("has 1 values and must have 1000"), "{error}");
    Ok(())
}

/// What fails in one collective is nothing to another that combines by the same function.
#[archipelago::test(ranks = [2, 3])]
fn a_function_that_has_failed_in_one_collective_works_in_another(world: Comm) -> Result<()> {
    let picky = commutative(|a: &u64, b: &u64| match a + b {
        sum if sum < 1000 => sum,
        _ => std::panic::resume_unwind(Box::new("too much".to_owned())),
    });
    let failing = world.duplicate()?;
    let fails = failing.prepare().all_reduce(vec![1000u64; 3], picky.clone()).owned();
    drop(fails);
    assert_eq!(world.all_reduce(vec![1u64; 3], picky)?, vec![world.size() as u64; 3]);
    Ok(())
}
