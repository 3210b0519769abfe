//! The nearest of several words to one that was mistyped.

/// The candidate with the fewest edits to `word`, if it is near enough to be what was meant: a third of its letters,
/// or a beginning of it.
pub fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|candidate| {
            let begins = word.len() >= 3 && candidate.starts_with(word);
            (if begins { 0 } else { edits(word, candidate) }, candidate)
        })
        .filter(|(edits, candidate)| *edits <= candidate.len().div_ceil(3).max(2))
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance with transpositions of neighbours counted as one edit (optimal string alignment).
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            table[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let substitution = table[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let mut best = substitution.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    best = best.min(table[i - 2][j - 2] + 1);
                }
                best
            };
        }
    }
    table[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        for (a, b, expected) in
            [("", "abc", 3), ("test", "test", 0), ("tset", "test", 1), ("soak", "soap", 1), ("ab", "ba", 1)]
        {
            assert_eq!(edits(a, b), expected, "{a} {b}");
        }
    }
}
