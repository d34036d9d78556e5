//! Files of other tools, of which a repository has many: skipping them needs no memory, whatever they contain.

use libtest_mimic::{Failed, Trial};
use peerwarden_documents::marks::Interest;

use crate::counting;

/// The approximate size of each file in bytes.
const BYTES: usize = 1 << 20;

/// Lines that look interesting, with the name of their file.
const LINES: [(&str, &str); 6] = [
    ("config_map", "  key: \"a value of a configuration\"\n"),
    (
        "definition",
        "      description: kind of thing\n      kind:\n        type: string\n",
    ),
    ("kinds", "kind"),
    (
        "kind_and_spaces",
        "kind:                                        \n",
    ),
    (
        "dashboard",
        "{\"kind\": \"timeseries\", \"expr\": \"up == 0\"},\n",
    ),
    (
        "nothing_but_letters",
        "kkkkkkkkkkkkkkkkiiiiiiiiiiiiiiiinnnnnnnnnnnnnnnn",
    ),
];

/// A test for each.
pub(crate) fn trials() -> impl Iterator<Item = Trial> {
    LINES.into_iter().map(|(name, line)| {
        let name = format!("skipping_a_file_of_{name}");
        Trial::test(name, move || costs_nothing(line))
    })
}

fn costs_nothing(line: &str) -> Result<(), Failed> {
    let text = line.repeat(BYTES / line.len());
    for interest in [Interest::Policies, Interest::Manifests] {
        let mut is_read = false;
        let cost = counting::of(|| is_read = interest.is_in(text.as_bytes()));
        if is_read {
            return Err(format!("{interest:?}: it is read").into());
        }
        if cost.allocations > 0 {
            return Err(format!("{interest:?}: it costs {cost}").into());
        }
    }
    Ok(())
}
