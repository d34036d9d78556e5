//! The places of containers and their probes in a document.

use peerwarden_engine::document::{At, Path, Value};
use peerwarden_engine::{Problem, Problems};

use super::handler::{ContainerPort, Handler};
use super::{ANNOTATION, Probe};

/// The places of probes and hooks in a container, and the names under which Istio's agent serves them.
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

    /// Its path in the document.
    fn path(&self) -> Path {
        Path::keys(self.at.iter().copied())
    }

    /// Whether its annotation opts out of rewriting.
    pub(super) fn opted_out(&self, problems: &mut Problems) -> Option<bool> {
        let value = self.value.get("metadata")?.get("annotations")?.get(ANNOTATION)?;
        match value.as_str() {
            Some("false") => Some(true),
            Some("true") => Some(false),
            Some(_) | None => {
                let place = self.path().key("metadata").key("annotations").key(ANNOTATION);
                let problem = Problem::new(
                    &At::place(&place),
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
                let place = self.path().key("spec").key(list).index(index);
                of_container(container, &place, port, problems, &mut probes);
            }
        }
        probes
    }
}

fn of_container(
    container: &Value,
    place: &Path,
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
        let place = field.iter().fold(place.clone(), |place, name| place.key(name));
        let at = At::place(&place);
        let is_hook = field.len() > 1;
        let Some((handler, timeout)) = Handler::read(value, &at, &ports, is_hook, problems) else {
            continue;
        };
        if handler.port() == port {
            let problem = Problem::new(&at, format!("it already uses port {port}"));
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
        let problem = Problem::new(
            &At::place(place).name("name"),
            "a container with probes needs a name",
        );
        problems.push(problem.help("write lower-case letters, digits and hyphens, at most 63"));
    }
}
