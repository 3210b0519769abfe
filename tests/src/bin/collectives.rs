//! Every collective by every algorithm that fits, between processes. Each rank prints one line when all was right.

use archipelago::prelude::*;
use archipelago::{Buffers, InterRoot, Prepared, Result};

fn main() -> Result<()> {
    let world = archipelago::init()?;
    match std::env::args().nth(1).as_deref() {
        Some("differ") => differ(&world)?,
        how => {
            // Many ranks take their time.
            let counts: &[usize] = if how == Some("few") { &[0, 7] } else { &[0, 1, 5, 9000] };
            let ran: usize = counts.iter().map(|&count| all(&world, count)).sum();
            between(&world)?;
            println!("rank {} of {} is right, {ran} times", world.rank(), world.size());
        }
    }
    world.finalize()
}

/// Runs a collective by all its algorithms, which the answer to a wrong name lists; returns how many fit.
fn by_all<'c, B: Buffers + Send + 'static>(
    prepare: impl Fn(&str) -> Prepared<'c, B>,
    check: impl Fn(B::Back),
) -> usize {
    let unknown = prepare("?").owned().wait().err().expect("there is no such algorithm").error.to_string();
    let names = unknown.split("there are: ").nth(1).expect("a list");
    let run = |name: &&str| match prepare(name).owned().wait() {
        Ok(back) => {
            check(back);
            true
        }
        Err(failed) => {
            let text = failed.error.to_string();
            assert!(text.contains("needs: "), "{name}: {text}");
            false
        }
    };
    names.split(' ').filter(run).count()
}

/// x -> a x + b: associative, but the order matters.
fn map(rank: usize, i: usize) -> (u64, u64) {
    (2 * rank as u64 + 3, (rank + 11 * i) as u64)
}

fn then(f: &(u64, u64), g: &(u64, u64)) -> (u64, u64) {
    (f.0.wrapping_mul(g.0), f.0.wrapping_mul(g.1).wrapping_add(f.1))
}

fn composed(ranks: std::ops::Range<usize>, i: usize) -> (u64, u64) {
    ranks.map(|rank| map(rank, i)).reduce(|f, g| then(&f, &g)).expect("a rank")
}

/// All of them with blocks or vectors of this length.
fn all(world: &Comm, count: usize) -> usize {
    let (me, n) = (world.rank(), world.size());
    let p = world.prepare();
    let maps: Vec<_> = (0..count).map(|i| map(me, i)).collect();
    let reduced =
        |ranks: std::ops::Range<usize>| (0..count).map(|i| composed(ranks.clone(), i)).collect::<Vec<_>>();
    let op = || ordered(then);
    let block = |from: usize, to: usize| (0..count).map(move |i| (from * 1000 + to * 7 + i) as u32);
    let given: Vec<u32> = (0..n).flat_map(|to| block(me, to)).collect();
    let received: Vec<u32> = (0..n).flat_map(|from| block(from, me)).collect();
    let mine: Vec<u32> = block(me, 0).collect();
    let everyones: Vec<u32> = (0..n).flat_map(|from| block(from, 0)).collect();
    let mut ran = 0;

    ran += by_all(|name| p.barrier().by(name), |_| {});
    ran += by_all(|name| p.all_reduce(maps.clone(), op()).by(name), |back| assert_eq!(back, reduced(0..n)));
    let sums: Vec<u64> = (0..count).map(|i| (n * i + n * (n - 1) / 2) as u64).collect();
    let addends: Vec<u64> = (0..count).map(|i| (i + me) as u64).collect();
    ran += by_all(|name| p.all_reduce(addends.clone(), Sum).by(name), |back| assert_eq!(back, sums));
    ran += by_all(|name| p.scan(maps.clone(), op()).by(name), |back| assert_eq!(back, reduced(0..me + 1)));
    ran += by_all(
        |name| p.exclusive_scan(maps.clone(), op()).by(name),
        |back| assert_eq!(back, if me == 0 { maps.clone() } else { reduced(0..me) }),
    );
    let many: Vec<_> = (0..n * count).map(|i| map(me, i)).collect();
    let part: Vec<_> = (0..count).map(|i| composed(0..n, me * count + i)).collect();
    ran += by_all(
        |name| p.reduce_scatter(many.clone(), vec![(0, 0); count], op()).by(name),
        |(_, back)| assert_eq!(back, part),
    );
    ran += by_all(
        |name| p.all_gather(mine.clone(), vec![0; n * count]).by(name),
        |(_, back)| assert_eq!(back, everyones),
    );
    ran += by_all(
        |name| p.all_to_all(given.clone(), vec![0; n * count]).by(name),
        |(_, back)| assert_eq!(back, received),
    );
    ran += by_all(|name| p.all_to_all_in_place(given.clone()).by(name), |back| assert_eq!(back, received));
    let counts = vec![count; n];
    ran += by_all(
        |name| p.all_to_all_v(given.clone(), &counts, vec![0; n * count], &counts).by(name),
        |(_, back)| assert_eq!(back, received),
    );

    let root = count % n;
    let (at, here) = (world.root(root).prepare(), me == root);
    let only_here = |values: &[u32]| if here { values.to_vec() } else { vec![] };
    let roots: Vec<u32> = block(root, 0).collect();
    ran += by_all(|name| at.broadcast(mine.clone()).by(name), |back| assert_eq!(back, roots));
    ran += by_all(
        |name| at.gather(mine.clone(), only_here(&vec![0; n * count])).by(name),
        |(_, back)| assert_eq!(back, only_here(&everyones)),
    );
    ran += by_all(
        |name| at.scatter(only_here(&everyones), vec![0; count]).by(name),
        |(_, back)| assert_eq!(back, mine),
    );
    let room = if here { count } else { 0 };
    ran += by_all(
        |name| at.reduce(maps.clone(), vec![(0, 0); room], op()).by(name),
        |(_, back)| assert!(!here || back == reduced(0..n)),
    );

    let grid = world.cartesian(&[(0, true), (0, false)]).expect("a grid").expect("every rank is in it");
    let neighbours = grid.neighbours();
    let edge = |rank: usize, side: usize| (0..count).map(move |i| (rank * 1000 + side * 7 + i) as u32);
    let edges: Vec<u32> = (0..4).flat_map(|side| edge(grid.rank(), side)).collect();
    ran + by_all(
        |name| neighbours.prepare().all_to_all(edges.clone(), vec![0; 4 * count]).by(name),
        |(_, back)| {
            for (side, rank) in neighbours.ranks().into_iter().enumerate() {
                let expected: Vec<u32> = rank.map_or(vec![0; count], |rank| edge(rank, side ^ 1).collect());
                assert_eq!(back[side * count..][..count], expected);
            }
        },
    )
}

/// Collectives between the lower and the upper half, in all forms.
fn between(world: &Comm) -> Result<()> {
    let (me, n) = (world.rank(), world.size());
    let low = n / 2;
    let is_low = me < low;
    let side = world.split(Some(is_low as u32), 0)?.expect("it gave a colour");
    if low == 0 {
        return Ok(());
    }
    let bridge = (side.rank() == 0).then_some((world, if is_low { low } else { 0 }));
    let inter = side.inter_communicator(0, bridge, 0)?;
    let theirs: Vec<usize> = if is_low { (low..n).collect() } else { (0..low).collect() };
    let (p, there) = (inter.prepare(), theirs.len());
    for count in [0, 1, 9000] {
        let of = |who: usize| (0..count).map(move |i| who * 100_000 + i);
        let all: Vec<usize> = theirs.iter().flat_map(|who| of(*who)).collect();
        let mine: Vec<usize> = of(me).collect();
        let (gathered, summed) = (vec![0; there * count], vec![(0, 0); count]);
        let gathered = p.all_gather(mine.clone(), gathered).owned();
        let maps: Vec<_> = (0..count).map(|i| map(me, i)).collect();
        let mut composition = p.all_reduce(maps, summed, ordered(then)).persistent()?;
        composition.start()?;
        assert_eq!(gathered.wait().map_err(|failed| failed.error)?.1, all);
        let ranks = theirs[0]..theirs[0] + there;
        let expected: Vec<_> = (0..count).map(|i| composed(ranks.clone(), i)).collect();
        assert_eq!(composition.wait()?.1, expected);

        let counts: Vec<usize> = theirs.iter().map(|who| (who + me) % 3 * count / 2).collect();
        let given: Vec<usize> = counts.iter().flat_map(|count| vec![me; *count]).collect();
        let mut received = vec![0; given.len()];
        world
            .scope(|s| p.all_to_all_v(&given, &counts, &mut received, &counts).start(s)?.wait().map(drop))?;
        let from = theirs.iter().zip(&counts).flat_map(|(who, count)| vec![*who; *count]);
        assert_eq!(received, from.collect::<Vec<_>>());

        // Rank 0 of the world gives to the upper half and gets from it.
        let root = match me {
            0 => InterRoot::Here,
            _ if is_low => InterRoot::Beside,
            _ => InterRoot::There(0),
        };
        let mut values: Vec<usize> = of(me).collect();
        inter.broadcast(root, &mut values)?;
        assert_eq!(values, of(if is_low { me } else { 0 }).collect::<Vec<_>>());
        let mut room = vec![0; if me == 0 { there * count } else { 0 }];
        inter.gather_into(root, &mine, &mut room)?;
        assert!(me != 0 || room == all);
    }
    inter.barrier()
}

/// Rank 1 calls another collective than the others, who are all told, then and afterwards.
fn differ(world: &Comm) -> Result<()> {
    for count in [1, 50_000] {
        let comm = world.duplicate()?;
        for _ in 0..2 {
            let outcome = match comm.rank() {
                1 => comm.all_gather(&vec![1u8; count]).map(drop),
                _ => comm.all_reduce(&vec![1.5f64; count], Sum).map(drop),
            };
            let text = outcome.expect_err("the ranks disagree").to_string();
            assert!(text.contains("all-gather of u8") && text.contains("all-reduce of f64"), "{text}");
        }
    }
    // Who leaves before another has been told would be all that this one hears of.
    world.barrier()?;
    println!("rank {} was told", world.rank());
    Ok(())
}
