//! Joining a job that another launcher has started: by PMI-1 its processes learn who they are and where their keeper is. The first of
//! them has it started; it is a process of its own, as under our launcher, which starts nobody and ends nobody
//! (docs/decisions/other-launchers.md).

use crate::claim::{ClaimError, Claimed, Place, claim_as};
use crate::codec;
use crate::pmi::{self, PmiError};
use crate::{Secret, ToKeeper, Transport};
use os::descriptor;
use os::unix::{Received, SeqPacket};
use serde::{Deserialize, Serialize};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::PathBuf;
use std::time::Duration;

/// The command-line word by which `archi` is told to be such a keeper; the number of an inherited descriptor follows it.
pub const VERB: &str = "__hosted-keeper";

/// Says how messages travel, where no option of our launcher can: `auto`, `shm` or `tcp`.
pub const TRANSPORT_VARIABLE: &str = "ARCHIPELAGO_TRANSPORT";
/// Says after how many seconds of waiting to tell who waits for whom, or `off`.
pub const WATCHDOG_VARIABLE: &str = "ARCHIPELAGO_WATCHDOG";
/// `on` looks for faults.
pub const CHECK_VARIABLE: &str = "ARCHIPELAGO_CHECK";

/// The key under which the first process tells the others where the keeper is.
const KEY: &str = "archipelago-keeper";

/// What has not answered by then is no keeper: another program may have its name. Its file may come from a slow disk.
const ANSWER_TIME: Duration = Duration::from_secs(60);

/// What a keeper is told by the process that has it started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hosting {
    /// The job.
    pub job: u64,
    /// What the job's processes know and nobody else.
    pub secret: Secret,
    /// By which a process shows that it is one of the job.
    pub key: Secret,
    /// The name under which the keeper is to be called.
    pub meeting: String,
    /// The host's name, as messages give it.
    pub host: String,
    /// Processes in the world.
    pub size: u32,
    /// Which transports may be used.
    pub transport: Transport,
    /// Settings by name, handed on to the processes.
    pub options: Vec<(String, String)>,
}

/// What the keeper answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ready {
    /// It can be called.
    Yes,
    /// It can't, for this reason.
    No(String),
}

/// Where a keeper is: what travels through the launcher.
#[derive(Debug, PartialEq, Eq)]
struct Address {
    meeting: String,
    key: Secret,
    host: String,
}

/// Claims the rank that the launcher gives.
///
/// # Errors
/// As [`ClaimError`] lists.
pub(crate) fn claim(
    launcher: pmi::Client,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Place, ClaimError> {
    let mut launcher = launcher;
    // One alone needs no keeper, if there is none to be had.
    if launcher.size == 1 && archi().is_none() {
        return Ok(Place::Alone(Some(launcher)));
    }
    // While this end is open the keeper waits, however late the others come to the barrier.
    let mut _held = None;
    let address = match launcher.rank {
        0 => {
            let hosted = host(launcher.size, variable);
            // The others wait for a word, be it that there is none.
            let word = hosted.as_ref().map_or_else(|_| "none".to_owned(), |(address, _)| address.word());
            launcher.put(KEY, &word)?;
            launcher.barrier()?;
            let (address, end) = hosted?;
            _held = Some(end);
            address
        }
        _ => {
            launcher.barrier()?;
            let word = launcher.get(KEY)?;
            Address::parse(&word)
                .ok_or_else(|| ClaimError::NoKeeper { why: "rank 0 has none, and says why".to_owned() })?
        }
    };
    let keeper = os::meeting::call(&address.meeting).map_err(|error| ClaimError::NoKeeper {
        why: format!(
            "the one on {} can't be reached from {}: {error} (under another launcher this version forms a world on one host only)",
            address.host,
            os::host::name()
        ),
    })?;
    let (number, key) = (launcher.rank, address.key);
    let mut claimed = claim_as(keeper, |pid, program| ToKeeper::Enter { number, key, pid, program })?;
    claimed.welcome.app = launcher.app()?;
    Ok(Place::Rank(Box::new(Claimed { launcher: Some(launcher), ..claimed })))
}

/// Has the keeper started, which waits for processes at least as long as the end that comes with it is open.
fn host(size: u32, variable: impl Fn(&str) -> Option<String>) -> Result<(Address, SeqPacket), ClaimError> {
    let hosting = hosting(size, variable)?;
    let address =
        Address { meeting: hosting.meeting.clone(), key: hosting.key.clone(), host: hosting.host.clone() };
    let failed = |why: String| ClaimError::NoKeeper { why };
    let archi = archi().ok_or_else(|| {
        failed(
            "the program `archi` is neither beside the library (nor in the bin of its prefix) nor in PATH: `cargo xtask install \
             --prefix DIR` installs both"
                .to_owned(),
        )
    })?;
    let (mine, theirs) = SeqPacket::pair().map_err(ClaimError::Io)?;
    mine.send(&codec::encode(&hosting), &[], true).map_err(ClaimError::Io)?;
    // A program may have closed the first descriptors, whose numbers mean something to the program that is started.
    let theirs = descriptor::duplicate_from(OwnedFd::from(theirs), 3).map_err(ClaimError::Io)?;
    let words = [VERB.into(), theirs.as_raw_fd().to_string().into()];
    os::detached::start(&archi, &words, &["LD_PRELOAD"], theirs).map_err(ClaimError::Io)?;
    if !os::poll::has_input_within(&mine, ANSWER_TIME) {
        let why = format!("{} doesn't answer: is it Archipelago's?", archi.display());
        return Err(failed(why));
    }
    let mut buffer = [0; 1024];
    let said = match mine.receive(&mut buffer, true).map_err(ClaimError::Io)? {
        Received::Message(length, _) => codec::decode(&buffer[..length]).map_err(|error| error.to_string()),
        _ => Err("it ended at once".to_owned()),
    };
    match said {
        Ok(Ready::Yes) => Ok((address, mine)),
        Ok(Ready::No(why)) | Err(why) => Err(failed(format!("{}: {why}", archi.display()))),
    }
}

fn hosting(size: u32, variable: impl Fn(&str) -> Option<String>) -> Result<Hosting, ClaimError> {
    let transport = match variable(TRANSPORT_VARIABLE).as_deref() {
        None | Some("" | "auto") => Transport::Auto,
        Some("shm") => Transport::Shm,
        Some("tcp") => Transport::Tcp,
        Some(other) => {
            let why = format!("{TRANSPORT_VARIABLE} is {other:?}: there are auto, shm and tcp");
            return Err(ClaimError::NoKeeper { why });
        }
    };
    let check = variable(CHECK_VARIABLE).filter(|value| !value.is_empty());
    if let Some(other) = check.as_deref().filter(|value| !["on", "off"].contains(value)) {
        let why = format!("{CHECK_VARIABLE} is {other:?}: there are on and off");
        return Err(ClaimError::NoKeeper { why });
    }
    let mut options = Vec::new();
    options.extend(variable(WATCHDOG_VARIABLE).map(|value| ("watchdog".to_owned(), value)));
    options.extend(check.map(|value| ("check".to_owned(), value)));
    let mut words = [0; 24];
    os::random::fill(&mut words).map_err(ClaimError::Io)?;
    let (job, name) = words.split_at(8);
    Ok(Hosting {
        job: u64::from_le_bytes(job.try_into().expect("split there")),
        secret: Secret::random().map_err(ClaimError::Io)?,
        key: Secret::random().map_err(ClaimError::Io)?,
        meeting: format!("archipelago-{}", hexadecimal(name)),
        host: os::host::name(),
        size,
        transport,
        options,
    })
}

/// The program that can be a keeper: beside this library or program, in the `bin` of its prefix, or in the search path.
fn archi() -> Option<PathBuf> {
    let file = os::detached::this_file();
    // The library may be a link to where it was installed.
    let linked = file.as_ref().and_then(|file| file.canonicalize().ok());
    let near = file.into_iter().chain(linked).filter_map(|file| Some(file.parent()?.to_owned()));
    let near = near.flat_map(|folder| ["archi", "../bin/archi", "../archi"].map(|name| folder.join(name)));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join("archi")).collect::<Vec<_>>();
    near.chain(found).find(|path| path.is_file())
}

impl Address {
    /// One word without spaces.
    fn word(&self) -> String {
        let host: String = self.host.chars().map(|c| if c.is_ascii_graphic() { c } else { '?' }).collect();
        format!("1:{}:{}:{host}", self.meeting, hexadecimal(&self.key.0))
    }

    /// What such a word says. It comes from the launcher: anything else is none.
    fn parse(word: &str) -> Option<Address> {
        let mut parts = word.splitn(4, ':');
        let ("1", meeting, key, host) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?) else {
            return None;
        };
        let named = meeting
            .strip_prefix("archipelago-")
            .is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()));
        if !named || key.len() != 64 || !key.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let mut secret = Secret([0; 32]);
        for (at, byte) in secret.0.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&key[2 * at..2 * at + 2], 16).ok()?;
        }
        Some(Address { meeting: meeting.to_owned(), key: secret, host: host.to_owned() })
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl From<PmiError> for ClaimError {
    fn from(error: PmiError) -> ClaimError {
        ClaimError::Pmi(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_survive_their_word() {
        let hosting = hosting(3, |_| None).unwrap();
        let address = Address { meeting: hosting.meeting, key: hosting.key, host: "a host".into() };
        let word = address.word();
        assert!(!word.contains(' ') && word.len() < 256, "{word}");
        let parsed = Address::parse(&word).unwrap();
        assert_eq!(
            (parsed.meeting, parsed.key, parsed.host.as_str()),
            (address.meeting, address.key, "a?host")
        );
    }

    /// Words with anything changed, cut or put in are addresses of the same form, or none.
    #[test]
    fn any_word_is_an_address_or_none() {
        let hosting = hosting(3, |_| None).unwrap();
        let word = Address { meeting: hosting.meeting, key: hosting.key, host: "host".into() }.word();
        let mut seed = 7u64;
        let mut next = |bound: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % bound
        };
        let (mut taken, mut refused) = (0, 0);
        for _ in 0..20_000 {
            let mut text: Vec<char> = word.chars().collect();
            for _ in 0..=next(2) {
                let at = next(text.len());
                match next(3) {
                    0 => text[at] = [':', 'é', 'f', '0', ' ', '+', '-'][next(7)],
                    1 => drop(text.remove(at)),
                    _ => text.truncate(at.max(1)),
                }
            }
            match Address::parse(&text.iter().collect::<String>()) {
                Some(address) => {
                    taken += 1;
                    assert_eq!(address.meeting.len(), "archipelago-".len() + 32);
                }
                None => refused += 1,
            }
        }
        assert!(taken > 100 && refused > 100, "{taken} {refused}");
        assert_eq!(Address::parse("none"), None);
    }

    #[test]
    fn settings_come_by_the_environment() {
        let set = |name: &str| match name {
            TRANSPORT_VARIABLE => Some("tcp".to_owned()),
            CHECK_VARIABLE => Some("on".to_owned()),
            _ => None,
        };
        let hosting_set = hosting(2, set).unwrap();
        assert_eq!(hosting_set.transport, Transport::Tcp);
        assert_eq!(hosting_set.options, [("check".to_owned(), "on".to_owned())]);
        let wrong =
            hosting(2, |name| (name == TRANSPORT_VARIABLE).then(|| "ib".into())).unwrap_err().to_string();
        assert!(wrong.contains("there are auto, shm and tcp"), "{wrong}");
        let wrong =
            hosting(2, |name| (name == CHECK_VARIABLE).then(|| "yes".into())).unwrap_err().to_string();
        assert!(wrong.contains("there are on and off"), "{wrong}");
    }
}
