//! What packing costs beside a loop written by hand: `cargo run --release -p archipelago-layout --example faces`.
//!
//! Each figure is the median of ratios of neighbouring measurements of one run; 1.00 is as fast as by hand.

use std::hint::black_box;
use std::time::Instant;

use archipelago_layout::{Layout, Order};

const N: usize = 256;

fn main() {
    let array: Vec<f64> = (0..N * N * N).map(|i| i as f64).collect();
    let of = Layout::of::<f64>();
    let face = |subsizes: [u64; 3], starts: [u64; 3]| {
        Layout::subarray(&[N as u64; 3], &subsizes, &starts, Order::C, &of).expect("a face of the array")
    };
    let n = N as u64;
    println!(
        "{:44} {:>12} {:>6} {:>6}",
        "faces of a 256 x 256 x 256 array of f64", "by hand/ns", "pack", "unpack"
    );
    let x = face([n, n, 1], [0, 0, n - 1]);
    report(
        "last index fixed: 65,536 single numbers",
        &x,
        &array,
        |a, out| {
            for i in 0..N {
                for j in 0..N {
                    out[i * N + j] = a[(i * N + j) * N + N - 1];
                }
            }
        },
        |a, out| {
            for i in 0..N {
                for j in 0..N {
                    a[(i * N + j) * N + N - 1] = out[i * N + j];
                }
            }
        },
    );
    let inner = face([n - 2, n - 2, 1], [1, 1, 1]);
    report(
        "the same without its rim: 2 loops",
        &inner,
        &array,
        |a, out| {
            for i in 0..N - 2 {
                for j in 0..N - 2 {
                    out[i * (N - 2) + j] = a[((i + 1) * N + j + 1) * N + 1];
                }
            }
        },
        |a, out| {
            for i in 0..N - 2 {
                for j in 0..N - 2 {
                    a[((i + 1) * N + j + 1) * N + 1] = out[i * (N - 2) + j];
                }
            }
        },
    );
    let y = face([n, 1, n], [0, 3, 0]);
    report(
        "middle index fixed: 256 runs of 2 KiB",
        &y,
        &array,
        |a, out| {
            for i in 0..N {
                out[i * N..][..N].copy_from_slice(&a[(i * N + 3) * N..][..N]);
            }
        },
        |a, out| {
            for i in 0..N {
                a[(i * N + 3) * N..][..N].copy_from_slice(&out[i * N..][..N]);
            }
        },
    );
    let halo = face([n, n, 2], [0, 0, 0]);
    report(
        "two layers: 65,536 pairs",
        &halo,
        &array,
        |a, out| {
            for i in 0..N * N {
                out[2 * i] = a[i * N];
                out[2 * i + 1] = a[i * N + 1];
            }
        },
        |a, out| {
            for i in 0..N * N {
                a[i * N] = out[2 * i];
                a[i * N + 1] = out[2 * i + 1];
            }
        },
    );
    let block = face([32, 32, 32], [5, 5, 5]);
    report(
        "a block of 32 x 32 x 32",
        &block,
        &array,
        |a, out| {
            for i in 0..32 {
                for j in 0..32 {
                    out[(i * 32 + j) * 32..][..32].copy_from_slice(&a[((i + 5) * N + j + 5) * N + 5..][..32]);
                }
            }
        },
        |a, out| {
            for i in 0..32 {
                for j in 0..32 {
                    a[((i + 5) * N + j + 5) * N + 5..][..32].copy_from_slice(&out[(i * 32 + j) * 32..][..32]);
                }
            }
        },
    );
    let row = Layout::contiguous(1 << 17, &of).expect("a row");
    report(
        "a run of 1 MiB, by hand memcpy",
        &row,
        &array,
        |a, out| out.copy_from_slice(&a[..1 << 17]),
        |a, out| {
            a[..1 << 17].copy_from_slice(out);
        },
    );
    let small = Layout::subarray(&[16, 16, 16], &[16, 16, 1], &[0, 0, 3], Order::C, &of).expect("a face");
    report(
        "a face of 16 x 16 x 16: 256 numbers in cache",
        &small,
        &array,
        |a, out| {
            for i in 0..16 {
                for j in 0..16 {
                    out[i * 16 + j] = a[(i * 16 + j) * 16 + 3];
                }
            }
        },
        |a, out| {
            for i in 0..16 {
                for j in 0..16 {
                    a[(i * 16 + j) * 16 + 3] = out[i * 16 + j];
                }
            }
        },
    );
    let places: Vec<i64> =
        (0..20_000u64).map(|i| (i.wrapping_mul(2_654_435_761) % (n * n * n)) as i64).collect();
    let picked = Layout::indexed_block(1, &places, &of).expect("within the array");
    report(
        "20,000 numbers at random places",
        &picked,
        &array,
        |a, out| {
            for (out, &at) in out.iter_mut().zip(&places) {
                *out = a[at as usize];
            }
        },
        |a, out| {
            for (out, &at) in out.iter().zip(&places) {
                a[at as usize] = *out;
            }
        },
    );
}

fn report(
    name: &str,
    layout: &Layout,
    array: &[f64],
    pack_by_hand: impl Fn(&[f64], &mut [f64]),
    unpack_by_hand: impl Fn(&mut [f64], &[f64]),
) {
    layout.commit();
    let mut array = array.to_vec();
    let mut out = vec![0.0; layout.size() as usize / 8];
    let mut bytes = vec![0; layout.size() as usize];
    let times = |run: &mut dyn FnMut()| {
        let start = Instant::now();
        run();
        start.elapsed().as_nanos() as f64
    };
    let (mut by_hand, mut packs, mut unpacks) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..201 {
        let hand = times(&mut || pack_by_hand(black_box(&array), black_box(&mut out)));
        let ours = times(&mut || {
            black_box(layout.over(black_box(&array)).expect("it fits").pack(0, black_box(&mut bytes)));
        });
        by_hand.push(hand);
        packs.push(ours / hand);
        let hand = times(&mut || unpack_by_hand(black_box(&mut array), black_box(&out)));
        let ours = times(&mut || {
            black_box(layout.over_mut(black_box(&mut array)).expect("it fits").unpack(0, black_box(&bytes)));
        });
        unpacks.push(ours / hand);
    }
    assert!(out.iter().zip(bytes.chunks_exact(8)).all(|(number, bytes)| number.to_ne_bytes() == bytes));
    let median = |figures: &mut Vec<f64>| {
        figures.sort_by(f64::total_cmp);
        figures[figures.len() / 2]
    };
    println!(
        "{name:44} {:>12.0} {:>6.2} {:>6.2}",
        median(&mut by_hand),
        median(&mut packs),
        median(&mut unpacks)
    );
}
