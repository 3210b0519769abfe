//! Operations that share their buffers, or whose buffers are written meanwhile. Safe Rust can't express them: they are written
//! with the verbs on addresses that C's interface stands on.

use std::panic::Location;
use std::task::{Context, Poll, Waker};

use engine::collective::{Call, Case, Collective, Operands};
use engine::{Error, Mode, Pointer, RequestId, Source, TagPattern, TypeTag};
use runtime::{Comm, Started};

use crate::program::Expect::{Missed, Right, Wrong};
use crate::programs;

type Outcome = Result<(), Error>;

/// More than goes without its receiver.
const LARGE: usize = 1 << 20;

const SHARED: &str = "`buffer`: it shares bytes with the buffer of";

/// Notes where the program calls, as an interface on addresses does.
#[track_caller]
fn here(w: &Comm) {
    if w.process().is_checking() {
        runtime::place::note(runtime::place::Noted { at: Some(Location::caller()), is_blind: false });
    }
}

#[track_caller]
fn start_send(w: &Comm, tag: i32, from: &[u8]) -> Result<Started, Error> {
    here(w);
    // SAFETY: what these programs are about is that the promise is broken; each buffer lives until its program ends.
    unsafe { w.start_send(other(w), tag, TypeTag::BYTES, from.as_ptr(), from.len(), Mode::Standard) }
}

#[track_caller]
fn start_receive(w: &Comm, tag: i32, to: *mut u8, bytes: usize) -> Result<Started, Error> {
    here(w);
    // SAFETY: as above.
    unsafe { w.start_receive(Source::Rank(other(w)), TagPattern::Tag(tag), TypeTag::BYTES, to, bytes) }
}

#[track_caller]
fn start_sum(w: &Comm, input: *const u8, output: *mut u8, elements: u64) -> Result<RequestId, Error> {
    here(w);
    let case = Case { in_place: input.is_null(), ..w.case(Collective::AllReduce, elements, 8) };
    let operator = layout::Operator::predefined::<u64>(layout::Operation::Sum);
    let operands = Operands { input: Pointer::reading(input), output: Pointer::new(output), operator };
    // SAFETY: as above.
    unsafe { w.start_collective(&Call::new(case, w.rank() as u32, 0), None, &operands) }
}

/// The partner: the ranks are in pairs.
fn other(w: &Comm) -> usize {
    w.rank() ^ 1
}

fn wait(w: &Comm, started: Started) -> Outcome {
    match started {
        Started::Done(_) => Ok(()),
        Started::Pending(request) => w.wait(request).map(drop),
    }
}

fn wait_all(w: &Comm, all: impl IntoIterator<Item = Started>) -> Outcome {
    all.into_iter().try_for_each(|started| wait(w, started))
}

/// An exchange of the two parts of a buffer: this one is sent, and into that one is received.
fn exchange(
    w: &Comm,
    buffer: &mut [u8],
    sent: std::ops::Range<usize>,
    received: std::ops::Range<usize>,
) -> Outcome {
    let at = buffer.as_mut_ptr().wrapping_add(received.start);
    let incoming = start_receive(w, 0, at, received.len())?;
    let outgoing = start_send(w, 0, &buffer[sent])?;
    wait_all(w, [incoming, outgoing])
}

/// Two receives into parts of a buffer.
fn receive_both(w: &Comm, first: std::ops::Range<usize>, second: std::ops::Range<usize>) -> Outcome {
    let mut buffer = vec![0u8; first.end.max(second.end)];
    let part = |range: &std::ops::Range<usize>, at: *mut u8| (at.wrapping_add(range.start), range.len());
    let at = buffer.as_mut_ptr();
    let ((a, n), (b, m)) = (part(&first, at), part(&second, at));
    let one = start_receive(w, 1, a, n)?;
    let two = start_receive(w, 2, b, m)?;
    let values = vec![7u8; n.max(m)];
    let sends = [start_send(w, 1, &values[..n])?, start_send(w, 2, &values[..m])?];
    wait_all(w, [one, two].into_iter().chain(sends))
}

/// A large send whose buffer is written at one byte before the receiver takes it.
fn write_while_sent(w: &Comm, bytes: usize, at: usize) -> Outcome {
    let mut buffer = vec![1u8; bytes];
    let outgoing = start_send(w, 0, &buffer)?;
    buffer[at] = 2;
    let mut theirs = vec![0u8; bytes];
    let incoming = start_receive(w, 0, theirs.as_mut_ptr(), bytes)?;
    wait_all(w, [outgoing, incoming])
}

/// The same in a task, which is told by its poll.
fn write_while_awaited(w: &Comm) -> Outcome {
    let mut buffer = vec![1u8; LARGE];
    let outgoing = start_send(w, 0, &buffer)?;
    buffer[0] = 2;
    let mut theirs = vec![0u8; LARGE];
    let incoming = start_receive(w, 0, theirs.as_mut_ptr(), LARGE)?;
    wait(w, incoming)?;
    let Started::Pending(outgoing) = outgoing else { return Ok(()) };
    let mut task = Context::from_waker(Waker::noop());
    loop {
        match w.poll(outgoing, &mut task) {
            Poll::Ready(outcome) => return outcome.map(drop),
            Poll::Pending => std::thread::yield_now(),
        }
    }
}

const WRITTEN: &str = "check: the buffer of a send (at tests/src/bin/scored/buffers.rs:";

programs! { Buffer Raw:
    2 shm "a send out of what is received into" Wrong(&[SHARED, "a receive", "buffers.rs:"]) => |w| exchange(w, &mut [1; 100], 0..100, 0..100);
    2 tcp "a send out of a part of it" Wrong(&[SHARED, "a receive"]) => |w| exchange(w, &mut [1; 100], 40..60, 0..100);
    2 shm "halves with a byte in common" Wrong(&[SHARED]) => |w| exchange(w, &mut [1; 101], 0..51, 50..101);
    2 shm "large halves with a byte in common" Wrong(&[SHARED]) => |w| exchange(w, &mut vec![1; LARGE], 0..LARGE / 2 + 1, LARGE / 2..LARGE);
    4 tcp "pairs, each with one buffer" Wrong(&[SHARED]) => |w| exchange(w, &mut [1; 64], 0..64, 0..64);
    2 shm "two receives into one buffer" Wrong(&[SHARED, "a receive"]) => |w| receive_both(w, 0..100, 0..100);
    2 tcp "two receives that overlap" Wrong(&[SHARED]) => |w| receive_both(w, 0..100, 99..200);
    2 shm "a receive within another" Wrong(&[SHARED]) => |w| receive_both(w, 0..100, 20..30);
    4 shm "two receives of pairs that overlap" Wrong(&[SHARED]) => |w| receive_both(w, 10..50, 0..11);
    2 shm "a single byte twice" Wrong(&[SHARED]) => |w| receive_both(w, 0..1, 0..1);
    2 shm "a receive into what is sent" Wrong(&[SHARED, "a send"]) => |w| {
        let mut buffer = vec![1u8; LARGE];
        let outgoing = start_send(w, 0, &buffer)?;
        let incoming = start_receive(w, 0, buffer.as_mut_ptr(), LARGE)?;
        wait_all(w, [outgoing, incoming])
    };
    2 tcp "a receive into the end of what is sent" Wrong(&[SHARED, "a send"]) => |w| {
        let mut buffer = vec![1u8; LARGE];
        let outgoing = start_send(w, 0, &buffer)?;
        let incoming = start_receive(w, 0, buffer.as_mut_ptr().wrapping_add(LARGE - 4), 4)?;
        wait_all(w, [outgoing, incoming])
    };
    2 shm "a sum into what is received into" Wrong(&[SHARED, "a receive"]) => |w| {
        let mut buffer = vec![1u64; 8];
        let incoming = start_receive(w, 0, buffer.as_mut_ptr().cast(), 64)?;
        let sum = start_sum(w, std::ptr::null(), buffer.as_mut_ptr().cast(), 8)?;
        w.wait(sum)?;
        wait(w, incoming)
    };
    2 tcp "a receive into what a sum is made of" Wrong(&[SHARED, "all-reduce"]) => |w| {
        let (mut input, mut sum) = (vec![1u64; 8], vec![0u64; 8]);
        let running = start_sum(w, input.as_ptr().cast(), sum.as_mut_ptr().cast(), 8)?;
        let incoming = start_receive(w, 0, input.as_mut_ptr().cast(), 64)?;
        wait(w, incoming)?;
        w.wait(running).map(drop)
    };
    4 shm "two sums into one buffer" Wrong(&[SHARED, "all-reduce"]) => |w| {
        let mut buffer = vec![1u64; 8];
        let running = start_sum(w, std::ptr::null(), buffer.as_mut_ptr().cast(), 8)?;
        let other = start_sum(w, std::ptr::null(), buffer.as_mut_ptr().cast(), 8)?;
        w.wait(running)?;
        w.wait(other).map(drop)
    };
    2 shm "a send of a sum that is under way" Wrong(&[SHARED, "all-reduce"]) => |w| {
        let mut sum = vec![1u64; 100];
        let running = start_sum(w, std::ptr::null(), sum.as_mut_ptr().cast(), 100)?;
        // SAFETY: bytes of numbers, which live on.
        let bytes = unsafe { std::slice::from_raw_parts(sum.as_ptr().cast::<u8>(), 800) };
        let outgoing = start_send(w, 0, bytes)?;
        wait(w, outgoing)?;
        w.wait(running).map(drop)
    };
    2 shm "a buffer that is written while it is sent" Wrong(&[WRITTEN]) => |w| write_while_sent(w, LARGE, 0);
    2 tcp "the last byte is written while it is sent" Wrong(&[WRITTEN]) => |w| write_while_sent(w, LARGE, LARGE - 1);
    2 shm "a buffer that is written while a task awaits its send" Wrong(&[WRITTEN]) => write_while_awaited;
    4 shm "pairs that write while they send" Wrong(&[WRITTEN]) => |w| write_while_sent(w, 3 * LARGE, LARGE);
    2 tcp "a byte in the middle is written" Wrong(&[WRITTEN]) => |w| write_while_sent(w, 2 * LARGE, LARGE);
    2 shm "a buffer that is written and put right again" Missed => |w| {
        let mut buffer = vec![1u8; LARGE];
        let outgoing = start_send(w, 0, &buffer)?;
        buffer[7] = 2;
        let mut theirs = vec![0u8; LARGE];
        let incoming = start_receive(w, 0, theirs.as_mut_ptr(), LARGE)?;
        buffer[7] = 1;
        wait_all(w, [outgoing, incoming])
    };
    2 shm "a buffer that is read before it has come" Missed => |w| {
        let mut theirs = vec![0u8; 100];
        let incoming = start_receive(w, 0, theirs.as_mut_ptr(), 100)?;
        let early = theirs[3];
        let outgoing = start_send(w, 0, &[1u8; 100])?;
        wait_all(w, [incoming, outgoing])?;
        assert!(early <= 1);
        Ok(())
    };
    2 shm "halves of a buffer" Right => |w| exchange(w, &mut [1; 100], 0..50, 50..100);
    2 tcp "halves of a buffer, the other way" Right => |w| exchange(w, &mut [1; 100], 50..100, 0..50);
    4 shm "parts with a gap" Right => |w| exchange(w, &mut [1; 100], 0..10, 90..100);
    2 shm "large halves" Right => |w| exchange(w, &mut vec![1; 2 * LARGE], 0..LARGE, LARGE..2 * LARGE);
    2 tcp "large halves over sockets" Right => |w| exchange(w, &mut vec![1; 2 * LARGE], LARGE..2 * LARGE, 0..LARGE);
    2 shm "nothing of one buffer" Right => |w| exchange(w, &mut [1; 100], 10..10, 10..10);
    2 shm "two receives side by side" Right => |w| receive_both(w, 0..100, 100..200);
    2 tcp "two receives in another order" Right => |w| receive_both(w, 100..200, 0..100);
    4 shm "two receives with a gap" Right => |w| receive_both(w, 0..10, 50..90);
    2 shm "an empty receive within another" Right => |w| receive_both(w, 0..100, 50..50);
    2 shm "two sends of one buffer" Right => |w| {
        let (mine, mut a, mut b) = (vec![1u8; LARGE], vec![0u8; LARGE], vec![0u8; LARGE]);
        let sends = [start_send(w, 1, &mine)?, start_send(w, 2, &mine)?];
        let incoming = [start_receive(w, 1, a.as_mut_ptr(), LARGE)?, start_receive(w, 2, b.as_mut_ptr(), LARGE)?];
        wait_all(w, sends.into_iter().chain(incoming))
    };
    2 tcp "two sends of parts that overlap" Right => |w| {
        let (mine, mut a, mut b) = (vec![1u8; LARGE], vec![0u8; 100], vec![0u8; LARGE]);
        let sends = [start_send(w, 1, &mine[..100])?, start_send(w, 2, &mine)?];
        let incoming = [start_receive(w, 1, a.as_mut_ptr(), 100)?, start_receive(w, 2, b.as_mut_ptr(), LARGE)?];
        wait_all(w, sends.into_iter().chain(incoming))
    };
    2 shm "a buffer that is used again" Right => |w| {
        let mut buffer = vec![0u8; LARGE];
        for round in 0..3 {
            if w.rank() == round % 2 {
                let outgoing = start_send(w, 0, &buffer)?;
                wait(w, outgoing)?;
            } else {
                let incoming = start_receive(w, 0, buffer.as_mut_ptr(), LARGE)?;
                wait(w, incoming)?;
            }
            buffer.fill(round as u8);
        }
        Ok(())
    };
    2 tcp "a small buffer is written after the send is done" Right => |w| {
        let mut mine = vec![1u8; 20];
        let outgoing = start_send(w, 0, &mine)?;
        wait(w, outgoing)?;
        mine.fill(9);
        let mut theirs = vec![0u8; 20];
        let incoming = start_receive(w, 0, theirs.as_mut_ptr(), 20)?;
        wait(w, incoming)?;
        assert_eq!(theirs, [1; 20]);
        Ok(())
    };
    4 shm "a sum in place" Right => |w| {
        let mut sum = vec![1u64; 100];
        let running = start_sum(w, std::ptr::null(), sum.as_mut_ptr().cast(), 100)?;
        w.wait(running)?;
        assert_eq!(sum, [w.size() as u64; 100]);
        Ok(())
    };
    2 tcp "a sum out of what is sent" Right => |w| {
        let (mine, mut sum, mut theirs) = (vec![1u64; 100_000], vec![0u64; 100_000], vec![0u8; 800_000]);
        let running = start_sum(w, mine.as_ptr().cast(), sum.as_mut_ptr().cast(), 100_000)?;
        // SAFETY: bytes of numbers, which live on.
        let bytes = unsafe { std::slice::from_raw_parts(mine.as_ptr().cast::<u8>(), 800_000) };
        let outgoing = start_send(w, 0, bytes)?;
        let incoming = start_receive(w, 0, theirs.as_mut_ptr(), 800_000)?;
        wait_all(w, [outgoing, incoming])?;
        w.wait(running).map(drop)
    };
    2 shm "two sums side by side" Right => |w| {
        let mut sums = [1u64; 20];
        let (a, b) = sums.split_at_mut(10);
        let one = start_sum(w, std::ptr::null(), a.as_mut_ptr().cast(), 10)?;
        let two = start_sum(w, std::ptr::null(), b.as_mut_ptr().cast(), 10)?;
        w.wait(two)?;
        w.wait(one).map(drop)
    };
    6 shm "receives of pairs into parts of one buffer" Right => |w| {
        let mut all = vec![0u8; 600];
        let mut started = Vec::new();
        for part in 0..6 {
            started.push(start_receive(w, part, all.as_mut_ptr().wrapping_add(part as usize * 100), 100)?);
        }
        let mine = [5u8; 100];
        for part in 0..6 {
            started.push(start_send(w, part, &mine)?);
        }
        wait_all(w, started)?;
        assert_eq!(all, [5; 600]);
        Ok(())
    };
    2 tcp "a receive that is cancelled frees its buffer" Right => |w| {
        let mut buffer = vec![1u8; 100];
        if let Started::Pending(request) = start_receive(w, 9, buffer.as_mut_ptr(), 100)? {
            w.cancel(request);
            let _ = w.wait(request);
        }
        let outgoing = start_send(w, 0, &buffer)?;
        let mut theirs = vec![0u8; 100];
        let incoming = start_receive(w, 0, theirs.as_mut_ptr(), 100)?;
        wait_all(w, [outgoing, incoming])
    };
    2 shm "a test tells that the buffer is free" Right => |w| {
        let mut buffer = vec![1u8; LARGE];
        let mut theirs = vec![0u8; LARGE];
        let incoming = start_receive(w, 0, theirs.as_mut_ptr(), LARGE)?;
        if let Started::Pending(request) = start_send(w, 0, &buffer)? {
            while w.test(request).is_none() {
                std::thread::yield_now();
            }
        }
        buffer.fill(3);
        wait(w, incoming)
    };
    2 shm "one receive after the other into one buffer" Right => |w| {
        let (mine, mut theirs) = (vec![1u8; 1000], vec![0u8; 1000]);
        for tag in 0..5 {
            let incoming = start_receive(w, tag, theirs.as_mut_ptr(), 1000)?;
            let outgoing = start_send(w, tag, &mine)?;
            wait_all(w, [outgoing, incoming])?;
        }
        Ok(())
    };
    4 tcp "a sum beside a large exchange" Right => |w| {
        let mut sum = vec![1u64; 50];
        let running = start_sum(w, std::ptr::null(), sum.as_mut_ptr().cast(), 50)?;
        exchange(w, &mut vec![1; 2 * LARGE], 0..LARGE, LARGE..2 * LARGE)?;
        w.wait(running).map(drop)
    };
    2 shm "a buffer that moves between waits" Right => |w| {
        for round in 0..4u8 {
            let mut buffer = vec![round; LARGE];
            let (mine, theirs) = buffer.split_at_mut(LARGE / 2);
            let incoming = start_receive(w, 0, theirs.as_mut_ptr(), LARGE / 2)?;
            let outgoing = start_send(w, 0, mine)?;
            wait_all(w, [incoming, outgoing])?;
            assert!(theirs.iter().all(|byte| *byte == round));
        }
        Ok(())
    };
}
