//! Random nested layouts on both sides, beside the list of places that each selects.

use archipelago::{Comm, Error, Layout, Result};

use crate::random::{Random, value};

/// A layout, and the places of its values, in order.
struct Drawn {
    layout: Layout,
    places: Vec<i64>,
}

fn draw(random: &mut Random, depth: u32) -> Result<Drawn> {
    if depth == 0 {
        return Ok(Drawn { layout: Layout::of::<u64>(), places: vec![0] });
    }
    let Drawn { layout: of, places } = draw(random, depth - 1)?;
    let extent = of.extent() / 8;
    let at = |starts: &[i64]| -> Vec<i64> {
        starts.iter().flat_map(|start| places.iter().map(move |place| start + place)).collect()
    };
    let drawn = match random.below(4) {
        0 => {
            let count = random.below(5);
            let starts: Vec<i64> = (0..count as i64).map(|i| i * extent).collect();
            Drawn { layout: Layout::contiguous(count, &of)?, places: at(&starts) }
        }
        1 => {
            let (count, block) = (random.below(8), random.below(4));
            let stride = block as i64 + random.below(3) as i64;
            let starts: Vec<i64> = (0..count as i64)
                .flat_map(|i| (0..block as i64).map(move |j| (i * stride + j) * extent))
                .collect();
            Drawn { layout: Layout::vector(count, block, stride, &of)?, places: at(&starts) }
        }
        2 => {
            let mut blocks: Vec<(u64, i64)> = Vec::new();
            let mut next = 0;
            for _ in 0..random.below(6) {
                let (length, gap) = (random.below(4), random.below(4) as i64);
                blocks.push((length, next + gap));
                next += gap + length as i64;
            }
            if random.chance(2) {
                blocks.reverse();
            }
            let starts: Vec<i64> = blocks
                .iter()
                .flat_map(|(length, from)| (0..*length as i64).map(move |j| (from + j) * extent))
                .collect();
            Drawn { layout: Layout::indexed(&blocks, &of)?, places: at(&starts) }
        }
        _ => {
            let extent = of.extent().max(of.true_lower_bound() + of.true_extent()).max(0);
            let extent = extent + 8 * random.below(4) as i64;
            Drawn { layout: Layout::resized(0, extent, &of)?, places }
        }
    };
    Ok(drawn)
}

/// Repeated, now and then so often that the message is a large one.
fn drawn(random: &mut Random) -> Result<Drawn> {
    let depth = random.below(5) as u32;
    let Drawn { layout: of, places } = draw(random, depth)?;
    let repeats = if random.chance(3) { 1 + 20_000 / (1 + places.len() as u64) } else { 1 };
    let extent = of.extent().max(of.true_lower_bound() + of.true_extent()).max(8);
    let of = Layout::resized(0, extent, &of)?;
    let places =
        (0..repeats as i64).flat_map(|i| places.iter().map(move |place| i * extent / 8 + place)).collect();
    Ok(Drawn { layout: Layout::contiguous(repeats, &of)?, places })
}

fn slice_for(drawn: &Drawn) -> usize {
    drawn.places.iter().max().map_or(0, |last| *last as usize + 1)
}

pub fn between_layouts(comm: &Comm, random: &mut Random) -> Result<()> {
    let (me, n) = (comm.rank(), comm.size());
    for _ in 0..1 + random.below(8) {
        let (key, by) = (random.next(), 1 + random.below(n as u64) as usize);
        let (there, here) = (drawn(random)?, drawn(random)?);
        let (to, from) = ((me + by) % n, (me + 2 * n - by) % n);
        let source: Vec<u64> = (0..slice_for(&there)).map(|at| value(key, me, at)).collect();
        let values: Vec<u64> = there.places.iter().map(|place| value(key, from, *place as usize)).collect();
        assert_eq!(there.layout.elements(), values.len() as u64);
        let mut slice = vec![u64::MAX; slice_for(&here) + 1];
        let view = there.layout.over(&source)?;
        let sent = comm.scope(|scope| {
            let sending = comm.to(to).start_send(scope, &view)?;
            let mut into = here.layout.over_mut(&mut slice)?;
            match comm.from(from).receive_into(&mut into) {
                Ok(status) => assert!(
                    status.bytes == 8 * values.len() && values.len() <= here.places.len(),
                    "{} of {} values into {}",
                    status.bytes / 8,
                    values.len(),
                    here.places.len()
                ),
                Err(Error::Truncated { have, need, .. }) => {
                    assert_eq!((have, need), (here.places.len(), values.len()));
                    let all: Vec<u64> = comm.from(from).receive()?;
                    assert!(all == values, "kept and taken");
                }
                Err(error) => return Err(error),
            }
            sending.wait()
        });
        sent?;
        let mut expected = vec![u64::MAX; slice.len()];
        if values.len() <= here.places.len() {
            for (place, value) in here.places.iter().zip(&values) {
                expected[*place as usize] = *value;
            }
        }
        assert!(slice == expected, "{:?} into {:?}", there.layout, here.layout);
    }
    Ok(())
}
