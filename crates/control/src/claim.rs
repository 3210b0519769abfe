//! A process claims its rank from the keeper that started it.

use crate::foreign::{Foreign, wants_alone};
use crate::link::{Link, LinkError};
use crate::pmi::{self, PmiError};
use crate::process::{FD_VARIABLE, RANK_VARIABLE};
use crate::{FromKeeper, Refusal, ToKeeper, Welcome};
use crate::{codec, hosted};
use os::descriptor::duplicate_inherited;
use os::unix::SeqPacket;
use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

/// A claimed rank.
#[derive(Debug)]
pub struct Claimed {
    /// Who this process is.
    pub welcome: Welcome,
    /// The host segment, or `None` when this host has none (the job then uses TCP).
    pub segment: Option<OwnedFd>,
    /// The private socket to the keeper. The keeper takes its closing before [`ToKeeper::Goodbye`] as nothing
    /// special: what counts is how the process ends.
    pub link: Link,
    /// The launcher of another MPI that has started this process: it wants to be told of the end.
    pub launcher: Option<pmi::Client>,
}

/// What a process is in its job.
#[derive(Debug)]
pub enum Place {
    /// It is a world of one. The launcher of another MPI may have started it, which wants to be told of the end.
    Alone(Option<pmi::Client>),
    /// It has this rank.
    Rank(Box<Claimed>),
}

/// Why a rank could not be claimed.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClaimError {
    /// The environment names a rank but no descriptor to claim it by.
    NoDescriptor {
        /// The rank, as the environment gives it.
        rank: OsString,
    },
    /// The environment names a descriptor that is not the one that a keeper passed on.
    BadDescriptor {
        /// What the environment says.
        value: OsString,
        /// What is wrong with it.
        why: String,
    },
    /// A launcher that can't be joined has started this process as one of several.
    Foreign(Foreign),
    /// The conversation with the launcher of another MPI failed.
    Pmi(PmiError),
    /// Under the launcher of another MPI: there is no keeper, or it can't be reached.
    NoKeeper {
        /// Why.
        why: String,
    },
    /// The keeper refused.
    Refused(Refusal),
    /// The conversation with the keeper failed.
    Link(LinkError),
    /// The system refused a socket.
    Io(io::Error),
}

impl std::fmt::Display for ClaimError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ClaimError::NoDescriptor { rank } => write!(
                f,
                "{RANK_VARIABLE} is {} but {FD_VARIABLE} is not set: the process has a rank but no way to claim it \
                 (start it by `archi run`, or without {RANK_VARIABLE} as a world of one)",
                rank.to_string_lossy()
            ),
            ClaimError::BadDescriptor { value, why } => write!(
                f,
                "{FD_VARIABLE} is {}, but that descriptor is not the launcher's: {why} (a wrapper must pass the \
                 descriptors that it inherits on to the program)",
                value.to_string_lossy()
            ),
            ClaimError::Foreign(foreign) => write!(f, "{foreign}"),
            ClaimError::Pmi(error) => write!(f, "{error}"),
            ClaimError::NoKeeper { why } => write!(f, "the job has no keeper: {why}"),
            ClaimError::Refused(refusal) => write!(f, "{refusal}"),
            ClaimError::Link(error) => write!(f, "{error}"),
            ClaimError::Io(error) => write!(f, "no socket to claim the rank by: {error}"),
        }
    }
}

impl std::error::Error for ClaimError {}

/// Claims this process's rank from the launcher that started it, ours or one that speaks PMI-1: once per process, before anything
/// else. Where no launcher started this process, it is a world of one.
///
/// # Errors
/// As [`ClaimError`] lists. None of them makes the process a world of one: the user asked for more.
pub fn claim() -> Result<Place, ClaimError> {
    let variable = |name: &str| std::env::var(name).ok();
    if wants_alone(variable) {
        return Ok(Place::Alone(None));
    }
    // The innermost launcher counts. Ours takes the marks of others away from its processes; so these are of one inside.
    if let Some(launcher) = pmi::Client::open(variable)? {
        return hosted::claim(launcher, variable);
    }
    match (std::env::var_os(FD_VARIABLE), std::env::var_os(RANK_VARIABLE)) {
        (None, None) => {
            Foreign::of(variable).map_or(Ok(Place::Alone(None)), |foreign| Err(ClaimError::Foreign(foreign)))
        }
        (None, Some(rank)) => Err(ClaimError::NoDescriptor { rank }),
        (Some(value), _) => claim_on(inherited(value)?).map(|claimed| Place::Rank(Box::new(claimed))),
    }
}

/// Claims a rank on a socket that a keeper gave.
///
/// # Errors
/// As [`ClaimError`] lists.
pub fn claim_on(keeper: SeqPacket) -> Result<Claimed, ClaimError> {
    claim_as(keeper, |pid, program| ToKeeper::Claim { pid, program })
}

/// Claims a rank by a message that has the claimant's process id and program in it.
pub(crate) fn claim_as(
    keeper: SeqPacket,
    message: impl FnOnce(u32, String) -> ToKeeper,
) -> Result<Claimed, ClaimError> {
    let (mine, theirs) = SeqPacket::pair().map_err(ClaimError::Io)?;
    let program = std::env::args_os().next().unwrap_or_default().to_string_lossy().into_owned();
    let program = program.chars().take(200).collect();
    let message = codec::encode(&message(std::process::id(), program));
    keeper.send(&message, &[theirs.as_fd()], true).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => ClaimError::Link(LinkError::Closed),
        _ => ClaimError::Io(error),
    })?;
    // The other end now lives in the keeper alone (or on its way there), so its death ends the wait below.
    drop(theirs);
    let mut link = Link::new(mine);
    match link.receive_with_descriptor(true).map_err(ClaimError::Link)? {
        (FromKeeper::Welcome(welcome), segment) => {
            Ok(Claimed { welcome: *welcome, segment, link, launcher: None })
        }
        (FromKeeper::Refused(refusal), _) => Err(ClaimError::Refused(refusal)),
        _ => Err(ClaimError::Link(LinkError::Protocol(codec::DecodeError::Malformed))),
    }
}

fn inherited(value: OsString) -> Result<SeqPacket, ClaimError> {
    let bad = |why: String| ClaimError::BadDescriptor { value: value.clone(), why };
    let number = value.to_str().and_then(|text| text.parse::<i32>().ok());
    let number = number.ok_or_else(|| bad("it is not a number".into()))?;
    // The original stays open and inherited, so that a second claimant is told so instead of finding nothing.
    let descriptor = duplicate_inherited(number).map_err(|_| bad("it is not open".into()))?;
    SeqPacket::adopt(descriptor).map_err(|_| bad("it is something else".into()))
}
