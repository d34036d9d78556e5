//! Translates the clauses of rules into formulas over attributes.

use std::net::IpAddr;

use peerwarden_engine::meaning::{Block, Clause, MetadataPattern, RequestPrincipalPattern, Set, TextPattern};

use crate::attribute::Attribute;
use crate::label::Label;
use crate::text::{self, CharSet, Tokens};

/// A test of one value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Predicate {
    /// The text matches.
    Text(Tokens, TextForm),
    /// The address is in this range: its first and its last address.
    Range(IpAddr, IpAddr),
    /// The port is this one.
    Port(u16),
}

/// Which form of a text counts, for attributes that may be a text or a list of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum TextForm {
    /// A text by itself only.
    Alone,
    /// A text in a list only.
    InList,
    /// Either form.
    Anyhow,
}

/// The meaning of a value in a policy: a formula that is true of some traffic.
#[derive(Debug, Clone)]
pub(crate) enum Formula {
    /// The attribute satisfies the predicate; the label is how policies write it.
    Is(Attribute, Predicate, Label),
    /// Both hold.
    Both(Box<Formula>, Box<Formula>),
    /// Whether it holds with TLS, and whether it holds without.
    Secured(bool, bool),
    /// False.
    Never,
}

/// The two halves of a clause.
#[derive(Debug)]
pub(crate) struct ClauseFormula {
    /// One of these must hold, if there are any.
    pub(crate) any_of: Vec<Formula>,
    /// None of these may hold.
    pub(crate) none_of: Vec<Formula>,
}

fn clause_formula<P>(set: &Set<P>, meaning: impl Fn(&P) -> Formula) -> ClauseFormula {
    ClauseFormula {
        any_of: set.any_of.iter().map(&meaning).collect(),
        none_of: set.none_of.iter().map(&meaning).collect(),
    }
}

/// The formula of a clause.
pub(crate) fn of(clause: &Clause) -> ClauseFormula {
    let texts = |attribute: Attribute, set: &Set<TextPattern>| {
        clause_formula(set, |pattern| {
            of_text(
                attribute.clone(),
                pattern,
                vec![text::text(pattern, CharSet::Any)],
                TextForm::Anyhow,
            )
        })
    };
    let blocks = |attribute: Attribute, set: &Set<Block>| {
        clause_formula(set, |block| of_block(attribute.clone(), block))
    };
    match clause {
        Clause::Peer(set) => clause_formula(set, |pattern| {
            let predicate = Predicate::Text(text::peer(pattern), TextForm::Anyhow);
            Formula::Is(Attribute::Peer, predicate, Label::peer(pattern))
        }),
        Clause::SourceIp(set) => blocks(Attribute::SourceIp, set),
        Clause::RemoteIp(set) => blocks(Attribute::RemoteIp, set),
        Clause::DestinationIp(set) => blocks(Attribute::DestinationIp, set),
        Clause::DestinationPort(set) => clause_formula(set, |port| of_port(*port)),
        Clause::Sni(set) => texts(Attribute::Sni, set),
        Clause::Host(set) => clause_formula(set, |pattern| {
            of_text(
                Attribute::Host,
                pattern,
                vec![text::host(pattern)],
                TextForm::Anyhow,
            )
        }),
        Clause::Method(set) => texts(Attribute::Method, set),
        Clause::Path(set) => clause_formula(set, |pattern| {
            let predicate = Predicate::Text(text::path(pattern), TextForm::Anyhow);
            Formula::Is(Attribute::Path, predicate, Label::path(pattern))
        }),
        Clause::Header(name, set) => match name.as_str() {
            ":method" => texts(Attribute::Method, set),
            ":path" => texts(Attribute::Path, set),
            ":authority" => texts(Attribute::Host, set),
            // Envoy's value shows how the connection is secured.
            ":scheme" => clause_formula(set, |pattern| {
                let tokens = vec![text::text(pattern, CharSet::Any)];
                Formula::Secured(text::matches(&tokens, "https"), text::matches(&tokens, "http"))
            }),
            name if name.chars().all(|ch| CharSet::Token.contain(ch)) => {
                texts(Attribute::Header(name.to_owned()), set)
            }
            // No request has a header of such a name.
            _ => clause_formula(set, |_| Formula::Never),
        },
        Clause::RequestPrincipal(set) => clause_formula(set, of_request_principal),
        Clause::Claim(path, set) => texts(Attribute::Claim(path.clone()), set),
        Clause::Metadata { filter, key, set } => {
            clause_formula(set, |pattern| of_metadata(filter, key, pattern))
        }
    }
}

/// The predicate of paths that `paths: strict` does not establish.
pub(crate) fn read_otherwise() -> (Predicate, Label) {
    let predicate = Predicate::Text(text::read_otherwise(), TextForm::Anyhow);
    (
        predicate,
        Label::from("paths with an escape such as %3a, or a segment of dots".to_owned()),
    )
}

/// The attribute of a clause, if it may be present and yet not established.
pub(crate) fn may_be_unestablished(clause: &Clause) -> Option<Attribute> {
    match clause {
        Clause::Peer(_) => Some(Attribute::Peer),
        Clause::Host(_) => Some(Attribute::Host),
        Clause::Header(name, _) if name == ":authority" => Some(Attribute::Host),
        Clause::Sni(_) => Some(Attribute::Sni),
        Clause::Method(_) => Some(Attribute::Method),
        Clause::Header(name, _) if name == ":method" => Some(Attribute::Method),
        Clause::Path(_) => Some(Attribute::Path),
        Clause::Header(name, _) if name == ":path" => Some(Attribute::Path),
        Clause::SourceIp(_)
        | Clause::RemoteIp(_)
        | Clause::DestinationIp(_)
        | Clause::DestinationPort(_)
        | Clause::Header(..)
        | Clause::RequestPrincipal(_)
        | Clause::Claim(..)
        | Clause::Metadata { .. } => None,
    }
}

fn of_text(attribute: Attribute, pattern: &TextPattern, tokens: Tokens, counts: TextForm) -> Formula {
    Formula::Is(attribute, Predicate::Text(tokens, counts), Label::text(pattern))
}

fn of_block(attribute: Attribute, block: &Block) -> Formula {
    let (first, last) = block.range();
    Formula::Is(
        attribute,
        Predicate::Range(first, last),
        Label::range(first, last),
    )
}

/// The connection is to this port.
pub(crate) fn of_port(port: u16) -> Formula {
    Formula::Is(
        Attribute::Port,
        Predicate::Port(port),
        Label::from(port.to_string()),
    )
}

/// Issuer and subject are texts, and both are present.
fn of_request_principal(pattern: &RequestPrincipalPattern) -> Formula {
    let half = |name: &str, pattern: &TextPattern| of_claim(name, pattern, TextForm::Alone);
    Formula::Both(
        Box::new(half("iss", pattern.issuer())),
        Box::new(half("sub", pattern.subject())),
    )
}

/// The token is of this issuer.
pub(crate) fn of_issuer(issuer: &str) -> Formula {
    of_claim("iss", &TextPattern::Exact(issuer.into()), TextForm::Alone)
}

/// The token has an issuer.
pub(crate) fn of_any_issuer() -> Formula {
    of_claim("iss", &TextPattern::NonEmpty, TextForm::Alone)
}

/// The token has one of these audiences, in any of the spellings that Envoy treats as equal: with and without a scheme
/// and a trailing slash.
pub(crate) fn of_audiences(audiences: &[String]) -> Vec<Formula> {
    let of = |audience: &String| {
        let rest = audience
            .strip_prefix("https://")
            .or_else(|| audience.strip_prefix("http://"));
        let rest = rest.unwrap_or(audience);
        let bare = rest.strip_suffix('/').unwrap_or(rest);
        let spellings = ["", "http://", "https://"]
            .into_iter()
            .flat_map(|scheme| ["", "/"].map(|end| format!("{scheme}{bare}{end}")));
        let tokens: Tokens = spellings
            .map(|spelling| text::literal(&spelling).collect())
            .collect();
        let predicate = Predicate::Text(tokens, TextForm::Anyhow);
        Formula::Is(
            Attribute::Claim(vec!["aud".to_owned()]),
            predicate,
            Label::from(audience.clone()),
        )
    };
    audiences.iter().map(of).collect()
}

fn of_claim(name: &str, pattern: &TextPattern, counts: TextForm) -> Formula {
    let tokens = vec![text::text(pattern, CharSet::Any)];
    of_text(Attribute::Claim(vec![name.to_owned()]), pattern, tokens, counts)
}

fn of_metadata(filter: &str, key: &str, pattern: &MetadataPattern) -> Formula {
    let attribute = Attribute::Metadata {
        filter: filter.to_owned(),
        key: key.to_owned(),
    };
    let tokens = vec![text::text(pattern.text(), CharSet::Any)];
    let label = Label::text(pattern.text());
    if pattern.in_list() {
        Formula::Is(
            attribute,
            Predicate::Text(tokens, TextForm::InList),
            Label::from(format!("[{label}]")),
        )
    } else {
        Formula::Is(attribute, Predicate::Text(tokens, TextForm::Alone), label)
    }
}
