//! `--watch`: runs changed suites until it is stopped.
//!
//! It checks the time and size of files a few times a second: that works on every file system, over the network and in
//! containers too.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use peerwarden_documents::count::counted;
use peerwarden_documents::load::Loader;
use peerwarden_documents::output;
use peerwarden_documents::remark::remark;
use peerwarden_suite as suite;

use super::{Arguments, LazyModule, once};
use crate::error::{Error, Result};
use crate::exit::Exit;

/// The interval at which files are checked. A change counts once nothing has changed since the last check: editors
/// write in steps.
const EACH: Duration = Duration::from_millis(150);

/// The time and size of a file at the last check; `None` for one that does not exist.
type Stamp = Option<(SystemTime, u64)>;

/// Files with their stamps.
type Stamps = BTreeMap<PathBuf, Stamp>;

/// Each suite with its files.
type Suites = BTreeMap<PathBuf, Stamps>;

/// Runs all suites, and then those that change, for ever.
pub(super) fn run(arguments: &Arguments, loader: &Loader) -> Result<Exit> {
    let mut lazy_module = LazyModule::default();
    let (mut before, mut module) = (Suites::new(), Stamps::new());
    // Each file at its last check, whichever suites it belongs to now.
    let mut known = Stamps::new();
    let mut first = true;
    loop {
        let now = settled(arguments, loader, &before, first);
        let module_now = stamps(arguments.engines.path().into_iter());
        let other_module = !first && module_now != module;
        let run: Vec<PathBuf> = now
            .iter()
            .filter(|(suite, files)| other_module || before.get(*suite) != Some(files))
            .map(|(suite, _)| suite.clone())
            .collect();
        if first || !run.is_empty() {
            let mut changed = changed_files(&mut known, &before, &now);
            if other_module {
                // Verdicts may change: everything is run again.
                lazy_module = LazyModule::default();
                changed.insert("the module".to_owned());
            }
            announce(&changed, first)?;
            match once(arguments, loader, &run, &mut lazy_module) {
                Err(error @ Error::Internal(_)) => return Err(error),
                // It may be correct the next time.
                Err(error) => _ = error.report(),
                Ok(_) => {}
            }
            watching(&now);
        }
        before = now;
        // A file that the run itself wrote, a snapshot, does not count as changed.
        for (file, stamp) in before.values_mut().flatten() {
            if file.extension().is_some_and(|extension| extension == "md") {
                *stamp = self::stamp(file);
                known.insert(file.clone(), *stamp);
            }
        }
        module = module_now;
        first = false;
        std::thread::sleep(EACH);
    }
}

/// The current suites, once they have stopped changing.
fn settled(arguments: &Arguments, loader: &Loader, before: &Suites, first: bool) -> Suites {
    let mut now = suites(arguments, loader);
    while !first && now != *before {
        std::thread::sleep(EACH);
        let later = suites(arguments, loader);
        if later == now {
            break;
        }
        now = later;
    }
    now
}

fn suites(arguments: &Arguments, loader: &Loader) -> Suites {
    // A path that cannot be listed now may exist the next time.
    let files = loader.suites(&arguments.paths).unwrap_or_default();
    let mut known: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    let suites = files.into_iter().map(|file| {
        let mut inputs = BTreeSet::from([file.clone()]);
        for root in suite::inputs(&file) {
            let below = known.entry(root).or_insert_with_key(|root| below(loader, root));
            inputs.extend(below.iter().cloned());
        }
        (file, stamps(inputs.into_iter()))
    });
    suites.collect()
}

/// A file itself, or the files with policies in a folder.
fn below(loader: &Loader, root: &Path) -> Vec<PathBuf> {
    let listing = loader.list(&[root.to_owned()], |_| true);
    listing.map_or_else(|_| vec![root.to_owned()], |listing| listing.files)
}

fn stamps(files: impl Iterator<Item = PathBuf>) -> Stamps {
    files.map(|file| (file.clone(), stamp(&file))).collect()
}

fn stamp(file: &Path) -> Stamp {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// The files that are new, gone, or changed.
fn changed_files(known: &mut Stamps, before: &Suites, now: &Suites) -> BTreeSet<String> {
    let now = now.values().flatten().map(|(file, stamp)| (file.clone(), *stamp));
    // A file that no suite names any more may be unchanged.
    let gone = before
        .values()
        .flatten()
        .map(|(file, _)| (file.clone(), stamp(file)));
    let all: Stamps = gone.chain(now).collect();
    let changed = all.iter().filter(|(file, stamp)| known.get(*file) != Some(stamp));
    let changed = changed.map(|(file, _)| file.display().to_string()).collect();
    known.extend(all);
    changed
}

/// Prints which suites the next results are for; clears a terminal first.
fn announce(changed: &BTreeSet<String>, first: bool) -> anyhow::Result<()> {
    let clear = if std::io::stdout().is_terminal() {
        "\x1b[2J\x1b[H"
    } else {
        ""
    };
    let changed: Vec<&str> = changed.iter().map(String::as_str).collect();
    let shown = match changed.as_slice() {
        [one, two, three, rest @ ..] if !rest.is_empty() => {
            format!("{one}, {two}, {three} and {} more", rest.len())
        }
        few => few.join(", "),
    };
    output::print(&if first {
        clear.to_owned()
    } else {
        format!("{clear}--- {shown} changed\n\n")
    })
}

fn watching(suites: &Suites) {
    let files: BTreeSet<&PathBuf> = suites.values().flat_map(BTreeMap::keys).collect();
    remark(&format!(
        "watching {} of {}; press Ctrl-C to stop",
        counted(files.len() as u64, "file"),
        counted(suites.len() as u64, "suite")
    ));
}
