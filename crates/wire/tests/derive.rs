//! The derive: forms, signatures, descriptions, round trips, and what a message cannot make.

#![forbid(unsafe_code)]

use std::marker::PhantomData;
use std::mem::size_of;

use archipelago_wire::{self as wire, Form, Wire, slice};

#[derive(Wire, Clone, Copy, Debug, PartialEq)]
#[wire(crate = archipelago_wire)]
struct Particle {
    position: [f64; 3],
    id: u32,
    alive: bool,
}

#[derive(Wire, Clone, Copy, Debug, PartialEq)]
#[wire(crate = archipelago_wire)]
struct Point {
    x: f64,
    y: f64,
    z: f64,
}

#[derive(Wire, Clone, Copy, Debug, PartialEq)]
#[wire(crate = archipelago_wire)]
struct Padded(u8, u32);

#[derive(Wire, Clone, Copy, Debug, PartialEq)]
#[wire(crate = archipelago_wire)]
#[repr(C, packed)]
struct Tight(u8, u32);

#[derive(Wire, Clone, Copy, Debug, PartialEq)]
#[wire(crate = archipelago_wire)]
struct Generic<T, const N: usize>
where
    T: PartialEq,
{
    head: T,
    rest: [(T, bool); N],
    marker: PhantomData<T>,
}

#[derive(Wire, Clone, Copy, Debug, PartialEq)]
#[wire(crate = archipelago_wire)]
struct Nothing;

#[derive(Wire, Clone, Copy, Debug, PartialEq)]
#[wire(crate = archipelago_wire)]
enum Colour {
    Red,
    Green = 200,
    Blue = -3,
}

#[derive(Wire, Clone, Copy, Debug, PartialEq)]
#[wire(crate = archipelago_wire)]
#[repr(u8)]
enum Small {
    A = 1,
    B = 255,
}

#[derive(Wire, Clone, Copy, Debug, PartialEq)]
#[wire(crate = archipelago_wire)]
#[repr(u64)]
enum Wide {
    Zero,
    Last = u64::MAX,
}

#[derive(Wire, Clone, Copy, Debug, PartialEq)]
#[wire(crate = archipelago_wire)]
#[repr(u8, align(4))]
enum Aligned {
    A,
    B,
}

#[derive(Wire, Clone, Copy, Debug, PartialEq)]
#[wire(crate = archipelago_wire)]
enum Only {
    One,
}

#[derive(Wire, Clone, Copy, Debug, PartialEq)]
#[wire(crate = archipelago_wire)]
struct Nested {
    first: Padded,
    colour: Option<Colour>,
    name: [char; 2],
    unit: Nothing,
    last: (Small, Only, Particle),
}

/// A struct that the compiler reorders so that no padding remains must not be taken for plain.
#[derive(Wire, Clone, Copy, Debug, PartialEq)]
#[wire(crate = archipelago_wire)]
struct Reordered {
    a: u32,
    b: f64,
    c: u32,
}

#[track_caller]
fn round_trip<T: Wire + PartialEq + std::fmt::Debug>(values: &[T]) {
    let bytes = slice::pack_to_vec(values);
    assert_eq!(bytes.len(), values.len() * T::BYTES);
    assert_eq!(slice::unpack_to_vec::<T>(&bytes).unwrap(), values);
    let mut into = values.to_vec();
    into.reverse();
    slice::unpack(&bytes, &mut into).unwrap();
    assert_eq!(into, values);
    if let Some(memory) = slice::encoded(values) {
        assert_eq!(memory, bytes);
        assert_eq!(size_of::<T>(), T::BYTES);
    }
}

#[test]
fn round_trips() {
    let particle = Particle { position: [1.0, -2.0, f64::INFINITY], id: 7, alive: true };
    round_trip(&[particle, Particle { alive: false, ..particle }]);
    round_trip(&[Point { x: 1.0, y: 2.0, z: 3.0 }]);
    round_trip(&[Padded(1, 2), Padded(3, 4)]);
    round_trip(&[Tight(1, 0x01020304)]);
    round_trip(&[Generic { head: 9u16, rest: [(1, true), (2, false)], marker: PhantomData }]);
    round_trip(&[Colour::Red, Colour::Blue, Colour::Green]);
    round_trip(&[Small::A, Small::B]);
    round_trip(&[Wide::Last, Wide::Zero]);
    round_trip(&[Aligned::A, Aligned::B]);
    round_trip(&[Reordered { a: 1, b: 2.0, c: 3 }]);
    round_trip(&[Some('x'), None]);
    round_trip(&[Nested {
        first: Padded(9, 8),
        colour: Some(Colour::Blue),
        name: ['ä', 'ö'],
        unit: Nothing,
        last: (Small::B, Only::One, particle),
    }]);
    round_trip::<Particle>(&[]);
}

#[test]
fn forms_tell_what_may_happen_in_place() {
    assert_eq!(Point::FORM, Form::Plain);
    assert_eq!(Tight::FORM, Form::Plain);
    assert_eq!(<[Point; 4]>::FORM, Form::Plain);
    assert_eq!(<(f32, u32)>::FORM, Form::Plain);
    assert_eq!(Nothing::FORM, Form::Plain);
    assert_eq!(Small::FORM, Form::Dense);
    assert_eq!(Wide::FORM, Form::Dense);
    assert_eq!(<[bool; 3]>::FORM, Form::Dense);
    assert_eq!(Particle::FORM, Form::Packed);
    assert_eq!(Padded::FORM, Form::Packed);
    assert_eq!(Aligned::FORM, Form::Packed);
    assert_eq!(Colour::FORM, Form::Packed);
    assert_eq!(Reordered::FORM, Form::Packed);
    assert!(slice::encoded_mut(&mut [true]).is_none());
    assert!(slice::encoded_mut(&mut [1u8]).is_some());
}

#[test]
fn encodings_have_no_padding() {
    assert_eq!(Particle::BYTES, 29);
    assert_eq!(Padded::BYTES, 5);
    assert_eq!(Aligned::BYTES, 1);
    assert_eq!(Colour::BYTES, 2);
    assert_eq!(Wide::BYTES, 8);
    assert_eq!(Only::BYTES, 0);
    assert_eq!(Option::<u32>::BYTES, 5);
    let mut expected = vec![1];
    expected.extend(2u32.to_ne_bytes());
    assert_eq!(slice::pack_to_vec(&[Padded(1, 2)]), expected);
    // Nothing of a value that was there before shows through.
    assert_eq!(slice::pack_to_vec(&[None::<u32>]), [0; 5]);
}

#[test]
fn signatures_ignore_the_count_and_nothing_else() {
    let same = [f64::SIGNATURE, <[f64; 3]>::SIGNATURE, Point::SIGNATURE, <(f64, f64)>::SIGNATURE];
    assert!(same.iter().all(|&signature| signature == same[0]), "{same:?}");
    assert_eq!(<[(f64, u32); 2]>::SIGNATURE, <(f64, u32)>::SIGNATURE);
    assert_eq!(Particle::SIGNATURE, <(f64, f64, f64, u32, bool)>::SIGNATURE);
    assert_eq!(Padded::SIGNATURE, Tight::SIGNATURE);
    let different = [
        f64::SIGNATURE,
        u64::SIGNATURE,
        <(f64, u32)>::SIGNATURE,
        <(u32, f64)>::SIGNATURE,
        <(f64, u32, u32)>::SIGNATURE,
        bool::SIGNATURE,
        u8::SIGNATURE,
        Small::SIGNATURE,
        Colour::SIGNATURE,
        Aligned::SIGNATURE,
        Option::<u8>::SIGNATURE,
        Particle::SIGNATURE,
        Nothing::SIGNATURE,
    ];
    for (i, a) in different.iter().enumerate() {
        assert_ne!(*a, 0);
        assert!(different[..i].iter().all(|b| a != b), "{i} of {different:x?}");
    }
}

#[test]
fn descriptions_are_readable() {
    #[track_caller]
    fn check<T: Wire>(expected: &str) {
        assert_eq!(T::SHAPE.to_string(), expected);
    }
    check::<f64>("f64");
    check::<usize>("u64");
    check::<[f64; 3]>("f64 x3");
    check::<[[f32; 2]; 3]>("f32 x6");
    check::<Point>("f64 x3");
    check::<Particle>("{f64 x3, u32, bool}");
    check::<[(f64, u32); 10]>("{f64, u32} x10");
    check::<(Padded, Padded)>("{u8, u32, u8, u32}");
    check::<Option<Padded>>("optional {u8, u32}");
    check::<(Colour, Colour)>("enum Colour x2");
    check::<()>("nothing");
    assert_eq!(wire::describe::<f64>(), "f64");
    assert_eq!(wire::describe::<Particle>(), "derive::Particle ({f64 x3, u32, bool})");
}

#[test]
fn forbidden_patterns_are_refused_by_name() {
    #[track_caller]
    fn check<T: Wire + std::fmt::Debug>(bytes: &[u8], expected: &str) {
        assert_eq!(slice::unpack_to_vec::<T>(bytes).unwrap_err().to_string(), expected);
    }
    check::<bool>(&[0, 1, 2], "0x02 is no value of bool (in element 2)");
    check::<char>(&0xd800u32.to_ne_bytes(), "0x0000d800 is no value of char (in element 0)");
    check::<Small>(&[1, 255, 0], "0x00 is no value of derive::Small (in element 2)");
    check::<Colour>(&1i16.to_ne_bytes(), "0x0001 is no value of derive::Colour (in element 0)");
    check::<Option<u8>>(&[0, 0, 2, 0], "0x02 is no value of core::option::Option<u8> (in element 1)");
    check::<std::num::NonZeroU16>(
        &[0, 0],
        "0x0000 is no value of core::num::nonzero::NonZero<u16> (in element 0)",
    );
    let mut bytes = slice::pack_to_vec(&[Particle { position: [0.0; 3], id: 1, alive: true }]);
    bytes[28] = 9;
    check::<Particle>(&bytes, "0x09 is no value of bool (in element 0)");
}

mod properties {
    use super::*;
    use proptest::prelude::*;

    /// The naive model: fields one after the other.
    fn model(position: [f64; 3], id: u32, alive: bool, small: bool, letter: char) -> Vec<u8> {
        let mut bytes = Vec::new();
        position.iter().for_each(|x| bytes.extend(x.to_ne_bytes()));
        bytes.extend(id.to_ne_bytes());
        bytes.push(alive as u8);
        bytes.push(if small { 1 } else { 255 });
        bytes.extend((letter as u32).to_ne_bytes());
        bytes
    }

    type Row = (Particle, Small, char);

    proptest! {
        #[test]
        fn encodings_agree_with_the_model(
            rows in prop::collection::vec((any::<[f64; 3]>(), any::<u32>(), any::<bool>(), any::<bool>(), any::<char>()), 0..20),
        ) {
            let (mut values, mut expected): (Vec<Row>, _) = (Vec::new(), Vec::new());
            for (position, id, alive, small, letter) in rows {
                let of_small = if small { Small::A } else { Small::B };
                values.push((Particle { position, id, alive }, of_small, letter));
                expected.extend(model(position, id, alive, small, letter));
            }
            let bytes = slice::pack_to_vec(&values);
            prop_assert_eq!(&bytes, &expected);
            prop_assert_eq!(slice::pack_to_vec(&slice::unpack_to_vec::<Row>(&bytes).unwrap()), expected);
        }

        #[test]
        fn any_bytes_give_values_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let whole = &bytes[..bytes.len() / Row::BYTES * Row::BYTES];
            if let Ok(values) = slice::unpack_to_vec::<Row>(whole) {
                prop_assert_eq!(slice::pack_to_vec(&values), whole);
            }
            if let Ok(values) = slice::unpack_to_vec::<Colour>(&bytes[..bytes.len() / 2 * 2]) {
                prop_assert_eq!(slice::pack_to_vec(&values), &bytes[..values.len() * 2]);
            }
        }
    }
}
