//! What every transport promises of frames: order, sizes, room, places taken in advance.

use crate::endings;
use crate::fabric::sim::Chance;
use crate::fabric::{Class, Event, Frame, Payload, Peer, Refused, Reserved};
use crate::stage::{Seen, Stage, bytes_of, process};
use std::collections::VecDeque;

pub type Check = fn(&mut Stage) -> Result<(), String>;

/// Name, how many ports, what is done with them.
pub const CHECKS: &[(&str, u32, Check)] = &[
    ("every size arrives unchanged", 2, every_size),
    ("each pair is FIFO under load", 3, fifo_under_load),
    ("a full link refuses, then tells of room", 2, full_and_room),
    ("control frames use the reserve", 2, control_reserve),
    ("reserved frames keep their place", 2, reserved_places),
    ("payloads stay until released", 2, held_payloads),
    ("many peers at once", 12, many_peers),
    ("traffic both ways at once", 2, both_ways),
    ("a process can send to itself", 1, to_itself),
    ("counters are exact", 2, counters),
    ("a death is reported after what was sent", 3, endings::died_after_data),
    ("leaving is told from dying", 3, endings::left_or_died),
    ("what the runtime knows is reported once", 2, endings::failed_by_the_runtime),
    ("a dropped peer is silent", 2, endings::dropped),
    ("the ends of strangers are reported to who watches", 3, endings::strangers_are_watched),
];

/// A frame that tells its number and whose payload can be checked.
pub fn frame(number: u64) -> Frame {
    Frame { kind: (number % 200) as u8 + 1, header: [number, !number, number.rotate_left(17)] }
}

pub fn payload(number: u64, length: usize) -> Vec<u8> {
    let mut chance = Chance::new(number);
    let mut bytes = vec![0; length];
    for eight in bytes.chunks_mut(8) {
        eight.copy_from_slice(&chance.bits().to_le_bytes()[..eight.len()]);
    }
    bytes
}

/// Whether a frame is the one of this number, unchanged.
pub fn is_intact(number: u64, length: usize, frame_seen: Frame, bytes: &[u8]) -> Result<(), String> {
    if frame_seen != frame(number) {
        return Err(format!("expected frame {number}, got {frame_seen:?}"));
    }
    if bytes != payload(number, length) {
        return Err(format!("frame {number}: {} bytes that are not the {length} sent", bytes.len()));
    }
    Ok(())
}

fn every_size(stage: &mut Stage) -> Result<(), String> {
    let peer = stage.connect(0, 1);
    let most = stage.window(0).limits(peer).frame_bytes_max;
    let edges =
        [63, 64, 65, 127, 128, 255, 256, 1000, 4095, 4096, 4097, 8191, 8192, most / 2, most - 1, most];
    for (number, length) in (0..=40).chain(edges).enumerate() {
        for from in [0, 1] {
            let number = 2 * number as u64 + from as u64;
            stage.send(from, 1 - from, frame(number), &payload(number, length)).map_err(refused(from))?;
            let (sender, seen, bytes) = stage.await_frame(1 - from)?;
            if sender != from {
                return Err(format!("a frame of {from} came from {sender}"));
            }
            is_intact(number, length, seen, &bytes)?;
        }
    }
    Ok(())
}

fn refused(at: u32) -> impl Fn(Refused) -> String {
    move |why| format!("port {at} was refused ({why:?}) with nothing underway")
}

/// Everybody sends to everybody, by all ways, as fast as room allows.
fn fifo_under_load(stage: &mut Stage) -> Result<(), String> {
    exchange(stage, 150, 9_000, 7)
}

fn both_ways(stage: &mut Stage) -> Result<(), String> {
    exchange(stage, 3_000, 60, 8)
}

fn many_peers(stage: &mut Stage) -> Result<(), String> {
    exchange(stage, 30, 300, 9)
}

/// Every ordered pair exchanges `frames` frames of up to `bytes_max` bytes. Lengths are decided by the frame's number.
fn exchange(stage: &mut Stage, frames: u64, bytes_max: u64, seed: u64) -> Result<(), String> {
    let ports = stage.ports();
    let pairs: Vec<(u32, u32)> =
        (0..ports).flat_map(|a| (0..ports).map(move |b| (a, b))).filter(|(a, b)| a != b).collect();
    let mut chance = Chance::new(seed);
    let length = |a: u32, number: u64| Chance::new(number * 64 + a as u64).below(bytes_max) as usize;
    let mut sent = vec![0u64; pairs.len()];
    let mut received = vec![0u64; (ports * ports) as usize];
    let mut reserved: Vec<Reserved> = Vec::new();
    let mut left = pairs.len() as u64 * frames;
    while left > 0 {
        for (pair, (a, b)) in pairs.iter().enumerate() {
            for _ in 0..chance.below(4) {
                let number = sent[pair];
                if number == frames {
                    break;
                }
                let peer = stage.connect(*a, *b);
                let bytes = payload(number, length(*a, number));
                let taken = match chance.below(8) {
                    0 => match stage.window(*a).reserve(peer, Class::Data, frame(number), bytes.len()) {
                        Ok(room) => {
                            fill(&room, &bytes)?;
                            reserved.push(room);
                            Ok(())
                        }
                        Err(refused) => Err(refused),
                    },
                    1 => {
                        // Never published: the receiver must not see it.
                        let void = stage.window(*a).reserve(peer, Class::Data, frame(99), 50);
                        drop(void);
                        stage.window(*a).send(peer, Class::Data, frame(number), &bytes)
                    }
                    _ => stage.window(*a).send(peer, Class::Data, frame(number), &bytes),
                };
                match taken {
                    Ok(()) => sent[pair] += 1,
                    Err(Refused::Full) => break,
                    Err(Refused::Failed) => return Err(format!("{a} takes {b} for failed")),
                }
            }
        }
        // Published late and in any order.
        while reserved.len() > chance.below(6) as usize {
            reserved.swap_remove(chance.below(reserved.len() as u64) as usize).publish();
        }
        for b in 0..ports {
            for _ in 0..chance.below(16) {
                match stage.next(b) {
                    Some(Seen::Frame { from, frame, bytes }) => {
                        let number = &mut received[(from * ports + b) as usize];
                        let what = |error| format!("from {from} to {b}: {error}");
                        is_intact(*number, length(from, *number), frame, &bytes).map_err(what)?;
                        *number += 1;
                        left = left.checked_sub(1).ok_or("more frames came than were sent")?;
                    }
                    Some(Seen::Room(_)) => {}
                    Some(other) => return Err(format!("{other:?} at {b}")),
                    None => break,
                }
            }
        }
        stage.pass()?;
    }
    for b in 0..ports {
        if let Some(Seen::Frame { from, .. }) = stage.next(b) {
            return Err(format!("one frame more than was sent, from {from} to {b}"));
        }
    }
    Ok(())
}

fn fill(room: &Reserved, bytes: &[u8]) -> Result<(), String> {
    let (pointer, length) = room.room();
    if length != bytes.len() {
        return Err(format!("room for {length} bytes instead of {}", bytes.len()));
    }
    // SAFETY: the room is ours until it is published, and is as long as the bytes.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), pointer, length) };
    Ok(())
}

fn full_and_room(stage: &mut Stage) -> Result<(), String> {
    // Frames without payload, so that lines run out; with large ones, so that payload room does.
    for (round, length) in [0, 6_000, 33].into_iter().enumerate() {
        let first = round as u64 * 10_000_000;
        let mut sent = first;
        loop {
            match stage.send(0, 1, frame(sent), &payload(sent, length)) {
                Ok(()) => sent += 1,
                Err(Refused::Full) => break,
                Err(Refused::Failed) => return Err("the peer failed".into()),
            }
            if sent - first > 2_000_000 {
                return Err("the link is never full".into());
            }
        }
        let mut received = first;
        let mut room = false;
        while received < sent || !room {
            while let Some(seen) = stage.next(0) {
                match seen {
                    Seen::Room(1) => room = true,
                    other => return Err(format!("{other:?} at the sender")),
                }
            }
            match stage.next(1) {
                Some(Seen::Frame { frame, bytes, .. }) => {
                    is_intact(received, length, frame, &bytes)?;
                    received += 1;
                }
                Some(other) => return Err(format!("{other:?} at the receiver")),
                None => stage.pass()?,
            }
            if received > sent {
                return Err("a refused frame arrived".into());
            }
        }
        stage.send(0, 1, frame(sent), &[]).map_err(|why| format!("{why:?} after all was read"))?;
        let (_, seen, bytes) = stage.await_frame(1)?;
        is_intact(sent, 0, seen, &bytes)?;
    }
    Ok(())
}

fn control_reserve(stage: &mut Stage) -> Result<(), String> {
    const RESERVE: u64 = 4;
    let peer = stage.connect(0, 1);
    stage.send(0, 1, frame(0), &[]).map_err(refused(0))?;
    stage.await_frame(1)?;
    let mut sent = 1;
    while stage.send(0, 1, frame(sent), &payload(sent, 20)).is_ok() {
        sent += 1;
        if sent > 2_000_000 {
            return Err("the link is never full".into());
        }
    }
    for number in sent..sent + RESERVE {
        let taken = stage.window(0).send(peer, Class::Control, frame(number), &payload(number, 20));
        taken.map_err(|why| format!("control frame {} of {RESERVE}: {why:?}", number - sent + 1))?;
    }
    for number in 1..sent + RESERVE {
        let (_, seen, bytes) = loop {
            match stage.next(0) {
                None | Some(Seen::Room(_)) => {}
                Some(other) => return Err(format!("{other:?} at the sender")),
            }
            match stage.next(1) {
                Some(Seen::Frame { from, frame, bytes }) => break (from, frame, bytes),
                Some(other) => return Err(format!("{other:?} at the receiver")),
                None => stage.pass()?,
            }
        };
        is_intact(number, 20, seen, &bytes)?;
    }
    Ok(())
}

fn reserved_places(stage: &mut Stage) -> Result<(), String> {
    let peer = stage.connect(0, 1);
    let mut number = 0;
    for length in [0, 10, 32, 33, 500, 5000] {
        // Behind an unpublished frame nothing arrives; published, all do.
        let a = stage.window(0).reserve(peer, Class::Data, frame(number), length).map_err(refused(0))?;
        stage.send(0, 1, frame(number + 1), &payload(number + 1, length)).map_err(refused(0))?;
        let c = stage.window(0).reserve(peer, Class::Data, frame(number + 2), length).map_err(refused(0))?;
        fill(&a, &payload(number, length))?;
        fill(&c, &payload(number + 2, length))?;
        std::thread::scope(|scope| scope.spawn(|| c.publish()).join().expect("publishing never panics"));
        for _ in 0..100 {
            if let Some(seen) = stage.next(1).or(stage.next(0)) {
                return Err(format!("{seen:?} although the first frame is not published"));
            }
            let _ = stage.pass();
        }
        std::thread::scope(|scope| scope.spawn(|| a.publish()).join().expect("publishing never panics"));
        for number in number..number + 3 {
            let (_, seen, bytes) = loop {
                if let Some(Seen::Frame { from, frame, bytes }) = stage.next(1) {
                    break (from, frame, bytes);
                }
                stage.next(0);
                stage.pass()?;
            };
            is_intact(number, length, seen, &bytes)?;
        }
        // Dropped: as if it had never been.
        drop(stage.window(0).reserve(peer, Class::Data, frame(77), length).map_err(refused(0))?);
        number += 3;
    }
    stage.send(0, 1, frame(number), &[]).map_err(refused(0))?;
    stage.next(0);
    let (_, seen, bytes) = stage.await_frame(1)?;
    is_intact(number, 0, seen, &bytes)
}

fn held_payloads(stage: &mut Stage) -> Result<(), String> {
    const HELD: usize = 5;
    let mut held: VecDeque<(u64, Peer, Payload)> = VecDeque::new();
    let (mut sent, mut received) = (0, 0);
    let length = |number: u64| 33 + (number * 577 % 2500) as usize;
    while received < 300 {
        while sent < 300 && stage.send(0, 1, frame(sent), &payload(sent, length(sent))).is_ok() {
            sent += 1;
        }
        stage.next(0);
        match stage.raw_next(1) {
            Some(Event::Arrival(arrival)) => {
                if arrival.frame != frame(received) {
                    return Err(format!("expected frame {received}, got {:?}", arrival.frame));
                }
                held.push_back((received, arrival.peer, arrival.payload));
                received += 1;
            }
            Some(other) => return Err(format!("{other:?}")),
            None => stage.pass()?,
        }
        while held.len() > HELD || (received == 300 && !held.is_empty()) {
            let (number, peer, bytes) = held.pop_front().expect("not empty");
            is_intact(number, length(number), frame(number), &bytes_of(&bytes))?;
            stage.window(1).release(peer, bytes);
        }
    }
    Ok(())
}

fn to_itself(stage: &mut Stage) -> Result<(), String> {
    for number in 0..100 {
        stage.send(0, 0, frame(number), &payload(number, number as usize * 10)).map_err(refused(0))?;
        let (_, seen, bytes) = stage.await_frame(0)?;
        is_intact(number, number as usize * 10, seen, &bytes)?;
    }
    // Until it is full, and by reserved places.
    let peer = stage.connect(0, 0);
    let mut sent = 100;
    while let Ok(room) = stage.window(0).reserve(peer, Class::Data, frame(sent), 3_000) {
        fill(&room, &payload(sent, 3_000))?;
        room.publish();
        sent += 1;
        if sent > 10_000 {
            return Err("the link to itself is never full".into());
        }
    }
    for number in 100..sent {
        let (_, seen, bytes) = stage.await_frame(0)?;
        is_intact(number, 3_000, seen, &bytes)?;
    }
    Ok(())
}

fn counters(stage: &mut Stage) -> Result<(), String> {
    let mut bytes = 0;
    for number in 0..50 {
        stage.send(0, 1, frame(number), &payload(number, 3 * number as usize)).map_err(refused(0))?;
        bytes += 3 * number;
        stage.await_frame(1)?;
    }
    let (there, back) = (stage.connect(0, 1), stage.connect(1, 0));
    let sent = stage.window(0).port().counters(there);
    let received = stage.window(1).port().counters(back);
    if (sent.sent_frames, sent.sent_bytes) != (50, bytes) || sent.received_frames != 0 {
        return Err(format!("{sent:?} after 50 frames with {bytes} bytes sent to {:?}", process(1)));
    }
    if (received.received_frames, received.received_bytes) != (50, bytes) || received.sent_frames != 0 {
        return Err(format!("{received:?} after 50 frames with {bytes} bytes received"));
    }
    Ok(())
}
