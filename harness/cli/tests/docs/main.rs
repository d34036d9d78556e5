//! README.md and the pages of `docs/` that show the command: each is run, so that none goes out of date.
//!
//! A page is one shell session (see `page` and `session`). After an intended change, `PEERWARDEN_BLESS=1 cargo test -p
//! peerwarden --test docs` writes the outputs again; `-- NAME` runs the pages with that name. `complete` requires a
//! page for each command, and links that work.

mod complete;
mod page;
mod session;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use libtest_mimic::{Arguments, Failed, Trial};
use walkdir::WalkDir;

use page::Page;

/// Updates the pages instead of comparing them.
const BLESS: &str = "PEERWARDEN_BLESS";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = complete::trials();
    let paths = match pages() {
        Ok(paths) => paths,
        Err(error) => {
            anstream::eprintln!("{error:?}");
            return ExitCode::FAILURE;
        }
    };
    trials.extend(paths.into_iter().map(|path| {
        let name = path
            .strip_prefix(workspace())
            .unwrap_or(&path)
            .display()
            .to_string();
        Trial::test(name, move || run(&path))
    }));
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Runs the session of a page, and compares its outputs with those on the page.
fn run(path: &Path) -> Result<(), Failed> {
    let page = Page::read(path)?;
    if page.commands().next().is_none() {
        return Ok(());
    }
    let outputs = session::run(&page)?;
    if std::env::var_os(BLESS).is_some() {
        return Ok(page.bless(&outputs)?);
    }
    let differences: Vec<String> = page
        .commands()
        .zip(&outputs)
        .filter_map(|(command, output)| command.difference(output))
        .collect();
    if differences.is_empty() {
        Ok(())
    } else {
        Err(Failed::from(format!(
            "{}\nif this is meant, write it again with `{BLESS}=1 cargo test -p peerwarden --test docs`",
            differences.join("\n")
        )))
    }
}

/// README.md and every page below `docs/`, sorted by name.
fn pages() -> anyhow::Result<Vec<PathBuf>> {
    let mut pages = vec![workspace().join("README.md")];
    for entry in WalkDir::new(workspace().join("docs")).sort_by_file_name() {
        let path = entry.context("`docs` cannot be listed")?.into_path();
        if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
    Ok(pages)
}

/// The root of the workspace.
fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}
