//! A frame whose place in a stream is taken, and whose payload is written later.

use super::codec::{HEADER_BYTES, encode};
use super::hub::Hub;
use crate::room::Room;
use crate::{Frame, VOID};
use std::sync::{Arc, Mutex};

/// Where the frame, header and all, is put when it is complete; `None` before.
pub(super) type Place = Arc<Mutex<Option<Vec<u8>>>>;

/// Room for one frame's payload. Publishing lets the frame go; dropping it sends a frame that the receiver skips.
pub struct Reserved {
    frame: Frame,
    /// The header's room, then the payload's.
    room: Option<Room>,
    place: Place,
    hub: Arc<Hub>,
}

impl Reserved {
    /// A frame that goes to `place`, in the memory of `spare`.
    pub(super) fn new(frame: Frame, length: usize, spare: Vec<u8>, place: Place, hub: Arc<Hub>) -> Reserved {
        Reserved { frame, room: Some(Room::new(spare, HEADER_BYTES + length)), place, hub }
    }

    /// Where to write, and how much.
    pub fn room(&self) -> (*mut u8, usize) {
        let room = self.room.as_ref().expect("only publish and drop take the room");
        (room.pointer().wrapping_add(HEADER_BYTES), room.len() - HEADER_BYTES)
    }

    /// Lets the frame go.
    pub fn publish(mut self) {
        let room = self.room.take().expect("only publish and drop take the room");
        self.put(&self.frame, room.into_bytes());
    }

    fn put(&self, frame: &Frame, mut bytes: Vec<u8>) {
        let header = encode(frame, bytes.len() - HEADER_BYTES);
        bytes[..HEADER_BYTES].copy_from_slice(&header);
        *self.place.lock().expect("no panic while locked") = Some(bytes);
        self.hub.call();
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        let Some(room) = self.room.take() else { return };
        let mut bytes = room.into_bytes();
        // What was in this memory before is nobody else's business.
        bytes.fill(0);
        self.put(&Frame { kind: VOID, header: [0; 3] }, bytes);
    }
}

impl std::fmt::Debug for Reserved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "tcp::Reserved({:?})", self.room)
    }
}
