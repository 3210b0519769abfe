//! A process that has used up its descriptors: connections wait, and come about when some are free again; or it is said
//! what is wrong. Alone in its program, since it changes the limit of the whole process.

use archipelago_fabric as fabric;
use control::Secret;
use fabric::tcp::{Port, Settings};
use fabric::{Cause, Class, Event, Frame};
use os::Time;
use os::limits::Descriptors;
use wire::{JobId, ProcessId};

const FRAME: Frame = Frame { kind: 1, header: [1, 2, 3] };

fn process(number: u32) -> ProcessId {
    ProcessId { job: JobId(5), number, incarnation: 0 }
}

fn port(number: u32) -> Port {
    let settings = Settings::new(process(number), Secret([4; 32]));
    Port::new(Settings { link_timeout_ns: 1_000_000_000, ..settings }).unwrap()
}

/// Looks at both until one has something.
fn look(ports: &mut [Port]) -> (usize, Event) {
    let begin = Time::now();
    loop {
        for (index, port) in ports.iter_mut().enumerate() {
            if let Some(event) = port.next(Time::now()) {
                return (index, event);
            }
        }
        assert!(Time::now().since(begin) < 30_000_000_000, "a guard against hanging");
    }
}

/// Makes `spare` the number of descriptors that can still be opened.
fn leave(limit: Descriptors, spare: u64) {
    let next_free =
        std::fs::File::open("/dev/null").map(|file| std::os::fd::AsRawFd::as_raw_fd(&file)).unwrap();
    Descriptors { soft: Some(next_free as u64 + spare), ..limit }.apply().unwrap();
}

#[test]
fn connections_wait_for_descriptors_or_say_that_there_are_none() {
    let limit = Descriptors::of_this_process();
    let mut ports = [port(0), port(1)];
    let card = ports[1].card();

    // None to dial with, and the shortage lasts.
    leave(limit, 0);
    let link = ports[0].connect(process(1));
    ports[0].resolve(&card);
    ports[0].send(link, Class::Data, FRAME, b"stuck").unwrap();
    let (at, event) = look(&mut ports);
    let Event::Failed(_, Cause::Unreachable(why)) = event else { panic!("{event:?}") };
    assert!(at == 0 && why.contains("ulimit -n"), "{why}");

    // None for another lane: it is there, and everybody is out of its reach.
    let mut lane = {
        let first = archipelago_fabric::Port::on_tcp(port_with(limit, 40)).with_lanes(2);
        leave(limit, 1);
        first.beside(1).unwrap()
    };
    let peer = lane.connect(process(1));
    assert!(lane.send(peer, Class::Data, FRAME, b"lost").is_err() && lane.arm().is_none());
    let Some(Event::Failed(failed, Cause::Unreachable(why))) = lane.next(Time::now()) else { panic!() };
    assert!(failed == peer && why.contains("no sockets for lane 1"), "{why}");

    // One to dial with, none to accept with; then there are.
    let mut ports = [port_with(limit, 2), port_with(limit, 1)];
    let card = ports[1].card();
    let link = ports[0].connect(process(1));
    ports[0].resolve(&card);
    leave(limit, 1);
    ports[0].send(link, Class::Data, FRAME, b"at last").unwrap();
    let begin = Time::now();
    while ports[1].turned().shortage == 0 {
        assert!(ports.iter_mut().all(|port| port.next(Time::now()).is_none()));
        assert!(Time::now().since(begin) < 30_000_000_000, "a guard against hanging");
    }
    limit.apply().unwrap();
    let (at, event) = look(&mut ports);
    let Event::Arrival(arrival) = event else { panic!("{event:?}") };
    assert!(at == 1 && arrival.frame == FRAME && arrival.payload.len() == 7);
}

/// A port, made while descriptors are to be had.
fn port_with(limit: Descriptors, number: u32) -> Port {
    limit.apply().unwrap();
    port(number)
}
