//! Finds the files to read without parsing them: most files of a repository are for other tools.

use std::borrow::Cow;

use memchr::memmem;

use crate::kinds::{DECIDING, is_beside_policies};

/// The documents that are wanted from folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interest {
    /// Policies, and other documents in the same files.
    Policies,
    /// Also workloads, services and other kinds that lints know.
    Manifests,
}

impl Interest {
    /// Whether a file may contain a document of interest: its text mentions one of the kinds.
    pub fn is_in(self, bytes: &[u8]) -> bool {
        match self {
            Self::Policies => names_policies(bytes),
            Self::Manifests => names_policies(bytes) || names_manifests(&narrow(bytes)),
        }
    }
}

/// Whether a text contains the API group of policies, or one of their kinds in case the group is misspelt.
pub fn names_policies(bytes: &[u8]) -> bool {
    let bytes = narrow(bytes);
    let has = |mark: &str| memmem::find(&bytes, mark.as_bytes()).is_some();
    has("security.istio.io") || DECIDING.into_iter().any(has)
}

/// The longest kind that is compared, in bytes; all known kinds are shorter.
const LONGEST: usize = 40;

/// Whether a text contains `kind: X`, in YAML or JSON, for a kind that lints read.
fn names_manifests(bytes: &[u8]) -> bool {
    memmem::find_iter(bytes, b"kind").any(|start| {
        let mut rest = &bytes[start + b"kind".len()..];
        while let [b'"' | b'\'' | b' ' | b'\t' | b'\r' | b'\n' | b':', after @ ..] = rest {
            rest = after;
        }
        let length = rest.iter().take(LONGEST);
        let length = length.take_while(|byte| byte.is_ascii_alphanumeric());
        let (kind, after) = rest.split_at(length.count());
        match (kind, after.first()) {
            // An alias, an anchor, a tag, or a text on the next line.
            ([], Some(b'*' | b'&' | b'!' | b'|' | b'>')) => true,
            _ => std::str::from_utf8(kind).is_ok_and(is_beside_policies),
        }
    })
}

/// UTF-16 text without its zero bytes: some Windows editors write UTF-16, and a policy in it must not be skipped.
fn narrow(bytes: &[u8]) -> Cow<'_, [u8]> {
    match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            let ascii = bytes.iter().copied().filter(|byte| *byte != 0);
            Cow::Owned(ascii.collect())
        }
        _ => Cow::Borrowed(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_found_however_it_is_written() {
        let wide: Vec<u8> = b"\xff\xfe"
            .iter()
            .copied()
            .chain(b"kind: PeerAuthentication".iter().flat_map(|byte| [*byte, 0]))
            .collect();
        for text in [
            &b"apiVersion: security.istio.io/v1\n"[..],
            b"kind: AuthorizationPolicy",
            b"{\"kind\":\"RequestAuthentication\"}",
            &wide,
        ] {
            assert!(Interest::Policies.is_in(text), "{text:?}");
            assert!(Interest::Manifests.is_in(text), "{text:?}");
        }
    }

    #[test]
    fn what_lints_read_is_found_by_its_kind() {
        for text in [
            "kind: Deployment\n",
            "kind:   \"Service\"\n",
            "{\"kind\" : \"Pod\"}",
            "kind: DeploymentList\n",
            "kind:\n  CronJob\n",
            "kind: &k Pod\n",
            "kind: *k\n",
            "kind: Gateway",
        ] {
            assert!(Interest::Manifests.is_in(text.as_bytes()), "{text}");
            assert!(!Interest::Policies.is_in(text.as_bytes()), "{text}");
        }
        for text in [
            "kind: ConfigMap\n",
            "kind: CustomResourceDefinition\nspec:\n  kind:\n    description: Deployment\n",
            "services:\n  db: {image: postgres}\n",
            "kind",
            "",
        ] {
            assert!(!Interest::Manifests.is_in(text.as_bytes()), "{text}");
        }
    }
}
