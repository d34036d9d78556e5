//! Takes one request or connection out of a set.

use std::net::{IpAddr, Ipv4Addr};

use peerwarden_engine::document::Value;
use peerwarden_engine::{Lookup, Peer, Protocol, Traffic};

use super::constraints::variable;
use super::{Dimension, Kind, Sample, Space, TrafficSet};
use crate::attribute::Attribute;
use crate::diagram::{FALSE, Function};
use crate::predicate::TextForm;
use crate::text::TextClass;

/// Addresses for documentation (RFC 5737), which no policy names by chance.
const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const DESTINATION: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));

impl Space {
    /// A member of the set, as plain and usual as possible; `None` if it is empty.
    pub fn witness(&self, traffics: TrafficSet) -> Option<Traffic> {
        if traffics.is_empty() {
            return None;
        }
        let mut rest = traffics.0;
        let mut made = TrafficBuilder::new(self.protocol);
        for dimension in &self.dimensions {
            match &dimension.kind {
                Kind::One(classes) => {
                    let numbers = dimension.preference.iter();
                    let mut numbers =
                        numbers.map(|number| (*number, self.in_class(rest, dimension, *number)));
                    let (number, after) = numbers.find(|(_, after)| *after != FALSE)?;
                    rest = after;
                    made.one(&dimension.attribute, &classes[number].sample);
                }
                Kind::Several(classes) => {
                    let mut holds = vec![false; dimension.atoms.len()];
                    for (atom, held) in holds.iter_mut().enumerate() {
                        let variable = variable(dimension.first, atom);
                        let without = self.diagrams.with(rest, variable, false);
                        *held = without == FALSE;
                        rest = if *held {
                            self.diagrams.with(rest, variable, true)
                        } else {
                            without
                        };
                    }
                    made.several(dimension, classes, &holds);
                }
            }
        }
        Some(made.traffic())
    }

    /// The set in which the dimension, which is not after its first one, has this class.
    pub(crate) fn in_class(&self, function: Function, dimension: &Dimension, number: usize) -> Function {
        let width = dimension.width();
        (0..width).fold(function, |function, bit| {
            let value = (number >> (width - 1 - bit)) & 1 == 1;
            self.diagrams.with(function, dimension.first + bit, value)
        })
    }
}

/// Traffic that is being built.
struct TrafficBuilder {
    traffic: Traffic,
    headers: Vec<(String, Vec<u8>)>,
    claims: Value,
    metadata: Vec<(String, String, Value)>,
    remote_ip: Option<IpAddr>,
    is_http: bool,
}

impl TrafficBuilder {
    fn new(protocol: Protocol) -> Self {
        Self {
            traffic: Traffic {
                source_ip: Lookup::Found(SOURCE),
                destination_ip: Lookup::Found(DESTINATION),
                destination_port: Lookup::Found(8080),
                ..Traffic::default()
            },
            headers: Vec::new(),
            claims: Value::Object(Vec::new()),
            metadata: Vec::new(),
            remote_ip: None,
            is_http: protocol == Protocol::Http,
        }
    }

    fn one(&mut self, attribute: &Attribute, sample: &Sample) {
        let traffic = &mut self.traffic;
        match (attribute, sample) {
            (Attribute::Peer, Sample::NoCertificate) => traffic.tls = Lookup::Found(true),
            (Attribute::Peer, Sample::Text(name)) => {
                traffic.tls = Lookup::Found(true);
                traffic.peer = Lookup::Found(Peer::from_uri(name.as_str()));
            }
            (Attribute::Peer, Sample::Unestablished) => {
                traffic.tls = Lookup::Found(true);
                traffic.peer = Lookup::Found(Peer {
                    dns_sans: vec![b"client.example".to_vec()],
                    ..Peer::default()
                });
            }
            (Attribute::Method, Sample::Unestablished) => self.header(":method", "get"),
            (Attribute::Host, Sample::Unestablished) => self.header(":authority", "user@example.com"),
            (Attribute::Sni, Sample::Unestablished) => traffic.sni = Lookup::Found(b"example.com.".to_vec()),
            (Attribute::Port, Sample::Port(port)) => traffic.destination_port = Lookup::Found(*port),
            (Attribute::Sni, Sample::Text(name)) => traffic.sni = Lookup::Found(name.clone().into_bytes()),
            (Attribute::SourceIp, Sample::Ip(ip)) => traffic.source_ip = Lookup::Found(*ip),
            (Attribute::RemoteIp, Sample::Ip(ip)) => self.remote_ip = Some(*ip),
            (Attribute::DestinationIp, Sample::Ip(ip)) => traffic.destination_ip = Lookup::Found(*ip),
            (Attribute::Method, Sample::Text(text)) => self.header(":method", text),
            (Attribute::Path, Sample::Text(text)) => self.header(":path", text),
            (Attribute::Host, Sample::Text(text)) => self.header(":authority", text),
            (Attribute::Authorizer(name), Sample::Answer(answer)) => {
                traffic.authorizers.push((name.clone(), *answer));
            }
            // An absent attribute is left out.
            (_, _) => {}
        }
    }

    fn header(&mut self, name: &str, text: &str) {
        self.headers.push((name.to_owned(), text.as_bytes().to_vec()));
    }

    fn several(&mut self, dimension: &Dimension, classes: &[TextClass], holds: &[bool]) {
        if !holds.contains(&true) {
            return;
        }
        let counts: Vec<TextForm> = dimension.atoms.iter().map(super::Atom::counts).collect();
        // The words of such a text count, so a text is written as the list of its words.
        let split = matches!(&dimension.attribute, Attribute::Claim(path) if path == &["scope"] || path == &["permission"]);
        let value = || match alone(classes, &counts, holds).filter(|_| !split) {
            Some(text) => Value::String(text.to_owned()),
            None => {
                let texts = lines(classes, &counts, holds);
                Value::List(
                    texts
                        .into_iter()
                        .map(|text| Value::String(text.to_owned()))
                        .collect(),
                )
            }
        };
        match &dimension.attribute {
            Attribute::Header(name) => {
                for line in lines(classes, &counts, holds) {
                    self.headers.push((name.clone(), line.as_bytes().to_vec()));
                }
            }
            Attribute::Claim(path) => insert(&mut self.claims, path, value()),
            Attribute::Metadata { filter, key } => {
                self.metadata.push((filter.clone(), key.clone(), value()));
            }
            Attribute::Peer
            | Attribute::Port
            | Attribute::Method
            | Attribute::Path
            | Attribute::Host
            | Attribute::Sni
            | Attribute::SourceIp
            | Attribute::RemoteIp
            | Attribute::DestinationIp
            | Attribute::Authorizer(_) => {}
        }
    }

    fn traffic(self) -> Traffic {
        let mut traffic = self.traffic;
        traffic.remote_ip = match self.remote_ip {
            Some(ip) => Lookup::Found(ip),
            None => traffic.source_ip.clone(),
        };
        if self.is_http {
            let mut headers = self.headers;
            for (name, text) in [(":method", "GET"), (":path", "/")] {
                if !headers.iter().any(|(known, _)| known == name) {
                    headers.push((name.to_owned(), text.as_bytes().to_vec()));
                }
            }
            let scheme = if traffic.tls == Lookup::Found(true) {
                "https"
            } else {
                "http"
            };
            headers.push((":scheme".to_owned(), scheme.as_bytes().to_vec()));
            traffic.headers = Lookup::Found(headers);
            if self.claims != Value::Object(Vec::new()) {
                traffic.jwt = Lookup::Found(self.claims);
            }
        }
        traffic.metadata = Lookup::Found(self.metadata);
        traffic
    }
}

/// A text that by itself makes exactly these atoms hold.
fn alone<'c>(classes: &'c [TextClass], counts: &[TextForm], holds: &[bool]) -> Option<&'c str> {
    let exactly = |class: &&TextClass| {
        (0..holds.len()).all(|atom| {
            let counted = class.patterns.contains(&atom) && counts[atom] != TextForm::InList;
            counted == holds[atom]
        })
    };
    classes.iter().find(exactly).map(|class| class.witness.as_str())
}

/// Texts that together make exactly these atoms hold, as few as a greedy choice finds.
fn lines<'c>(classes: &'c [TextClass], counts: &[TextForm], holds: &[bool]) -> Vec<&'c str> {
    let counted = |class: &TextClass| -> Vec<usize> {
        let atoms = class.patterns.iter().copied();
        atoms.filter(|atom| counts[*atom] != TextForm::Alone).collect()
    };
    let usable: Vec<(Vec<usize>, &TextClass)> = classes
        .iter()
        .map(|class| (counted(class), class))
        .filter(|(atoms, _)| atoms.iter().all(|atom| holds[*atom]))
        .collect();
    let mut open: Vec<bool> = holds.to_vec();
    let mut texts = Vec::new();
    while open.contains(&true) {
        let gain = |atoms: &Vec<usize>| atoms.iter().filter(|atom| open[**atom]).count();
        let best = usable
            .iter()
            .rev()
            .max_by_key(|(atoms, class)| (gain(atoms), class.plain));
        let Some((atoms, class)) = best.filter(|(atoms, _)| gain(atoms) > 0) else {
            break;
        };
        for atom in atoms {
            open[*atom] = false;
        }
        texts.push(class.witness.as_str());
    }
    texts
}

/// Stores a value at a path, and creates the objects that are missing on the way.
fn insert(object: &mut Value, path: &[String], value: Value) {
    let (Value::Object(fields), [name, rest @ ..]) = (object, path) else {
        return;
    };
    let place = fields
        .iter()
        .position(|(known, _)| known == name)
        .unwrap_or_else(|| {
            fields.push((name.clone(), Value::Object(Vec::new())));
            fields.len() - 1
        });
    if rest.is_empty() {
        fields[place].1 = value;
    } else {
        insert(&mut fields[place].1, rest, value);
    }
}
