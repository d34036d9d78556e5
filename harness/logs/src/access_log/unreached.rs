//! Why what was let in did not come to the application, by `%RESPONSE_FLAGS%`
//! (<https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#command-operators>).

use peerwarden_documents::shown::visible_up_to;

/// Flags of what does not come to an upstream, and what they mean.
const FLAGS: [(&str, &str); 5] = [
    ("UF", "the connection to the application failed"),
    ("UH", "the application has no healthy endpoint"),
    (
        "UO",
        "the application has reached its limit of connections or requests",
    ),
    ("NC", "there is no cluster for the application"),
    ("DF", "the application's name could not be resolved"),
];

/// Characters of what Envoy says.
const SHOWN: usize = 200;

/// What these flags say of the application, with the reason that the line gives for it, if it does.
pub(super) fn why(flags: &str, reason: Option<&str>) -> Option<String> {
    let (_, why) = FLAGS
        .iter()
        .find(|(own, _)| flags.split(',').any(|flag| flag == *own))?;
    Some(match reason {
        Some(reason) => format!("{why} (`{}`)", visible_up_to(reason, SHOWN)),
        None => (*why).to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::why;

    /// As Envoy 1.40 wrote them of a TCP connection, of a request, and of what goes nowhere.
    #[test]
    fn each_is_said_in_words() {
        let refused = "delayed_connect_error:_Connection_refused";
        let failed = why("UF,URX", Some(refused)).unwrap();
        assert_eq!(
            failed,
            format!("the connection to the application failed (`{refused}`)")
        );
        assert!(why("UH", None).unwrap().contains("no healthy endpoint"));
        for other in ["-", "", "NR", "DPE", "UC", "UFO"] {
            assert_eq!(why(other, None), None, "{other}");
        }
    }
}
