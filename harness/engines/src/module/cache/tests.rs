//! Trusted and untrusted cache entries.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

struct CacheFixture {
    folder: tempfile::TempDir,
    cache: Cache,
}

/// A cache with one entry, `code` under `name`.
fn kept() -> CacheFixture {
    let folder = tempfile::TempDir::new().unwrap();
    let cache = Cache {
        folder: folder.path().join("cache"),
        named: true,
    };
    cache.put("name", b"code").unwrap();
    CacheFixture { folder, cache }
}

impl CacheFixture {
    fn modules(&self) -> PathBuf {
        self.cache.modules()
    }

    fn file(&self) -> PathBuf {
        self.modules().join("name")
    }

    fn open_to(&self, path: &Path, mode: u32) {
        std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    fn refusal(&self) -> String {
        self.cache.get("name").unwrap_err().to_string()
    }
}

#[test]
fn gives_back_what_was_put_in() {
    let kept = kept();
    assert_eq!(kept.cache.get("name").unwrap(), b"code");
    assert!(matches!(kept.cache.get("other"), Err(CacheError::Absent)));
    kept.cache.put("name", b"newer").unwrap();
    assert_eq!(kept.cache.get("name").unwrap(), b"newer");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&kept.modules()), mode(&kept.file())), (0o700, 0o600));
}

#[test]
fn nothing_that_others_can_write_or_read_is_believed() {
    for mode in [0o770, 0o702, 0o750, 0o777] {
        let kept = kept();
        kept.open_to(&kept.modules(), mode);
        assert!(
            kept.refusal().starts_with("other users have access to"),
            "{mode:o}"
        );
        assert!(kept.cache.put("name", b"code").is_err(), "{mode:o}");
    }
    for mode in [0o660, 0o602, 0o644] {
        let kept = kept();
        kept.open_to(&kept.file(), mode);
        assert!(
            kept.refusal().starts_with("other users have access to"),
            "{mode:o}"
        );
    }
}

#[test]
fn links_are_not_followed() {
    let kept = kept();
    let elsewhere = kept.folder.path().join("elsewhere");
    std::fs::rename(kept.modules(), &elsewhere).unwrap();
    symlink(&elsewhere, kept.modules()).unwrap();
    assert!(kept.refusal().contains("is a link"), "{}", kept.refusal());

    std::fs::remove_file(kept.modules()).unwrap();
    std::fs::rename(&elsewhere, kept.modules()).unwrap();
    let file = kept.folder.path().join("file");
    std::fs::rename(kept.file(), &file).unwrap();
    symlink(&file, kept.file()).unwrap();
    assert!(matches!(kept.cache.get("name"), Err(CacheError::Io(_))));

    std::fs::remove_file(kept.file()).unwrap();
    std::fs::create_dir(kept.file()).unwrap();
    assert!(kept.refusal().contains("a special file"), "{}", kept.refusal());
}

#[test]
fn damage_is_found() {
    let kept = kept();
    let whole = std::fs::read(kept.file()).unwrap();
    for place in [0, 31, 32, whole.len() - 1] {
        let mut damaged = whole.clone();
        damaged[place] ^= 1;
        std::fs::write(kept.file(), damaged).unwrap();
        assert!(kept.refusal().contains("is damaged"), "{place}");
    }
    for length in [0, 31, 32, whole.len() - 1] {
        std::fs::write(kept.file(), &whole[..length]).unwrap();
        assert!(kept.refusal().contains("is damaged"), "{length}");
    }
    // Complete, but of another module.
    std::fs::write(kept.file(), &whole).unwrap();
    std::fs::rename(kept.file(), kept.modules().join("other")).unwrap();
    assert!(matches!(kept.cache.get("other"), Err(CacheError::Damaged(_))));
}

#[test]
fn a_folder_of_somebody_else_is_not_believed() {
    // Only root can give files away; the check is the same for all.
    if !rustix::process::geteuid().is_root() {
        let theirs = ours(
            &rustix::fs::open("/", OFlags::RDONLY, Mode::empty()).unwrap(),
            FileType::Directory,
            Path::new("/"),
        );
        assert!(matches!(theirs, Err(CacheError::Foreign(_))));
        return;
    }
    let kept = kept();
    for path in [kept.file(), kept.modules()] {
        std::os::unix::fs::chown(&path, Some(65_534), None).unwrap();
        assert!(
            kept.refusal().contains("belongs to another user"),
            "{}",
            path.display()
        );
        std::os::unix::fs::chown(&path, Some(0), None).unwrap();
    }
    assert_eq!(kept.cache.get("name").unwrap(), b"code");
}

#[test]
fn the_oldest_are_let_go_of() {
    let kept = kept();
    let past = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
    let file = std::fs::File::options().write(true).open(kept.file()).unwrap();
    file.set_modified(past).unwrap();
    for number in 0..KEPT {
        kept.cache.put(&format!("{number}"), b"code").unwrap();
    }
    assert!(matches!(kept.cache.get("name"), Err(CacheError::Absent)));
    assert_eq!(std::fs::read_dir(kept.modules()).unwrap().count(), KEPT);
}
