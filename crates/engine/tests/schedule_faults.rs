//! The checker proves itself on planted faults: each kind of mistake in a schedule is caught, and named.

use archipelago_engine::collective::check::{Fault, Subject, check, check_rounds};
use archipelago_engine::collective::{Buffer, Case, Collective, Order, Range, Schedule, Step, Within, table};

/// Checks the algorithm with its rounds changed by `plant(rank, round, steps)`, which tells whether it did
/// something. The same without the fault must be right.
fn check_planted(
    case: Case,
    name: &str,
    plant: impl Fn(u32, u32, &mut Vec<Step>),
    expected: impl Fn(&Fault) -> bool,
) {
    let algorithm = table::named(case.collective, name).unwrap();
    let subject = Subject::new(case, 0);
    check(algorithm, &subject).unwrap();
    let rounds = |schedule: &Schedule, round: u32, out: &mut Vec<Step>| {
        let more = schedule.round(round, out);
        plant(schedule.rank(), round, out);
        more
    };
    let fault = check_rounds(algorithm, &subject, &rounds).expect_err("the planted fault was not found");
    assert!(expected(&fault), "{name}: found, but as {fault:?}");
}

fn case(collective: Collective, size: u32) -> Case {
    Case { board: Some(4096), ..Case::new(collective, size, 6, 8) }
}

fn ordered(collective: Collective, size: u32) -> Case {
    Case { commutative: false, ..case(collective, size) }
}

/// Swaps the operands of every reduction of a rank.
fn swap_operands(of: u32) -> impl Fn(u32, u32, &mut Vec<Step>) {
    move |rank, _, steps| {
        for step in steps.iter_mut().filter(|_| rank == of) {
            if let Step::Reduce { order, .. } = step {
                *order = order.flipped();
            }
        }
    }
}

#[test]
fn swapped_operands_are_caught() {
    let is = |fault: &Fault| matches!(fault, Fault::Operands { .. });
    check_planted(ordered(Collective::Reduce, 6), "binomial", swap_operands(0), is);
    check_planted(ordered(Collective::Reduce, 6), "chain", swap_operands(2), is);
    check_planted(ordered(Collective::Reduce, 8), "rabenseifner", swap_operands(5), is);
    check_planted(ordered(Collective::AllReduce, 7), "doubling", swap_operands(6), is);
    check_planted(ordered(Collective::AllReduce, 5), "rabenseifner", swap_operands(0), is);
    check_planted(ordered(Collective::Scan, 5), "doubling", swap_operands(3), is);
    check_planted(ordered(Collective::Scan, 5), "chain", swap_operands(1), is);
    check_planted(ordered(Collective::ExclusiveScan, 5), "doubling", swap_operands(4), is);
    check_planted(ordered(Collective::ExclusiveScan, 5), "chain", swap_operands(2), is);
    check_planted(ordered(Collective::ReduceScatter, 6), "butterfly", swap_operands(0), is);
    check_planted(ordered(Collective::ReduceScatter, 5), "scattered", swap_operands(3), is);
}

#[test]
fn dropped_steps_are_caught() {
    let drop_at = |at: u32, which: fn(&Step) -> bool| {
        move |rank: u32, round: u32, steps: &mut Vec<Step>| {
            if (rank, round) == (1, at) {
                steps.retain(|step| !which(step));
            }
        }
    };
    let deadlock = |fault: &Fault| matches!(fault, Fault::Deadlock(_));
    let send: fn(&Step) -> bool = |step| matches!(step, Step::Send { .. });
    let receive: fn(&Step) -> bool = |step| matches!(step, Step::Receive { .. });
    let local: fn(&Step) -> bool = |step| matches!(step, Step::Copy { .. } | Step::Reduce { .. });
    check_planted(case(Collective::Barrier, 5), "dissemination", drop_at(1, send), deadlock);
    check_planted(case(Collective::AllGather, 5), "ring", drop_at(3, receive), deadlock);
    check_planted(case(Collective::AllGather, 5), "ring", drop_at(2, receive), |fault| {
        matches!(fault, Fault::Unwritten { rank: 1, round: 3, .. })
    });
    check_planted(case(Collective::AllGather, 5), "ring", drop_at(0, local), |fault| {
        matches!(fault, Fault::Output { rank: 1, found: None, .. })
    });
    check_planted(case(Collective::AllToAll, 6), "bruck", drop_at(2, local), |fault| {
        // What an earlier message left in the place of the one to send, or nothing at all.
        matches!(fault, Fault::Output { .. } | Fault::Unwritten { .. })
    });
    check_planted(case(Collective::AllReduce, 6), "ring", drop_at(3, local), |fault| {
        matches!(fault, Fault::Output { .. } | Fault::Operands { .. })
    });
    let publish: fn(&Step) -> bool = |step| matches!(step, Step::Publish { .. });
    check_planted(case(Collective::AllReduce, 4), "board", drop_at(0, publish), deadlock);
    let wait: fn(&Step) -> bool = |step| matches!(step, Step::Await { .. });
    check_planted(case(Collective::AllReduce, 4), "board", drop_at(1, wait), |fault| {
        matches!(fault, Fault::Board { rank: 1, .. })
    });
}

#[test]
fn overlapping_steps_are_caught() {
    let is = |fault: &Fault| matches!(fault, Fault::Overlap { .. });
    // The reduction is put into the round in which its operand arrives.
    let early = |rank: u32, round: u32, steps: &mut Vec<Step>| {
        if rank == 0 && round == 2 {
            let (from, into) = (Buffer::Scratch.block(0), Buffer::Output.block(0));
            steps.push(Step::Reduce { from, into, order: Order::After });
        }
    };
    check_planted(case(Collective::AllReduce, 4), "doubling", early, is);
    // Two arrivals in one place.
    let same_place = |rank: u32, _: u32, steps: &mut Vec<Step>| {
        for step in steps.iter_mut().filter(|_| rank == 0) {
            if let Step::Receive { blocks, .. } = step {
                *blocks = Buffer::Output.block(2);
            }
        }
    };
    check_planted(case(Collective::Gather, 4), "linear", same_place, is);
}

#[test]
fn cycles_of_waiting_are_caught() {
    // Every member of the ring first completes its send and only then receives: with buffering this would pass.
    let algorithm = table::named(Collective::AllGather, "ring").unwrap();
    let rounds = |schedule: &Schedule, round: u32, out: &mut Vec<Step>| {
        let more = schedule.round(round / 2, out);
        out.retain(|step| matches!(step, Step::Receive { .. }) == (round % 2 == 1));
        more
    };
    let subject = Subject::new(case(Collective::AllGather, 5), 0);
    let Err(Fault::Deadlock(waiting)) = check_rounds(algorithm, &subject, &rounds) else {
        panic!("the cycle was not found")
    };
    let ranks: Vec<u32> = waiting.iter().map(|w| w.rank).collect();
    assert_eq!(ranks, [0, 1, 2, 3, 4]);
}

#[test]
fn wrong_blocks_are_caught() {
    let shift = |first: &mut Range, by: u32| first.first += by;
    let wrong_send = move |rank: u32, _: u32, steps: &mut Vec<Step>| {
        for step in steps.iter_mut().filter(|_| rank == 2) {
            if let Step::Send { to: 0, blocks } = step {
                shift(blocks, 1);
            }
        }
    };
    let wrong = |fault: &Fault| matches!(fault, Fault::Output { .. });
    check_planted(case(Collective::AllToAll, 5), "pairwise", wrong_send, wrong);
    check_planted(case(Collective::AllToAll, 5), "scattered", wrong_send, wrong);
    check_planted(case(Collective::Gather, 5), "linear", wrong_send, |fault| {
        matches!(fault, Fault::Place { rank: 2, .. })
    });
    let into_input = |rank: u32, _: u32, steps: &mut Vec<Step>| {
        for step in steps.iter_mut().filter(|_| rank == 1) {
            if let Step::Receive { blocks, .. } = step {
                blocks.buffer = Buffer::Input;
            }
        }
    };
    check_planted(case(Collective::AllToAll, 5), "pairwise", into_input, |fault| {
        matches!(fault, Fault::WritesInput { rank: 1, .. })
    });
    let short = |rank: u32, round: u32, steps: &mut Vec<Step>| {
        for step in steps.iter_mut().filter(|_| (rank, round) == (0, 1)) {
            if let Step::Send { blocks, .. } = step {
                blocks.count = 0;
            }
        }
    };
    check_planted(case(Collective::AllGather, 4), "ring", short, |fault| matches!(fault, Fault::Size { .. }));
}

#[test]
fn mistakes_with_turns_of_the_board_are_caught() {
    // Cells of which each takes two of six elements.
    let pieces = |collective| Case { board: Some(16), ..case(collective, 4) };
    let change = |of: u32, which: fn(&mut Step)| {
        move |rank: u32, _: u32, steps: &mut Vec<Step>| {
            steps.iter_mut().filter(|_| rank == of).for_each(which);
        }
    };
    let earlier: fn(&mut Step) = |step| {
        if let Step::Fetch { turn, .. } = step {
            *turn = turn.saturating_sub(1);
        }
    };
    check_planted(pieces(Collective::Broadcast), "board", change(2, earlier), |fault| {
        // Read once more what was read before, after having let it go.
        matches!(fault, Fault::Board { rank: 2, .. } | Fault::Output { rank: 2, .. })
    });
    let later: fn(&mut Step) = |step| {
        if let Step::Publish(publication) = step {
            publication.turn += 1;
        }
    };
    check_planted(pieces(Collective::Broadcast), "board", change(0, later), |fault| {
        matches!(fault, Fault::Board { .. } | Fault::Deadlock(_))
    });
    let another: fn(&mut Step) = |step| {
        if let Step::Fetch { at: Within::Packed { skip, .. }, .. } = step {
            *skip = 0;
        }
    };
    check_planted(case(Collective::Scatter, 4), "board", change(3, another), |fault| {
        matches!(fault, Fault::Output { rank: 3, .. })
    });
    let another: fn(&mut Step) = |step| {
        if let Step::Fetch { at: Within::Slot(slot), .. } = step {
            *slot = 0;
        }
    };
    check_planted(case(Collective::AllToAll, 4), "slots", change(3, another), |fault| {
        matches!(fault, Fault::Output { rank: 3, .. })
    });
}

#[test]
fn superfluous_messages_are_caught() {
    // The result is right, but there is a message more than stated.
    let chatter = |rank: u32, round: u32, steps: &mut Vec<Step>| match (rank, round) {
        (0, 0) => steps.push(Step::Send { to: 3, blocks: Range::NOTHING }),
        (3, 0) => steps.push(Step::Receive { from: 0, blocks: Range::NOTHING }),
        _ => {}
    };
    check_planted(case(Collective::Gather, 5), "binomial", chatter, |f| matches!(f, Fault::Count { .. }));
}
