//! Whatever numbers a layout is made of, it is refused or harmless: over a slice it touches nothing outside, any cut of a
//! message into pieces gives the same bytes, and what was packed can be unpacked.
#![no_main]

use layout::{Dimension, Distribution, Field, Layout, LayoutError, Order};

/// Numbers of the input, small ones unless they say otherwise; zeros when they are used up.
struct Numbers<'a>(std::slice::Iter<'a, u64>);

impl Numbers<'_> {
    fn next(&mut self) -> u64 {
        let number = self.0.next().copied().unwrap_or(0);
        if number >> 62 == 3 { number << 2 } else { number & 7 }
    }

    fn signed(&mut self) -> i64 {
        let sign = self.next() & 1;
        let number = self.next() as i64;
        if sign == 1 { number.wrapping_neg() } else { number }
    }
}

fn step(n: &mut Numbers<'_>, of: &Layout) -> Result<Layout, LayoutError> {
    match n.next() + 8 * (n.next() & 1) {
        0 => Layout::contiguous(n.next(), of),
        1 => Layout::vector(n.next(), n.next(), n.signed(), of),
        2 => Layout::hvector(n.next(), n.next(), n.signed(), of),
        3 => Layout::indexed(&[(n.next(), n.signed()), (n.next(), n.signed()), (n.next(), n.signed())], of),
        4 => Layout::hindexed(&[(n.next(), n.signed()), (n.next(), n.signed())], of),
        5 => Layout::indexed_block(n.next(), &[n.signed(), n.signed(), n.signed(), n.signed()], of),
        6 => Layout::hindexed_block(n.next(), &[n.signed(), n.signed()], of),
        7 => {
            let field = |of: &Layout, n: &mut Numbers<'_>| Field {
                count: n.next(),
                displacement: n.signed(),
                of: of.clone(),
            };
            Layout::structure(&[field(of, n), field(&Layout::of::<u32>(), n), field(of, n)])
        }
        8 => {
            let (sizes, parts, starts) = ([n.next(), n.next()], [n.next(), n.next()], [n.next(), n.next()]);
            Layout::subarray(&sizes, &parts, &starts, Order::Fortran, of)
        }
        9 => {
            let dealt = |n: &mut Numbers<'_>| Dimension {
                size: n.next(),
                distribution: match n.next() % 3 {
                    0 => Distribution::None,
                    1 => Distribution::Block(Some(n.next())),
                    _ => Distribution::Cyclic(Some(n.next())),
                },
                processes: n.next(),
            };
            let dimensions = [dealt(n), dealt(n)];
            let processes = dimensions[0].processes.wrapping_mul(dimensions[1].processes);
            Layout::distributed_array(processes, n.next(), &dimensions, Order::C, of)
        }
        _ => Layout::resized(n.signed(), n.signed(), of),
    }
}

libfuzzer_sys::fuzz_target!(|input: (Vec<u64>, Vec<u8>, u8)| {
    let (numbers, mut slice, piece) = input;
    let mut numbers = Numbers(numbers.iter());
    let mut layout = Layout::of::<u8>();
    while numbers.0.len() > 0 {
        layout = step(&mut numbers, &layout).unwrap_or(layout);
    }
    layout.signature();
    let before = slice.clone();
    let Ok(mut view) = layout.over_mut(&mut slice) else { return };
    // A layout that has bytes often can have more of them than memory.
    if view.bytes() > 1 << 16 {
        let mut end = [0; 64];
        view.pack(view.bytes() - 64, &mut end);
        return;
    }
    let message = view.to_bytes();
    let mut pieces = vec![0; message.len()];
    let mut at = 0;
    for piece in pieces.chunks_mut(piece.max(1) as usize) {
        at += view.pack(at, piece);
    }
    assert_eq!(message, pieces);
    let mut at = 0;
    for piece in message.chunks(piece.max(1) as usize) {
        at += view.unpack(at, piece);
    }
    assert_eq!(slice, before);
});
