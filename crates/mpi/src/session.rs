//! Sessions as objects (MPI 5.0 §11.3).

use std::sync::{Mutex, PoisonError};

use crate::buffer::Pool;
use crate::handler::Held;
use crate::number::{ERR_OTHER, ERR_SESSION, SESSION_NULL};
use crate::table::{ALWAYS, Ref, Table};
use crate::{Error, Result, Session};

/// A session.
pub(crate) struct Object {
    /// Who sees its errors.
    pub handler: Held,
    /// Room for buffered sends on communicators that come of it.
    pub buffer: Pool,
}

static SESSIONS: Table<Object, ALWAYS> = Table::new();
/// How many there are.
static OPEN: Mutex<usize> = Mutex::new(0);

impl Session {
    /// The session of this name.
    ///
    /// # Errors
    /// `ERR_SESSION`.
    pub(crate) fn get(self) -> Result<Ref<'static, Object, ALWAYS>> {
        find(self).ok_or_else(|| {
            let what = if self.0 == SESSION_NULL { "MPI_SESSION_NULL" } else { "none (was it finalised?)" };
            Error::new(ERR_SESSION, format!("the session is {what}"))
        })
    }

    /// Ends it; false: there is none.
    pub(crate) fn remove(self) -> bool {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        let is_one = SESSIONS.remove(self.0);
        *open -= usize::from(is_one);
        is_one
    }
}

/// The session of this name, if there is one.
pub(crate) fn find(name: Session) -> Option<Ref<'static, Object, ALWAYS>> {
    SESSIONS.get(name.0)
}

/// Begins one.
pub(crate) fn create(handler: Held) -> Result<Session> {
    let session = Object { handler, buffer: Pool::new() };
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let name = SESSIONS.insert(session).map(Session);
    let name = name.ok_or_else(|| Error::new(ERR_OTHER, "there are too many sessions: finalise some"))?;
    *open += 1;
    Ok(name)
}

/// Whether there is one.
pub(crate) fn is_any_open() -> bool {
    *OPEN.lock().unwrap_or_else(PoisonError::into_inner) > 0
}
