//! A fingerprint of everything in a configuration that decisions depend on.

mod siphash;

use std::fmt;
use std::hash::{Hash, Hasher};

use siphash::SipHash;

use crate::config::{Config, Paths};
use crate::document::At;
use crate::mesh::Mesh;
use crate::policy::{Policy, Shared, validate};
use crate::problem::Problems;
use crate::resource::{Resource, WrittenPolicy};
use crate::select::{MtlsModes, applies};

/// The version of the computation. It changes when the same configuration gets another number.
const VERSION: u64 = 2;

/// The bits of a number: as many as a double, the type of JSON's numbers, holds exactly.
const BITS: u32 = 53;

/// A number for all that a configuration decides by: 53 bits, so that JSON and a metric can hold it, and never 0.
///
/// It does not depend on the encoding (JSON, `google.protobuf.Struct`), on the order of keys and documents, on how numbers are spelled,
/// or on whether a default is written. It covers the mesh, the workload, the documents that apply to it, the providers, `protocol`,
/// `tcp`, `jwt`, `openConnections`, `paths`, `lock` and `report`. Of a document, it covers what decides or is reported: not the labels,
/// the annotations other than the dry run's, or the place in the file. The order of documents decides nothing and is not reported; the
/// order of rules within a document is reported.
///
/// It is a checksum against mix-ups, not a signature: with 53 bits, somebody can make two configurations with the same number on
/// purpose. `SipHash` is small, needs no table, and mixes well where texts differ in one character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// The fingerprint of a configuration with its documents; `None` if it does not name the workload.
    pub fn of(config: &Config) -> Option<Self> {
        let workload = config.workload.as_ref()?;
        let mut policies = Policies::default();
        for resource in &config.resources {
            let Resource::AuthorizationPolicy(document) = resource else {
                continue;
            };
            let document = document.written();
            if applies(&document, &config.mesh, workload)
                && let Some(policy) = validate(
                    &document,
                    &At::ROOT,
                    &config.mesh,
                    &Shared::default(),
                    &mut Problems::default(),
                )
            {
                policies.add(&document, &policy);
            }
        }
        policies.with(config)
    }

    /// The number.
    pub fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A 64-bit number for any value, by the same hash: the same on every platform.
pub fn checksum(of: &(impl Hash + ?Sized)) -> u64 {
    hash(of)
}

/// The authorization policies that apply, in no order.
#[derive(Debug, Default)]
pub(crate) struct Policies {
    count: u64,
    sum: u64,
}

impl Policies {
    /// Adds a document, with its validated form.
    pub(crate) fn add(&mut self, document: &WrittenPolicy<'_>, policy: &Policy) {
        let WrittenPolicy {
            metadata,
            // They say whom it applies to, which this workload is.
            selector: _,
            target_refs: _,
            action,
            provider,
            rules,
        } = document;
        let hash = hash(&(
            &metadata.namespace,
            &metadata.name,
            policy.dry_run,
            action,
            provider,
            rules,
        ));
        self.count = self.count.wrapping_add(1);
        self.sum = self.sum.wrapping_add(hash);
    }

    /// Adds the rest of the configuration.
    pub(crate) fn with(&self, config: &Config) -> Option<Fingerprint> {
        let Config {
            mesh,
            workload,
            resources,
            protocol,
            tcp,
            open_connections,
            paths,
            lock,
            report,
            jwt,
            extension_providers,
        } = config;
        let workload = workload.as_ref()?;
        let modes = MtlsModes::of(resources, mesh, workload);
        let ports = modes.ports.iter().map(hash).fold(0, u64::wrapping_add);
        let settings = (protocol, tcp, open_connections, lock, report, jwt);
        let documents = (self.count, self.sum, &modes.workload, ports);
        let Mesh {
            root_namespace,
            trust_domain,
            trust_domain_aliases,
            multiple_custom_authz_providers,
        } = mesh;
        let mesh = (root_namespace, trust_domain, trust_domain_aliases);
        let hash = hash(&(VERSION, mesh, workload, settings, extension_providers, documents));
        // The defaults change no number.
        let hash = match paths {
            Paths::Lenient => hash,
            Paths::Strict => self::hash(&(hash, paths)),
        };
        let hash = if *multiple_custom_authz_providers {
            self::hash(&(hash, "multipleCustomAuthzProviders"))
        } else {
            hash
        };
        Some(Fingerprint((hash >> (u64::BITS - BITS)).max(1)))
    }
}

fn hash(of: &(impl Hash + ?Sized)) -> u64 {
    const KEY: [u64; 2] = [0, 0];
    let mut hasher = SipHash::new(KEY);
    of.hash(&mut hasher);
    hasher.finish()
}
