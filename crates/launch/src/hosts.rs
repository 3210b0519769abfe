//! Host lists, as other launchers write them.
//!
//! Read are Open MPI's (`host slots=4 max_slots=8`) and MPICH's (`host:4 binding=...`) host files, and the lists
//! of both on the command line (`a,b:2,a`).

/// A host and how many processes it is meant for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Its name or address.
    pub name: String,
    /// How many processes; `None` when the list doesn't say.
    pub slots: Option<usize>,
}

/// What is wrong with a list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostError {
    /// An entry without a name.
    NoName {
        /// The line of the file, from 1; 0 on the command line.
        line: usize,
    },
    /// A number of slots that is no number, or 0.
    BadSlots {
        /// The line of the file, from 1; 0 on the command line.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// A list without any host.
    Empty,
    /// A host that is not this one.
    Elsewhere {
        /// Its name.
        name: String,
    },
}

impl std::fmt::Display for HostError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = |line: usize| if line == 0 { String::new() } else { format!("line {line}: ") };
        match self {
            HostError::NoName { line } => write!(f, "{}an entry has no host name", place(*line)),
            HostError::BadSlots { line, text } => {
                write!(f, "{}{text:?} is no number of processes (at least 1)", place(*line))
            }
            HostError::Empty => write!(f, "the list names no host"),
            HostError::Elsewhere { name } => write!(
                f,
                "{name} is another host: this version runs on one host only (localhost, that is {}); other hosts come \
                 in a later version",
                os::host::name()
            ),
        }
    }
}

impl std::error::Error for HostError {}

/// Reads a list of the command line.
///
/// # Errors
/// As [`HostError`] lists, without judging where the hosts are.
pub fn parse_list(text: &str) -> Result<Vec<Host>, HostError> {
    let hosts: Result<Vec<Host>, HostError> =
        text.split(',').map(|entry| parse_entry(entry.trim(), 0)).collect();
    hosts.and_then(some)
}

/// Reads a host file.
///
/// # Errors
/// As [`parse_list`].
pub fn parse_file(text: &str) -> Result<Vec<Host>, HostError> {
    let mut hosts = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let Some(entry) = words.next() else { continue };
        let mut host = parse_entry(entry, index + 1)?;
        for word in words {
            // Everything else (`max_slots`, `binding`, `user`, `port`) concerns how a host is reached or bound.
            if let Some(("slots" | "count", slots)) = word.split_once('=') {
                host.slots = Some(parse_slots(slots, index + 1)?);
            }
        }
        hosts.push(host);
    }
    some(hosts)
}

/// Refuses hosts that are not this one.
///
/// # Errors
/// [`HostError::Elsewhere`] with the first of them.
pub fn check_local(hosts: &[Host]) -> Result<(), HostError> {
    let mine = os::host::name();
    let is_here = |name: &str| {
        let short = mine.split('.').next().unwrap_or_default();
        [mine.as_str(), short, "localhost", "127.0.0.1", "::1", "[::1]"].contains(&name)
    };
    match hosts.iter().find(|host| !is_here(&host.name)) {
        Some(host) => Err(HostError::Elsewhere { name: host.name.clone() }),
        None => Ok(()),
    }
}

/// How many processes the list is meant for, if it says so anywhere; a host that doesn't say counts as one.
pub fn slots(hosts: &[Host]) -> Option<usize> {
    let said = hosts.iter().any(|host| host.slots.is_some());
    said.then(|| hosts.iter().fold(0usize, |sum, host| sum.saturating_add(host.slots.unwrap_or(1))))
}

fn parse_entry(entry: &str, line: usize) -> Result<Host, HostError> {
    // The colons of a bare IPv6 address separate nothing: its slots need brackets.
    let colons = entry.matches(':').count();
    let split = match entry.rfind(']') {
        Some(end) => entry[end..].find(':').map(|at| end + at),
        None if colons == 1 => entry.find(':'),
        None => None,
    };
    let (name, slots) = match split {
        Some(at) => (&entry[..at], Some(parse_slots(&entry[at + 1..], line)?)),
        None => (entry, None),
    };
    if name.is_empty() { Err(HostError::NoName { line }) } else { Ok(Host { name: name.to_owned(), slots }) }
}

fn parse_slots(text: &str, line: usize) -> Result<usize, HostError> {
    match text.parse() {
        Ok(slots) if slots > 0 => Ok(slots),
        _ => Err(HostError::BadSlots { line, text: text.to_owned() }),
    }
}

fn some(hosts: Vec<Host>) -> Result<Vec<Host>, HostError> {
    if hosts.is_empty() { Err(HostError::Empty) } else { Ok(hosts) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(hosts: Result<Vec<Host>, HostError>) -> String {
        let one = |host: &Host| match host.slots {
            Some(slots) => format!("{}*{slots}", host.name),
            None => host.name.clone(),
        };
        match hosts {
            Ok(hosts) => hosts.iter().map(one).collect::<Vec<_>>().join(" "),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn lists() {
        let check = |list: &str, expected: &str| assert_eq!(text(parse_list(list)), expected);
        check("a", "a");
        check("a,b:2, a", "a b*2 a");
        check("::1", "::1");
        check("[::1]:3,10.0.0.1:2", "[::1]*3 10.0.0.1*2");
        check("", "an entry has no host name");
        check("a,,b", "an entry has no host name");
        check("a:0", "\"0\" is no number of processes (at least 1)");
        check("a:x", "\"x\" is no number of processes (at least 1)");
    }

    #[test]
    fn files() {
        let check = |file: &str, expected: &str| assert_eq!(text(parse_file(file)), expected);
        check("a slots=4\nb slots=2 max_slots=8 # comment\n\n# nothing\nc\n", "a*4 b*2 c");
        check("a:4\nb:2 binding=user:0\n", "a*4 b*2");
        check("# nothing\n", "the list names no host");
        check("a\nb slots=none\n", "line 2: \"none\" is no number of processes (at least 1)");
        check("a\n:3\n", "line 2: an entry has no host name");
    }

    #[test]
    fn only_this_host() {
        let here = parse_list(&format!("localhost:2,{}", os::host::name())).unwrap();
        assert_eq!(check_local(&here), Ok(()));
        assert_eq!(slots(&here), Some(3));
        assert_eq!(slots(&parse_list("localhost").unwrap()), None);
        let error = check_local(&parse_list("localhost,node17").unwrap()).unwrap_err().to_string();
        assert!(error.starts_with("node17 is another host") && !error.contains('\n'), "{error}");
    }
}
