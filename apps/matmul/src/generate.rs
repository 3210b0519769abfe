//! Random matrices that don't depend on who computes them: the value at a row and a column is a function of the seed.

use crate::matrix::Matrix;

/// The matrix number `stream` of a seed: values uniform in [-1, 1).
///
/// The generator is SplitMix64 (Steele, Lea, Flood: *Fast splittable pseudorandom number generators*, 2014), whose
/// n-th number is a hash of the seed and n. Any element can be had alone.
pub fn matrix(seed: u64, stream: u64, rows: usize, columns: usize) -> Matrix {
    let key = mix(seed ^ mix(stream));
    let values = (0..(rows * columns) as u64).map(|index| uniform(key, index)).collect();
    Matrix::from_values(rows, columns, values)
}

/// A vector of 1 and -1 for Freivalds' check.
pub fn signs(seed: u64, stream: u64, length: usize) -> Vec<f64> {
    let key = mix(seed ^ mix(stream));
    (0..length as u64).map(|index| if word(key, index) >> 63 == 0 { 1.0 } else { -1.0 }).collect()
}

fn uniform(key: u64, index: u64) -> f64 {
    // 53 bits make every double of [0, 1) that is a multiple of 2^-53.
    (word(key, index) >> 11) as f64 * (2.0 / (1u64 << 53) as f64) - 1.0
}

fn word(key: u64, index: u64) -> u64 {
    mix(key.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_paper() {
        // The first outputs of SplitMix64 seeded with 1234567.
        let expected = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431];
        assert_eq!([0, 1, 2, 3].map(|index| word(1234567, index)), expected);
    }

    #[test]
    fn values_are_spread_over_the_interval() {
        let sample = matrix(1, 0, 100, 100);
        let mean = sample.values().iter().sum::<f64>() / 10_000.0;
        assert!(sample.values().iter().all(|value| (-1.0..1.0).contains(value)));
        assert!(mean.abs() < 0.05, "{mean}");
        assert_ne!(sample, matrix(1, 1, 100, 100));
        assert_ne!(sample, matrix(2, 0, 100, 100));
        assert_eq!(signs(3, 0, 1000).iter().filter(|sign| sign.abs() == 1.0).count(), 1000);
    }
}
