//! Two results beside one another, on made-up figures.

use archipelago_measure::compare::{TOLERANCE, Verdict, compare};
use archipelago_measure::{Results, Row};

fn results(rows: &[(&str, u64, bool, &[f64])]) -> Results {
    let mut results = Results::new(2);
    results.rows = rows
        .iter()
        .map(|&(benchmark, bytes, less_is_better, figures)| Row {
            benchmark: benchmark.into(),
            form: None,
            algorithm: None,
            forced: false,
            threads: None,
            communicators: None,
            bytes,
            unit: if less_is_better { "µs" } else { "MB/s" }.into(),
            less_is_better,
            operations: 1,
            figures: figures.to_vec(),
            microseconds: None,
        })
        .collect();
    results
}

#[test]
fn differences_beyond_the_noise_are_told_from_noise() {
    #[track_caller]
    fn check(before: &[f64], after: &[f64], less_is_better: bool, expected: Verdict) {
        let (before, after) =
            (results(&[("x", 8, less_is_better, before)]), results(&[("x", 8, less_is_better, after)]));
        assert_eq!(compare(&before, &after, TOLERANCE).pairs[0].verdict, expected);
    }
    let (steady, slower, noisy) = ([1.0, 1.01, 1.02], [1.5, 1.51, 1.52], [0.5, 1.5, 2.5]);
    check(&steady, &steady, true, Verdict::Same);
    check(&steady, &slower, true, Verdict::Worse);
    check(&slower, &steady, true, Verdict::Better);
    check(&steady, &slower, false, Verdict::Better);
    check(&slower, &steady, false, Verdict::Worse);
    check(&steady, &noisy, true, Verdict::Same);
    // Apart, but by less than the tolerance.
    check(&[1.0], &[1.04], true, Verdict::Same);
    check(&[1.0], &[1.06], true, Verdict::Worse);
    check(&[0.0], &[0.0], true, Verdict::Same);
    check(&[0.0], &[50.0], false, Verdict::Better);
}

#[test]
fn rows_find_their_partners() {
    let before = results(&[("x", 8, true, &[1.0]), ("x", 16, true, &[2.0]), ("gone", 8, true, &[1.0])]);
    let after = results(&[("x", 16, true, &[4.0]), ("new", 8, true, &[1.0]), ("x", 8, true, &[1.0])]);
    let comparison = compare(&before, &after, TOLERANCE);
    let ratios: Vec<_> = comparison.pairs.iter().map(|pair| (pair.before.bytes, pair.ratio)).collect();
    assert_eq!(ratios, [(8, Some(1.0)), (16, Some(2.0))]);
    assert_eq!((comparison.alone, comparison.worse()), ((1, 1), 1));
    let table = comparison.table();
    let expected = "
x
  bytes  A µs  25 to 75 %      B µs  25 to 75 %       B/A
      8  1.00  (1.00 to 1.00)  1.00  (1.00 to 1.00)  1.00
     16  2.00  (2.00 to 2.00)  4.00  (4.00 to 4.00)  2.00  WORSE

2 rows: 0 better, 1 worse, 1 the same within the noise; 1 only in A, 1 only in B
";
    assert!(table.ends_with(expected), "{table}");
}

#[test]
fn what_was_nothing_has_no_ratio() {
    let (before, after) = (results(&[("x", 8, false, &[0.0])]), results(&[("x", 8, false, &[3.0])]));
    assert_eq!(compare(&before, &after, TOLERANCE).pairs[0].ratio, None);
}
