//! The places of containers and their probes in a document.

use peerwarden_engine::document::{At, Value};
use peerwarden_engine::{Problem, Problems};

use super::handler::{ContainerPort, Handler};
use super::{ANNOTATION, Probe};

/// A step on the path to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PathStep {
    Name(&'static str),
    Index(usize),
}

/// A path in the engine's notation.
pub(super) fn written(place: &[PathStep]) -> String {
    let mut text = String::new();
    for step in place {
        match step {
            PathStep::Name(name) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(name);
            }
            PathStep::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}

/// The places of probes and hooks in a container, and the names by which Istio's agent serves them.
const PLACES: [(&[&str], &str, &str); 5] = [
    (&["livenessProbe"], "app-health", "livez"),
    (&["readinessProbe"], "app-health", "readyz"),
    (&["startupProbe"], "app-health", "startupz"),
    (&["lifecycle", "postStart"], "app-lifecycle", "poststartz"),
    (&["lifecycle", "preStop"], "app-lifecycle", "prestopz"),
];

/// The Pod in a document, or its Pod template.
pub(super) struct Pod<'v> {
    at: &'static [&'static str],
    value: &'v Value,
}

impl<'v> Pod<'v> {
    pub(super) fn of(document: &'v Value) -> Option<Self> {
        let at: &[&str] = match document.get("kind")?.as_str()? {
            "Pod" => &[],
            "CronJob" => &["spec", "jobTemplate", "spec", "template"],
            _ => &["spec", "template"],
        };
        let value = at.iter().try_fold(document, |value, name| value.get(name))?;
        value.get("spec")?.get("containers")?;
        Some(Self { at, value })
    }

    /// Whether its annotation opts out of rewriting.
    pub(super) fn opted_out(&self, problems: &mut Problems) -> Option<bool> {
        let value = self.value.get("metadata")?.get("annotations")?.get(ANNOTATION)?;
        match value.as_str() {
            Some("false") => Some(true),
            Some("true") => Some(false),
            Some(_) | None => {
                let mut place: Vec<PathStep> = self.at.iter().copied().map(PathStep::Name).collect();
                place.extend([PathStep::Name("metadata"), PathStep::Name("annotations")]);
                let place = written(&place);
                let problem = Problem::new(
                    &At::place(&place).name(ANNOTATION),
                    format!("`{ANNOTATION}` is neither \"true\" nor \"false\""),
                );
                problems.push(problem.help("put it in quotes: annotations are strings"));
                None
            }
        }
    }

    pub(super) fn probes(&self, port: u16, problems: &mut Problems) -> Vec<Probe> {
        let mut probes = Vec::new();
        for list in ["initContainers", "containers"] {
            let Some(Value::List(containers)) = self.value.get("spec").and_then(|spec| spec.get(list)) else {
                continue;
            };
            for (index, container) in containers.iter().enumerate() {
                let mut place: Vec<PathStep> = self.at.iter().copied().map(PathStep::Name).collect();
                place.extend([
                    PathStep::Name("spec"),
                    PathStep::Name(list),
                    PathStep::Index(index),
                ]);
                of_container(container, &place, port, problems, &mut probes);
            }
        }
        probes
    }
}

fn of_container(
    container: &Value,
    place: &[PathStep],
    port: u16,
    problems: &mut Problems,
    probes: &mut Vec<Probe>,
) {
    let name = container.get("name").and_then(Value::as_str).unwrap_or_default();
    let before = probes.len();
    let ports = ContainerPort::all(container);
    for (field, of, page) in PLACES {
        let value = field.iter().try_fold(container, |value, name| value.get(name));
        let Some(value) = value.filter(|value| **value != Value::Null) else {
            continue;
        };
        let mut place = place.to_vec();
        place.extend(field.iter().copied().map(PathStep::Name));
        let at = written(&place);
        let is_hook = field.len() > 1;
        let Some((handler, timeout)) = Handler::read(value, &At::place(&at), &ports, is_hook, problems)
        else {
            continue;
        };
        if handler.port() == port {
            let problem = Problem::new(&At::place(&at), format!("it already uses port {port}"));
            problems.push(
                problem.help("pass the document from before its probes were rewritten, or use another port"),
            );
        }
        probes.push(Probe {
            name: format!("probe-{name}-{page}"),
            path: format!("/{of}/{name}/{page}"),
            says: format!("{} of {name}: {handler}", field.last().unwrap_or(&page)),
            place,
            handler,
            timeout,
        });
    }
    let label = name
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if probes.len() > before && !(label && (1..=63).contains(&name.len())) {
        let place = written(place);
        let problem = Problem::new(
            &At::place(&place).name("name"),
            "a container with probes needs a name",
        );
        problems.push(problem.help("write lower-case letters, digits and hyphens, at most 63"));
    }
}
