//! Groups as objects.

use engine::group::GroupError;

use crate::number::{ERR_ARG, ERR_GROUP, ERR_OTHER, ERR_RANK, GROUP_EMPTY, GROUP_NULL};
use crate::table::Table;
use crate::{Error, Group, Result, Session};

/// A group.
struct Object {
    members: engine::Group,
    /// The session that it comes of.
    session: Option<Session>,
}

static GROUPS: Table<Object> = Table::new();

impl Group {
    /// The group of this name.
    ///
    /// # Errors
    /// `ERR_GROUP`.
    pub(crate) fn get(self) -> Result<engine::Group> {
        match self.0 {
            GROUP_EMPTY => Ok(engine::Group::empty()),
            GROUP_NULL => Err(Error::new(ERR_GROUP, "the group is MPI_GROUP_NULL")),
            name => {
                let missing = || Error::new(ERR_GROUP, format!("{name:#x} is no group (was it freed?)"));
                GROUPS.get(name).map(|group| group.members.clone()).ok_or_else(missing)
            }
        }
    }

    /// The session that it comes of.
    pub(crate) fn session(self) -> Option<Session> {
        GROUPS.get(self.0)?.session
    }

    /// Frees the name.
    pub(crate) fn remove(self) -> bool {
        GROUPS.remove(self.0)
    }
}

/// Gives a group a name for the program; one without members has its own.
pub(crate) fn register(members: engine::Group, session: Option<Session>) -> Result<Group> {
    if members.is_empty() {
        return Ok(Group(GROUP_EMPTY));
    }
    let name = GROUPS.insert(Object { members, session }).map(Group);
    name.ok_or_else(|| Error::new(ERR_OTHER, "there are too many groups: free some"))
}

/// The names that there are.
pub(crate) fn names() -> Vec<usize> {
    GROUPS.names()
}

impl From<GroupError> for Box<Error> {
    fn from(error: GroupError) -> Box<Error> {
        let class = match error {
            GroupError::Stride { .. } => ERR_ARG,
            _ => ERR_RANK,
        };
        Error::new(class, error.to_string())
    }
}
