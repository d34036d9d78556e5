//! A client for Envoy's administration interface, over HTTP/1.1 without TLS
//! (<https://www.envoyproxy.io/docs/envoy/latest/operations/admin>).

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use peerwarden_documents::diagnostic::Diagnostic;

/// The time-out of a connection, and of a pause in an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The largest answer in bytes. The configuration of a large mesh has tens of megabytes.
const LIMIT: u64 = 256 * 1024 * 1024;

/// The longest line of a header, in bytes.
const LINE: u64 = 64 * 1024;

/// The address of an administration interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AdminAddress {
    /// Host and port.
    authority: String,
}

impl AdminAddress {
    /// Parses `http://HOST:PORT`, with any path, or `HOST:PORT`; `None` for the name of a file.
    ///
    /// # Errors
    ///
    /// If it is an address of another kind.
    pub(crate) fn parse(given: &str) -> Result<Option<Self>, Diagnostic> {
        if let Some((scheme, _)) = given.split_once("://").filter(|(scheme, _)| *scheme != "http") {
            let message = format!("`{given}`: Envoy's administration interface has no `{scheme}`");
            return Err(
                Diagnostic::error(message).help("write `http://HOST:PORT`, such as `http://localhost:15000`")
            );
        }
        let bare = given.strip_prefix("http://");
        let authority = bare.unwrap_or(given);
        let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
        let has_port = authority
            .rsplit_once(':')
            .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
        match (bare, has_port) {
            (Some(_), true) => {}
            (None, true) if authority == given && !std::path::Path::new(given).exists() => {}
            (None, _) => return Ok(None),
            (Some(_), false) => {
                let message = format!("`{given}` has no port");
                return Err(Diagnostic::error(message).help("write `http://HOST:PORT`; Istio's is 15000"));
            }
        }
        Ok(Some(Self {
            authority: authority.to_owned(),
        }))
    }

    /// The answer to a GET request.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub(crate) fn get(&self, path: &str) -> Result<String, Diagnostic> {
        let wrong = |why: &dyn std::fmt::Display| {
            let message = format!("cannot read `http://{}{path}`: {why}", self.authority);
            Diagnostic::error(message).help(
                "name the address of Envoy's administration interface; in a pod of Istio, `kubectl port-forward POD 15000` \
                 makes it `http://localhost:15000`",
            )
        };
        let (status, body) = self.fetch(path).map_err(|error| wrong(&error))?;
        if status != 200 {
            return Err(wrong(&format!("the answer is {status}")));
        }
        String::from_utf8(body).map_err(|_| wrong(&"the answer is not UTF-8"))
    }

    fn fetch(&self, path: &str) -> io::Result<(u16, Vec<u8>)> {
        let mut stream = self.connect()?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let authority = &self.authority;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: {authority}\r\naccept: application/json\r\nconnection: close\r\n\r\n"
        )?;
        answer(&mut BufReader::new(stream))
    }

    /// Tries each address of the host: `localhost` has two.
    fn connect(&self) -> io::Result<TcpStream> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
        for address in self.authority.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

/// Reads an answer (<https://www.rfc-editor.org/rfc/rfc9112>): its status and its body.
fn answer(input: &mut impl BufRead) -> io::Result<(u16, Vec<u8>)> {
    let invalid = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let status = line(input)?;
    let status = status
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.split(' ').nth(1)?.parse().ok());
    let status = status.ok_or_else(|| invalid("the answer is not HTTP"))?;
    let (mut chunked, mut length) = (false, None);
    loop {
        let header = line(input)?;
        if header.is_empty() {
            break;
        }
        let (name, value) = header
            .split_once(':')
            .ok_or_else(|| invalid("the answer is not HTTP"))?;
        match name.to_ascii_lowercase().as_str() {
            "transfer-encoding" => chunked = value.to_ascii_lowercase().contains("chunked"),
            "content-length" => length = value.trim().parse::<u64>().ok(),
            _ => {}
        }
    }
    let mut body = Vec::new();
    let mut append = |input: &mut dyn Read, most: u64| -> io::Result<u64> {
        let left = LIMIT.saturating_sub(body.len() as u64);
        let read = input.take(most.min(left + 1)).read_to_end(&mut body)? as u64;
        if body.len() as u64 > LIMIT {
            return Err(invalid("the answer is too large"));
        }
        Ok(read)
    };
    if !chunked {
        let read = append(input, length.unwrap_or(u64::MAX))?;
        if length.is_some_and(|length| read < length) {
            return Err(invalid("the answer is cut short"));
        }
        return Ok((status, body));
    }
    loop {
        let size = line(input)?;
        let size = size.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(size, 16).map_err(|_| invalid("the answer is not HTTP"))?;
        if size == 0 {
            return Ok((status, body));
        }
        if append(input, size)? < size || !line(input)?.is_empty() {
            return Err(invalid("the answer is cut short"));
        }
    }
}

/// A line of a header, without its end.
fn line(input: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    input.by_ref().take(LINE).read_until(b'\n', &mut line)?;
    match line.strip_suffix(b"\n") {
        Some(line) => Ok(String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned()),
        None => Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the answer is cut short",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::{AdminAddress, answer};

    #[test]
    fn an_address_is_not_a_file() {
        let authority =
            |given: &str| AdminAddress::parse(given).map(|found| found.map(|found| found.authority));
        for (given, expected) in [
            ("http://localhost:15000", Some("localhost:15000")),
            ("http://[::1]:15000/config_dump?x", Some("[::1]:15000")),
            ("127.0.0.1:9901", Some("127.0.0.1:9901")),
            ("dump.json", None),
            ("./a:1/dump.json", None),
            ("-", None),
        ] {
            assert_eq!(authority(given), Ok(expected.map(str::to_owned)), "{given}");
        }
        assert!(authority("https://localhost:15000").is_err());
        assert!(authority("http://localhost").is_err());
    }

    #[test]
    fn answers_are_read_to_their_end() {
        let read = |text: &str| answer(&mut text.as_bytes()).ok();
        let told = |status, body: &str| Some((status, body.as_bytes().to_vec()));
        assert_eq!(
            read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}rest"),
            told(200, "{}")
        );
        assert_eq!(read("HTTP/1.1 404 Not Found\r\n\r\nno"), told(404, "no"));
        let chunked =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\n{\n\r\n1\r\n}\r\n0\r\n\r\n";
        assert_eq!(read(chunked), told(200, "{\n}"));
        for cut in [
            "",
            "SSH-2.0\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        ] {
            assert_eq!(read(cut), None, "{cut}");
        }
    }
}
