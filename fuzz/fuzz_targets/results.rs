//! Whatever stands in a file of `archi bench --json`, it is refused with a reason, or can be told, drawn, and compared.
#![no_main]

use libfuzzer_sys::fuzz_target;
use measure::{compare, csv, json, plot, table};

fuzz_target!(|text: &[u8]| {
    match json::read(text) {
        Ok(results) => {
            assert!(json::write(&results).starts_with('{'));
            let comparison = compare::compare(&results, &results, compare::TOLERANCE);
            assert_eq!((comparison.worse(), comparison.alone), (0, (0, 0)));
            let told = [comparison.table(), table::write(&results), csv::write(&results)];
            assert!(told.iter().all(|text| !text.contains('\x1b')));
            assert!(!plot::write(&[("A", &results), ("B", &results)]).contains("NaN"));
        }
        Err(why) => assert!(!why.is_empty()),
    }
});
