//! Messages between pairs, of all sizes and in all forms.

use std::sync::atomic::Ordering;

use archipelago::{Comm, Result, SendBuffer};

use crate::A_RANK_DIES;
use crate::random::{Random, mix};

/// What a message holds.
fn text(key: u64, bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| (mix(key ^ (at as u64 / 8)) >> (at % 8 * 8)) as u8).collect()
}

/// Many messages between all pairs at once, each sent in a form of its own; received in order, by pair.
pub fn all_pairs(comm: &Comm, random: &mut Random) -> Result<()> {
    let (me, n) = (comm.rank(), comm.size());
    let messages = 1 + random.below(6) as usize;
    // From whom to whom, of which size, in which form.
    let mut drawn = Vec::new();
    for _ in 0..messages {
        for from in 0..n {
            for to in 0..n {
                drawn.push((from, to, random.bytes(), random.below(3), random.next()));
            }
        }
    }
    let mine: Vec<_> = drawn.iter().filter(|(from, ..)| *from == me).collect();
    let texts: Vec<Vec<u8>> = mine.iter().map(|(.., bytes, _, key)| text(*key, *bytes)).collect();
    let mut buffer =
        SendBuffer::new(texts.iter().map(|text| text.len() + SendBuffer::MESSAGE_OVERHEAD).sum());
    comm.scope(|scope| {
        let mut owned = Vec::new();
        for ((_, to, _, form, _), text) in mine.iter().zip(&texts) {
            let to = comm.to(*to).tag(1);
            match form {
                // A scope that fails takes back what nobody has received: those who live on would see what came after it.
                0 if !A_RANK_DIES.load(Ordering::Relaxed) => {
                    to.start_send(scope, text)?;
                }
                1 => to.send_buffered(&mut buffer, text)?,
                _ => owned.push(to.send_owned(text.clone())),
            }
        }
        for (from, to, bytes, form, key) in &drawn {
            if *to != me {
                continue;
            }
            let source = comm.from(*from).tag(1);
            let got: Vec<u8> = match form {
                0 => source.receive()?,
                1 => source.matched_probe()?.receive()?,
                _ => {
                    let mut into = vec![0xaa; bytes + 9];
                    let status = source.receive_into(&mut into)?;
                    assert!(into[status.bytes..].iter().all(|byte| *byte == 0xaa), "beyond the message");
                    into.truncate(status.bytes);
                    into
                }
            };
            assert!(got == text(*key, *bytes), "{from} to {to}: {bytes} bytes, got {}", got.len());
        }
        for sent in owned {
            sent.wait()?;
        }
        Ok(())
    })
}

/// Exchanges around the ring, in both directions, of sizes of their own.
pub fn exchanges(comm: &Comm, random: &mut Random) -> Result<()> {
    let (me, n) = (comm.rank(), comm.size());
    for _ in 0..1 + random.below(20) {
        let by = 1 + random.below(n as u64) as usize;
        let drawn: Vec<(usize, u64)> = (0..n).map(|_| (random.bytes(), random.next())).collect();
        let (to, from) = ((me + by) % n, (me + n * 2 - by) % n);
        let mut into = vec![0; drawn[from].0];
        let status =
            comm.to(to).send_receive(&text(drawn[me].1, drawn[me].0), &comm.from(from), &mut into)?;
        assert!(status.bytes == into.len() && into == text(drawn[from].1, into.len()));
    }
    Ok(())
}

/// Everybody sends to one rank, which takes them late and in another order of tags.
pub fn unexpected(comm: &Comm, random: &mut Random) -> Result<()> {
    let (me, n) = (comm.rank(), comm.size());
    let (to, count) = (random.below(n as u64) as usize, 1 + random.below(400) as usize);
    let drawn: Vec<(usize, u64)> = (0..count)
        .map(|_| (if random.chance(10) { random.bytes() } else { random.below(600) as usize }, random.next()))
        .collect();
    let sent: Vec<_> = drawn
        .iter()
        .enumerate()
        .map(|(at, (bytes, key))| comm.to(to).tag(at as i32).send_owned(text(*key ^ me as u64, *bytes)))
        .collect();
    comm.barrier()?;
    if me == to {
        let backwards = random.chance(2);
        for at in 0..count {
            let at = if backwards { count - 1 - at } else { at };
            for from in 0..n {
                let got: Vec<u8> = comm.from(from).tag(at as i32).receive()?;
                assert!(got == text(drawn[at].1 ^ from as u64, drawn[at].0), "{from}: message {at}");
            }
        }
    }
    for sent in sent {
        sent.wait()?;
    }
    Ok(())
}

/// Receives from anybody while everybody sends to everybody; some are cancelled, some too short at first.
pub fn wildcards(comm: &Comm, random: &mut Random) -> Result<()> {
    let (me, n) = (comm.rank(), comm.size());
    let each = 1 + random.below(30);
    let key = random.next();
    let sizes: Vec<usize> = (0..each).map(|_| random.bytes().min(80_000)).collect();
    let name = |from: usize, at: usize| mix(key ^ (from as u64) << 32 ^ at as u64);
    let mut sent = Vec::new();
    for (at, bytes) in sizes.iter().enumerate() {
        for to in 0..n {
            sent.push(comm.to(to).tag(5).send_owned(text(name(me, at), *bytes)));
        }
    }
    let mut seen = vec![0; n];
    for round in 0..each as usize * n {
        let (from, got): (usize, Vec<u8>) = match (round + me) % 4 {
            0 => {
                let message = comm.from_any().tag(5).matched_probe()?;
                (message.status().source, message.receive()?)
            }
            1 => {
                let mut short = [0u8; 7];
                match comm.from_any().tag(5).receive_into(&mut short[..]) {
                    Ok(status) => (status.source, short[..status.bytes].to_vec()),
                    Err(archipelago::Error::Truncated { .. }) => {
                        let status = comm.from_any().tag(5).probe()?;
                        (status.source, comm.from(status.source).tag(5).receive()?)
                    }
                    Err(error) => return Err(error),
                }
            }
            2 => {
                let mut cancelled = comm.from_any().tag(6).receive_owned(vec![0u8; 5]);
                cancelled.cancel();
                assert!(cancelled.wait().is_err());
                let (got, status) = comm.from_any().any_tag().receive_with_status()?;
                (status.source, got)
            }
            _ => {
                let (got, status) = comm.from_any().tag(5).receive_with_status()?;
                (status.source, got)
            }
        };
        let at = seen[from];
        seen[from] += 1;
        assert!(got == text(name(from, at), sizes[at]), "{from}: message {at} of {} bytes", sizes[at]);
    }
    for sent in sent {
        sent.wait()?;
    }
    comm.barrier()
}
