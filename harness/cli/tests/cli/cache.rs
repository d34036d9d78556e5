//! The compiled module from one run to the next.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::fixture::{Folder, ORDERS, RunOutput, SUITE};

fn folder() -> Folder {
    let suite = format!("{SUITE}- {{peer: frontend, request: list, expect: allow}}\n");
    Folder::with(&[("orders.yaml", ORDERS), ("orders_test.yaml", &suite)])
}

/// Whether a successful run read the module from the cache.
#[track_caller]
fn from_cache(ran: &RunOutput) -> bool {
    assert_eq!(ran.code, 0, "{ran:?}");
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    report["module"]["fromCache"].as_bool().unwrap()
}

const JSON: [&str; 3] = ["test", "--format", "json"];

fn run(folder: &Folder) -> RunOutput {
    folder.run(&[JSON.as_slice(), &["--cache", "cache"]].concat())
}

/// The only file in a cache.
fn kept(folder: &Path) -> PathBuf {
    let mut files = std::fs::read_dir(folder.join("modules")).unwrap();
    let file = files.next().unwrap().unwrap().path();
    assert!(files.next().is_none());
    file
}

#[test]
fn a_module_is_compiled_once() {
    let folder = folder();
    let (first, second) = (run(&folder), run(&folder));
    assert!(!from_cache(&first) && from_cache(&second), "{first:?} {second:?}");
    assert_eq!((first.err.as_str(), second.err.as_str()), ("", ""));

    // A changed file is compiled again, without a message if nothing is wrong with it.
    let file = kept(&folder.path("cache"));
    let mut damaged = std::fs::read(&file).unwrap();
    *damaged.last_mut().unwrap() ^= 1;
    std::fs::write(&file, damaged).unwrap();
    let ran = run(&folder);
    assert!(
        !from_cache(&ran) && ran.warns("is damaged and is created again"),
        "{ran:?}"
    );
    assert!(from_cache(&run(&folder)));

    let modules = folder.path("cache/modules");
    std::fs::set_permissions(&modules, std::fs::Permissions::from_mode(0o755)).unwrap();
    let ran = run(&folder);
    assert!(
        !from_cache(&ran) && ran.warns("other users have access to"),
        "{ran:?}"
    );
}

#[test]
fn the_environment_says_where_it_is() {
    let folder = folder();
    let with = |variables: &[(&str, &str)]| {
        let mut command = folder.command(&JSON);
        command.env_remove("PEERWARDEN_CACHE");
        for (name, value) in variables {
            command.env(
                name,
                value.replace("HERE", &folder.path("").display().to_string()),
            );
        }
        folder.finish(&mut command)
    };
    for variables in [
        [("PEERWARDEN_CACHE", "named"), ("HOME", "HERE/home")],
        [("XDG_CACHE_HOME", "HERE/xdg"), ("HOME", "HERE/home")],
        [("HOME", "HERE/home"), ("XDG_CACHE_HOME", "relative")],
    ] {
        let (first, second) = (with(&variables), with(&variables));
        assert!(
            !from_cache(&first) && from_cache(&second),
            "{variables:?} {first:?} {second:?}"
        );
    }
    for place in ["named", "xdg/peerwarden", "home/.cache/peerwarden"] {
        kept(&folder.path(place));
    }
    assert!(!folder.path("relative").exists());
    for variables in [&[("PEERWARDEN_CACHE", "off"), ("HOME", "HERE/home")][..], &[]] {
        let ran = with(variables);
        assert!(!from_cache(&ran) && ran.err.is_empty(), "{ran:?}");
    }
}

/// A cache that cannot be used costs time, and is reported if the user named it.
#[test]
fn a_cache_that_cannot_be_used_is_no_failure() {
    let folder = folder();
    folder.write("file", "");
    let ran = folder.run(&[JSON.as_slice(), &["--cache", "file"]].concat());
    assert!(
        !from_cache(&ran) && ran.warns("cache of the compiled module is not used"),
        "{ran:?}"
    );
    let mut command = folder.command(&JSON);
    let ran = folder.finish(
        command
            .env_remove("PEERWARDEN_CACHE")
            .env("XDG_CACHE_HOME", folder.path("file")),
    );
    assert!(!from_cache(&ran) && ran.err.is_empty(), "{ran:?}");
}
