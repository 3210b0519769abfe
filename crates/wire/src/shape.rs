//! What a value is made of, as data: its length, its signature and its description follow from it.

use std::fmt;

use crate::Scalar;
use crate::signature::Sequence;

/// What the encoding of a value consists of.
#[derive(Debug)]
pub enum Shape {
    /// One scalar.
    Scalar(Scalar),
    /// The same shape several times.
    Array {
        /// The shape of an element.
        of: &'static Shape,
        /// How many elements.
        count: usize,
    },
    /// Fields of a struct or tuple, in the order of their declaration.
    Fields {
        /// The shape of each field.
        of: &'static [&'static Shape],
    },
    /// An enum without fields, encoded as its discriminant.
    Enumeration {
        /// The enum's own name, without its path.
        name: &'static str,
        /// A hash of its name and variants.
        code: u64,
        /// The length of the discriminant.
        bytes: usize,
    },
    /// A byte that is 1 and the value, or a byte that is 0 and zeros of the same length.
    Optional {
        /// The shape of the value.
        of: &'static Shape,
    },
}

impl Shape {
    /// The length of the encoding in bytes.
    pub const fn bytes(&self) -> usize {
        match self {
            Shape::Scalar(scalar) => scalar.bytes(),
            Shape::Array { of, count } => of.bytes() * *count,
            Shape::Fields { of } => {
                let (mut sum, mut i) = (0, 0);
                while i < of.len() {
                    sum += of[i].bytes();
                    i += 1;
                }
                sum
            }
            Shape::Enumeration { bytes, .. } => *bytes,
            Shape::Optional { of } => 1 + of.bytes(),
        }
    }

    /// The type signature: a hash of the sequence of scalars that the shape flattens to, *repeated without end*.
    ///
    /// Two types have the same signature exactly when some number of values of one and some number of values of the
    /// other flatten to the same sequence of scalars (but for a collision of hashes, about one in 2^60). So `[f64; 3]`, a
    /// struct of three `f64` and `f64` agree, `[(f64, u32); 2]` agrees with `(f64, u32)`, and `(f64, u32)` agrees with
    /// neither `(u32, f64)` nor `(f64, u32, u32)`. The count is not in the signature: the length of a message has it.
    /// It is never 0, which stands for untyped bytes.
    pub const fn signature(&self) -> u64 {
        self.sequence().signature()
    }

    /// The sequence of scalars that the shape flattens to.
    pub const fn sequence(&self) -> Sequence {
        match self {
            Shape::Scalar(scalar) => Sequence::scalar(*scalar),
            Shape::Array { of, count } => of.sequence().times(*count as u64),
            Shape::Fields { of } => {
                let (mut all, mut i) = (Sequence::EMPTY, 0);
                while i < of.len() {
                    all = all.then(of[i].sequence());
                    i += 1;
                }
                all
            }
            Shape::Enumeration { code, .. } => Sequence::one(ENUMERATION ^ *code),
            Shape::Optional { of } => Sequence::one(OPTIONAL).then(of.sequence()),
        }
    }

    /// The scalar that the shape consists of and how often, if it is of one kind: `[f64; 3]` is 3 times `F64`.
    pub const fn uniform(&self) -> Option<(Scalar, usize)> {
        match self {
            Shape::Scalar(scalar) => Some((*scalar, 1)),
            Shape::Array { of, count } => match of.uniform() {
                Some((scalar, inner)) => Some((scalar, inner * *count)),
                None => None,
            },
            _ => None,
        }
    }
}

/// Marks in the alphabet of signatures beside the scalars, which are small numbers.
const OPTIONAL: u64 = 0x100;
const ENUMERATION: u64 = 0x200;

/// Describes the flattened sequence: `f64`, `f64 x3`, `{f64 x3, u32, bool}`.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut runs = Vec::new();
        flatten(self, &mut runs);
        match &runs[..] {
            [] => f.write_str("nothing"),
            [run] => write!(f, "{run}"),
            _ => write!(f, "{}", Term::Group(runs)),
        }
    }
}

#[derive(Clone, PartialEq)]
enum Term {
    Name(&'static str),
    Enumeration(&'static str, u64),
    Optional(Box<Run>),
    Group(Vec<Run>),
}

#[derive(Clone, PartialEq)]
struct Run {
    term: Term,
    count: usize,
}

fn flatten(shape: &Shape, runs: &mut Vec<Run>) {
    match shape {
        Shape::Scalar(scalar) => push(runs, Term::Name(scalar.name()), 1),
        Shape::Array { of, count } => {
            let mut inner = Vec::new();
            flatten(of, &mut inner);
            match inner.len() {
                0 => {}
                _ if *count == 0 => {}
                1 => {
                    let Run { term, count: each } = inner.remove(0);
                    push(runs, term, each * count);
                }
                _ => push(runs, Term::Group(inner), *count),
            }
        }
        Shape::Fields { of } => of.iter().for_each(|field| flatten(field, runs)),
        Shape::Enumeration { name, code, .. } => push(runs, Term::Enumeration(name, *code), 1),
        Shape::Optional { of } => {
            let mut inner = Vec::new();
            flatten(of, &mut inner);
            let inner = match inner.len() {
                1 => inner.remove(0),
                _ => Run { term: Term::Group(inner), count: 1 },
            };
            push(runs, Term::Optional(Box::new(inner)), 1);
        }
    }
}

fn push(runs: &mut Vec<Run>, term: Term, count: usize) {
    match runs.last_mut() {
        Some(last) if last.term == term => last.count += count,
        _ => runs.push(Run { term, count }),
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.count {
            1 => write!(f, "{}", self.term),
            count => write!(f, "{} x{count}", self.term),
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Term::Name(name) => f.write_str(name),
            Term::Enumeration(name, _) => write!(f, "enum {name}"),
            Term::Optional(inner) => write!(f, "optional {inner}"),
            Term::Group(runs) => {
                f.write_str("{")?;
                for (i, run) in runs.iter().enumerate() {
                    write!(f, "{}{run}", if i == 0 { "" } else { ", " })?;
                }
                f.write_str("}")
            }
        }
    }
}
