//! A call as the program wrote it, for the message with which the default handler ends a job.

use crate::number as n;
use crate::pointer::Address;
use crate::{Comm, Datatype, Op, comm};

/// What a call was given for one of its parameters.
#[derive(Clone, Copy, Debug)]
pub enum Given {
    /// A buffer.
    Buffer(Address),
    /// A number of elements, of bytes, of dimensions...
    Number(i64),
    /// A rank, or what stands for one.
    Rank(i32),
    /// A tag, or what stands for any.
    Tag(i32),
    /// A communicator.
    Comm(Comm),
    /// A datatype.
    Datatype(Datatype),
    /// An operator.
    Op(Op),
    /// Any other handle.
    Handle(usize),
}

/// `MPI_Send(buf=0x7ffd0123, count=4, datatype=MPI_INT, dest=9, tag=7, comm=MPI_COMM_WORLD)`. What is a list, or is written, isn't shown.
pub fn call(function: &str, given: &[(&str, Given)]) -> String {
    if given.is_empty() {
        return function.to_owned();
    }
    let given: Vec<String> = given.iter().map(|(name, given)| format!("{name}={}", given.words())).collect();
    format!("{function}({})", given.join(", "))
}

impl Given {
    fn words(self) -> String {
        match self {
            Given::Buffer(Address(at)) => match at.addr() {
                0 => "NULL".to_owned(),
                n::IN_PLACE => "MPI_IN_PLACE".to_owned(),
                at => format!("{at:#x}"),
            },
            Given::Rank(n::ANY_SOURCE) => "MPI_ANY_SOURCE".to_owned(),
            Given::Rank(n::PROC_NULL) => "MPI_PROC_NULL".to_owned(),
            Given::Rank(n::ROOT) => "MPI_ROOT".to_owned(),
            Given::Tag(n::ANY_TAG) => "MPI_ANY_TAG".to_owned(),
            Given::Number(number) => number.to_string(),
            Given::Rank(number) | Given::Tag(number) => number.to_string(),
            Given::Comm(Comm(n::COMM_NULL)) => "MPI_COMM_NULL".to_owned(),
            Given::Comm(Comm(n::COMM_WORLD)) => "MPI_COMM_WORLD".to_owned(),
            Given::Comm(Comm(n::COMM_SELF)) => "MPI_COMM_SELF".to_owned(),
            Given::Comm(name) => {
                comm::find(name).map_or_else(|| handle(name.0), |comm| comm.name().to_string())
            }
            Given::Datatype(Datatype(n::DATATYPE_NULL)) => "MPI_DATATYPE_NULL".to_owned(),
            Given::Datatype(name) => {
                let known = name.get().map(|of| String::from_utf8_lossy(&of.name()).into_owned());
                known.ok().filter(|name| !name.is_empty()).unwrap_or_else(|| handle(name.0))
            }
            Given::Op(name) => {
                name.standard_name().map_or_else(|| handle(name.0), |name| format!("MPI_{name}"))
            }
            Given::Handle(name) => handle(name),
        }
    }
}

/// Those of other kinds that have a name in the standard.
const NAMED: [(usize, &str); 11] = [
    (n::GROUP_NULL, "MPI_GROUP_NULL"),
    (n::GROUP_EMPTY, "MPI_GROUP_EMPTY"),
    (n::INFO_NULL, "MPI_INFO_NULL"),
    (n::INFO_ENV, "MPI_INFO_ENV"),
    (n::REQUEST_NULL, "MPI_REQUEST_NULL"),
    (n::MESSAGE_NULL, "MPI_MESSAGE_NULL"),
    (n::SESSION_NULL, "MPI_SESSION_NULL"),
    (n::ERRHANDLER_NULL, "MPI_ERRHANDLER_NULL"),
    (n::ERRORS_ARE_FATAL, "MPI_ERRORS_ARE_FATAL"),
    (n::ERRORS_ABORT, "MPI_ERRORS_ABORT"),
    (n::ERRORS_RETURN, "MPI_ERRORS_RETURN"),
];

/// What the standard calls it, or a number that says nothing but whether it is the same.
fn handle(name: usize) -> String {
    let named = NAMED.iter().find(|(number, _)| *number == name);
    named.map_or_else(|| format!("{name:#x}"), |(_, name)| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_look_as_they_were_written() {
        let buffer = Address(std::ptr::without_provenance_mut(0x7f00));
        let send = [
            ("buf", Given::Buffer(buffer)),
            ("count", Given::Number(4)),
            ("datatype", Given::Datatype(Datatype(n::INT))),
            ("dest", Given::Rank(9)),
            ("tag", Given::Tag(7)),
            ("comm", Given::Comm(Comm(0x1234))),
        ];
        let text = "MPI_Send(buf=0x7f00, count=4, datatype=MPI_INT, dest=9, tag=7, comm=0x1234)";
        assert_eq!(call("MPI_Send", &send), text);
        let words = [
            Given::Rank(n::ANY_SOURCE),
            Given::Rank(n::PROC_NULL),
            Given::Tag(n::ANY_TAG),
            Given::Buffer(Address(std::ptr::null_mut())),
            Given::Op(Op(n::MAX)),
            Given::Datatype(Datatype(n::DATATYPE_NULL)),
            Given::Comm(Comm(n::COMM_NULL)),
            Given::Comm(Comm(n::COMM_WORLD)),
            Given::Handle(n::INFO_NULL),
            Given::Handle(0x1234),
        ]
        .map(Given::words);
        let wanted = [
            "MPI_ANY_SOURCE",
            "MPI_PROC_NULL",
            "MPI_ANY_TAG",
            "NULL",
            "MPI_MAX",
            "MPI_DATATYPE_NULL",
            "MPI_COMM_NULL",
            "MPI_COMM_WORLD",
            "MPI_INFO_NULL",
            "0x1234",
        ];
        assert_eq!(words, wanted);
        assert_eq!(call("MPI_Finalize", &[]), "MPI_Finalize");
    }
}
