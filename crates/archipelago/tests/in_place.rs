//! Every collective that may be in place (MPI 5.0 §6.2.2), blocking, in a scope, owned and persistent, for many sizes and every root.

use archipelago::prelude::*;
use archipelago::{Operation, Result};

/// x -> a·x + b modulo 2^32: composition is associative and doesn't commute.
type Map = (u32, u32);

fn compose(f: &Map, g: &Map) -> Map {
    (f.0.wrapping_mul(g.0), f.0.wrapping_mul(g.1).wrapping_add(f.1))
}

fn operator() -> impl Operation<Map> {
    ordered(compose)
}

/// Element `i` of what `rank` has.
fn map(rank: usize, i: usize) -> Map {
    (2 * rank as u32 + 3, (rank * 1000 + i) as u32)
}

fn maps(rank: usize, elements: std::ops::Range<usize>) -> Vec<Map> {
    elements.map(|i| map(rank, i)).collect()
}

/// What the ranks have together.
fn composed(ranks: std::ops::Range<usize>, elements: std::ops::Range<usize>) -> Vec<Map> {
    elements.map(|i| ranks.clone().map(|rank| map(rank, i)).reduce(|f, g| compose(&f, &g)).unwrap()).collect()
}

/// How many values go from one to another in a vector form: as many as back.
fn uneven(from: usize, to: usize) -> usize {
    ((from ^ to) % 4).saturating_sub(1) * 3
}

/// Runs what describes a collective on one buffer in each form, and compares the beginning of the buffer.
macro_rules! check {
    ($world:expr, $what:expr, $values:expr, $expected:expr, |$buffer:ident| $described:expr) => {{
        let (values, expected): (Vec<_>, Vec<_>) = ($values, $expected);
        let compare = |form: &str, found: &[_]| {
            assert_eq!(found[..expected.len()], expected[..], "{form}: {} of {}", $what, $world.size());
        };
        let mut blocking = values.clone();
        {
            let $buffer = &mut blocking;
            $described.run()?;
        }
        compare("blocking", &blocking);
        let mut lent = values.clone();
        {
            let $buffer = &mut lent;
            $world.scope(|s| $described.start(s).map(drop))?;
        }
        compare("in a scope", &lent);
        let $buffer = values.clone();
        compare("owned", &$described.owned().wait()?);
        let $buffer = values.clone();
        let mut persistent = $described.persistent()?;
        for _ in 0..2 {
            persistent.wait()?.copy_from_slice(&values);
            persistent.start()?;
            compare("persistent", persistent.wait()?);
        }
    }};
}

/// Those in which all ranks are alike.
fn alike(world: &Comm, count: usize) -> Result<()> {
    let (me, n) = (world.rank(), world.size());
    check!(world, "all-reduce", maps(me, 0..count), composed(0..n, 0..count), |b| {
        world.prepare().all_reduce(b, operator())
    });
    check!(world, "scan", maps(me, 0..count), composed(0..me + 1, 0..count), |b| {
        world.prepare().scan(b, operator())
    });
    let before = if me == 0 { maps(0, 0..count) } else { composed(0..me, 0..count) };
    check!(world, "exclusive scan", maps(me, 0..count), before, |b| {
        world.prepare().exclusive_scan(b, operator())
    });
    let mine = me * count..(me + 1) * count;
    check!(world, "reduce-scatter", maps(me, 0..n * count), composed(0..n, mine), |b| {
        world.prepare().reduce_scatter_in_place(b, operator())
    });
    let all = (0..n).flat_map(|rank| maps(rank, 0..count));
    let own = (0..n).flat_map(|rank| if rank == me { maps(me, 0..count) } else { vec![(9, 9); count] });
    check!(world, "all-gather", own.collect(), all.collect(), |b| world.prepare().all_gather_in_place(b));
    let given = (0..n).flat_map(|to| maps(me, to * count..(to + 1) * count));
    let taken = (0..n).flat_map(|from| maps(from, me * count..(me + 1) * count));
    check!(world, "all-to-all", given.collect(), taken.collect(), |b| {
        world.prepare().all_to_all_in_place(b)
    });

    let counts: Vec<usize> = (0..n).map(|rank| uneven(rank, 0)).collect();
    let start = counts[..me].iter().sum::<usize>();
    let sum = counts.iter().sum::<usize>();
    check!(
        world,
        "reduce-scatter of parts",
        maps(me, 0..sum),
        composed(0..n, start..start + counts[me]),
        |b| { world.prepare().reduce_scatter_v_in_place(b, &counts, operator()) }
    );
    let part = |rank: usize, known: bool| {
        if known { maps(rank, 0..counts[rank]) } else { vec![(9, 9); counts[rank]] }
    };
    let own = (0..n).flat_map(|rank| part(rank, rank == me)).collect();
    let all = (0..n).flat_map(|rank| part(rank, true)).collect();
    check!(world, "all-gather of parts", own, all, |b| world.prepare().all_gather_v_in_place(b, &counts));
    let counts: Vec<usize> = (0..n).map(|rank| uneven(rank, me)).collect();
    let given = (0..n).flat_map(|to| maps(me, to * 10..to * 10 + counts[to])).collect();
    let taken = (0..n).flat_map(|from| maps(from, me * 10..me * 10 + counts[from])).collect();
    check!(world, "all-to-all of parts", given, taken, |b| world.prepare().all_to_all_v_in_place(b, &counts));
    Ok(())
}

/// Those with a root, whose buffers at the others hold what they give or get.
fn rooted(world: &Comm, root: usize, count: usize) -> Result<()> {
    let (me, n) = (world.rank(), world.size());
    let (here, at) = (me == root, || world.root(root).prepare());
    let mine = maps(me, 0..count);
    check!(world, "broadcast", mine.clone(), maps(root, 0..count), |b| at().broadcast(b));
    let sum = if here { composed(0..n, 0..count) } else { mine.clone() };
    check!(world, "reduce", mine.clone(), sum, |b| at().reduce_in_place(b, operator()));

    let all: Vec<Map> = (0..n).flat_map(|rank| maps(rank, 0..count)).collect();
    let own = (0..n).flat_map(|rank| if rank == me { mine.clone() } else { vec![(9, 9); count] });
    let own: Vec<Map> = if here { own.collect() } else { mine.clone() };
    let gathered = if here { all.clone() } else { mine.clone() };
    check!(world, "gather", own, gathered, |b| at().gather_in_place(b));
    let (given, taken) = if here { (all.clone(), all) } else { (vec![(9, 9); count], mine) };
    check!(world, "scatter", given, taken, |b| at().scatter_in_place(b));

    let counts: Vec<usize> = (0..n).map(|rank| uneven(rank, root)).collect();
    let stated = if here { &counts[..] } else { &[] };
    let mine = maps(me, 0..counts[me]);
    let all: Vec<Map> = (0..n).flat_map(|rank| maps(rank, 0..counts[rank])).collect();
    let own = (0..n).flat_map(|rank| if rank == me { mine.clone() } else { vec![(9, 9); counts[rank]] });
    let own: Vec<Map> = if here { own.collect() } else { mine.clone() };
    let gathered = if here { all.clone() } else { mine.clone() };
    check!(world, "gather of parts", own, gathered, |b| at().gather_v_in_place(b, stated));
    let (given, taken) = if here { (all.clone(), all) } else { (vec![(9, 9); counts[me]], mine) };
    check!(world, "scatter of parts", given, taken, |b| at().scatter_v_in_place(b, stated));
    Ok(())
}

/// Values that are packed, so that they don't travel from where they lie.
fn packed(world: &Comm) -> Result<()> {
    let (me, n) = (world.rank(), world.size());
    let root = n / 2;
    let value = |rank: usize| (rank % 2 == 1, rank as u64);
    let mut values = if me == root { (0..n).map(value).collect() } else { vec![(false, 9)] };
    world.root(root).prepare().scatter_in_place(&mut values).run()?;
    let mine = value(me);
    assert_eq!(values[if me == root { root } else { 0 }], mine);
    let mut all = if me == root { vec![(true, 9); n] } else { vec![mine] };
    if me == root {
        all[me] = mine;
    }
    let all = world.root(root).prepare().gather_in_place(all).owned().wait()?;
    assert_eq!(all, if me == root { (0..n).map(value).collect() } else { vec![mine] });
    Ok(())
}

#[test]
fn every_form_that_may_be_in_place() {
    // All sizes up to 17 in the long form, which `cargo xtask soak` runs.
    let sizes = match std::env::var("ARCHIPELAGO_SOAK") {
        Ok(_) => (1..=17).collect(),
        Err(_) => vec![1, 2, 3, 4, 6, 9, 17],
    };
    for size in sizes {
        archipelago::testing::run(size, |world| {
            for count in [0, 1, 5, 700] {
                alike(&world, count)?;
            }
            for root in (0..size).filter(|root| size <= 4 || [0, size / 2, size - 1].contains(root)) {
                [1, 5].into_iter().try_for_each(|count| rooted(&world, root, count))?;
            }
            packed(&world)
        });
    }
}

#[archipelago::test(ranks = [3])]
fn buffers_that_do_not_fit_are_refused(world: Comm) -> Result<()> {
    let root = world.root(1).prepare();
    if world.rank() == 1 {
        let error = root.gather_in_place(vec![0; 4]).run_owned().unwrap_err();
        assert!(error.contains("4 values can't be divided among 3 ranks; gather_v gives"), "{error}");
        let error = root.scatter_v_in_place(vec![0; 4], &[1, 1, 1]).run_owned().unwrap_err();
        assert!(error.contains("`counts` adds up to 3 and there are 4 values"), "{error}");
    }
    let error = world.prepare().all_gather_v_in_place(vec![0; 4], &[4, 0]).run_owned().unwrap_err();
    assert!(error.contains("`counts` has 2 entries and there are 3 ranks"), "{error}");
    Ok(())
}

/// Owned, and what it is refused with.
trait RunOwned {
    fn run_owned(self) -> std::result::Result<(), String>;
}

impl RunOwned for archipelago::Prepared<'_, archipelago::InPlace<Vec<i32>>> {
    fn run_owned(self) -> std::result::Result<(), String> {
        self.owned().wait().map(drop).map_err(|failed| failed.error.to_string())
    }
}
