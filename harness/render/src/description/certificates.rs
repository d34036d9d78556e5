//! The certificates of a workload.

use peerwarden_engine::document::{At, Fields, Value};
use peerwarden_engine::{Problem, Problems};

/// The location of the certificate, its key and the roots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Certificates {
    /// A folder with `cert-chain.pem`, `key.pem` and `root-cert.pem`, as Istio names them. Envoy reads them at startup.
    Directory(String),
    /// A folder with `certificate.yaml` and `validation.yaml`, as `peerwarden certs` writes them. Envoy reloads them when one of
    /// them is replaced (<https://www.envoyproxy.io/docs/envoy/latest/configuration/security/secret>).
    Sds(String),
}

impl Default for Certificates {
    fn default() -> Self {
        Self::Directory("/etc/certs".to_owned())
    }
}

impl Certificates {
    pub(crate) fn read(value: &Value, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::of(value, at, problems)?;
        let directory = fields.text("directory", problems);
        let sds = fields.text("sds", problems);
        fields.finish(problems);
        match (directory, sds) {
            (Some(directory), None) => Some(Self::Directory(folder(directory))),
            (None, Some(sds)) => Some(Self::Sds(folder(sds))),
            (None, None) | (Some(_), Some(_)) => {
                let problem = Problem::new(at, "exactly one of `directory` and `sds` is required");
                problems.push(problem.help("write `{directory: /etc/certs}` for PEM files, `{sds: /etc/sds}` for files that are rotated"));
                None
            }
        }
    }
}

fn folder(path: &str) -> String {
    path.trim_end_matches('/').to_owned()
}
