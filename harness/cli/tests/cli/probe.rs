//! `peerwarden probe` against sockets of the test; `tests/faq` has it against Envoy.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use crate::fixture::Folder;

/// A server that always sends the same answer.
fn server(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer);
        }
    });
    address.to_string()
}

/// An address on which nothing listens.
fn dead() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().to_string()
}

#[test]
fn a_plaintext_server_is_disable_with_and_without_certificates() {
    let folder = Folder::with(&[]);
    let made = folder.run(&["certs", "spiffe://cluster.local/ns/web/sa/frontend"]);
    assert_eq!(made.code, 0, "{made:?}");
    let port = server(b"HTTP/1.1 200 OK\r\n\r\n");
    for certs in [&[][..], &["--certs", "certs/web/frontend"]] {
        let ran = folder.run(&[&["probe", &port, "--expect", "disable"], certs].concat());
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(
            ran.out.contains("DISABLE: it accepts plaintext, but not TLS"),
            "{}",
            ran.out
        );
        let ran = folder.run(&[&["probe", &port, "--expect", "strict"], certs].concat());
        assert_eq!(ran.code, 1, "{ran:?}");
    }
}

#[test]
fn what_is_printed() {
    let folder = Folder::with(&[]);
    let (open, closed) = (server(b"HTTP/1.1 200 OK\r\n\r\n"), dead());
    let ran = folder.run(&["probe", &open, &closed, "--expect", "disable"]);
    assert_eq!(ran.code, 1);
    insta::assert_snapshot!(
        ran.out
            .replace(&open, "127.0.0.1:1001")
            .replace(&closed, "127.0.0.1:1002")
    );
    let ran = folder.run(&["probe", &open, "--format", "json"]);
    assert_eq!(ran.code, 0);
    insta::assert_snapshot!(ran.out.replace(&open, "127.0.0.1:1001"));
}

#[test]
fn a_server_that_closes_without_a_word_is_broken() {
    let ran = Folder::with(&[]).run(&["probe", &server(b"")]);
    assert_eq!(ran.code, 0, "nothing was expected");
    assert!(
        ran.out.contains("broken: it accepts neither plaintext nor TLS"),
        "{}",
        ran.out
    );
}

/// A port's answer must not reach the terminal unescaped.
#[test]
fn hostile_bytes_are_not_printed() {
    let ran = Folder::with(&[]).run(&["probe", &server(b"\x1b]0;owned\x07\r\n")]);
    assert!(!ran.out.contains('\u{1b}'), "{:?}", ran.out);
    assert!(ran.out.contains("bytes that are not text"), "{}", ran.out);
}

#[test]
fn wrong_usage_is_explained() {
    let folder = Folder::with(&[("certs/key.pem", "none")]);
    folder.run(&["probe"]).says(2, &["HOST:PORT"]);
    for port in ["orders", "orders:", "orders:0", "orders:70000", ":80"] {
        folder
            .run(&["probe", port])
            .says(2, &["is not a host and a port", "write `HOST:PORT`"]);
    }
    folder
        .run(&["probe", "127.0.0.1:1", "--certs", "certs"])
        .says(2, &["certs/cert-chain.pem", "`peerwarden certs`"]);
    folder
        .run(&["probe", "127.0.0.1:1", "--expect", "mtls"])
        .says(2, &["strict", "permissive", "disable"]);
    let ran = folder.run(&["probe", "no-such-host.invalid:80", "--expect", "strict"]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("unreachable"), "{}", ran.out);
}
