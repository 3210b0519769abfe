//! What the program has made and not given back: told by `MPI_Finalize` where programs are checked.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use engine::check::Site;
use runtime::Process;

use crate::{attribute, caller, comm, datatype, group, info, instance, op, request};

/// Objects of whose making the place is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Request,
    Comm,
    Datatype,
}

/// Where objects were made, by their names: of some that are gone too, whose names mean nothing any more.
static MADE: Mutex<Option<Made>> = Mutex::new(None);

/// Places that are kept before those of objects that are gone are forgotten for the first time.
const PLACES_MAX: usize = 1 << 14;

/// Places, and how many there may be before it is looked which of them are needed.
struct Made {
    sites: HashMap<(Kind, usize), Site>,
    most: usize,
}

/// Places that one line names.
const NAMED_MAX: usize = 8;

/// An object has got this name.
#[inline]
pub(crate) fn made(kind: Kind, name: usize) {
    if instance::is_checking() {
        note(kind, name);
    }
}

#[cold]
fn note(kind: Kind, name: usize) {
    let site = caller::find();
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let made = made.get_or_insert_with(|| Made { sites: HashMap::new(), most: PLACES_MAX });
    if made.sites.len() >= made.most {
        let named = |kind: Kind| kind.names().into_iter().map(move |name| (kind, name));
        let living: HashSet<_> =
            [Kind::Request, Kind::Comm, Kind::Datatype].into_iter().flat_map(named).collect();
        made.sites.retain(|object, _| living.contains(object));
        // So that looking costs each object the same, however many live.
        made.most = PLACES_MAX.max(2 * made.sites.len());
    }
    made.sites.insert((kind, name), site);
}

/// Tells what there is that should not be there any more.
pub(crate) fn tell(process: &Process) {
    if !process.is_checking() {
        return;
    }
    let kinds = [
        (Kind::Request, "request", "neither completed nor freed"),
        (Kind::Comm, "communicator", "never freed"),
        (Kind::Datatype, "datatype", "never freed"),
    ];
    for (kind, what, fate) in kinds {
        let names = kind.names();
        if let Some(line) = line(names.len(), what, fate) {
            process.remark(&format!("{line}{}", places(kind, &names)));
        }
    }
    let others = [
        (group::names().len(), "group"),
        (op::names().len(), "operator"),
        (info::names().len(), "info object"),
        (attribute::names().len(), "key of attributes"),
    ];
    for line in others.into_iter().filter_map(|(number, what)| line(number, what, "never freed")) {
        process.remark(&line);
    }
}

impl Kind {
    /// The names of those that there are.
    fn names(self) -> Vec<usize> {
        match self {
            Kind::Request => request::names(),
            Kind::Comm => comm::names(),
            Kind::Datatype => datatype::names(),
        }
    }
}

/// "2 groups were never freed".
fn line(number: usize, what: &str, fate: &str) -> Option<String> {
    match number {
        0 => None,
        1 => Some(format!("MPI_Finalize: 1 {what} was {fate}")),
        _ if what.starts_with("key ") => {
            Some(format!("MPI_Finalize: {number} keys of attributes were {fate}"))
        }
        _ => Some(format!("MPI_Finalize: {number} {what}s were {fate}")),
    }
}

/// Where they were made, each place once, with how many of them it has made.
fn places(kind: Kind, names: &[usize]) -> String {
    let made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let site = |name: &usize| made.as_ref()?.sites.get(&(kind, *name)).copied();
    let mut counted: Vec<(String, usize)> = Vec::new();
    for at in names.iter().filter_map(|name| site(name)?.at) {
        let words = match at.function() {
            Some(function) => format!("{function} at {}", at.words()),
            None => at.words(),
        };
        match counted.iter_mut().find(|(known, _)| *known == words) {
            Some((_, number)) => *number += 1,
            None => counted.push((words, 1)),
        }
    }
    let more = counted.len().saturating_sub(NAMED_MAX);
    let words = counted.into_iter().take(NAMED_MAX).map(|(words, number)| match number {
        1 => words,
        number => format!("{words}, {number} times"),
    });
    let words: Vec<String> = words.chain((more > 0).then(|| format!("{more} places more"))).collect();
    if words.is_empty() { String::new() } else { format!(" ({})", words.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        assert_eq!(line(0, "group", "never freed"), None);
        assert_eq!(line(1, "group", "never freed").unwrap(), "MPI_Finalize: 1 group was never freed");
        assert_eq!(line(2, "request", "lost").unwrap(), "MPI_Finalize: 2 requests were lost");
        let keys = line(3, "key of attributes", "never freed").unwrap();
        assert_eq!(keys, "MPI_Finalize: 3 keys of attributes were never freed");
    }
}
