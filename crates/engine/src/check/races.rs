//! A receive from any rank that could have got another sender's message as well: which comes first isn't determined.
//!
//! Two messages race for a receive if neither was sent because the receive had completed. Nobody can know of that as long as
//! this process has told nobody anything since: so a message that comes until then, and fits, could have come before. What comes
//! after this process has sent something may be an answer, and is not blamed: some races are missed, no order that the program
//! has made is called one.
//!
//! Whoever asks from whom its message came knows what it does; blamed are receives that don't tell.

use super::{Finding, Site};
use crate::envelope::STEP_LABEL;
use crate::matching::{Key, Pattern};
use crate::{Lane, RequestId};

/// Receives that are remembered; a program that has received more than these from anybody, and told nobody, is rare.
const OPEN_MAX: usize = 64;

/// A receive from any rank of whose end nobody else can know.
pub(crate) struct Open {
    pattern: Pattern,
    source: u32,
    site: Site,
}

impl Lane {
    /// A receive has got its message. `request`: if it was posted before that came.
    #[inline]
    pub(crate) fn received_openly(&mut self, pattern: &Pattern, key: &Key, request: Option<RequestId>) {
        if self.check.is_some() {
            self.note_openly(pattern, key, request);
        }
    }

    #[cold]
    fn note_openly(&mut self, pattern: &Pattern, key: &Key, request: Option<RequestId>) {
        let Some(check) = &mut self.check else { return };
        if pattern.source.is_some() || key.label & STEP_LABEL != 0 {
            return;
        }
        let site = request.map_or(check.site, |request| check.site_of(request));
        if !site.is_blind {
            return;
        }
        if check.open.len() == OPEN_MAX {
            check.open.remove(0);
        }
        let (source, pattern) = (key.source, *pattern);
        check.open.push(Open { pattern, source, site });
        let rivals: Vec<Key> = self.unexpected.iter().map(|(_, key, _)| *key).collect();
        rivals.iter().for_each(|rival| self.arrives_openly(rival));
    }

    /// A message is here.
    #[inline]
    pub(crate) fn arrives_openly(&mut self, key: &Key) {
        if self.check.is_some() {
            self.find_race(key);
        }
    }

    #[cold]
    fn find_race(&mut self, key: &Key) {
        let Some(check) = &mut self.check else { return };
        if key.label & STEP_LABEL != 0 {
            return;
        }
        let rival = check.open.iter().find(|open| open.pattern.matches(key) && open.source != key.source);
        let Some(open) = rival else { return };
        let what = format!(
            "possible race: a receive from any rank{} took the message from rank {}, and one from rank {} with tag {} fits it as \
             well: which comes first is not determined (take the status, or name the rank)",
            open.site.suffix(),
            open.source,
            key.source,
            key.label
        );
        // Once for each receive of the program.
        let (context, at) = (key.context, open.site.at);
        check.open.retain(|open| open.site.at != at || open.pattern.context != context);
        check.find(Finding { what, context });
    }

    /// This process tells somebody something: whoever sends from now on may do so because of it.
    #[inline]
    pub(crate) fn told_somebody(&mut self) {
        if let Some(check) = &mut self.check {
            check.open.clear();
        }
    }
}
