//! The size of a run, and its seed.

use anyhow::{Context, Result};

/// Read from the environment, so that a failure can be repeated: `PEERWARDEN_SEED`, `PEERWARDEN_SETS`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) seed: u64,
    /// How many sets of policies, HTTP and TCP together.
    pub(crate) sets: usize,
}

impl Settings {
    /// For the test command, the same every time: a harmless change must not fail by chance.
    const DEFAULT: Self = Self {
        seed: 20_260_401,
        sets: 180,
    };

    pub(crate) fn from_environment() -> Result<Self> {
        let seed = match std::env::var("PEERWARDEN_SEED").as_deref() {
            Ok("random") => fastrand::u64(1..1 << 32),
            _ => number("PEERWARDEN_SEED", Self::DEFAULT.seed)?,
        };
        let sets = number("PEERWARDEN_SETS", Self::DEFAULT.sets)?;
        Ok(Self { seed, sets })
    }

    /// Whether the run is long enough for every field to decide some verdicts.
    pub(crate) fn covers_all(self) -> bool {
        self.sets >= Self::DEFAULT.sets
    }
}

fn number<N: std::str::FromStr<Err = std::num::ParseIntError>>(name: &str, default: N) -> Result<N> {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .with_context(|| format!("{name}={text} is not a number")),
        Err(_) => Ok(default),
    }
}
