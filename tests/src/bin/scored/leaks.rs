//! Programs that leave something behind, and such as don't.

use archipelago::prelude::*;

use crate::program::Expect::{Missed, Right, Wrong};
use crate::program::Outcome;
use crate::programs;

fn owned<T, B>(outcome: Result<T, archipelago::Failed<B>>) -> Outcome {
    outcome.map(drop).map_err(|failed| failed.error)
}

/// Sends to the next rank, which doesn't ask for it.
fn send(w: &Comm, tag: i32) -> Outcome {
    w.to((w.rank() + 1) % w.size()).tag(tag).send(&[1u32, 2])
}

fn receive(w: &Comm, tag: i32) -> Outcome {
    w.from((w.rank() + w.size() - 1) % w.size()).tag(tag).receive::<Vec<u32>>().map(drop)
}

programs! { Leak Typed:
    2 shm "a message that nobody receives" Wrong(&["check: a message was never received: from rank", "tag 3", "u32"]) => |w| {
        if w.rank() == 0 { send(w, 3) } else { Ok(()) }
    };
    3 tcp "everybody's message is received by nobody" Wrong(&["check: a message was never received", "tag 7", "`world`"]) => |w| send(w, 7);
    2 shm "one of two messages" Wrong(&["check: a message was never received: from rank 0 with tag 2"]) => |w| {
        if w.rank() == 0 {
            send(w, 1)?;
            return send(w, 2);
        }
        receive(w, 1)
    };
    4 shm "the last of a stream" Wrong(&["check: a message was never received: from rank 2"]) => |w| {
        match w.rank() {
            2 => (0..10).try_for_each(|i| w.to(3).send(&(i as u64))),
            3 => (0..9).try_for_each(|_| w.from(2).receive::<u64>().map(drop)),
            _ => Ok(()),
        }
    };
    2 tcp "a message on another communicator" Wrong(&["check: a message was never received", "copy of world"]) => |w| {
        let copy = w.duplicate()?;
        if w.rank() == 0 { copy.to(1).send(&1u8)? }
        copy.barrier()?;
        w.barrier()?;
        std::mem::forget(copy);
        Ok(())
    };
    2 shm "an announcement that nobody takes" Wrong(&["check: a message was never received", "8000000 bytes of f64"]) => |w| {
        if w.rank() == 0 {
            drop(w.to(1).send_owned(vec![1.5f64; 1_000_000]));
        }
        Ok(())
    };
    2 shm "a message to a wrong tag" Wrong(&["check: a message was never received: from rank 0 with tag 5"]) => |w| {
        if w.rank() == 0 {
            w.to(1).tag(5).send(&1u8)?;
            return w.to(1).tag(6).send(&1u8);
        }
        w.from(0).tag(6).receive::<u8>().map(drop)
    };
    7 shm "one answer too many" Wrong(&["check: a message was never received: from rank 6"]) => |w| {
        if w.rank() > 0 {
            w.to(0).send(&w.rank())?;
        }
        if w.rank() == 0 {
            return (1..6).try_for_each(|from| w.from(from).receive::<usize>().map(drop));
        }
        Ok(())
    };
    2 tcp "a message that was only probed" Wrong(&["check: a message was never received: from rank 0 with tag 1"]) => |w| {
        if w.rank() == 0 { send(w, 1) } else { w.from(0).tag(1).probe().map(drop) }
    };
    3 shm "a message that a matched probe gave back" Wrong(&["check: a message was never received: from rank 1"]) => |w| {
        match w.rank() {
            1 => w.to(0).send(&[5u64; 2]),
            0 => w.from(1).matched_probe().map(drop),
            _ => Ok(()),
        }
    };
    2 shm "a receive that is forgotten" Wrong(&["check: a receive from rank", "was never completed", "leaks.rs:"]) => |w| {
        std::mem::forget(w.from(1 - w.rank()).tag(4).receive_owned(vec![0u8; 10]));
        Ok(())
    };
    3 tcp "a receive from any that is forgotten" Wrong(&["check: a receive from any rank with tag 9 was never completed"]) => |w| {
        std::mem::forget(w.from_any().tag(9).receive_owned(vec![0u32; 3]));
        w.barrier()
    };
    2 shm "a persistent receive that is forgotten" Wrong(&["check: a receive from rank", "was never completed"]) => |w| {
        let mut incoming = w.from(1 - w.rank()).persistent_receive(vec![0.0f64; 4]);
        incoming.start()?;
        std::mem::forget(incoming);
        w.barrier()
    };
    2 shm "a send that is forgotten" Wrong(&["check: 1 operation that was started was neither waited for nor dropped (at ", "leaks.rs:"]) => |w| {
        if w.rank() == 0 {
            std::mem::forget(w.to(1).send_owned(vec![1u8; 1 << 20]));
            return Ok(());
        }
        w.from(0).receive::<Vec<u8>>().map(drop)
    };
    2 tcp "a collective that is forgotten" Wrong(&["check: 1 operation that was started"]) => |w| {
        std::mem::forget(w.prepare().all_reduce(vec![1u32; 4], Sum).owned());
        w.barrier()
    };
    2 shm "a duplicate that is forgotten" Wrong(&["check: the communicator `copy of world` was never dropped (made at ", "leaks.rs:"]) => |w| {
        std::mem::forget(w.duplicate()?);
        w.barrier()
    };
    4 tcp "rows that are leaked" Wrong(&["check: the communicator `part 0 of world` was never dropped"]) => |w| {
        let rows = w.split(Some(w.rank() as u32 / 2), 0)?;
        Box::leak(Box::new(rows));
        Ok(())
    };
    3 shm "a named communicator in a circle" Wrong(&["check: the communicator `the circle` was never dropped"]) => |w| {
        struct Circle(#[expect(dead_code, reason = "it is held")] Comm, std::cell::RefCell<Option<std::rc::Rc<Circle>>>);
        let copy = w.duplicate()?;
        copy.set_name("the circle");
        let circle = std::rc::Rc::new(Circle(copy, std::cell::RefCell::default()));
        circle.1.replace(Some(circle.clone()));
        w.barrier()
    };
    2 shm "ten duplicates, of which one is kept" Wrong(&["check: the communicator `copy of world` was never dropped"]) => |w| {
        let mut copies = (0..10).map(|_| w.duplicate()).collect::<Result<Vec<_>, _>>()?;
        copies.pop().into_iter().for_each(std::mem::forget);
        Ok(())
    };
    3 shm "a grid that is forgotten" Wrong(&["check: the communicator", "was never dropped"]) => |w| {
        std::mem::forget(w.cartesian(&[(3, true)])?);
        Ok(())
    };
    2 tcp "messages of several types" Wrong(&["bytes of u64", "bytes of f32"]) => |w| {
        if w.rank() == 0 {
            w.to(1).send(&1u64)?;
            w.to(1).send(&[1.5f32; 3])?;
        }
        Ok(())
    };
    2 shm "memory that is lost" Missed => |w| {
        // Not ours: a tool for memory finds it.
        std::mem::forget(vec![1u8; 1000]);
        w.barrier()
    };
    2 shm "every message is received" Right => |w| {
        send(w, 3)?;
        receive(w, 3)
    };
    3 tcp "in another order than they were sent" Right => |w| {
        (0..5).try_for_each(|tag| send(w, tag))?;
        (0..5).rev().try_for_each(|tag| receive(w, tag))
    };
    2 shm "a receive that is cancelled" Right => |w| {
        let mut incoming = w.from(1 - w.rank()).receive_owned(vec![0u8; 10]);
        incoming.cancel();
        drop(incoming);
        w.barrier()
    };
    2 tcp "a receive that is dropped" Right => |w| {
        drop(w.from(1 - w.rank()).receive_owned(vec![0u8; 10]));
        w.barrier()
    };
    2 shm "a send that is dropped and received" Right => |w| {
        drop(w.to(1 - w.rank()).send_owned(vec![1u8; 1 << 20]));
        w.from(1 - w.rank()).receive::<Vec<u8>>().map(drop)
    };
    4 shm "a collective that is dropped runs on" Right => |w| {
        drop(w.prepare().all_reduce(vec![1u32; 4], Sum).owned());
        w.barrier()
    };
    3 shm "duplicates that go" Right => |w| {
        for _ in 0..20 {
            w.duplicate()?.barrier()?;
        }
        Ok(())
    };
    4 tcp "rows that live until the end" Right => |w| {
        let rows = w.split(Some(w.rank() as u32 / 2), 0)?;
        rows.iter().try_for_each(Comm::barrier)
    };
    2 shm "a scope waits for what was started" Right => |w| {
        let (mut theirs, mine) = ([0u8; 4], [1u8; 4]);
        w.scope(|s| {
            w.from(1 - w.rank()).start_receive(s, &mut theirs[..])?;
            w.to(1 - w.rank()).start_send(s, &mine[..])?;
            Ok(())
        })
    };
    2 shm "a probe before the receive" Right => |w| {
        send(w, 2)?;
        w.from(1 - w.rank()).tag(2).probe()?;
        receive(w, 2)
    };
    3 tcp "a matched probe takes its message" Right => |w| {
        send(w, 2)?;
        let message = w.from((w.rank() + 2) % 3).tag(2).matched_probe()?;
        message.receive::<Vec<u32>>().map(drop)
    };
    2 shm "a persistent pair" Right => |w| {
        let mut to = w.to(1 - w.rank()).persistent_send(vec![1u8; 8]);
        let mut from = w.from(1 - w.rank()).persistent_receive(vec![0u8; 8]);
        for _ in 0..4 {
            from.start()?;
            to.start()?;
            from.wait()?;
            to.wait()?;
        }
        Ok(())
    };
    2 tcp "a persistent receive that was never started" Right => |w| {
        let _incoming = w.from(1 - w.rank()).persistent_receive(vec![0u8; 8]);
        w.barrier()
    };
    2 shm "a buffer of sends that is flushed" Right => |w| {
        let mut buffer = archipelago::SendBuffer::new(1 << 16);
        for _ in 0..5 {
            w.to(1 - w.rank()).send_buffered(&mut buffer, &[1u32, 2])?;
        }
        (0..5).try_for_each(|_| receive(w, 0))?;
        buffer.flush()
    };
    7 shm "an exchange of all with all" Right => |w| {
        for to in 0..7 {
            w.to(to).send(&w.rank())?;
        }
        (0..7).try_for_each(|from| w.from(from).receive::<usize>().map(drop))
    };
    3 shm "a truncated message is received again" Right => |w| {
        send(w, 1)?;
        let left = w.from((w.rank() + 2) % 3).tag(1);
        let short = left.receive_into(&mut [0u32; 1][..]);
        assert!(short.is_err());
        receive(w, 1)
    };
    4 shm "a set of receives, all waited for" Right => |w| {
        let mut set = archipelago::Requests::new();
        for from in 0..4 {
            set.insert(w.from(from).receive_owned(vec![0u8; 4]));
        }
        (0..4).try_for_each(|to| w.to(to).send(&[1u8; 4]))?;
        set.wait_all().into_iter().try_for_each(|(_, outcome)| owned(outcome))
    };
    2 tcp "threads with a communicator each" Right => |w| {
        let copies = [w.duplicate()?, w.duplicate()?];
        std::thread::scope(|threads| {
            let running: Vec<_> =
                copies.iter().map(|copy| threads.spawn(|| send(copy, 1).and_then(|()| receive(copy, 1)))).collect();
            running.into_iter().try_for_each(|thread| thread.join().unwrap_or(Ok(())))
        })
    };
    3 shm "a late answer is received" Right => |w| {
        if w.rank() == 2 {
            std::thread::sleep(std::time::Duration::from_millis(500));
        }
        send(w, 4)?;
        receive(w, 4)
    };
    6 shm "a grid and its lines" Right => |w| {
        let Some(grid) = w.cartesian(&[(2, true), (3, true)])? else { return Ok(()) };
        let (row, column) = (grid.line(1)?, grid.line(0)?);
        row.barrier()?;
        column.barrier()
    };
    1 shm "a message to oneself is received" Right => |w| {
        let sent = w.to(0).send_owned(vec![1u32, 2]);
        receive(w, 0)?;
        owned(sent.wait())
    };
    2 tcp "a message without bytes" Right => |w| {
        w.to(1 - w.rank()).send(&Vec::<u8>::new())?;
        w.from(1 - w.rank()).receive::<Vec<u8>>().map(drop)
    };
}
