//! What a lane that checks knows: where the program is, what it has started where, what was found.

use std::collections::{HashMap, HashSet};
use std::panic::Location;

use super::calls::Heard;
use super::races::Open;
use super::ready::ReadyMessages;
use crate::{Lane, RequestId};

/// Places of requests that are kept before those of requests that are gone are forgotten.
const SITES_MAX: usize = 1024;

/// Findings that wait to be told; a program that has more has enough to mend.
const FINDINGS_MAX: usize = 64;

/// Where the program calls.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// A line of Rust.
    Line(&'static Location<'static>),
    /// Wherever another language calls.
    Foreign(&'static dyn Caller),
}

/// A place in a program that is not written in Rust, of which its front door knows.
pub trait Caller: Sync + std::fmt::Debug {
    /// The function that is called there, as the program knows it.
    fn function(&self) -> &str;

    /// The place, such as `file:line`.
    fn place(&self) -> &str;
}

impl Place {
    /// In words.
    pub fn words(&self) -> String {
        match self {
            Place::Line(at) => format!("{}:{}", at.file(), at.line()),
            Place::Foreign(caller) => caller.place().to_owned(),
        }
    }

    /// The function that is called there, where that is more than the operation's own name.
    pub fn function(&self) -> Option<&'static str> {
        match self {
            Place::Line(_) => None,
            Place::Foreign(caller) => Some(caller.function()),
        }
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Place) -> bool {
        match (self, other) {
            (Place::Line(one), Place::Line(other)) => one == other,
            (Place::Foreign(one), Place::Foreign(other)) => std::ptr::addr_eq(*one, *other),
            _ => false,
        }
    }
}

/// What is known of a call of the program.
#[derive(Clone, Copy, Debug, Default)]
pub struct Site {
    /// Where the program calls.
    pub at: Option<Place>,
    /// The caller doesn't learn from whom its message came.
    pub is_blind: bool,
}

impl Site {
    /// At a line of Rust.
    pub fn line(at: &'static Location<'static>) -> Site {
        Site { at: Some(Place::Line(at)), is_blind: false }
    }

    /// The place, as `file:line`.
    pub fn words(&self) -> Option<String> {
        self.at.map(|at| at.words())
    }

    /// The place in brackets, or nothing.
    pub(crate) fn suffix(&self) -> String {
        self.words().map_or_else(String::new, |place| format!(" (at {place})"))
    }
}

/// Something that is wrong with the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What, in words.
    pub what: String,
    /// The context of the communicator that it concerns.
    pub context: u64,
}

/// What a lane that checks knows.
#[derive(Default)]
pub(crate) struct Check {
    /// Where the program is: noted before each operation.
    pub(super) site: Site,
    /// Where the operations under way were started.
    sites: HashMap<u64, Site>,
    /// Requests that a finding names.
    pub(super) told: HashSet<u64>,
    pub(super) heard: Vec<Heard>,
    pub(super) open: Vec<Open>,
    pub(super) ready: ReadyMessages,
    findings: Vec<Finding>,
}

impl Check {
    pub(super) fn find(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX && !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    pub(super) fn site_of(&self, request: RequestId) -> Site {
        self.sites.get(&request.word()).copied().unwrap_or_default()
    }
}

impl Lane {
    /// Whether this lane checks.
    #[inline]
    pub fn is_checking(&self) -> bool {
        self.check.is_some()
    }

    /// Notes where the program is, for the operation that comes next.
    pub fn note_site(&mut self, site: Site) {
        if let Some(check) = &mut self.check {
            check.site = site;
        }
    }

    /// The operation that was started last goes on as this request.
    pub fn note_request(&mut self, request: RequestId) {
        let Some(check) = &mut self.check else { return };
        if check.sites.len() >= SITES_MAX {
            let requests = &self.requests;
            check.sites.retain(|word, _| requests.get(RequestId::from_word(*word)).is_some());
        }
        check.sites.insert(request.word(), check.site);
    }

    /// Where a request was started, if that is known.
    pub fn site_of(&self, request: RequestId) -> Site {
        self.check.as_ref().map_or_else(Site::default, |check| check.site_of(request))
    }

    /// What was found since this was asked last.
    pub fn take_findings(&mut self) -> Vec<Finding> {
        self.check.as_mut().map_or_else(Vec::new, |check| std::mem::take(&mut check.findings))
    }
}
