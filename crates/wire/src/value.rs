//! Values that travel.

use crate::{Invalid, Shape};

/// A type whose values travel between processes.
///
/// Scalars, arrays, tuples and options of such types are; `#[derive(Wire)]` makes your own structs and fieldless
/// enums such types. A value has a fixed size and owns all that it says: references, vectors and strings are
/// not values in this sense (send a slice, a vector's elements, or a string's bytes).
///
/// ```
/// # use archipelago_wire as wire;
/// #[derive(wire::Wire, Clone, Copy)]
/// # #[wire(crate = archipelago_wire)]
/// struct Particle {
///     position: [f64; 3],
///     id: u32,
/// }
/// ```
///
/// A field that is no value is refused, and so is a type that cannot be copied:
///
/// ```compile_fail
/// # use archipelago_wire as wire;
/// #[derive(wire::Wire, Clone, Copy)]
/// # #[wire(crate = archipelago_wire)]
/// struct Particle {
///     position: [f64; 3],
///     id: Inner, // not Wire
/// }
/// #[derive(Clone, Copy)]
/// struct Inner;
/// ```
///
/// ```compile_fail
/// # use archipelago_wire as wire;
/// #[derive(wire::Wire)] // not Copy
/// # #[wire(crate = archipelago_wire)]
/// struct Particle {
///     position: [f64; 3],
///     id: u32,
/// }
/// ```
///
/// # Safety
///
/// [`FORM`](Wire::FORM) must say the truth about the type's memory, [`pack`](Wire::pack) must write every byte that it
/// is given, and the type must not have interior mutability.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot travel between processes",
    label = "not a type whose values travel",
    note = "values have a fixed size and own what they say: scalars, arrays, tuples, and types with `#[derive(Wire, Clone, Copy)]`",
    note = "for a `Vec` or a `String` send the slice of its elements or bytes instead"
)]
pub unsafe trait Wire: Copy + Send + Sync + 'static {
    /// How the memory of a value is related to its encoding.
    const FORM: Form;

    /// What the value is made of.
    const SHAPE: &'static Shape;

    /// The length of the encoding of one value.
    const BYTES: usize = Self::SHAPE.bytes();

    /// The type signature, as [`Shape::signature`] defines it.
    const SIGNATURE: u64 = Self::SHAPE.signature();

    /// Writes the encoding. `into` has [`BYTES`](Wire::BYTES) bytes.
    fn pack(&self, into: &mut [u8]);

    /// Reads an encoding of [`BYTES`](Wire::BYTES) bytes, which may come from anywhere.
    fn unpack(from: &[u8]) -> Result<Self, Invalid>;
}

/// How the memory of a type is related to its encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// Its memory is not its encoding: there is padding, or another order of fields.
    Packed,
    /// Its memory is its encoding, but some patterns of bits are not values: sent in place, received into scratch.
    Dense,
    /// Its memory is its encoding and every pattern of bits is a value: sent and received in place.
    Plain,
}

impl Form {
    /// The form of a struct or tuple of `size` bytes, from its fields in the order of their declaration: offset, size and
    /// form of each.
    #[doc(hidden)]
    pub const fn of_fields(size: usize, fields: &[(usize, usize, Form)]) -> Form {
        let (mut form, mut end, mut i) = (Form::Plain, 0, 0);
        while i < fields.len() {
            let (offset, bytes, of_field) = fields[i];
            // A field without bytes may lie anywhere.
            if bytes != 0 {
                if offset != end {
                    return Form::Packed;
                }
                end += bytes;
            }
            form = match (form, of_field) {
                (Form::Packed, _) | (_, Form::Packed) => Form::Packed,
                (Form::Dense, _) | (_, Form::Dense) => Form::Dense,
                (Form::Plain, Form::Plain) => Form::Plain,
            };
            i += 1;
        }
        if end == size { form } else { Form::Packed }
    }

    /// Whether values are sent from where they lie.
    pub const fn sent_in_place(self) -> bool {
        !matches!(self, Form::Packed)
    }

    /// Whether values are received where they shall lie.
    pub const fn received_in_place(self) -> bool {
        matches!(self, Form::Plain)
    }
}

/// Names a type for an error message: as the program calls it and, where that says more, what it is made of.
pub fn describe<T: Wire>() -> String {
    let (name, shape) = (std::any::type_name::<T>(), T::SHAPE.to_string());
    if name == shape { shape } else { format!("{name} ({shape})") }
}
