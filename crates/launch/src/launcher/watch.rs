//! Who waits for whom: the launcher asks all processes twice when one of them says that it has waited for long, and tells what
//! follows (see [`control::diagnosis`]).

use control::diagnosis::{State, Verdict, json, judge, knot, report};
use os::Time;

/// How long a round waits for answers: a process that waits looks around every 250 ms, and one that computes doesn't answer.
const ANSWERS_NS: u64 = 2_000_000_000;

/// The same where the job is to be ended afterwards.
const LAST_ANSWERS_NS: u64 = 400_000_000;

/// What is to be done next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing.
    Wait,
    /// Ask all processes, under this number.
    Ask(u32),
    /// Say this, if there is anything to say; the look around is over.
    Say(Option<News>),
}

/// What a look around has found.
#[derive(Debug, PartialEq, Eq)]
pub struct News {
    /// For people.
    pub text: String,
    /// For programs: a line of JSON.
    pub json: String,
}

/// The looks around of a job.
#[derive(Debug)]
pub struct Watch {
    host: String,
    size: usize,
    /// Questions asked so far.
    round: u32,
    /// The look around that is under way.
    look: Option<Look>,
    /// Another one is wanted when it is over.
    again: bool,
    /// What was said last, without its times.
    said: Option<String>,
    /// A deadlock was told.
    has_told_deadlock: bool,
}

/// A look around that is under way.
#[derive(Debug)]
struct Look {
    first: Option<Vec<Option<State>>>,
    answers: Vec<Option<State>>,
    /// How many processes were asked, once that is known.
    asked: Option<u32>,
    until: Time,
    /// The job is to be ended when it is over.
    is_last: bool,
}

impl Watch {
    /// Of a job of so many processes.
    pub fn new(host: &str, size: usize) -> Watch {
        let host = host.to_owned();
        Watch { host, size, round: 0, look: None, again: false, said: None, has_told_deadlock: false }
    }

    /// A process has waited for long.
    pub fn overdue(&mut self, now: Time) -> Next {
        match self.look {
            Some(_) => {
                self.again = true;
                Next::Wait
            }
            None => self.begin(now, false),
        }
    }

    /// The job is to be ended: one look more. [`Next::Say`] follows in any case.
    pub fn last(&mut self, now: Time) -> Next {
        // What has been said, and is still so, is not said again.
        self.has_told_deadlock = false;
        self.begin(now, true)
    }

    fn begin(&mut self, now: Time, is_last: bool) -> Next {
        let patience = if is_last { LAST_ANSWERS_NS } else { ANSWERS_NS };
        self.look = Some(Look {
            first: None,
            answers: vec![None; self.size],
            asked: None,
            until: now + patience,
            is_last,
        });
        self.ask()
    }

    fn ask(&mut self) -> Next {
        self.round = self.round.wrapping_add(1).max(1);
        Next::Ask(self.round)
    }

    /// So many were asked.
    pub fn asked(&mut self, round: u32, processes: u32, now: Time) -> Next {
        if let Some(look) = self.look.as_mut().filter(|_| round == self.round) {
            look.asked = Some(processes);
        }
        self.go_on(now)
    }

    /// A process has answered.
    pub fn answer(&mut self, number: u32, state: State, now: Time) -> Next {
        if let Some(look) = self.look.as_mut().filter(|_| state.round == self.round)
            && let Some(answer) = look.answers.get_mut(number as usize)
        {
            *answer = Some(state);
        }
        self.go_on(now)
    }

    /// When it wants to be asked again.
    pub fn deadline(&self) -> Option<Time> {
        self.look.as_ref().map(|look| look.until)
    }

    /// Goes on when all have answered, or have had the time to.
    pub fn go_on(&mut self, now: Time) -> Next {
        let Some(look) = &mut self.look else { return Next::Wait };
        let have = look.answers.iter().flatten().count() as u32;
        if now < look.until && look.asked.is_none_or(|asked| have < asked) {
            return Next::Wait;
        }
        if look.first.is_none() && knot::may_be_stuck(&look.answers) {
            look.first = Some(std::mem::replace(&mut look.answers, vec![None; self.size]));
            look.asked = None;
            look.until = now + if look.is_last { LAST_ANSWERS_NS } else { ANSWERS_NS };
            return self.ask();
        }
        let Some(Look { first, answers, .. }) = self.look.take() else { return Next::Wait };
        let (first, second) = match first {
            // Who has not answered the second time is shown as it was.
            Some(first) => {
                let shown = first.iter().zip(answers).map(|(first, second)| match (first, second) {
                    (Some(first), None) => Some(State { moving: true, ..first.clone() }),
                    (_, second) => second,
                });
                let shown: Vec<Option<State>> = shown.collect();
                (first, shown)
            }
            None => (vec![None; self.size], answers),
        };
        let verdict = judge(&first, &second);
        let news = self.news(&verdict, &second);
        if std::mem::take(&mut self.again) && !matches!(verdict, Verdict::Deadlock { .. }) && news.is_none() {
            return self.begin(now, false);
        }
        Next::Say(news)
    }

    /// What is to be said, unless it has been said.
    fn news(&mut self, verdict: &Verdict, states: &[Option<State>]) -> Option<News> {
        if self.has_told_deadlock {
            return None;
        }
        let text = report(verdict, states, &self.host)?;
        let waits =
            |state: &State| state.threads.iter().map(|thread| thread.any_of.clone()).collect::<Vec<_>>();
        let gist: Vec<_> = states.iter().map(|state| state.as_ref().map(waits)).collect();
        let gist = format!("{verdict:?} {gist:?}");
        self.has_told_deadlock = matches!(verdict, Verdict::Deadlock { .. });
        if self.said.as_ref() == Some(&gist) {
            return None;
        }
        self.said = Some(gist);
        Some(News { text, json: json(verdict, states, &self.host)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use control::diagnosis::{Needs, Operation, Thread};

    fn waits_for(number: u32, round: u32) -> State {
        let operation =
            Operation { call: "receive".into(), needs: Needs::all([number]), ..Operation::default() };
        let thread = Thread { any_of: vec![operation], ..Thread::default() };
        State { round, threads: vec![thread], ..State::default() }
    }

    fn said(next: Next) -> String {
        let Next::Say(Some(News { text, json })) = next else { panic!("nothing was said: {next:?}") };
        assert_eq!(json.contains("\"deadlock\":true"), text.starts_with("deadlock"));
        text
    }

    #[test]
    fn two_rounds_that_agree_tell_a_deadlock_once() {
        let mut watch = Watch::new("here", 2);
        assert_eq!(watch.overdue(Time(0)), Next::Ask(1));
        assert_eq!(watch.overdue(Time(0)), Next::Wait);
        assert_eq!(watch.asked(1, 2, Time(0)), Next::Wait);
        assert_eq!(watch.answer(0, waits_for(1, 1), Time(1)), Next::Wait);
        // An answer to another question is none.
        assert_eq!(watch.answer(1, waits_for(0, 7), Time(1)), Next::Wait);
        assert_eq!(watch.answer(1, waits_for(0, 1), Time(1)), Next::Ask(2));
        assert_eq!(watch.answer(0, waits_for(1, 2), Time(2)), Next::Wait);
        assert_eq!(watch.answer(1, waits_for(0, 2), Time(2)), Next::Wait);
        let text = said(watch.asked(2, 2, Time(2)));
        assert!(text.starts_with("deadlock: ranks 0 and 1 wait for each other"), "{text}");
        assert_eq!((watch.overdue(Time(3)), watch.asked(3, 0, Time(3))), (Next::Ask(3), Next::Say(None)));
    }

    #[test]
    fn who_has_moved_between_the_rounds_is_in_no_deadlock() {
        let mut watch = Watch::new("here", 2);
        watch.overdue(Time(0));
        watch.asked(1, 2, Time(0));
        watch.answer(0, waits_for(1, 1), Time(0));
        assert_eq!(watch.answer(1, waits_for(0, 1), Time(0)), Next::Ask(2));
        watch.asked(2, 2, Time(0));
        watch.answer(0, State { epoch: 9, ..waits_for(1, 2) }, Time(0));
        assert!(
            said(watch.answer(1, waits_for(0, 2), Time(0))).starts_with("ranks 0 and 1 are waiting since")
        );
    }

    #[test]
    fn who_computes_is_not_waited_for_for_ever() {
        let mut watch = Watch::new("here", 2);
        watch.overdue(Time(0));
        watch.asked(1, 2, Time(0));
        assert_eq!(watch.answer(0, waits_for(1, 1), Time(0)), Next::Wait);
        let until = watch.deadline().unwrap();
        assert_eq!(watch.go_on(Time(until.0 - 1)), Next::Wait);
        assert!(said(watch.go_on(until)).contains("rank 1 computes"));
        // The same is not said twice, nor with the job's end.
        watch.overdue(Time(0));
        watch.asked(2, 1, Time(0));
        assert_eq!(watch.answer(0, waits_for(1, 2), Time(0)), Next::Say(None));
        assert_eq!(watch.last(Time(0)), Next::Ask(3));
        watch.asked(3, 1, Time(0));
        assert_eq!(watch.answer(0, waits_for(1, 3), Time(0)), Next::Say(None));
        assert_eq!(watch.last(Time(0)), Next::Ask(4));
        watch.asked(4, 1, Time(0));
        assert!(said(watch.answer(1, waits_for(0, 4), Time(0))).contains("waiting since"));
    }
}
