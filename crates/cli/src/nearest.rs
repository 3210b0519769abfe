//! What a mistyped word may have meant.

/// The known word nearest to `typed`, and whether it is near enough to have been meant.
///
/// Known words are in lower case. A beginning of a word is nearer to it than anything mistyped; then edits count: a letter more, a letter
/// less, another letter, two letters in the wrong order. Of equals the one of the most similar length wins.
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<(&'a str, bool)> {
    let typed = typed.to_lowercase();
    let price = |word: &str| {
        let begins = typed.len() > 1 && word.starts_with(&typed);
        (if begins { 1 } else { 1 + edits(&typed, word) }, word.len().abs_diff(typed.len()))
    };
    let best = known.into_iter().min_by_key(|word| price(word))?;
    let bearable = 1 + typed.chars().count().div_ceil(3);
    Some((best, price(best).0 <= bearable))
}

/// Edits that make one word of the other, letters in the wrong order being one (Damerau 1964, with each letter edited
/// once).
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = changed.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: [&str; 9] =
        ["np", "n", "bind-to", "map-by", "timeout", "timestamp", "output-file", "stats", "label"];

    #[track_caller]
    fn check(typed: &str, expected: &str) {
        assert_eq!(nearest(typed, OPTIONS), Some((expected, true)), "{typed}");
    }

    #[test]
    fn the_nearest_word_wins() {
        check("nmup", "np");
        check("pn", "np");
        check("tiemout", "timeout");
        check("time", "timeout");
        check("bind", "bind-to");
        check("bindto", "bind-to");
        check("output", "output-file");
        check("stat", "stats");
        check("labels", "label");
        check("NP", "np");
        assert_eq!(nearest("rnu", ["run", "info", "doctor", "help"]), Some(("run", true)));
        assert!(!nearest("zzzzzz", OPTIONS).unwrap().1);
        assert_eq!(nearest("x", []), None);
    }

    #[test]
    fn edits_are_counted() {
        for (a, b, expected) in
            [("", "", 0), ("a", "", 1), ("ab", "ba", 1), ("abc", "xbc", 1), ("ab", "cd", 2)]
        {
            assert_eq!((edits(a, b), edits(b, a)), (expected, expected), "{a} {b}");
        }
    }
}
