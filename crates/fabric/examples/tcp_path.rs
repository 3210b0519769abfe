//! The way of a frame over TCP, from one port to another and back, on one thread: for counting instructions, and for
//! comparing times of two versions.
//!
//! `cargo run --release -p archipelago-fabric --example tcp_path [small|large] ROUNDS`: a round is a frame of 8 bytes each way, or 16
//! reserved ones of the largest size one way. Prints the nanoseconds of a round.

use archipelago_fabric as fabric;
use control::Secret;
use fabric::tcp::{FRAME_BYTES_MAX, Port, Settings};
use fabric::{Class, Event, Frame};
use os::Time;
use wire::{JobId, ProcessId};

const FRAME: Frame = Frame { kind: 3, header: [1, 2, 3] };

fn take(port: &mut Port) -> bool {
    let Some(Event::Arrival(arrival)) = port.next(Time::now()) else { return false };
    port.release(arrival.peer.0, arrival.payload);
    true
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_large = arguments.first().is_some_and(|how| how == "large");
    let rounds: u64 = arguments.get(1).and_then(|count| count.parse().ok()).unwrap_or(100_000);
    let process = |number| ProcessId { job: JobId(5), number, incarnation: 0 };
    let port = |number| Port::new(Settings::new(process(number), Secret([4; 32]))).expect("a port");
    let (mut a, mut b) = (port(0), port(1));
    let (to_b, to_a) = (a.connect(process(1)), b.connect(process(0)));
    a.resolve(&b.card());
    b.resolve(&a.card());
    a.send(to_b, Class::Data, FRAME, &[7; 8]).expect("the first one is always taken");
    while !take(&mut b) {
        let _ = a.next(Time::now());
    }
    let begin = Time::now();
    for _ in 0..rounds {
        if is_large {
            let (mut sent, mut received) = (0, 0);
            while received < 16 {
                if sent < 16
                    && let Ok(reserved) = a.reserve(to_b, Class::Data, FRAME, FRAME_BYTES_MAX)
                {
                    reserved.publish();
                    sent += 1;
                }
                let _ = a.next(Time::now());
                received += u32::from(take(&mut b));
            }
        } else {
            a.send(to_b, Class::Data, FRAME, &[7; 8]).expect("there is room");
            while !take(&mut b) {}
            b.send(to_a, Class::Data, FRAME, &[7; 8]).expect("there is room");
            while !take(&mut a) {}
        }
    }
    println!("{:.1}", Time::now().since(begin) as f64 / rounds as f64);
}
