//! Boards between threads: what is published is read whole, cells are not overwritten under a reader, entries are used
//! again only when everybody has read them.
#![cfg(not(loom))]

use std::sync::Arc;

use archipelago_mapped::board::{Board, BoardPool, CELLS, PAYLOAD_BYTES, Place};
use archipelago_mapped::{ProcessState, Segment, Shape};

fn boards(size: u16) -> (Vec<Arc<BoardPool>>, Vec<Board>) {
    let segment = Segment::create(Shape::for_slots(size)).unwrap();
    let pools: Vec<_> = (0..size).map(|slot| BoardPool::new(segment.clone(), slot)).collect();
    let members: Arc<[Place]> = pools.iter().map(|pool| pool.take().unwrap()).collect();
    let board = |me: usize| Board::new(pools[me].clone(), 0, members.clone(), me).unwrap();
    let all = (0..size as usize).map(board).collect();
    (pools, all)
}

fn write(board: &Board, epoch: u64, value: u64) {
    for i in 0..4 {
        // SAFETY: the room has more than 32 bytes, and nobody reads it before it is published.
        unsafe { board.room(epoch).cast::<u64>().add(i).write_unaligned(value + i as u64) };
    }
    board.publish(epoch, 32, 7 + epoch as u32);
}

fn read(board: &Board, member: usize, epoch: u64) -> [u64; 4] {
    assert_eq!(board.published_bytes(member, epoch), 32);
    assert_eq!(board.published_mark(member, epoch), 7 + epoch as u32);
    // SAFETY: published, and this member isn't done.
    std::array::from_fn(|i| unsafe { board.payload(member, epoch).cast::<u64>().add(i).read_unaligned() })
}

#[test]
fn threads_publish_and_read_in_step() {
    let (_pools, boards) = boards(4);
    std::thread::scope(|scope| {
        for (me, board) in boards.iter().enumerate() {
            scope.spawn(move || {
                for _ in 0..2000 {
                    let epoch = board.begin();
                    while board.reader_behind(epoch).is_some() {
                        std::thread::yield_now();
                    }
                    write(board, epoch, epoch * 1000 + me as u64 * 100);
                    for member in 0..4 {
                        while !board.is_published(member, epoch) {
                            std::thread::yield_now();
                        }
                        let expected = epoch * 1000 + member as u64 * 100;
                        assert_eq!(read(board, member, epoch), std::array::from_fn(|i| expected + i as u64));
                    }
                    board.finish(epoch);
                }
            });
        }
    });
}

#[test]
fn a_publisher_waits_for_the_slowest_reader() {
    let (_pools, boards) = boards(3);
    for expected in 1..=CELLS {
        let epoch = boards[0].begin();
        assert_eq!((epoch, boards[0].reader_behind(epoch)), (expected, None));
        write(&boards[0], epoch, epoch);
        boards[0].finish(epoch);
    }
    let next = boards[0].begin();
    assert_eq!(boards[0].reader_behind(next), Some(1));
    boards[1].finish(CELLS);
    assert_eq!(boards[0].reader_behind(next), Some(2));
    boards[2].finish(1);
    assert_eq!(boards[0].reader_behind(next), None);
    // One epoch was settled, no more.
    let after = boards[0].begin();
    assert_eq!(boards[0].reader_behind(after), Some(2));
}

#[test]
fn an_entry_is_used_again_when_everybody_has_left_the_board() {
    let (pools, mut boards) = boards(2);
    let epoch = boards[0].begin();
    write(&boards[0], epoch, 7);
    boards[0].finish(epoch);
    drop(boards.remove(0));
    let second = pools[0].take().unwrap();
    assert_eq!((second.entry, second.generation), (2, 1), "member 1 has not read the first");
    boards[0].finish(epoch);
    drop(boards.remove(0));
    let again = pools[0].take().unwrap();
    assert_eq!((again.entry, again.generation), (1, 2));
    assert_eq!(Place::from_word(again.word()), again);
    pools[0].give_back(second);
    assert_eq!(pools[0].take().map(|place| place.entry), Some(2));
    // Member 1 may have gone on to another board in its own entry.
    let (pools, mut boards) = self::boards(2);
    boards[0].begin();
    drop(boards);
    boards = vec![];
    assert!(boards.is_empty());
    assert_eq!(pools[1].take().map(|place| place.entry), Some(1));
    assert_eq!(pools[0].take().map(|place| place.entry), Some(1));
}

/// One member leaves the board, as after it has revoked a communicator; another goes on to wait there, since it has not heard of it.
#[test]
fn who_still_waits_on_a_board_sees_nothing_of_the_next_one() {
    let (pools, mut boards) = boards(2);
    for board in &boards {
        let epoch = board.begin();
        write(board, epoch, 7);
        board.finish(epoch);
    }
    drop(boards.remove(0));
    let waits = boards.remove(0);
    let places: Arc<[Place]> = [pools[0].take().unwrap()].into();
    let next = Board::new(pools[0].clone(), 0, places, 0).unwrap();
    for _ in 0..2 {
        let epoch = next.begin();
        write(&next, epoch, 8);
        next.finish(epoch);
    }
    assert!(!waits.is_published(0, waits.begin()), "what is published on another board");
    // Nor does it disturb those who sleep for the next one, or misses that nobody comes to its own any more.
    waits.arm(0);
    waits.disarm();
    assert_eq!(waits.reader_behind(9), Some(1), "one who has left is behind nobody");
    drop(waits);
    drop(next);
    assert!((0..3).all(|_| pools[0].take().is_some()));
}

/// A place that a board could not be made at, here: others may have made theirs, and are not kept from leaving.
#[test]
fn a_member_that_made_no_board_holds_nobody_up() {
    let (pools, _world) = boards(2);
    let places: Arc<[Place]> = pools.iter().map(|pool| pool.take().unwrap()).collect();
    let made = Board::new(pools[0].clone(), 0, places.clone(), 0).unwrap();
    drop(made);
    let next = pools[0].take().unwrap();
    assert_ne!(next.entry, places[0].entry, "member 1 may come to make its own");
    pools[1].forgo(places[1]);
    let in_use = pools[1].in_use();
    assert_eq!(pools[0].take().unwrap().entry, places[0].entry);
    // Its own entry is its maker's to give back.
    assert_ne!(pools[1].take().unwrap().entry, places[1].entry);
    pools[1].give_back(places[1]);
    assert_eq!(pools[1].in_use(), in_use);
    assert_eq!(pools[1].take().unwrap().entry, places[1].entry);
}

#[test]
fn an_entry_whose_reader_has_ended_is_used_again() {
    for end in [ProcessState::Killed(9), ProcessState::Exited(1), ProcessState::Left] {
        let (pools, _world) = boards(3);
        let segment = pools[0].segment().clone();
        for slot in 0..3 {
            segment.set_state(slot, ProcessState::Running);
        }
        let places: Arc<[Place]> = pools.iter().map(|pool| pool.take().unwrap()).collect();
        let make = |me: usize| Board::new(pools[me].clone(), 0, places.clone(), me).unwrap();
        let (mine, _dead, slow) = (make(0), make(1), make(2));
        let epoch = mine.begin();
        write(&mine, epoch, 1);
        mine.finish(epoch);
        drop(mine);
        segment.set_state(1, end);
        let in_use = pools[0].in_use();
        let other = pools[0].take().unwrap();
        assert_ne!(other.entry, places[0].entry, "one who lives may still read it");
        drop(slow);
        assert_eq!(pools[0].take().unwrap().entry, places[0].entry);
        assert_eq!(pools[0].in_use(), in_use + 1);
    }
}

#[test]
fn places_outside_of_the_pools_are_refused() {
    let segment = Segment::create(Shape::for_slots(2)).unwrap();
    let pool = BoardPool::new(segment, 0);
    let board = |places: &[(u16, u16)], me| {
        let members = places.iter().map(|&(slot, entry)| Place { slot, entry, generation: 1 }).collect();
        Board::new(pool.clone(), 0, members, me)
    };
    assert!(board(&[(0, 0), (1, 0)], 0).is_some());
    assert!(board(&[(0, 0), (2, 0)], 0).is_none());
    assert!(board(&[(0, 0), (1, u16::MAX)], 0).is_none());
    assert!(board(&[(0, 0), (1, 0)], 1).is_none());
    assert!(board(&[(0, 0)], 1).is_none());
    let mut taken = 0;
    while pool.take().is_some() {
        taken += 1;
    }
    assert!((100..1000).contains(&taken), "{taken}");
    const { assert!(PAYLOAD_BYTES > 4096) };
}
