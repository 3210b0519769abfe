//! The bare limits: what this machine can do, each as a program without us, in plain system calls and atomics.
//!
//! A limit runs in a process of its own, pinned to the first one or two cores that it may use, and returns one figure.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Instant;

/// One limit: its name, what its figure counts, and how to get it.
pub struct Limit {
    /// How it is asked for.
    pub name: &'static str,
    /// The unit of its figure.
    pub unit: &'static str,
    /// What it measures.
    pub what: &'static str,
    run: fn() -> f64,
}

/// All limits.
pub const LIMITS: &[Limit] = &[
    Limit { name: "line", unit: "ns", what: "a cache line from one core to another", run: cache_line },
    Limit { name: "memcpy", unit: "GB/s", what: "memcpy of 4 MiB", run: memcpy },
    Limit {
        name: "two-copy",
        unit: "GB/s",
        what: "4 MiB through shared pieces, both copies overlapped",
        run: two_copy,
    },
    Limit { name: "readv", unit: "GB/s", what: "4 MiB by process_vm_readv", run: readv },
    Limit {
        name: "socket",
        unit: "ns",
        what: "8 bytes over TCP loopback, half a round trip, polled",
        run: socket,
    },
    Limit { name: "yield", unit: "ns", what: "a core handed over by sched_yield", run: hand_over_by_yield },
    Limit { name: "futex", unit: "ns", what: "a core handed over by a futex", run: hand_over_by_futex },
];

/// The bytes of a large message, here and in ours.
pub const LARGE_BYTES: usize = 4 << 20;

/// Runs the limit of this name and returns its figure; None if there is no such limit.
pub fn run(name: &str) -> Option<f64> {
    cores(); // before a thread is pinned
    LIMITS.iter().find(|limit| limit.name == name).map(|limit| (limit.run)())
}

/// A word alone on its cache line and on the neighbour that a prefetcher would fetch with it.
#[repr(align(128))]
struct Word(AtomicU64);

/// Two words, one each way, as two processes or threads share them.
struct Words {
    to_child: Word,
    to_parent: Word,
}

fn cache_line() -> f64 {
    const ROUNDS: u64 = 1_000_000;
    let words = Words { to_child: Word(AtomicU64::new(0)), to_parent: Word(AtomicU64::new(0)) };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            pin(1);
            answer(&words, ROUNDS, || {});
        });
        pin(0);
        ask(&words, ROUNDS, || {})
    })
}

/// Nanoseconds of half a round trip.
fn ask(words: &Words, rounds: u64, pause: impl Fn()) -> f64 {
    let mut start = Instant::now();
    let warm = rounds / 10;
    for round in 1..=rounds {
        if round == warm {
            start = Instant::now();
        }
        // Release and Acquire on each side: what a message with a payload would need.
        words.to_child.0.store(round, Ordering::Release);
        while words.to_parent.0.load(Ordering::Acquire) != round {
            pause();
        }
    }
    nanoseconds(start) / (2 * (rounds - warm)) as f64
}

fn answer(words: &Words, rounds: u64, pause: impl Fn()) {
    for round in 1..=rounds {
        while words.to_child.0.load(Ordering::Acquire) != round {
            pause();
        }
        words.to_parent.0.store(round, Ordering::Release);
    }
}

fn memcpy() -> f64 {
    const ROUNDS: usize = 200;
    pin(0);
    let (from, mut to) = (filled(1), filled(2));
    let start = Instant::now();
    for _ in 0..ROUNDS {
        to.copy_from_slice(std::hint::black_box(&from));
        std::hint::black_box(&mut to);
    }
    let rate = rate(ROUNDS * LARGE_BYTES, start);
    check_arrived(&to);
    rate
}

/// The best of several piece sizes: pieces that both caches hold let the two copies overlap.
fn two_copy() -> f64 {
    [16 << 10, 32 << 10, 64 << 10, 128 << 10, 256 << 10].map(two_copy_with).into_iter().fold(0.0, f64::max)
}

fn two_copy_with(piece_bytes: usize) -> f64 {
    const ROUNDS: usize = 60;
    const SLOTS: usize = 4;
    let shared = Shared::new(SLOTS * piece_bytes);
    let pieces = LARGE_BYTES / piece_bytes;
    let slot = |index: u64| (index as usize % SLOTS) * piece_bytes;
    shared.with_child(
        |shared| {
            let from = filled(1);
            for index in 0..(ROUNDS * pieces) as u64 {
                spin_until(|| index < shared.words().to_child.0.load(Ordering::Acquire) + SLOTS as u64);
                let source = &from[(index as usize % pieces) * piece_bytes..][..piece_bytes];
                // SAFETY: the slot lies in the mapping; the reader has counted it free and won't look before the store.
                unsafe {
                    shared.bytes().add(slot(index)).copy_from_nonoverlapping(source.as_ptr(), piece_bytes)
                };
                shared.words().to_parent.0.store(index + 1, Ordering::Release);
            }
        },
        |shared, _| {
            let mut to = filled(2);
            let mut start = Instant::now();
            for index in 0..(ROUNDS * pieces) as u64 {
                if index as usize == pieces * ROUNDS / 10 {
                    start = Instant::now();
                }
                spin_until(|| shared.words().to_parent.0.load(Ordering::Acquire) > index);
                let target = &mut to[(index as usize % pieces) * piece_bytes..][..piece_bytes];
                // SAFETY: the slot lies in the mapping and was published; its writer waits for the store below.
                unsafe {
                    shared.bytes().add(slot(index)).copy_to_nonoverlapping(target.as_mut_ptr(), piece_bytes)
                };
                shared.words().to_child.0.store(index + 1, Ordering::Release);
            }
            let rate = rate((ROUNDS - ROUNDS / 10) * LARGE_BYTES, start);
            check_arrived(&to);
            rate
        },
    )
}

fn readv() -> f64 {
    const ROUNDS: u64 = 100;
    Shared::new(0).with_child(
        |shared| {
            let from = filled(1);
            for round in 1..=ROUNDS {
                // A message each: the address goes over, and an answer comes back when the bytes were taken.
                shared.words().to_parent.0.store(from.as_ptr() as u64, Ordering::Release);
                spin_until(|| shared.words().to_child.0.load(Ordering::Acquire) == round);
            }
        },
        |shared, child| {
            let mut to = filled(2);
            let mut start = Instant::now();
            for round in 1..=ROUNDS {
                if round == ROUNDS / 10 + 1 {
                    start = Instant::now();
                }
                spin_until(|| shared.words().to_parent.0.load(Ordering::Acquire) != 0);
                let address = shared.words().to_parent.0.swap(0, Ordering::AcqRel);
                if !read_memory(child, address, &mut to) {
                    return f64::NAN; // denied here: no limit to compare with
                }
                shared.words().to_child.0.store(round, Ordering::Release);
            }
            let rate = rate((ROUNDS - ROUNDS / 10) as usize * LARGE_BYTES, start);
            check_arrived(&to);
            rate
        },
    )
}

fn read_memory(process: libc::pid_t, address: u64, into: &mut [u8]) -> bool {
    let mut done = 0;
    while done < into.len() {
        let rest = into.len() - done;
        let local = libc::iovec { iov_base: into[done..].as_mut_ptr().cast(), iov_len: rest };
        let remote = libc::iovec { iov_base: (address as usize + done) as *mut libc::c_void, iov_len: rest };
        // SAFETY: `local` describes a borrowed slice; the kernel checks the other process's addresses.
        match unsafe { libc::process_vm_readv(process, &local, 1, &remote, 1, 0) } {
            count if count > 0 => done += count as usize,
            _ => return false,
        }
    }
    true
}

/// The better of two ways to poll: without a pause the reader takes the socket's lock so often that it delays the delivery.
fn socket() -> f64 {
    [0, 64].map(socket_with).into_iter().fold(f64::INFINITY, f64::min)
}

fn socket_with(pauses: u32) -> f64 {
    const ROUNDS: u64 = 60_000;
    let run = || -> std::io::Result<f64> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        Ok(Shared::new(0).with_child(
            |_| {
                let stream = TcpStream::connect(address).and_then(polled);
                if let Ok(mut stream) = stream {
                    let _ = (0..ROUNDS).try_for_each(|_| {
                        receive(&mut stream, pauses).and_then(|word| stream.write_all(&word))
                    });
                }
            },
            |_, _| {
                let measure = || -> std::io::Result<f64> {
                    let mut stream = polled(listener.accept()?.0)?;
                    let mut start = Instant::now();
                    for round in 0..ROUNDS {
                        if round == ROUNDS / 10 {
                            start = Instant::now();
                        }
                        stream.write_all(&round.to_ne_bytes())?;
                        receive(&mut stream, pauses)?;
                    }
                    Ok(nanoseconds(start) / (2 * (ROUNDS - ROUNDS / 10)) as f64)
                };
                measure().unwrap_or(f64::NAN)
            },
        ))
    };
    run().unwrap_or(f64::NAN)
}

fn polled(stream: TcpStream) -> std::io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}

fn receive(stream: &mut TcpStream, pauses: u32) -> std::io::Result<[u8; 8]> {
    let (mut word, mut have) = ([0; 8], 0);
    while have < word.len() {
        match stream.read(&mut word[have..]) {
            Ok(0) => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => have += count,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                (0..pauses).for_each(|_| std::hint::spin_loop());
            }
            Err(error) => return Err(error),
        }
    }
    Ok(word)
}

fn hand_over_by_yield() -> f64 {
    const ROUNDS: u64 = 100_000;
    on_one_core(|words| answer(words, ROUNDS, give_way), |words| ask(words, ROUNDS, give_way))
}

fn hand_over_by_futex() -> f64 {
    const ROUNDS: u64 = 50_000;
    let turn = AtomicU32::new(0);
    // One word says whose turn it is; its low bit is the side. A round is two hand-overs.
    let side = |own: u32| {
        for _ in 0..ROUNDS {
            while turn.load(Ordering::Acquire) & 1 != own {
                futex_wait(&turn, own ^ 1);
            }
            turn.store(own ^ 1, Ordering::Release);
            futex_wake(&turn);
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            pin(0);
            side(1);
        });
        pin(0);
        let start = Instant::now();
        side(0);
        nanoseconds(start) / (2 * ROUNDS) as f64
    })
}

fn on_one_core(child: impl FnOnce(&Words) + Send, parent: impl FnOnce(&Words) -> f64) -> f64 {
    let words = Words { to_child: Word(AtomicU64::new(0)), to_parent: Word(AtomicU64::new(0)) };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            pin(0);
            child(&words);
        });
        pin(0);
        parent(&words)
    })
}

fn give_way() {
    // SAFETY: takes nothing and touches no memory.
    unsafe { libc::sched_yield() };
}

fn futex_wait(word: &AtomicU32, expected: u32) {
    let operation = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
    // SAFETY: the word is borrowed for the call; no timeout is given.
    unsafe {
        libc::syscall(libc::SYS_futex, word.as_ptr(), operation, expected, std::ptr::null::<libc::timespec>())
    };
}

fn futex_wake(word: &AtomicU32) {
    // SAFETY: the word is borrowed for the call.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG, 1) };
}

/// A large message, of whose content the compiler knows nothing: copies from a buffer that it saw being filled, or to one
/// that nobody reads, it would leave out.
fn filled(byte: u8) -> Vec<u8> {
    std::hint::black_box(vec![byte; LARGE_BYTES])
}

/// What was measured has to have happened.
fn check_arrived(to: &[u8]) {
    assert!(std::hint::black_box(to).iter().all(|&byte| byte == 1), "the limit's bytes have not arrived");
}

fn spin_until(ready: impl Fn() -> bool) {
    while !ready() {
        std::hint::spin_loop();
    }
}

fn nanoseconds(start: Instant) -> f64 {
    start.elapsed().as_nanos() as f64
}

/// Bytes a nanosecond, which is GB/s.
fn rate(bytes: usize, start: Instant) -> f64 {
    bytes as f64 / nanoseconds(start)
}

/// The cores that this process may use, as they were before anything was pinned.
fn cores() -> &'static [usize] {
    static CORES: OnceLock<Vec<usize>> = OnceLock::new();
    CORES.get_or_init(|| {
        let bytes = size_of::<libc::cpu_set_t>();
        // SAFETY: a cpu_set_t is an array of integers, for which zeros are valid; the call writes just that.
        unsafe {
            let mut allowed: libc::cpu_set_t = std::mem::zeroed();
            libc::sched_getaffinity(0, bytes, &mut allowed);
            (0..8 * bytes).filter(|core| libc::CPU_ISSET(*core, &allowed)).collect()
        }
    })
}

/// Binds this process, and those that it will start, to its first cores; returns how many it got.
pub fn confine(count: usize) -> usize {
    let chosen = &cores()[..count.min(cores().len())];
    // SAFETY: as in `cores`; the numbers came from such a set.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        chosen.iter().for_each(|core| libc::CPU_SET(*core, &mut set));
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set);
    }
    chosen.len()
}

/// Binds this thread to the `index`-th core that it may use, counted around if there are fewer.
fn pin(index: usize) {
    let Some(core) = cores().get(index % cores().len().max(1)) else { return };
    // SAFETY: as in `cores`; the core's number came from such a set.
    unsafe {
        let mut one: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(*core, &mut one);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &one);
    }
}

/// Memory that a parent and its child share: the two words, then bytes.
struct Shared {
    start: *mut u8,
    bytes: usize,
}

impl Shared {
    fn new(bytes: usize) -> Shared {
        let bytes = size_of::<Words>() + bytes;
        let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
        // SAFETY: a new mapping at an address of the kernel's choice.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), bytes, access, kind, -1, 0) };
        assert!(start != libc::MAP_FAILED, "no shared memory: {}", std::io::Error::last_os_error());
        Shared { start: start.cast(), bytes }
    }

    fn words(&self) -> &Words {
        // SAFETY: the mapping starts at a page, is large enough and zeroed, and Words is atomics alone.
        unsafe { &*self.start.cast() }
    }

    fn bytes(&self) -> *mut u8 {
        self.start.wrapping_add(size_of::<Words>())
    }

    /// Runs the two sides in two processes, each on a core of its own, and returns the parent's figure.
    fn with_child(
        self,
        child: impl FnOnce(&Shared),
        parent: impl FnOnce(&Shared, libc::pid_t) -> f64,
    ) -> f64 {
        // SAFETY: this program has one thread here, so the child may do what it likes.
        match unsafe { libc::fork() } {
            0 => {
                // SAFETY: plain system calls; the child leaves without running the parent's exit handlers.
                unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
                pin(1);
                child(&self);
                // SAFETY: as above.
                unsafe { libc::_exit(0) }
            }
            process if process > 0 => {
                pin(0);
                let figure = parent(&self, process);
                // SAFETY: our own child, waited for once.
                unsafe { libc::waitpid(process, std::ptr::null_mut(), 0) };
                figure
            }
            _ => panic!("cannot fork: {}", std::io::Error::last_os_error()),
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: the mapping of `new`, which nobody else uses any more.
        unsafe { libc::munmap(self.start.cast(), self.bytes) };
    }
}
