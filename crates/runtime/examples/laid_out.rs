//! What a message costs whose bytes a layout selects, beside one in a row and beside packing by hand:
//! `cargo run --release -p archipelago-runtime --example laid_out`.
//!
//! Two ranks send faces of an array to each other in turn. Ratios of medians of runs that take turns.

use std::time::Instant;

use archipelago_runtime::{Comm, Started, harness};
use engine::{Mode, Pointer, Source, TagPattern, TypeTag};
use layout::{Layout, Placed};

fn main() {
    let outcomes = harness::run(2, |process| {
        let _ = os::cores::bind(&[process.me().number as usize]);
        let world = process.world();
        if world.rank() == 0 {
            println!("{:34} {:>12} {:>10} {:>10}", "half a round trip", "in a row/µs", "laid out", "by hand");
        }
        for (name, numbers, block, stride) in [
            ("256 numbers, 512 bytes apart", 256, 1, 64),
            ("4,096 numbers, 512 bytes apart", 4096, 1, 64),
            ("65,536 numbers, 512 bytes apart", 65536, 1, 64),
            ("4 MiB in runs of 256 bytes of 512", 16384, 32, 64),
            ("4 MiB in runs of 2 KiB of 4 KiB", 2048, 256, 512),
        ] {
            measure(&world, name, numbers, block, stride);
        }
    });
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
}

fn measure(world: &Comm, name: &str, blocks: usize, block: usize, stride: usize) {
    let layout = Layout::vector(blocks as u64, block as u64, stride as i64, &Layout::of::<f64>())
        .expect("a layout that fits");
    let mut array = vec![1f64; blocks * stride];
    let mut row = vec![1f64; blocks * block];
    let placed = Placed::new(&layout, array.as_mut_ptr().cast(), 1).expect("one element");
    let (bytes, row_at) = (placed.bytes(), row.as_mut_ptr().cast::<u8>());
    let rounds = (8 << 20) / (bytes + 20_000);
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    for run in 0..3 * 15 {
        let way = run % 3;
        let start = Instant::now();
        for _ in 0..rounds {
            for sender in [0, 1] {
                let place = if way == 1 { Pointer::laid_out(&placed) } else { Pointer::new(row_at) };
                if way == 2 && sender == world.rank() {
                    // SAFETY: both are as long as the message.
                    unsafe { placed.pack(0, row_at, bytes) };
                }
                exchange(world, sender, place, bytes);
                if way == 2 && sender != world.rank() {
                    // SAFETY: as above.
                    unsafe { placed.unpack(0, row_at, bytes) };
                }
            }
        }
        times[way].push(start.elapsed().as_nanos() as f64 / rounds as f64 / 2.0);
    }
    let [row_ns, laid_ns, hand_ns] = times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    });
    if world.rank() == 0 {
        println!("{name:34} {:>12.1} {:>10.2} {:>10.2}", row_ns / 1e3, laid_ns / row_ns, hand_ns / row_ns);
    }
}

fn exchange(world: &Comm, sender: usize, place: Pointer, bytes: usize) {
    // SAFETY: the buffers live until the exchange is over: it is waited for here.
    let started = unsafe {
        match world.rank() == sender {
            true => world.start_send_from(1 - sender, 0, TypeTag::BYTES, place, bytes, Mode::Standard),
            false => {
                let (from, tag) = (Source::Rank(sender), TagPattern::Tag(0));
                world.start_receive_into(from, tag, TypeTag::BYTES, place, bytes)
            }
        }
    };
    if let Started::Pending(request) = started.expect("the peer is there") {
        world.wait(request).expect("the peer is there");
    }
}
