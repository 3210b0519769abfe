//! The table in words, and which algorithm is chosen where: what `archi info --collectives` prints.

use std::fmt::Write;

use super::case::{Case, Collective};
use super::cost::Price;
use super::hosts::Hosts;
use super::table::{self, Algorithm};

/// The largest vector or block that choices are listed for, in bytes.
const BYTES_MAX: u64 = 64 << 20;

/// What is chosen for a collective of `case.size` members as the vector or block grows: each algorithm with the first
/// length, in bytes, from which on it is taken (looked at in powers of two).
pub fn choices(case: &Case, price: &Price) -> Vec<(u64, &'static Algorithm)> {
    let mut choices: Vec<(u64, &'static Algorithm)> = Vec::new();
    let lengths = std::iter::successors(Some(1u64), |bytes| Some(bytes * 2));
    for bytes in lengths.take_while(|bytes| *bytes <= BYTES_MAX) {
        let chosen = table::choose(&Case { elements: bytes, element_bytes: 1, ..*case }, price);
        if choices.last().is_none_or(|(_, last)| *last != chosen) {
            choices.push((if choices.is_empty() { 0 } else { bytes }, chosen));
        }
    }
    choices
}

/// All algorithms with conditions and costs, and what is chosen for `size` members: on one host, which they share a board
/// with cells of `board` bytes, and by sockets.
pub fn listing(size: u32, board: u64) -> String {
    let mut out = String::new();
    let mut line = |text: std::fmt::Arguments<'_>| {
        // Writing to a string can't fail.
        let _ = writeln!(out, "{text}");
    };
    line(format_args!(
        "n ranks, m bytes (of the vector or of one rank's block), d neighbours, s segments or pieces, m' bytes that fit no \
         slot;\nL latency, o work per message, β per byte, γ per byte combined, c per cell of a board;\n\
         on h hosts with up to g ranks L' and β' are within a host; b ranks on the larger of two sides"
    ));
    line(format_args!("`archi run --set all-reduce=ring` takes one wherever it fits."));
    for collective in Collective::ALL {
        line(format_args!("\n{}", collective.name()));
        let width = |of: fn(&Algorithm) -> &str| {
            table::of(collective).map(|algorithm| of(algorithm).chars().count()).max().unwrap_or(0)
        };
        let (names, formulas) = (width(|algorithm| algorithm.name), width(|algorithm| algorithm.formula));
        for algorithm in table::of(collective) {
            let needs: Vec<&str> = algorithm.needs.iter().map(|need| need.words()).collect();
            let needs = if needs.is_empty() { String::new() } else { format!("  ({})", needs.join("; ")) };
            line(format_args!(
                "  {:names$}  {:formulas$}  {}{needs}",
                algorithm.name, algorithm.formula, algorithm.reason
            ));
        }
        // Neighbours as of a grid of two dimensions.
        let degree = if collective.has_neighbours() { 4 } else { 0 };
        let case = Case { degree, ..Case::new(collective, size, 0, 1) };
        let two = Hosts::new((0..size).map(|rank| 2 * rank / size)).filter(|_| size > 2);
        let places = [
            ("one host", Some(Case { board: Some(board), ..case }), Price::SHARED_MEMORY),
            ("sockets", Some(case), Price::SOCKET),
            ("two hosts", two.map(|two| Case { spread: Some(two.spread()), ..case }), Price::SOCKET),
        ];
        for (place, case, price) in places {
            let Some(case) = case else { continue };
            let chosen = choices(&case, &price);
            let from = |(bytes, algorithm): &(u64, &'static Algorithm)| match bytes {
                0 => algorithm.name.to_string(),
                bytes => format!("{} from {}", algorithm.name, length(*bytes)),
            };
            let chosen: Vec<String> = chosen.iter().map(from).collect();
            line(format_args!("    {size} ranks, {place}: {}", chosen.join(", ")));
        }
    }
    out
}

/// A length in words.
fn length(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_listing_names_every_algorithm_and_its_choices() {
        let text = listing(8, 16368);
        for algorithm in table::TABLE {
            assert!(text.contains(&format!("  {} ", algorithm.name)), "{text}");
            assert!(text.contains(&format!("  {} ", algorithm.formula)), "{text}");
            assert!(text.contains(algorithm.reason), "{text}");
        }
        assert!(
            text.contains("\nbarrier\n")
                && text.contains("8 ranks, one host: board")
                && text.contains("8 ranks, two hosts: two-level"),
            "{text}"
        );
        assert!(text.contains("ring") && text.contains("(commutative)"), "{text}");
    }

    #[test]
    fn choices_start_at_nothing_and_change() {
        let case = Case::new(Collective::AllReduce, 16, 0, 1);
        let choices = choices(&case, &Price::SOCKET);
        assert_eq!((choices[0].0, choices[0].1.name), (0, "multiplying"));
        assert!(choices.len() > 1 && choices.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
