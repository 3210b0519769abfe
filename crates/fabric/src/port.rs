//! One lane's window on every transport.

use crate::{Card, Class, Event, Frame, Limits, Peer, Refused};
use os::Time;
use wire::ProcessId;

// CONTRACT (to be implemented; signatures are what the engine and the runtime compile against):
//
// pub struct Port { me: ProcessId, links: Vec<Link>, by_process: HashMap<ProcessId, Peer>, shm: Option<shm::Port>, tcp: Option<tcp::Port>, sim: Option<sim::Port> }
// enum Link { Shm(u32), Tcp(u32), Sim(u32) }
//
// impl Port {
//     pub fn me(&self) -> ProcessId;
//     /// The peer for a process. No traffic; first contact makes a small state. A peer whose card is not known yet queues in
//     /// `unresolved` until `resolve`.
//     pub fn connect(&mut self, process: ProcessId) -> Peer;
//     pub fn process(&self, peer: Peer) -> ProcessId;
//     /// Peers whose cards are wanted (each reported once): the runtime asks the launcher and answers with `resolve`.
//     pub fn take_unresolved(&mut self) -> Option<ProcessId>;
//     pub fn resolve(&mut self, card: &Card);
//
//     /// Sends a frame whose payload is copied before the call returns. FIFO per peer. `payload.len() <= limits(peer).frame_bytes_max`.
//     #[inline] pub fn send(&mut self, peer: Peer, class: Class, frame: Frame, payload: &[u8]) -> Result<(), Refused>;
//     /// Takes a frame's place in the FIFO and gives the room for its payload, to be filled without the lane's lock.
//     pub fn reserve(&mut self, peer: Peer, class: Class, frame: Frame, bytes: usize) -> Result<Reserved, Refused>;
//
//     /// The next event, fair over peers and transports; None: nothing now. Never blocks. Does bounded I/O.
//     #[inline] pub fn next(&mut self, now: Time) -> Option<Event>;
//     /// Gives back a `Payload::Mapped`; payloads of one peer are released in the order of their arrival.
//     pub fn release(&mut self, peer: Peer, payload: Payload);
//     pub fn deadline(&self) -> Option<Time>;               // when `next` must be called even if nothing arrives
//     pub fn limits(&self, peer: Peer) -> Limits;
//     pub fn reader(&self, peer: Peer) -> Option<Reader>;    // native reading of the peer's private memory
//
//     /// About to sleep: arms every ring and looks once more. None: something is there, poll again.
//     pub fn arm(&mut self) -> Option<Armed>;
//     pub fn disarm(&mut self);                              // after sleeping (idempotent, cheap)
//     pub fn sleeper(&self) -> Sleeper;                      // cloneable, Send + Sync
//
//     pub fn fail(&mut self, process: ProcessId, cause: Cause);   // the runtime knows of a death: report Event::Failed after what already arrived
//     pub fn drop_peer(&mut self, peer: Peer);
//     pub fn counters(&self, peer: Peer) -> fabric::Counters; // frames, bytes, wakes sent, full refusals, by direction
// }
//
// /// Room for one frame's payload. Send; not bound to the port's borrow. Must be published (dropping it publishes a frame of zeros
// /// with the transport-reserved kind VOID that the receiver skips, so that a panic never stalls the FIFO).
// pub struct Reserved; impl Reserved { pub fn room(&self) -> (*mut u8, usize); pub fn publish(self); }
//
// /// Reads a peer's private memory (process_vm_readv, or plain memory when the peer is in this address space).
// pub struct Reader: Clone + Send + Sync; impl Reader { pub unsafe fn read(&self, remote: u64, into: *mut u8, bytes: usize) -> Result<(), ReadError>; }
//
// /// Where and how this process sleeps.
// pub struct Sleeper: Clone + Send + Sync;
// impl Sleeper { pub fn sleep(&self, armed: Armed, timeout_ns: u64); pub fn wake(&self); }
