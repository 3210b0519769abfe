//! Layouts against a naive model, and what must never happen.

mod model;

use archipelago_layout::{Constructor, Dimension, Distribution, Field, Layout, LayoutError, Order, Placed};
use model::{Map, Random, random, row};
use proptest::prelude::*;
use wire::{Scalar, Wire};

/// Memory in which all bytes of `count` elements lie, filled with noise, and where the origin is in it.
fn memory(map: &Map, count: u64, noise: &mut Random) -> (Vec<u8>, i64) {
    let (low, high) = row(map, count).data().unwrap_or((0, 0));
    let room = (high - low) as usize;
    ((0..room).map(|_| noise.next() as u8).collect(), -low)
}

/// Random cuts of a message into pieces.
fn cuts(bytes: usize, noise: &mut Random) -> Vec<(usize, usize)> {
    let mut all = Vec::new();
    let mut at = 0;
    while at < bytes {
        let longest = 1 + noise.below(40);
        let length = (1 + noise.below(longest) as usize).min(bytes - at);
        all.push((at, length));
        at += length;
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agree_with_the_model(seed: u64) {
        let mut noise = Random(seed);
        let (layout, map) = random(&mut noise, 4, 400);
        prop_assert_eq!(layout.size(), map.size());
        prop_assert_eq!(layout.elements(), map.scalars.len() as u64);
        prop_assert_eq!((layout.lower_bound(), layout.extent()), (map.bounds().0, map.extent()), "{:?}", layout);
        let (low, high) = map.data().unwrap_or((0, 0));
        prop_assert_eq!((layout.true_lower_bound(), layout.true_extent()), (low, high - low));
        prop_assert_eq!(layout.signature(), map.signature());
        prop_assert_eq!(layout.alignment() as i64, map.alignment());

        let count = noise.below(4);
        let all = row(&map, count);
        let (mut bytes, origin) = memory(&map, count, &mut noise);
        let message: Vec<u8> = all.bytes().iter().map(|at| bytes[(at + origin) as usize]).collect();
        let placed = Placed::new(&layout, bytes.as_mut_ptr().wrapping_offset(origin as isize), count).unwrap();
        prop_assert_eq!(placed.bytes(), message.len());

        // As a whole, and in pieces.
        let mut packed = vec![0; message.len()];
        // SAFETY: the memory holds all bytes of the elements, the vector as many as the message has.
        unsafe { placed.pack(0, packed.as_mut_ptr(), message.len()) };
        prop_assert_eq!(&packed, &message);
        for (at, length) in cuts(message.len(), &mut noise) {
            let mut piece = vec![0; length];
            // SAFETY: as above.
            unsafe { placed.pack(at, piece.as_mut_ptr(), length) };
            prop_assert_eq!(&piece, &message[at..at + length], "{:?}", layout);
        }
        if let Some(first) = placed.contiguous() {
            // SAFETY: so many bytes of the message lie there.
            let run = unsafe { std::slice::from_raw_parts(first, message.len()) };
            prop_assert_eq!(run, &message);
        }

        // Unpacked in pieces: what the layout doesn't have stays.
        let fresh: Vec<u8> = (0..message.len()).map(|_| noise.next() as u8).collect();
        let mut expected = bytes.clone();
        for (at, byte) in all.bytes().iter().zip(&fresh) {
            expected[(at + origin) as usize] = *byte;
        }
        for (at, length) in cuts(message.len(), &mut noise) {
            // SAFETY: the memory holds all bytes of the elements.
            unsafe { placed.unpack(at, fresh[at..].as_ptr(), length) };
        }
        prop_assert_eq!(&bytes, &expected, "{:?}", layout);
    }

    #[test]
    fn count_scalars_of_a_part(seed: u64) {
        let mut noise = Random(seed);
        let (layout, map) = random(&mut noise, 4, 200);
        let all = row(&map, 3);
        for bytes in 0..=all.size() {
            let (mut elements, mut left) = (0, bytes);
            for (scalar, _) in &all.scalars {
                if left < scalar.bytes() as u64 {
                    break;
                }
                left -= scalar.bytes() as u64;
                elements += 1;
            }
            prop_assert_eq!(layout.elements_within(bytes), (elements, left == 0));
            prop_assert_eq!(layout.bytes_of_elements(elements), Some(bytes - left));
        }
    }

    #[test]
    fn survive_the_external_format(seed: u64) {
        let mut noise = Random(seed);
        let (layout, map) = random(&mut noise, 4, 200);
        let (mut bytes, origin) = memory(&map, 2, &mut noise);
        let all = row(&map, 2);
        // Only what every long double may be: the rest of its bytes means nothing, and some patterns no number.
        for &(scalar, at) in &all.scalars {
            if matches!(scalar, Scalar::LongDouble | Scalar::ComplexLongDouble) {
                let number = wire::LongDouble::from_f64(noise.next() as f64 * 0.37).to_bytes();
                for part in 0..scalar.bytes() as i64 / 16 {
                    bytes[(at + origin + 16 * part) as usize..][..16].copy_from_slice(&number);
                }
            }
        }
        // Scalars that overlap would take their bytes from each other.
        let mut places = all.bytes();
        places.sort_unstable();
        places.dedup();
        if (places.len() as u64) < all.size() {
            return Ok(());
        }
        let mut external = vec![0; 2 * layout.external_size() as usize];
        prop_assert_eq!(external.len() as u64, all.size());
        let start = bytes.as_mut_ptr().wrapping_offset(origin as isize);
        // SAFETY: the memory holds two elements, the vector their external form.
        unsafe { layout.pack_external_at(start, 2, external.as_mut_ptr()) }.unwrap();
        let mut at = 0;
        for &(scalar, place) in &all.scalars {
            if !matches!(scalar, Scalar::LongDouble | Scalar::ComplexLongDouble) {
                let is_complex =
                    matches!(scalar, Scalar::ComplexF16 | Scalar::ComplexF32 | Scalar::ComplexF64);
                let parts = if is_complex { 2 } else { 1 };
                let each = scalar.bytes() / parts;
                for part in 0..parts {
                    let mut native = bytes[(place + origin) as usize + part * each..][..each].to_vec();
                    native.reverse();
                    prop_assert_eq!(&native[..], &external[at + part * each..][..each]);
                }
            }
            at += scalar.bytes();
        }
        let before = bytes.clone();
        for place in all.bytes() {
            bytes[(place + origin) as usize] = 0;
        }
        let start = bytes.as_mut_ptr().wrapping_offset(origin as isize);
        // SAFETY: as above.
        unsafe { layout.unpack_external_at(external.as_ptr(), start, 2) }.unwrap();
        prop_assert_eq!(bytes, before);
    }

    /// Whatever numbers a layout is made of: it is refused, or all that it says of itself is true, and over a slice it
    /// touches nothing outside (the slice has no room for what is larger; sanitizers and Miri would see it).
    #[test]
    fn hostile_numbers_are_refused_or_harmless(seed: u64) {
        let mut noise = Random(seed);
        let mut layout = Layout::scalar(Scalar::ALL[noise.below(21) as usize]);
        for _ in 0..1 + noise.below(5) {
            layout = match hostile(&mut noise, &layout) {
                Ok(layout) => layout,
                Err(_) => continue,
            };
        }
        let (lower, extent) = (layout.lower_bound(), layout.extent());
        prop_assert!(lower.checked_add(extent).is_some());
        prop_assert!(layout.true_lower_bound().checked_add(layout.true_extent()).is_some());
        prop_assert!(i64::try_from(layout.size()).is_ok());
        layout.signature();
        layout.elements_within(noise.next());
        let mut slice = vec![7u8; noise.below(200) as usize];
        let length = slice.len() as i128;
        let fits = layout.true_lower_bound() >= 0
            && layout.true_lower_bound() as i128 + layout.true_extent() as i128 <= length;
        // A layout can have more bytes than memory by having the same ones often; of such only the beginning is packed.
        match layout.over_mut(&mut slice) {
            Ok(mut view) => {
                prop_assert!(fits || view.bytes() == 0);
                let mut room = vec![0; noise.below(100) as usize];
                for from in [0, view.bytes() / 2, view.bytes() - view.bytes().min(3), view.bytes()] {
                    let packed = view.pack(from, &mut room);
                    prop_assert!(packed <= room.len() && room[..packed].iter().all(|&byte| byte == 7));
                    view.unpack(from, &vec![7; room.len()]);
                }
            }
            Err(_) => prop_assert!(!fits),
        }
        let _ = Placed::new(&layout, slice.as_mut_ptr(), noise.next());
    }
}

fn wild(noise: &mut Random) -> u64 {
    match noise.below(6) {
        0 => noise.next(),
        1 => u64::MAX - noise.below(3),
        2 => i64::MAX as u64 - noise.below(3),
        3 => 1 << noise.below(64),
        _ => noise.below(5),
    }
}

fn hostile(noise: &mut Random, of: &Layout) -> Result<Layout, LayoutError> {
    let mut n = || wild(noise);
    match n() % 12 {
        0 => Layout::contiguous(n(), of),
        1 => Layout::vector(n(), n(), n() as i64, of),
        2 => Layout::hvector(n(), n(), n() as i64, of),
        3 => Layout::indexed(&[(n(), n() as i64), (n(), n() as i64)], of),
        4 => Layout::hindexed(&[(n(), n() as i64), (n(), n() as i64)], of),
        5 => Layout::indexed_block(n(), &[n() as i64, n() as i64, n() as i64], of),
        6 => Layout::hindexed_block(n(), &[n() as i64, n() as i64, n() as i64], of),
        7 => Layout::structure(&[
            Field { count: n(), displacement: n() as i64, of: of.clone() },
            Field { count: n(), displacement: n() as i64, of: Layout::of::<u16>() },
        ]),
        8 => Layout::subarray(&[n(), n()], &[n(), n()], &[n(), n()], Order::C, of),
        9 => {
            let dimensions = [
                Dimension { size: n(), distribution: Distribution::Cyclic(Some(n())), processes: n() },
                Dimension { size: n(), distribution: Distribution::Block(Some(n())), processes: n() },
            ];
            let processes = dimensions[0].processes.wrapping_mul(dimensions[1].processes);
            Layout::distributed_array(processes, n(), &dimensions, Order::Fortran, of)
        }
        _ => Layout::resized(n() as i64, n() as i64, of),
    }
}

#[test]
fn overflow_is_an_error() {
    let long = Layout::of::<u64>();
    let max = i64::MAX as u64;
    assert_eq!(Layout::contiguous(max / 8 + 1, &long).unwrap_err(), LayoutError::Overflow);
    assert!(Layout::contiguous(max / 8, &long).is_ok());
    assert_eq!(Layout::contiguous(u64::MAX, &long).unwrap_err(), LayoutError::Overflow);
    assert_eq!(Layout::vector(3, 1, i64::MAX / 8, &long).unwrap_err(), LayoutError::Overflow);
    assert_eq!(Layout::hindexed(&[(1, i64::MAX)], &long).unwrap_err(), LayoutError::Overflow);
    assert_eq!(Layout::hindexed(&[(1, i64::MAX - 8), (1, -8)], &long).unwrap_err(), LayoutError::Overflow);
    // Larger than any memory, and well defined.
    let sparse = Layout::hindexed(&[(1, i64::MAX - 8), (1, 0)], &long).unwrap();
    assert_eq!((sparse.size(), sparse.extent()), (16, i64::MAX));
    assert!(sparse.over(&[0u64; 4]).is_err());
}

/// A block that is longer than the array it deals.
#[test]
fn a_block_may_have_any_length() {
    let dealt = [Dimension { size: 3, distribution: Distribution::Cyclic(Some(u64::MAX)), processes: 1 }];
    let all = Layout::distributed_array(1, 0, &dealt, Order::C, &Layout::of::<u64>()).unwrap();
    assert_eq!(all.over(&[4u64, 5, 6]).unwrap().to_vec::<u64>(), [4, 5, 6]);
}

#[test]
fn sizes_beyond_32_bits() {
    let row = Layout::contiguous(3_000_000_000, &Layout::of::<f64>()).unwrap();
    let rows = Layout::vector(2, 1, 2, &row).unwrap();
    assert_eq!((rows.size(), rows.extent()), (48_000_000_000, 72_000_000_000));
    assert_eq!(rows.elements(), 6_000_000_000);
}

#[test]
fn depth_is_bounded() {
    let mut layout = Layout::of::<u8>();
    for _ in 0..Layout::DEPTH_MAX {
        layout = Layout::resized(0, 1, &layout).unwrap();
    }
    assert_eq!(Layout::contiguous(1, &layout).unwrap_err(), LayoutError::TooDeep);
    assert_eq!(layout.over(&[9u8]).unwrap().to_bytes(), [9]);
}

/// Doubling a list sixty times makes 2^60 runs; the program must not spell them out.
#[test]
fn programs_are_no_longer_than_what_they_are_made_of() {
    let mut layout = Layout::hindexed(&[(1, 0), (1, 2), (1, 5), (1, 9)], &Layout::of::<u8>()).unwrap();
    for _ in 0..57 {
        let at = layout.extent() + 3;
        let twice = |displacement| Field { count: 1, displacement, of: layout.clone() };
        layout = Layout::structure(&[twice(0), twice(at)]).unwrap();
    }
    layout.commit();
    assert_eq!(layout.size(), 4 << 57);
}

#[test]
fn what_was_made_can_be_read_back() {
    let of = Layout::of::<f32>();
    let vector = Layout::vector(2, 3, -4, &of).unwrap();
    let Constructor::Vector { count: 2, block: 3, stride: -4, of } = vector.constructor() else {
        panic!("{vector:?}")
    };
    assert!(matches!(of.constructor(), Constructor::Basic(leaf) if leaf.scalar == Scalar::F32));
    let fields = [Field { count: 2, displacement: 8, of: vector.duplicate() }];
    let layout = Layout::structure(&fields).unwrap();
    let Constructor::Struct { fields } = layout.constructor() else { panic!("{layout:?}") };
    assert_eq!((fields[0].count, fields[0].displacement), (2, 8));
    assert!(matches!(fields[0].of.constructor(), Constructor::Duplicate { .. }));
    assert_eq!(layout.constructor().parts().len(), 1);
    let blocks = Layout::indexed(&[(1, 2), (0, 7)], of).unwrap();
    assert!(
        matches!(blocks.constructor(), Constructor::Indexed { blocks, .. } if **blocks == [(1, 2), (0, 7)])
    );
}

#[test]
fn arguments_that_say_nothing_sensible_are_refused() {
    let of = Layout::of::<u8>();
    let subarray = |sizes: &[u64], subsizes: &[u64], starts: &[u64]| {
        Layout::subarray(sizes, subsizes, starts, Order::C, &of).unwrap_err()
    };
    assert_eq!(subarray(&[], &[], &[]), LayoutError::Dimensions { expected: 0, found: 0 });
    assert_eq!(subarray(&[1, 1], &[1], &[0, 0]), LayoutError::Dimensions { expected: 2, found: 1 });
    let beyond = LayoutError::Subarray { dimension: 1, size: 4, subsize: 3, start: 2 };
    assert_eq!(subarray(&[9, 4], &[1, 3], &[0, 2]), beyond);
    let dealt = |size, distribution, processes, all, rank| {
        let dimensions = [Dimension { size, distribution, processes }];
        Layout::distributed_array(all, rank, &dimensions, Order::C, &of).unwrap_err()
    };
    assert_eq!(
        dealt(9, Distribution::None, 2, 2, 0),
        LayoutError::NotDistributed { dimension: 0, processes: 2 }
    );
    assert_eq!(
        dealt(9, Distribution::Block(Some(4)), 2, 2, 0),
        LayoutError::Block { dimension: 0, block: 4 }
    );
    assert_eq!(
        dealt(9, Distribution::Cyclic(Some(0)), 2, 2, 0),
        LayoutError::Block { dimension: 0, block: 0 }
    );
    let grid = LayoutError::Grid { grid: 2, processes: 3, rank: 0 };
    assert_eq!(dealt(9, Distribution::Block(None), 2, 3, 0), grid);
    let rank = LayoutError::Grid { grid: 2, processes: 2, rank: 2 };
    assert_eq!(dealt(9, Distribution::Block(None), 2, 2, 2), rank);
}

#[derive(Wire, Clone, Copy)]
#[wire(crate = wire)]
struct Sample {
    position: [f64; 3],
    id: u64,
}

#[derive(Wire, Clone, Copy)]
#[wire(crate = wire)]
#[repr(C, packed)]
struct Tight {
    value: f64,
    mark: u8,
}

#[test]
fn types_have_layouts() {
    let layout = Layout::of::<Sample>();
    assert_eq!((layout.size(), layout.extent(), layout.signature()), (32, 32, Sample::SIGNATURE));
    assert_eq!(Layout::of::<(f32, f32)>().signature(), f32::SIGNATURE);
    let tight = Layout::contiguous(3, &Layout::of::<Tight>()).unwrap();
    assert_eq!((tight.size(), tight.extent(), tight.signature()), (27, 27, Tight::SIGNATURE));
    assert!(tight.is_contiguous());
    assert!(!Layout::vector(2, 1, 2, &layout).unwrap().is_contiguous());
    // One field of each element of a slice of structs.
    let ids = Layout::hvector(3, 1, 32, &Layout::of::<u64>()).unwrap();
    let ids = Layout::hindexed(&[(1, 24)], &ids).unwrap();
    let samples = [4, 5, 6].map(|id| Sample { position: [0.5; 3], id });
    assert_eq!(ids.over(&samples).unwrap().to_vec::<u64>(), [4, 5, 6]);
    assert!(ids.over(&samples[..2]).is_err());
}

#[test]
fn a_layout_that_reaches_out_of_its_slice_is_refused() {
    let of = Layout::of::<u16>();
    let backward = Layout::vector(3, 1, -1, &of).unwrap();
    let error = backward.over(&[1u16, 2, 3]).unwrap_err();
    assert_eq!((error.from, error.to, error.bytes), (-4, 2, 6));
    // Moved to where its first byte is within, it is a reversal.
    let reversal = Layout::hindexed(&[(1, 4)], &backward).unwrap();
    assert_eq!(reversal.over(&[1u16, 2, 3]).unwrap().to_vec::<u16>(), [3, 2, 1]);
    assert!(Layout::contiguous(0, &of).unwrap().over::<u16>(&[]).is_ok());
}

/// The model is worth its name only if what it makes is of all kinds.
#[test]
fn the_random_layouts_are_not_trivial() {
    let (mut scattered, mut large, mut gaps) = (0, 0, 0);
    for seed in 0..1000 {
        let (layout, map) = random(&mut Random(seed), 4, 400);
        scattered += (layout.size() > 0 && !layout.is_contiguous()) as u32;
        large += (map.scalars.len() > 20) as u32;
        gaps += (layout.true_extent() as u64 > layout.size()) as u32;
    }
    assert!(scattered > 300 && large > 100 && gaps > 200, "{scattered} {large} {gaps}");
}
