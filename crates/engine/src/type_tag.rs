//! What messages are made of.

/// What a message is made of: the signature that travels with it, and a way to name the type when two signatures
/// disagree.
#[derive(Clone, Copy, Debug)]
pub struct TypeTag {
    /// Hash of the flattened type sequence without the count; 0: untyped bytes, which match anything.
    pub signature: u64,
    /// Names the type, as a user would write it. Asked to introduce it to a peer, once, and for an error message.
    pub name: TypeName,
    /// Of a receive: a message that is longer than its room is received all the same, as far as it fits, and the receive fails
    /// (MPI 5.0 §3.2.4). Else such a message is kept for a later receive.
    pub cuts: bool,
}

/// What a type is called.
#[derive(Clone, Copy, Debug)]
pub enum TypeName {
    /// As this says. It is called with the lane locked: it must not communicate.
    Made(fn() -> String),
    /// As a front door knows that makes its types as it runs.
    Known(&'static Unit),
}

/// What a program counts in, where its front door makes types as it runs: an element of one of the language's own types.
#[derive(Debug)]
pub struct Unit {
    /// What it is called.
    pub words: String,
    /// Bytes of one.
    pub bytes: u64,
    /// The signature of messages that are made of it alone.
    pub signature: u64,
}

impl TypeName {
    /// In words.
    pub fn words(&self) -> String {
        match self {
            TypeName::Made(make) => make(),
            TypeName::Known(unit) => unit.words.clone(),
        }
    }
}

impl TypeTag {
    /// Untyped bytes.
    pub const BYTES: TypeTag =
        TypeTag { signature: 0, name: TypeName::Made(|| "bytes".to_owned()), cuts: false };

    /// Untyped bytes, of which a receive takes those that it has room for.
    pub const CUT_BYTES: TypeTag = TypeTag { cuts: true, ..TypeTag::BYTES };

    /// Whether a receive of type `self` may take a message of signature `found`.
    pub fn accepts(self, found: u64) -> bool {
        self.signature == found || self.signature == 0 || found == 0
    }
}
