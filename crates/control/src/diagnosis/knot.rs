//! Which processes can never go on.
//!
//! A wait-for graph in which a thread needs all of some processes (AND), or any of some (OR), decided by what can still move:
//! a process can if it is not blocked; or if one of its threads waits for something that those who can move can bring about.
//! Who is left when nothing is added any more, is stuck (Chandy, Misra and Haas, "Distributed deadlock detection", 1983, for the
//! OR and AND-OR models; the reduction is theirs, the collection is central).
//!
//! A single look at each process, at different times, proves nothing. Each is asked twice, all second questions after all first
//! answers: a process that gives the same epoch twice has done nothing in between, so that there is one moment, between the two
//! rounds, at which all of them stood so. What was under way at that moment is known by counting: what one has sent to another
//! and that has not taken in.

use std::collections::{HashMap, VecDeque};

use super::state::{Needs, Operation, State, Thread};

/// What follows from the answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Processes that wait for each other in a circle, in order, each for the next and the last for the first; and all others
    /// that can't go on because of them.
    Deadlock {
        /// The circle.
        cycle: Vec<u32>,
        /// All who can't go on, those of the circle among them, in order.
        stuck: Vec<u32>,
    },
    /// Some wait, and may go on.
    Waiting,
    /// Nobody waits.
    Nobody,
}

/// Judges two answers of each process, by number; `None`: it gave none.
pub fn judge(first: &[Option<State>], second: &[Option<State>]) -> Verdict {
    let stuck = stuck(first, second);
    let members: Vec<u32> = (0..stuck.len() as u32).filter(|&number| stuck[number as usize]).collect();
    if members.is_empty() || !is_at_rest(second, &members) {
        let waits = |state: &Option<State>| state.as_ref().is_some_and(|state| !state.threads.is_empty());
        return if second.iter().any(waits) { Verdict::Waiting } else { Verdict::Nobody };
    }
    Verdict::Deadlock { cycle: cycle(second, &stuck, members[0]), stuck: members }
}

/// Whether a process could be stuck after a first answer: whether a second question is worth asking.
pub fn may_be_stuck(first: &[Option<State>]) -> bool {
    stuck(first, first).contains(&true)
}

/// Who can't go on, as far as those can tell who have done nothing between the two answers.
fn stuck(first: &[Option<State>], second: &[Option<State>]) -> Vec<bool> {
    let blocked = |number: usize| {
        let (Some(Some(before)), Some(now)) = (first.get(number), &second[number]) else { return false };
        before.epoch == now.epoch && is_blocked(before) && is_blocked(now)
    };
    let mut stuck: Vec<bool> = (0..second.len()).map(blocked).collect();
    // What can move frees those who need it, until nothing changes: each round frees one or is the last.
    loop {
        let free = (0..second.len()).filter(|&number| stuck[number]).find(|&number| {
            let Some(state) = &second[number] else { return true };
            state.serves && stuck.contains(&false)
                || state.threads.iter().any(|thread| can_go_on(thread, &stuck))
        });
        match free {
            Some(number) => stuck[number] = false,
            None => return stuck,
        }
    }
}

/// Whether all of a process's threads wait, without end, and nothing of it moves by itself.
fn is_blocked(state: &State) -> bool {
    !state.threads.is_empty()
        && state.others == 0
        && !state.moving
        && state.threads.iter().all(|thread| !thread.bounded && !thread.any_of.is_empty())
}

fn can_go_on(thread: &Thread, stuck: &[bool]) -> bool {
    thread.any_of.iter().any(|operation| can_be_met(operation, stuck))
}

fn can_be_met(operation: &Operation, stuck: &[bool]) -> bool {
    let size = stuck.len() as u32;
    // Whoever is not of this job may do anything.
    let names_strangers =
        |runs: &[(u32, u32)]| runs.iter().any(|&(first, count)| first.saturating_add(count) > size);
    let moves = |number: u32| !stuck[number as usize];
    match &operation.needs {
        Needs::Nothing => true,
        Needs::All(runs) => names_strangers(runs) || operation.needs.numbers(size).all(moves),
        Needs::Any(runs) => names_strangers(runs) || operation.needs.numbers(size).any(moves),
    }
}

/// Whether nothing is under way between these processes: what each has sent to another, that has taken in.
fn is_at_rest(states: &[Option<State>], members: &[u32]) -> bool {
    let mut balance: HashMap<(u32, u32), (u64, u64)> = HashMap::new();
    for &number in members {
        let Some(state) = &states[number as usize] else { return false };
        for count in &state.counts {
            balance.entry((number, count.peer)).or_default().0 += count.sent;
            balance.entry((count.peer, number)).or_default().1 += count.received;
        }
    }
    let is_member = |number: &u32| members.binary_search(number).is_ok();
    balance
        .iter()
        .filter(|((from, to), _)| is_member(from) && is_member(to))
        .all(|(_, (sent, received))| sent == received)
}

/// The processes that an operation of this one needs and that are stuck.
fn needed<'a>(state: &'a State, stuck: &'a [bool]) -> impl Iterator<Item = u32> + 'a {
    let operations = state.threads.iter().flat_map(|thread| &thread.any_of);
    let all = operations.flat_map(move |operation| operation.needs.numbers(stuck.len() as u32));
    all.filter(|&number| stuck[number as usize])
}

/// A shortest circle that can be reached from a stuck process. Each stuck one needs another, so that there is one.
fn cycle(states: &[Option<State>], stuck: &[bool], from: u32) -> Vec<u32> {
    let next = |number: u32| {
        states[number as usize].iter().flat_map(|state| needed(state, stuck)).collect::<Vec<_>>()
    };
    // Walk until one comes again: that one lies on a circle.
    let (mut seen, mut at) = (vec![false; stuck.len()], from);
    while !std::mem::replace(&mut seen[at as usize], true) {
        match next(at).first() {
            Some(&number) => at = number,
            None => return vec![at],
        }
    }
    // The shortest way from it back to it.
    let mut came_from: HashMap<u32, u32> = HashMap::new();
    let mut queue = VecDeque::from([at]);
    while let Some(number) = queue.pop_front() {
        for needed in next(number) {
            if needed == at {
                let mut way = vec![number];
                while let Some(&before) =
                    way.last().filter(|&&last| last != at).and_then(|last| came_from.get(last))
                {
                    way.push(before);
                }
                way.reverse();
                let least = (0..way.len()).min_by_key(|&place| way[place]).unwrap_or(0);
                way.rotate_left(least);
                return way;
            }
            if needed != at && !came_from.contains_key(&needed) {
                came_from.insert(needed, number);
                queue.push_back(needed);
            }
        }
    }
    vec![at]
}

#[cfg(test)]
mod tests {
    use super::super::state::Count;
    use super::*;

    /// A process of one thread that waits for what the text says: "1" for process 1, "1|2" for either, "1&2" for both, "1,2" for
    /// either of two operations; "" computes, "." is on its way, "?" is silent.
    fn process(text: &str) -> Option<State> {
        let needs = |text: &str| {
            let numbers =
                |text: &str, by: char| text.split(by).map(|n| n.parse().unwrap()).collect::<Vec<u32>>();
            match text {
                "." => Needs::Nothing,
                text if text.contains('&') => Needs::all(numbers(text, '&')),
                text => Needs::any(numbers(text, '|')),
            }
        };
        let operation = |text: &str| Operation { needs: needs(text), ..Operation::default() };
        let thread =
            |text: &str| Thread { any_of: text.split(',').map(operation).collect(), ..Thread::default() };
        match text {
            "?" => None,
            "" => Some(State::default()),
            // Threads are divided by slashes.
            text => Some(State { threads: text.split('/').map(thread).collect(), ..State::default() }),
        }
    }

    fn world(texts: &[&str]) -> Vec<Option<State>> {
        texts.iter().map(|text| process(text)).collect()
    }

    #[test]
    fn knots_of_a_table_of_graphs() {
        // The processes, who are stuck, and the circle.
        let table: &[(&[&str], &[u32], &[u32])] = &[
            (&["1", "0"], &[0, 1], &[0, 1]),
            (&["1", ""], &[], &[]),
            (&["1", "?"], &[], &[]),
            (&["0"], &[0], &[0]),
            (&["1", "2", "3", "0"], &[0, 1, 2, 3], &[0, 1, 2, 3]),
            (&["1", "2", "3", "2"], &[0, 1, 2, 3], &[2, 3]),
            (&["1", "2", "3", ""], &[], &[]),
            // OR: one who moves is enough.
            (&["1|2", "0", ""], &[], &[]),
            (&["1|2", "0", "0"], &[0, 1, 2], &[0, 1]),
            (&["1|2|3", "0", "0", "1"], &[0, 1, 2, 3], &[0, 1]),
            // AND: one who is stuck is enough.
            (&["1&2", "0", ""], &[0, 1], &[0, 1]),
            (&["1&2", "2", ""], &[], &[]),
            // An OR of ANDs.
            (&["1&2,3", "0", "", ""], &[], &[]),
            (&["1&2,3", "0", "", "0"], &[0, 1, 3], &[0, 1]),
            // Two threads: either may free the process.
            (&["1/2", "0", ""], &[], &[]),
            (&["1/2", "0", "0"], &[0, 1, 2], &[0, 1]),
            // On its way.
            (&[".", "0"], &[], &[]),
            (&["1,.", "0"], &[], &[]),
            // Two circles, one of them with an exit.
            (&["1", "0", "3|4", "2", ""], &[0, 1], &[0, 1]),
            // A collective: all wait for one, who waits for one of them.
            (&["3", "3", "3", "1"], &[0, 1, 2, 3], &[1, 3]),
            (&["", "", ""], &[], &[]),
        ];
        for (texts, stuck, cycle) in table {
            let states = world(texts);
            let expected =
                match (stuck.is_empty(), states.iter().flatten().any(|state| !state.threads.is_empty())) {
                    (false, _) => Verdict::Deadlock { cycle: cycle.to_vec(), stuck: stuck.to_vec() },
                    (true, true) => Verdict::Waiting,
                    (true, false) => Verdict::Nobody,
                };
            assert_eq!(judge(&states, &states), expected, "{texts:?}");
            assert_eq!(may_be_stuck(&states), !stuck.is_empty(), "{texts:?}");
        }
    }

    #[test]
    fn what_may_still_move_is_no_deadlock() {
        type Change = (&'static str, fn(&mut State));
        let changes: &[Change] = &[
            ("another thread", |state| state.others = 1),
            ("a wait that ends", |state| state.threads[0].bounded = true),
            ("something under way", |state| state.moving = true),
            ("nothing known of a wait", |state| state.threads[0].any_of.clear()),
            ("a frame sent", |state| state.counts = vec![Count { peer: 0, sent: 1, received: 0 }]),
            ("a process outside", |state| state.threads[0].any_of[0].needs = Needs::any([0, 9])),
        ];
        for (what, change) in changes {
            let mut states = world(&["1", "0"]);
            change(states[1].as_mut().unwrap());
            assert_eq!(judge(&states, &states), Verdict::Waiting, "{what}");
        }
        let (first, mut second) = (world(&["1", "0"]), world(&["1", "0"]));
        second[1].as_mut().unwrap().epoch = 1;
        assert_eq!(judge(&first, &second), Verdict::Waiting);
        assert_eq!(judge(&world(&["1", "?"]), &first), Verdict::Waiting);
        // Who answers messages by messages is free as long as anybody is.
        let mut states = world(&["1", "0", ""]);
        states[0].as_mut().unwrap().serves = true;
        assert_eq!(judge(&states, &states), Verdict::Waiting);
        states[2] = process("0");
        assert!(matches!(judge(&states, &states), Verdict::Deadlock { .. }));
    }

    #[test]
    fn frames_that_have_come_are_no_frames_under_way() {
        let mut states = world(&["1", "0", ""]);
        states[0].as_mut().unwrap().counts = vec![Count { peer: 1, sent: 3, received: 5 }];
        states[1].as_mut().unwrap().counts =
            vec![Count { peer: 0, sent: 5, received: 3 }, Count { peer: 2, sent: 7, received: 0 }];
        assert!(matches!(judge(&states, &states), Verdict::Deadlock { .. }));
        states[1].as_mut().unwrap().counts[0].received = 2;
        assert_eq!(judge(&states, &states), Verdict::Waiting);
    }

    /// Random graphs against the definition: a set is stuck if nobody in it can be freed from outside; the largest such set is
    /// the answer. On up to five processes all sets are tried.
    #[test]
    fn random_graphs_agree_with_the_definition() {
        let mut seed = 0x2545_f491_4f6c_dd1du64;
        let mut random = move |below: u64| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed % below
        };
        for _ in 0..5_000 {
            let size = 1 + random(5) as u32;
            let states: Vec<Option<State>> = (0..size)
                .map(|_| {
                    let mut threads = Vec::new();
                    for _ in 0..random(3) {
                        let mut any_of = Vec::new();
                        for _ in 0..1 + random(2) {
                            let numbers: Vec<u32> =
                                (0..1 + random(3)).map(|_| random(size as u64) as u32).collect();
                            let needs =
                                if random(2) == 0 { Needs::all(numbers) } else { Needs::any(numbers) };
                            any_of.push(Operation { needs, ..Operation::default() });
                        }
                        threads.push(Thread { any_of, ..Thread::default() });
                    }
                    Some(State { threads, ..State::default() })
                })
                .collect();
            let is_closed = |set: u32| {
                let stuck: Vec<bool> = (0..size).map(|number| set >> number & 1 == 1).collect();
                (0..size as usize).filter(|&number| stuck[number]).all(|number| {
                    let state = states[number].as_ref().unwrap();
                    is_blocked(state) && !state.threads.iter().any(|thread| can_go_on(thread, &stuck))
                })
            };
            let largest =
                (0..1u32 << size).filter(|&set| is_closed(set)).max_by_key(|set| set.count_ones()).unwrap();
            match judge(&states, &states) {
                Verdict::Deadlock { cycle, stuck } => {
                    assert_eq!(stuck.iter().fold(0, |set, number| set | 1 << number), largest);
                    let is_stuck: Vec<bool> = (0..size).map(|number| stuck.contains(&number)).collect();
                    for (place, &number) in cycle.iter().enumerate() {
                        let next = cycle[(place + 1) % cycle.len()];
                        let state = states[number as usize].as_ref().unwrap();
                        assert!(
                            needed(state, &is_stuck).any(|needed| needed == next),
                            "{cycle:?} of {states:?}"
                        );
                    }
                }
                _ => assert_eq!(largest, 0, "{states:?}"),
            }
        }
    }
}
