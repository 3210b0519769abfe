//! The answers of all processes in words: who waits for whom, since when, in which call.

use super::knot::Verdict;
use super::state::{State, Thread};

/// Rows of a table; of more waits the first are shown.
const ROWS_MAX: usize = 64;

/// Processes that a line names one by one.
const NAMED_MAX: usize = 16;

/// What is said of the answers: a headline, then a table, aligned. None if nobody waits.
pub fn report(verdict: &Verdict, states: &[Option<State>], host: &str) -> Option<String> {
    let headline = match verdict {
        Verdict::Nobody => return None,
        Verdict::Deadlock { cycle, stuck } => deadlock(cycle, stuck),
        Verdict::Waiting => waiting(states),
    };
    let mut text = headline;
    for line in table(states, host) {
        text += "\n  ";
        text += &line;
    }
    for line in remarks(verdict, states) {
        text += "\n  ";
        text += &line;
    }
    Some(text)
}

fn deadlock(cycle: &[u32], stuck: &[u32]) -> String {
    let arrows = |numbers: &[u32]| {
        let circle = numbers.iter().chain(numbers.first());
        circle.map(|number| format!("rank {number}")).collect::<Vec<_>>().join(" -> ")
    };
    let mut text = match cycle {
        [alone] => format!("deadlock: rank {alone} waits for itself"),
        [first, second] => format!("deadlock: ranks {first} and {second} wait for each other"),
        more => format!("deadlock: {} ranks wait for each other in a circle", more.len()),
    };
    if cycle.len() > 2 {
        text += &format!(": {}", arrows(cycle));
    }
    let others: Vec<u32> = stuck.iter().copied().filter(|number| !cycle.contains(number)).collect();
    if !others.is_empty() {
        text += &format!("; {} can't go on because of that", ranks(&others));
    }
    text
}

fn waiting(states: &[Option<State>]) -> String {
    let waiting: Vec<u32> = numbers(states, |state| state.is_some_and(|state| !state.threads.is_empty()));
    let longest = states.iter().flatten().flat_map(|state| &state.threads).map(|thread| thread.for_ms).max();
    format!("{} waiting since {}", be(&waiting), seconds(longest.unwrap_or(0)))
}

/// A line for each wait; one that may end in several ways has a line for each.
fn table(states: &[Option<State>], host: &str) -> Vec<String> {
    let heads =
        ["rank", "calls", "waits in", "tag", "of", "communicator", "for", "since", "at", "host", "pid"];
    let mut rows = vec![heads.map(str::to_owned)];
    let waits = states.iter().enumerate().filter_map(|(number, state)| Some((number, state.as_ref()?)));
    for (number, state, thread) in
        waits.flat_map(|(number, state)| state.threads.iter().map(move |t| (number, state, t)))
    {
        let (pid, since) = (state.pid.to_string(), seconds(thread.for_ms));
        let (place, function) =
            (thread.place.clone().unwrap_or_default(), thread.function.clone().unwrap_or_default());
        for (which, operation) in thread.any_of.iter().enumerate() {
            let whom = operation.needs.numbers(states.len() as u32).collect::<Vec<_>>();
            rows.push([
                number.to_string(),
                function.clone(),
                format!("{}{}", if which == 0 { "" } else { "or " }, operation.call),
                operation.tag.map_or(String::new(), |tag| tag.to_string()),
                operation.of.clone(),
                operation.communicator.clone(),
                if whom.is_empty() { String::new() } else { ranks(&whom) },
                since.clone(),
                place.clone(),
                host.to_owned(),
                pid.clone(),
            ]);
        }
        if thread.any_of.is_empty() {
            let mut row = [const { String::new() }; 11];
            (row[0], row[1], row[2]) = (number.to_string(), function, "operations that it watches".into());
            (row[7], row[8], row[9], row[10]) = (since, place, host.to_owned(), pid);
            rows.push(row);
        }
    }
    let hidden = (rows.len() - 1).saturating_sub(ROWS_MAX);
    rows.truncate(ROWS_MAX + 1);
    // Columns in which there is nothing are left out.
    let shown: Vec<usize> =
        (0..heads.len()).filter(|&at| rows[1..].iter().any(|row| !row[at].is_empty())).collect();
    let widths: Vec<usize> =
        shown.iter().map(|&at| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0)).collect();
    let line = |row: &[String; 11]| {
        let cells = shown.iter().zip(&widths).map(|(&at, &width)| format!("{:<width$}", row[at]));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut lines: Vec<String> = rows.iter().map(line).collect();
    if hidden > 0 {
        lines.push(format!("... and {hidden} more"));
    }
    lines
}

/// What the table doesn't show: who doesn't wait, and why no deadlock is concluded.
fn remarks(verdict: &Verdict, states: &[Option<State>]) -> Vec<String> {
    let mut lines = Vec::new();
    let silent = numbers(states, |state| state.is_none());
    if !silent.is_empty() {
        let what = if silent.len() == 1 { "computes, or has ended" } else { "compute, or have ended" };
        lines.push(format!("{} {what}: no call of the library", ranks(&silent)));
    }
    let idle = numbers(states, |state| state.is_some_and(|state| state.threads.is_empty()));
    if !idle.is_empty() {
        let what = if idle.len() == 1 { "doesn't wait" } else { "don't wait" };
        lines.push(format!("{} {what}", ranks(&idle)));
    }
    if *verdict == Verdict::Waiting {
        let is_threaded =
            |state: Option<&State>| state.is_some_and(|s| !s.threads.is_empty() && s.others > 0);
        let threaded = numbers(states, is_threaded);
        if !threaded.is_empty() {
            let has = if threaded.len() == 1 { "has" } else { "have" };
            lines.push(format!("{} {has} other threads, which may communicate", ranks(&threaded)));
        }
        let is_moving = |thread: &Thread| thread.bounded;
        let bounded = numbers(states, |state| state.is_some_and(|s| s.threads.iter().any(is_moving)));
        if !bounded.is_empty() {
            lines.push(format!(
                "{} for a limited time only",
                be(&bounded).replace(" is", " waits").replace(" are", " wait")
            ));
        }
    }
    lines
}

fn numbers(states: &[Option<State>], is_it: impl Fn(Option<&State>) -> bool) -> Vec<u32> {
    (0..states.len() as u32).filter(|&number| is_it(states[number as usize].as_ref())).collect()
}

fn be(numbers: &[u32]) -> String {
    format!("{} {}", ranks(numbers), if numbers.len() == 1 { "is" } else { "are" })
}

/// "rank 1", "ranks 0 and 3", "ranks 2 to 9", "ranks 0, 4 and 7".
fn ranks(numbers: &[u32]) -> String {
    match numbers {
        [one] => format!("rank {one}"),
        [first, .., last] if numbers.len() > 2 && (last - first) as usize + 1 == numbers.len() => {
            format!("ranks {first} to {last}")
        }
        more if more.len() > NAMED_MAX => format!("{} ranks, {} the first,", more.len(), more[0]),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(u32::to_string).collect();
            format!("ranks {} and {last}", first.join(", "))
        }
        [] => "nobody".to_owned(),
    }
}

fn seconds(ms: u64) -> String {
    format!("{}.{} s", ms / 1000, ms % 1000 / 100)
}

#[cfg(test)]
mod tests {
    use super::super::knot::judge;
    use super::super::state::{Needs, Operation};
    use super::*;

    fn waits(call: &str, needs: Needs, for_ms: u64) -> Option<State> {
        let operation = Operation {
            call: call.into(),
            communicator: "world".into(),
            tag: Some(7),
            of: "f64".into(),
            needs,
        };
        let place = Some("main.rs:12".into());
        let thread = Thread { for_ms, any_of: vec![operation], place, ..Thread::default() };
        Some(State { pid: 4000, threads: vec![thread], ..State::default() })
    }

    #[test]
    fn a_deadlock_is_told_with_its_circle() {
        let states = [
            waits("receive from rank 1", Needs::all([1]), 61_250),
            waits("send to rank 0", Needs::all([0]), 900),
        ];
        let text = report(&judge(&states, &states), &states, "here").unwrap();
        let expected = "deadlock: ranks 0 and 1 wait for each other\n  \
            rank  waits in             tag  of   communicator  for     since   at          host  pid\n  \
            0     receive from rank 1  7    f64  world         rank 1  61.2 s  main.rs:12  here  4000\n  \
            1     send to rank 0       7    f64  world         rank 0  0.9 s   main.rs:12  here  4000";
        assert_eq!(text, expected);
    }

    #[test]
    fn waits_are_told_with_those_who_don_t_wait() {
        let mut states = [waits("receive", Needs::any([1, 2]), 3_000), None, Some(State::default())];
        let mut text = report(&judge(&states, &states), &states, "here").unwrap();
        assert!(!text.contains("calls"), "{text}");
        let [Some(first), ..] = &mut states else { unreachable!() };
        first.threads[0].function = Some("MPI_Waitany".into());
        text = report(&judge(&states, &states), &states, "here").unwrap();
        assert!(text.contains("rank  calls        waits in"), "{text}");
        assert!(text.contains("0     MPI_Waitany  receive"), "{text}");
        assert!(text.starts_with("rank 0 is waiting since 3.0 s\n"), "{text}");
        assert!(
            text.contains("rank 1 computes, or has ended") && text.contains("rank 2 doesn't wait"),
            "{text}"
        );
        assert_eq!(report(&Verdict::Nobody, &states, "here"), None);
    }

    #[test]
    fn numbers_in_words() {
        let check = |numbers: &[u32], expected: &str| assert_eq!(ranks(numbers), expected);
        check(&[4], "rank 4");
        check(&[0, 3], "ranks 0 and 3");
        check(&[2, 3, 4, 5], "ranks 2 to 5");
        check(&[0, 4, 7], "ranks 0, 4 and 7");
        check(&(0..40).map(|n| n * 2).collect::<Vec<_>>(), "40 ranks, 0 the first,");
    }
}
