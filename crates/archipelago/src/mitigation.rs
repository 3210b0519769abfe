//! What a program does when ranks are gone (user-level failure mitigation): who they are, and how the others go on.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use engine::RequestId;
use runtime::undisturbed;

use crate::called::called_to_make;
use crate::create::spot;
use crate::{Comm, Group, InterComm, Result};

impl Comm {
    /// Ends every operation on this communicator at every rank, now and later, with [`Error::Revoked`](crate::Error::Revoked); only
    /// agreeing and shrinking are left. For a rank that has found a failure and will not go on as the others expect: they
    /// may be waiting for it, and not for the dead. Returns at once; any rank may call it, also several at once, and the news get
    /// to all even if the caller dies.
    ///
    /// What has been matched is still delivered. Costs each rank a small message to each other.
    ///
    /// ```
    /// use archipelago::Error;
    /// # archipelago::testing::run(3, |world| {
    /// let team = world.duplicate()?;
    /// if team.rank() == 0 {
    ///     team.revoke();
    /// } else {
    ///     // Nobody will send this: without the revocation it would wait for ever.
    ///     let outcome = team.from(0).receive::<u32>();
    ///     assert!(matches!(outcome, Err(Error::Revoked { by: Some(0), .. })));
    /// }
    /// assert!(matches!(team.barrier(), Err(Error::Revoked { .. })));
    /// assert!(team.is_revoked() && !world.is_revoked());
    /// # Ok::<(), Error>(())
    /// # });
    /// ```
    pub fn revoke(&self) {
        self.untyped.revoke();
    }

    /// Whether a rank has revoked it, as far as is known here.
    pub fn is_revoked(&self) -> bool {
        self.untyped.is_revoked()
    }

    /// The ranks that are gone, as a group, in the order in which this rank has learnt it: those that have died, that can't be
    /// reached, or that have left the job. Local: others may know of more or fewer, until all [shrink](Comm::shrink) or
    /// [agree](Comm::agree).
    ///
    /// ```
    /// # archipelago::testing::run(2, |world| {
    /// let failed = world.failed();
    /// assert!(failed.rank().is_none() && failed.size() < world.size());
    /// # });
    /// ```
    pub fn failed(&self) -> Group {
        let failures = self.untyped.failures().into_iter().map(|(process, _)| process);
        Group::of(self.untyped.process().clone(), engine::Group::of(failures.collect()))
    }

    /// Acknowledges that those are gone whom [`failed`](Comm::failed) names, and returns them: from now on a receive from any rank
    /// goes on in spite of them, until others fail. Local.
    ///
    /// ```
    /// # archipelago::testing::run(2, |world| {
    /// let acknowledged = world.acknowledge_failures();
    /// assert!(acknowledged.rank().is_none());
    /// # });
    /// ```
    pub fn acknowledge_failures(&self) -> Group {
        let failed = self.failed();
        self.untyped.acknowledge_failures(failed.size());
        failed
    }

    /// Agrees with all ranks on the bitwise and of the flags that they give, and on who is gone. Whoever gets an answer gets the
    /// same one, also those who die after it: what was agreed on can be built on. Collective for the ranks that live; serves on
    /// a revoked communicator as well.
    ///
    /// Costs four small messages for each rank, in four steps; more when ranks die meanwhile.
    ///
    /// # Errors
    /// [`Error::Ended`](crate::Error::Ended) when the job has ended. That ranks are gone is none: it is part of the answer.
    ///
    /// ```
    /// # archipelago::testing::run(3, |world| {
    /// // Has everybody converged?
    /// let converged = world.rank() != 1;
    /// let agreed = world.agree(converged as u64)?;
    /// assert_eq!((agreed.flags, agreed.failed.size(), agreed.is_acknowledged), (0, 0, true));
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn agree(&self, flags: u64) -> Result<Agreement> {
        let agreed = undisturbed(|| self.untyped.agree(flags));
        agreed
            .map(|agreed| Agreement::of(self, agreed))
            .map_err(|error| spot("agree").explain::<()>(&self.untyped, error))
    }

    /// Starts to [agree](Comm::agree). Dropped before it is complete it runs on, as the other ranks expect it to.
    ///
    /// ```
    /// # archipelago::testing::run(3, |world| {
    /// let agreeing = world.agree_owned(0b111 << world.rank());
    /// // Meanwhile this rank may do anything else.
    /// assert_eq!(agreeing.wait()?.flags, 0b100);
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn agree_owned(&self, flags: u64) -> AgreeOwned {
        AgreeOwned {
            comm: self.clone(),
            operation: "agree_owned",
            state: State::of(self.untyped.start_agree(flags)),
        }
    }

    /// The communicator of the ranks that live, in the same order: the same at all of them. Collective for these; serves on a
    /// revoked communicator as well, which is its use: what was lost with the others is then to be brought back by the
    /// program.
    ///
    /// Costs two [agreements](Comm::agree) and an all-gather; as much again whenever another rank dies meanwhile.
    ///
    /// # Errors
    /// [`Error::Ended`](crate::Error::Ended) when the job has ended; [`Error::PeerFailed`](crate::Error::PeerFailed) with the own rank, when the others could not reach this
    /// one and have given it up.
    ///
    /// ```
    /// # archipelago::testing::run(3, |world| {
    /// world.revoke();
    /// let alive = world.shrink()?;
    /// assert_eq!((alive.rank(), alive.size()), (world.rank(), 3));
    /// alive.barrier()?;
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn shrink(&self) -> Result<Comm> {
        called_to_make(self);
        let shrunk = undisturbed(|| self.untyped.shrink());
        shrunk.map(Comm::of).map_err(|error| spot("shrink").explain::<()>(&self.untyped, error))
    }

    /// Starts to [shrink](Comm::shrink), with one agreement alone: ranks that die after it are members still. What it gives has
    /// no part in its host's shared memory for collectives; a [duplicate](Comm::duplicate) of it has.
    ///
    /// ```
    /// # archipelago::testing::run(3, |world| {
    /// let shrinking = world.shrink_owned();
    /// let alive = shrinking.wait()?.duplicate()?;
    /// assert_eq!(alive.size(), 3);
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn shrink_owned(&self) -> ShrinkOwned {
        let state = State::of(self.untyped.start_shrink());
        ShrinkOwned { agreeing: AgreeOwned { comm: self.clone(), operation: "shrink_owned", state } }
    }
}

/// What ranks have agreed on.
#[derive(Clone, Debug)]
pub struct Agreement {
    /// The bitwise and of the flags that they gave.
    pub flags: u64,
    /// Who is gone: all whom one of those who agreed knew to be.
    pub failed: Group,
    /// Whether every one of them had [acknowledged](Comm::acknowledge_failures) all these.
    pub is_acknowledged: bool,
}

impl Agreement {
    fn of(comm: &Comm, agreed: engine::Agreed) -> Agreement {
        let failed = Group::of(comm.untyped.process().clone(), agreed.failed);
        Agreement { flags: agreed.flags, failed, is_acknowledged: agreed.is_acknowledged }
    }
}

/// An agreement under way, made by [`Comm::agree_owned`]. As a future it gives what [`wait`](AgreeOwned::wait) gives, on any
/// executor.
#[must_use = "wait for it to learn what was agreed on, or drop it to let it run on"]
pub struct AgreeOwned {
    comm: Comm,
    operation: &'static str,
    state: State,
}

enum State {
    Pending(RequestId),
    Done(std::result::Result<engine::Agreed, engine::Error>),
    /// Its outcome was given.
    Over,
}

impl State {
    fn of(started: std::result::Result<RequestId, engine::Error>) -> State {
        started.map_or_else(|error| State::Done(Err(error)), State::Pending)
    }
}

impl AgreeOwned {
    /// Waits for the others, and tells what all have agreed on.
    ///
    /// # Errors
    /// As [`Comm::agree`].
    pub fn wait(mut self) -> Result<Agreement> {
        self.outcome().map(|agreed| Agreement::of(&self.comm, agreed))
    }

    /// Whether it is complete, so that [`wait`](AgreeOwned::wait) returns at once.
    pub fn test(&mut self) -> bool {
        if let State::Pending(request) = self.state
            && let Some(outcome) = self.comm.untyped.test(request)
        {
            self.complete(request, outcome);
        }
        !matches!(self.state, State::Pending(_))
    }

    fn outcome(&mut self) -> Result<engine::Agreed> {
        if let State::Pending(request) = self.state {
            let outcome = undisturbed(|| self.comm.untyped.wait(request));
            self.complete(request, outcome);
        }
        match std::mem::replace(&mut self.state, State::Over) {
            State::Done(outcome) => {
                outcome.map_err(|error| spot(self.operation).explain::<()>(&self.comm.untyped, error))
            }
            State::Pending(_) | State::Over => {
                panic!("an agreement was polled after it had given its result")
            }
        }
    }

    fn complete(&mut self, request: RequestId, outcome: std::result::Result<engine::Status, engine::Error>) {
        let agreed = || self.comm.untyped.agreed(request).ok_or(engine::Error::StaleRequest);
        self.state = State::Done(outcome.and_then(|_| agreed()));
    }

    fn poll_outcome(&mut self, context: &mut Context<'_>) -> Poll<Result<engine::Agreed>> {
        if let State::Pending(request) = self.state {
            let outcome = ready!(self.comm.untyped.poll(request, context));
            self.complete(request, outcome);
        }
        Poll::Ready(self.outcome())
    }
}

impl Future for AgreeOwned {
    type Output = Result<Agreement>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let agreed = ready!(self.poll_outcome(context));
        Poll::Ready(agreed.map(|agreed| Agreement::of(&self.comm, agreed)))
    }
}

impl Drop for AgreeOwned {
    fn drop(&mut self) {
        if let State::Pending(request) = self.state {
            self.comm.untyped.detach(request, None);
        }
    }
}

/// A shrinking under way, made by [`Comm::shrink_owned`]. As a future it gives what [`wait`](ShrinkOwned::wait) gives.
#[must_use = "wait for it to get the communicator, or drop it to let it run on"]
pub struct ShrinkOwned {
    agreeing: AgreeOwned,
}

impl ShrinkOwned {
    /// Waits for the others, and gives the communicator of those who live.
    ///
    /// # Errors
    /// As [`Comm::shrink`].
    pub fn wait(mut self) -> Result<Comm> {
        let agreed = self.agreeing.outcome()?;
        self.settle(&agreed)
    }

    /// Whether it is complete, so that [`wait`](ShrinkOwned::wait) returns at once.
    pub fn test(&mut self) -> bool {
        self.agreeing.test()
    }

    fn settle(&self, agreed: &engine::Agreed) -> Result<Comm> {
        let comm = &self.agreeing.comm.untyped;
        comm.plain_of(agreed).map(Comm::of).map_err(|error| spot("shrink_owned").explain::<()>(comm, error))
    }
}

impl Future for ShrinkOwned {
    type Output = Result<Comm>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let agreed = ready!(self.agreeing.poll_outcome(context));
        Poll::Ready(agreed.and_then(|agreed| self.settle(&agreed)))
    }
}

impl InterComm {
    /// [`Comm::revoke`] for both sides: messages and collectives end at every rank of either.
    ///
    /// ```
    /// # archipelago::testing::run(4, |world| {
    /// let side = world.split(Some(world.rank() as u32 % 2), 0)?.expect("it gave a colour");
    /// let bridge = (side.rank() == 0).then_some((&world, 1 - world.rank() % 2));
    /// let inter = side.inter_communicator(0, bridge, 0)?;
    /// if world.rank() == 3 {
    ///     inter.revoke();
    /// }
    /// assert!(inter.from_any().receive::<u8>().is_err());
    /// assert!(inter.barrier().is_err());
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn revoke(&self) {
        self.inter().revoke();
    }

    /// Whether a rank of either side has revoked it, as far as is known here.
    pub fn is_revoked(&self) -> bool {
        self.comm().untyped.is_revoked()
    }

    /// [`Comm::agree`] among the ranks of both sides: each side gets the bitwise and of the flags that the *other* gave, as with
    /// collectives, and all get the same group of those who are gone of either. Costs two agreements.
    ///
    /// # Errors
    /// As [`Comm::agree`].
    ///
    /// ```
    /// # archipelago::testing::run(5, |world| {
    /// let asks = world.rank() < 2;
    /// let side = world.split(Some(asks as u32), 0)?.expect("it gave a colour");
    /// let bridge = (side.rank() == 0).then_some((&world, if asks { 2 } else { 0 }));
    /// let inter = side.inter_communicator(0, bridge, 0)?;
    /// let agreed = inter.agree(if asks { 0b110 } else { 0b011 })?;
    /// assert_eq!(agreed.flags, if asks { 0b011 } else { 0b110 });
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn agree(&self, flags: u64) -> Result<Agreement> {
        let agreed = undisturbed(|| self.inter().agree(flags));
        agreed
            .map(|agreed| Agreement::of(self.comm(), agreed))
            .map_err(|error| spot("agree").explain::<()>(&self.comm().untyped, error))
    }

    /// The inter-communicator of those ranks of both sides that live: [`Comm::shrink`] for both sides.
    ///
    /// Costs four agreements of both sides, and an all-gather on each; as much again whenever another rank dies meanwhile.
    ///
    /// # Errors
    /// As [`Comm::shrink`]; nobody of one of the sides is left.
    ///
    /// ```
    /// # archipelago::testing::run(4, |world| {
    /// let side = world.split(Some(world.rank() as u32 % 2), 0)?.expect("it gave a colour");
    /// let bridge = (side.rank() == 0).then_some((&world, 1 - world.rank() % 2));
    /// let inter = side.inter_communicator(0, bridge, 0)?;
    /// inter.revoke();
    /// let alive = inter.shrink()?;
    /// assert_eq!((alive.size(), alive.remote_size()), (2, 2));
    /// alive.barrier()?;
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn shrink(&self) -> Result<InterComm> {
        let shrunk = undisturbed(|| self.inter().shrink());
        shrunk.map(InterComm::of).map_err(|error| spot("shrink").explain::<()>(&self.comm().untyped, error))
    }

    /// The ranks of either side that are gone; see [`Comm::failed`].
    pub fn failed(&self) -> Group {
        self.comm().failed()
    }

    /// Acknowledges that they are gone; see [`Comm::acknowledge_failures`].
    pub fn acknowledge_failures(&self) -> Group {
        self.comm().acknowledge_failures()
    }
}
