//! No two operations under way may use the same bytes if one of them writes. Safe Rust excludes it; what stands on addresses, as
//! C's interface does, can't.
//!
//! Only memory in a row is looked at: two layouts may interleave.

use crate::collective::executor::Execution;
use crate::collective::{Buffer, Call, Collective, Operands};
use crate::receive::Target;
use crate::request::State;
use crate::send::Data;
use crate::work::Pointer;
use crate::{Error, Lane};

/// Bytes that an operation uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Use {
    from: usize,
    bytes: usize,
    writes: bool,
}

impl Use {
    fn of(pointer: Pointer, bytes: usize, writes: bool) -> Option<Use> {
        match pointer {
            Pointer::Row(from) if bytes > 0 && from != 0 => Some(Use { from, bytes, writes }),
            _ => None,
        }
    }

    fn conflicts(self, other: Use) -> bool {
        (self.writes || other.writes)
            && self.from < other.from.saturating_add(other.bytes)
            && other.from < self.from.saturating_add(self.bytes)
    }

    /// Refuses buffers of one operation that share bytes.
    ///
    /// # Errors
    /// [`Error::Argument`].
    pub fn check_apart(uses: &[Use]) -> Result<(), Error> {
        match uses {
            [one, other] if one.conflicts(*other) => {
                let why = "what is given and what is received share bytes: one of them must lie elsewhere"
                    .to_owned();
                Err(Error::Argument { name: "buffer", why })
            }
            _ => Ok(()),
        }
    }

    /// The bytes of a collective, where they are in a row.
    pub fn of_collective(execution: &Execution, call: &Call, operands: &Operands) -> Vec<Use> {
        let mut uses = Vec::new();
        // The root of a broadcast gives what it has.
        let writes = !(call.case.collective == Collective::Broadcast && call.rank == call.root);
        for (buffer, pointer, writes) in
            [(Buffer::Input, operands.input, false), (Buffer::Output, operands.output, writes)]
        {
            let area = execution.schedule().area(buffer);
            if !area.is_listed() {
                uses.extend(Use::of(pointer, area.bytes() as usize, writes));
            }
        }
        uses
    }
}

impl Lane {
    /// Refuses a buffer that an operation under way uses, where checks are on.
    ///
    /// # Errors
    /// [`Error::Argument`] with both operations.
    pub fn check_buffer(&self, pointer: Pointer, bytes: usize, writes: bool) -> Result<(), Error> {
        match Use::of(pointer, bytes, writes) {
            Some(one) if self.check.is_some() => self.check_use(one),
            _ => Ok(()),
        }
    }

    pub(super) fn check_use(&self, one: Use) -> Result<(), Error> {
        for (request, found) in self.requests.iter() {
            let (what, uses) = match &found.state {
                State::Send(send) => match send.data {
                    Data::Memory { from, bytes } => {
                        ("a send", Use::of(from, bytes, false).into_iter().collect())
                    }
                    Data::Small { .. } => continue,
                },
                State::Receive(receive) => match receive.target {
                    Target::Buffer { to, capacity, .. } => {
                        ("a receive", Use::of(to, capacity, true).into_iter().collect())
                    }
                    Target::Message | Target::Look => continue,
                },
                State::Collective(execution) => match &execution.statement {
                    Some(statement) => {
                        (execution.schedule().algorithm().collective.name(), statement.uses.clone())
                    }
                    None => continue,
                },
                State::Call(_) | State::Agreement(_) | State::Concluding | State::Done(_) => continue,
            };
            // A collective's own steps use what it uses.
            if !matches!(found.owner, crate::request::Owner::Step { .. })
                && let Some(other) = uses.into_iter().find(|other: &Use| one.conflicts(*other))
            {
                let verb = |writes| if writes { "writes" } else { "reads" };
                let site = self.site_of(request).suffix();
                let why = format!(
                    "it shares bytes with the buffer of {what} that is under way{site}: this one {} them, that one {}",
                    verb(one.writes),
                    verb(other.writes)
                );
                return Err(Error::Argument { name: "buffer", why });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shares_bytes_and_writes_conflicts() {
        let one = |from, bytes, writes| Use { from, bytes, writes };
        assert!(
            one(10, 5, true).conflicts(one(14, 1, false)) && one(14, 1, false).conflicts(one(10, 5, true))
        );
        assert!(!one(10, 5, false).conflicts(one(10, 5, false)), "two readers");
        assert!(!one(10, 5, true).conflicts(one(15, 5, true)), "neighbours");
        assert_eq!(Use::of(Pointer::Row(8), 0, true), None);
        assert!(Use::check_apart(&[one(10, 5, false), one(14, 5, true)]).is_err());
        assert!(Use::check_apart(&[one(10, 5, false), one(15, 5, true)]).is_ok());
    }
}
