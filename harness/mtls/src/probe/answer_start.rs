//! What an answer begins with, and whether it says that the port accepts only TLS.

use std::fmt;

/// What an answer begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AnswerStart {
    /// A TLS record with an alert.
    Alert,
    /// An HTTP error whose text says that the port accepts only TLS.
    OnlyTls { status_line: String, said: &'static str },
    /// Any other line of text.
    Line(String),
    /// This many bytes that are not text.
    Binary(usize),
}

/// What servers say, with status 400, to a plaintext request on a TLS port: nginx, Go and Apache.
const ONLY_TLS: [&str; 3] = ["HTTPS port", "HTTPS server", "SSL-enabled server port"];

/// How much of a line is shown.
const LINE: usize = 60;

impl AnswerStart {
    pub(super) fn read(bytes: &[u8]) -> Self {
        const ALERT: u8 = 0x15;
        if let [ALERT, 3, ..] = bytes {
            return Self::Alert;
        }
        let text = String::from_utf8_lossy(bytes);
        let line = text.lines().next().unwrap_or_default();
        let is_text = !line.is_empty()
            && line
                .chars()
                .all(|ch| !ch.is_control() && ch != char::REPLACEMENT_CHARACTER);
        if !is_text {
            return Self::Binary(bytes.len());
        }
        let mut words = line.split(' ');
        let is_http = words.next().is_some_and(|word| word.starts_with("HTTP/1."));
        let is_bad_request = is_http && words.next() == Some("400");
        // These servers explain themselves in the body; any server may write these words into the status line.
        let body = text.get(line.len()..).unwrap_or_default();
        let shown: String = line.chars().take(LINE).collect();
        match ONLY_TLS
            .into_iter()
            .find(|said| is_bad_request && body.contains(said))
        {
            Some(said) => Self::OnlyTls {
                status_line: shown,
                said,
            },
            None => Self::Line(shown),
        }
    }

    /// Whether the answer says, in plaintext, that the port accepts only TLS.
    pub(super) fn is_only_tls(&self) -> bool {
        match self {
            Self::Alert | Self::OnlyTls { .. } => true,
            Self::Line(_) | Self::Binary(_) => false,
        }
    }
}

impl fmt::Display for AnswerStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alert => f.write_str("a TLS alert"),
            Self::OnlyTls { status_line, said } => write!(f, "{status_line} ({said})"),
            Self::Line(line) => f.write_str(line),
            Self::Binary(count) => write!(f, "{count} bytes that are not text"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::AnswerStart;

    #[test]
    fn only_text_is_shown() {
        let shown = |bytes: &[u8]| AnswerStart::read(bytes).to_string();
        assert_eq!(shown(b"HTTP/1.1 200 OK\r\nserver: x\r\n"), "HTTP/1.1 200 OK");
        assert_eq!(shown(b"\x1b[31mred"), "8 bytes that are not text");
        assert_eq!(shown(&[0xff; 9]), "9 bytes that are not text");
        assert_eq!(shown(b"\r\n"), "2 bytes that are not text");
    }
}
