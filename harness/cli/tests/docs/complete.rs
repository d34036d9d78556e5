//! Completeness: a page for each command, with the help of each, links that work, and a short README.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;

use crate::page::Page;
use crate::{pages, workspace};

/// The tests of this file.
pub(crate) fn trials() -> Vec<Trial> {
    let trial = |name: &str, test: fn() -> Result<()>| Trial::test(name, move || Ok(test()?));
    vec![
        trial("each command has a page", each_command_has_a_page),
        trial("each page is in the index", each_page_is_in_the_index),
        trial("links lead somewhere", links_lead_somewhere),
        trial("README.md is short", readme_is_short),
    ]
}

/// `docs/commands/NAME.md`, which shows `peerwarden NAME --help` and that of the commands below it.
fn each_command_has_a_page() -> Result<()> {
    let folder = workspace().join("docs/commands");
    let mut missing = Vec::new();
    let mut names = BTreeSet::new();
    let root = peerwarden::command_line();
    for command in root.get_subcommands() {
        let name = command.get_name();
        names.insert(format!("{name}.md"));
        let mut wanted = vec![format!("peerwarden {name} --help")];
        wanted.extend(
            command
                .get_subcommands()
                .map(|below| format!("peerwarden {name} {} --help", below.get_name())),
        );
        match Page::read(&folder.join(format!("{name}.md"))) {
            Err(_) => missing.push(format!("docs/commands/{name}.md")),
            Ok(page) => {
                let shown: BTreeSet<&str> = page.commands().map(|command| command.text.as_str()).collect();
                wanted.retain(|command| !shown.contains(command.as_str()));
                missing.extend(
                    wanted
                        .iter()
                        .map(|command| format!("`$ {command}` in docs/commands/{name}.md")),
                );
            }
        }
    }
    for entry in std::fs::read_dir(&folder)? {
        let name = entry?.file_name();
        let name = name.to_string_lossy().into_owned();
        if !names.contains(&name) {
            missing.push(format!("a command for docs/commands/{name}"));
        }
    }
    ensure!(
        missing.is_empty(),
        "there is no {}",
        missing.join("\nthere is no ")
    );
    Ok(())
}

fn each_page_is_in_the_index() -> Result<()> {
    let docs = workspace().join("docs");
    let index = std::fs::read_to_string(docs.join("README.md"))?;
    for page in pages()? {
        let Ok(path) = page.strip_prefix(&docs) else {
            continue;
        };
        let path = path.display().to_string();
        let is_linked = index.contains(&format!("({path})"));
        // The lints have their own index.
        let of_lint = path.starts_with("lints/") && path != "lints/README.md";
        ensure!(
            is_linked || of_lint || path == "README.md",
            "docs/README.md has no link to {path}"
        );
    }
    Ok(())
}

/// Relative links on all pages, including the headings that they name.
fn links_lead_somewhere() -> Result<()> {
    let mut pages = pages()?;
    for name in [
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "policies/README.md",
    ] {
        pages.push(workspace().join(name));
    }
    let mut broken = Vec::new();
    for page in pages {
        let text = std::fs::read_to_string(&page)?;
        let folder = page.parent().context("a page is in a folder")?;
        for link in links(&text) {
            if !leads_somewhere(&page, folder, link) {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    ensure!(
        broken.is_empty(),
        "these links lead nowhere:\n{}",
        broken.join("\n")
    );
    Ok(())
}

/// What a stranger reads in three minutes: few words, one picture, and five links to go on. `docs/README.md` has the others.
fn readme_is_short() -> Result<()> {
    let text = std::fs::read_to_string(workspace().join("README.md"))?;
    let words = text.split_whitespace().count();
    ensure!(words <= 900, "{words} words: at most 900");
    let (pictures, links): (Vec<&str>, Vec<&str>) = links(&text).partition(|link| link.ends_with(".svg"));
    ensure!(pictures.len() == 1, "one picture, not {pictures:?}");
    ensure!(links.len() == 5, "five links, not {links:?}");
    ensure!(!text.contains("](http"), "links to other sites belong in docs/");
    Ok(())
}

/// The targets in `](…)`, except those on other sites.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    links.filter(|link| !link.contains("://") && !link.contains(char::is_whitespace))
}

fn leads_somewhere(page: &Path, folder: &Path, link: &str) -> bool {
    let (path, heading) = link.split_once('#').unwrap_or((link, ""));
    let target = if path.is_empty() {
        page.to_owned()
    } else {
        folder.join(path)
    };
    if heading.is_empty() || !target.is_file() {
        return target.exists();
    }
    let text = std::fs::read_to_string(target).unwrap_or_default();
    text.lines()
        .filter_map(|line| {
            line.trim_start_matches('#')
                .strip_prefix(' ')
                .filter(|_| line.starts_with('#'))
        })
        .any(|title| anchor(title) == heading)
}

/// The anchor that GitHub makes from a heading.
fn anchor(title: &str) -> String {
    let kept = title
        .trim()
        .chars()
        .filter(|ch| ch.is_alphanumeric() || matches!(ch, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}
