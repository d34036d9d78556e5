//! The kubelet's probes, moved to a port of their own: it has no certificate of the mesh, so that a STRICT port shuts it out.
//!
//! As Istio does it (<https://istio.io/latest/docs/ops/configuration/mesh/app-health-check/>): [`Probes::read`] finds them in a Pod or in
//! what makes Pods, [`Probes::rewritten`] has the kubelet ask for `/app-health/CONTAINER/{livez,readyz,startupz}`, and the
//! listener hands on exactly these. HTTP probes go on to the application; for TCP and gRPC probes Envoy checks the
//! application itself, once a second, and answers with what it found.

mod handler;
mod listener;
mod pod;
mod rewrite;

use peerwarden_engine::document::{At, Value};
use peerwarden_engine::{Problem, Problems};

use handler::Handler;

/// The port that Istio's agent has for them.
pub const PORT: u16 = 15020;

/// The annotation by which a Pod keeps its probes as they are, with `"false"`
/// (<https://istio.io/latest/docs/reference/config/annotations/#SidecarRewriteAppHTTPProbers>).
pub const ANNOTATION: &str = "sidecar.istio.io/rewriteAppHTTPProbers";

/// The probes of one Pod.
#[derive(Debug, Clone)]
pub struct Probes {
    port: u16,
    probes: Vec<Probe>,
}

/// What a document has to do with probes.
#[derive(Debug, Clone)]
pub enum Found {
    /// It makes no Pods, or their containers have nothing that would be rewritten.
    Nothing,
    /// Its annotation keeps its probes as they are.
    OptedOut,
    /// Probes that are to be rewritten.
    Probes(Probes),
}

/// One of them.
#[derive(Debug, Clone)]
struct Probe {
    /// Where it stands, such as `spec.containers[0].livenessProbe`.
    place: Vec<pod::Step>,
    /// Its cluster's name.
    name: String,
    /// What the kubelet asks for.
    path: String,
    /// For people.
    says: String,
    handler: Handler,
    /// How long the kubelet waits, in seconds.
    timeout: u32,
}

impl Probes {
    /// Finds the probes of a Pod, or of what makes Pods: a Deployment, StatefulSet, DaemonSet, Job, `CronJob` and the like.
    ///
    /// # Errors
    /// All that is wrong with them, each with its path in the document.
    pub fn read(document: &Value, port: u16) -> Result<Found, Problems> {
        let mut problems = Problems::default();
        let Some(pod) = pod::Pod::of(document) else {
            return Ok(Found::Nothing);
        };
        let keeps = pod.opted_out(&mut problems);
        if keeps == Some(true) && problems.is_empty() {
            return Ok(Found::OptedOut);
        }
        let probes = pod.probes(port, &mut problems);
        for (index, probe) in probes.iter().enumerate() {
            if probes[..index].iter().any(|other| other.path == probe.path) {
                let place = pod::written(&probe.place);
                let problem = Problem::new(&At::place(&place), "another container has the same name");
                problems.push(problem.help("give each container a name of its own"));
            }
        }
        let found = if probes.is_empty() {
            Found::Nothing
        } else {
            Found::Probes(Self { port, probes })
        };
        problems.into_result(Some(found))
    }

    /// Where the kubelet is to ask.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.probes.len()
    }

    /// The document in which they were found, with the kubelet asking here.
    pub fn rewritten(&self, document: &Value) -> Value {
        let mut document = document.clone();
        for probe in &self.probes {
            rewrite::rewrite(&mut document, probe, self.port);
        }
        document
    }
}
