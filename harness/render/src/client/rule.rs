//! `DestinationRule`, the TLS part: <https://istio.io/latest/docs/reference/config/networking/destination-rule/>.

use peerwarden_engine::document::{At, Fields, Path, Value, nearest, quoted};
use peerwarden_engine::{Problem, Problems};

use crate::description::{ObjectName, port_number, required};

/// A rule with its TLS settings.
pub(super) struct DestinationRule {
    /// Its place among the rules, for messages.
    pub(super) place: Path,
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) host: String,
    pub(super) export_to: Vec<String>,
    /// `workloadSelector.matchLabels`: the clients of its own namespace that it is for.
    pub(super) selector: Option<Vec<(String, String)>>,
    tls: Option<ClientTls>,
    /// The ports with their own settings, which inherit none.
    ports: Vec<(u16, Option<ClientTls>)>,
    /// Settings that are unrelated to TLS.
    pub(super) ignored: Vec<&'static str>,
}

/// `ClientTLSSettings`.
#[derive(Default)]
pub(super) struct ClientTls {
    pub(super) mode: ClientTlsMode,
    pub(super) client_certificate: Option<String>,
    pub(super) private_key: Option<String>,
    pub(super) ca_certificates: Option<String>,
    pub(super) credential_name: Option<String>,
    pub(super) subject_alt_names: Vec<String>,
    pub(super) sni: Option<String>,
    pub(super) insecure_skip_verify: bool,
}

/// `trafficPolicy.tls.mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum ClientTlsMode {
    #[default]
    Disable,
    Simple,
    Mutual,
    IstioMutual,
}

const MODES: [(&str, ClientTlsMode); 4] = [
    ("DISABLE", ClientTlsMode::Disable),
    ("SIMPLE", ClientTlsMode::Simple),
    ("MUTUAL", ClientTlsMode::Mutual),
    ("ISTIO_MUTUAL", ClientTlsMode::IstioMutual),
];

/// The other parts of a traffic policy.
const OTHER: [&str; 6] = [
    "loadBalancer",
    "connectionPool",
    "outlierDetection",
    "tunnel",
    "proxyProtocol",
    "retryBudget",
];

impl DestinationRule {
    /// The setting for a port; `None` is auto mutual TLS.
    pub(super) fn tls(&self, port: u16) -> Option<&ClientTls> {
        let own = self.ports.iter().find(|(number, _)| *number == port);
        own.map_or(self.tls.as_ref(), |(_, tls)| tls.as_ref())
    }

    pub(super) fn read(value: &Value, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::of(value, at, problems)?;
        fields.ignore(&["apiVersion", "kind", "status"]);
        let empty = Value::Object(Vec::new());
        let ObjectName { name, namespace } = ObjectName::read(&mut fields, at, problems)?;

        let at_spec = at.name("spec");
        let mut spec = Fields::of(fields.take("spec").unwrap_or(&empty), &at_spec, problems)?;
        let host = required(&mut spec, "host", &at_spec, problems);
        let export_to = spec.texts("exportTo", problems);
        let at_selector = at_spec.name("workloadSelector");
        let selector = spec.take("workloadSelector").and_then(|value| {
            let mut fields = Fields::of(value, &at_selector, problems)?;
            let labels = fields.text_map("matchLabels", problems);
            fields.finish(problems);
            labels
        });
        let at_subsets = at_spec.name("subsets");
        for (index, subset) in spec.list("subsets", problems).unwrap_or(&[]).iter().enumerate() {
            if subset.get("trafficPolicy").is_some() {
                let at = at_subsets.index(index);
                let problem =
                    Problem::new(&at.name("trafficPolicy"), "settings of subsets are not supported");
                problems.push(problem.help("write them for the whole rule, or define a separate service"));
            }
        }
        let (mut tls, mut ports, mut ignored) = (None, Vec::new(), Vec::new());
        let at_policy = at_spec.name("trafficPolicy");
        if let Some(mut policy) = spec
            .take("trafficPolicy")
            .and_then(|value| Fields::of(value, &at_policy, problems))
        {
            tls = read_tls(&mut policy, &at_policy, problems);
            other(&mut policy, &mut ignored);
            let at_ports = at_policy.name("portLevelSettings");
            for (index, value) in policy
                .list("portLevelSettings", problems)
                .unwrap_or(&[])
                .iter()
                .enumerate()
            {
                let at = at_ports.index(index);
                let Some(mut settings) = Fields::of(value, &at, problems) else {
                    continue;
                };
                let at_port = at.name("port");
                let number = settings.take("port").unwrap_or(&empty);
                let mut number_fields = Fields::of(number, &at_port, problems)?;
                let at_number = at_port.name("number");
                let number = number_fields.take("number").unwrap_or(&Value::Null);
                let number = port_number(number, &at_number, problems);
                number_fields.finish(problems);
                if ports.iter().any(|(known, _)| Some(*known) == number) {
                    let problem = Problem::new(&at_port, "this port already has settings");
                    problems.push(problem.help("keep one entry for each port"));
                }
                let tls = read_tls(&mut settings, &at, problems);
                other(&mut settings, &mut ignored);
                settings.finish(problems);
                ports.extend(number.map(|number| (number, tls)));
            }
            policy.finish(problems);
        }
        spec.finish(problems);
        fields.finish(problems);
        Some(Self {
            place: at.path(),
            name: name?,
            namespace: namespace?,
            host: host?,
            export_to,
            selector,
            tls,
            ports,
            ignored,
        })
    }
}

fn other(fields: &mut Fields<'_, '_>, ignored: &mut Vec<&'static str>) {
    for name in OTHER {
        if fields.take(name).is_some() && !ignored.contains(&name) {
            ignored.push(name);
        }
    }
}

fn read_tls(policy: &mut Fields<'_, '_>, at: &At<'_>, problems: &mut Problems) -> Option<ClientTls> {
    let at = at.name("tls");
    let mut fields = Fields::of(policy.take("tls")?, &at, problems)?;
    // Istio's default is the first value of its enum, DISABLE; an omitted mode is unlikely to be intended.
    let written = required(&mut fields, "mode", &at, problems)?;
    let Some((_, mode)) = MODES.iter().find(|(name, _)| *name == written) else {
        let names = MODES.map(|(name, _)| name);
        let problem = Problem::new(&at.name("mode"), format!("unknown mode `{written}`"));
        problems.push(match nearest(&written, names) {
            Some(name) => problem.help(format!("did you mean `{name}`?")),
            None => problem.help(format!("known modes: {}", quoted(&names))),
        });
        return None;
    };
    let mut text = |name| fields.text(name, problems).map(str::to_owned);
    let mut tls = ClientTls {
        mode: *mode,
        client_certificate: text("clientCertificate"),
        private_key: text("privateKey"),
        ca_certificates: text("caCertificates"),
        credential_name: text("credentialName"),
        sni: text("sni").filter(|sni| !sni.is_empty()),
        ..ClientTls::default()
    };
    tls.subject_alt_names = fields.texts("subjectAltNames", problems);
    tls.insecure_skip_verify = match fields.take("insecureSkipVerify") {
        None => false,
        Some(Value::Bool(skip)) => *skip,
        Some(Value::Null | Value::Number(_) | Value::String(_) | Value::List(_) | Value::Object(_)) => {
            problems.push(Problem::new(
                &at.name("insecureSkipVerify"),
                "expected true or false",
            ));
            false
        }
    };
    fields.finish(problems);
    let files = [&tls.client_certificate, &tls.private_key];
    let wrong = match mode {
        ClientTlsMode::IstioMutual
            if files.iter().any(|file| file.is_some())
                || tls.ca_certificates.is_some()
                || tls.credential_name.is_some()
                || tls.insecure_skip_verify =>
        {
            Some((
                "ISTIO_MUTUAL uses the mesh's certificates and roots",
                "remove the files, or write `MUTUAL`",
            ))
        }
        ClientTlsMode::Mutual if tls.credential_name.is_none() && files.iter().any(|file| file.is_none()) => {
            Some((
                "MUTUAL needs `clientCertificate` and `privateKey`, or `credentialName`",
                "name both files; `ISTIO_MUTUAL` uses the mesh's own",
            ))
        }
        ClientTlsMode::Mutual | ClientTlsMode::Simple
            if tls.credential_name.is_some()
                && (files.iter().any(|file| file.is_some()) || tls.ca_certificates.is_some()) =>
        {
            Some((
                "`credentialName` and files exclude each other",
                "remove one of them",
            ))
        }
        ClientTlsMode::Simple if files.iter().any(|file| file.is_some()) => {
            Some(("SIMPLE presents no certificate", "write `MUTUAL` to present one"))
        }
        ClientTlsMode::Disable
        | ClientTlsMode::Simple
        | ClientTlsMode::Mutual
        | ClientTlsMode::IstioMutual => None,
    };
    if let Some((message, help)) = wrong {
        problems.push(Problem::new(&at, message).help(help));
    }
    Some(tls)
}
