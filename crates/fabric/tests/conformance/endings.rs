//! What every transport promises of the end of a peer.

use crate::checks::{frame, is_intact, payload};
use crate::fabric::{Cause, Refused};
use crate::stage::{Seen, Stage, process};

/// Sends frames that [`await_rest`] knows, over a link that has been used already.
fn send_some(stage: &mut Stage, from: u32, to: u32, count: u64) -> Result<(), String> {
    stage.connect(to, from);
    for number in 0..count {
        let taken = stage.send(from, to, frame(number), &payload(number, 40 * number as usize));
        taken.map_err(|why| format!("{why:?} for frame {number}"))?;
    }
    // A connection may have to come about before the sender may end.
    for _ in 0..200 {
        stage.next(from);
        if let Some(event) = stage.raw_next(to) {
            let Seen::Frame { frame: first, bytes, .. } = stage.see(to, event) else {
                return Err("something else than a frame".into());
            };
            return is_intact(0, 0, first, &bytes);
        }
        let _ = stage.pass();
    }
    Err("the first frame never came".into())
}

/// Awaits the end of `of`, the first of whose `sent` frames has been taken already.
fn await_rest(stage: &mut Stage, at: u32, of: u32, sent: u64) -> Result<Cause, String> {
    let mut received = 1;
    loop {
        match stage.await_next(at)? {
            Seen::Frame { from, frame, bytes } if from == of => {
                is_intact(received, 40 * received as usize, frame, &bytes)?;
                received += 1;
            }
            Seen::Failed(who, cause) if who == of && received == sent => return Ok(cause),
            Seen::Room(_) => {}
            other => return Err(format!("{other:?} at {at} after {received} of {sent} frames of {of}")),
        }
    }
}

/// Nothing can be sent, nothing more is reported, other peers are not concerned.
fn is_over(stage: &mut Stage, at: u32, of: u32) -> Result<(), String> {
    for _ in 0..3 {
        match stage.send(at, of, frame(1), &[]) {
            Err(Refused::Failed) => {}
            other => return Err(format!("sending to the failed {of}: {other:?}")),
        }
    }
    for _ in 0..500 {
        match stage.next(at) {
            None | Some(Seen::Room(_)) => {}
            Some(other) => return Err(format!("{other:?} after the end of {of}")),
        }
        let _ = stage.pass();
    }
    Ok(())
}

pub fn died_after_data(stage: &mut Stage) -> Result<(), String> {
    send_some(stage, 0, 1, 12)?;
    stage.kill(0);
    // The frames and the end are all there when the first look is taken.
    for _ in 0..200 {
        let _ = stage.pass();
    }
    match await_rest(stage, 1, 0, 12)? {
        Cause::Died(_) => {}
        other => return Err(format!("killed, but: {other}")),
    }
    is_over(stage, 1, 0)?;
    // The third is not concerned.
    stage.send(1, 2, frame(5), &payload(5, 50)).map_err(|why| format!("{why:?}"))?;
    loop {
        stage.next(1);
        if let Some(Seen::Frame { frame, bytes, .. }) = stage.next(2) {
            return is_intact(5, 50, frame, &bytes);
        }
        stage.pass()?;
    }
}

pub fn left_or_died(stage: &mut Stage) -> Result<(), String> {
    for (who, sent) in [(0, 9), (2, 7)] {
        send_some(stage, who, 1, sent)?;
        stage.leave(who);
        match await_rest(stage, 1, who, sent)? {
            Cause::Left => {}
            other => return Err(format!("left, but: {other}")),
        }
        is_over(stage, 1, who)?;
    }
    Ok(())
}

pub fn failed_by_the_runtime(stage: &mut Stage) -> Result<(), String> {
    send_some(stage, 0, 1, 6)?;
    let told = Cause::Died("killed by signal 9 (SIGKILL)".into());
    // What is underway arrives first.
    for _ in 0..50 {
        let _ = stage.pass();
    }
    stage.window(1).fail(process(0), told.clone());
    stage.window(1).fail(process(0), Cause::Unreachable("said later".into()));
    let cause = await_rest(stage, 1, 0, 6)?;
    if cause != told {
        return Err(format!("told {told:?}, reported {cause:?}"));
    }
    is_over(stage, 1, 0)
}

pub fn dropped(stage: &mut Stage) -> Result<(), String> {
    send_some(stage, 0, 1, 3)?;
    let peer = stage.connect(1, 0);
    stage.window(1).drop_peer(peer);
    is_over(stage, 1, 0)
}

/// Who watches all hears of the end of those that it has never met, before and after it began to watch.
pub fn strangers_are_watched(stage: &mut Stage) -> Result<(), String> {
    stage.kill(0);
    stage.window(1).port().watch_all();
    stage.leave(2);
    for stranger in [0, 2] {
        // Over TCP a stranger's end is known to the runtime alone.
        if stage.name == "tcp" {
            let cause = if stranger == 0 { Cause::Died("killed".into()) } else { Cause::Left };
            stage.window(1).fail(process(stranger), cause);
        }
    }
    let mut ends = [None, None];
    while ends.iter().any(Option::is_none) {
        match stage.await_next(1)? {
            Seen::Failed(who @ (0 | 2), cause) if ends[who as usize / 2].is_none() => {
                ends[who as usize / 2] = Some(cause);
            }
            other => return Err(format!("{other:?} instead of a stranger's end")),
        }
    }
    match ends {
        [Some(Cause::Died(_)), Some(Cause::Left)] => Ok(()),
        ends => Err(format!("one died, one left, but: {ends:?}")),
    }
}
