//! A send and a receive at once: neighbours that all send first would wait for one another.

use layout::{Buffer, BufferMut, Copied};

use crate::Result;
use crate::address::{Destination, Source, Status};
use crate::called::called;

impl Destination<'_> {
    /// Sends `data` and receives into `buffer` at the same time, and returns when both are done. The two peers may be
    /// different ranks, or this one; whoever they are may use other verbs. (MPI 5.0 §3.10)
    ///
    /// Costs what the send and the receive cost.
    ///
    /// # Errors
    /// As [`send`](Destination::send) and [`receive_into`](Source::receive_into); the other of the two is then taken back if
    /// nobody has taken part in it, and completed if somebody has.
    ///
    /// ```
    /// # archipelago::testing::run(3, |world| {
    /// let (me, n) = (world.rank(), world.size());
    /// let (right, left) = (world.to((me + 1) % n), world.from((me + n - 1) % n));
    /// let mut theirs = [0usize; 2];
    /// let status = right.send_receive(&[me, 10 * me], &left, &mut theirs)?;
    /// assert_eq!((status.source, theirs[1]), ((me + n - 1) % n, 10 * theirs[0]));
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn send_receive<B, R>(&self, data: &B, from: &Source<'_>, buffer: &mut R) -> Result<Status>
    where
        B: Buffer + ?Sized,
        R: BufferMut + ?Sized,
    {
        called(self.comm);
        self.comm.scope(|scope| {
            let incoming = from.start_receive(scope, buffer)?;
            let outgoing = self.start_send(scope, data)?;
            let (_, status) = incoming.wait_with_status()?;
            outgoing.wait()?;
            Ok(status)
        })
    }

    /// The same with one buffer (values, a slice, a vector, or what a layout selects), which is sent and then replaced by what is
    /// received; as much of it as the message has.
    ///
    /// Costs a copy of the buffer besides.
    ///
    /// # Errors
    /// As [`send_receive`](Destination::send_receive).
    ///
    /// ```
    /// # archipelago::testing::run(3, |world| {
    /// let (me, n) = (world.rank(), world.size());
    /// let mut value = [me];
    /// world.to((me + 1) % n).send_receive_replace(&mut value, &world.from((me + n - 1) % n))?;
    /// assert_eq!(value, [(me + n - 1) % n]);
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn send_receive_replace<B>(&self, buffer: &mut B, from: &Source<'_>) -> Result<Status>
    where
        B: BufferMut + ?Sized,
    {
        let outgoing = Copied::of(buffer)?;
        self.send_receive(&outgoing, from, buffer)
    }
}
