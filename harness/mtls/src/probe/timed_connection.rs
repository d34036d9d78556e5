//! A connection with a deadline, however slowly the other side sends.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// A connection and its deadline.
#[derive(Debug)]
pub(super) struct TimedConnection {
    stream: TcpStream,
    end: Instant,
}

impl TimedConnection {
    /// Connects to the first of a host's addresses that accepts; the time is divided equally among them.
    ///
    /// # Errors
    ///
    /// The error of the last address.
    pub(super) fn connect(addresses: &[SocketAddr], time: Duration) -> Result<Self> {
        let end = Instant::now() + time;
        let mut last = Error::new(ErrorKind::NotFound, "the name has no address");
        for (index, address) in addresses.iter().enumerate() {
            let others = u32::try_from(addresses.len() - index).unwrap_or(u32::MAX);
            match TcpStream::connect_timeout(address, left(end)? / others) {
                Ok(stream) => return Ok(Self { stream, end }),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

/// The time left; an error when it is up.
fn left(end: Instant) -> Result<Duration> {
    let left = end.saturating_duration_since(Instant::now());
    // Sockets accept no time-out of zero or close to it.
    if left < Duration::from_millis(1) {
        return Err(Error::new(ErrorKind::TimedOut, "the time limit is over"));
    }
    Ok(left)
}

impl Read for TimedConnection {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize> {
        self.stream.set_read_timeout(Some(left(self.end)?))?;
        self.stream.read(bytes)
    }
}

impl Write for TimedConnection {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.stream.set_write_timeout(Some(left(self.end)?))?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        self.stream.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    const TIME: Duration = Duration::from_millis(300);

    #[test]
    fn drops_do_not_make_it_longer() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            while stream.write_all(b"x").is_ok() {
                thread::sleep(Duration::from_millis(20));
            }
        });
        let begun = Instant::now();
        let mut connection = TimedConnection::connect(&[address], TIME).unwrap();
        let error = connection.read_exact(&mut [0; 1024]).unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock),
            "{error}"
        );
        assert!(begun.elapsed() < 10 * TIME, "{:?}", begun.elapsed());
        drop(connection);
        server.join().unwrap();
    }

    #[test]
    fn the_address_that_answers_is_found() {
        let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let alive = listener.local_addr().unwrap();
        assert!(TimedConnection::connect(&[dead, alive], TIME).is_ok());
        let refused = TimedConnection::connect(&[dead], TIME).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        assert!(TimedConnection::connect(&[], TIME).is_err());
    }
}
