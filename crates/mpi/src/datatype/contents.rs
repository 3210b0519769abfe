//! How a program made a datatype: what is read back as its envelope and contents (MPI 5.0 §5.1.13).

use std::ffi::c_int;
use std::sync::Arc;

use super::object::Shape;
use crate::Datatype;
use crate::pointer::Form;

/// The arguments of a constructor, sorted as the standard has them.
pub(crate) struct Contents {
    /// Which constructor.
    pub combiner: c_int,
    form: Form,
    pub integers: Vec<c_int>,
    pub addresses: Vec<i64>,
    pub large_counts: Vec<i64>,
    pub parts: Vec<Part>,
}

/// A datatype that another one was made of. The program may have freed it since.
#[derive(Clone)]
pub(crate) enum Part {
    /// One that is always there.
    Predefined(Datatype),
    /// One that the program made.
    Made(Arc<Shape>),
}

impl Contents {
    /// Of a call of this form, without its arguments.
    pub fn new(combiner: c_int, form: Form, parts: Vec<Part>) -> Contents {
        let (integers, addresses, large_counts) = (Vec::new(), Vec::new(), Vec::new());
        Contents { combiner, form, integers, addresses, large_counts, parts }
    }

    /// And arguments that are `int` in both forms.
    pub fn integers(mut self, values: &[c_int]) -> Contents {
        self.integers.extend_from_slice(values);
        self
    }

    /// And arguments that are `int` in one form and `MPI_Count` in the other.
    pub fn counts(mut self, values: &[i64]) -> Contents {
        match self.form {
            // They were `int`s before they were made wide.
            Form::Int => self.integers.extend(values.iter().map(|value| *value as c_int)),
            Form::Large => self.large_counts.extend_from_slice(values),
        }
        self
    }

    /// And arguments that are `MPI_Aint` in one form and `MPI_Count` in the other.
    pub fn addresses(mut self, values: &[i64]) -> Contents {
        match self.form {
            Form::Int => self.addresses.extend_from_slice(values),
            Form::Large => self.large_counts.extend_from_slice(values),
        }
        self
    }
}
