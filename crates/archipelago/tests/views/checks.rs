//! What layouts select, given to and taken from every verb in every form; and parts of any types in every form. Used by ranks that
//! are threads, and by ranks that are processes.

use archipelago::prelude::*;
use archipelago::{Field, InterComm, InterRoot, Neighbours, Result, SendBuffer};

/// Pairs of numbers, five apart, and perhaps one more.
pub fn comb(count: usize) -> Result<Layout> {
    let pairs = Layout::vector(count as u64 / 2, 2, 5, &Layout::of::<u64>())?;
    let odd = Field { count: count as u64 % 2, displacement: pairs.extent() + 24, of: Layout::of::<u64>() };
    Ok(Layout::structure(&[Field { count: 1, displacement: 0, of: pairs }, odd])?)
}

/// A slice for what a comb selects, filled with what nobody sends.
pub fn slice_for(layout: &Layout) -> Vec<u64> {
    vec![u64::MAX; (layout.true_lower_bound() + layout.true_extent()) as usize / 8]
}

/// A slice that has the numbers where the layout has them.
pub fn laid_out(layout: &Layout, numbers: &[u64]) -> Result<Vec<u64>> {
    let mut slice = slice_for(layout);
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_ne_bytes()).collect();
    layout.over_mut(&mut slice)?.unpack(0, &bytes);
    Ok(slice)
}

/// `count` numbers that `from` gives to `to`.
fn numbers(from: usize, to: usize, count: usize) -> Vec<u64> {
    (0..count).map(|i| (from * 1_000_000 + to * 10_000 + i) as u64).collect()
}

/// A buffer that has a layout, and what it has been given.
#[derive(Clone)]
struct Laid {
    layout: Layout,
    values: Vec<u64>,
}

impl Laid {
    fn of(values: &[u64]) -> Result<Laid> {
        let layout = comb(values.len())?;
        Ok(Laid { values: laid_out(&layout, values)?, layout })
    }

    fn room(count: usize) -> Result<Laid> {
        Laid::of(&vec![7; count])
    }

    fn is(&self, form: &str, expected: &[u64]) -> Result<()> {
        assert_eq!(self.values, laid_out(&self.layout, expected)?, "{form}");
        Ok(())
    }
}

/// Runs what describes a collective with two buffers in every form, and compares what comes.
macro_rules! apart {
    ($world:expr, $given:expr, $expected:expr, |$mine:ident, $all:ident| $described:expr) => {{
        let (given, expected) = (Laid::of(&$given)?, &$expected[..]);
        let mut room = Laid::room(expected.len())?;
        {
            let ($mine, $all) = (given.layout.over(&given.values)?, room.layout.over_mut(&mut room.values)?);
            $described.run()?;
        }
        room.is("blocking", expected)?;
        let mut room = Laid::room(expected.len())?;
        {
            let (view, mut into) =
                (given.layout.over(&given.values)?, room.layout.over_mut(&mut room.values)?);
            $world.scope(|s| {
                let ($mine, $all) = (&view, &mut into);
                $described.start(s)?.wait()
            })?;
        }
        room.is("in a scope", expected)?;
        let room = Laid::room(expected.len())?;
        let ($mine, $all) = (given.layout.own(given.values.clone())?, room.layout.own(room.values)?);
        let (_, back) = $described.owned().wait()?;
        assert_eq!(back.to_vec(), expected, "owned");
        let room = Laid::room(expected.len())?;
        let ($mine, $all) = (given.layout.own(vec![3; given.values.len()])?, room.layout.own(room.values)?);
        let mut again = $described.persistent()?;
        for _ in 0..2 {
            again.wait()?.0.copy_from_slice(&given.values);
            again.start()?;
            assert_eq!(again.wait()?.1, laid_out(&room.layout, expected)?, "persistent");
        }
    }};
}

/// The same with one buffer.
macro_rules! in_place {
    ($world:expr, $given:expr, $expected:expr, |$buffer:ident| $described:expr) => {{
        let (given, expected) = (Laid::of(&$given)?, &$expected[..]);
        let mut blocking = given.clone();
        {
            let $buffer = blocking.layout.over_mut(&mut blocking.values)?;
            $described.run()?;
        }
        blocking.is("blocking", expected)?;
        let mut lent = given.clone();
        {
            let mut view = lent.layout.over_mut(&mut lent.values)?;
            $world.scope(|s| {
                let $buffer = &mut view;
                $described.start(s).map(drop)
            })?;
        }
        lent.is("in a scope", expected)?;
        let $buffer = given.layout.own(given.values.clone())?;
        assert_eq!($described.owned().wait()?.to_vec(), expected, "owned");
        let $buffer = given.layout.own(vec![3; given.values.len()])?;
        let mut again = $described.persistent()?;
        for _ in 0..2 {
            again.wait()?.copy_from_slice(&given.values);
            again.start()?;
            assert_eq!(again.wait()?, laid_out(&given.layout, expected)?, "persistent");
        }
    }};
}

/// Everything, for these numbers of values.
pub fn all(world: &Comm, counts: &[usize]) -> Result<()> {
    for &count in counts {
        messages(world, count)?;
        collectives(world, count)?;
        rooted(world, count)?;
        neighbours(world, count)?;
    }
    between_sides(world, counts)?;
    separate_parts(world)
}

fn messages(world: &Comm, count: usize) -> Result<()> {
    let (me, n) = (world.rank(), world.size());
    let (right, left) = (world.to((me + 1) % n), world.from((me + n - 1) % n));
    let theirs = numbers((me + n - 1) % n, 0, count);
    let given = Laid::of(&numbers(me, 0, count))?;

    let mut buffer = SendBuffer::new(1 << 20);
    right.send_buffered(&mut buffer, &given.layout.over(&given.values)?)?;
    let mut room = Laid::room(count)?;
    left.receive_into(&mut room.layout.over_mut(&mut room.values)?)?;
    room.is("buffered", &theirs)?;
    buffer.flush()?;

    // To an object.
    let fold = world.register(|values: Vec<u64>| values.iter().sum::<u64>())?;
    let sum = fold.at((me + 1) % n).call(&given.layout.over(&given.values)?)?;
    assert_eq!(sum, numbers(me, 0, count).iter().sum());
    fold.at((me + 1) % n).tell(&given.layout.over(&given.values)?)?;
    world.quiescence()?;

    let mut both = given.clone();
    right.send_receive_replace(&mut both.layout.over_mut(&mut both.values)?, &left)?;
    both.is("replaced", &theirs)?;

    // In parts: three numbers of a row of five each, from four parts into two.
    let element = Layout::resized(0, 40, &Layout::indexed_block(1, &[0, 2, 3], &Layout::of::<u64>())?)?;
    let rows = 4 * count.max(1);
    let mut outgoing = right.partitioned_send(element.own_each(vec![me as u64; 5 * rows])?, 4)?;
    let mut incoming = left.partitioned_receive(element.own_each(vec![u64::MAX; 5 * rows])?, 2)?;
    for round in 0..2 {
        incoming.start()?;
        for mut part in outgoing.start()?.into_iter().rev() {
            let first = (part.index() * part.len()) as u64;
            part.iter_mut().enumerate().for_each(|(i, value)| *value = first + i as u64 + round);
            part.ready()?;
        }
        let received = incoming.wait()?;
        let expected = |i: usize| if [0, 2, 3].contains(&(i % 5)) { i as u64 + round } else { u64::MAX };
        assert!(received.iter().enumerate().all(|(i, value)| *value == expected(i)));
        outgoing.wait()?;
    }
    // A receiver without a layout, of the same numbers.
    let mut outgoing = right.partitioned_send(outgoing.into_buffer()?, 2)?;
    let mut incoming = left.partitioned_receive(vec![0u64; 3 * rows], 4)?;
    incoming.start()?;
    drop(outgoing.start()?);
    let packed = (0..5 * rows as u64).filter(|i| [0, 2, 3].contains(&(i % 5))).map(|i| i + 1);
    assert!(incoming.wait()?.iter().copied().eq(packed));
    outgoing.wait().map(drop)
}

fn collectives(world: &Comm, count: usize) -> Result<()> {
    let (me, n) = (world.rank(), world.size());
    let p = world.prepare();
    let mine = numbers(me, 0, count);
    let everyones: Vec<u64> = (0..n).flat_map(|rank| numbers(rank, 0, count)).collect();
    let given: Vec<u64> = (0..n).flat_map(|to| numbers(me, to, count)).collect();
    let received: Vec<u64> = (0..n).flat_map(|from| numbers(from, me, count)).collect();
    apart!(world, mine, everyones, |mine, all| p.all_gather(mine, all));
    apart!(world, given, received, |values, into| p.all_to_all(values, into));
    in_place!(world, given, received, |values| p.all_to_all_in_place(values));
    let mut own_alone = vec![0; n * count];
    own_alone[me * count..][..count].copy_from_slice(&mine);
    in_place!(world, own_alone, everyones, |all| p.all_gather_in_place(all));

    // Of parts of any lengths.
    let length = |from: usize, to: usize| (from + to) % 3 * count / 2;
    let lengths: Vec<usize> = (0..n).map(|rank| length(rank, 0)).collect();
    let parts: Vec<u64> = (0..n).flat_map(|rank| numbers(rank, 0, length(rank, 0))).collect();
    apart!(world, numbers(me, 0, length(me, 0)), parts, |mine, all| p.all_gather_v(mine, all, &lengths));
    let (out, back): (Vec<usize>, Vec<usize>) =
        (0..n).map(|rank| (length(me, rank), length(rank, me))).unzip();
    let given_v: Vec<u64> = (0..n).flat_map(|to| numbers(me, to, length(me, to))).collect();
    let received_v: Vec<u64> = (0..n).flat_map(|from| numbers(from, me, length(from, me))).collect();
    apart!(world, given_v, received_v, |values, into| p.all_to_all_v(values, &out, into, &back));
    in_place!(world, given_v, received_v, |values| p.all_to_all_v_in_place(values, &out));

    // Combined.
    let sum = |ranks: usize, to: usize, count: usize| -> Vec<u64> {
        let of = |i: usize| (0..ranks).map(|rank| (rank * 1_000_000 + to * 10_000 + i) as u64).sum();
        (0..count).map(of).collect()
    };
    in_place!(world, mine, sum(n, 0, count), |values| p.all_reduce(values, Sum));
    in_place!(world, mine, sum(me + 1, 0, count), |values| p.scan(values, Sum));
    let before = if me == 0 { mine.clone() } else { sum(me, 0, count) };
    in_place!(world, mine, before, |values| p.exclusive_scan(values, Sum));
    apart!(world, given, sum(n, me, count), |values, part| p.reduce_scatter(values, part, Sum));
    let shares: Vec<usize> = (0..n).map(|rank| rank % 2 * count).collect();
    let given_s: Vec<u64> = (0..n).flat_map(|to| numbers(me, to, shares[to])).collect();
    let part = sum(n, me, shares[me]);
    apart!(world, given_s, part, |values, part| p.reduce_scatter_v(values, &shares, part, Sum));

    // Verbs that make their own results.
    let (one, many) = (Laid::of(&mine)?, Laid::of(&given)?);
    let (one_view, many_view) = (one.layout.over(&one.values)?, many.layout.over(&many.values)?);
    assert_eq!(world.all_gather(&one_view)?, everyones);
    assert_eq!(world.all_gather_v(one_view.clone())?.values(), everyones);
    assert_eq!(world.all_to_all(&many_view)?, received);
    assert_eq!(world.all_to_all_v(&many_view).run()?.values(), received);
    assert_eq!(world.reduce_scatter(&many_view, Sum)?, sum(n, me, count));
    assert_eq!(world.reduce_scatter_v(&many_view, &vec![count; n], Sum)?, sum(n, me, count));
    assert_eq!(world.all_reduce(&one_view, Sum)?, sum(n, 0, count));
    assert_eq!(world.scan(&one_view, Sum)?, sum(me + 1, 0, count));
    assert_eq!(world.exclusive_scan(one_view, Sum)?, (me > 0).then(|| sum(me, 0, count)));
    Ok(())
}

fn rooted(world: &Comm, count: usize) -> Result<()> {
    let (me, n) = (world.rank(), world.size());
    let root = count % n;
    let (at, here) = (world.root(root).prepare(), me == root);
    let mine = numbers(me, 0, count);
    let everyones: Vec<u64> = (0..n).flat_map(|rank| numbers(rank, 0, count)).collect();
    let only_here = |values: &[u64]| if here { values.to_vec() } else { vec![] };
    in_place!(world, mine, numbers(root, 0, count), |values| at.broadcast(values));
    apart!(world, mine, only_here(&everyones), |mine, all| at.gather(mine, all));
    apart!(world, only_here(&everyones), mine, |all, mine| at.scatter(all, mine));
    let length = |rank: usize| rank % 3 * count;
    let lengths: Vec<usize> = if here { (0..n).map(length).collect() } else { vec![] };
    let parts: Vec<u64> = (0..n).flat_map(|rank| numbers(rank, 0, length(rank))).collect();
    let part = numbers(me, 0, length(me));
    apart!(world, part, only_here(&parts), |mine, all| at.gather_v(mine, all, &lengths));
    apart!(world, only_here(&parts), part, |all, mine| at.scatter_v(all, &lengths, mine));
    let sums: Vec<u64> = (0..count).map(|i| (0..n).map(|rank| numbers(rank, 0, count)[i]).sum()).collect();
    apart!(world, mine, only_here(&sums), |mine, sum| at.reduce(mine, sum, Sum));
    let reduced = if here { sums.clone() } else { mine.clone() };
    in_place!(world, mine, reduced, |values| at.reduce_in_place(values, Sum));
    let mut gathered = if here { vec![0; n * count] } else { mine.clone() };
    if here {
        gathered[me * count..][..count].copy_from_slice(&mine);
    }
    let expected = if here { everyones.clone() } else { mine.clone() };
    in_place!(world, gathered, expected, |values| at.gather_in_place(values));
    let scattered = if here { everyones.clone() } else { vec![0; count] };
    in_place!(world, scattered, expected, |values| at.scatter_in_place(values));

    let one = Laid::of(&mine)?;
    let view = one.layout.over(&one.values)?;
    assert_eq!(world.root(root).gather(&view)?, here.then(|| everyones.clone()));
    let parts = world.root(root).gather_v(&view)?;
    assert_eq!(parts.map(|parts| parts.into_values()), here.then_some(everyones));
    assert_eq!(world.root(root).reduce(view, Sum)?, here.then_some(sums));
    Ok(())
}

fn neighbours(world: &Comm, count: usize) -> Result<()> {
    let n = world.size();
    let ring = world.cartesian(&[(n, true)])?.expect("every rank is in it");
    let (me, around) = (ring.rank(), ring.neighbours());
    let (before, behind) = ((me + n - 1) % n, (me + 1) % n);
    let p = around.prepare();
    let both = [numbers(before, 0, count), numbers(behind, 0, count)].concat();
    apart!(world, numbers(me, 0, count), both, |mine, all| p.all_gather(mine, all));
    let length = |rank: usize| rank % 3 * count;
    let lengths = [length(before), length(behind)];
    let both_v = [numbers(before, 0, lengths[0]), numbers(behind, 0, lengths[1])].concat();
    apart!(world, numbers(me, 0, length(me)), both_v, |mine, all| p.all_gather_v(mine, all, &lengths));
    // What goes to a side comes from the other side of the neighbour there.
    let edges = |rank: usize, side: usize| numbers(rank, side, count + side);
    let given: Vec<u64> = [edges(me, 0), edges(me, 1)].concat();
    let halo = [edges(before, 1), edges(behind, 0)].concat();
    let (out, back) = ([count, count + 1], [count + 1, count]);
    apart!(world, given, halo, |values, into| p.all_to_all_v(values, &out, into, &back));

    let one = Laid::of(&numbers(me, 0, length(me)))?;
    let heard = around.all_gather_v(one.layout.over(&one.values)?)?;
    assert_eq!(heard.values(), both_v);
    let edges = Laid::of(&given)?;
    let parts = around.all_to_all_v(edges.layout.over(&edges.values)?, &out, &back)?;
    assert_eq!(parts.values(), halo);
    Ok(())
}

/// The lower part of the ranks and the others, and whether this is of the lower.
pub fn sides(world: &Comm, low: usize) -> Result<(bool, InterComm)> {
    let is_low = world.rank() < low;
    let side = world.split(Some(is_low as u32), 0)?.expect("it gave a colour");
    let bridge = (side.rank() == 0).then_some((world, if is_low { low } else { 0 }));
    Ok((is_low, side.inter_communicator(0, bridge, 0)?))
}

fn between_sides(world: &Comm, counts: &[usize]) -> Result<()> {
    let (me, n) = (world.rank(), world.size());
    let low = n.div_ceil(3);
    if low == n {
        return Ok(());
    }
    let (is_low, inter) = sides(world, low)?;
    let theirs = if is_low { low..n } else { 0..low };
    let (p, there) = (inter.prepare(), theirs.len());
    // Rank 0 gives to the upper side, and gets from it.
    let root = match me {
        0 => InterRoot::Here,
        _ if is_low => InterRoot::Beside,
        _ => InterRoot::There(0),
    };
    for &count in counts {
        let mine = numbers(me, 0, count);
        let all: Vec<u64> = theirs.clone().flat_map(|who| numbers(who, 0, count)).collect();
        apart!(world, mine, all, |mine, all| p.all_gather(mine, all));
        let given: Vec<u64> = theirs.clone().flat_map(|to| numbers(me, to, count)).collect();
        let received: Vec<u64> = theirs.clone().flat_map(|from| numbers(from, me, count)).collect();
        apart!(world, given, received, |values, into| p.all_to_all(values, into));
        let sums: Vec<u64> = (0..count).map(|i| all.iter().skip(i).step_by(count).sum()).collect();
        apart!(world, mine, sums, |mine, sum| p.all_reduce(mine, sum, Sum));
        let from_root = if is_low { mine.clone() } else { numbers(0, 0, count) };
        in_place!(world, mine, from_root, |values| p.broadcast(root, values));
        let gathered = if me == 0 { all.clone() } else { vec![] };
        apart!(world, mine, gathered, |mine, all| p.gather(root, mine, all));
        let reduced = if me == 0 { sums.clone() } else { vec![] };
        apart!(world, mine, reduced, |mine, sum| p.reduce(root, mine, sum, Sum));

        let (one, mut room) = (Laid::of(&mine)?, Laid::room(there * count)?);
        inter.all_gather_into(one.layout.over(&one.values)?, room.layout.over_mut(&mut room.values)?)?;
        room.is("all_gather_into", &all)?;
        assert_eq!(inter.all_reduce(one.layout.over(&one.values)?, Sum)?, sums);
    }
    inter.barrier()
}

/// What goes from one to another, of two types in turn, and where some get nothing.
fn word(from: usize, to: usize) -> Vec<char> {
    let letter = |i: usize| char::from(b'a' + ((from * 7 + to * 3 + i) % 26) as u8);
    (0..(from + 2 * to) % 4 * 5).map(letter).collect()
}

fn sends_words(from: usize, to: usize) -> bool {
    (from + to).is_multiple_of(2)
}

/// Describes an exchange with others, of which `others[i]` is the rank of the i-th, in either way to own parts.
macro_rules! exchange {
    ($parts:expr, $me:expr, $outgoing:expr, $incoming:expr) => {{
        let mut parts = $parts;
        for (number, to) in $outgoing.iter().enumerate() {
            let Some(to) = *to else { continue };
            parts = match sends_words($me, to) {
                true => parts.to(number, word($me, to)),
                false => {
                    let laid = Laid::of(&numbers($me, to, $me + to))?;
                    parts.to(number, laid.layout.own(laid.values)?)
                }
            };
        }
        for (number, from) in $incoming.iter().enumerate() {
            let Some(from) = *from else { continue };
            parts = match sends_words(from, $me) {
                true => parts.from(number, vec!['?'; word(from, $me).len()]),
                false => {
                    let laid = Laid::room(from + $me)?;
                    parts.from(number, laid.layout.own(laid.values)?)
                }
            };
        }
        parts
    }};
}

fn check_parts(parts: &mut archipelago::OwnedParts, me: usize, incoming: &[Option<usize>]) {
    for (number, from) in incoming.iter().enumerate() {
        let Some(from) = *from else { continue };
        if sends_words(from, me) {
            assert_eq!(parts.incoming(number), Some(&mut word(from, me)));
        } else {
            let view = parts.incoming::<archipelago::OwnedView<u64>>(number).expect("numbers");
            assert_eq!(view.to_vec(), numbers(from, me, from + me));
        }
    }
}

fn separate_parts(world: &Comm) -> Result<()> {
    let (me, n) = (world.rank(), world.size());
    let everybody: Vec<Option<usize>> = (0..n).map(Some).collect();
    let p = world.prepare();
    let mut parts = exchange!(p.all_to_all_w(), me, everybody, everybody).owned().wait()?;
    check_parts(&mut parts, me, &everybody);
    let mut again = exchange!(p.all_to_all_w(), me, everybody, everybody).persistent()?;
    for _ in 0..3 {
        again.start()?;
        check_parts(again.wait()?, me, &everybody);
    }
    // Borrowed, in a scope: a column to the right, words from the left.
    let (right, left) = ((me + 1) % n, (me + n - 1) % n);
    let (column, mut theirs) = (Laid::of(&numbers(me, right, 40))?, Laid::room(40)?);
    let (view, mut into) = (column.layout.over(&column.values)?, theirs.layout.over_mut(&mut theirs.values)?);
    world.scope(|s| world.all_to_all_w().to(right, &view).from(left, &mut into).start(s)?.wait())?;
    theirs.is("in a scope", &numbers(left, me, 40))?;
    let refused = p.all_to_all_w().to(n, 1u8).owned().wait().map(drop).map_err(|failed| failed.error);
    assert!(refused.unwrap_err().to_string().contains(&format!("there is no rank {n}")));

    // With the other side.
    let low = n.div_ceil(3);
    if low < n {
        let (is_low, inter) = sides(world, low)?;
        let others: Vec<Option<usize>> = (if is_low { low..n } else { 0..low }).map(Some).collect();
        let p = inter.prepare();
        let mut parts = exchange!(p.all_to_all_w(), me, others, others).owned().wait()?;
        check_parts(&mut parts, me, &others);
        let mut again = exchange!(p.all_to_all_w(), me, others, others).persistent()?;
        for _ in 0..2 {
            again.start()?;
            check_parts(again.wait()?, me, &others);
        }
    }

    // With neighbours: in a line with open ends, in a graph, in a graph whose edges go one way.
    let line = world.cartesian(&[(n, false)])?.expect("every rank is in it");
    let around = line.neighbours().ranks();
    with_neighbours(line.neighbours(), line.rank(), &around, &around)?;
    let hub: Vec<Vec<usize>> =
        (0..n).map(|rank| if rank == 0 { (1..n).collect() } else { vec![0] }).collect();
    let star = world.graph(&hub, false)?.expect("every rank is in it");
    let spokes: Vec<Option<usize>> = hub[star.rank()].iter().copied().map(Some).collect();
    with_neighbours(star.neighbours(), star.rank(), &spokes, &spokes)?;
    // Every rank gives to the two behind it.
    let edges: Vec<(usize, usize, u64)> = [1, 2].map(|step| (me, (me + step) % n, 1)).to_vec();
    let ahead = world.graph_of_edges(&edges, false)?;
    let of = |neighbours: &[archipelago::Neighbour]| -> Vec<Option<usize>> {
        neighbours.iter().map(|neighbour| Some(neighbour.rank)).collect()
    };
    let (sources, destinations) = (of(ahead.sources()), of(ahead.destinations()));
    with_neighbours(ahead.neighbours(), ahead.rank(), &destinations, &sources)
}

fn with_neighbours(
    neighbours: Neighbours<'_>,
    me: usize,
    outgoing: &[Option<usize>],
    incoming: &[Option<usize>],
) -> Result<()> {
    let p = neighbours.prepare();
    let mut parts = exchange!(p.all_to_all_w(), me, outgoing, incoming).owned().wait()?;
    check_parts(&mut parts, me, incoming);
    let mut again = exchange!(p.all_to_all_w(), me, outgoing, incoming).persistent()?;
    for _ in 0..2 {
        again.start()?;
        check_parts(again.wait()?, me, incoming);
    }
    // Everybody gives as many values as its rank says.
    let heard = neighbours.all_gather_v(&vec![me; me % 5])?;
    for (number, from) in incoming.iter().enumerate() {
        let expected = from.map_or(vec![], |from| vec![from; from % 5]);
        assert_eq!(heard[number], expected);
    }
    let mut rooms: Vec<u64> = vec![99; incoming.len()];
    let mine = me as u64;
    let mut exchange = neighbours.all_to_all_w();
    for number in 0..outgoing.len() {
        exchange = exchange.to(number, &mine);
    }
    for (number, room) in rooms.iter_mut().enumerate() {
        exchange = exchange.from(number, room);
    }
    exchange.run()?;
    let expected: Vec<u64> = incoming.iter().map(|from| from.map_or(99, |from| from as u64)).collect();
    assert_eq!(rooms, expected);
    Ok(())
}
