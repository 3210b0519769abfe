//! The answers of all processes as one line of JSON, for programs that read it.

use std::fmt::Write;

use super::knot::Verdict;
use super::state::{Needs, Operation, State, Thread};

/// What is known of the answers: the same that [`report`](super::report()) says, and all of it. None if nobody waits.
///
/// ```
/// use archipelago_control::diagnosis::{Needs, Operation, State, Thread, json, judge};
/// let waits_for = |number: u32| {
///     let operation = Operation {
///         call: format!("receive from rank {number}"),
///         communicator: "world".to_owned(),
///         tag: Some(7),
///         of: "f64".to_owned(),
///         needs: Needs::all([number]),
///     };
///     let thread = Thread { for_ms: 1500, any_of: vec![operation], ..Thread::default() };
///     Some(State { pid: 40 + number, threads: vec![thread], ..State::default() })
/// };
/// let states = [waits_for(1), waits_for(0)];
/// let line = json(&judge(&states, &states), &states, "node1").expect("both wait");
/// assert!(line.starts_with(r#"{"deadlock":true,"cycle":[0,1],"stuck":[0,1],"host":"node1","waits":[{"rank":0,"pid":41,"#));
/// ```
pub fn json(verdict: &Verdict, states: &[Option<State>], host: &str) -> Option<String> {
    let (cycle, stuck): (&[u32], &[u32]) = match verdict {
        Verdict::Nobody => return None,
        Verdict::Deadlock { cycle, stuck } => (cycle, stuck),
        Verdict::Waiting => (&[], &[]),
    };
    let mut text = format!(
        "{{\"deadlock\":{},\"cycle\":{},\"stuck\":{},\"host\":{},\"waits\":[",
        !cycle.is_empty(),
        numbers(cycle.iter().copied()),
        numbers(stuck.iter().copied()),
        quoted(host)
    );
    let with_numbers = || (0u32..).zip(states);
    let known = with_numbers().filter_map(|(number, state)| Some((number, state.as_ref()?)));
    let waits: Vec<String> = known
        .flat_map(|(number, state)| state.threads.iter().map(move |thread| (number, state, thread)))
        .map(|(number, state, thread)| wait(number, state, thread, states.len() as u32))
        .collect();
    text += &waits.join(",");
    let silent = with_numbers().filter(|(_, state)| state.is_none()).map(|(number, _)| number);
    let is_idle = |state: &Option<State>| state.as_ref().is_some_and(|state| state.threads.is_empty());
    let idle = with_numbers().filter(|(_, state)| is_idle(state)).map(|(number, _)| number);
    // Writing to a text can't fail.
    let _ = write!(text, "],\"silent\":{},\"idle\":{}}}", numbers(silent), numbers(idle));
    Some(text)
}

/// One thread that waits.
fn wait(number: u32, state: &State, thread: &Thread, size: u32) -> String {
    let any_of: Vec<String> = thread.any_of.iter().map(|each| operation(each, size)).collect();
    format!(
        "{{\"rank\":{number},\"pid\":{},\"seconds\":{}.{:03},\"function\":{},\"at\":{},\"ends_by_itself\":{},\"other_threads\":{},\"any_of\":[{}]}}",
        state.pid,
        thread.for_ms / 1000,
        thread.for_ms % 1000,
        thread.function.as_deref().map_or_else(null, quoted),
        thread.place.as_deref().map_or_else(null, quoted),
        thread.bounded,
        state.others,
        any_of.join(",")
    )
}

fn operation(operation: &Operation, size: u32) -> String {
    let Operation { call, communicator, tag, of, needs } = operation;
    let kind = match needs {
        Needs::Nothing => "nothing",
        Needs::All(_) => "all",
        Needs::Any(_) => "any",
    };
    format!(
        "{{\"call\":{},\"communicator\":{},\"tag\":{},\"of\":{},\"needs\":\"{kind}\",\"for\":{}}}",
        quoted(call),
        quoted(communicator),
        tag.map_or_else(null, |tag| tag.to_string()),
        if of.is_empty() { null() } else { quoted(of) },
        numbers(needs.numbers(size))
    )
}

fn null() -> String {
    "null".to_owned()
}

fn numbers(numbers: impl Iterator<Item = u32>) -> String {
    let all: Vec<String> = numbers.map(|number| number.to_string()).collect();
    format!("[{}]", all.join(","))
}

/// A text as JSON has it (RFC 8259 §7).
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if (control as u32) < 0x20 => {
                let _ = write!(quoted, "\\u{:04x}", control as u32);
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_known_is_told() {
        let operation = Operation {
            call: "receive from any rank".into(),
            communicator: "a \"copy\"\nof \\".into(),
            needs: Needs::any([0, 2]),
            ..Operation::default()
        };
        let place = Some("src/main.rs:3".into());
        let thread = Thread { for_ms: 60_042, bounded: true, place, function: None, any_of: vec![operation] };
        let waiting = State { pid: 9, threads: vec![thread], others: 2, ..State::default() };
        let states = [None, Some(waiting), Some(State::default())];
        let line = json(&Verdict::Waiting, &states, "here").unwrap();
        let expected = concat!(
            r#"{"deadlock":false,"cycle":[],"stuck":[],"host":"here","waits":[{"rank":1,"pid":9,"seconds":60.042,"#,
            r#""function":null,"at":"src/main.rs:3","ends_by_itself":true,"other_threads":2,"any_of":[{"call":"receive from any rank","#,
            r#""communicator":"a \"copy\"\u000aof \\","tag":null,"of":null,"needs":"any","for":[0,2]}]}],"silent":[0],"idle":[2]}"#
        );
        assert_eq!(line, expected);
        assert_eq!(json(&Verdict::Nobody, &states, "here"), None);
    }
}
