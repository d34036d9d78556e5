//! The trace for people: what was asked, the mode, each policy with its rules, and the decision.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use peerwarden_engine::ExternalAnswer;
use peerwarden_engine::reference::{
    ClauseResult, ClauseTrace, CustomTrace, PartTrace, PolicyTrace, RuleTrace, TcpReading,
};

use super::Explained;
use crate::engine::{Decided, DecidedBy};
use crate::traffic::{Protocol, Traffic};

const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default();
const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();

/// The whole text. Writing to a `String` cannot fail.
pub(crate) fn text(explained: &Explained<'_>) -> String {
    let mut text = String::new();
    let Explained {
        traffic,
        trace,
        answer,
        module,
    } = explained;
    let _ = writeln!(text, "{}", verdict(&answer.decision));
    if let Some(shadow) = &answer.shadow {
        let _ = writeln!(text, "dry run: {}", verdict(shadow));
    }
    if let Some(by) = &answer.audited {
        let _ = writeln!(text, "marked for the log by {BOLD}{by}{BOLD:#}");
    }
    text.push('\n');
    let _ = writeln!(text, "{}", asked(traffic));
    let mode = &trace.mode;
    let set_by = match &mode.set_by {
        Some(by) => format!("PeerAuthentication {}/{}", by.namespace, by.name),
        None => "the default".to_owned(),
    };
    let port = mode
        .port
        .map_or_else(|| "an unknown port".to_owned(), |port| format!("port {port}"));
    let judged = match mode.refused {
        Some(_) => mark(false),
        None => mark(true),
    };
    let _ = writeln!(
        text,
        "{judged} mutual TLS on {port}: {} ({set_by}); the peer is {}",
        mode.mode.as_str(),
        mode.peer
    );
    if mode.refused.is_some() {
        let _ = writeln!(text, "  {DIM}refused before any policy is asked{DIM:#}");
    }
    if let Some(custom) = &trace.custom {
        let _ = writeln!(
            text,
            "{} {}",
            mark(custom.refused.is_none()),
            self::custom(custom)
        );
        if custom.refused.is_some() && mode.refused.is_none() {
            let _ = writeln!(text, "  {DIM}refused before any other policy is asked{DIM:#}");
        }
    }
    for policy in &trace.policies {
        self::policy(&mut text, policy);
    }
    if let Some(module) = module {
        text.push('\n');
        let _ = writeln!(text, "{DIM}the module says the same: {module}{DIM:#}");
    }
    text
}

/// What asking an external authorizer came to.
fn custom(custom: &CustomTrace) -> String {
    let by = DecidedBy::from(&custom.by);
    let answer = match custom.answer {
        None => "cannot be asked".to_owned(),
        Some(ExternalAnswer::Allow) => "says yes".to_owned(),
        Some(ExternalAnswer::Deny) => "says no".to_owned(),
        Some(ExternalAnswer::Failed | ExternalAnswer::Unaskable) => {
            let open = if custom.refused.is_none() {
                " (failOpen)"
            } else {
                ""
            };
            format!("gives no usable answer{open}")
        }
    };
    format!(
        "external authorizer `{}`, asked because of {by}, {answer}",
        custom.providers.join("`, `")
    )
}

/// `DENY by shop/orders[0]: a rule of a DENY policy matched`.
fn verdict(decided: &Decided) -> String {
    let colour = if decided.allowed { GREEN } else { RED }.bold();
    let (verdict, reason) = (decided.verdict().to_uppercase(), decided.reason);
    match &decided.by {
        Some(by) => format!("{colour}{verdict}{colour:#} by {BOLD}{by}{BOLD:#}: {reason}"),
        None => format!("{colour}{verdict}{colour:#}: {reason}"),
    }
}

fn policy(text: &mut String, policy: &PolicyTrace) {
    let PolicyTrace {
        namespace,
        name,
        action,
        dry_run,
        provider,
        not_applied,
        rules,
        place: _,
    } = policy;
    text.push('\n');
    if let Some(why) = not_applied {
        let _ = writeln!(
            text,
            "{DIM}- {} {namespace}/{name} says nothing here: {why}{DIM:#}",
            action.as_str()
        );
        return;
    }
    let matched = rules.iter().any(|rule| rule.matched);
    let note = match provider {
        Some(provider) => format!(" (provider `{provider}`)"),
        None if *dry_run => " (dry run: of no effect)".to_owned(),
        None => String::new(),
    };
    let _ = writeln!(
        text,
        "{} {} {BOLD}{namespace}/{name}{BOLD:#}{DIM}{note}{DIM:#}",
        mark(matched),
        action.as_str()
    );
    if rules.is_empty() {
        let _ = writeln!(text, "    {DIM}it has no rules, so it matches nothing{DIM:#}");
    }
    for rule in rules {
        self::rule(text, rule);
    }
}

fn rule(text: &mut String, rule: &RuleTrace) {
    let note = match rule.tcp {
        TcpReading::AsWritten => "",
        TcpReading::Dropped => " (has HTTP-only fields: an ALLOW rule never matches on TCP then)",
        TcpReading::Widened => " (its HTTP-only fields are left out on TCP: it is wider than written)",
    };
    let _ = writeln!(
        text,
        "  {} rule {}{DIM}{note}{DIM:#}",
        mark(rule.matched),
        rule.index
    );
    let parts = [
        ("from", &rule.sources, "anybody"),
        ("to", &rule.operations, "anything"),
        ("when", &rule.conditions, ""),
    ];
    for (name, parts, anything) in parts {
        match parts.as_slice() {
            [] if anything.is_empty() => {}
            [] => {
                let _ = writeln!(text, "    {} {name}: {anything}", mark(true));
            }
            parts => {
                for part in parts {
                    self::part(text, name, part);
                }
            }
        }
    }
}

fn part(text: &mut String, name: &str, part: &PartTrace) {
    let _ = writeln!(
        text,
        "    {} {name} {DIM}{}{DIM:#}",
        mark(part.matched),
        part.path
    );
    for clause in &part.clauses {
        self::clause(text, clause);
    }
}

fn clause(text: &mut String, clause: &ClauseTrace) {
    let ClauseTrace {
        field,
        values,
        result,
        found,
        ..
    } = clause;
    let found = found.as_deref().unwrap_or("nothing");
    let values = values.join(", ");
    let (mark, note) = match result {
        ClauseResult::Held => (mark(true), ""),
        ClauseResult::Failed => (mark(false), ""),
        ClauseResult::Unavailable => ("?".to_owned(), " (could not be established)"),
        ClauseResult::HttpOnly => ("-".to_owned(), " (means nothing on TCP)"),
    };
    let _ = writeln!(
        text,
        "      {mark} {field}: {values} {DIM}<- {found}{note}{DIM:#}"
    );
}

/// A tick or a cross, told apart without colour too.
fn mark(held: bool) -> String {
    if held {
        format!("{GREEN}+{GREEN:#}")
    } else {
        format!("{RED}x{RED:#}")
    }
}

/// `GET http://host/path on port 8080 from 10.0.0.7, spiffe://…`.
fn asked(traffic: &Traffic) -> String {
    let what = match (traffic.protocol, &traffic.http) {
        (Protocol::Tcp, _) => "a TCP connection".to_owned(),
        (Protocol::Http, None) => "GET /".to_owned(),
        (Protocol::Http, Some(http)) => {
            let text =
                |value: &Option<String>, default: &str| value.clone().unwrap_or_else(|| default.to_owned());
            let (method, host, path) = (
                text(&http.method, "GET"),
                text(&http.host, ""),
                text(&http.path, "/"),
            );
            format!("{method} {host}{path}")
        }
    };
    let secured = match &traffic.tls {
        None => "in plaintext".to_owned(),
        Some(tls) => match &tls.peer {
            None => "over TLS without a certificate".to_owned(),
            Some(peer) => {
                let name = peer
                    .uri_sans
                    .first()
                    .or(peer.dns_sans.first())
                    .unwrap_or(&peer.subject);
                format!("over mutual TLS as {name}")
            }
        },
    };
    let (ip, port) = (traffic.source().0, traffic.destination().1);
    format!("{what} on port {port} from {ip} {secured}")
}
