//! Arguments of the commands that ask about one set of policies.

use std::path::PathBuf;

use clap::Args;
use peerwarden_analysis::WorkloadClass;
use peerwarden_documents::setup::Protocol;

use super::diff::ProtocolChoice;
use super::inputs::EngineArguments;
use super::mesh::MeshArguments;
use super::request::RequestArguments;
use crate::analysis::policies::{Policies, Unknown};
use crate::analysis::search::{Matches, Search};
use crate::error::Result;

/// The policies and the protocol of a question.
#[derive(Debug, Args)]
pub(super) struct AnalysisArguments {
    /// Policies: files, or folders to search recursively.
    #[arg(long, value_name = "PATH", default_value = ".")]
    policies: Vec<PathBuf>,
    #[command(flatten)]
    mesh: MeshArguments,
    /// The protocol of the traffic; `http` by default.
    #[arg(long, value_enum)]
    pub(super) protocol: Option<ProtocolChoice>,
    #[command(flatten)]
    pub(super) engines: EngineArguments,
}

impl AnalysisArguments {
    /// Reads the files; `namespace` is for documents that name none.
    ///
    /// # Errors
    ///
    /// If files are invalid; all mistakes are reported.
    pub(super) fn read(&self, namespace: Option<&str>) -> Result<(Policies, Vec<WorkloadClass>)> {
        let mut loader = self.mesh.loader(namespace)?;
        loader.lenient = true;
        let policies = self.mesh.policies(&loader, &self.policies, &self.mesh.setup()?)?;
        let workloads = self.mesh.workloads(namespace, &[&policies], Unknown::LeftOut)?;
        Ok((policies, workloads))
    }

    /// Searches each workload for requests of a kind that are allowed, or denied; shows at most `limit` classes of them.
    ///
    /// # Errors
    ///
    /// If files or the request are invalid, or if the analysis fails.
    pub(super) fn search(
        &self,
        request: &RequestArguments,
        namespace: Option<&str>,
        allowed: bool,
        limit: usize,
    ) -> Result<Vec<Matches>> {
        let (question, protocol) = request.read(self.protocol)?;
        let (policies, workloads) = self.read(namespace)?;
        let query = question.read(&policies.config.mesh, protocol)?;
        let module = self.engines.module()?;
        let search = Search {
            policies: &policies,
            query: &query,
            protocol,
            allowed,
            choice: self.engines.engine,
            module: module.as_ref().map(|shipped| &shipped.module),
            limit,
        };
        workloads.iter().map(|workload| search.run(workload)).collect()
    }

    pub(super) fn protocol(&self) -> Protocol {
        self.protocol.map_or(Protocol::Http, Into::into)
    }
}
