//! The headers of requests that continue: Envoy shows them only while they pass.

use std::cell::Cell;

/// The sizes up to which requests share one room, in bytes; the last room is for all that are larger. So whoever opens many requests with
/// large headers takes no room from those with small ones.
const SIZES: [usize; 3] = [1024, 4 * 1024, 16 * 1024];

/// Bytes of each room in this VM, whatever clients send. What is beyond counts as not established when its request is judged again, so
/// that nothing is allowed because of it.
const ROOM: usize = 8 * 1024 * 1024;

thread_local! {
    static KEPT: [Cell<usize>; SIZES.len() + 1] = const { [const { Cell::new(0) }; SIZES.len() + 1] };
}

/// In the ABI's encoding of pairs.
#[derive(Debug, Default)]
pub(crate) enum KeptHeaders {
    Bytes(Vec<u8>),
    /// There is no room for them.
    NoRoom,
    /// They could not be read, or nothing will ask for them.
    #[default]
    Nothing,
}

impl KeptHeaders {
    pub(crate) fn keep(bytes: Vec<u8>) -> Self {
        let all = with_room(bytes.len(), Cell::get).saturating_add(bytes.len());
        if all > ROOM {
            return Self::NoRoom;
        }
        with_room(bytes.len(), |kept| kept.set(all));
        Self::Bytes(bytes)
    }

    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::NoRoom | Self::Nothing => None,
        }
    }
}

/// What is kept in the room for headers of this length.
fn with_room<R>(length: usize, f: impl FnOnce(&Cell<usize>) -> R) -> R {
    let place = SIZES.iter().take_while(|size| length > **size).count();
    KEPT.with(|rooms| match rooms.get(place) {
        Some(room) => f(room),
        None => f(&Cell::new(ROOM)),
    })
}

impl Drop for KeptHeaders {
    fn drop(&mut self) {
        if let Self::Bytes(bytes) = self {
            with_room(bytes.len(), |kept| {
                kept.set(kept.get().saturating_sub(bytes.len()))
            });
        }
    }
}
