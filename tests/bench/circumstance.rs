//! What surrounds the requests of a measurement: how many there are, and what else the machine does meanwhile.

use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use crate::plan::Cell;

/// The hidden argument with which this program is the neighbour.
pub(crate) const NEIGHBOUR: &str = "be-a-neighbour";

/// How large the memory is that the neighbour goes through: more than the caches of most processors.
const SWEPT: usize = 256 * 1024 * 1024;

/// Bytes of one line of the processor's caches.
const CACHE_LINE: usize = 64;

/// The circumstances in which a cell is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Circumstance {
    /// As many requests as the callers can make, one after the other, and nothing else runs.
    Alone,
    /// The same, while another process sweeps the processor's caches.
    BesideNeighbour,
    /// A fixed number of requests each second, far below what Envoy can serve, and nothing else runs.
    FixedRate,
}

impl Circumstance {
    pub(crate) const ALL: [Self; 3] = [Self::Alone, Self::BesideNeighbour, Self::FixedRate];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Alone => "alone",
            Self::BesideNeighbour => "beside a busy neighbour",
            Self::FixedRate => "at a fixed rate",
        }
    }

    /// Whether a cell is measured in it.
    pub(crate) fn has(self, cell: Cell) -> bool {
        match self {
            Self::Alone | Self::BesideNeighbour => true,
            Self::FixedRate => cell.has_fixed_rate(),
        }
    }

    /// What runs meanwhile.
    pub(crate) fn neighbour(self) -> Result<Option<Neighbour>> {
        match self {
            Self::BesideNeighbour => Neighbour::start().map(Some),
            Self::Alone | Self::FixedRate => Ok(None),
        }
    }
}

/// A process that sweeps the caches; it ends when dropped.
pub(crate) struct Neighbour(Child);

impl Neighbour {
    fn start() -> Result<Self> {
        let program = std::env::current_exe().context("this program's path")?;
        let child = Command::new(program)
            .arg(format!("--{NEIGHBOUR}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .context("starting the neighbour")?;
        Ok(Self(child))
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        // An error here means that it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Writes to every line of a large memory, again and again.
pub(crate) fn sweep() -> ! {
    let mut memory = vec![0_u8; SWEPT];
    loop {
        for byte in memory.iter_mut().step_by(CACHE_LINE) {
            *byte = byte.wrapping_add(1);
        }
        std::hint::black_box(&mut memory);
    }
}
