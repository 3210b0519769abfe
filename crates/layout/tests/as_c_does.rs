//! Reductions of what C calculates with and Rust doesn't, beside a C program: the same results to the last bit.
#![cfg(target_arch = "x86_64")]

use std::process::Command;

use archipelago_layout::{Operation, Operator};
use wire::Scalar;

const PROGRAM: &str = r#"
#include <complex.h>
#include <stdio.h>
#include <string.h>

static unsigned char a[64], b[64], c[64];

#define CASE(name, type, expression) \
    if (strcmp(argv[1], name) == 0) { \
        while (fread(a, sizeof(type), 1, in) == 1 && fread(b, sizeof(type), 1, in) == 1) { \
            type x, y, z; \
            memcpy(&x, a, sizeof x); \
            memcpy(&y, b, sizeof y); \
            z = expression; \
            memcpy(c, &z, sizeof z); \
            fwrite(c, sizeof z, 1, out); \
        } \
    }

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    FILE *in = fopen(argv[2], "rb"), *out = fopen(argv[3], "wb");
    if (!in || !out) return 3;
    CASE("long double sum", long double, x + y)
    CASE("long double product", long double, x * y)
    CASE("long double min", long double, x < y ? x : y)
    CASE("long double max", long double, x > y ? x : y)
    CASE("complex f32 sum", float _Complex, x + y)
    CASE("complex f32 product", float _Complex, x * y)
    CASE("complex f64 sum", double _Complex, x + y)
    CASE("complex f64 product", double _Complex, x * y)
    CASE("complex long double sum", long double _Complex, x + y)
    CASE("complex long double product", long double _Complex, x * y)
    return fclose(out);
}
"#;

/// Numbers of all magnitudes, and often zeros, infinities, and their neighbours; NaN with a quiet bit only.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let bits = self.0;
        (bits ^ (bits >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) ^ (bits >> 32)
    }

    fn one(&mut self, scalar: Scalar, nan: bool) -> Vec<u8> {
        let kind = self.next() % 8;
        let bits = self.next();
        match scalar {
            Scalar::F32 => {
                let special = [0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, 1.0, -1.0, 1e-40, f32::MAX];
                let value = match kind {
                    0 | 1 => special[bits as usize % 8],
                    2 if nan => f32::NAN,
                    3 => f32::from_bits(bits as u32),
                    _ => f32::from_bits(bits as u32 & 0x8fff_ffff | 0x3800_0000),
                };
                (if value.is_nan() && !nan { 1.5 } else { value }).to_ne_bytes().to_vec()
            }
            Scalar::F64 => {
                let special = [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, 1.0, -1.0, 1e-310, f64::MAX];
                let value = match kind {
                    0 | 1 => special[bits as usize % 8],
                    2 if nan => f64::NAN,
                    3 => f64::from_bits(bits),
                    _ => f64::from_bits(bits & 0x80ff_ffff_ffff_ffff | 0x3f00_0000_0000_0000),
                };
                (if value.is_nan() && !nan { 1.5 } else { value }).to_ne_bytes().to_vec()
            }
            _ => {
                let number = |negative: bool, exponent: u16, significand: u64| {
                    wire::LongDouble::of_parts(negative, exponent, significand).to_bytes().to_vec()
                };
                let negative = bits & 1 == 1;
                match kind {
                    0 => number(negative, 0, 0),
                    1 => number(negative, 0x7fff, 1 << 63),
                    2 if nan => number(negative, 0x7fff, 3 << 62),
                    3 => number(negative, 0, bits >> 1),
                    4 => number(negative, (self.next() % 0x7fff).max(1) as u16, bits | 1 << 63),
                    _ => number(negative, 16383 - 40 + (self.next() % 80) as u16, bits | 1 << 63),
                }
            }
        }
    }
}

/// The bytes of a number that mean something, as one value for all NaN: their signs depend on the order in which a
/// compiler happens to name operands.
fn meaning(scalar: Scalar, bytes: &[u8]) -> Vec<u8> {
    let is_nan = match scalar {
        Scalar::F32 => f32::from_ne_bytes(bytes.try_into().unwrap()).is_nan(),
        Scalar::F64 => f64::from_ne_bytes(bytes.try_into().unwrap()).is_nan(),
        _ => wire::LongDouble::from_bytes(bytes.try_into().unwrap()).to_f64().is_nan(),
    };
    match (is_nan, scalar) {
        (true, _) => vec![0xff],
        (false, Scalar::LongDouble) => bytes[..10].to_vec(),
        (false, _) => bytes.to_vec(),
    }
}

#[test]
fn to_the_last_bit() {
    let folder = std::env::temp_dir().join(format!("archipelago-c-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (source, program) = (folder.join("numbers.c"), folder.join("numbers"));
    std::fs::write(&source, PROGRAM).unwrap();
    let compiled = Command::new("cc").arg("-O2").arg(&source).arg("-o").arg(&program).status();
    match compiled {
        Ok(status) => assert!(status.success(), "the C compiler refuses the program: {status}"),
        Err(error) => panic!("cc, which the tests need, can't be run: {error}"),
    }
    let cases = [
        ("long double sum", Scalar::LongDouble, Operation::Sum),
        ("long double product", Scalar::LongDouble, Operation::Product),
        ("long double min", Scalar::LongDouble, Operation::Min),
        ("long double max", Scalar::LongDouble, Operation::Max),
        ("complex f32 sum", Scalar::ComplexF32, Operation::Sum),
        ("complex f32 product", Scalar::ComplexF32, Operation::Product),
        ("complex f64 sum", Scalar::ComplexF64, Operation::Sum),
        ("complex f64 product", Scalar::ComplexF64, Operation::Product),
        ("complex long double sum", Scalar::ComplexLongDouble, Operation::Sum),
        ("complex long double product", Scalar::ComplexLongDouble, Operation::Product),
    ];
    for (name, scalar, operation) in cases {
        let (part, parts) = match scalar {
            Scalar::ComplexF32 => (Scalar::F32, 2),
            Scalar::ComplexF64 => (Scalar::F64, 2),
            Scalar::ComplexLongDouble => (Scalar::LongDouble, 2),
            other => (other, 1),
        };
        // Which of a number and a NaN is smaller, C leaves to the order of operands, and we do not.
        let nan = !matches!(operation, Operation::Min | Operation::Max);
        let mut numbers = Numbers(scalar as u64);
        let mut operand = || (0..parts).flat_map(|_| numbers.one(part, nan)).collect::<Vec<u8>>();
        let pairs: Vec<(Vec<u8>, Vec<u8>)> = (0..20_000).map(|_| (operand(), operand())).collect();
        let (input, output) = (folder.join("in"), folder.join("out"));
        std::fs::write(&input, pairs.iter().flat_map(|(a, b)| [&a[..], b].concat()).collect::<Vec<u8>>())
            .unwrap();
        let status = Command::new(&program).arg(name).arg(&input).arg(&output).status().unwrap();
        assert!(status.success(), "{name}: {status}");
        let theirs = std::fs::read(&output).unwrap();
        let from: Vec<u8> = pairs.iter().flat_map(|(a, _)| a.clone()).collect();
        let mut ours: Vec<u8> = pairs.iter().flat_map(|(_, b)| b.clone()).collect();
        assert_eq!(theirs.len(), ours.len(), "{name}");
        let operator = Operator::of_scalars(operation, scalar, 1).unwrap();
        // SAFETY: both hold that many elements.
        unsafe { operator.reduce(from.as_ptr(), ours.as_mut_ptr(), pairs.len(), true) };
        let each = part.bytes();
        for (i, (ours, theirs)) in ours.chunks(each).zip(theirs.chunks(each)).enumerate() {
            // Of two zeros C's minimum is the right one and ours either.
            let zero = |bytes: &[u8]| bytes[..10.min(each) - 1].iter().all(|&byte| byte == 0);
            if matches!(operation, Operation::Min | Operation::Max) && zero(ours) && zero(theirs) {
                continue;
            }
            let pair = &pairs[i / parts];
            assert_eq!(meaning(part, ours), meaning(part, theirs), "{name} {pair:02x?}");
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
