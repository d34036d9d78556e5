//! Why an allowed request did not reach the application, by `%RESPONSE_FLAGS%`
//! (<https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#command-operators>).

use peerwarden_documents::shown::visible_up_to;

/// Flags of traffic that does not reach an upstream, and their meanings.
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

/// The largest number of characters shown of Envoy's text.
const SHOWN: usize = 200;

/// The meaning of these flags, with the reason in the line, if there is one.
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

    /// Lines that Envoy 1.40 wrote for a TCP connection, for a request, and for traffic that goes nowhere.
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
