//! The format of a configuration in shared data: its original bytes, followed by its use, a checksum, and a mark.

use peerwarden_engine::checksum as checksum_of;

/// The last bytes, including the version of the format.
const MARK: [u8; 8] = *b"peerwd\0\x01";

/// How a configuration is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// Envoy has configured it.
    New,
    /// It belongs to an older VM, where streams begin with it again.
    Back,
    /// Streams begin alternately with it and with others.
    SideBySide,
}

const USES: [(u8, Use); 3] = [(0, Use::New), (1, Use::Back), (2, Use::SideBySide)];

/// The readable parts.
pub(super) struct Notice {
    pub(super) is: Use,
    /// The checksum of the configuration.
    pub(super) checksum: u64,
    /// The length of the configuration in bytes.
    pub(super) length: usize,
}

impl Notice {
    /// `None` if it is anything else, or incomplete.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_suffix(&MARK)?;
        let (rest, written) = rest.split_last_chunk::<8>()?;
        let (is, configuration) = rest.split_last()?;
        let checksum = checksum(configuration);
        if u64::from_le_bytes(*written) != checksum {
            return None;
        }
        let (_, is) = USES.iter().find(|(byte, _)| byte == is)?;
        Some(Self {
            is: *is,
            checksum,
            length: configuration.len(),
        })
    }
}

/// The checksum that distinguishes configurations.
pub(super) fn checksum(configuration: &[u8]) -> u64 {
    checksum_of(configuration)
}

/// `None` if there is not enough memory.
pub(super) fn write(configuration: &[u8], is: Use) -> Option<Vec<u8>> {
    let (byte, _) = USES.iter().find(|(_, known)| *known == is)?;
    let mut bytes = Vec::new();
    let length = configuration.len().checked_add(32)?;
    bytes.try_reserve_exact(length).ok()?;
    bytes.extend_from_slice(configuration);
    bytes.push(*byte);
    bytes.extend_from_slice(&checksum(configuration).to_le_bytes());
    bytes.extend_from_slice(&MARK);
    Some(bytes)
}
