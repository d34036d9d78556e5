//! The contents of the documents, in any form of Envoy's configuration.

use super::cursor::{Cursor, Failure};
use peerwarden_engine::document::{Path, Value};

/// The fields of a bootstrap that name a source of listeners.
const SOURCES: [&str; 2] = ["lds_config", "lds_resources_locator"];

/// Everything that is read from the documents, in their order.
#[derive(Debug, Default)]
pub(super) struct Configuration<'v> {
    /// The documents themselves, for values that may occur anywhere.
    pub(super) documents: &'v [Value],
    /// The documents of a whole Envoy: bootstraps and dumps, but not files of discovery.
    wholes: Vec<usize>,
    pub(super) listeners: Vec<Cursor<'v>>,
    /// Resources by ECDS.
    extensions: Vec<Cursor<'v>>,
    /// Resources by RDS.
    routes: Vec<Cursor<'v>>,
    secrets: Vec<Cursor<'v>>,
    bootstraps: Vec<Cursor<'v>>,
    /// The documents with listeners by LDS.
    delivered: Vec<usize>,
    /// Resources by RTDS.
    runtimes: Vec<Cursor<'v>>,
    clusters: Vec<Cursor<'v>>,
}

impl<'v> Configuration<'v> {
    /// Reads bootstraps, files of discovery, and answers of the administration's `/config_dump`, given the name of each
    /// document's file if known.
    pub(super) fn read(documents: &'v [Value], files: &[Option<&str>]) -> Result<Self, Failure> {
        let mut read = Self {
            documents,
            ..Self::default()
        };
        for (index, value) in documents.iter().enumerate() {
            read.document(&Cursor::root(index, value))?;
        }
        if read.listeners.is_empty() {
            let why = "there is no listener in the input";
            let help =
                "if listeners come by LDS, pass the file that `lds_config` names, or Envoy's `/config_dump`";
            return Err(Failure {
                document: 0,
                path: Path::default(),
                why: why.to_owned(),
                help: help.to_owned(),
            });
        }
        for bootstrap in &read.bootstraps {
            for source in SOURCES {
                if let Some(here) = bootstrap.at(&["dynamic_resources", source])?
                    && !read.has_delivered(&here, files)?
                {
                    return Err(here.fails(
                        "more listeners come by LDS and are not in the input",
                        "also pass the file that they come from, under its own name, or Envoy's `/config_dump`",
                    ));
                }
            }
        }
        Ok(read)
    }

    /// Whether the resources of this source of listeners are among the documents: a file of the same name, if both names are known.
    fn has_delivered(&self, source: &Cursor<'v>, files: &[Option<&str>]) -> Result<bool, Failure> {
        let wanted = file_of(source)?;
        let is = |document: &usize| match (wanted, files.get(*document).copied().flatten()) {
            (Some(wanted), Some(name)) if !self.wholes.contains(document) => last(wanted) == last(name),
            _ => true,
        };
        Ok(self.delivered.iter().any(is))
    }

    fn document(&mut self, root: &Cursor<'v>) -> Result<(), Failure> {
        let forms = ["configs", "resource", "resources", "static_resources"];
        let mut there = Vec::new();
        for form in forms {
            if root.get(form)?.is_some() {
                there.push(form);
            }
        }
        if let [first, second, ..] = there.as_slice() {
            return Err(root.fails(
                format!(
                    "cannot be verified: the file has `{first}` and `{second}`, of which Envoy reads one"
                ),
                "remove what Envoy does not read",
            ));
        }
        if root.get("configs")?.is_some() {
            self.wholes.push(root.document);
            return self.dump(root);
        }
        if root.get("resources")?.is_some() {
            for resource in root.items("resources")? {
                self.resource(resource)?;
            }
            return Ok(());
        }
        let is_bootstrap =
            root.get("static_resources")?.is_some() || root.get("dynamic_resources")?.is_some();
        if is_bootstrap {
            self.wholes.push(root.document);
            self.bootstraps.push(root.clone());
        }
        match root.get("static_resources")? {
            Some(resources) => self.static_resources(&resources),
            None if root.get("dynamic_resources")?.is_some() => Ok(()),
            None => Err(root.fails(
                "this is not an Envoy configuration",
                "pass a bootstrap (`static_resources`), a file of LDS or ECDS (`resources`), or the answer to \
                 `/config_dump` (`configs`)",
            )),
        }
    }

    fn static_resources(&mut self, resources: &Cursor<'v>) -> Result<(), Failure> {
        self.listeners.extend(resources.items("listeners")?);
        self.secrets.extend(resources.items("secrets")?);
        self.clusters.extend(resources.items("clusters")?);
        Ok(())
    }

    /// A resource of a discovery service's answer, possibly wrapped.
    fn resource(&mut self, resource: Cursor<'v>) -> Result<(), Failure> {
        let (name, message) = resource.message()?;
        match name {
            "envoy.config.listener.v3.Listener" => {
                self.delivered.push(message.document);
                self.listeners.push(message);
            }
            "envoy.config.core.v3.TypedExtensionConfig" => self.extensions.push(message),
            "envoy.config.route.v3.RouteConfiguration" => self.routes.push(message),
            "envoy.service.runtime.v3.Runtime" => self.runtimes.push(message),
            "envoy.extensions.transport_sockets.tls.v3.Secret" => self.secrets.push(message),
            "envoy.config.cluster.v3.Cluster" => self.clusters.push(message),
            "envoy.service.discovery.v3.Resource" => {
                if let Some(inner) = message.get("resource")? {
                    return self.resource(inner);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// <https://www.envoyproxy.io/docs/envoy/latest/api-v3/admin/v3/config_dump.proto>
    fn dump(&mut self, root: &Cursor<'v>) -> Result<(), Failure> {
        let before = self.listeners.len();
        let mut bootstrap = None;
        for part in root.items("configs")? {
            match part.message()?.0 {
                "envoy.admin.v3.BootstrapConfigDump" => {
                    let whole = part.get("bootstrap")?;
                    self.bootstraps.extend(whole.clone());
                    bootstrap = whole
                        .map(|whole| whole.get("static_resources"))
                        .transpose()?
                        .flatten();
                }
                "envoy.admin.v3.ListenersConfigDump" => {
                    self.delivered.push(root.document);
                    collect(&mut self.listeners, &part, "static_listeners", &["listener"])?;
                    for state in ["active_state", "warming_state"] {
                        collect(
                            &mut self.listeners,
                            &part,
                            "dynamic_listeners",
                            &[state, "listener"],
                        )?;
                    }
                }
                "envoy.admin.v3.EcdsConfigDump" => {
                    collect(&mut self.extensions, &part, "ecds_filters", &["ecds_filter"])?;
                }
                "envoy.admin.v3.RoutesConfigDump" => {
                    for routes in ["static_route_configs", "dynamic_route_configs"] {
                        collect(&mut self.routes, &part, routes, &["route_config"])?;
                    }
                }
                "envoy.admin.v3.ClustersConfigDump" => {
                    for clusters in [
                        "static_clusters",
                        "dynamic_active_clusters",
                        "dynamic_warming_clusters",
                    ] {
                        collect(&mut self.clusters, &part, clusters, &["cluster"])?;
                    }
                }
                "envoy.admin.v3.SecretsConfigDump" => {
                    for secrets in ["static_secrets", "dynamic_active_secrets"] {
                        collect(&mut self.secrets, &part, secrets, &["secret"])?;
                    }
                }
                _ => {}
            }
        }
        // The bootstrap's listeners are in the dump too, unless only the bootstrap was requested.
        match bootstrap.filter(|_| self.listeners.len() == before) {
            Some(resources) => self.static_resources(&resources),
            None => Ok(()),
        }
    }

    /// Every filter by ECDS with this name.
    pub(super) fn extensions(&self, name: &str, document: usize) -> Vec<&Cursor<'v>> {
        self.named(&self.extensions, name, document)
    }

    /// All routes by RDS with this name.
    pub(super) fn routes(&self, name: &str, document: usize) -> Vec<&Cursor<'v>> {
        self.named(&self.routes, name, document)
    }

    /// All settings by RTDS with this name.
    pub(super) fn runtimes(&self, name: &str, document: usize) -> Vec<&Cursor<'v>> {
        self.named(&self.runtimes, name, document)
    }

    /// The bootstraps that may run a document's listeners: its own, or else any that were given.
    pub(super) fn bootstraps(&self, document: usize) -> Vec<&Cursor<'v>> {
        let own = self.bootstraps.iter().filter(|here| here.document == document);
        let own: Vec<_> = own.collect();
        if own.is_empty() {
            return self.bootstraps.iter().collect();
        }
        own
    }

    /// Every cluster with this name, static and by CDS.
    pub(super) fn clusters(&self, name: &str, document: usize) -> Vec<&Cursor<'v>> {
        self.named(&self.clusters, name, document)
    }

    /// Everything that can contain filters.
    pub(super) fn everything(&self) -> impl Iterator<Item = Cursor<'v>> {
        let all = [&self.listeners, &self.extensions, &self.routes, &self.clusters];
        all.into_iter().flatten().cloned()
    }

    /// Every secret with this name, static and by SDS.
    pub(super) fn secrets(&self, name: &str, document: usize) -> Vec<&Cursor<'v>> {
        self.named(&self.secrets, name, document)
    }

    /// Whether two documents may belong to one Envoy. Each Envoy has one bootstrap; a file of discovery may belong to any.
    pub(super) fn may_be_of_one(&self, one: usize, other: usize) -> bool {
        one == other || !(self.wholes.contains(&one) && self.wholes.contains(&other))
    }

    /// All resources with this name that a document may refer to. Which of several Envoy uses depends on where it looks and what
    /// came last, not on the order of the files, so a guarantee is kept only if it is kept with each.
    fn named<'h>(&self, all: &'h [Cursor<'v>], name: &str, document: usize) -> Vec<&'h Cursor<'v>> {
        let is =
            |here: &&Cursor<'v>| here.word("name") == Ok(name) && self.may_be_of_one(here.document, document);
        all.iter().filter(is).collect()
    }
}

fn collect<'v>(
    into: &mut Vec<Cursor<'v>>,
    part: &Cursor<'v>,
    list: &str,
    within: &[&str],
) -> Result<(), Failure> {
    for item in part.items(list)? {
        into.extend(item.at(within)?);
    }
    Ok(())
}

/// The file that a `ConfigSource`, or a locator, names.
fn file_of<'v>(source: &Cursor<'v>) -> Result<Option<&'v str>, Failure> {
    if let Some(locator) = source.value.as_str() {
        return Ok(locator.strip_prefix("file://"));
    }
    for names in [&["path_config_source", "path"] as &[&str], &["path"]] {
        if let Some(path) = source.at(names)? {
            return path.text().map(Some);
        }
    }
    Ok(None)
}

/// The part of a path after its last slash.
fn last(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}
