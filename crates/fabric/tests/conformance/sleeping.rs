//! No wake-up is lost: two ports play ping-pong and sleep whenever nothing is there.

use crate::fabric::sim::{Outcome, Settings, World};
use crate::fabric::{Card, Class, Event, Frame, Port, Refused, SLEEP_NS_MAX, Sleeper};
use crate::stage::{self, Stage, process};
use os::Time;
use std::collections::HashMap;
use wire::ProcessId;

const ROUNDS: u64 = 3_000;

/// What a player needs beside its port: time, and everybody's cards.
struct Table<'a> {
    cards: &'a HashMap<ProcessId, Card>,
    now: &'a dyn Fn() -> Time,
}

/// Receives the next word, asleep in between. Counts sleeps that lasted to their end although something was there.
fn receive(port: &mut Port, sleeper: &Sleeper, table: &Table, overslept: &mut u64) -> u64 {
    let mut slept = false;
    loop {
        while let Some(wanted) = port.take_unresolved() {
            port.resolve(&table.cards[&wanted]);
        }
        match port.next((table.now)()) {
            Some(Event::Arrival(arrival)) => {
                *overslept += slept as u64;
                port.release(arrival.peer, arrival.payload);
                return arrival.frame.header[0];
            }
            Some(Event::Failed(_, cause)) => panic!("{cause}"),
            Some(Event::Room(_)) => {}
            None => {
                let Some(armed) = port.arm() else { continue };
                let before = (table.now)();
                sleeper.sleep(armed, SLEEP_NS_MAX);
                port.disarm();
                slept = (table.now)().since(before) >= SLEEP_NS_MAX;
            }
        }
    }
}

/// Returns how many sleeps went on although something was there.
fn play(mut port: Port, table: &Table) -> u64 {
    let other = process(1 - port.me().number);
    let sleeper = port.sleeper();
    let peer = port.connect(other);
    let mut overslept = 0;
    for round in 0..ROUNDS {
        let mine = round % 2 == port.me().number as u64;
        if mine {
            let frame = Frame { kind: 1, header: [round; 3] };
            // Small, middle, and reserved ones.
            let length = [0, 20, 100][round as usize % 3];
            if round % 4 == 0 {
                let room = port.reserve(peer, Class::Data, frame, length).expect("one frame at a time");
                // SAFETY: the room is as long as it says.
                unsafe { room.room().0.write_bytes(7, room.room().1) };
                room.publish();
            } else {
                assert_ne!(port.send(peer, Class::Data, frame, &vec![7; length]), Err(Refused::Failed));
            }
        } else {
            assert_eq!(receive(&mut port, &sleeper, table, &mut overslept), round);
        }
    }
    // The last frame has to leave the house.
    port.leave();
    while !port.has_left() {
        port.next((table.now)());
    }
    overslept
}

fn ping_pong(stage: Stage) {
    let name = stage.name;
    let (mut windows, cards) = stage.into_ports();
    let mut take = || {
        let window = windows.remove(0);
        window.into_port()
    };
    let (a, b) = (take(), take());
    let (cards, now) = (&cards, &Time::now as &(dyn Fn() -> Time + Sync));
    let overslept = std::thread::scope(|scope| {
        let players = [a, b].map(|port| scope.spawn(move || play(port, &Table { cards, now })));
        players.map(|player| player.join().expect("the player ends")).iter().sum::<u64>()
    });
    // One may happen by chance, when a frame comes as a sleep ends; a mechanism that loses wake-ups does it all the time.
    assert!(
        overslept <= ROUNDS / 100,
        "{name}: {overslept} sleeps of {ROUNDS} went on although something was there"
    );
}

#[test]
fn no_wake_up_is_lost_on_shared_memory() {
    ping_pong(stage::shm(2));
}

#[test]
fn no_wake_up_is_lost_over_tcp() {
    ping_pong(stage::tcp(2));
}

#[test]
fn no_wake_up_is_lost_in_the_simulated_world() {
    let world = World::new(Settings::shaken(1));
    let outcomes = world.run(&[process(0), process(1)], |port| {
        let inner = port.sleeper();
        let now = || inner.now();
        play(Port::in_world(port), &Table { cards: &HashMap::new(), now: &now })
    });
    assert_eq!(outcomes.unwrap(), [Outcome::Returned(0), Outcome::Returned(0)]);
}

#[test]
fn a_call_ends_a_sleep() {
    for stage in [stage::shm(1), stage::tcp(1)] {
        let (mut windows, _) = stage.into_ports();
        let mut port = windows.remove(0).into_port();
        let sleeper = port.sleeper();
        // Called while armed, before it sleeps: the sleep ends at once; nothing else could end so many in time.
        let begin = Time::now();
        for _ in 0..400 {
            while port.next(Time::now()).is_some() {}
            let Some(armed) = port.arm() else { continue };
            sleeper.wake();
            sleeper.sleep(armed, SLEEP_NS_MAX);
            port.disarm();
        }
        assert!(Time::now().since(begin) < 200 * SLEEP_NS_MAX);
    }
}
