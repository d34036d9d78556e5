//! Classes of addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::class::{Atom, Class, Sample};
use crate::attribute::Attribute;
use crate::predicate::Predicate;

/// The IPv6 addresses that are IPv4 addresses, and never occur as IPv6: `::ffff:0:0/96`.
const MAPPED: (u128, u128) = (0xffff_0000_0000, 0xffff_ffff_ffff);

/// Splits all addresses at the ends of the ranges, and merges pieces that lie in the same ranges.
pub(super) fn classes(attribute: &Attribute, atoms: &[Atom]) -> Vec<Class> {
    let host = if *attribute == Attribute::DestinationIp {
        2
    } else {
        1
    };
    let usual = Ipv4Addr::new(192, 0, 2, host);
    let ranges: Vec<(usize, IpAddr, IpAddr)> = atoms
        .iter()
        .enumerate()
        .filter_map(|(number, atom)| match atom.predicate {
            Predicate::Range(first, last) => Some((number, first, last)),
            Predicate::Text(..) | Predicate::Port(_) => None,
        })
        .collect();
    let v4 = ranges
        .iter()
        .filter_map(|(number, first, last)| match (first, last) {
            (IpAddr::V4(first), IpAddr::V4(last)) => {
                Some((*number, u128::from(first.to_bits()), u128::from(last.to_bits())))
            }
            _ => None,
        });
    let v6 = ranges
        .iter()
        .filter_map(|(number, first, last)| match (first, last) {
            (IpAddr::V6(first), IpAddr::V6(last)) => Some((*number, first.to_bits(), last.to_bits())),
            _ => None,
        });
    let mut classes = Vec::new();
    for (start, end) in pieces(&v4.clone().collect::<Vec<_>>(), u128::from(u32::MAX)) {
        let address = |bits: u128| IpAddr::from(Ipv4Addr::from_bits(u32::try_from(bits).unwrap_or(u32::MAX)));
        let preferred = u128::from(usual.to_bits());
        add(
            &mut classes,
            held(v4.clone(), start),
            address(inside(start, end, preferred)),
            usual.into(),
        );
    }
    let usual = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
    let mut cuts: Vec<(usize, u128, u128)> = v6.clone().collect();
    cuts.push((usize::MAX, MAPPED.0, MAPPED.1));
    for (start, end) in pieces(&cuts, u128::MAX) {
        if (MAPPED.0..=MAPPED.1).contains(&start) {
            continue;
        }
        let address = IpAddr::from(Ipv6Addr::from_bits(inside(start, end, usual.to_bits())));
        add(&mut classes, held(v6.clone(), start), address, usual.into());
    }
    classes
}

/// The first and the last address of each piece into which the ranges cut all addresses up to `last`.
fn pieces(ranges: &[(usize, u128, u128)], last: u128) -> Vec<(u128, u128)> {
    let mut starts = vec![0];
    for (_, first, end) in ranges {
        starts.push(*first);
        starts.extend(end.checked_add(1).filter(|next| *next <= last));
    }
    starts.sort_unstable();
    starts.dedup();
    let ends = starts.iter().skip(1).map(|next| next - 1).chain([last]);
    starts.iter().copied().zip(ends).collect()
}

fn held(ranges: impl Iterator<Item = (usize, u128, u128)>, address: u128) -> Vec<usize> {
    ranges
        .filter(|(_, first, last)| (*first..=*last).contains(&address))
        .map(|(number, ..)| number)
        .collect()
}

/// The usual address if it is in the piece, else the second one, as the first is often that of the network.
fn inside(start: u128, end: u128, usual: u128) -> u128 {
    if (start..=end).contains(&usual) {
        usual
    } else if end - start > 1 {
        start + 1
    } else {
        start
    }
}

fn add(classes: &mut Vec<Class>, atoms: Vec<usize>, address: IpAddr, usual: IpAddr) {
    let sample = Sample::Ip(address);
    match classes.iter_mut().find(|class| class.atoms == atoms) {
        Some(known) if address == usual && usual.is_ipv4() => known.sample = sample,
        Some(_) => {}
        None => classes.push(Class {
            atoms,
            plain: true,
            sample,
        }),
    }
}
