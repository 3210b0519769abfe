//! A program that claims its rank and then does what its arguments say: what a keeper sees of a real process,
//! without the rest of the library. Used by the launcher's tests.
//!
//! ```text
//! archi run -n 2 claimant claim put x=1 get 1:x goodbye
//! ```

use control::{FromKeeper, Key, Link, Place, Statistic, ToKeeper};
use std::time::Duration;

fn main() {
    let mut words = std::env::args().skip(1);
    let mut link: Option<Link> = None;
    let mut rank = 0;
    while let Some(word) = words.next() {
        let mut argument = || words.next().expect("the word needs an argument");
        match word.as_str() {
            "claim" => match control::claim() {
                Ok(Place::Rank(claimed)) => {
                    rank = claimed.welcome.number;
                    let shared = if claimed.segment.is_some() { "a segment" } else { "no segment" };
                    println!("rank {rank} of {} with {shared}", claimed.welcome.size);
                    link = Some(claimed.link);
                }
                Ok(Place::Alone(_)) => println!("a world of one"),
                Err(error) => {
                    eprintln!("claimant: {error}");
                    std::process::exit(4);
                }
            },
            "put" => {
                let pair = argument();
                let (name, value) = pair.split_once('=').expect("put NAME=VALUE");
                say(&link, ToKeeper::Put { name: name.into(), value: value.into() });
            }
            "get" => {
                ask(&link, &argument());
                print_next(&mut link, rank);
            }
            // As get, whose answer is heard later.
            "ask" => ask(&link, &argument()),
            "hear" => print_next(&mut link, rank),
            "count" => {
                let row = Statistic { layer: "test".into(), messages_out: 7, ..Statistic::default() };
                say(&link, ToKeeper::Statistics(vec![row]));
            }
            "goodbye" => say(&link, ToKeeper::Goodbye),
            "abort" => {
                let code = argument().parse().expect("a code");
                say(&link, ToKeeper::Abort { code, reason: "a test wants it".into() });
            }
            "sleep" => std::thread::sleep(Duration::from_secs(argument().parse().expect("seconds"))),
            "exit" => std::process::exit(argument().parse().expect("a status")),
            // What follows concerns this rank only.
            "only" => {
                if argument().parse() != Ok(rank) {
                    return finish(&link);
                }
            }
            "but" => {
                if argument().parse() == Ok(rank) {
                    return finish(&link);
                }
            }
            // Another process of the same rank tries as well.
            "child" => {
                let me = std::env::current_exe().expect("this program has a file");
                let status = std::process::Command::new(me).arg("claim").status().expect("it starts");
                println!("the child ended with {}", status.code().unwrap_or(-1));
            }
            other => panic!("unknown word {other}"),
        }
    }
}

fn finish(link: &Option<Link>) {
    say(link, ToKeeper::Goodbye);
}

fn ask(link: &Option<Link>, key: &str) {
    let (number, name) = key.split_once(':').expect("NUMBER:NAME");
    say(link, ToKeeper::Get(Key { number: number.parse().expect("a number"), name: name.into() }));
}

fn say(link: &Option<Link>, message: ToKeeper) {
    link.as_ref().expect("claim comes first").send(&message).expect("the keeper lives");
}

fn print_next(link: &mut Option<Link>, rank: u32) {
    let text = match link.as_mut().expect("claim comes first").receive() {
        Ok(FromKeeper::Value { key, value }) => {
            let value = value.map(|value| String::from_utf8_lossy(&value).into_owned());
            format!("{}:{} is {value:?}", key.number, key.name)
        }
        Ok(FromKeeper::Died { number, ending, .. }) => format!("{number} died: {ending}"),
        Ok(FromKeeper::Left { number, .. }) => format!("{number} left"),
        Ok(FromKeeper::Ending { reason }) => format!("ending: {reason}"),
        other => format!("{other:?}"),
    };
    println!("rank {rank} hears: {text}");
}
