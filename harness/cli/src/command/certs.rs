//! `peerwarden certs`: a mesh's certificates, for local use.

mod pod;

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, SystemTime};

use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::output;
use peerwarden_mtls::duration::{self, written};
use peerwarden_mtls::{Authority, Error, LIFETIME, Workload};

use crate::error::Result;
use crate::exit::Exit;
use pod::Pod;

/// Create certificates of a mesh, for local use.
///
/// Never use them in production: the authority's key is in a file, and certificates are issued without authentication.
///
/// The authority is in FOLDER/ca, and is created if there is none. Each identity gets a folder NAMESPACE/SERVICE-ACCOUNT with
/// `cert-chain.pem`, `key.pem` and `root-cert.pem`, and with `certificate.yaml` and `validation.yaml`, from which a running Envoy
/// reloads the certificates when they are replaced.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// An identity: `spiffe://cluster.local/ns/NAMESPACE/sa/SERVICE-ACCOUNT`.
    #[arg(value_name = "IDENTITY", required_unless_present = "pod")]
    identities: Vec<String>,
    /// A file with Pods, or with Deployments, Jobs and the like. It gives the namespace, the service account, and the lifetime of
    /// certificates: `proxyMetadata.SECRET_TTL` in the annotation `proxy.istio.io/config`.
    #[arg(long, value_name = "FILE")]
    pod: Vec<PathBuf>,
    /// The folder of the authority and the certificates.
    #[arg(long, value_name = "FOLDER", default_value = "certs")]
    dir: PathBuf,
    /// The trust domain of a new authority, and of Pods.
    #[arg(long, value_name = "NAME", default_value = "cluster.local")]
    trust_domain: String,
    /// A DNS name of the workloads as servers, for a DNS SAN.
    #[arg(long, value_name = "NAME")]
    dns: Vec<String>,
    /// The lifetime of certificates, such as `90m`. By default, what the Pod says, or else 24h. It never exceeds that of the
    /// authority.
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    ttl: Option<Duration>,
    /// The lifetime of a new authority.
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "8760h")]
    ca_ttl: Duration,
    /// Keep running, and replace each certificate at half of its lifetime.
    #[arg(long)]
    watch: bool,
}

/// A workload, and the lifetime of its certificates.
struct CertificateOrder {
    workload: Workload,
    lifetime: Duration,
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    let wanted = wanted(&arguments)?;
    make(&arguments, &wanted)?;
    Ok(Exit::Fine)
}

fn make(arguments: &Arguments, wanted: &[CertificateOrder]) -> Result<()> {
    let authority = authority(arguments)?;
    let mut due = Vec::new();
    for wanted in wanted {
        due.push(issue(arguments, &authority, wanted)?);
    }
    if arguments.watch {
        rotate(arguments, &authority, wanted, due)?;
    }
    Ok(())
}

/// The existing authority, or a new one.
fn authority(arguments: &Arguments) -> Result<Authority> {
    let folder = arguments.dir.join("ca");
    if let Some(authority) = Authority::read(&folder)? {
        return Ok(authority);
    }
    let authority = Authority::make(&folder, &arguments.trust_domain, arguments.ca_ttl)?;
    output::print(&format!(
        "{}: a new authority of {}, for local use only, valid for {}\n",
        folder.display(),
        authority.trust_domain(),
        written(arguments.ca_ttl),
    ))?;
    Ok(authority)
}

/// Replaces each certificate when it is due, until a signal, or until the authority has expired.
fn rotate(
    arguments: &Arguments,
    authority: &Authority,
    wanted: &[CertificateOrder],
    mut due: Vec<SystemTime>,
) -> Result<()> {
    loop {
        let next = due.iter_mut().zip(wanted).min_by_key(|(at, _)| **at);
        let Some((at, wanted)) = next else { return Ok(()) };
        // A clock that is set forward meanwhile is noticed within a minute.
        while let Ok(left) = at.duration_since(SystemTime::now()) {
            thread::sleep(left.clamp(Duration::from_millis(1), Duration::from_secs(60)));
        }
        if authority.not_after() <= SystemTime::now() {
            let expired = Error::Authority {
                path: arguments.dir.join("ca"),
                why: "it has expired; remove the folder to have a new one created".to_owned(),
            };
            return Err(expired.into());
        }
        *at = issue(arguments, authority, wanted)?;
    }
}

/// Issues a certificate, writes it and reports it; returns when it is to be replaced.
fn issue(arguments: &Arguments, authority: &Authority, wanted: &CertificateOrder) -> Result<SystemTime> {
    let workload = &wanted.workload;
    let issued = authority.issue(workload, wanted.lifetime)?;
    let folder = arguments
        .dir
        .join(workload.namespace())
        .join(workload.service_account());
    issued.write(&folder)?;
    let lives = issued
        .not_after()
        .duration_since(SystemTime::now())
        .unwrap_or_default();
    let cut = lives + Duration::from_secs(2) < wanted.lifetime;
    output::print(&format!(
        "{}: {}, valid for {}\n",
        folder.display(),
        workload.spiffe_id(),
        if cut {
            format!("{}, as long as the authority", written(lives))
        } else {
            written(wanted.lifetime)
        },
    ))?;
    Ok(issued.rotation())
}

fn wanted(arguments: &Arguments) -> Result<Vec<CertificateOrder>, Vec<Diagnostic>> {
    let mut wrong = Vec::new();
    let mut all: Vec<CertificateOrder> = Vec::new();
    let mut add = |workload: Result<Workload, Error>, lifetime: Duration| match workload {
        Ok(workload) => {
            let workload = arguments
                .dns
                .iter()
                .fold(workload, |workload, name| workload.dns(name));
            all.push(CertificateOrder { workload, lifetime });
        }
        Err(error) => wrong.push(crate::error::described(&error)),
    };
    for identity in &arguments.identities {
        add(Workload::parse(identity), arguments.ttl.unwrap_or(LIFETIME));
    }
    let mut unread = Vec::new();
    for file in &arguments.pod {
        match Pod::all(file) {
            Ok(pods) => {
                for pod in pods {
                    let workload =
                        Workload::new(&arguments.trust_domain, &pod.namespace, &pod.service_account);
                    add(workload, arguments.ttl.or(pod.secret_ttl).unwrap_or(LIFETIME));
                }
            }
            Err(diagnostics) => unread.extend(diagnostics),
        }
    }
    wrong.extend(unread);
    if wrong.is_empty() { Ok(all) } else { Err(wrong) }
}
