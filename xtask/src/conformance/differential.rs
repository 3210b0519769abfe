//! The same C programs under our library and under another one of the same ABI: what they print must be the same, line by line.
//! Each is compiled once.

use super::ground::{Build, Ground, Under, cannot};
use crate::shell::{Failure, Outcome, announce, execute, only, option, root};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What the other library does otherwise, and why it may, or that it is wrong.
const KNOWN: &str = "known.tsv";

/// How many lines of a program that are unlike are printed.
const SHOWN_MAX: usize = 20;

/// Programs that run in the short form.
const SHORT: &[&str] = &["objects", "operators"];

/// A program, and the numbers of ranks that its first line names.
struct Program {
    name: String,
    source: PathBuf,
    ranks: Vec<usize>,
}

/// How a program's lines compared.
#[derive(Default, Debug, PartialEq)]
struct Compared {
    cases: usize,
    /// How many lines a line of the list explains, by its number.
    known: BTreeMap<usize, usize>,
    unlike: Vec<String>,
}

pub fn run(arguments: &[String]) -> Outcome {
    only(arguments, &["--only", "--short"])?;
    let short = arguments.iter().any(|argument| argument == "--short");
    let wanted = option(arguments, "--only")?;
    let ground = Ground::ready(Build::Release)?;
    fetch(&ground)?;
    compared(&ground, wanted, short)
}

/// What has to come over a network.
pub fn fetch(ground: &Ground) -> Outcome {
    ground.with_mpich()
}

/// Some programs on few ranks: seconds.
pub fn short(ground: &Ground) -> Outcome {
    compared(ground, None, true)
}

fn compared(ground: &Ground, wanted: Option<&str>, short: bool) -> Outcome {
    let folder = root().join("crates/mpi-abi/tests/c");
    let known = known(&folder.join("same").join(KNOWN))?;
    let mut programs = programs(&folder.join("same"))?;
    // These check by themselves, and print how many failures they found.
    programs.extend(self::programs(&folder)?);
    programs.retain(|program| wanted.is_none_or(|wanted| program.name.contains(wanted)));
    programs.retain(|program| !short || SHORT.contains(&program.name.as_str()));
    announce(&format!(
        "{} programs under {} and {}",
        programs.len(),
        ground.library(Under::Us)?,
        ground.library(Under::Mpich)?
    ));
    let (mut all, mut reasons, mut unlike) = (0, BTreeMap::new(), 0);
    let mut met = BTreeSet::new();
    println!("{:<16} {:>5} {:>7} {:>7} {:>7}", "program", "ranks", "cases", "known", "unlike");
    for program in &programs {
        let binary = compiled(ground, program)?;
        for &ranks in program.ranks.iter().take(if short { 1 } else { usize::MAX }) {
            let found = compare(ground, program, &binary, ranks, &known);
            let differ: usize = found.known.values().sum();
            let line = format!("{:>5} {:>7} {differ:>7} {:>7}", ranks, found.cases, found.unlike.len());
            println!("{:<16} {line}", program.name);
            found.unlike.iter().take(SHOWN_MAX).for_each(|line| println!("   {line}"));
            if found.unlike.len() > SHOWN_MAX {
                println!("   and {} more", found.unlike.len() - SHOWN_MAX);
            }
            all += found.cases;
            unlike += found.unlike.len();
            for (at, count) in found.known {
                *reasons.entry(&known[at].reason).or_insert(0) += count;
                met.insert(at);
            }
        }
    }
    println!("\nwhere MPICH does otherwise, as is known:");
    reasons.iter().for_each(|(reason, count)| println!("{count:>6}  {reason}"));
    // What was listed and is alike now would hide what becomes unlike.
    if wanted.is_none() && !short {
        for (_, known) in known.iter().enumerate().filter(|(at, _)| !met.contains(at)) {
            println!("   {KNOWN}: no case of {} begins with `{}` and differs", known.program, known.case);
            unlike += 1;
        }
    }
    println!("\n{all} cases, {} of them known to differ, {unlike} unlike", reasons.values().sum::<usize>());
    match (unlike, all) {
        (_, 0) => Err(Failure::new("there are no cases")),
        (0, _) => Ok(()),
        _ => Err(Failure::new(format!("{unlike} cases are unlike"))),
    }
}

/// The programs of a folder whose first line says on how many ranks they run.
fn programs(folder: &Path) -> Result<Vec<Program>, Failure> {
    let entries = fs::read_dir(folder).map_err(|error| cannot("read", folder, &error))?;
    let mut found = Vec::new();
    for source in entries.flatten().map(|entry| entry.path()) {
        let text = match source.extension().is_some_and(|extension| extension == "c") {
            true => fs::read_to_string(&source).map_err(|error| cannot("read", &source, &error))?,
            false => continue,
        };
        let Some(ranks) = text.lines().next().and_then(|line| line.strip_prefix("// ranks:")) else {
            continue;
        };
        let ranks = ranks.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let name = source.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        found.push(Program { name, source, ranks });
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

fn compiled(ground: &Ground, program: &Program) -> Result<PathBuf, Failure> {
    let binary = ground.folder("same")?.join(&program.name);
    // Weights are constants that gcc takes for arrays of no length.
    let quiet = ["-O1", "-Wno-stringop-overread", "-Wno-stringop-overflow"];
    execute(Command::new(ground.mpicc()).args(quiet).arg(&program.source).arg("-o").arg(&binary))?;
    Ok(binary)
}

/// What a program prints under a library; an error if it doesn't come to its end.
fn printed(ground: &Ground, under: Under, binary: &Path, ranks: usize) -> Result<Vec<String>, Failure> {
    let mut command = Command::new("timeout");
    command.args(["-k", "5", "120"]);
    let launch = ground.launch(under, ranks, binary);
    command.arg(launch.get_program()).args(launch.get_args());
    launch.get_envs().for_each(|(key, value)| {
        command.env(key, value.unwrap_or_default());
    });
    let output = command.stdin(Stdio::null()).output();
    let output =
        output.map_err(|error| Failure::new(format!("cannot start {}: {error}", binary.display())))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let last = text.lines().last().unwrap_or("nothing");
        let line = format!(
            "{} on {ranks} ranks under {under:?}: {}, after `{last}`",
            binary.display(),
            output.status
        );
        return Err(Failure::new(line));
    }
    Ok(text.lines().map(str::to_owned).collect())
}

fn compare(ground: &Ground, program: &Program, binary: &Path, ranks: usize, known: &[Known]) -> Compared {
    let both = printed(ground, Under::Us, binary, ranks)
        .and_then(|ours| Ok((ours, printed(ground, Under::Mpich, binary, ranks)?)));
    match both {
        Ok((ours, theirs)) => lines_alike(&program.name, &ours, &theirs, known),
        Err(failure) => Compared { cases: 1, unlike: vec![failure.to_string()], ..Compared::default() },
    }
}

/// A line of the list: program, how the case begins, why.
#[derive(Debug, PartialEq)]
struct Known {
    program: String,
    case: String,
    reason: String,
}

fn known(path: &Path) -> Result<Vec<Known>, Failure> {
    let text = fs::read_to_string(path).map_err(|error| cannot("read", path, &error))?;
    let line = |line: &str| match line.split('\t').collect::<Vec<_>>()[..] {
        [program, case, reason] => {
            Ok(Known { program: program.into(), case: case.into(), reason: reason.into() })
        }
        _ => Err(Failure::new(format!("{}: `{line}` has not three columns", path.display()))),
    };
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(line).collect()
}

/// Compares what both printed, line by line.
fn lines_alike(program: &str, ours: &[String], theirs: &[String], known: &[Known]) -> Compared {
    let mut compared = Compared { cases: ours.len(), ..Compared::default() };
    if ours.len() != theirs.len() {
        let at = ours.iter().zip(theirs).position(|(ours, theirs)| case(ours) != case(theirs));
        let at = at.unwrap_or(ours.len().min(theirs.len()));
        let line = |lines: &[String]| lines.get(at).cloned().unwrap_or_else(|| "nothing".to_owned());
        let text = format!(
            "{} lines here and {} there; apart from `{}`, `{}`",
            ours.len(),
            theirs.len(),
            line(ours),
            line(theirs)
        );
        compared.unlike.push(text);
        return compared;
    }
    for (ours, theirs) in ours.iter().zip(theirs).filter(|(ours, theirs)| ours != theirs) {
        // First the rank.
        let text = ours.split_once(' ').map_or("", |(_, text)| text);
        let expected =
            known.iter().position(|known| known.program == program && text.starts_with(&known.case));
        match expected {
            Some(at) => *compared.known.entry(at).or_default() += 1,
            None => compared.unlike.push(format!("here `{ours}`, there `{theirs}`")),
        }
    }
    compared
}

/// What a line is about, without what came of it.
fn case(line: &str) -> &str {
    line.rsplit_once(": ").map_or(line, |(case, _)| case)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn lines_are_alike_known_or_unlike() {
        let known = [Known { program: "p".into(), case: "two".into(), reason: "because".into() }];
        let ours = lines("0 one: 1\n0 two: 2\n1 three: 3");
        let found = lines_alike("p", &ours, &lines("0 one: 1\n0 two: 7\n1 three: 4"), &known);
        assert_eq!((found.cases, found.known[&0]), (3, 1));
        assert_eq!(found.unlike, ["here `1 three: 3`, there `1 three: 4`"]);
        assert_eq!(lines_alike("q", &ours, &lines("0 one: 1\n0 two: 7\n1 three: 3"), &known).unlike.len(), 1);
        let shorter = lines_alike("p", &ours, &lines("0 one: 1\n1 three: 3"), &known);
        assert_eq!(shorter.unlike, ["3 lines here and 2 there; apart from `0 two: 2`, `1 three: 3`"]);
    }
}
