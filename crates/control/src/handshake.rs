//! How two processes of a job that meet over a stream prove to each other who they are.
//!
//! ```text
//! initiator                                responder
//!   Hello(version, lane, identities, nonce)  ->
//!                                          <- Challenge(nonce, code)      the responder proves itself first
//!   Proof(standing, code)                    ->
//!                                          <- Verdict(answer, standing, code)       accepted, or why not
//! ```
//! A standing says where the stream of frames is to go on, if there was a connection before this one. Each code is a keyed hash, by a key made from the job's secret, of the message's direction and of everything said
//! before: version, lane, both identities, both nonces, and the standing beside it. So a code is worth nothing in the other direction, for another
//! pair, or a second time. Every message has a fixed length; nothing is believed before it is proved.
//!
//! A pure state machine: it is given bytes and gives bytes, and refuses to do I/O or to know the time.

use crate::secret::{Mac, Secret};
use wire::{JobId, ProcessId};

/// The version of the handshake and of what is spoken after it. Both sides must have the same.
pub const VERSION: u16 = 2;

/// Bytes of a nonce.
pub const NONCE_BYTES: usize = 32;

const MAGIC: [u8; 8] = *b"archi/tc";
const HELLO_BYTES: usize = 8 + 2 + 2 + 2 * ID_BYTES + NONCE_BYTES;
const CHALLENGE_BYTES: usize = NONCE_BYTES + Mac::BYTES;
const PROOF_BYTES: usize = Standing::BYTES + Mac::BYTES;
const VERDICT_BYTES: usize = 1 + Standing::BYTES + Mac::BYTES;
const ID_BYTES: usize = 16;

/// The most bytes that one side ever has to send or to keep at once.
pub const MESSAGE_BYTES_MAX: usize = HELLO_BYTES;
const _: () = assert!(HELLO_BYTES > CHALLENGE_BYTES && CHALLENGE_BYTES > VERDICT_BYTES);

/// Where one side stands with the other: whatever connection carries it, there is one stream each way between two processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The number of this attempt to connect, or of the latest one: it grows. What the same side began earlier is void.
    pub attempt: u64,
    /// Bytes of the stream that have been received: it goes on behind them.
    pub received: u64,
}

impl Standing {
    const BYTES: usize = 16;

    fn to_bytes(self) -> [u8; Standing::BYTES] {
        let mut bytes = [0; Standing::BYTES];
        bytes[..8].copy_from_slice(&self.attempt.to_le_bytes());
        bytes[8..].copy_from_slice(&self.received.to_le_bytes());
        bytes
    }

    /// Of any bytes: what they say is for the stream's owner to judge.
    fn from_bytes(bytes: &[u8]) -> Standing {
        let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
        Standing { attempt: word(0), received: word(8) }
    }
}

/// What the responder answers to somebody who has proved who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Frames may follow.
    Accepted,
    /// The responder is connecting to the initiator itself, and that connection has precedence: wait for it.
    Busy,
    /// The responder takes the initiator for failed and wants no connection with it any more.
    Refused,
    /// The responder is leaving the job in order.
    Left,
}

/// How far a handshake is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It needs more bytes from the other side.
    Going,
    /// Responder: the initiator has proved that it is this process; [`Handshake::decide`] is awaited.
    Proved(ProcessId),
    /// Done; what the responder said. Bytes that follow belong to the connection.
    Done(Verdict),
}

/// Why the other side is not to be talked to. It isn't told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandshakeError {
    /// It does not speak this protocol at all.
    Stranger,
    /// It speaks another version.
    Version(u16),
    /// It wants another process or another lane than this one.
    WrongNumber,
    /// It does not know the job's secret.
    Unproved,
    /// It gave an answer that doesn't exist.
    Answer(u8),
}

impl std::fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            HandshakeError::Stranger => write!(f, "it does not speak this protocol"),
            HandshakeError::Version(theirs) => write!(f, "it speaks version {theirs}, we speak {VERSION}"),
            HandshakeError::WrongNumber => write!(f, "it looks for another process"),
            HandshakeError::Unproved => write!(f, "it does not know the job's secret"),
            HandshakeError::Answer(code) => write!(f, "it gave the unknown answer {code}"),
        }
    }
}

impl std::error::Error for HandshakeError {}

/// One side of a handshake.
pub struct Handshake {
    key: Secret,
    phase: Phase,
    /// What was agreed on so far: all that codes are made of. Laid out like the Hello, with the responder's nonce
    /// behind it.
    said: [u8; HELLO_BYTES + NONCE_BYTES],
    me: ProcessId,
    /// Responder: the initiator's proof was good.
    proved: bool,
    /// Initiator: its own, until the verdict is there. From then on, and at the responder, the other side's.
    standing: Standing,
    output: Message,
    input: Message,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    AwaitHello,
    AwaitChallenge,
    AwaitProof,
    Deciding,
    AwaitVerdict,
    Done(Verdict),
}

/// Bytes on their way: `bytes[start..end]`.
struct Message {
    bytes: [u8; MESSAGE_BYTES_MAX],
    start: usize,
    end: usize,
}

/// What a code is for, so that no code fits in another place.
const FROM_RESPONDER: &[u8] = b"r";
const FROM_INITIATOR: &[u8] = b"i";
const OF_VERDICT: &[u8] = b"v";

impl Handshake {
    /// The side that connected. `nonce` must be fresh random bytes.
    pub fn initiate(
        secret: &Secret,
        me: ProcessId,
        peer: ProcessId,
        lane: u16,
        nonce: [u8; NONCE_BYTES],
        standing: Standing,
    ) -> Handshake {
        let mut handshake = Handshake::new(secret, me, Phase::AwaitChallenge);
        handshake.standing = standing;
        let hello = &mut handshake.said[..HELLO_BYTES];
        hello[0..8].copy_from_slice(&MAGIC);
        hello[8..10].copy_from_slice(&VERSION.to_le_bytes());
        hello[10..12].copy_from_slice(&lane.to_le_bytes());
        hello[12..28].copy_from_slice(&id_bytes(me));
        hello[28..44].copy_from_slice(&id_bytes(peer));
        hello[44..].copy_from_slice(&nonce);
        handshake.output.push(&handshake.said[..HELLO_BYTES]);
        handshake
    }

    /// The side that accepted. `nonce` must be fresh random bytes.
    pub fn respond(secret: &Secret, me: ProcessId, lane: u16, nonce: [u8; NONCE_BYTES]) -> Handshake {
        let mut handshake = Handshake::new(secret, me, Phase::AwaitHello);
        // Kept where the code is made of it; the lane is compared with what comes.
        handshake.said[HELLO_BYTES..].copy_from_slice(&nonce);
        handshake.said[10..12].copy_from_slice(&lane.to_le_bytes());
        handshake
    }

    fn new(secret: &Secret, me: ProcessId, phase: Phase) -> Handshake {
        Handshake {
            key: secret.key("archipelago: two processes of a job meet over a stream"),
            phase,
            said: [0; HELLO_BYTES + NONCE_BYTES],
            me,
            proved: false,
            standing: Standing::default(),
            output: Message::new(),
            input: Message::new(),
        }
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        match self.phase {
            Phase::Deciding => Progress::Proved(self.initiator()),
            Phase::Done(verdict) => Progress::Done(verdict),
            _ => Progress::Going,
        }
    }

    /// Responder: who has proved itself.
    pub fn proved(&self) -> Option<ProcessId> {
        self.proved.then(|| self.initiator())
    }

    /// Where the other side stands: the responder knows when the initiator has proved itself, the initiator when all is done.
    pub fn their_standing(&self) -> Standing {
        self.standing
    }

    /// So many bytes of the other side's are awaited, at most: what follows may belong to the connection.
    pub fn wanted(&self) -> usize {
        self.message_bytes().map_or(0, |wanted| wanted - self.input.end)
    }

    /// The length of the message that is awaited.
    fn message_bytes(&self) -> Option<usize> {
        match self.phase {
            Phase::AwaitHello => Some(HELLO_BYTES),
            Phase::AwaitChallenge => Some(CHALLENGE_BYTES),
            Phase::AwaitProof => Some(PROOF_BYTES),
            Phase::AwaitVerdict => Some(VERDICT_BYTES),
            Phase::Deciding | Phase::Done(_) => None,
        }
    }

    /// Bytes to send, to be reported by [`Handshake::sent`]. May be non-empty when it is done (the verdict).
    pub fn output(&self) -> &[u8] {
        &self.output.bytes[self.output.start..self.output.end]
    }

    /// So many bytes of [`Handshake::output`] were sent.
    pub fn sent(&mut self, count: usize) {
        self.output.start += count;
        assert!(self.output.start <= self.output.end, "more was sent than there was");
    }

    /// Takes what the other side sent and returns how many of the bytes belong to the handshake: all of them until it
    /// waits for [`Handshake::decide`] or is done.
    ///
    /// # Errors
    /// Says why the connection must be closed.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<usize, HandshakeError> {
        let mut taken = 0;
        loop {
            let Some(wanted) = self.message_bytes() else { return Ok(taken) };
            let count = (wanted - self.input.end).min(bytes.len() - taken);
            self.input.push(&bytes[taken..taken + count]);
            taken += count;
            // A stranger is known by its first bytes: no need to wait for the rest.
            if self.phase == Phase::AwaitHello
                && !MAGIC.starts_with(&self.input.bytes[..self.input.end.min(MAGIC.len())])
            {
                return Err(HandshakeError::Stranger);
            }
            if self.input.end < wanted {
                return Ok(taken);
            }
            let message = std::mem::replace(&mut self.input, Message::new()).bytes;
            self.phase = match self.phase {
                Phase::AwaitHello => self.take_hello(&message)?,
                Phase::AwaitChallenge => self.take_challenge(&message)?,
                Phase::AwaitProof => self.take_proof(&message)?,
                _ => self.take_verdict(&message)?,
            };
        }
    }

    /// Responder: answers the initiator that has proved itself, and says where it stands itself.
    ///
    /// # Panics
    /// Unless [`Handshake::progress`] is [`Progress::Proved`].
    pub fn decide(&mut self, verdict: Verdict, standing: Standing) {
        assert_eq!(self.phase, Phase::Deciding, "nobody waits for a verdict");
        let answer = match verdict {
            Verdict::Accepted => 1,
            Verdict::Busy => 2,
            Verdict::Refused => 3,
            Verdict::Left => 4,
        };
        let standing = standing.to_bytes();
        let code = self.key.mac(&[OF_VERDICT, &[answer], &standing, &self.said]);
        self.output.push(&[answer]);
        self.output.push(&standing);
        self.output.push(code.as_bytes());
        self.phase = Phase::Done(verdict);
    }

    fn take_hello(&mut self, hello: &[u8; MESSAGE_BYTES_MAX]) -> Result<Phase, HandshakeError> {
        let version = u16::from_le_bytes([hello[8], hello[9]]);
        if version != VERSION {
            return Err(HandshakeError::Version(version));
        }
        if hello[28..44] != id_bytes(self.me) || hello[10..12] != self.said[10..12] {
            return Err(HandshakeError::WrongNumber);
        }
        self.said[..HELLO_BYTES].copy_from_slice(&hello[..HELLO_BYTES]);
        let code = self.key.mac(&[FROM_RESPONDER, &self.said]);
        self.output.push(&self.said[HELLO_BYTES..]);
        self.output.push(code.as_bytes());
        Ok(Phase::AwaitProof)
    }

    fn take_challenge(&mut self, challenge: &[u8; MESSAGE_BYTES_MAX]) -> Result<Phase, HandshakeError> {
        self.said[HELLO_BYTES..].copy_from_slice(&challenge[..NONCE_BYTES]);
        self.check(&[FROM_RESPONDER, &self.said], &challenge[NONCE_BYTES..])?;
        let standing = self.standing.to_bytes();
        let code = self.key.mac(&[FROM_INITIATOR, &standing, &self.said]);
        self.output.push(&standing);
        self.output.push(code.as_bytes());
        Ok(Phase::AwaitVerdict)
    }

    fn take_proof(&mut self, proof: &[u8; MESSAGE_BYTES_MAX]) -> Result<Phase, HandshakeError> {
        let (standing, code) = proof.split_at(Standing::BYTES);
        self.check(&[FROM_INITIATOR, standing, &self.said], code)?;
        (self.proved, self.standing) = (true, Standing::from_bytes(standing));
        Ok(Phase::Deciding)
    }

    fn take_verdict(&mut self, verdict: &[u8; MESSAGE_BYTES_MAX]) -> Result<Phase, HandshakeError> {
        let (answer, rest) = verdict.split_at(1);
        let (standing, code) = rest.split_at(Standing::BYTES);
        self.check(&[OF_VERDICT, answer, standing, &self.said], code)?;
        self.standing = Standing::from_bytes(standing);
        Ok(Phase::Done(match verdict[0] {
            1 => Verdict::Accepted,
            2 => Verdict::Busy,
            3 => Verdict::Refused,
            4 => Verdict::Left,
            other => return Err(HandshakeError::Answer(other)),
        }))
    }

    /// Compares the code at the start of `bytes` with what it must be.
    fn check(&self, parts: &[&[u8]], bytes: &[u8]) -> Result<(), HandshakeError> {
        let code: [u8; Mac::BYTES] = bytes[..Mac::BYTES].try_into().expect("the slice has that length");
        if self.key.mac(parts) == Mac::from_bytes(code) { Ok(()) } else { Err(HandshakeError::Unproved) }
    }

    fn initiator(&self) -> ProcessId {
        let word = |range: std::ops::Range<usize>| {
            self.said[range].iter().rev().fold(0u64, |word, byte| word << 8 | *byte as u64)
        };
        ProcessId { job: JobId(word(12..20)), number: word(20..24) as u32, incarnation: word(24..28) as u32 }
    }
}

impl std::fmt::Debug for Handshake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Handshake({:?})", self.phase)
    }
}

impl Message {
    fn new() -> Message {
        Message { bytes: [0; MESSAGE_BYTES_MAX], start: 0, end: 0 }
    }

    fn push(&mut self, bytes: &[u8]) {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.end + bytes.len() > MESSAGE_BYTES_MAX {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        self.bytes[self.end..self.end + bytes.len()].copy_from_slice(bytes);
        self.end += bytes.len();
    }
}

fn id_bytes(id: ProcessId) -> [u8; ID_BYTES] {
    let mut bytes = [0; ID_BYTES];
    bytes[..8].copy_from_slice(&id.job.0.to_le_bytes());
    bytes[8..12].copy_from_slice(&id.number.to_le_bytes());
    bytes[12..].copy_from_slice(&id.incarnation.to_le_bytes());
    bytes
}
