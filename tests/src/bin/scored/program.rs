//! What a program of the score is.

use archipelago::Comm;

/// What a program returns.
pub type Outcome = archipelago::Result<()>;

/// What may be wrong with a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Deadlock,
    Mismatch,
    Leak,
    Race,
    Buffer,
}

impl Class {
    pub const ALL: [Class; 5] = [Class::Deadlock, Class::Mismatch, Class::Leak, Class::Race, Class::Buffer];

    pub fn name(self) -> &'static str {
        match self {
            Class::Deadlock => "deadlock",
            Class::Mismatch => "mismatch",
            Class::Leak => "leak",
            Class::Race => "race",
            Class::Buffer => "buffer",
        }
    }
}

/// What is to be said of a program.
#[derive(Clone, Copy, Debug)]
pub enum Expect {
    /// It is right: nothing is said and it ends well.
    Right,
    /// It is wrong, and all of these words are said.
    Wrong(&'static [&'static str]),
    /// It is wrong, and nothing says so: docs/diagnosis.md lists it.
    Missed,
}

/// How a program is written.
#[derive(Clone, Copy, Debug)]
pub enum Run {
    /// With the typed API.
    Typed(fn(&Comm) -> Outcome),
    /// With the verbs below it, on addresses, as C's interface is.
    Raw(fn(&runtime::Comm) -> Result<(), engine::Error>),
}

/// A program.
#[derive(Debug)]
pub struct Program {
    pub name: &'static str,
    pub class: Class,
    pub ranks: usize,
    pub over: &'static str,
    pub expect: Expect,
    pub run: Run,
}

/// A table of programs of one class: the number of ranks, the transport, the name, what is expected, and the program.
#[macro_export]
macro_rules! programs {
    ($class:ident $kind:ident: $($ranks:literal $over:ident $name:literal $expect:expr => $run:expr;)*) => {
        pub const PROGRAMS: &[$crate::program::Program] = &[$($crate::program::Program {
            name: $name,
            class: $crate::program::Class::$class,
            ranks: $ranks,
            over: stringify!($over),
            expect: $expect,
            run: $crate::program::Run::$kind($run),
        }),*];
    };
}
