//! What reductions cost beside a copy: `cargo run --release -p archipelago-layout --example rates`.
//!
//! Each figure is the median of the ratios of neighbouring measurements of one run: the time in which one operand is
//! combined into another, over that in which it is copied by memcpy.

use std::hint::black_box;
use std::time::Instant;

use archipelago_layout::{Operation, Operator, ReproducibleSum};
use wire::{BF16, F16, LongDouble, Scalar};

const KINDS: [(Scalar, Operation); 16] = [
    (Scalar::F64, Operation::Sum),
    (Scalar::F64, Operation::Max),
    (Scalar::F32, Operation::Sum),
    (Scalar::I64, Operation::Sum),
    (Scalar::I32, Operation::Min),
    (Scalar::U8, Operation::BitXor),
    (Scalar::I16, Operation::Product),
    (Scalar::I32, Operation::And),
    (Scalar::Bool, Operation::Or),
    (Scalar::F16, Operation::Sum),
    (Scalar::BF16, Operation::Sum),
    (Scalar::F16, Operation::Max),
    (Scalar::ComplexF64, Operation::Sum),
    (Scalar::ComplexF64, Operation::Product),
    (Scalar::ComplexF32, Operation::Product),
    (Scalar::LongDouble, Operation::Sum),
];

fn main() {
    println!("{:36} {:>10} {:>10} {:>10}", "times as long as memcpy", "16 KiB", "256 KiB", "16 MiB");
    for (scalar, operation) in KINDS {
        let operator = Operator::of_scalars(operation, scalar, 1).expect("it is defined");
        let ratios = [16 << 10, 256 << 10, 16 << 20].map(|bytes| ratio(&operator, &number(scalar), bytes));
        let name = format!("{operator:?}");
        println!("{name:36} {:>10.2} {:>10.2} {:>10.2}", ratios[0], ratios[1], ratios[2]);
    }
    let mine = Operator::user(true, |a: &f64, b: &f64| a + b);
    let one = number(Scalar::F64);
    let ratios = [16 << 10, 256 << 10, 16 << 20].map(|bytes| ratio(&mine, &one, bytes));
    println!("{:36} {:>10.2} {:>10.2} {:>10.2}", "a user's sum of f64", ratios[0], ratios[1], ratios[2]);
    exact_sums();
}

/// What a sum without rounding costs beside one that rounds.
fn exact_sums() {
    let numbers: Vec<f64> = (1..=100_000).map(|i| 1.0 / i as f64 - 1e-5).collect();
    let timed = |run: &mut dyn FnMut()| {
        let mut times: Vec<f64> = (0..21)
            .map(|_| {
                let start = Instant::now();
                run();
                start.elapsed().as_nanos() as f64
            })
            .collect();
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let each = |total: f64| total / numbers.len() as f64;
    let ordinary = each(timed(&mut || {
        black_box(black_box(&numbers).iter().sum::<f64>());
    }));
    let exact = each(timed(&mut || {
        black_box(ReproducibleSum::of(black_box(&numbers)));
    }));
    let single = each(timed(&mut || {
        black_box(black_box(&numbers).iter().copied().collect::<ReproducibleSum>());
    }));
    let (part, mut sum) = (ReproducibleSum::of(&numbers), ReproducibleSum::ZERO);
    let combined = each(timed(&mut || {
        for _ in 0..numbers.len() {
            sum.combine(black_box(&part));
        }
    }));
    println!();
    println!(
        "reproducible sums, ns each: {exact:.2} a number of a slice, {single:.2} one by one, {combined:.1} to combine"
    );
    println!("an ordinary sum of the slice: {ordinary:.2}");
}

/// A number of the scalar, of which as many as one likes can be added and multiplied.
fn number(scalar: Scalar) -> Vec<u8> {
    match scalar {
        Scalar::LongDouble => LongDouble::from_f64(1.0).to_bytes().to_vec(),
        Scalar::F64 => 1f64.to_ne_bytes().to_vec(),
        Scalar::F32 => 1f32.to_ne_bytes().to_vec(),
        Scalar::ComplexF64 => [1f64, 0.0].map(f64::to_ne_bytes).concat(),
        Scalar::ComplexF32 => [1f32, 0.0].map(f32::to_ne_bytes).concat(),
        Scalar::F16 => F16::from_f32(1.0).to_bits().to_ne_bytes().to_vec(),
        Scalar::BF16 => BF16::from_f32(1.0).to_bits().to_ne_bytes().to_vec(),
        _ => vec![1],
    }
}

fn ratio(operator: &Operator, number: &[u8], bytes: usize) -> f64 {
    let from = number.repeat(bytes / number.len());
    let (mut into, mut copy) = (from.clone(), vec![0u8; bytes]);
    let repeats = ((8 << 20) / bytes).max(1);
    let count = bytes / operator.element_bytes();
    let mut ratios: Vec<f64> = (0..15)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..repeats {
                copy.copy_from_slice(black_box(&from));
                black_box(&mut copy);
            }
            let copied = start.elapsed();
            let start = Instant::now();
            for _ in 0..repeats {
                // SAFETY: both hold so many elements.
                unsafe { operator.reduce(black_box(from.as_ptr()), into.as_mut_ptr(), count, true) };
                black_box(&mut into);
            }
            start.elapsed().as_secs_f64() / copied.as_secs_f64()
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}
