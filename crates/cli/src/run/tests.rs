//! The command line of the launcher: what is read, and what is refused.

use super::*;
use control::agent::Bind;

fn words(text: &str) -> Vec<OsString> {
    text.split(' ').map(OsString::from).collect()
}

fn parsed(text: &str) -> Job {
    told(text).0
}

fn told(text: &str) -> (Job, Vec<String>) {
    job("archi", words(text)).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[track_caller]
fn refused(text: &str, expected: &str) {
    let error = job("archi", words(text)).expect_err(text).to_string();
    assert!(error.contains(expected), "{text}: {error}");
}

#[test]
fn definitions_are_sound() {
    RunArguments::command().debug_assert();
    LaterPart::command().debug_assert();
}

#[test]
fn counts() {
    for text in ["-n 4 app", "-np 4 app", "--np 4 app", "-c 4 app", "-n4 app", "-host localhost:4 app"] {
        assert_eq!(parsed(text).size(), 4, "{text}");
    }
    assert_eq!(parsed("app").size(), 1);
    assert_eq!(parsed("-host localhost,localhost -n 3 app").size(), 3);
    refused("-n 0 app", "at least 1");
    refused("-n -1 app", "at least 1");
    refused("-np -1 app", "at most 4096");
    refused("-n 99999999999999999999999 app", "at most 4096");
    refused("-n many app", "at least 1");
}

#[test]
fn several_programs() {
    let job = parsed("-n 2 -l a -n 1 : -n 3 -wdir / b x : c");
    assert_eq!(job.parts.iter().map(|part| part.processes).collect::<Vec<_>>(), [2, 3, 1]);
    assert_eq!(job.parts[0].app.command, [&b"a"[..], b"-n", b"1"]);
    assert_eq!(job.parts[1].app.directory.as_deref(), Some(&b"/"[..]));
    refused("a : -timeout 3 b", "--timeout is for the whole job");
    refused("a : -l b", "-l is for the whole job");
}

#[test]
fn processes_on_each_host() {
    assert_eq!(parsed("-ppn 4 app").size(), 4);
    for text in ["-ppn 4 -n 3 app", "-npernode 3 -n 3 app", "-N 3 -n 3 app", "-perhost 3 -n 2 a : -n 1 b"] {
        assert_eq!(parsed(text).size(), 3, "{text}");
    }
    refused("-ppn 2 -n 5 app", "over 3 hosts");
    refused("-ppn 0 app", "at least 1");
}

#[test]
fn the_help_speaks_of_the_name_that_was_typed() {
    for name in ["archi run", "mpiexec", "mpirun"] {
        let text = command(name).render_help().to_string();
        assert!(text.contains(&format!("Usage: {name} [OPTIONS] PROGRAM")), "{text}");
        assert!(text.contains(&format!("{name} -n 1 ./master : -n 7 ./worker")), "{text}");
        assert!(name == "archi run" || !text.contains("archi run -n"), "{text}");
        for spelling in ["-np N", "-genv NAME VALUE", "-hostfile FILE", "-ppn N"] {
            assert!(text.contains(spelling), "{spelling} is not in {text}");
        }
    }
}

#[test]
fn environments() {
    let job = parsed("-genv A 1 -genv B=2 -env A 3 -x C=4 -genvnone app : -envall -env B x=y app");
    let pair = |name: &str, value: &str| (name.as_bytes().to_vec(), value.as_bytes().to_vec());
    assert_eq!(
        job.parts[0].app.environment,
        [pair("A", "1"), pair("B", "2"), pair("A", "3"), pair("C", "4")]
    );
    assert!(!job.parts[0].app.inherit_environment);
    assert_eq!(job.parts[1].app.environment, [pair("A", "1"), pair("B", "2"), pair("B", "x=y")]);
    assert!(job.parts[1].app.inherit_environment);
    assert!(!parsed("-envlist PATH,HOME app").parts[0].app.inherit_environment);
    refused("-x =3 app", "name");
}

#[test]
fn wrong_options_name_the_right_one() {
    refused("-hots localhost app", "--host");
    refused("--tiemout 3 app", "--timeout");
    refused("-bind-to board app", "core");
    refused("-transport ib app", "shm");
    refused("-host elsewhere app", "another host");
    refused("-hostfile /no/such/file app", "/no/such/file");
    refused("-timeout soon app", "number of seconds");
    refused("-timeout -1 app", "not negative");
    refused("-timeout 0 app", "more than 0");
    refused("-grace -1s app", "not negative");
    refused("-stdin some app", "rank");
    refused("--set nonsense=1 app", "there are pool_bytes");
    refused("--set all-reduce=magic app", "no algorithm");
}

#[test]
fn options_of_others_are_taken() {
    assert!(parsed("-with-ft ulfm app").keep_going && !parsed("--with-ft none app").keep_going);
    assert!(parsed("-disable-auto-cleanup app").keep_going && parsed("--enable-recovery app").keep_going);
    let job = parsed("-oversubscribe --allow-run-as-root -mca btl self -map-by core -prepend-rank app");
    assert!(job.label);
    assert_eq!(job.parts[0].app.command, [b"app"]);
}

#[test]
fn what_is_not_done_is_said() {
    let check = |text: &str, expected: &str| {
        let remarks = told(text).1;
        assert!(remarks.len() == 1 && remarks[0].contains(expected), "{text}: {remarks:?}");
    };
    check("-mca btl tcp,self app", "--transport tcp");
    check("-mca coll tuned -mca pml ob1 app", "coll, pml");
    check("-map-by socket app", "--map-by socket");
    check("-map-by ppr:2:socket:PE=2 app", "ppr:2:socket");
    check("-rank-by numa app", "--rank-by numa");
    check("-x NO_SUCH_VARIABLE app", "NO_SUCH_VARIABLE is not set");
    for text in
        ["-map-by core app", "-map-by slot:PE=2 app", "-rank-by slot app", "-quiet -mca btl self app", "app"]
    {
        assert_eq!(told(text).1, [""; 0], "{text}");
    }
}

#[test]
fn bindings() {
    let check = |text: &str, expected: Bind| assert_eq!(parsed(text).bind, expected, "{text}");
    check("app", Bind::None);
    check("-bind-to none app", Bind::None);
    check("-bind-to core app", Bind::Cores(1));
    check("-cpus-per-rank 4 app", Bind::Cores(4));
    check("-map-by slot:PE=2 app", Bind::Cores(2));
    check("-map-by ppr:1:node:PE=2 -bind-to hwthread app", Bind::Threads(2));
    check("-bind-to socket app", Bind::Socket);
    check("-bind-to package app", Bind::Socket);
    check("-bind-to numa app", Bind::Node);
    check("-bind-to l3cache app", Bind::Cache);
    check("-bind-to core:overload-allowed app", Bind::Cores(1));
    check("-bind-to hwthread:if-supported app", Bind::Threads(1));
    refused("-bind-to socket -cpus-per-rank 2 app", "--bind-to core or hwthread");
    refused("-map-by slot:PE=none app", "PE=none");
    assert!(parsed("-report-bindings app").tells_bindings);
}

#[test]
fn host_lists_have_room() {
    refused("-host localhost:2 -n 3 app", "room for 2 processes");
    refused("-host localhost:2 -n 3 a : b", "room for 2 processes");
    assert_eq!(parsed("-host localhost:2 -n 3 -oversubscribe app").size(), 3);
    refused("-map-by ppr:2:node -n 3 app", "2 on each host (-ppn, -pernode)");
    refused("-pernode -n 2 app", "1 on each host");
}

#[test]
fn what_happens_anyway_may_be_asked_for() {
    parsed(
        "-novm -byslot -topolib hwloc -report-state-on-timeout -nooversubscribe -leave-session-attached app",
    );
    assert_eq!(parsed("-maxtime 3 app").timeout, Some(Duration::from_secs(3)));
    assert!(parsed("-print-all-exitcodes app").tells_endings);
}

#[test]
fn losses() {
    let job = parsed("-accept-losses app");
    assert!(job.keep_going && job.accept_losses && !parsed("-keep-going app").accept_losses);
}

#[test]
fn initial_handlers() {
    let of = |line: &str, part: usize| parsed(line).parts[part].app.environment.clone();
    let variable = |value: &str| vec![(b"ARCHIPELAGO_INITIAL_ERRHANDLER".to_vec(), value.into())];
    assert_eq!(of("-initial-errhandler MPI_ERRORS_RETURN a : b", 0), variable("mpi_errors_return"));
    assert_eq!(of("a : --initial-errhandler mpi_errors_abort b", 1), variable("mpi_errors_abort"));
    assert!(of("-initial-errhandler mpi_errors_return a : b", 1).is_empty());
    refused("-initial-errhandler mine app", "mpi_errors_return");
}

#[test]
fn times() {
    let check = |text: &str, ms: u64| assert_eq!(parse_time(text), Ok(Duration::from_millis(ms)));
    check("10", 10_000);
    check("0.5", 500);
    check("500ms", 500);
    check("2m", 120_000);
    for wrong in ["", "s", "-1", "1x", "nan", "1e300"] {
        assert!(parse_time(wrong).is_err(), "{wrong}");
    }
}
