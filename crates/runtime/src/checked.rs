//! What a process checks besides when its job is run with `archi run --check`.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError, Weak};

use control::ToKeeper;
use control::process::REMARK_BYTES_MAX;
use engine::check::{Finding, Site};
use engine::{Error, Lane, Pointer, RequestId};
use wire::ContextId;

use crate::Process;
use crate::place;

/// How long a process that leaves waits for the others to say that they send nothing more, so that it sees what it leaves
/// behind.
pub(crate) const LAST_MESSAGES_NS: u64 = 2_000_000_000;

/// Which bytes of a buffer an operation writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writes {
    Nothing,
    All,
}

/// A buffer that nobody may write while it is sent.
pub(crate) struct Watched {
    from: Pointer,
    bytes: usize,
    digest: u64,
    site: Site,
}

/// The buffers of sends that are under way, by lane and request.
pub(crate) type Buffers = Mutex<HashMap<(u16, u64), Watched>>;

impl Process {
    /// Whether programs are checked.
    #[inline]
    pub fn is_checking(&self) -> bool {
        self.config.check
    }

    /// Lets the lane know where the program is.
    #[inline]
    pub(crate) fn check_call(&self, lane: &mut Lane) {
        if self.is_checking() {
            lane.note_site(place::site());
        }
    }

    /// What is to be watched of a buffer that is sent. Reads it: called with no lane locked.
    #[inline]
    pub(crate) fn watched(&self, from: Pointer, bytes: usize) -> Option<Watched> {
        let is_watched = self.is_checking() && matches!(from, Pointer::Row(_));
        is_watched.then(|| Watched {
            from,
            bytes,
            digest: crate::comm::digest(from, bytes),
            site: place::site(),
        })
    }

    /// Refuses a buffer that an operation under way uses.
    #[inline]
    pub(crate) fn check_use(
        &self,
        lane: &mut Lane,
        buffer: Pointer,
        bytes: usize,
        writes: Writes,
    ) -> Result<(), Error> {
        match self.is_checking() {
            true => {
                lane.note_site(place::site());
                lane.check_buffer(buffer, bytes, writes == Writes::All)
            }
            false => Ok(()),
        }
    }

    /// A send goes on as this request.
    #[inline]
    pub(crate) fn watch_buffer(&self, lane: u16, request: RequestId, watched: Option<Watched>) {
        if let Some(watched) = watched {
            let mut buffers = self.buffers.lock().unwrap_or_else(PoisonError::into_inner);
            buffers.insert((lane, request.word()), watched);
        }
    }

    /// Nobody looks at an operation's buffer any more: it may be gone.
    #[inline]
    pub(crate) fn lets_go(&self, lane: u16, request: RequestId) {
        if self.is_checking() {
            self.buffers.lock().unwrap_or_else(PoisonError::into_inner).remove(&(lane, request.word()));
        }
    }

    /// An operation is complete, and its caller is about to be told: the buffer is still there. No lane is locked.
    #[inline]
    pub(crate) fn is_over(&self, lane: u16, request: RequestId) {
        if self.is_checking() {
            self.checked_over(lane, request);
        }
    }

    #[cold]
    fn checked_over(&self, lane: u16, request: RequestId) {
        let mut buffers = self.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Watched { from, bytes, digest, site }) = buffers.remove(&(lane, request.word())) else {
            return;
        };
        drop(buffers);
        if crate::comm::digest(from, bytes) != digest {
            let at = site.words().map_or_else(String::new, |place| format!(" (at {place})"));
            self.remark(&format!("the buffer of a send{at} was written while the send was under way"));
        }
    }

    /// Tells what the lanes have found.
    pub(crate) fn tell_findings(&self) {
        if !self.is_checking() {
            return;
        }
        let findings: Vec<Finding> = self.cells().flat_map(|cell| cell.lock().lane.take_findings()).collect();
        for Finding { what, context } in findings {
            let name = self.communicator_name(context);
            let on = if name.is_empty() { String::new() } else { format!(", on `{name}`") };
            self.remark(&format!("{what}{on}"));
        }
    }

    /// Tells the user something that is wrong with the program.
    pub fn remark(&self, what: &str) {
        let text = format!("check: {what}");
        let text = &text[..text.floor_char_boundary(text.len().min(REMARK_BYTES_MAX))];
        match self.house.has_keeper() {
            true => self.house.tell(&ToKeeper::Remark(text.to_owned())),
            false => eprintln!("archipelago: rank {}: {text}", self.me().number),
        }
    }

    /// Has what is never given back found when the program ends.
    pub(crate) fn look_back_at_exit(self: &std::sync::Arc<Self>) {
        static LAST: Mutex<Weak<Process>> = Mutex::new(Weak::new());
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = std::sync::Arc::downgrade(self);
        extern "C" fn look_back() {
            let last = LAST.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
            let asked = last.filter(|process| process.has_left() && !os::fork::is_copy());
            // The front door of another language knows what its programs have made.
            if let Some(process) = asked.filter(|_| !place::is_foreign()) {
                process.tell_what_is_left();
            }
        }
        os::exit::at_exit(look_back);
    }

    /// The program has ended, and left its job before: what lives now was forgotten.
    fn tell_what_is_left(&self) {
        let unasked: Vec<Site> = self.cells().flat_map(|cell| cell.lock().lane.unasked()).collect();
        let requests = unasked.len();
        if requests > 0 {
            let mut places: Vec<String> = unasked.iter().filter_map(Site::words).collect();
            places.sort_unstable();
            places.dedup();
            let places = match places.is_empty() {
                true => String::new(),
                false => format!(" (at {})", places.join(", ")),
            };
            let (what, were) = if requests == 1 { ("operation", "was") } else { ("operations", "were") };
            self.remark(&format!(
                "{requests} {what} that {were} started {were} neither waited for nor dropped{places}"
            ));
        }
        let is_made = |context: ContextId| context != ContextId::WORLD && context != ContextId::SELF;
        for (communicator, made) in self.names.places().iter().filter(|(known, _)| is_made(known.context)) {
            let made = made.words().map_or_else(String::new, |place| format!(" (made at {place})"));
            self.remark(&format!("the communicator `{}` was never dropped{made}", communicator.name()));
        }
    }
}
