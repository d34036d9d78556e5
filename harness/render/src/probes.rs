//! The kubelet's probes, moved to a separate port: the kubelet has no certificate of the mesh, so a STRICT port refuses
//! it.
//!
//! As in Istio (<https://istio.io/latest/docs/ops/configuration/mesh/app-health-check/>): [`Probes::read`] finds them
//! in a Pod or in a document that creates Pods, [`Probes::rewritten`] has the kubelet request
//! `/app-health/CONTAINER/{livez,readyz,startupz}`, and the listener passes exactly these. HTTP probes continue to the
//! application; for TCP and gRPC probes Envoy checks the application itself, once a second, and answers with the
//! result.

mod handler;
mod listener;
mod pod;
mod rewrite;

use peerwarden_engine::document::{At, Path, Value};
use peerwarden_engine::{Problem, Problems};

use handler::Handler;

/// The port that Istio's agent uses for them.
pub const PORT: u16 = 15020;

/// The annotation with which a Pod opts out of rewritten probes, with `"false"`
/// (<https://istio.io/latest/docs/reference/config/annotations/#SidecarRewriteAppHTTPProbers>).
pub const ANNOTATION: &str = "sidecar.istio.io/rewriteAppHTTPProbers";

/// The probes of one Pod.
#[derive(Debug, Clone)]
pub struct Probes {
    port: u16,
    probes: Vec<Probe>,
}

/// The probes found in a document.
#[derive(Debug, Clone)]
pub enum ProbeScan {
    /// It creates no Pods, or its containers have nothing to rewrite.
    Nothing,
    /// Its annotation opts out.
    OptedOut,
    /// Probes to rewrite.
    Probes(Probes),
}

/// One probe.
#[derive(Debug, Clone)]
struct Probe {
    /// Its place, such as `spec.containers[0].livenessProbe`.
    place: Path,
    /// Its cluster's name.
    name: String,
    /// The path that the kubelet requests.
    path: String,
    /// A description for people.
    says: String,
    handler: Handler,
    /// The timeout of the kubelet, in seconds.
    timeout: u32,
}

impl Probes {
    /// Finds the probes of a Pod, or of a document that creates Pods: a Deployment, StatefulSet, DaemonSet, Job,
    /// `CronJob` and the like.
    ///
    /// # Errors
    ///
    /// If they are invalid; all mistakes are reported, each with its path in the document.
    pub fn read(document: &Value, port: u16) -> Result<ProbeScan, Problems> {
        let mut problems = Problems::default();
        let Some(pod) = pod::Pod::of(document) else {
            return Ok(ProbeScan::Nothing);
        };
        let keeps = pod.opted_out(&mut problems);
        if keeps == Some(true) && problems.is_empty() {
            return Ok(ProbeScan::OptedOut);
        }
        let probes = pod.probes(port, &mut problems);
        for (index, probe) in probes.iter().enumerate() {
            if probes[..index].iter().any(|other| other.path == probe.path) {
                let problem = Problem::new(&At::place(&probe.place), "another container has the same name");
                problems.push(problem.help("give each container a different name"));
            }
        }
        let found = if probes.is_empty() {
            ProbeScan::Nothing
        } else {
            ProbeScan::Probes(Self { port, probes })
        };
        problems.into_result(Some(found))
    }

    /// The port that the kubelet uses.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The number of probes.
    pub fn count(&self) -> usize {
        self.probes.len()
    }

    /// The document with its probes rewritten.
    pub fn rewritten(&self, document: &Value) -> Value {
        let mut document = document.clone();
        for probe in &self.probes {
            rewrite::rewrite(&mut document, probe, self.port);
        }
        document
    }
}
