//! Results as JSON, to be kept, and to be read by others.
//!
//! ```text
//! {"format": "archi bench", "version": 1, "ranks": 2, ..., "rows": [
//!   {"benchmark": "latency", "bytes": 8, "unit": "µs", "less_is_better": true,
//!    "figures": [0.31, 0.3, ...], "median": 0.31, "quartile_1": 0.3, "quartile_3": 0.32, ...}]}
//! ```
//! `figures` holds one for each repetition, and is what counts; what can be calculated from it stands there for the reader's
//! convenience, and is not read back.

use serde_json::{Value, json};

use crate::Results;

/// What the file says that it is.
pub const FORMAT: &str = "archi bench";

/// Rises when a file of the former version can't be read as one of the next.
pub const VERSION: u64 = 1;

/// No file is longer than this: a hundred times what all benchmarks in all sizes give.
pub const BYTES_MAX: u64 = 64 << 20;

/// The least, the largest, and the quartiles of a row.
const QUANTILES: [(&str, f64); 5] =
    [("least", 0.0), ("quartile_1", 0.25), ("median", 0.5), ("quartile_3", 0.75), ("most", 1.0)];

/// The text of a file.
pub fn write(results: &Results) -> String {
    let mut all = json!({ "format": FORMAT, "version": VERSION });
    // Plain data: nothing in it can't be JSON.
    let Ok(mut value) = serde_json::to_value(results) else { unreachable!("plain data") };
    for (row, object) in results.rows.iter().zip(value["rows"].as_array_mut().into_iter().flatten()) {
        for (name, part) in QUANTILES {
            object[name] = json!(row.sample().quantile(part));
        }
        object["repetitions"] = json!(row.figures.len());
    }
    if let (Value::Object(all), Value::Object(fields)) = (&mut all, value) {
        all.extend(fields);
    }
    format!("{all:#}\n")
}

/// Reads the text of a file that may hold anything.
///
/// # Errors
/// What is wrong with it, in words.
pub fn read(text: &[u8]) -> Result<Results, String> {
    let value: Value = serde_json::from_slice(text).map_err(|error| format!("it is no JSON: {error}"))?;
    if value["format"] != FORMAT {
        return Err("it was not written by archi bench --json".into());
    }
    if value["version"] != VERSION {
        return Err(format!(
            "it has version {} of the format, and this program reads {VERSION}",
            value["version"]
        ));
    }
    let results: Results = Results::deserialize_from(value)?;
    check(&results)?;
    Ok(results)
}

impl Results {
    fn deserialize_from(value: Value) -> Result<Results, String> {
        serde_json::from_value(value).map_err(|error| format!("it is incomplete: {error}"))
    }
}

/// Longer names are of no benchmark, and would tear the tables.
const NAME_CHARS_MAX: usize = 200;

/// Whether all of it makes sense, and can be printed on a terminal.
fn check(results: &Results) -> Result<(), String> {
    let Results { taken, host, machine, load, archipelago, transport, bind_to, settings, rows, .. } = results;
    let own = [taken, host, machine, load, archipelago, transport, bind_to];
    own.into_iter().chain(settings).try_for_each(|text| printable(text))?;
    for (number, row) in rows.iter().enumerate() {
        let at = |what: String| format!("row {}: {what}", number + 1);
        let named = [Some(&row.benchmark), Some(&row.unit)].into_iter().flatten();
        let optional = [&row.form, &row.algorithm, &row.communicators].into_iter().flatten();
        named.chain(optional).try_for_each(|text| printable(text)).map_err(at)?;
        if row.figures.is_empty() {
            return Err(at("it has no figures".into()));
        }
        // JSON has no infinities, but numbers that are read as such.
        let all = row.figures.iter().chain(row.microseconds.iter().flatten());
        if let Some(wrong) = all.copied().find(|figure| !(figure.is_finite() && *figure >= 0.0)) {
            return Err(at(format!("{wrong} is no figure")));
        }
    }
    let mut keys: Vec<_> = rows.iter().map(|row| (row.line(), row.threads, row.bytes)).collect();
    keys.sort();
    match keys.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("it has two rows of {}, {} bytes", pair[0].0, pair[0].2)),
        None => Ok(()),
    }
}

fn printable(text: &str) -> Result<(), String> {
    if text.chars().count() > NAME_CHARS_MAX {
        return Err(format!("a name has more than {NAME_CHARS_MAX} characters"));
    }
    match text.chars().find(|letter| letter.is_control()) {
        Some(letter) => Err(format!("a name has the control character {letter:?}")),
        None => Ok(()),
    }
}
