//! The lints, in the order of their codes: one file for each lint, with a stable code and a page in `docs/lints`.

pub(crate) mod any_certificate;
pub(crate) mod contradiction;
pub(crate) mod dry_run;
pub(crate) mod empty_field;
pub(crate) mod exact_path;
pub(crate) mod excluded_port;
pub(crate) mod foreign_trust_domain;
pub(crate) mod forgeable_header;
pub(crate) mod gateway_left_out;
pub(crate) mod host_header;
pub(crate) mod host_port;
pub(crate) mod http_in_ambient;
pub(crate) mod http_on_tcp;
pub(crate) mod identity_in_plaintext;
pub(crate) mod ignored_selector;
pub(crate) mod impossible_value;
pub(crate) mod keys_out_of_reach;
pub(crate) mod letter_case;
pub(crate) mod method_gap;
pub(crate) mod missing_target;
pub(crate) mod never_matches;
pub(crate) mod not_a_host;
pub(crate) mod only_public;
pub(crate) mod open_wildcard;
pub(crate) mod opposite_name;
pub(crate) mod own_caller;
pub(crate) mod plaintext_client;
pub(crate) mod plaintext_negation;
pub(crate) mod private_key;
pub(crate) mod remote_address;
pub(crate) mod repeated_value;
pub(crate) mod selects_nothing;
pub(crate) mod server_first;
pub(crate) mod service_port;
pub(crate) mod several_modes;
pub(crate) mod several_providers;
pub(crate) mod shadowed_rule;
pub(crate) mod spiffe_scheme;
pub(crate) mod split_rule;
pub(crate) mod star_inside;
pub(crate) mod strict_probe;
pub(crate) mod subtree_gap;
pub(crate) mod suffix_principal;
pub(crate) mod suppression;
pub(crate) mod template_gap;
pub(crate) mod token_not_required;
pub(crate) mod token_not_verified;
pub(crate) mod trailing_dot;
pub(crate) mod twice;
pub(crate) mod unknown_caller;
pub(crate) mod unknown_issuer;
pub(crate) mod unknown_port;
pub(crate) mod unnormalised_path;
pub(crate) mod unreachable_rule;
pub(crate) mod unscoped_deny;
pub(crate) mod void_allow;
pub(crate) mod void_deny_all;
pub(crate) mod wrong_slash;
pub(crate) mod yaml_trap;

use peerwarden_engine::document::nearest;

use crate::lint::Lint;

/// Every lint.
pub const LINTS: [&Lint; 59] = [
    &plaintext_negation::LINT,
    &suffix_principal::LINT,
    &contradiction::LINT,
    &twice::LINT,
    &unnormalised_path::LINT,
    &exact_path::LINT,
    &host_port::LINT,
    &trailing_dot::LINT,
    &server_first::LINT,
    &strict_probe::LINT,
    &excluded_port::LINT,
    &shadowed_rule::LINT,
    &unreachable_rule::LINT,
    &never_matches::LINT,
    &http_on_tcp::LINT,
    &identity_in_plaintext::LINT,
    &letter_case::LINT,
    &forgeable_header::LINT,
    &remote_address::LINT,
    &unscoped_deny::LINT,
    &void_deny_all::LINT,
    &repeated_value::LINT,
    &selects_nothing::LINT,
    &yaml_trap::LINT,
    &dry_run::LINT,
    &spiffe_scheme::LINT,
    &star_inside::LINT,
    &template_gap::LINT,
    &subtree_gap::LINT,
    &suppression::LINT,
    &ignored_selector::LINT,
    &service_port::LINT,
    &any_certificate::LINT,
    &foreign_trust_domain::LINT,
    &not_a_host::LINT,
    &open_wildcard::LINT,
    &host_header::LINT,
    &split_rule::LINT,
    &impossible_value::LINT,
    &token_not_verified::LINT,
    &unknown_issuer::LINT,
    &token_not_required::LINT,
    &private_key::LINT,
    &empty_field::LINT,
    &unknown_caller::LINT,
    &unknown_port::LINT,
    &plaintext_client::LINT,
    &missing_target::LINT,
    &void_allow::LINT,
    &wrong_slash::LINT,
    &only_public::LINT,
    &several_providers::LINT,
    &method_gap::LINT,
    &keys_out_of_reach::LINT,
    &opposite_name::LINT,
    &several_modes::LINT,
    &own_caller::LINT,
    &http_in_ambient::LINT,
    &gateway_left_out::LINT,
];

/// The lint with this code or name.
pub fn by_code(code: &str) -> Option<&'static Lint> {
    LINTS
        .into_iter()
        .find(|lint| lint.code.eq_ignore_ascii_case(code) || lint.name == code)
}

/// The help for an unknown code.
pub fn no_such(code: &str) -> String {
    let known = LINTS.iter().flat_map(|lint| [lint.code, lint.name]);
    match nearest(code, known) {
        Some(known) => format!("did you mean `{known}`?"),
        None => "run `peerwarden check --list` to see all lints".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_no_name_is_there_twice() {
        let codes = LINTS.map(|lint| lint.code);
        assert!(codes.is_sorted_by(|left, right| left < right), "{codes:?}");
        assert!(codes.iter().all(|code| {
            code.len() == 5
                && code
                    .strip_prefix("PW")
                    .is_some_and(|digits| digits.parse::<u16>().is_ok())
        }));
        let mut names = LINTS.map(|lint| lint.name).to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), LINTS.len());
    }

    #[test]
    fn is_found_by_code_and_by_name() {
        assert_eq!(by_code("pw005").map(|lint| lint.code), Some("PW005"));
        assert_eq!(by_code("host-port").map(|lint| lint.code), Some("PW007"));
        assert!(by_code("PW999").is_none());
        assert_eq!(no_such("PW0005"), "did you mean `PW005`?");
    }
}
