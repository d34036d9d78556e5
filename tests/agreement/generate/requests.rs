//! HTTP requests.

use fastrand::Rng;
use peerwarden_engine::field_value;
use serde_json::{Value, json};

use super::aim::Aim;
use super::values::{matching, matching_path, nearly};
use super::{percent, pick, pools, visits};
use crate::case::Request;

pub(super) fn request(rng: &mut Rng, policies: &[Value]) -> Request {
    let aim = if percent(rng, 75) {
        Aim::at_any(rng, policies)
    } else {
        Aim::default()
    };
    Request {
        method: method(rng, &aim),
        authority: authority(rng, &aim),
        path: path(rng, &aim),
        headers: headers(rng, &aim),
        forwarded_for: forwarded_for(rng, &aim),
        token: percent(rng, 60).then(|| token(rng, &aim)),
        metadata: metadata(rng, &aim),
    }
}

fn method(rng: &mut Rng, aim: &Aim) -> String {
    let wanted = aim.value(rng, &["methods", "request.headers[:method]"]);
    match wanted {
        Some(value) if !value.contains('*') => value.to_owned(),
        _ => (pick(rng, &pools::ASKED_METHODS)).to_owned(),
    }
}

fn authority(rng: &mut Rng, aim: &Aim) -> String {
    let wanted = aim.value(
        rng,
        &["hosts", "request.headers[host]", "request.headers[:authority]"],
    );
    let aimed = wanted.map(|value| matching(rng, value, "8080"));
    let usable = aimed.filter(|text| text.parse::<http::uri::Authority>().is_ok());
    usable.unwrap_or_else(|| (pick(rng, &pools::AUTHORITIES)).to_owned())
}

fn path(rng: &mut Rng, aim: &Aim) -> String {
    let wanted = aim.value(rng, &["paths", "request.headers[:path]"]);
    let path = match wanted {
        Some(value) if percent(rng, 85) => {
            let path = matching_path(rng, value);
            nearly(rng, path)
        }
        _ => (pick(rng, &pools::ASKED_PATHS)).to_owned(),
    };
    // A header that the client itself would refuse or change does not arrive.
    let usable = path.starts_with('/') && path.parse::<http::Uri>().is_ok_and(|uri| uri.to_string() == path);
    if usable { path } else { "/orders".to_owned() }
}

fn headers(rng: &mut Rng, aim: &Aim) -> Vec<(String, Vec<u8>)> {
    let mut headers = Vec::new();
    for (name, value) in aim.bracketed(rng, "request.headers[") {
        if !name.starts_with(':') && !name.eq_ignore_ascii_case("host") && percent(rng, 85) {
            headers.push((name.to_ascii_lowercase(), value.into_bytes()));
        }
    }
    for _ in 0..rng.usize(0..=2) {
        let name = pick(rng, &pools::HEADER_NAMES);
        let line = pick(rng, &pools::LINES);
        // Envoy joins the lines of this one, over HTTP/1.1 without the white space around each.
        let line = if name == "user-agent" {
            field_value(line)
        } else {
            line
        };
        headers.push((name.to_ascii_lowercase(), line.to_vec()));
    }
    rng.shuffle(&mut headers);
    headers
}

/// Hops that a client may have invented, valid and invalid.
fn forwarded_for(rng: &mut Rng, aim: &Aim) -> Vec<String> {
    let wanted = aim.value(rng, &["remoteIpBlocks", "remote.ip"]);
    let chance = if wanted.is_some() { 85 } else { 40 };
    let mut lines = Vec::new();
    while lines.len() < 3 && percent(rng, if lines.is_empty() { chance } else { 50 }) {
        let hops = (0..rng.usize(1..=2)).map(|_| match rng.u32(0..20) {
            0 => "unknown".to_owned(),
            1 => String::new(),
            _ => visits::any_ip(rng, wanted).to_string(),
        });
        lines.push(hops.collect::<Vec<_>>().join(pick(rng, &[",", ", "])));
    }
    lines
}

/// A verified token's payload.
fn token(rng: &mut Rng, aim: &Aim) -> Value {
    let mut token = json!({});
    let wanted = aim.value(rng, &["requestPrincipals", "request.auth.principal"]);
    let (issuer, subject) = match wanted.and_then(|wanted| wanted.rsplit_once('/')) {
        Some((issuer, subject)) if percent(rng, 70) => {
            (matching(rng, issuer, "x"), matching(rng, subject, "x"))
        }
        _ => (
            (pick(rng, &pools::ISSUERS)).to_owned(),
            (pick(rng, &pools::SUBJECTS)).to_owned(),
        ),
    };
    token["iss"] = issuer.into();
    if percent(rng, 90) {
        token["sub"] = subject.into();
    }
    for (name, key) in [
        ("aud", "request.auth.audiences"),
        ("azp", "request.auth.presenter"),
    ] {
        let wanted = aim.value(rng, &[key]).map(|value| value.to_owned());
        let wanted = wanted.map(|value| matching(rng, &value, "x"));
        if wanted.is_some() || percent(rng, 40) {
            token[name] = claim(rng, wanted.as_deref());
        }
    }
    if percent(rng, 40) {
        token[pick(rng, &["groups", "[x]", "realm"])] = claim(rng, None);
    }
    if percent(rng, 30) {
        let word = pick(rng, &["blue", "staff", "b"]);
        token["scope"] = scope(rng, word);
    }
    for (name, value) in aim.bracketed(rng, "request.auth.claims[") {
        let claim = match name {
            "scope" => scope(rng, &value),
            _ => claim(rng, Some(&value)),
        };
        match name.split_once("][") {
            Some((outer, inner)) if percent(rng, 90) => token[outer] = json!({inner: claim}),
            Some(_) => token[name] = claim,
            None => token[name] = claim,
        }
    }
    token
}

/// Mostly split into words, as Istio configures its JWT filter to write it; sometimes unchanged from the token.
fn scope(rng: &mut Rng, word: &str) -> Value {
    if percent(rng, 90) {
        json!([word, "read"])
    } else {
        format!("{word} read").into()
    }
}

/// The value of a claim: mostly text or a list with it, sometimes one that never matches.
fn claim(rng: &mut Rng, wanted: Option<&str>) -> Value {
    let text = wanted.unwrap_or_else(|| pick(rng, &pools::WORDS));
    match rng.u32(0..12) {
        0..=4 => text.into(),
        5..=8 => json!([7, pick(rng, &pools::WORDS), text]),
        9 => json!([[text], {"a": text}]),
        10 => json!({"blue": text}),
        _ => json!(7),
    }
}

fn metadata(rng: &mut Rng, aim: &Aim) -> Option<Value> {
    let wanted = aim
        .value(rng, &["experimental.envoy.filters.http.tier[level]"])
        .map(str::to_owned);
    if wanted.is_none() && percent(rng, 60) {
        return None;
    }
    let wanted = wanted.unwrap_or_else(|| (pick(rng, &pools::METADATA)).to_owned());
    let inner = wanted.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    Some(match inner {
        Some(inner) if percent(rng, 75) => json!([
            false,
            "[blue]",
            matching(rng, inner.trim_matches(['[', ']']), "x")
        ]),
        Some(inner) => matching(rng, inner, "x").into(),
        None if percent(rng, 75) => matching(rng, &wanted, "x").into(),
        None => claim(rng, Some(&wanted)),
    })
}
