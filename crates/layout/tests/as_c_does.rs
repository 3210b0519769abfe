//! Every predefined operation on every scalar beside a C program that calculates the same: equal to the last bit, and defined for
//! the same scalars.
#![cfg(target_arch = "x86_64")]

use std::path::PathBuf;
use std::process::Command;

use archipelago_layout::{Operation, Operator, Pair};
use wire::Scalar;

/// How many pairs of operands each operation is tried with.
const PAIRS: usize = 4_000;

/// Numbers of all magnitudes, and often zeros, infinities, largest and smallest ones; NaN with a quiet bit only.
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
            Scalar::F16 | Scalar::BF16 => {
                let (infinity, one) = if scalar == Scalar::F16 { (0x7c00, 0x3c00) } else { (0x7f80, 0x3f80) };
                let sign = (bits as u16) << 15;
                let value = match kind {
                    0 => sign,
                    1 => sign | infinity,
                    2 if nan => infinity | infinity >> 1,
                    3 => sign | (bits >> 8) as u16 & 0x7f,
                    4 | 5 => (bits >> 8) as u16,
                    _ => sign | one ^ (bits >> 8) as u16 & 0x3ff,
                };
                let value = if value & 0x7fff > infinity && !nan { one } else { value };
                value.to_ne_bytes().to_vec()
            }
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
            Scalar::LongDouble => {
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
            Scalar::Bool => vec![bits as u8 & 1],
            integer => {
                let mut bytes = match kind {
                    0 => [0; 16],
                    1 => [0xff; 16],
                    2 => [0; 16].map(|_| bits as u8 & 1),
                    _ => (bits as u128 | (self.next() as u128) << 64).to_ne_bytes(),
                };
                // The largest and the smallest, as often as not.
                if kind < 2 && bits & 2 == 0 {
                    bytes[integer.bytes() - 1] ^= 0x80;
                }
                bytes[..integer.bytes()].to_vec()
            }
        }
    }
}

/// The bytes of a number that mean something, as one value for all NaN: their signs depend on the order in which a
/// compiler happens to name operands.
fn meaning(scalar: Scalar, bytes: &[u8]) -> Vec<u8> {
    let half = |infinity: u16| u16::from_ne_bytes([bytes[0], bytes[1]]) & 0x7fff > infinity;
    let is_nan = match scalar {
        Scalar::F16 => half(0x7c00),
        Scalar::BF16 => half(0x7f80),
        Scalar::F32 => f32::from_ne_bytes(bytes.try_into().unwrap()).is_nan(),
        Scalar::F64 => f64::from_ne_bytes(bytes.try_into().unwrap()).is_nan(),
        Scalar::LongDouble => wire::LongDouble::from_bytes(bytes.try_into().unwrap()).to_f64().is_nan(),
        _ => false,
    };
    match (is_nan, scalar) {
        (true, _) => vec![0xff],
        (false, Scalar::LongDouble) => bytes[..10].to_vec(),
        (false, _) => bytes.to_vec(),
    }
}

/// The C program, in a folder of its own.
struct Program(PathBuf);

impl Program {
    fn compiled(test: &str) -> Program {
        let folder = std::env::temp_dir().join(format!("archipelago-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/c/operations.c");
        let compiled = Command::new("cc").args(["-O2", source, "-o"]).arg(folder.join("operations")).status();
        match compiled {
            Ok(status) => assert!(status.success(), "the C compiler refuses the program: {status}"),
            Err(error) => panic!("cc, which the tests need, can't be run: {error}"),
        }
        Program(folder)
    }

    /// What it makes of pairs of operands; none if it knows no such operation.
    fn results(&self, name: &str, pairs: &[(Vec<u8>, Vec<u8>)]) -> Option<Vec<u8>> {
        let (input, output) = (self.0.join("in"), self.0.join("out"));
        let bytes: Vec<u8> = pairs.iter().flat_map(|(a, b)| [&a[..], b].concat()).collect();
        std::fs::write(&input, bytes).unwrap();
        let status = Command::new(self.0.join("operations")).arg(name).arg(&input).arg(&output).status();
        match status.unwrap().code() {
            Some(0) => Some(std::fs::read(&output).unwrap()),
            Some(4) => None,
            other => panic!("{name}: {other:?}"),
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Compares what the operator and the program make of operands that are these scalars at these places.
fn compare(program: &Program, name: &str, operator: Option<Operator>, parts: &[(usize, Scalar)], nan: bool) {
    let bytes = operator.as_ref().map_or(0, Operator::element_bytes);
    let seed = name.bytes().fold(7u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let mut numbers = Numbers(seed);
    let mut operand = || {
        let mut operand = vec![0; bytes];
        for (at, scalar) in parts {
            if let Some(room) = operand.get_mut(*at..at + scalar.bytes()) {
                room.copy_from_slice(&numbers.one(*scalar, nan));
            }
        }
        operand
    };
    let pairs: Vec<(Vec<u8>, Vec<u8>)> = (0..PAIRS).map(|_| (operand(), operand())).collect();
    let (Some(operator), Some(theirs)) = (&operator, program.results(name, &pairs)) else {
        return assert_eq!(operator.is_some(), program.results(name, &[]).is_some(), "{name} is defined");
    };
    let from: Vec<u8> = pairs.iter().flat_map(|(a, _)| a.clone()).collect();
    let mut ours: Vec<u8> = pairs.iter().flat_map(|(_, b)| b.clone()).collect();
    assert_eq!(theirs.len(), ours.len(), "{name}");
    // SAFETY: both hold that many elements.
    unsafe { operator.reduce(from.as_ptr(), ours.as_mut_ptr(), pairs.len(), true) };
    for (pair, (ours, theirs)) in pairs.iter().zip(ours.chunks(bytes).zip(theirs.chunks(bytes))) {
        for (at, scalar) in parts {
            let within = *at..at + scalar.bytes();
            let (ours, theirs) = (meaning(*scalar, &ours[within.clone()]), meaning(*scalar, &theirs[within]));
            // Of two zeros C's minimum is the right one and ours either.
            let zero = |bytes: &[u8]| {
                bytes.split_last().is_some_and(|(top, rest)| top & 0x7f == 0 && rest.iter().all(|b| *b == 0))
            };
            let either = !nan && zero(&ours) && zero(&theirs);
            assert!(ours == theirs || either, "{name} of {pair:02x?}: {ours:02x?}, C has {theirs:02x?}");
        }
    }
}

#[test]
fn every_operation_on_every_scalar() {
    let program = Program::compiled("operations");
    for operation in Operation::ALL.into_iter().filter(|o| o.is_symmetric() && !o.is_located()) {
        for scalar in Scalar::ALL {
            let parts: &[(usize, Scalar)] = match scalar {
                Scalar::ComplexF16 => &[(0, Scalar::F16), (2, Scalar::F16)],
                Scalar::ComplexF32 => &[(0, Scalar::F32), (4, Scalar::F32)],
                Scalar::ComplexF64 => &[(0, Scalar::F64), (8, Scalar::F64)],
                Scalar::ComplexLongDouble => &[(0, Scalar::LongDouble), (16, Scalar::LongDouble)],
                _ => &[(0, scalar)],
            };
            // Which of a number and a NaN is smaller, C leaves to the order of operands, and we do not.
            let nan = !matches!(operation, Operation::Min | Operation::Max);
            let operator = Operator::of_scalars(operation, scalar, 1);
            compare(&program, &format!("{} {operation:?}", scalar.name()), operator, parts, nan);
        }
    }
}

#[test]
fn the_smallest_and_largest_of_pairs() {
    let program = Program::compiled("pairs");
    for operation in [Operation::MinLocation, Operation::MaxLocation] {
        for value in Scalar::ALL {
            // Fortran's pairs are of two numbers of one kind.
            let is_float = matches!(value, Scalar::F16 | Scalar::F32 | Scalar::F64 | Scalar::LongDouble);
            let indices = [Some(Scalar::I32), (value != Scalar::BF16).then_some(Scalar::U64)];
            for index in indices.into_iter().flatten().chain(is_float.then_some(value)) {
                let pair = Pair::of_c(value, index);
                let parts = [(0, value), (pair.index_at, index)];
                let name = format!("{} {operation:?} {}", value.name(), index.name());
                compare(&program, &name, Operator::of_pairs(operation, pair), &parts, false);
            }
        }
    }
}
