//! The options of all targets that read policies.

use peerwarden_documents::load::Loader;

use super::destination::Destination;
use crate::command::repository::{NamespaceArgument, RepositoryArguments};
use crate::error::Result;

/// Where documents are read from, and where what is rendered goes.
#[derive(Debug, clap::Args)]
pub(super) struct RenderOptions {
    #[command(flatten)]
    pub(super) destination: Destination,
    #[command(flatten)]
    repository: RepositoryArguments,
    #[command(flatten)]
    namespace: NamespaceArgument,
}

impl RenderOptions {
    /// Refuses files that cannot be read: what is rendered must not lack a policy.
    pub(super) fn loader(&self) -> Result<Loader> {
        let mut loader = self.repository.loader(self.namespace.get())?;
        loader.strict = true;
        Ok(loader)
    }
}
