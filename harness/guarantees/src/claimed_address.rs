//! Addresses of a connection that a client may choose: in a PROXY header, or in the request that opens a tunnel.

use super::CheckInput;
use super::chain::Chain;
use super::cursor::{Cursor, Failure};
use super::proxy_protocol::{self, only_trusted};
use super::tunnel;

/// The place from which such an address comes.
#[derive(Debug, Clone)]
pub(super) struct ClaimedAddress<'v> {
    pub(super) here: Cursor<'v>,
    /// Whether a PROXY header has it, and not a tunnel.
    pub(super) by_header: bool,
}

impl<'v> ClaimedAddress<'v> {
    /// The address that a connection goes to; `None` if the client cannot choose it.
    ///
    /// # Errors
    ///
    /// If a value has the wrong shape.
    pub(super) fn destination(chain: &Chain<'v>, all: &CheckInput<'v>) -> Result<Option<Self>, Failure> {
        Self::read(chain, tunnel::destination(chain, all)?)
    }

    /// The address that a connection comes from; `None` if the client cannot choose it.
    ///
    /// # Errors
    ///
    /// If a value has the wrong shape.
    pub(super) fn source(chain: &Chain<'v>, all: &CheckInput<'v>) -> Result<Option<Self>, Failure> {
        Self::read(chain, tunnel::source(chain, all)?)
    }

    /// Whether only the operator's own proxies write the header.
    ///
    /// # Errors
    ///
    /// If a value has the wrong shape.
    pub(super) fn is_trusted(&self, chain: &Chain<'_>) -> Result<bool, Failure> {
        Ok(self.by_header && only_trusted(chain)?)
    }

    /// Where the client writes it, for people.
    pub(super) fn shown(&self) -> &'static str {
        if self.by_header {
            "in the PROXY header"
        } else {
            "in what opens its tunnel"
        }
    }

    fn read(chain: &Chain<'v>, tunnel: Option<Cursor<'v>>) -> Result<Option<Self>, Failure> {
        let header = proxy_protocol::taken(chain)?;
        let by_header = header.is_some();
        Ok(header.or(tunnel).map(|here| Self { here, by_header }))
    }
}
