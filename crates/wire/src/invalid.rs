//! Bytes that are no value.

/// Bytes that arrived are not a value of the type that was to be received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid {
    expected: &'static str,
    found: u128,
    bytes: usize,
    element: Option<usize>,
}

impl Invalid {
    /// The lowest 128 bits of `bytes` bytes, `found`, are no value of `T`.
    pub fn new<T>(found: u128, bytes: usize) -> Invalid {
        Invalid { expected: std::any::type_name::<T>(), found, bytes, element: None }
    }

    /// The same, as the `index`-th element of what was received.
    pub fn at(self, index: usize) -> Invalid {
        Invalid { element: Some(index), ..self }
    }

    /// The type that the bytes are no value of.
    pub fn expected(&self) -> &'static str {
        self.expected
    }

    /// Which element of a slice they are in.
    pub fn element(&self) -> Option<usize> {
        self.element
    }
}

impl std::fmt::Display for Invalid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:#0width$x} is no value of {}", self.found, self.expected, width = 2 + 2 * self.bytes)?;
        match self.element {
            Some(index) => write!(f, " (in element {index})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Invalid {}
