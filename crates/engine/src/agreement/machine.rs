//! The protocol: a coordinator that is replaced when it dies.
//!
//! The lowest rank that lives is the coordinator. Every member sends it its contribution; when it has those of all that live, it
//! proposes their combination to all, who *lock* it and accept; when all that live have accepted, it decides and tells the
//! decision. When it dies, the members turn to the next. A new coordinator that has locked a proposal proposes just that one;
//! otherwise it begins anew.
//!
//! This is hierarchical uniform consensus over a perfect failure detector (Guerraoui 1995; Cachin, Guerraoui and Rodrigues,
//! "Introduction to reliable and secure distributed programming", algorithm 5.4) with the contributions gathered first. Four
//! messages for each member but the coordinator, in four steps, as long as nobody dies; for each coordinator that dies at most as
//! many again. It tolerates that all but one die.
//!
//! # Why all that decide decide the same, those who died after it included
//! A coordinator c decides v only when all that live have locked v from it. Any later coordinator c' knows that c is gone; it has
//! lived all the time, so that it has locked v, as nobody else could propose between c and c' who had not locked v either (by
//! induction on the ranks between). So c' proposes v.
//!
//! # Why all that live decide
//! Whoever waits for a coordinator hears of its end, and turns to the next; the last one that lives needs nobody. A coordinator
//! that has locked nothing waits for the contributions of all that live: none of them has decided (else it had locked), so all
//! come to it. Whoever has decided answers a contribution or a proposal with the decision, hence must do so for as long as others
//! may ask.

use super::{Proposal, RankSet};

/// What members tell each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// To the coordinator: what this member contributes.
    Contribute(Proposal),
    /// From the coordinator: lock this.
    Propose(Proposal),
    /// To the coordinator: it is locked.
    Accept,
    /// This is what all agree on.
    Decide(Proposal),
}

/// One member's side of one agreement.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Agreement {
    me: usize,
    size: usize,
    /// Who is known to be gone.
    gone: RankSet,
    /// This member's contribution, once it has begun.
    mine: Option<Proposal>,
    /// To whom it was sent.
    told: Option<usize>,
    /// Who has contributed to this one, and what they make together.
    heard: RankSet,
    gathered: Option<Proposal>,
    /// What was proposed last, and by whom.
    locked: Option<(usize, Proposal)>,
    /// Who has accepted what this member has proposed, once it has.
    accepted: Option<RankSet>,
    decided: Option<Proposal>,
}

impl Agreement {
    /// The side of rank `me` of `size`, which has not begun.
    pub fn new(me: usize, size: usize) -> Agreement {
        debug_assert!(me < size);
        Agreement {
            me,
            size,
            gone: RankSet::default(),
            mine: None,
            told: None,
            heard: RankSet::default(),
            gathered: None,
            locked: None,
            accepted: None,
            decided: None,
        }
    }

    /// This member contributes, once. What is to be sent goes to `out`.
    pub fn begin(&mut self, mine: Proposal, out: &mut Vec<(usize, Message)>) {
        debug_assert!(self.mine.is_none());
        self.mine = Some(mine);
        self.go_on(out);
    }

    /// A message has come from a member.
    pub fn receive(&mut self, from: usize, message: Message, out: &mut Vec<(usize, Message)>) {
        // Whoever is known to be gone is waited for by nobody, hence must not decide anything any more.
        if self.gone.contains(from) {
            return;
        }
        match (message, &self.decided) {
            (Message::Contribute(_) | Message::Propose(_), Some(decided)) => {
                out.push((from, Message::Decide(decided.clone())));
            }
            (_, Some(_)) => {}
            (Message::Contribute(theirs), None) => {
                if self.heard.insert(from) {
                    match &mut self.gathered {
                        Some(gathered) => gathered.combine(&theirs),
                        None => self.gathered = Some(theirs),
                    }
                }
                self.go_on(out);
            }
            (Message::Propose(proposal), None) => {
                // What a coordinator has proposed that later ones have followed may come late.
                if self.locked.as_ref().is_none_or(|(by, _)| *by <= from) {
                    self.locked = Some((from, proposal));
                    out.push((from, Message::Accept));
                }
            }
            (Message::Accept, None) => {
                if let Some(accepted) = &mut self.accepted {
                    accepted.insert(from);
                }
                self.go_on(out);
            }
            (Message::Decide(decision), None) => self.decide(decision, out),
        }
    }

    /// A member is gone: no message of it follows.
    pub fn lose(&mut self, rank: usize, out: &mut Vec<(usize, Message)>) {
        if rank != self.me && self.gone.insert(rank) {
            self.go_on(out);
        }
    }

    /// What was agreed on, once this member knows.
    pub fn decision(&self) -> Option<&Proposal> {
        self.decided.as_ref()
    }

    /// Who is known to be gone.
    pub fn gone(&self) -> &RankSet {
        &self.gone
    }

    /// The others that are not known to be gone.
    fn others(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.size).filter(|rank| *rank != self.me && !self.gone.contains(*rank))
    }

    fn coordinator(&self) -> usize {
        (0..self.me).find(|rank| !self.gone.contains(*rank)).unwrap_or(self.me)
    }

    fn go_on(&mut self, out: &mut Vec<(usize, Message)>) {
        let Some(mine) = &self.mine else { return };
        if self.decided.is_some() {
            return;
        }
        let coordinator = self.coordinator();
        if coordinator != self.me {
            if self.told.replace(coordinator) != Some(coordinator) {
                out.push((coordinator, Message::Contribute(mine.clone())));
            }
            return;
        }
        if self.accepted.is_none() {
            let proposal = match &self.locked {
                Some((_, locked)) => locked.clone(),
                None if self.others().any(|rank| !self.heard.contains(rank)) => return,
                None => {
                    let mut all = mine.clone();
                    self.gathered.iter().for_each(|gathered| all.combine(gathered));
                    all.failed.add(&self.gone);
                    all
                }
            };
            out.extend(self.others().map(|rank| (rank, Message::Propose(proposal.clone()))));
            self.locked = Some((self.me, proposal));
            self.accepted = Some(RankSet::default());
        }
        if let (Some(accepted), Some((_, proposal))) = (&self.accepted, &self.locked)
            && self.others().all(|rank| accepted.contains(rank))
        {
            let decision = proposal.clone();
            out.extend(self.others().map(|rank| (rank, Message::Decide(decision.clone()))));
            self.decided = Some(decision);
        }
    }

    /// The coordinator tells all whom it knows to live. Who has turned to this member, since the coordinator is gone, waits for its
    /// answer. And one that the coordinator could not reach, but that lives, hears of it from the others.
    fn decide(&mut self, decision: Proposal, out: &mut Vec<(usize, Message)>) {
        let told = self.others().filter(|rank| self.heard.contains(*rank) || decision.failed.contains(*rank));
        out.extend(told.map(|rank| (rank, Message::Decide(decision.clone()))));
        self.decided = Some(decision);
    }
}
