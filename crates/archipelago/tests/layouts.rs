//! Layouts wherever a slice is: every protocol, both sides, every verb.

use archipelago::{Comm, Error, Field, Layout, Order, Result, Wire};

/// Lengths in numbers: nothing, in the line, eager, announced, streamed in many pieces that cut runs.
const COUNTS: [usize; 8] = [0, 1, 4, 5, 200, 5_000, 40_001, 300_007];

/// Pairs of numbers, five apart, and perhaps one more.
fn comb(count: usize) -> Result<Layout> {
    let pairs = Layout::vector(count as u64 / 2, 2, 5, &Layout::of::<u64>())?;
    let odd = Field { count: count as u64 % 2, displacement: pairs.extent() + 24, of: Layout::of::<u64>() };
    Ok(Layout::structure(&[Field { count: 1, displacement: 0, of: pairs }, odd])?)
}

fn slice_for(layout: &Layout) -> Vec<u64> {
    vec![u64::MAX; (layout.true_lower_bound() + layout.true_extent()) as usize / 8]
}

fn numbers(rank: usize, count: usize) -> Vec<u64> {
    (0..count as u64).map(|i| i * 7 + rank as u64).collect()
}

/// A slice that holds the numbers where the layout has them.
fn laid_out(layout: &Layout, numbers: &[u64]) -> Result<Vec<u64>> {
    let mut slice = slice_for(layout);
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_ne_bytes()).collect();
    layout.over_mut(&mut slice)?.unpack(0, &bytes);
    Ok(slice)
}

#[archipelago::test(ranks = [1, 2, 3])]
fn started_between_layouts_and_rows(world: Comm) -> Result<()> {
    let (me, n) = (world.rank(), world.size());
    let (right, left) = (world.to((me + 1) % n), world.from((me + n - 1) % n));
    for count in COUNTS {
        let layout = comb(count)?;
        let mine = laid_out(&layout, &numbers(me, count))?;
        let theirs = numbers((me + n - 1) % n, count);
        let view = layout.over(&mine)?;
        let packed = numbers(me, count);
        let (mut row, mut scattered) = (vec![0; count], slice_for(&layout));
        let mut scattered_view = layout.over_mut(&mut scattered)?;

        // From a layout into a row, and from a row into a layout.
        world.scope(|s| {
            let into_row = left.start_receive(s, &mut row)?;
            let into_layout = left.tag(1).start_receive(s, &mut scattered_view)?;
            let _ = right.start_send(s, &view)?;
            let _ = right.tag(1).start_send(s, &packed)?;
            assert_eq!(into_row.wait()?.len(), count);
            assert_eq!(into_layout.wait()?, 8 * count);
            Ok(())
        })?;
        assert_eq!(row, theirs);
        assert_eq!(scattered, laid_out(&layout, &theirs)?);

        // From a layout into another one, whose runs are cut elsewhere.
        let single = Layout::vector(count as u64, 1, 2, &Layout::of::<u64>())?;
        let mut other = slice_for(&single);
        let mut other_view = single.over_mut(&mut other)?;
        world.scope(|s| {
            let _ = left.start_receive(s, &mut other_view)?;
            right.start_send(s, &view)?.wait()
        })?;
        assert_eq!(other, laid_out(&single, &theirs)?);
    }
    Ok(())
}

#[archipelago::test(ranks = [2])]
fn blocking_and_early(world: Comm) -> Result<()> {
    let other = 1 - world.rank();
    for count in COUNTS {
        let layout = comb(count)?;
        let mine = laid_out(&layout, &numbers(world.rank(), count))?;
        let expected = laid_out(&layout, &numbers(other, count))?;
        let mut received = slice_for(&layout);
        if world.rank() == 0 {
            let view = layout.over(&mine)?;
            world.scope(|s| {
                let _ = world.to(other).start_send(s, &view)?;
                world.to(other).send_synchronous(&view)
            })?;
            let status = world.from(other).receive_into(&mut layout.over_mut(&mut received)?)?;
            assert_eq!(status.count::<u64>(), count);
        } else {
            // The first message waits, unexpected, until the second has been received.
            let message = world.from(other).matched_probe()?;
            world.from(other).receive_into(&mut layout.over_mut(&mut received)?)?;
            assert_eq!(received, expected);
            received.fill(u64::MAX);
            message.receive_into(&mut layout.over_mut(&mut received)?)?;
            world.to(other).send(&layout.over(&mine)?)?;
        }
        assert_eq!(received, expected);
    }
    Ok(())
}

#[archipelago::test(ranks = [2])]
fn a_shorter_message_fills_the_beginning_and_a_longer_one_is_refused(world: Comm) -> Result<()> {
    let layout = comb(11)?;
    let mut slice = slice_for(&layout);
    if world.rank() == 0 {
        world.to(1).send(&numbers(0, 3))?;
        world.to(1).send(&numbers(0, 12))?;
        world.to(1).send(&[0.5f64; 11][..])?;
        // It is asked what its type is called.
        return world.from(1).receive();
    }
    world.from(0).receive_into(&mut layout.over_mut(&mut slice)?)?;
    assert_eq!(slice[..7], [0, 7, u64::MAX, u64::MAX, u64::MAX, 14, u64::MAX]);
    let before = slice.clone();
    match world.from(0).receive_into(&mut layout.over_mut(&mut slice)?) {
        Err(Error::Truncated { have: 11, need: 12, .. }) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(slice, before);
    assert_eq!(world.from(0).receive::<Vec<u64>>()?, numbers(0, 12));
    match world.from(0).receive_into(&mut layout.over_mut(&mut slice)?) {
        Err(Error::WrongType { expected, found, .. }) => {
            assert_eq!((&expected[..], &found[..]), ("u64", "f64"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(world.from(0).receive::<Vec<f64>>()?, [0.5; 11]);
    world.to(0).send(&())
}

#[derive(Wire, Clone, Copy)]
struct Cell {
    pressure: f64,
    flow: [f32; 2],
}

/// One field of each of a slice of structs, as the numbers that it is.
#[archipelago::test(ranks = [2])]
fn a_field_of_structs(world: Comm) -> Result<()> {
    let field = Layout::resized(0, 16, &Layout::hindexed(&[(2, 8)], &Layout::of::<f32>())?)?;
    let flows = Layout::contiguous(100, &field)?;
    let mut cells = [Cell { pressure: 1.0, flow: [0.0; 2] }; 100];
    if world.rank() == 0 {
        (0..100).for_each(|i| cells[i].flow = [i as f32, 0.5]);
        world.to(1).send(&flows.over(&cells)?)?;
        return world.to(1).send(&flows.over(&cells)?);
    }
    world.from(0).receive_into(&mut flows.over_mut(&mut cells)?)?;
    assert!((0..100).all(|i| cells[i].flow == [i as f32, 0.5] && cells[i].pressure == 1.0));
    let row: Vec<f32> = world.from(0).receive()?;
    assert_eq!((row.len(), row[198], row[199]), (200, 99.0, 0.5));
    Ok(())
}

/// A halo exchange in three dimensions.
#[archipelago::test(ranks = [2, 4])]
fn faces_of_an_array(world: Comm) -> Result<()> {
    const N: u64 = 12;
    let (me, n) = (world.rank(), world.size());
    let face = |at| Layout::subarray(&[N; 3], &[N, N, 1], &[0, 0, at], Order::C, &Layout::of::<f64>());
    let (inner, ghost) = (face(N - 2)?, face(0)?);
    let mut array = vec![me as f64; (N * N * N) as usize];
    let mine = array.clone();
    let (view, mut halo) = (inner.over(&mine)?, ghost.over_mut(&mut array)?);
    world.scope(|s| {
        let _ = world.from((me + n - 1) % n).start_receive(s, &mut halo)?;
        world.to((me + 1) % n).start_send(s, &view)?.wait()
    })?;
    let left = ((me + n - 1) % n) as f64;
    for (place, value) in array.iter().enumerate() {
        assert_eq!(*value, if place.is_multiple_of(N as usize) { left } else { me as f64 });
    }
    Ok(())
}

#[archipelago::test(ranks = [1])]
fn a_layout_that_does_not_fit_is_an_error_of_the_call(world: Comm) -> Result<()> {
    let layout = comb(11)?;
    let short = [0u64; 5];
    let send = || world.to(0).send(&layout.over(&short)?);
    match send() {
        Err(error @ Error::Layout { .. }) => {
            let text = error.to_string();
            assert_eq!(text, "the layout touches the bytes 0 to 208 of a buffer of 40 bytes");
        }
        other => panic!("{other:?}"),
    }
    Ok(())
}

/// The buffers of persistent and owned operations are vectors of which only a part travels.
#[archipelago::test(ranks = [1, 2, 3])]
fn owned_and_persistent(world: Comm) -> Result<()> {
    let (me, n) = (world.rank(), world.size());
    let (right, left) = (world.to((me + 1) % n), world.from((me + n - 1) % n));
    for count in COUNTS {
        let layout = comb(count)?;
        let mut outgoing = right.persistent_send(layout.own(slice_for(&layout))?);
        let mut incoming = left.persistent_receive(layout.own(slice_for(&layout))?);
        for round in 0..3 {
            let fresh = laid_out(&layout, &numbers(me + round, count))?;
            outgoing.wait()?.copy_from_slice(&fresh);
            incoming.start()?;
            outgoing.start()?;
            let expected = laid_out(&layout, &numbers((me + n - 1) % n + round, count))?;
            assert_eq!(incoming.wait()?, expected);
        }
        let buffer = outgoing.into_buffer()?;
        assert_eq!(buffer.to_vec(), numbers(me + 2, count));

        let arriving = left.receive_owned(layout.own(slice_for(&layout))?);
        let leaving = right.send_owned(buffer);
        let (buffer, status) = arriving.wait()?;
        assert_eq!(status.count::<u64>(), count);
        assert_eq!(buffer.to_vec(), numbers((me + n - 1) % n + 2, count));
        assert_eq!(leaving.wait()?.into_values(), laid_out(&layout, &numbers(me + 2, count))?);
    }
    // Let go under way, the buffer lives on until it is sent.
    let layout = comb(300_007)?;
    drop(right.send_owned(layout.own(laid_out(&layout, &numbers(me, 300_007))?)?));
    assert_eq!(left.receive::<Vec<u64>>()?, numbers((me + n - 1) % n, 300_007));
    Ok(())
}

#[archipelago::test(ranks = [1, 2, 5])]
fn broadcast_into_a_layout(world: Comm) -> Result<()> {
    for count in [0, 7, 5_000] {
        let layout = comb(count)?;
        let root = world.size() - 1;
        let mut slice = slice_for(&layout);
        if world.rank() == root {
            slice = laid_out(&layout, &numbers(3, count))?;
        }
        world.root(root).broadcast(&mut layout.over_mut(&mut slice)?)?;
        assert_eq!(slice, laid_out(&layout, &numbers(3, count))?);
    }
    // Part of a value.
    let odd = Layout::contiguous(3, &Layout::of::<u8>())?;
    match world.root(0).broadcast(&mut odd.over_mut(&mut [0u64])?) {
        Err(Error::BadArgument { what, .. }) => assert!(what.contains("selects 3 bytes"), "{what}"),
        other => panic!("{other:?}"),
    }
    Ok(())
}

#[archipelago::test(ranks = [1, 2, 3, 7])]
fn collectives_take_what_layouts_select(world: Comm) -> Result<()> {
    use archipelago::Sum;
    let (me, n) = (world.rank(), world.size());
    for count in [0, 1, 5, 4_001] {
        let (one, all) = (comb(count)?, comb(count * n)?);
        let mine = laid_out(&one, &numbers(me, count))?;
        let everyones: Vec<u64> = (0..n).flat_map(|rank| numbers(rank, count)).collect();
        let expected = laid_out(&all, &everyones)?;
        let root = count % n;

        let mut gathered = slice_for(&all);
        world.all_gather_into(&one.over(&mine)?, &mut all.over_mut(&mut gathered)?)?;
        assert_eq!(gathered, expected);
        let mut gathered = slice_for(&all);
        world.root(root).gather_into(&one.over(&mine)?, &mut all.over_mut(&mut gathered)?)?;
        assert_eq!(gathered, if me == root { expected.clone() } else { slice_for(&all) });
        let mut part = slice_for(&one);
        let given = all.over(&expected)?;
        world.root(root).scatter_into((me == root).then_some(&given), &mut one.over_mut(&mut part)?)?;
        assert_eq!(part, mine);

        let mut received = slice_for(&all);
        let given = laid_out(&all, &numbers(me, count * n))?;
        world.all_to_all_into(&all.over(&given)?, &mut all.over_mut(&mut received)?)?;
        let from = |rank: usize| numbers(rank, count * n)[me * count..][..count].to_vec();
        assert_eq!(received, laid_out(&all, &(0..n).flat_map(from).collect::<Vec<_>>())?);

        let sums: Vec<u64> = (0..count as u64).map(|i| 7 * i * n as u64 + (n * (n - 1) / 2) as u64).collect();
        let mut sum = vec![0; count];
        world.all_reduce_into(&one.over(&mine)?, &mut sum[..], Sum)?;
        assert_eq!(sum, sums);
        let mut sum = mine.clone();
        world.all_reduce_in_place(&mut one.over_mut(&mut sum)?, Sum)?;
        assert_eq!(sum, laid_out(&one, &sums)?);
        let mut sum = slice_for(&one);
        world.root(root).reduce_into(&one.over(&mine)?, &mut one.over_mut(&mut sum)?, Sum)?;
        assert_eq!(sum, if me == root { laid_out(&one, &sums)? } else { slice_for(&one) });

        // Parts of all kinds: from a layout to the right, into one from the left.
        let (right, left) = ((me + 1) % n, (me + n - 1) % n);
        let mut part = slice_for(&one);
        let view = one.over(&mine)?;
        world.all_to_all_w().to(right, &view).from(left, &mut one.over_mut(&mut part)?).run()?;
        assert_eq!(part, laid_out(&one, &numbers(left, count))?);
    }
    Ok(())
}
