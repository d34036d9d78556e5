//! A filter of a chain, however it is configured, and the module's plugin in it.

use peerwarden_engine::Config;
use peerwarden_engine::document::Value;

use super::configuration::Configuration;
use super::cursor::{Cursor, Failure};

/// The text in a name that identifies a filter as the module.
pub(super) const MODULE: &str = "peerwarden";

/// The types of filters that hold a Wasm module.
const WASM: [&str; 2] = [
    "envoy.extensions.filters.http.wasm.v3.Wasm",
    "envoy.extensions.filters.network.wasm.v3.Wasm",
];

/// A filter.
#[derive(Debug)]
pub(super) struct Filter<'v> {
    pub(super) here: Cursor<'v>,
    /// Its name in the chain, by which routes override it.
    pub(super) name: &'v str,
    /// The type name of its configuration, by which Envoy finds it; empty if unknown.
    pub(super) kind: &'v str,
    /// Its configuration; `None` if it comes by discovery and is not among the documents.
    pub(super) config: Option<Cursor<'v>>,
    pub(super) discovery: Option<Cursor<'v>>,
    /// A second, different configuration that was given for it: which one Envoy uses is unknown.
    rival: Option<Cursor<'v>>,
}

impl<'v> Filter<'v> {
    pub(super) fn read(here: Cursor<'v>, configuration: &Configuration<'v>) -> Result<Self, Failure> {
        let name = here.word("name")?;
        let discovery = here.get("config_discovery")?;
        let (found, rival) = match (&discovery, here.get("typed_config")?) {
            (_, Some(typed)) => (Some(typed.message()?), None),
            (Some(_), None) => discovered(name, here.document, configuration)?,
            (None, None) => (None, None),
        };
        let (kind, config) = match (found, &discovery) {
            (Some((kind, config)), _) => (kind, Some(config)),
            (None, Some(discovery)) => (only_type(discovery)?, None),
            (None, None) => ("", None),
        };
        Ok(Self {
            here,
            name,
            kind,
            config,
            discovery,
            rival,
        })
    }

    /// Its type in short.
    pub(super) fn short(&self) -> &'v str {
        short(self.kind)
    }

    /// Whether it holds the module: a Wasm filter with the module's name in its own, its plugin's or its file's.
    pub(super) fn is_module(&self) -> bool {
        if !WASM.contains(&self.kind) {
            return false;
        }
        let plugin = self.plugin().ok();
        let names = [
            &["name"] as &[&str],
            &["root_id"],
            &["vm_config", "vm_id"],
            &["vm_config", "code", "local", "filename"],
        ];
        let said = names.iter().filter_map(|names| {
            let here = plugin.as_ref()?.at(names).ok()??;
            here.value.as_str()
        });
        std::iter::once(self.name)
            .chain(said)
            .any(|name| name.contains(MODULE))
    }

    /// Why there is no configuration to read.
    pub(super) fn unread(&self) -> Failure {
        if let Some(rival) = &self.rival {
            return rival.fails(
                format!(
                    "cannot be verified: `{}` comes by discovery, and the input has several different versions of it",
                    self.name
                ),
                "pass the files of one Envoy at a time, with one configuration of each name",
            );
        }
        self.here.fails(
            format!(
                "cannot be verified: `{}` comes by discovery and is not in the input",
                self.name
            ),
            "also pass the file that it comes from, or Envoy's `/config_dump`",
        )
    }

    /// The `PluginConfig`.
    pub(super) fn plugin(&self) -> Result<Cursor<'v>, Failure> {
        let Some(config) = &self.config else {
            return Err(self.unread());
        };
        let plugin = config.get("config")?;
        plugin.ok_or_else(|| {
            config.fails(
                "cannot be verified: there is no `config`",
                "write the plugin into `config`",
            )
        })
    }

    /// The module's own configuration, with its place.
    pub(super) fn configuration(&self) -> Result<(Cursor<'v>, Config), Failure> {
        let plugin = self.plugin()?;
        let Some(any) = plugin.get("configuration")? else {
            let help = "write the module's JSON into a `google.protobuf.StringValue`";
            return Err(plugin.fails(
                "there is no `configuration`, and the module does not start without one",
                help,
            ));
        };
        let (kind, _) = any.message()?;
        let Some(here) = any.get("value")? else {
            return Err(any.fails("there is no `value`", "write the module's JSON into `value`"));
        };
        let parsed = match kind {
            "google.protobuf.StringValue" => Config::parse(here.text()?.as_bytes()),
            "google.protobuf.Struct" => Config::read(here.value),
            other => {
                let why = format!("cannot be verified: `{other}` is not supported");
                return Err(any.fails(
                    why,
                    "write JSON into a `google.protobuf.StringValue`, or a `Struct`",
                ));
            }
        };
        match parsed {
            Ok(config) => Ok((here, config)),
            Err(problems) => {
                let Some(problem) = problems.iter().next() else {
                    return Err(
                        here.fails("the module refuses it", "run `peerwarden check` on its documents")
                    );
                };
                let mut shown = problem.clone();
                let help = shown.help.take();
                let help = help.unwrap_or_else(|| "run `peerwarden check` on its documents".to_owned());
                Err(here.fails(format!("the module refuses it: {shown}"), help))
            }
        }
    }

    /// The key that distinguishes this plugin from others: Envoy keeps one root context for each.
    pub(super) fn key(&self) -> Result<[&'v str; 3], Failure> {
        let plugin = self.plugin()?;
        let vm = match plugin.get("vm_config")? {
            Some(vm) => vm.word("vm_id")?,
            None => "",
        };
        Ok([vm, plugin.word("name")?, plugin.word("root_id")?])
    }

    /// The bytes of this plugin's configuration.
    pub(super) fn configured(&self) -> Result<Option<&'v Value>, Failure> {
        let any = self.plugin()?.get("configuration")?;
        Ok(any.map(|here| here.value))
    }
}

/// A message with its type name.
type Message<'v> = (&'v str, Cursor<'v>);

/// The configurations by ECDS with this name: none or one, and a second one if the documents have several that differ.
fn discovered<'v>(
    name: &str,
    document: usize,
    configuration: &Configuration<'v>,
) -> Result<(Option<Message<'v>>, Option<Cursor<'v>>), Failure> {
    let extensions = configuration.extensions(name, document);
    let Some((first, others)) = extensions.split_first() else {
        return Ok((None, None));
    };
    if let Some(rival) = others.iter().find(|other| other.value != first.value) {
        return Ok((None, Some((*rival).clone())));
    }
    let typed = first.get("typed_config")?;
    Ok((typed.map(|typed| typed.message()).transpose()?, None))
}

/// The short name of a type, `router` for `envoy.extensions.filters.http.router.v3.Router`; for filters of other projects the whole
/// name.
pub(super) fn short(kind: &str) -> &str {
    let ours = ["http", "network", "listener"]
        .iter()
        .find_map(|place| kind.strip_prefix(&format!("envoy.extensions.filters.{place}.")));
    ours.map_or(kind, |rest| rest.split('.').next().unwrap_or(rest))
}

/// The type that discovery allows, if there is only one.
fn only_type<'v>(discovery: &Cursor<'v>) -> Result<&'v str, Failure> {
    match discovery.items("type_urls")?.as_slice() {
        [one] => Ok(one.text()?.rsplit('/').next().unwrap_or_default()),
        _ => Ok(""),
    }
}
