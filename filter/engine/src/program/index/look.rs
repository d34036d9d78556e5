//! Looks up an attribute in a table: the only place that does.

use std::net::IpAddr;
use std::ops::ControlFlow;

use super::finder::{Finder, ListVisitor};
use super::key::Place;
use crate::attribute::{Lines, Lookup};
use crate::program::answers::{Answers, borrowed};
use crate::program::evaluate::{claim, principal};
use crate::program::truth::{DoubtReading, UnestablishedValue};

/// What the attribute finds. One that is missing has no value that is asked for; one that could not be established has any, where
/// `all` says so.
pub(super) fn look<'i>(
    place: &Place,
    finder: &'i Finder,
    answers: &Answers<'_>,
    all: DoubtReading,
    found: &mut ListVisitor<'i, '_>,
) {
    let lines = |lines: Result<&Lookup<Lines<'_>>, UnestablishedValue>, found: &mut ListVisitor<'i, '_>| {
        established(finder, lines, all, found, |lines, found| {
            lines.iter().try_for_each(|line| finder.text(line, found))
        });
    };
    let address = |address: &Lookup<IpAddr>, found: &mut ListVisitor<'i, '_>| {
        with(finder, address, all, found, |ip, found| {
            finder.address(*ip, found)
        });
    };
    match place {
        Place::Peer => established(finder, answers.identity(), all, found, |peer, found| {
            peer.identities().try_for_each(|name| finder.peer(name, found))
        }),
        Place::DestinationPort => {
            let port = answers.destination_port();
            with(finder, port, all, found, |port, found| {
                finder.text(&port.to_be_bytes(), found)
            });
        }
        Place::Path => lines(answers.path(), found),
        Place::Method => lines(answers.method(), found),
        Place::Host => established(finder, answers.host(), all, found, |lines, found| {
            lines
                .iter()
                .try_for_each(|line| finder.text_ignoring_case(line, found))
        }),
        Place::Sni => established(finder, answers.sni(), all, found, |sni, found| {
            finder.text(sni, found)
        }),
        Place::SourceIp => address(answers.source_ip(), found),
        Place::RemoteIp => address(answers.remote_ip(), found),
        Place::DestinationIp => address(answers.destination_ip(), found),
        Place::Header(name) => lines(borrowed(&answers.header(name)), found),
        Place::Issuer => with(finder, &principal(answers), all, found, |(issuer, _), found| {
            finder.text(issuer.as_bytes(), found)
        }),
        Place::Subject => with(finder, &principal(answers), all, found, |(_, subject), found| {
            finder.text(subject.as_bytes(), found)
        }),
        Place::Claim(path) => with(finder, &claim(answers, path), all, found, |texts, found| {
            texts
                .iter()
                .try_for_each(|text| finder.text(text.as_bytes(), found))
        }),
    }
}

fn established<'i, T>(
    finder: &'i Finder,
    attribute: Result<&Lookup<T>, UnestablishedValue>,
    all: DoubtReading,
    found: &mut ListVisitor<'i, '_>,
    find: impl FnOnce(&T, &mut ListVisitor<'i, '_>) -> ControlFlow<()>,
) {
    match attribute {
        Ok(attribute) => with(finder, attribute, all, found, find),
        Err(UnestablishedValue) if all.unestablished => {
            // Whoever broke off knows it.
            let _ = found(finder.all());
        }
        Err(UnestablishedValue) => {}
    }
}

fn with<'i, T>(
    finder: &'i Finder,
    attribute: &Lookup<T>,
    all: DoubtReading,
    found: &mut ListVisitor<'i, '_>,
    find: impl FnOnce(&T, &mut ListVisitor<'i, '_>) -> ControlFlow<()>,
) {
    // Whoever broke off knows it.
    let _ = match attribute {
        Lookup::Found(value) => find(value, found),
        Lookup::Unavailable if all.unknown => found(finder.all()),
        Lookup::Missing | Lookup::Unavailable => ControlFlow::Continue(()),
    };
}
