//! Before a collective begins, each member tells the next one, in a ring, what it calls. Members all call the same if each calls
//! what the one before it calls; who finds that it doesn't fails the collective at all, as ever.
//!
//! It costs each member one frame of up to a kilobyte, and a collective begins once the member before has called it.

use std::sync::Arc;

use control::codec::{decode, encode};
use control::diagnosis::{Call as Stated, Part};
use fabric::{Payload, Peer};

use super::overlaps::Use;
use crate::collective::executor::Execution;
use crate::collective::{Call, Collective, Operands};
use crate::envelope::CALL;
use crate::{Communicator, Error, Lane, RequestId, TypeName};

/// Calls of collectives that were not started here yet: as many as a member may have under way at once.
const HEARD_MAX: usize = 1 << 16;

/// What a collective under way has stated.
pub(crate) struct Statement {
    call: Stated,
    /// The bytes that it uses.
    pub(super) uses: Vec<Use>,
    /// Whether it waits for the member before this one to state its call.
    is_awaited: bool,
}

/// A call of another member that was not compared yet.
pub(crate) struct Heard {
    peer: Peer,
    context: u64,
    label: u64,
    call: Stated,
}

impl Lane {
    /// What a collective states; nothing where nothing is checked.
    ///
    /// # Errors
    /// Buffers that operations under way use.
    pub(crate) fn statement(
        &self,
        execution: &Execution,
        call: &Call,
        operands: &Operands,
    ) -> Result<Option<Box<Statement>>, Error> {
        let Some(check) = &self.check else { return Ok(None) };
        let uses = Use::of_collective(execution, call, operands);
        Use::check_apart(&uses)?;
        for one in &uses {
            self.check_use(*one)?;
        }
        use Collective::{AllGather, AllReduce, AllToAll};
        let (case, what) = (&call.case, call.case.collective);
        let place = check.site.words().unwrap_or_default();
        let function = check.site.at.and_then(|at| at.function()).unwrap_or_default().to_owned();
        let (signature, unit_bytes) = match call.of.name {
            TypeName::Known(unit) => (unit.signature, unit.bytes),
            TypeName::Made(_) => (call.of.signature, 0),
        };
        let stated = match what {
            // Nothing else of it counts.
            Collective::Barrier => Stated { place, function, ..Stated::default() },
            _ => Stated {
                root: what.has_root().then_some(call.root),
                part: part(call),
                elements: case.elements,
                element_bytes: case.element_bytes,
                listed: case.listed,
                // Of the others each member may choose for itself.
                in_place: case.in_place && matches!(what, AllReduce | AllGather | AllToAll),
                signature,
                of: call.of.name.words(),
                unit_bytes,
                operator: operands
                    .operator
                    .as_ref()
                    .map_or_else(String::new, |operator| format!("{operator:?}")),
                place,
                function,
                ..Stated::default()
            },
        };
        let algorithm = execution.schedule().algorithm().name.to_owned();
        let stated = Stated { collective: what.name().to_owned(), algorithm, ..stated };
        Ok(Some(Box::new(Statement { call: stated.bounded(), uses, is_awaited: false })))
    }

    /// Tells the next member what this one calls. Returns whether the collective is to wait for what the one before it calls.
    pub(crate) fn state_call(&mut self, collective: RequestId) -> bool {
        if self.check.is_none() {
            return false;
        }
        self.note_request(collective);
        let Some(execution) = self.execution(collective) else { return false };
        let communicator = execution.communicator().clone();
        let (context, label) = execution.name();
        let size = communicator.size();
        let Some(statement) = execution.statement.as_mut().filter(|_| size > 1) else { return false };
        statement.is_awaited = true;
        let bytes = encode(&statement.call);
        if let Ok(next) = self.peer(&communicator, (communicator.rank + 1) % size)
            && self.peers[next.0 as usize].failed.is_none()
        {
            self.control(next, CALL, [context, label, 0], &bytes);
        }
        let Some(check) = &mut self.check else { return false };
        let is_it = |heard: &Heard| (heard.context, heard.label) == (context, label);
        if let Some(at) = check.heard.iter().position(is_it) {
            let Heard { peer, call, .. } = check.heard.swap_remove(at);
            self.compare_call(collective, peer, &call);
        } else {
            self.fail_if_silent(collective, &communicator);
        }
        true
    }

    /// A member states what it calls. Returns false if no correct one does that here.
    pub(crate) fn call_arrived(&mut self, peer: Peer, header: [u64; 3], payload: &Payload) -> bool {
        let [context, label, _] = header;
        let Ok(call) = decode::<Stated>(&crate::work::hold(payload)) else { return false };
        let waiting = self.awaiting(|execution| execution.name() == (context, label));
        match (waiting, &mut self.check) {
            (Some(collective), _) => self.compare_call(collective, peer, &call),
            (None, Some(check)) if check.heard.len() < HEARD_MAX => {
                check.heard.push(Heard { peer, context, label, call });
            }
            _ => return false,
        }
        true
    }

    /// A peer is gone: what waits for its call ends.
    pub(crate) fn no_call_from(&mut self, peer: Peer) {
        if self.check.is_none() {
            return;
        }
        let process = self.port.process(peer);
        let before = |execution: &Execution| member_before(execution.communicator()) == Some(process);
        while let Some(collective) = self.awaiting(before) {
            let Some(execution) = self.execution(collective) else { return };
            let communicator = execution.communicator().clone();
            if !self.fail_if_silent(collective, &communicator) {
                return;
            }
        }
    }

    fn awaiting(&self, is_it: impl Fn(&Execution) -> bool) -> Option<RequestId> {
        self.requests.iter().find_map(|(id, request)| match &request.state {
            crate::request::State::Collective(execution) => {
                let is_awaited = execution.statement.as_ref().is_some_and(|statement| statement.is_awaited);
                (is_awaited && !execution.has_failed() && is_it(execution)).then_some(id)
            }
            _ => None,
        })
    }

    fn fail_if_silent(&mut self, collective: RequestId, communicator: &Arc<Communicator>) -> bool {
        let size = communicator.size();
        let before = (communicator.rank + size - 1) % size;
        let Ok(peer) = self.peer(communicator, before) else { return false };
        let Some(cause) = self.silenced(peer) else { return false };
        let process = self.port.process(peer);
        self.fail_collective(collective, Error::PeerFailed { rank: Some(before), process, cause });
        true
    }

    /// A collective that waits for a call waits no more. One whose turn on the board has not come goes on waiting for that.
    pub(crate) fn end_wait_for_call(&mut self, collective: RequestId) {
        let Some(execution) = self.execution(collective) else { return };
        let Some(statement) = execution.statement.as_mut().filter(|statement| statement.is_awaited) else {
            return;
        };
        statement.is_awaited = false;
        if execution.usage.as_ref().is_some_and(|usage| usage.waits_for_turn()) {
            self.begin(collective);
        }
    }

    /// A member's call is here: the collective begins, or fails.
    fn compare_call(&mut self, collective: RequestId, peer: Peer, theirs: &Stated) {
        let Some(execution) = self.execution(collective) else { return };
        let communicator = execution.communicator().clone();
        let Some(statement) = execution.statement.as_ref() else { return };
        let mine = &statement.call;
        let differs = (!mine.agrees(theirs)).then(|| (mine.words(theirs), theirs.words(mine)));
        let process = self.port.process(peer);
        match differs {
            _ if member_before(&communicator) != Some(process) => {}
            None => {
                let Some(execution) = self.execution(collective) else { return };
                if let Some(statement) = &mut execution.statement {
                    statement.is_awaited = false;
                }
                self.begin(collective);
            }
            Some((mine, theirs)) => {
                let rank = communicator.group.rank(process).unwrap_or_default();
                self.fail_collective(collective, Error::OtherCall { rank, mine, theirs });
            }
        }
    }
}

impl Statement {
    /// Whether the collective has not begun, since the member before has not called it.
    pub(crate) fn is_awaited(&self) -> bool {
        self.is_awaited
    }
}

/// Between two groups: who must state what this member states.
fn part(call: &Call) -> Part {
    let (first, what) = (call.case.sides, call.case.collective);
    let side = |rank: u32| if rank < first { Part::First } else { Part::Second };
    match first {
        0 => Part::All,
        _ if what.has_root() && call.rank != call.root && side(call.rank) == side(call.root) => Part::Beside,
        _ => side(call.rank),
    }
}

/// The member of whose call one hears.
pub(crate) fn member_before(communicator: &Communicator) -> Option<wire::ProcessId> {
    let size = communicator.size();
    communicator.group.process((communicator.rank + size - 1) % size)
}
