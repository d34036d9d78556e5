//! The output of a probe.

use std::time::{Duration, SystemTime};

use peerwarden_documents::colours::{BOLD, DIM, GREEN, RED};
use peerwarden_mtls::probe::{AttemptReport, ProbeReport, ServerCertificate, Verdict};
use serde_json::{Value, json};

/// A port, in a few lines. `held` is whether it is as expected, if that was given.
pub(super) fn text(report: &ProbeReport, held: Option<bool>) -> String {
    let mark = match held {
        None => String::new(),
        Some(true) => format!("{GREEN}✓{GREEN:#} "),
        Some(false) => format!("{RED}✗{RED:#} "),
    };
    let target = printable(&report.target);
    let mut text = format!(
        "{mark}{target}  {BOLD}{}{BOLD:#}: {}\n",
        report.verdict,
        printable(&report.because)
    );
    if report.verdict == Verdict::Unreachable {
        return text;
    }
    let tries = [
        ("plaintext", Some(&report.plaintext)),
        ("TLS", Some(&report.tls)),
        ("mutual TLS", report.mutual_tls.as_ref()),
    ];
    for (name, outcome) in tries {
        if let Some(outcome) = outcome.filter(|outcome| !outcome.saw.is_empty()) {
            text.push_str(&format!(
                "    {DIM}{name:<10}{DIM:#}  {}\n",
                printable(&outcome.saw)
            ));
        }
    }
    if let Some(presented) = &report.presents {
        text.push_str(&format!(
            "    {DIM}presents{DIM:#}    {}\n",
            printable(&presents(presented))
        ));
    }
    text
}

fn presents(presented: &ServerCertificate) -> String {
    let mut parts = vec![match &presented.spiffe_id {
        Some(id) => id.clone(),
        None => presented.names.join(", "),
    }];
    parts.extend(presented.tls_version.clone());
    parts.push(match presented.left() {
        Some(left) => format!("valid for {}", rounded(left)),
        None => "expired".to_owned(),
    });
    parts.extend(match &presented.verified {
        None => None,
        Some(Ok(())) => Some("of this mesh".to_owned()),
        Some(Err(why)) => Some(format!("not of this mesh: {why}")),
    });
    parts.join(", ")
}

/// The two largest units only.
fn rounded(left: Duration) -> String {
    let minutes = left.as_secs() / 60;
    let (days, hours) = (minutes / (24 * 60), minutes / 60 % 24);
    match (days, hours, minutes % 60) {
        (0, 0, 0) => format!("{}s", left.as_secs()),
        (0, 0, minutes) => format!("{minutes}m"),
        (0, hours, minutes) => format!("{hours}h{minutes}m"),
        (days, hours, _) => format!("{days}d{hours}h"),
    }
}

/// Makes text from peers safe for a terminal.
fn printable(text: &str) -> String {
    text.chars()
        .map(|ch| if ch.is_control() { '?' } else { ch })
        .collect()
}

/// For programs: a list with one entry for each port.
pub(super) fn json(reports: &[ProbeReport]) -> String {
    let all: Vec<Value> = reports.iter().map(report).collect();
    format!("{:#}\n", Value::from(all))
}

fn report(report: &ProbeReport) -> Value {
    let outcome = |outcome: &AttemptReport| {
        json!({
            "outcome": outcome.response.as_str(),
            "saw": outcome.saw,
            "askedForCertificate": outcome.asked_for_certificate,
        })
    };
    json!({
        "target": report.target,
        "verdict": report.verdict.as_str(),
        "because": report.because,
        "plaintext": outcome(&report.plaintext),
        "tls": outcome(&report.tls),
        "mutualTls": report.mutual_tls.as_ref().map(outcome),
        "presents": report.presents.as_ref().map(|presented| {
            let since_1970 = presented.not_after.duration_since(SystemTime::UNIX_EPOCH);
            json!({
                "spiffeId": presented.spiffe_id,
                "names": presented.names,
                "tlsVersion": presented.tls_version,
                "alpn": presented.alpn,
                "notAfter": since_1970.map_or(0, |time| time.as_secs()),
                "secondsLeft": presented.left().map_or(0, |left| left.as_secs()),
                "verified": presented.verified.as_ref().map(Result::is_ok),
            })
        }),
    })
}
