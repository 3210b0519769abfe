//! What messages are said to be made of where programs are checked: without that they are bytes, which fit anything.
//!
//! Stated are messages all of whose values are of one kind: integers of four bytes, say, in whichever datatype. Those of mixed kinds,
//! and of `MPI_BYTE` and `MPI_PACKED`, fit anything: a type that ends with as many numbers as may come is right where it takes fewer.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use engine::{TypeName, TypeTag, Unit};
use wire::Sequence;

use super::predefined::{self, Class, Meaning};
use crate::number as n;
use crate::{Datatype, instance};

/// Sets signatures apart from those of Rust's types: who receives is told the names that C has for them.
const OF_C: u64 = 0x4d50_4900_0000_0000;

impl Datatype {
    /// What a message of it is said to be made of.
    #[inline]
    pub(crate) fn stated(self) -> TypeTag {
        match instance::is_checking() {
            true => self.unit().map_or(TypeTag::BYTES, |unit| TypeTag {
                signature: unit.signature,
                name: TypeName::Known(unit),
                ..TypeTag::BYTES
            }),
            false => TypeTag::BYTES,
        }
    }

    /// What the elements of a collective are said to be: members are told apart by what they state of it, not by each message.
    #[cold]
    pub(crate) fn stated_in_collectives(self) -> TypeTag {
        TypeTag { signature: 0, ..self.stated() }
    }

    /// The same for a receive.
    #[inline]
    pub(crate) fn stated_of_receive(self) -> TypeTag {
        TypeTag { cuts: true, ..self.stated() }
    }

    /// Of what it is made, if that is one kind of values.
    #[cold]
    pub(crate) fn unit(self) -> Option<&'static Unit> {
        static UNITS: Mutex<Option<HashMap<(usize, u64), &'static Unit>>> = Mutex::new(None);
        let signature = self.get().ok()?.layout().ok()?.signature();
        let known = kinds().iter().find(|kind| kind.signature == signature)?;
        // A datatype of the standard goes by its own name, one that a program has made by that of its values.
        let is_predefined = predefined::find(self).is_some() && known.bytes == self.bytes()?;
        let name = if is_predefined { self } else { known.name };
        let mut units = UNITS.lock().unwrap_or_else(PoisonError::into_inner);
        // As many as the standard has datatypes.
        let unit = units.get_or_insert_default().entry((name.0, signature)).or_insert_with(|| {
            let words = name.get().map(|of| String::from_utf8_lossy(&of.name()).into_owned());
            let words = words.unwrap_or_else(|_| "a datatype".to_owned());
            Box::leak(Box::new(Unit { words, bytes: known.bytes, signature: signature ^ OF_C }))
        });
        Some(unit)
    }

    fn bytes(self) -> Option<u64> {
        Some(self.get().ok()?.layout().ok()?.size())
    }
}

/// A kind of values.
struct Kind {
    signature: u64,
    bytes: u64,
    /// The datatype by which it goes.
    name: Datatype,
}

/// All kinds, each with the datatype that C programs use most.
fn kinds() -> &'static [Kind] {
    static KINDS: OnceLock<Vec<Kind>> = OnceLock::new();
    KINDS.get_or_init(|| {
        let mut kinds: Vec<Kind> = Vec::new();
        let first = [n::INT, n::LONG, n::DOUBLE, n::FLOAT, n::CHAR].map(Datatype);
        for name in first.into_iter().chain(predefined::values()) {
            let Some(Meaning::Value(scalar, class)) = predefined::find(name).and_then(|of| of.meaning) else {
                continue;
            };
            let signature = Sequence::scalar(scalar).signature();
            // Bytes fit anything.
            let is_told = class != Class::Byte && name.0 != n::PACKED;
            if is_told && kinds.iter().all(|kind| kind.signature != signature) {
                kinds.push(Kind { signature, bytes: scalar.bytes() as u64, name });
            }
        }
        kinds
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_one_kind_have_its_name() {
        let check = |of: usize, words: &str, bytes: u64| {
            let unit = Datatype(of).unit().unwrap();
            assert_eq!((unit.words.as_str(), unit.bytes), (words, bytes));
        };
        check(n::INT, "MPI_INT", 4);
        check(n::INT32_T, "MPI_INT32_T", 4);
        check(n::DOUBLE, "MPI_DOUBLE", 8);
        // Two integers.
        check(n::N2INT, "MPI_INT", 4);
        let signature = |of: usize| Datatype(of).unit().map(|unit| unit.signature);
        assert_eq!(signature(n::INT), signature(n::INT32_T));
        assert_ne!(signature(n::INT), signature(n::FLOAT));
        for any in [n::BYTE, n::PACKED, n::DOUBLE_INT, n::REAL16, n::DATATYPE_NULL] {
            assert!(Datatype(any).unit().is_none(), "{any:#x}");
        }
        // Nobody checks here.
        assert_eq!(Datatype(n::INT).stated().signature, 0);
    }
}
