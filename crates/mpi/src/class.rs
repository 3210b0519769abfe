//! Error classes and codes, the standard's and the program's (MPI 5.0 §9.4, §9.5).

use std::sync::{Mutex, PoisonError};

use crate::number::{self as n, ERR_LASTCODE, ERR_OTHER};
use crate::{Error, Result};

/// The standard's classes from 0 on: name and text.
const CLASSES: &[(&str, &str)] = &[
    ("MPI_SUCCESS", "no error"),
    ("MPI_ERR_BUFFER", "invalid buffer pointer"),
    ("MPI_ERR_COUNT", "invalid count argument"),
    ("MPI_ERR_TYPE", "invalid datatype argument"),
    ("MPI_ERR_TAG", "invalid tag argument"),
    ("MPI_ERR_COMM", "invalid communicator"),
    ("MPI_ERR_RANK", "invalid rank"),
    ("MPI_ERR_REQUEST", "invalid request"),
    ("MPI_ERR_ROOT", "invalid root"),
    ("MPI_ERR_GROUP", "invalid group"),
    ("MPI_ERR_OP", "invalid operation"),
    ("MPI_ERR_TOPOLOGY", "invalid topology"),
    ("MPI_ERR_DIMS", "invalid dimension argument"),
    ("MPI_ERR_ARG", "invalid argument"),
    ("MPI_ERR_UNKNOWN", "unknown error"),
    ("MPI_ERR_TRUNCATE", "message truncated on receive"),
    ("MPI_ERR_OTHER", "error of no other class"),
    ("MPI_ERR_INTERN", "internal error"),
    ("MPI_ERR_PENDING", "request is pending"),
    ("MPI_ERR_IN_STATUS", "error code is in status"),
    ("MPI_ERR_ACCESS", "permission denied"),
    ("MPI_ERR_AMODE", "invalid file access mode"),
    ("MPI_ERR_ASSERT", "invalid assertion"),
    ("MPI_ERR_BAD_FILE", "invalid file name"),
    ("MPI_ERR_BASE", "invalid base address"),
    ("MPI_ERR_CONVERSION", "error in a data conversion function"),
    ("MPI_ERR_DISP", "invalid displacement"),
    ("MPI_ERR_DUP_DATAREP", "data representation is defined already"),
    ("MPI_ERR_FILE_EXISTS", "file exists"),
    ("MPI_ERR_FILE_IN_USE", "file is in use"),
    ("MPI_ERR_FILE", "invalid file handle"),
    ("MPI_ERR_INFO_KEY", "invalid info key"),
    ("MPI_ERR_INFO_NOKEY", "no such info key"),
    ("MPI_ERR_INFO_VALUE", "invalid info value"),
    ("MPI_ERR_INFO", "invalid info object"),
    ("MPI_ERR_IO", "I/O error"),
    ("MPI_ERR_KEYVAL", "invalid attribute key"),
    ("MPI_ERR_LOCKTYPE", "invalid lock type"),
    ("MPI_ERR_NAME", "no such service name"),
    ("MPI_ERR_NO_MEM", "out of memory"),
    ("MPI_ERR_NOT_SAME", "argument is not the same on all processes"),
    ("MPI_ERR_NO_SPACE", "not enough space"),
    ("MPI_ERR_NO_SUCH_FILE", "no such file"),
    ("MPI_ERR_PORT", "invalid port name"),
    ("MPI_ERR_QUOTA", "quota exceeded"),
    ("MPI_ERR_READ_ONLY", "read-only file or file system"),
    ("MPI_ERR_RMA_ATTACH", "memory cannot be attached"),
    ("MPI_ERR_RMA_CONFLICT", "conflicting accesses to a window"),
    ("MPI_ERR_RMA_RANGE", "target memory is not part of the window"),
    ("MPI_ERR_RMA_SHARED", "memory cannot be shared"),
    ("MPI_ERR_RMA_SYNC", "wrong synchronisation of a window"),
    ("MPI_ERR_SERVICE", "service name cannot be published or unpublished"),
    ("MPI_ERR_SIZE", "invalid size"),
    ("MPI_ERR_SPAWN", "processes cannot be spawned"),
    ("MPI_ERR_UNSUPPORTED_DATAREP", "unsupported data representation"),
    ("MPI_ERR_UNSUPPORTED_OPERATION", "unsupported operation"),
    ("MPI_ERR_WIN", "invalid window"),
    ("MPI_ERR_RMA_FLAVOR", "wrong flavor of window"),
    ("MPI_ERR_PROC_ABORTED", "a process has ended"),
    ("MPI_ERR_VALUE_TOO_LARGE", "value does not fit"),
    ("MPI_ERR_SESSION", "invalid session"),
    ("MPI_ERR_ERRHANDLER", "invalid error handler"),
    ("MPI_ERR_ABI", "error of the ABI"),
];

/// What the program has added: entry i has code `ERR_LASTCODE + 1 + i`.
static ADDED: Mutex<Vec<Option<Added>>> = Mutex::new(Vec::new());

/// A class or a code of the program's.
#[derive(Clone, Debug)]
pub(crate) struct Added {
    /// The class of a code; a class is its own.
    pub class: Option<i32>,
    pub text: Option<Vec<u8>>,
}

/// The name of a class, or of a code of the program's.
pub fn name(code: i32) -> String {
    match usize::try_from(code).ok().and_then(|code| CLASSES.get(code)) {
        Some((name, _)) => (*name).to_owned(),
        None => format!("error code {code}"),
    }
}

/// What to do about an error of this class, where one thing can be said of all of them.
pub(crate) fn hint(code: i32) -> Option<&'static str> {
    Some(match code {
        n::ERR_OP => {
            "MPI 5.0 §6.9.2 says which operators take which datatypes, and MPI_Op_create makes others"
        }
        n::ERR_TRUNCATE => "receive into more room, or ask MPI_Probe how much comes",
        n::ERR_PROC_ABORTED => "`mpiexec --keep-going` and MPI_ERRORS_RETURN let a program go on without it",
        _ => return None,
    })
}

/// The text of a code; none if it is no code.
pub(crate) fn text(code: i32) -> Option<Vec<u8>> {
    if let Some((name, text)) = usize::try_from(code).ok().and_then(|code| CLASSES.get(code)) {
        return Some(format!("{name}: {text}").into());
    }
    if code == ERR_LASTCODE {
        return Some(b"MPI_ERR_LASTCODE: the last predefined code".into());
    }
    // MPI 5.0 §9.5: without a text of the program's, the empty one.
    added(code).map(|added| added.text.unwrap_or_default())
}

/// Whether a code is a class that every program has.
pub(crate) fn is_predefined(code: i32) -> bool {
    usize::try_from(code).is_ok_and(|code| code < CLASSES.len())
}

/// The class of a code; none if it is no code.
pub(crate) fn class(code: i32) -> Option<i32> {
    if (0..CLASSES.len() as i32).contains(&code) || code == ERR_LASTCODE {
        return Some(code);
    }
    added(code).map(|added| added.class.unwrap_or(code))
}

/// How many a program can have at once: more are an endless loop.
const ADDED_MAX: usize = 1 << 20;

/// Adds a class, or a code of one. A number that was removed comes again.
///
/// # Errors
/// There are too many.
pub(crate) fn add(class: Option<i32>) -> Result<i32> {
    let mut all = ADDED.lock().unwrap_or_else(PoisonError::into_inner);
    let at = all.iter().position(Option::is_none).unwrap_or(all.len());
    if at >= ADDED_MAX {
        return Err(Error::new(ERR_OTHER, "there are too many error classes and codes: remove some"));
    }
    let added = Some(Added { class, text: None });
    match all.get_mut(at) {
        Some(free) => *free = added,
        None => all.push(added),
    }
    Ok(ERR_LASTCODE + 1 + at as i32)
}

/// Changes what the program has added under this code; false if it hasn't, or if `change` says so.
pub(crate) fn change(code: i32, change: impl FnOnce(&mut Option<Added>) -> bool) -> bool {
    let mut all = ADDED.lock().unwrap_or_else(PoisonError::into_inner);
    let at = code.checked_sub(ERR_LASTCODE + 1).and_then(|at| usize::try_from(at).ok());
    let Some(entry) = at.and_then(|at| all.get_mut(at)).filter(|entry| entry.is_some()) else { return false };
    change(entry)
}

/// The largest code that is in use.
pub(crate) fn last_used() -> i32 {
    let all = ADDED.lock().unwrap_or_else(PoisonError::into_inner);
    let used = all.iter().rposition(Option::is_some).map_or(0, |at| at as i32 + 1);
    ERR_LASTCODE + used
}

/// Whether codes of this class are in use.
pub(crate) fn has_codes(class: i32) -> bool {
    let all = ADDED.lock().unwrap_or_else(PoisonError::into_inner);
    all.iter().flatten().any(|added| added.class == Some(class))
}

fn added(code: i32) -> Option<Added> {
    let at = usize::try_from(code.checked_sub(ERR_LASTCODE + 1)?).ok()?;
    ADDED.lock().unwrap_or_else(PoisonError::into_inner).get(at)?.clone()
}
