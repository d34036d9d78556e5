//! Issued certificates, as other programs read them.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

use peerwarden_mtls::{Authority, Error, LIFETIME, Workload};
use x509_parser::extensions::GeneralName;
use x509_parser::pem::parse_x509_pem;

const HOUR: Duration = Duration::from_secs(3600);

fn workload() -> Workload {
    Workload::parse("spiffe://cluster.local/ns/shop/sa/orders").unwrap()
}

#[test]
fn a_certificate_says_what_a_mesh_needs() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::make(folder.path(), "cluster.local", 48 * HOUR).unwrap();
    let issued = authority.issue(&workload().dns("orders.shop"), LIFETIME).unwrap();

    let (_, root) = parse_x509_pem(authority.pem().as_bytes()).unwrap();
    let root = root.parse_x509().unwrap();
    let (_, pem) = parse_x509_pem(issued.certificate_pem().as_bytes()).unwrap();
    let certificate = pem.parse_x509().unwrap();
    certificate.verify_signature(Some(root.public_key())).unwrap();
    assert!(!certificate.is_ca());
    assert_eq!(certificate.subject().iter_attributes().count(), 0);
    // ecPublicKey on prime256v1 (RFC 5480, 2.1.1).
    assert_eq!(
        certificate.public_key().algorithm.algorithm.to_id_string(),
        "1.2.840.10045.2.1"
    );
    let curve = certificate.public_key().algorithm.parameters.as_ref().unwrap();
    assert_eq!(curve.as_oid().unwrap().to_id_string(), "1.2.840.10045.3.1.7");
    let names = certificate.subject_alternative_name().unwrap().unwrap();
    assert_eq!(
        names.value.general_names,
        [
            GeneralName::URI("spiffe://cluster.local/ns/shop/sa/orders"),
            GeneralName::DNSName("orders.shop")
        ]
    );
    let now = i64::try_from(
        SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_secs(),
    )
    .unwrap();
    let left = certificate.validity().not_after.timestamp() - now;
    assert!((24 * 3600 - 10..=24 * 3600).contains(&left), "{left}");
    assert!(certificate.validity().not_before.timestamp() <= now);
}

#[test]
fn each_has_a_key_and_a_number_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::make(folder.path(), "cluster.local", 48 * HOUR).unwrap();
    let [one, two] = [(), ()].map(|()| authority.issue(&workload(), HOUR).unwrap());
    assert_ne!(one.key_pem(), two.key_pem());
    let serial = |pem: &str| {
        parse_x509_pem(pem.as_bytes())
            .unwrap()
            .1
            .parse_x509()
            .unwrap()
            .raw_serial()
            .to_vec()
    };
    assert_ne!(serial(one.certificate_pem()), serial(two.certificate_pem()));
}

#[test]
fn none_outlives_its_authority() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::make(folder.path(), "cluster.local", HOUR).unwrap();
    let issued = authority.issue(&workload(), LIFETIME).unwrap();
    assert!(issued.not_after() <= authority.not_after() + Duration::from_secs(1));
    let half = issued.rotation().duration_since(SystemTime::now()).unwrap();
    assert!(half <= HOUR / 2 && half > HOUR / 3, "{half:?}");
}

#[test]
fn an_authority_is_read_again_and_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Authority::read(folder.path()).unwrap().is_none());
    let made = Authority::make(folder.path(), "cluster.local", HOUR).unwrap();
    let read = Authority::read(folder.path()).unwrap().unwrap();
    assert_eq!((read.pem(), read.trust_domain()), (made.pem(), "cluster.local"));
    read.issue(&workload(), HOUR).unwrap();
    let short = read.issue(&workload(), Duration::from_millis(999));
    assert!(matches!(short, Err(Error::Lifetime(_))));
    let foreign = Workload::parse("spiffe://partner.example/ns/shop/sa/orders").unwrap();
    assert!(matches!(read.issue(&foreign, HOUR), Err(Error::Name { .. })));
}

#[test]
fn an_authority_that_is_broken_is_said_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    Authority::make(folder.path(), "cluster.local", HOUR).unwrap();
    Authority::make(other.path(), "cluster.local", HOUR).unwrap();
    let refused = || {
        Authority::read(folder.path())
            .err()
            .expect("an error")
            .to_string()
    };

    std::fs::copy(
        other.path().join("root-key.pem"),
        folder.path().join("root-key.pem"),
    )
    .unwrap();
    assert!(refused().contains("not the key of"), "{}", refused());
    std::fs::remove_file(folder.path().join("root-key.pem")).unwrap();
    assert!(refused().contains("not `root-key.pem`"), "{}", refused());
    std::fs::write(folder.path().join("root-key.pem"), "nonsense").unwrap();
    assert!(refused().contains("`root-key.pem`"), "{}", refused());

    let short = tempfile::tempdir().unwrap();
    assert!(Authority::make(short.path(), "cluster.local", Duration::from_millis(999)).is_err());
    // A refused one leaves nothing.
    assert!(Authority::read(short.path()).unwrap().is_none());
    assert!(Authority::make(short.path(), "../up", HOUR).is_err());
}

#[test]
fn files_are_their_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::make(&folder.path().join("ca"), "cluster.local", HOUR).unwrap();
    let target = folder.path().join("shop/orders");
    authority
        .issue(&workload(), HOUR)
        .unwrap()
        .write(&target)
        .unwrap();
    authority
        .issue(&workload(), HOUR)
        .unwrap()
        .write(&target)
        .unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&target), 0o700);
    assert_eq!(mode(&folder.path().join("ca/root-key.pem")), 0o600);
    let mut names: Vec<String> = std::fs::read_dir(&target)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            assert_eq!(mode(&entry.path()), 0o600, "{entry:?}");
            entry.file_name().into_string().unwrap()
        })
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "cert-chain.pem",
            "certificate.yaml",
            "key.pem",
            "root-cert.pem",
            "validation.yaml"
        ]
    );
}

/// Some base64 parsers never return from the first of these.
#[test]
fn files_that_are_cut_short_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    Authority::make(folder.path(), "cluster.local", HOUR).unwrap();
    for (name, label) in [("root-cert.pem", "CERTIFICATE"), ("root-key.pem", "PRIVATE KEY")] {
        let path = folder.path().join(name);
        let whole = std::fs::read(&path).unwrap();
        for base64 in ["MI=", "M", "", "====", "MIIB\nMI="] {
            let text = format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n");
            std::fs::write(&path, text).unwrap();
            assert!(Authority::read(folder.path()).is_err(), "{name} of {base64:?}");
        }
        std::fs::write(&path, whole).unwrap();
    }
    assert!(Authority::read(folder.path()).unwrap().is_some());
}
