//! A cache of the module's machine code: compiling takes longer than most suites.
//!
//! The cached code runs as is, so it is trusted only if nobody but this user can have written it: the folder and the
//! file belong to this user and are closed to all others, neither is a link, and the file begins with a digest of its
//! purpose and contents. The digest detects damage; the owner and the permissions protect against other users.

use std::fmt;
use std::fs::File;
use std::io::{Error, Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat};
use sha2::{Digest, Sha256};

/// The environment variable for the cache: a folder, or [`OFF`].
const VARIABLE: &str = "PEERWARDEN_CACHE";

/// Instead of a folder: compile each time.
const OFF: &str = "off";

/// The largest cached file, in bytes; the module that ships takes about three million.
const LIMIT: u64 = 256 * 1024 * 1024;

/// The largest number of cached files: one for each module and compiler in use.
const KEPT: usize = 4;

/// Permissions of any kind for other users.
const OTHERS: u32 = 0o077;

/// A folder of machine code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    folder: PathBuf,
    /// Whether the user named this folder: then a cache that cannot be used is reported.
    named: bool,
}

/// Why the cache cannot be used.
#[derive(Debug)]
pub enum CacheError {
    /// It is not there.
    Absent,
    /// It cannot be read or written.
    Io(Error),
    /// It is not a folder, or a file in it is not one.
    Kind(PathBuf),
    /// It belongs to another user.
    Foreign(PathBuf),
    /// Others have access to it.
    Open(PathBuf),
    /// It was changed after it was written.
    Damaged(PathBuf),
}

impl Cache {
    /// The cache: `given`, else that of the environment variable, else the user's folder for caches; `None` for none.
    pub fn find(given: Option<&Path>) -> Option<Self> {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let absolute = |name| {
            variable(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        if let Some(named) = given
            .map(Path::to_owned)
            .or_else(|| variable(VARIABLE).map(PathBuf::from))
        {
            return (named != Path::new(OFF)).then_some(Self {
                folder: named,
                named: true,
            });
        }
        let caches = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
        Some(Self {
            folder: caches.join("peerwarden"),
            named: false,
        })
    }

    /// The entry of this name.
    ///
    /// # Errors
    /// That it is not there, or why it is not believed.
    pub fn get(&self, name: &str) -> Result<Vec<u8>, CacheError> {
        let folder = self.open()?;
        let path = self.modules().join(name);
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&folder, name, flags, Mode::empty())?;
        ours(&file, FileType::RegularFile, &path)?;
        let mut bytes = Vec::new();
        File::from(file).take(LIMIT).read_to_end(&mut bytes)?;
        let damaged = || CacheError::Damaged(path.clone());
        let (written, code) = bytes
            .split_at_checked(Sha256::output_size())
            .ok_or_else(damaged)?;
        if digest(name, code).as_slice() != written {
            return Err(damaged());
        }
        bytes.drain(..Sha256::output_size());
        Ok(bytes)
    }

    /// Stores `code` under this name, and removes the oldest entries.
    ///
    /// # Errors
    /// That it cannot be written.
    pub fn put(&self, name: &str, code: &[u8]) -> Result<(), CacheError> {
        let modules = self.modules();
        if !modules.exists() {
            std::fs::create_dir_all(&self.folder).map_err(CacheError::Io)?;
            match rustix::fs::mkdir(&modules, Mode::RWXU) {
                // Another run may have been faster.
                Ok(()) | Err(rustix::io::Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let folder = self.open()?;
        let unfinished = format!("{name}.{}", std::process::id());
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&folder, &unfinished, flags, Mode::RUSR | Mode::WUSR)?;
        let mut file = File::from(file);
        // Completely or not at all: it gets its name only when it is complete.
        let written = file
            .write_all(&digest(name, code))
            .and_then(|()| file.write_all(code))
            .and_then(|()| Ok(rustix::fs::renameat(&folder, &unfinished, &folder, name)?));
        if written.is_err() {
            let _ = rustix::fs::unlinkat(&folder, &unfinished, AtFlags::empty());
        }
        written?;
        let_go(&folder)?;
        Ok(())
    }

    /// Whether `unusable` is worth a word: what nobody asked for and is merely not there is not.
    pub fn is_worth_saying(&self, unusable: &CacheError) -> bool {
        match unusable {
            CacheError::Absent => false,
            CacheError::Io(_) => self.named,
            CacheError::Kind(_) | CacheError::Foreign(_) | CacheError::Open(_) | CacheError::Damaged(_) => {
                true
            }
        }
    }

    fn modules(&self) -> PathBuf {
        self.folder.join("modules")
    }

    /// The folder itself, whatever its name comes to mean meanwhile.
    fn open(&self) -> Result<OwnedFd, CacheError> {
        let path = self.modules();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = match rustix::fs::openat(CWD, &path, flags, Mode::empty()) {
            Ok(folder) => folder,
            // Not for one of the folders above it.
            Err(rustix::io::Errno::NOTDIR | rustix::io::Errno::LOOP) if path.symlink_metadata().is_ok() => {
                return Err(CacheError::Kind(path));
            }
            Err(error) => return Err(error.into()),
        };
        ours(&folder, FileType::Directory, &path)?;
        Ok(folder)
    }
}

/// Of this user, closed to others, and of this kind.
fn ours(file: &OwnedFd, kind: FileType, path: &Path) -> Result<(), CacheError> {
    let stat = rustix::fs::fstat(file)?;
    if FileType::from_raw_mode(stat.st_mode) != kind {
        return Err(CacheError::Kind(path.to_owned()));
    }
    if stat.st_uid != rustix::process::geteuid().as_raw() {
        return Err(CacheError::Foreign(path.to_owned()));
    }
    if stat.st_mode & OTHERS != 0 {
        return Err(CacheError::Open(path.to_owned()));
    }
    Ok(())
}

/// A digest of purpose and contents: code of another module under this name counts as damage too.
fn digest(name: &str, code: &[u8]) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(name.as_bytes());
    digest.update([0]);
    digest.update(code);
    digest.finalize().into()
}

/// Removes all but the newest.
fn let_go(folder: &OwnedFd) -> Result<(), CacheError> {
    let mut files: Vec<(Stat, std::ffi::CString)> = Vec::new();
    for entry in Dir::read_from(folder)? {
        let name = entry?.file_name().to_owned();
        let stat = rustix::fs::statat(folder, &name, AtFlags::SYMLINK_NOFOLLOW)?;
        if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile {
            files.push((stat, name));
        }
    }
    files.sort_by_key(|(stat, _)| std::cmp::Reverse((stat.st_mtime, stat.st_mtime_nsec)));
    for (_, name) in files.iter().skip(KEPT) {
        rustix::fs::unlinkat(folder, name, AtFlags::empty())?;
    }
    Ok(())
}

impl From<rustix::io::Errno> for CacheError {
    fn from(error: rustix::io::Errno) -> Self {
        Error::from(error).into()
    }
}

impl From<Error> for CacheError {
    fn from(error: Error) -> Self {
        if error.kind() == std::io::ErrorKind::NotFound {
            Self::Absent
        } else {
            Self::Io(error)
        }
    }
}

/// What is wrong with it, and what to do.
impl fmt::Display for CacheError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("it is not there"),
            Self::Io(error) => write!(f, "{error}"),
            Self::Kind(path) => write!(f, "`{}` is a link or a special file; remove it", path.display()),
            Self::Foreign(path) => {
                write!(
                    f,
                    "`{}` belongs to another user; name a folder of your own",
                    path.display()
                )
            }
            Self::Open(path) => {
                let path = path.display();
                write!(
                    f,
                    "other users have access to `{path}`; remove it, so that it is created again"
                )
            }
            Self::Damaged(path) => write!(f, "`{}` is damaged and is created again", path.display()),
        }
    }
}

#[cfg(test)]
mod tests;
