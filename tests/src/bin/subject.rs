//! The program that the system tests run. Its first argument says what it does.

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

use archipelago::ReproducibleSum;
use archipelago::prelude::*;

fn main() -> archipelago::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("exchange") => exchange(),
        Some("end") => end(arguments.get(1).map_or("", String::as_str)),
        Some("hang") => hang(arguments.get(1).map_or("", String::as_str)),
        Some("huge") => huge(),
        Some("spin") => spin(),
        Some("under") => under(&arguments[1..]),
        other => panic!("subject: no such part as {other:?}"),
    }
}

/// Waits for ever, or for long.
fn hang(how: &str) -> archipelago::Result<()> {
    let world = archipelago::init()?;
    let (me, n) = (world.rank(), world.size());
    match how {
        "receives" => world.from((me + 1) % n).tag(7).receive::<f64>().map(drop),
        "collective" if me == 0 => world.from(1).receive::<u8>().map(drop),
        "collective" => world.barrier(),
        "computes" if me == 1 => {
            std::thread::sleep(Duration::from_secs(600));
            world.to(0).send(&1u8)
        }
        "computes" => world.from(1).receive::<u8>().map(drop),
        // Tasks of an executor that sleeps.
        "futures" => {
            let mut incoming = std::pin::pin!(world.from((me + 1) % n).tag(7).receive_owned(vec![0f64; 2]));
            struct Sleeper(std::thread::Thread);
            impl std::task::Wake for Sleeper {
                fn wake(self: std::sync::Arc<Self>) {
                    self.0.unpark();
                }
            }
            let waker = std::sync::Arc::new(Sleeper(std::thread::current())).into();
            let mut context = std::task::Context::from_waker(&waker);
            loop {
                match incoming.as_mut().poll(&mut context) {
                    std::task::Poll::Ready(outcome) => {
                        break outcome.map(drop).map_err(|failed| failed.error);
                    }
                    std::task::Poll::Pending => std::thread::park(),
                }
            }
        }
        "threads" => std::thread::scope(|scope| {
            // It could send what the other waits for.
            let sleeper = scope.spawn(|| std::thread::sleep(Duration::from_secs(600)));
            let asked = scope.spawn(|| world.from(1 - me).tag(7).receive::<f64>().map(drop));
            let _ = sleeper.join();
            world.to(1 - me).tag(7).send(&1.5)?;
            asked.join().unwrap_or(Ok(()))
        }),
        other => panic!("subject: no such hang as {other:?}"),
    }
}

/// A bit of everything; each rank prints one line when all was right.
fn exchange() -> archipelago::Result<()> {
    let world = archipelago::init()?;
    let (me, n) = (world.rank(), world.size());
    let (right, left) = ((me + 1) % n, (me + n - 1) % n);
    for bytes in [0, 1, 32, 33, 5_000, 70_000, 3_000_001] {
        let mine: Vec<u8> = (0..bytes).map(|i| (i * 7 + me * 13) as u8).collect();
        let sent = world.to(right).tag(3).send_owned(mine);
        let got: Vec<u8> = world.from(left).tag(3).receive()?;
        assert!(
            got.iter().enumerate().all(|(i, &byte)| byte == (i * 7 + left * 13) as u8) && got.len() == bytes
        );
        sent.wait()?;
    }
    faces(&world)?;
    for round in 0..50u64 {
        let sum = world.all_reduce(round + me as u64, Sum)?;
        assert_eq!(sum, round * n as u64 + (n * (n - 1) / 2) as u64);
    }
    let mut word = if me == n - 1 { [7.5f64; 300] } else { [0.0; 300] };
    world.root(n - 1).broadcast(&mut word)?;
    assert_eq!(word, [7.5; 300]);
    let all = world.all_gather(&[me as u32; 3])?;
    assert!(all.iter().enumerate().all(|(i, &rank)| rank as usize == i / 3));
    world.barrier()?;
    println!("rank {me} of {n} is right");
    world.finalize()
}

/// What layouts select, small and large, into other layouts; and sums of which no bit may differ.
fn faces(world: &Comm) -> archipelago::Result<()> {
    let (me, n) = (world.rank(), world.size());
    let (right, left) = ((me + 1) % n, (me + n - 1) % n);
    for edge in [2, 20, 400] {
        let rows = Layout::vector(edge, edge, 2 * edge as i64, &Layout::of::<f64>())?;
        let single = Layout::vector(edge * edge, 1, 3, &Layout::of::<f64>())?;
        let mine: Vec<f64> = (0..2 * edge * edge).map(|i| (i * 8) as f64 + me as f64).collect();
        let mut theirs = vec![-1.0; 3 * (edge * edge) as usize];
        let sent = world.to(right).tag(4).send_owned(rows.own(mine.clone())?);
        world.from(left).tag(4).receive_into(&mut single.over_mut(&mut theirs)?)?;
        sent.wait()?;
        for (i, &value) in theirs.iter().enumerate() {
            let (number, edge) = (i as u64 / 3, edge);
            let place = number / edge * 2 * edge + number % edge;
            assert_eq!(value, if i % 3 == 0 { (place * 8) as f64 + left as f64 } else { -1.0 });
        }
    }
    let mine = (1..=1000).skip(me).step_by(n).map(|i| 1.0 / i as f64);
    let sum = world.all_reduce(mine.collect::<ReproducibleSum>(), Sum)?;
    assert_eq!(sum.value().to_bits(), 7.485470860550345f64.to_bits());
    Ok(())
}

/// Rank 1 ends in some way while the others wait for it.
fn end(how: &str) -> archipelago::Result<()> {
    let world = archipelago::init()?;
    if world.rank() == 1 {
        std::thread::sleep(Duration::from_millis(50));
        match how {
            "error" => {
                world.to(99).send(&[1u8][..])?;
            }
            "panic" => panic!("out of luck"),
            "caught" => {
                let caught = std::panic::catch_unwind(|| panic!("caught"));
                assert!(caught.is_err());
                for rank in (0..world.size()).filter(|&rank| rank != 1) {
                    world.to(rank).send(&[5u8][..])?;
                }
                return Ok(());
            }
            "abort" => {
                let clone = (*world).clone();
                let _ = std::thread::spawn(move || clone.abort(42)).join();
            }
            "exit" => std::process::exit(0),
            "status" => std::process::exit(7),
            "kill" => drop(Command::new("kill").args(["-9", &std::process::id().to_string()]).status()),
            other => panic!("subject: no such end as {other:?}"),
        }
    }
    let mut word = [0u8; 1];
    match world.from(1).receive_into(&mut word[..]) {
        Ok(_) => {
            println!("rank {} got {}", world.rank(), word[0]);
            Ok(())
        }
        Err(error) => {
            eprintln!("rank {}: {error}", world.rank());
            // What the launcher does next is what is tested.
            std::thread::sleep(Duration::from_secs(60));
            Err(error)
        }
    }
}

/// Ranks that only ever ask, and never wait: 1 for a message, 0 whether it was taken; then 0 for one of a rank that dies.
fn spin() -> archipelago::Result<()> {
    let world = archipelago::init()?;
    if world.rank() == 0 {
        let mut sent = world.to(1).send_owned(vec![7u8; 300_000]);
        while !sent.test() {}
        sent.wait()?;
        let mut incoming = world.from(1).receive_owned([0u8; 1]);
        while !incoming.test() {}
        println!("{}", incoming.wait().map(|_| ()).unwrap_err());
        let found = loop {
            match world.from_any().try_probe() {
                Ok(None) => {}
                found => break found,
            }
        };
        println!("{}", found.map(|_| ()).unwrap_err());
        return Ok(());
    }
    while world.from(0).try_probe()?.is_none() {}
    assert!(world.from(0).receive::<Vec<u8>>()? == [7u8; 300_000]);
    std::process::exit(5)
}

/// One message of more than 4 GiB.
fn huge() -> archipelago::Result<()> {
    let world = archipelago::init()?;
    let bytes = (4usize << 30) + 4099;
    let pattern = |i: usize| (i ^ i >> 13 ^ i >> 29) as u8;
    if world.rank() == 0 {
        let data: Vec<u8> = (0..bytes).map(pattern).collect();
        world.to(1).send(&data)?;
    } else if world.rank() == 1 {
        let data: Vec<u8> = world.from(0).receive()?;
        assert!(data.len() == bytes && data.iter().enumerate().all(|(i, &byte)| byte == pattern(i)));
        println!("{bytes} bytes are right");
    }
    world.finalize()
}

/// `under deny=CALL,... fds=N -- COMMAND`: runs the command where the system denies things.
fn under(arguments: &[String]) -> archipelago::Result<()> {
    let split = arguments.iter().position(|a| a == "--").expect("a command follows --");
    for setting in &arguments[..split] {
        let (name, value) = setting.split_once('=').expect("NAME=VALUE");
        match name {
            "deny" => {
                let call = |name: &str| {
                    let known = os::seccomp::Call::ALL.iter().find(|(known, _)| *known == name);
                    known.unwrap_or_else(|| panic!("no such call as {name}")).1
                };
                let calls: Vec<_> = value.split(',').map(call).collect();
                os::seccomp::deny(&calls).expect("the kernel has seccomp filters");
            }
            "fds" => {
                let limit = value.parse().expect("a number of descriptors");
                os::limits::Descriptors { soft: Some(limit), hard: Some(limit) }
                    .apply()
                    .expect("a lower limit");
            }
            other => panic!("no such setting as {other}"),
        }
    }
    let error = Command::new(&arguments[split + 1]).args(&arguments[split + 2..]).exec();
    panic!("{}: {error}", arguments[split + 1]);
}
