//! What went wrong in a call.

use crate::handler::Held;
use crate::number::{
    ERR_ARG, ERR_BUFFER, ERR_COUNT, ERR_GROUP, ERR_INTERN, ERR_NO_MEM, ERR_OTHER, ERR_PROC_ABORTED, ERR_RANK,
    ERR_REQUEST, ERR_TAG, ERR_TRUNCATE, ERR_TYPE, ERR_UNSUPPORTED_OPERATION,
};
use crate::status::Status;
use crate::{Comm, Errhandler, File, Session, Win};

/// What every function here returns. The error is boxed: what goes well is one word.
pub type Result<T = ()> = std::result::Result<T, Box<Error>>;

/// An error, before a handler has seen it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Its code: a class, or a code of the program's.
    pub code: i32,
    /// What is wrong, and what to do.
    pub text: String,
    /// Whose handler sees it, where that is not the first object that the call names.
    pub on: Option<On>,
    /// That handler, where the object has no name any more and may be gone by then.
    pub(crate) held: Option<Held>,
    /// Whether the program raised it (`MPI_Comm_call_errhandler`).
    pub by_program: bool,
    /// What is known all the same of the message that it is about.
    pub status: Option<Status>,
}

/// The object on which an error is raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// A communicator.
    Comm(Comm),
    /// A window.
    Win(Win),
    /// A file.
    File(File),
    /// A session.
    Session(Session),
    /// None yet, or none any more: this handler sees it.
    Handler(Errhandler),
    /// None: the handler of `MPI_COMM_SELF` sees it (MPI 5.0 §9.3).
    Nothing,
}

#[allow(clippy::boxed_local, reason = "errors are boxed wherever they go")]
impl Error {
    /// An error of this class, or code.
    #[cold]
    pub fn new(code: i32, text: impl Into<String>) -> Box<Error> {
        Box::new(Error { code, text: text.into(), on: None, held: None, by_program: false, status: None })
    }

    /// The same, raised on this object unless another one was named before.
    pub fn on(self: Box<Self>, on: On) -> Box<Error> {
        Box::new(Error { on: self.on.or(Some(on)), ..*self })
    }

    /// The same, raised by the program.
    pub fn of_program(self: Box<Self>) -> Box<Error> {
        Box::new(Error { by_program: true, ..*self })
    }

    /// A function that is left for later.
    pub fn unsupported(function: &str) -> Box<Error> {
        let text = format!("{function} is not implemented yet (docs/mpi-functions.md lists what is)");
        Error::new(ERR_UNSUPPORTED_OPERATION, text)
    }
}

impl From<engine::Error> for Box<Error> {
    fn from(error: engine::Error) -> Box<Error> {
        use engine::Error as E;
        let class = match &error {
            E::Truncated { .. } => ERR_TRUNCATE,
            E::TypeMismatch { .. } => ERR_TYPE,
            E::PeerFailed { .. } | E::Deserted { .. } | E::Revoked(_) => ERR_PROC_ABORTED,
            E::NoSuchRank { .. } => ERR_RANK,
            E::BadTag(_) => ERR_TAG,
            E::Argument { name: "group", .. } => ERR_GROUP,
            E::Argument { name: "buffer", .. } => ERR_BUFFER,
            E::Argument { .. } => ERR_ARG,
            E::Disagreement { .. } => ERR_COUNT,
            E::StaleRequest => ERR_REQUEST,
            E::OperatorFailed => ERR_INTERN,
            E::OutOfMemory { .. } => ERR_NO_MEM,
            _ => ERR_OTHER,
        };
        // From whom it came, and as much of it as there was room for.
        let status = match error {
            E::Truncated { have, source, tag, .. } => Some(Status::new(source as i32, tag, have as i64)),
            _ => None,
        };
        Box::new(Error { status, ..*Error::new(class, error.to_string()) })
    }
}

impl From<layout::LayoutError> for Box<Error> {
    fn from(error: layout::LayoutError) -> Box<Error> {
        Error::new(ERR_ARG, error.to_string())
    }
}
