//! Ranks that call different collectives, or messages of other types than those that are asked for; and such as agree.

use archipelago::prelude::*;

use crate::program::Expect::{Missed, Right, Wrong};
use crate::program::Outcome;
use crate::programs;

/// Who is the odd one out.
fn odd(w: &Comm) -> bool {
    w.rank() == w.size() - 1
}

fn owned<T, B>(outcome: Result<T, archipelago::Failed<B>>) -> Outcome {
    outcome.map(drop).map_err(|failed| failed.error)
}

programs! { Mismatch Typed:
    2 shm "barrier and broadcast" Wrong(&["calls barrier", "calls broadcast with root 0", "mismatches.rs:"]) => |w| {
        if odd(w) { w.barrier() } else { w.root(0).broadcast(&mut [1u8; 4][..]) }
    };
    3 tcp "gather and scatter" Wrong(&["calls gather", "calls scatter", "mismatches.rs:"]) => |w| {
        if odd(w) {
            return w.root(2).scatter_into(Some(&[1u32, 2, 3][..]), &mut [0u32][..]);
        }
        w.root(2).gather(&[1u32]).map(drop)
    };
    2 shm "roots of a broadcast" Wrong(&["broadcast with root 0 of 4 u32", "broadcast with root 1 of 4 u32"]) => |w| {
        w.root(w.rank()).broadcast(&mut [w.rank() as u32; 4][..])
    };
    4 tcp "roots of a broadcast over sockets" Wrong(&["broadcast with root 0", "broadcast with root 1"]) => |w| {
        w.root(usize::from(odd(w))).broadcast(&mut [1.0f64; 2][..])
    };
    3 shm "roots of a gather" Wrong(&["gather with root 1", "gather with root 0"]) => |w| {
        w.root(usize::from(odd(w))).gather(&[w.rank()]).map(drop)
    };
    7 shm "roots of a reduce" Wrong(&["reduce with root 3", "reduce with root 0"]) => |w| {
        w.root(if odd(w) { 3 } else { 0 }).reduce(w.rank() as u64, Sum).map(drop)
    };
    2 shm "counts of a broadcast, small and large" Wrong(&["of 10 u8", "of 1000000 u8"]) => |w| {
        let mut buffer = vec![1u8; if odd(w) { 10 } else { 1_000_000 }];
        w.root(0).broadcast(&mut buffer)
    };
    3 tcp "counts of a broadcast, one apart" Wrong(&["of 4 u64", "of 5 u64"]) => |w| {
        w.root(0).broadcast(&mut vec![1u64; if odd(w) { 5 } else { 4 }])
    };
    4 shm "counts of an all-reduce" Wrong(&["of 8 i32", "of 9 i32"]) => |w| {
        w.all_reduce(&vec![1i32; if odd(w) { 9 } else { 8 }][..], Sum).map(drop)
    };
    2 tcp "counts of an all-gather" Wrong(&["of 1 f32", "of 2 f32"]) => |w| {
        w.all_gather(&vec![1.0f32; if odd(w) { 2 } else { 1 }]).map(drop)
    };
    3 shm "types of an all-reduce" Wrong(&["of 1 f64", "of 1 i64"]) => |w| {
        if odd(w) { w.all_reduce(1i64, Sum).map(drop) } else { w.all_reduce(1.0f64, Sum).map(drop) }
    };
    2 tcp "types of a broadcast of one length" Wrong(&["of 2 u32", "of 1 u64"]) => |w| {
        if odd(w) { w.root(0).broadcast(&mut [1u64][..]) } else { w.root(0).broadcast(&mut [1u32; 2][..]) }
    };
    4 shm "operators of an all-reduce" Wrong(&["operator Sum", "operator Max"]) => |w| {
        if odd(w) { w.all_reduce(1u32, Max).map(drop) } else { w.all_reduce(1u32, Sum).map(drop) }
    };
    3 tcp "operators of a scan" Wrong(&["scan", "operator Product", "operator Min"]) => |w| {
        if odd(w) { w.scan(1.5f64, Min).map(drop) } else { w.scan(1.5f64, Product).map(drop) }
    };
    3 shm "an operator of the user's and a sum" Wrong(&["operator Sum", "function"]) => |w| {
        match odd(w) {
            true => w.all_reduce(1u32, commutative(|a: &u32, b: &u32| a + b)).map(drop),
            false => w.all_reduce(1u32, Sum).map(drop),
        }
    };
    2 shm "a ready send before its receive" Wrong(&["a ready send to rank 1 with tag 5 (at", "mismatches.rs:", "before its receive was posted"]) => |w| {
        if w.rank() == 0 {
            w.to(1).tag(5).ready().send(&7u32)?;
            return w.barrier();
        }
        // It comes before the barrier does.
        w.barrier()?;
        w.from(0).tag(5).receive::<u32>().map(drop)
    };
    3 tcp "a large ready send before its receive" Wrong(&["a ready send to rank 2 with tag 0", "before its receive was posted"]) => |w| {
        if w.rank() == 0 {
            let sent = w.to(2).ready().send_owned(vec![7u8; 1_000_000]);
            w.barrier()?;
            return owned(sent.wait());
        }
        w.barrier()?;
        if odd(w) { w.from(0).receive::<Vec<u8>>().map(drop) } else { Ok(()) }
    };
    2 tcp "ready sends to receives that wait" Right => |w| {
        if w.rank() == 0 {
            w.barrier()?;
            (0..300u32).try_for_each(|_| w.to(1).tag(5).ready().send(&7u32))?;
            return Ok(());
        }
        let waiting: Vec<_> = (0..300).map(|_| w.from(0).tag(5).receive_owned([0u32; 1])).collect();
        w.barrier()?;
        waiting.into_iter().try_for_each(|incoming| owned(incoming.wait()))
    };
    2 shm "functions of the user's that differ" Missed => |w| {
        match odd(w) {
            true => w.all_reduce(1u32, commutative(|a: &u32, b: &u32| a + b)).map(drop),
            false => w.all_reduce(1u32, commutative(|a: &u32, b: &u32| a * b)).map(drop),
        }
    };
    4 shm "one calls a collective more" Wrong(&["calls barrier", "calls all-reduce"]) => |w| {
        if odd(w) {
            w.barrier()?;
        }
        w.all_reduce(1u32, Sum)?;
        w.barrier()
    };
    3 shm "another order of collectives" Wrong(&["calls all-gather", "calls all-to-all"]) => |w| {
        let values = [1u8; 3];
        if odd(w) {
            w.all_gather(&values[..1])?;
            return w.all_to_all(&values).map(drop);
        }
        w.all_to_all(&values)?;
        w.all_gather(&values[..1]).map(drop)
    };
    2 tcp "algorithms that were named" Wrong(&["algorithm \"binomial\"", "algorithm \"chain\""]) => |w| {
        let mut values = vec![1u8; 100_000];
        w.root(0).prepare().broadcast(&mut values).by(if odd(w) { "chain" } else { "binomial" }).run()
    };
    3 shm "started collectives that differ" Wrong(&["calls barrier", "calls all-reduce"]) => |w| {
        match odd(w) {
            true => owned(w.prepare().barrier().owned().wait()),
            false => owned(w.prepare().all_reduce(vec![1u32], Sum).owned().wait()),
        }
    };
    2 shm "a scope's collective with another root" Wrong(&["broadcast with root 0", "broadcast with root 1"]) => |w| {
        let mut values = vec![1u16; 3];
        w.scope(|s| w.root(w.rank()).prepare().broadcast(&mut values).start(s)?.wait().map(drop))
    };
    3 tcp "persistent collectives that differ in count" Wrong(&["of 2 u8", "of 3 u8"]) => |w| {
        let mut sum = w.prepare().all_reduce(vec![1u8; if odd(w) { 3 } else { 2 }], Sum).persistent()?;
        sum.start()?;
        sum.wait().map(drop)
    };
    2 shm "in place and not" Wrong(&["all-gather", "in place"]) => |w| {
        let (mine, mut all) = (vec![1usize], vec![w.rank(); 2]);
        match odd(w) {
            true => w.prepare().all_gather_in_place(&mut all).run(),
            false => w.prepare().all_gather(&mine, &mut all).run(),
        }
    };
    4 shm "a part of the world that disagrees" Wrong(&["reduce with root 0", "reduce with root 1", "part "]) => |w| {
        let part = w.split(Some(w.rank() as u32 / 2), 0)?;
        part.iter().try_for_each(|part| part.root(part.rank()).reduce(1u64, Sum).map(drop))
    };
    2 tcp "a message of another type" Wrong(&["made of f64", "asks for", "i32"]) => |w| {
        if odd(w) { w.from(0).receive::<i32>().map(drop) } else { w.to(1).send(&1.5f64) }
    };
    2 shm "a message of a struct's type" Wrong(&["made of", "asks for"]) => |w| {
        if odd(w) { w.from(0).receive::<(u32, u8)>().map(drop) } else { w.to(1).send(&(1u32, 1.5f32)) }
    };
    2 shm "a message that is too long" Wrong(&["Error: ", "receive_into", "100"]) => |w| {
        if odd(w) { w.from(0).receive_into(&mut [0u8; 10][..]).map(drop) } else { w.to(1).send(&[1u8; 100]) }
    };
    2 tcp "one value is asked for, and three are sent" Wrong(&["Error: ", "receive"]) => |w| {
        if odd(w) { w.from(0).receive::<u64>().map(drop) } else { w.to(1).send(&[1u64; 3]) }
    };
    2 shm "everything once" Right => |w| {
        w.barrier()?;
        w.root(1).broadcast(&mut [1u8; 4][..])?;
        w.all_gather(&[w.rank()])?;
        w.root(0).reduce(1.5f64, Sum)?;
        w.scan(1u32, Max).map(drop)
    };
    4 tcp "everything once over sockets" Right => |w| {
        w.all_reduce(1u8, Max)?;
        w.all_to_all(&[w.rank(); 4])?;
        w.reduce_scatter(&[1u32; 8], Sum)?;
        w.root(3).gather(&[w.rank()])?;
        w.exclusive_scan(1u32, Sum).map(drop)
    };
    3 shm "the root is another each time" Right => |w| {
        (0..w.size()).try_for_each(|root| w.root(root).broadcast(&mut [root as u64; 5][..]))
    };
    7 tcp "counts of each rank's own" Right => |w| {
        w.all_gather_v(&vec![w.rank() as u32; w.rank()])?;
        w.root(2).gather_v(&vec![1u8; w.rank() * 3]).map(drop)
    };
    3 shm "parts of lengths that the root knows" Right => |w| {
        let values = [1u16, 2, 3, 4, 5, 6];
        w.root(0).scatter_v((w.rank() == 0).then_some((&values[..], &[1, 2, 3][..]))).map(drop)
    };
    4 shm "all-to-all of all lengths" Right => |w| {
        let counts: Vec<usize> = (0..w.size()).map(|to| to + w.rank()).collect();
        w.all_to_all_v(&vec![1u8; counts.iter().sum()]).counts(&counts).run().map(drop)
    };
    2 shm "small and large, by turns" Right => |w| {
        [1, 100_000, 7, 1_000_000].into_iter().try_for_each(|n| w.root(0).broadcast(&mut vec![1u8; n]))
    };
    3 tcp "blocking at one, started at another" Right => |w| {
        match w.rank() {
            0 => w.barrier(),
            1 => owned(w.prepare().barrier().owned().wait()),
            _ => w.scope(|s| w.prepare().barrier().start(s)?.wait().map(drop)),
        }
    };
    4 shm "collectives of parts of the world that differ" Right => |w| {
        let part = w.split(Some(w.rank() as u32 % 2), 0)?;
        part.iter().try_for_each(|part| match w.rank() % 2 {
            0 => part.barrier(),
            _ => part.all_reduce(1u32, Sum).map(drop),
        })
    };
    3 shm "many started at once" Right => |w| {
        let sums: Vec<_> = (0..20).map(|i| w.prepare().all_reduce(vec![i as u64; 3], Sum).owned()).collect();
        sums.into_iter().try_for_each(|sum| owned(sum.wait()))
    };
    2 tcp "a user's operator at both" Right => |w| {
        w.all_reduce(w.rank() as u32, ordered(|a: &u32, b: &u32| a * 10 + b)).map(drop)
    };
    3 shm "messages beside a collective" Right => |w| {
        let (right, left) = ((w.rank() + 1) % 3, (w.rank() + 2) % 3);
        let sum = w.prepare().all_reduce(vec![1u8; 4], Sum).owned();
        w.to(right).send(&w.rank())?;
        w.from(left).receive::<usize>()?;
        owned(sum.wait())
    };
    2 shm "an array and its elements are one type" Right => |w| {
        match w.rank() {
            0 => w.to(1).send(&[[1.0f64; 3]; 2]),
            _ => w.from(0).receive::<Vec<f64>>().map(drop),
        }
    };
    2 tcp "a shorter message than the buffer" Right => |w| {
        match w.rank() {
            0 => w.to(1).send(&[1u8; 10]),
            _ => w.from(0).receive_into(&mut [0u8; 100][..]).map(drop),
        }
    };
    5 shm "a communicator of the others" Right => |w| {
        let others = w.create(&w.group().exclude(&[2])?)?;
        others.iter().try_for_each(|others| others.all_gather(&[others.rank()]).map(drop))?;
        w.barrier()
    };
    4 shm "a grid's lines" Right => |w| {
        let Some(grid) = w.cartesian(&[(2, false), (2, true)])? else { return Ok(()) };
        let line = grid.line(1)?;
        line.all_reduce(grid.coordinates()[0] as u32, Max).map(drop)
    };
    6 tcp "a ring of neighbours" Right => |w| {
        let Some(ring) = w.cartesian(&[(6, true)])? else { return Ok(()) };
        ring.neighbours().all_gather(&[w.rank()]).map(drop)
    };
    4 shm "both sides of a bridge" Right => |w| {
        let side = w.split(Some(w.rank() as u32 % 2), 0)?;
        let Some(side) = side else { return Ok(()) };
        let bridge = (side.rank() == 0).then_some((w, 1 - w.rank() % 2));
        let inter = side.inter_communicator(0, bridge, 5)?;
        inter.all_reduce(&[w.rank() as u64], Sum).map(drop)
    };
    3 shm "persistent all-reduce, several times" Right => |w| {
        let mut sum = w.prepare().all_reduce(vec![1.0f64; 4], Sum).persistent()?;
        (0..3).try_for_each(|_| {
            sum.start()?;
            sum.wait().map(drop)
        })
    };
    16 tcp "barriers of many" Right => |w| (0..5).try_for_each(|_| w.barrier());
    2 shm "an algorithm that both name" Right => |w| {
        let mut values = vec![w.rank() as u32; 1000];
        w.prepare().all_reduce(&mut values, Sum).by("doubling").run()
    };
    3 shm "sums whose bits are always the same" Right => |w| {
        w.all_reduce(0.1f64 * w.rank() as f64, Sum)?;
        w.root(2).reduce(&[1.5f64, 2.5][..], Max).map(drop)
    };
    1 shm "alone in the world" Right => |w| {
        w.barrier()?;
        w.root(0).broadcast(&mut [1u8; 3][..])?;
        w.all_reduce(1u32, Sum).map(drop)
    };
    5 tcp "scans of vectors" Right => |w| {
        w.scan(&[w.rank() as u64; 4][..], Sum)?;
        w.exclusive_scan(&[1.5f64, 2.5][..], Max).map(drop)
    };
    3 shm "parts of a reduce-scatter" Right => |w| w.reduce_scatter_v(&[1, 2, 3], &[2, 0, 1], Max).map(drop);
    4 tcp "a scan by a user's function" Right => |w| w.scan(w.rank() as u64, ordered(|a: &u64, b: &u64| a * 3 + b)).map(drop);
    2 shm "a column that is broadcast" Right => |w| {
        let column = Layout::vector(4, 1, 3, &Layout::of::<f64>())?;
        let mut matrix = [w.rank() as f64; 12];
        w.root(1).broadcast(&mut column.over_mut(&mut matrix)?)
    };
    6 shm "vectors of which only the root knows the length" Right => |w| {
        let values = (w.rank() == 4).then(|| vec![1u16; 1234]);
        w.root(4).broadcast_vec(values).map(drop)
    };
}
