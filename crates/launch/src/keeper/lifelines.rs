//! What kills the processes when the keeper is killed and nobody is left to do it.
//!
//! The end of a claim's socket that a process inherits is tied to the process group (`os::spawn::Spawn::lifeline`): when
//! the keeper's end closes, the kernel kills the whole group. That takes an open inherited end, and the processes that
//! hold it may be gone by then, killed in the same moment as the keeper, while their children live on.
//!
//! So the keeper holds these ends as well, in a place that outlives its own ends while the kernel takes it apart: in
//! messages that nobody receives. A process that ends drops its references in the order of its descriptors, then closes
//! for good what it was the last to hold, the latest first; messages in a queue go when the queue's own socket is
//! closed, and that has a lower number than the keeper's ends of the claims.

use os::unix::SeqPacket;
use std::io;
use std::os::fd::BorrowedFd;

/// The inherited ends of all claims, in messages that nobody receives.
pub struct Lifelines(Vec<(SeqPacket, SeqPacket)>);

impl Lifelines {
    /// None yet. To be made before the first claim's sockets.
    ///
    /// # Errors
    /// When the process is out of descriptors.
    pub fn new() -> io::Result<Lifelines> {
        Ok(Lifelines(vec![SeqPacket::pair()?]))
    }

    /// Holds on to an end. Where the kernel refuses (too many messages under way for this user), the end is held by its
    /// own processes alone.
    pub fn hold(&mut self, end: BorrowedFd<'_>) {
        let send = |pair: &(SeqPacket, SeqPacket)| pair.0.send(b"hold", &[end], false);
        let Some(last) = self.0.last() else { return };
        if send(last).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
            && let Ok(pair) = SeqPacket::pair()
        {
            let _ = send(&pair);
            self.0.push(pair);
        }
    }
}
