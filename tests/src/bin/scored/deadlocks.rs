//! Programs that wait for ever, and such as only look like it.

use std::time::Duration;

use archipelago::prelude::*;

use crate::program::Expect::{Missed, Right, Wrong};
use crate::program::Outcome;
use crate::programs;

/// What a large message is: more than goes without its receiver.
const LARGE: usize = 1 << 20;

fn next(w: &Comm) -> usize {
    (w.rank() + 1) % w.size()
}

fn before(w: &Comm) -> usize {
    (w.rank() + w.size() - 1) % w.size()
}

/// Runs a task on a thread that sleeps while it waits.
fn block_on<F: Future>(task: F) -> F::Output {
    struct Sleeper(std::thread::Thread);
    impl std::task::Wake for Sleeper {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = std::sync::Arc::new(Sleeper(std::thread::current())).into();
    let (mut context, mut task) = (std::task::Context::from_waker(&waker), std::pin::pin!(task));
    loop {
        match task.as_mut().poll(&mut context) {
            std::task::Poll::Ready(output) => return output,
            std::task::Poll::Pending => std::thread::park(),
        }
    }
}

/// Long enough for the watchdog to look.
fn compute() {
    std::thread::sleep(Duration::from_millis(700));
}

fn receive(w: &Comm, from: usize, tag: i32) -> Outcome {
    w.from(from).tag(tag).receive::<u64>().map(drop)
}

programs! { Deadlock Typed:
    2 shm "receives before sends" Wrong(&["deadlock: ranks 0 and 1", "receive from rank 1", "u64"]) => |w| {
        receive(w, 1 - w.rank(), 0)?;
        w.to(1 - w.rank()).send(&1u64)
    };
    2 tcp "receives before sends over sockets" Wrong(&["deadlock: ranks 0 and 1", "matched probe from rank 0"]) => |w| {
        let got: Vec<f64> = w.from(1 - w.rank()).tag(4).receive()?;
        w.to(1 - w.rank()).tag(4).send(&got)
    };
    2 shm "large sends head on" Wrong(&["deadlock: ranks 0 and 1", "send to rank 1"]) => |w| {
        w.to(1 - w.rank()).send(&vec![1u8; LARGE])?;
        w.from(1 - w.rank()).receive::<Vec<u8>>().map(drop)
    };
    2 tcp "synchronous sends head on" Wrong(&["deadlock: ", "synchronous send to rank 0"]) => |w| {
        w.to(1 - w.rank()).send_synchronous(&1u8)?;
        w.from(1 - w.rank()).receive::<u8>().map(drop)
    };
    5 shm "ring of receives" Wrong(&["deadlock: 5 ranks", "rank 0 -> rank 4"]) => |w| {
        receive(w, before(w), 1)?;
        w.to(next(w)).tag(1).send(&1u64)
    };
    3 tcp "ring of large sends" Wrong(&["deadlock: 3 ranks", "send to rank"]) => |w| {
        w.to(next(w)).send(&vec![0.5f64; LARGE])?;
        w.from(before(w)).receive::<Vec<f64>>().map(drop)
    };
    2 shm "tags that differ" Wrong(&["deadlock: ranks 0 and 1", "9"]) => |w| {
        if w.rank() == 0 {
            w.to(1).tag(8).send(&1u64)?;
            receive(w, 1, 0)
        } else {
            receive(w, 0, 9)?;
            w.to(0).send(&1u64)
        }
    };
    2 shm "communicators that differ" Wrong(&["deadlock: ", "copy of world"]) => |w| {
        let copy = w.duplicate()?;
        if w.rank() == 0 {
            w.to(1).send(&1u64)?;
            receive(w, 1, 0)
        } else {
            receive(&copy, 0, 0)?;
            w.to(0).send(&1u64)
        }
    };
    4 shm "one does not come to the barrier" Wrong(&["deadlock: ", "barrier"]) => |w| match w.rank() {
        3 => receive(w, 0, 0),
        _ => w.barrier(),
    };
    4 tcp "one waits for the root first" Wrong(&["deadlock: ", "broadcast with root 0"]) => |w| {
        if w.rank() == 2 {
            receive(w, 0, 5)?;
        }
        w.root(0).broadcast(&mut [0u32; 4][..])?;
        w.barrier()?;
        if w.rank() == 0 { w.to(2).tag(5).send(&1u64) } else { Ok(()) }
    };
    3 shm "from any, and nobody sends" Wrong(&["deadlock: ", "receive from any rank"]) => |w| {
        w.from_any().receive_with_status::<u64>()?;
        w.to(next(w)).send(&1u64)
    };
    3 tcp "the second of two messages" Wrong(&["deadlock: ", "receive from rank 1"]) => |w| match w.rank() {
        0 => {
            receive(w, 1, 0)?;
            receive(w, 1, 0)?;
            w.to(1).send(&1u64)
        }
        1 => {
            w.to(0).send(&1u64)?;
            receive(w, 0, 0)
        }
        _ => receive(w, 1, 0),
    };
    2 shm "probe for what never comes" Wrong(&["deadlock: ", "probe from rank"]) => |w| {
        w.from(1 - w.rank()).tag(2).probe()?;
        w.to(1 - w.rank()).tag(2).send(&1u8)
    };
    1 shm "a receive from oneself" Wrong(&["deadlock: rank 0 waits for itself"]) => |w| receive(w, 0, 0);
    2 shm "collectives of two communicators in two orders" Wrong(&["deadlock: ", "barrier"]) => |w| {
        let (a, b) = (w.duplicate()?, w.duplicate()?);
        if w.rank() == 0 {
            a.barrier()?;
            b.barrier()
        } else {
            b.barrier()?;
            a.barrier()
        }
    };
    3 shm "the scope's receive is waited for first" Wrong(&["deadlock: ", "receive from rank"]) => |w| {
        let (mut theirs, mine) = ([0u64; 4], [1u64; 4]);
        w.scope(|s| {
            w.from(before(w)).start_receive(s, &mut theirs[..])?.wait()?;
            w.to(next(w)).start_send(s, &mine[..])?.wait()
        })
    };
    2 shm "an owned receive is waited for first" Wrong(&["deadlock: ", "receive from rank"]) => |w| {
        let incoming = w.from(1 - w.rank()).receive_owned(vec![0u16; 8]);
        incoming.wait().map_err(|failed| failed.error)?;
        w.to(1 - w.rank()).send(&[1u16; 8])
    };
    4 shm "halves of a world wait across" Wrong(&["deadlock: ", "receive from rank"]) => |w| {
        let half = w.split(Some(w.rank() as u32 / 2), 0)?;
        receive(w, (w.rank() + 2) % 4, 3)?;
        half.iter().try_for_each(Comm::barrier)?;
        w.to((w.rank() + 2) % 4).tag(3).send(&1u64)
    };
    3 shm "a started barrier, and one who asks first" Wrong(&["deadlock: "]) => |w| {
        if w.rank() == 0 {
            receive(w, 1, 0)?;
        }
        let met = w.prepare().barrier().owned();
        met.wait().map_err(|failed| failed.error)?;
        if w.rank() == 1 { w.to(0).send(&1u64) } else { Ok(()) }
    };
    7 shm "a chain that ends in a circle" Wrong(&["deadlock: ranks 5 and 6", "can't go on because of that"]) => |w| match w.rank() {
        6 => receive(w, 5, 0),
        me => receive(w, me + 1, 0),
    };
    2 tcp "any of a set of receives" Wrong(&["deadlock: ", "or receive from rank"]) => |w| {
        let mut set = archipelago::Requests::new();
        for tag in 0..3 {
            set.insert(w.from(1 - w.rank()).tag(tag).receive_owned(vec![0u8; 4]));
        }
        set.wait_any();
        w.to(1 - w.rank()).send(&[1u8; 4])
    };
    2 shm "threads that wait, both of them" Wrong(&["deadlock: ", "receive from rank"]) => |w| std::thread::scope(|threads| {
        let other = threads.spawn(|| receive(w, 1 - w.rank(), 1));
        receive(w, 1 - w.rank(), 2)?;
        other.join().unwrap_or(Ok(()))
    });
    2 shm "a thread that sleeps beside a deadlock" Missed => |w| std::thread::scope(|threads| {
        // It may send at any time, for all that anybody knows.
        threads.spawn(|| std::thread::sleep(Duration::from_secs(600)));
        receive(w, 1 - w.rank(), 2)
    });
    // Nobody knows what the thread will do that runs the tasks: what it awaits is told, and no more.
    2 shm "tasks that await each other" Wrong(&["waiting since", "receive from rank 0 (awaited)", "receive from rank 1 (awaited)"]) => |w| {
        let (got, _) = block_on(w.from(next(w)).receive_owned([0u64; 1])).map_err(|failed| failed.error)?;
        w.to(next(w)).send(&got)
    };
    3 tcp "tasks that wait for long" Right => |w| {
        if w.rank() == 0 {
            compute();
        }
        let sent = w.to(next(w)).send_owned(vec![1u64; 100_000]);
        let incoming = w.from(before(w)).receive_owned(vec![0u64; 100_000]);
        block_on(async { incoming.await.map(drop).map_err(|failed| failed.error) })?;
        block_on(sent).map(drop).map_err(|failed| failed.error)
    };
    2 shm "sends before receives" Right => |w| {
        w.to(1 - w.rank()).send(&1u64)?;
        receive(w, 1 - w.rank(), 0)
    };
    2 tcp "sends before receives over sockets" Right => |w| {
        w.to(1 - w.rank()).send(&[1.5f64; 3])?;
        w.from(1 - w.rank()).receive::<Vec<f64>>().map(drop)
    };
    2 shm "large messages by turns" Right => |w| {
        if w.rank() == 0 {
            w.to(1).send(&vec![1u8; LARGE])?;
            return w.from(1).receive::<Vec<u8>>().map(drop);
        }
        let got: Vec<u8> = w.from(0).receive()?;
        w.to(0).send(&got)
    };
    5 shm "a ring with a beginning" Right => |w| {
        if w.rank() > 0 {
            receive(w, before(w), 1)?;
        }
        w.to(next(w)).tag(1).send(&1u64)?;
        if w.rank() == 0 { receive(w, before(w), 1) } else { Ok(()) }
    };
    3 tcp "large sends around a ring in a scope" Right => |w| {
        let (mut theirs, mine) = (vec![0.0f64; LARGE], vec![1.0f64; LARGE]);
        w.scope(|s| {
            let incoming = w.from(before(w)).start_receive(s, &mut theirs)?;
            w.to(next(w)).start_send(s, &mine)?.wait()?;
            incoming.wait().map(drop)
        })
    };
    2 shm "one computes for long" Right => |w| {
        if w.rank() == 1 {
            compute();
            return w.to(0).send(&1u64);
        }
        receive(w, 1, 0)
    };
    4 tcp "one comes late to the barrier" Right => |w| {
        if w.rank() == 2 {
            compute();
        }
        w.barrier()
    };
    7 shm "everybody waits for one who computes" Right => |w| {
        let mut values = [w.rank() as u32; 2];
        if w.rank() == 6 {
            compute();
            values = [60, 61];
        }
        w.root(6).broadcast(&mut values[..])
    };
    3 shm "a chain behind one who computes" Right => |w| match w.rank() {
        2 => {
            compute();
            w.to(1).send(&1u64)
        }
        1 => {
            receive(w, 2, 0)?;
            w.to(0).send(&1u64)
        }
        _ => receive(w, 1, 0),
    };
    1 shm "a message to oneself" Right => |w| {
        let sent = w.to(0).send_owned(vec![1u64; 4]);
        w.from(0).receive::<Vec<u64>>()?;
        sent.wait().map(drop).map_err(|failed| failed.error)
    };
    2 shm "one thread sends what the other waits for" Right => |w| std::thread::scope(|threads| {
        let sender = threads.spawn(|| {
            compute();
            w.to(1 - w.rank()).tag(1).send(&1u64)
        });
        receive(w, 1 - w.rank(), 1)?;
        sender.join().unwrap_or(Ok(()))
    });
    2 tcp "two threads ask each other in turn" Right => |w| {
        let copy = w.duplicate()?;
        std::thread::scope(|threads| {
            let other = threads.spawn(|| {
                copy.to(1 - copy.rank()).send(&1u64)?;
                receive(&copy, 1 - copy.rank(), 0)
            });
            w.to(1 - w.rank()).send(&1u64)?;
            receive(w, 1 - w.rank(), 0)?;
            other.join().unwrap_or(Ok(()))
        })
    };
    3 shm "from any, after a while" Right => |w| {
        if w.rank() > 0 {
            compute();
            return w.to(0).send(&1u64);
        }
        for _ in 1..w.size() {
            w.from_any().receive_with_status::<u64>()?;
        }
        Ok(())
    };
    4 shm "halves of a world on their own" Right => |w| {
        let half = w.split(Some(w.rank() as u32 % 2), 0)?;
        if w.rank() < 2 {
            compute();
        }
        half.iter().try_for_each(|half| half.all_reduce(1u64, Sum).map(drop))
    };
    2 shm "collectives of two communicators in one order" Right => |w| {
        let (a, b) = (w.duplicate()?, w.duplicate()?);
        if w.rank() == 0 {
            compute();
        }
        a.barrier()?;
        b.barrier()
    };
    2 tcp "collectives of two communicators at once" Right => |w| {
        let (a, b) = (w.duplicate()?, w.duplicate()?);
        let (first, second) = if w.rank() == 0 { (&a, &b) } else { (&b, &a) };
        let (x, y) = (first.prepare().barrier().owned(), second.prepare().barrier().owned());
        x.wait().map_err(|failed| failed.error)?;
        y.wait().map(drop).map_err(|failed| failed.error)
    };
    3 shm "a started barrier before a message" Right => |w| {
        let met = w.prepare().barrier().owned();
        if w.rank() == 0 {
            receive(w, 1, 0)?;
        } else if w.rank() == 1 {
            compute();
            w.to(0).send(&1u64)?;
        }
        met.wait().map(drop).map_err(|failed| failed.error)
    };
    2 shm "tests instead of waiting" Right => |w| {
        if w.rank() == 1 {
            compute();
            return w.to(0).send(&[1u8; 4]);
        }
        let mut incoming = w.from(1).receive_owned(vec![0u8; 4]);
        while !incoming.test() {
            std::thread::yield_now();
        }
        incoming.wait().map(drop).map_err(|failed| failed.error)
    };
    2 shm "a probe of what comes late" Right => |w| {
        if w.rank() == 1 {
            compute();
            return w.to(0).tag(3).send(&[1u8; 40]);
        }
        w.from(1).tag(3).probe()?;
        w.from(1).tag(3).receive::<Vec<u8>>().map(drop)
    };
    7 tcp "an exchange with everybody" Right => |w| {
        let sent: Vec<_> = (0..w.size()).map(|to| w.to(to).send_owned(vec![w.rank() as u64; 100])).collect();
        for from in 0..w.size() {
            w.from(from).receive::<Vec<u64>>()?;
        }
        sent.into_iter().try_for_each(|sent| sent.wait().map(drop).map_err(|failed| failed.error))
    };
    4 shm "a persistent exchange, late each time" Right => |w| {
        let mut to = w.to(next(w)).persistent_send(vec![w.rank() as u32; 10]);
        let mut from = w.from(before(w)).persistent_receive(vec![0u32; 10]);
        for _ in 0..2 {
            from.start()?;
            if w.rank() == 0 {
                compute();
            }
            to.start()?;
            from.wait()?;
            to.wait()?;
        }
        Ok(())
    };
    16 shm "many ranks, one after the other" Right => |w| {
        if w.rank() > 0 {
            receive(w, w.rank() - 1, 0)?;
        }
        std::thread::sleep(Duration::from_millis(40));
        if w.rank() + 1 < w.size() { w.to(w.rank() + 1).send(&1u64) } else { Ok(()) }
    };
    3 tcp "some of a set, as they come" Right => |w| {
        let mut set = archipelago::Requests::new();
        for from in 0..3 {
            set.insert(w.from(from).receive_owned(vec![0u64; 2]));
        }
        if w.rank() == 1 {
            compute();
        }
        (0..3).try_for_each(|to| w.to(to).send(&[1u64; 2]))?;
        while !set.is_empty() {
            for (_, outcome) in set.wait_some() {
                outcome.map_err(|failed| failed.error)?;
            }
        }
        Ok(())
    };
    4 shm "parts that wait for each other by messages" Right => |w| {
        let half = w.split(Some(w.rank() as u32 / 2), 0)?;
        if w.rank() == 0 {
            compute();
            w.to(2).send(&1u64)?;
        }
        if w.rank() == 2 {
            receive(w, 0, 0)?;
        }
        half.iter().try_for_each(Comm::barrier)
    };
    2 shm "a barrier on one thread, a message on another" Right => |w| {
        let copy = w.duplicate()?;
        std::thread::scope(|threads| {
            let met = threads.spawn(|| copy.barrier());
            if w.rank() == 0 {
                compute();
                w.to(1).send(&1u64)?;
            } else {
                receive(w, 0, 0)?;
            }
            met.join().unwrap_or(Ok(()))
        })
    };
}
