//! Every benchmark in every form, for a moment: the data are checked by the benchmarks themselves.

use archipelago_measure::plan::Algorithms;
use archipelago_measure::session::{self, Event};
use archipelago_measure::{Benchmark, Form, Plan};
use engine::collective::Collective;
use std::sync::Mutex;
use std::time::Duration;

const FORMS: [Form; 5] = [Form::Blocking, Form::Scope, Form::Owned, Form::Persistent, Form::Future];

/// The rows of a plan on so many ranks, and what was left out.
fn measure(ranks: usize, plan: &Plan) -> (Vec<archipelago_measure::Row>, Vec<String>) {
    let heard = Mutex::new((Vec::new(), Vec::new()));
    archipelago::testing::run(ranks, |world| {
        let mut skipped = Vec::new();
        let rows = session::run(&world, plan, &mut |event| {
            if let Event::Skipped { what, .. } = event {
                skipped.push(what);
            }
        })?;
        if world.rank() == 0 {
            *heard.lock().unwrap() = (rows, skipped);
        }
        Ok::<(), archipelago_measure::Error>(())
    });
    heard.into_inner().unwrap()
}

fn brief(benchmarks: Vec<Benchmark>) -> Plan {
    Plan {
        benchmarks,
        sizes: Some(vec![0, 1, 8, 5000]),
        forms: Some(FORMS.to_vec()),
        threads: Some(vec![1, 3]),
        time: Some(Duration::from_millis(1)),
        ..Plan::default()
    }
}

#[test]
fn every_benchmark_runs_in_every_form() {
    for ranks in 1..=4 {
        let (rows, skipped) = measure(ranks, &brief(Benchmark::all()));
        for benchmark in Benchmark::all() {
            let name = benchmark.name();
            let of_it: Vec<_> = rows.iter().filter(|row| row.benchmark == name).collect();
            assert_eq!(of_it.is_empty(), ranks < benchmark.ranks_min(), "{name} on {ranks} ranks");
            assert_eq!(of_it.is_empty(), skipped.contains(&name), "{name} on {ranks} ranks");
            for row in of_it {
                assert!(row.figures.len() >= 5, "{row:?}");
                assert!(row.figures.iter().all(|figure| *figure >= 0.0), "{row:?}");
                assert_eq!(row.unit, benchmark.unit());
            }
        }
    }
}

#[test]
fn no_operation_of_the_table_lacks_a_form() {
    let plan = brief(Benchmark::named("collectives").unwrap());
    let (rows, _) = measure(2, &plan);
    for collective in Collective::ALL {
        for form in Form::OF_COLLECTIVES {
            let is_it = |row: &&archipelago_measure::Row| {
                row.benchmark == collective.name() && row.form.as_deref() == Some(form.name())
            };
            assert!(rows.iter().any(|row| is_it(&row)), "{} {}", collective.name(), form.name());
        }
    }
}

#[test]
fn every_algorithm_is_measured_where_it_fits_and_left_out_where_not() {
    let mut plan = brief(Benchmark::named("collectives").unwrap());
    (plan.forms, plan.sizes) = (None, Some(vec![8]));
    plan.algorithms = Algorithms::All;
    let (rows, skipped) = measure(3, &plan);
    for algorithm in engine::collective::TABLE {
        let collective = algorithm.collective.name();
        let measured = rows.iter().any(|row| {
            row.benchmark == collective && row.forced && row.algorithm.as_deref() == Some(algorithm.name)
        });
        let left_out = skipped.iter().any(|what| {
            let mut words = what.split(' ');
            words.next() == Some(collective) && words.any(|word| word == algorithm.name)
        });
        assert!(measured != left_out, "{collective} {}: {measured} {left_out}", algorithm.name);
    }
    assert!(skipped.iter().any(|what| what.contains("doubling")), "{skipped:?}");
    assert!(rows.iter().filter(|row| !row.forced).count() == Collective::ALL.len());
}

#[test]
fn what_hides_nothing_and_what_disturbs_is_no_overlap() {
    let plan = brief(Benchmark::named("overlaps").unwrap());
    let (rows, _) = measure(2, &plan);
    for row in rows {
        assert!(row.figures.iter().all(|figure| (0.0..=100.0).contains(figure)), "{row:?}");
        let [alone, computation, together] = row.microseconds.unwrap();
        assert!(alone > 0.0 && computation >= 0.0 && together > 0.0, "{row:?}");
    }
}
