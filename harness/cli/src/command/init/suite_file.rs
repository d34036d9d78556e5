//! The text of a first suite.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use anyhow::Context;
use peerwarden_documents::documents::Document;
use peerwarden_engine::Config;
use peerwarden_engine::document::Value;
use peerwarden_render::yaml;

use super::pods::PodWorkload;
use super::requests::{self, SuiteRequest};
use super::slashed;
use crate::error::Result;

/// The comment at the top of the file.
const HEAD: &str = "# Written by `peerwarden init`. The snapshot records what the policies allow today, not what they should allow:\n\
                    # review it, and add the cases that matter most to `cases`.\n";

/// Paths to the policies, relative to the folder of the suites: the folders of their files, so that policies that are
/// added later are tested too. A file that was named stays a file, and so does one in a folder that contains the
/// suites, or a file that is `left_out`.
pub(super) fn policies(
    documents: &[Document],
    left_out: &BTreeSet<String>,
    named: &[PathBuf],
    suites: &Path,
) -> Result<Vec<String>> {
    let own = real(suites)?;
    let left_out = left_out.iter().map(|file| real(Path::new(file)));
    let left_out = left_out.collect::<anyhow::Result<Vec<PathBuf>>>()?;
    let files: BTreeSet<&str> = documents
        .iter()
        .map(|document| document.source.name.as_str())
        .collect();
    let mut places: BTreeSet<PathBuf> = BTreeSet::new();
    for file in files.into_iter().map(Path::new) {
        let is_named = named.iter().any(|path| path == file);
        let file = real(file)?;
        let folder = file
            .parent()
            .filter(|folder| !is_named && !own.starts_with(folder))
            .filter(|folder| !left_out.iter().any(|other| other.starts_with(folder)));
        places.insert(folder.map_or(file.clone(), Path::to_owned));
    }
    let all = places.clone();
    places.retain(|place| !all.iter().any(|other| other != place && place.starts_with(other)));
    Ok(places
        .iter()
        .map(|place| slashed(&relative(place, &own)))
        .collect())
}

/// A file as the suites name it: as a path from their folder.
pub(super) fn from_suites(file: &Path, suites: &Path) -> Result<String> {
    Ok(slashed(&relative(&real(file)?, &real(suites)?)))
}

fn real(path: &Path) -> anyhow::Result<PathBuf> {
    path.canonicalize()
        .with_context(|| format!("`{}`", path.display()))
}

/// A path from a folder to a place.
fn relative(place: &Path, folder: &Path) -> PathBuf {
    let same = place
        .components()
        .zip(folder.components())
        .take_while(|(one, other)| one == other)
        .count();
    let up = folder.components().skip(same).map(|_| Component::ParentDir);
    up.chain(place.components().skip(same)).collect()
}

/// The suite of a workload.
pub(super) fn text(
    workload: &PodWorkload,
    mesh: Option<&str>,
    policies: &[String],
    config: &Config,
    callers: &BTreeMap<String, String>,
) -> String {
    let named = |map: &BTreeMap<String, String>| {
        object(map.iter().map(|(name, value)| (name.as_str(), string(value))))
    };
    let requests = requests::of(config, workload);
    let protected = &workload.workload;
    let mesh = mesh.map(|file| ("mesh", string(file)));
    let fields = [
        (
            "workload",
            object([
                ("namespace", string(&protected.namespace)),
                ("serviceAccount", string(&protected.service_account)),
                ("labels", named(&protected.labels)),
            ]),
        ),
        (
            "policies",
            Value::List(policies.iter().map(|path| string(path)).collect()),
        ),
        ("peers", named(callers)),
        (
            "requests",
            object(
                requests
                    .iter()
                    .map(|(name, request)| (name.as_str(), written(request))),
            ),
        ),
        ("snapshot", string(&format!("{}_access.md", workload.name()))),
    ];
    let suite = object(mesh.into_iter().chain(fields));
    format!("{HEAD}{}", yaml::write(&suite))
}

fn written(request: &SuiteRequest) -> Value {
    match request {
        SuiteRequest::Tcp(port) => string(&format!("tcp {port}")),
        SuiteRequest::Http {
            method,
            path,
            host: None,
            port: None,
        } => string(&format!("{method} {path}")),
        SuiteRequest::Http {
            method,
            path,
            host,
            port,
        } => {
            let mut fields = vec![("method", string(method)), ("path", string(path))];
            fields.extend(host.as_ref().map(|host| ("host", string(host))));
            fields.extend(port.map(|port| ("port", Value::Number(f64::from(port)))));
            object(fields)
        }
    }
}

fn string(text: &str) -> Value {
    Value::String(text.to_owned())
}

fn object<'n>(fields: impl IntoIterator<Item = (&'n str, Value)>) -> Value {
    Value::Object(
        fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}
