//! The targets, a file for each.

mod access_log;
mod certificate;
mod check_response;
mod configuration;
mod decision;
mod definition;
mod eval;
mod pairs;
mod patterns;
mod protobuf;
mod settings;
mod spiffe;
mod suite;
mod yaml;

/// A function that takes any bytes.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Also the name of its folder of inputs.
    pub name: &'static str,
    /// The promise, for people.
    pub promise: &'static str,
    /// Panics if the promise is broken.
    pub run: fn(&[u8]),
    /// Words for generated inputs.
    pub dictionary: &'static [&'static str],
    /// The number of mutations in `make test`: about a second or two of work.
    pub budget: u32,
}

/// All of them.
pub const ALL: [Target; 14] = [
    Target {
        name: "configuration",
        promise: "a plugin configuration is accepted or refused whole, and compiled as the reference reads it",
        run: configuration::run,
        dictionary: configuration::DICTIONARY,
        budget: 1_500,
    },
    Target {
        name: "certificate",
        promise: "a certificate's names are those that another parser finds, or it is refused",
        run: certificate::run,
        dictionary: &[
            "-----BEGIN CERTIFICATE-----",
            "-----END CERTIFICATE-----",
            "\n",
            "=",
            "\u{82}",
            "spiffe://",
        ],
        budget: 5_000,
    },
    Target {
        name: "pairs",
        promise: "a header map is read as the ABI defines it, or refused",
        run: pairs::run,
        dictionary: &[":path", ":method", ":authority", "\0", "\u{1}\0\0\0"],
        budget: 10_000,
    },
    Target {
        name: "struct",
        promise: "a `Struct` is read as another protobuf decoder reads it, or refused",
        run: protobuf::run,
        dictionary: &["\u{a}", "\u{12}", "\u{1a}", "*", "2", "resources"],
        budget: 10_000,
    },
    Target {
        name: "check_response",
        promise: "no answer of an authorizer is a yes that another decoder reads as a no",
        run: check_response::run,
        dictionary: &["\u{a}\0", "\u{1a}\0", "\u{12}\0", "x-header", ":path", "host"],
        budget: 10_000,
    },
    Target {
        name: "spiffe",
        promise: "a SPIFFE ID is one exactly where the standard's grammar says so",
        run: spiffe::run,
        dictionary: &["spiffe://", "/ns/", "/sa/", "cluster.local", "..", "%2f"],
        budget: 10_000,
    },
    Target {
        name: "patterns",
        promise: "patterns, templates and blocks match what their definitions say",
        run: patterns::run,
        dictionary: &["\0", "*", "{*}", "{**}", "/", "0.0.0.0/0", "::/0", "10.1.2.3"],
        budget: 2_000,
    },
    Target {
        name: "access_log",
        promise: "a line of an access log is read, or refused with a reason",
        run: access_log::run,
        dictionary: &[
            "\"",
            "-",
            " ",
            "%REQ(:PATH)%",
            "%PROTOCOL%",
            "HTTP/1.1",
            "{\"method\":",
            "null",
        ],
        budget: 5_000,
    },
    Target {
        name: "yaml",
        promise: "documents are read with their places, JSON as JSON, and formatting changes no meaning",
        run: yaml::run,
        dictionary: yaml::DICTIONARY,
        budget: 175,
    },
    Target {
        name: "suite",
        promise: "a suite is read, or refused with messages that can be shown",
        run: suite::run,
        dictionary: suite::DICTIONARY,
        budget: 1_000,
    },
    Target {
        name: "settings",
        promise: "settings are read, or refused with a message that can be shown",
        run: settings::run,
        dictionary: &[
            "[check]", "exclude", "lints", "\"**/*\"", "PW001", "\"off\"", "{", "[",
        ],
        budget: 2_500,
    },
    Target {
        name: "eval",
        promise: "a line of `eval` is answered, or refused with a reason",
        run: eval::run,
        dictionary: eval::DICTIONARY,
        budget: 2_500,
    },
    Target {
        name: "decision",
        promise: "the compiled program decides as the reference, on any policies and traffic",
        run: decision::run,
        dictionary: &[],
        budget: 1_500,
    },
    Target {
        name: "metadata",
        promise: "dynamic metadata is read as another protobuf decoder reads it, or refused",
        run: protobuf::run_metadata,
        dictionary: &["\u{a}", "\u{12}", "envoy.filters.http.jwt_authn"],
        budget: 10_000,
    },
];

/// The target of this name.
pub fn named(name: &str) -> Option<&'static Target> {
    ALL.iter().find(|target| target.name == name)
}
