//! How figures are told: the shape of every format, on made-up figures.

use archipelago_measure::{Results, Row, csv, json, plot, table};

fn row(benchmark: &str, bytes: u64, figures: &[f64]) -> Row {
    Row {
        benchmark: benchmark.into(),
        form: None,
        algorithm: None,
        forced: false,
        threads: None,
        communicators: None,
        bytes,
        unit: "µs".into(),
        less_is_better: true,
        operations: 1000,
        figures: figures.to_vec(),
        microseconds: None,
    }
}

fn results() -> Results {
    let of_collective = Row {
        form: Some("persistent".into()),
        algorithm: Some("ring".into()),
        forced: true,
        ..row("all-reduce", 65536, &[120.0])
    };
    let of_threads = Row {
        threads: Some(2),
        communicators: Some("own".into()),
        unit: "M/s".into(),
        less_is_better: false,
        ..row("thread-rate", 8, &[3.0, 4.0])
    };
    let of_overlap = Row {
        form: Some("future".into()),
        unit: "%".into(),
        less_is_better: false,
        microseconds: Some([10.0, 9.5, 12.0]),
        ..row("overlap", 8, &[75.0])
    };
    Results {
        taken: "2026-11-22T00:00:00.000Z".into(),
        host: "here".into(),
        machine: "a machine".into(),
        load: "0.10".into(),
        archipelago: "0.1.0".into(),
        ranks: 2,
        transport: "auto".into(),
        bind_to: "none".into(),
        settings: vec!["eager_bytes=9".into()],
        rows: vec![
            row("latency", 8, &[0.25, 0.31, 0.27, 0.5]),
            row("latency", 1024, &[0.6, 1.2]),
            of_collective,
            of_threads,
            of_overlap,
        ],
    }
}

#[test]
fn the_table() {
    let expected = "\
2 ranks on here (a machine), load 0.10, transport auto, bound to none, eager_bytes=9, archipelago 0.1.0, 2026-11-22T00:00:00.000Z

latency: half a round trip between ranks 0 and 1
  bytes  median µs  25 % µs  75 % µs  least µs  repetitions
      8       0.29     0.27     0.36      0.25     4 × 1000
   1024       0.90     0.75     1.05      0.60     2 × 1000

all-reduce: a vector of f64 is added up
  bytes  form        algorithm  median µs  25 % µs  75 % µs  least µs  repetitions
  65536  persistent  =ring            120      120      120       120     1 × 1000

thread-rate: threads of rank 0 to threads of rank 1
  bytes  threads  communicators  median M/s  25 % M/s  75 % M/s  least M/s  repetitions
      8        2  own                  3.50      3.25      3.75       3.00     2 × 1000

overlap: an exchange of ranks 0 and 1: the part of its time that hides behind computation
  bytes  form    median %  25 % %  75 % %  least %  repetitions  alone µs  computing µs  together µs
      8  future      75.0    75.0    75.0     75.0     1 × 1000      10.0          9.50         12.0
";
    assert_eq!(table::write(&results()), expected);
}

#[test]
fn comma_separated_values() {
    let text = csv::write(&results());
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(
        lines[0],
        "benchmark,form,algorithm,forced,threads,communicators,ranks,transport,bytes,unit,median,quartile_1,quartile_3,least,\
         most,repetitions,operations,alone_us,computation_us,together_us"
    );
    assert_eq!(lines[1], "latency,,,false,,,2,auto,8,µs,0.29000000000000004,0.265,0.3575,0.25,0.5,4,1000,,,");
    assert_eq!(lines[3], "all-reduce,persistent,ring,true,,,2,auto,65536,µs,120,120,120,120,120,1,1000,,,");
    assert_eq!(lines[5], "overlap,future,,false,,,2,auto,8,%,75,75,75,75,75,1,1000,10,9.5,12");
    assert!(lines[1..6].iter().all(|line| line.matches(',').count() == lines[0].matches(',').count()));
}

#[test]
fn json_is_read_back_as_it_was_written() {
    let text = json::write(&results());
    assert_eq!(json::read(text.as_bytes()).unwrap(), results());
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((value["format"].as_str(), value["version"].as_u64()), (Some("archi bench"), Some(1)));
    let first = &value["rows"][0];
    assert_eq!(first["quartile_1"].as_f64(), Some(0.265));
    assert_eq!((first["repetitions"].as_u64(), first["less_is_better"].as_bool()), (Some(4), Some(true)));
}

#[test]
fn files_that_are_none_are_refused_with_the_reason() {
    let good = json::write(&results());
    #[track_caller]
    fn refused(text: &str, says: &str) {
        let error = json::read(text.as_bytes()).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
    refused("", "no JSON");
    refused("[1, 2", "no JSON");
    refused("{}", "not written by archi bench");
    refused("[]", "not written by archi bench");
    refused(&"[".repeat(100_000), "no JSON");
    refused(&good.replace("\"version\": 1", "\"version\": 2"), "version 2");
    refused(&good.replace("\"ranks\"", "\"rank\""), "missing field `ranks`");
    refused(&good.replace("\"ranks\": 2", "\"ranks\": -2"), "incomplete");
    refused(&good.replace("0.31", "\"fast\""), "incomplete");
    refused(&good.replace("0.31", "-0.31"), "row 1: -0.31 is no figure");
    refused(&good.replace("0.31", "1e999"), "no JSON");
    refused(&good.replace("\"here\"", "\"\\u001b[2J\""), "control character");
    refused(&good.replace("\"ring\"", "\"a\\nb\""), "row 3: a name has the control character");
    refused(&good.replace("\"ring\"", &format!("\"{}\"", "x".repeat(201))), "more than 200 characters");
    refused(&good.replace("1024", "8"), "two rows of latency, 8 bytes");
    let mut empty = results();
    empty.rows[2].figures.clear();
    refused(&json::write(&empty), "row 3: it has no figures");
    for end in (0..good.len()).step_by(37) {
        assert!(json::read(&good.as_bytes()[..end]).is_err());
    }
    assert!(json::read(b"\xff\xfe{}").is_err());
}

#[test]
fn the_picture() {
    let picture = plot::write(&[("", &results())]);
    assert!(
        picture.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 950 1080\""),
        "{picture}"
    );
    assert!(picture.contains("prefers-color-scheme: dark"));
    for text in
        [">latency<", ">all-reduce, persistent, ring<", ">bytes<", ">threads<", ">µs (", ">M/s (", ">32K<"]
    {
        assert!(picture.contains(text), "{text}: {picture}");
    }
    assert_well_formed(&picture);
    // Lines of two points, and a mark for each row.
    assert_eq!((picture.matches("<polyline").count(), picture.matches("<circle").count()), (1, 5 + 4));
    let both = plot::write(&[("A", &results()), ("B", &results())]);
    assert!(both.contains(">A: latency<") && both.contains(">B: latency<") && both.contains("line second"));
    assert_well_formed(&both);
}

#[test]
fn a_picture_of_anything_is_well_formed() {
    let mut odd = results();
    odd.rows[0].benchmark = "<script>&\"".into();
    odd.rows[0].figures = vec![0.0];
    odd.rows[1].figures = vec![f64::MIN_POSITIVE, f64::MAX];
    assert_well_formed(&plot::write(&[("<&>", &odd)]));
    odd.rows.clear();
    assert_well_formed(&plot::write(&[("", &odd)]));
}

/// Every element that begins ends, and no number of the picture is none.
fn assert_well_formed(picture: &str) {
    let mut open: Vec<&str> = Vec::new();
    for piece in picture.split('<').skip(1) {
        let (tag, _) = piece.split_once('>').unwrap();
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "{picture}"),
            None if tag.ends_with('/') => {}
            None => open.push(tag.split([' ', '\n']).next().unwrap()),
        }
    }
    assert!(open.is_empty(), "{open:?}");
    assert!(
        !picture.contains("NaN") && !picture.contains("inf\"") && !picture.contains("<script"),
        "{picture}"
    );
}
