//! A page as a session: its `console` blocks in order, and the files that it shows.
//!
//! In a block that begins with ```` ```console ````, a line that begins with `$ ` is a command (one that ends with `\`
//! continues on the next line, after `> `), and the lines up to the next command are its output, both streams together.
//! A `…` in an output line stands for any text, and a line with only `…` for any lines. A block of another language
//! whose first line is a comment with only a file name, such as `# orders.yaml`, is a file that the reader writes at
//! this point.

use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

/// Stands for text that differs from run to run.
const ANY: &str = "…";

/// One page.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) path: PathBuf,
    lines: Vec<String>,
    pub(crate) steps: Vec<Step>,
}

/// A step of the reader.
#[derive(Debug)]
pub(crate) enum Step {
    /// Writes a file.
    Write { name: String, text: String },
    /// Types a command.
    Run(Command),
}

/// A command and its output.
#[derive(Debug)]
pub(crate) struct Command {
    /// The command without `$ `.
    pub(crate) text: String,
    /// The output on the page.
    shown: Vec<String>,
    /// The lines of the output on the page, from 0.
    place: Range<usize>,
}

impl Page {
    /// Reads a page.
    ///
    /// # Errors
    ///
    /// If a block does not end, or a `console` block does not begin with a command.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let mut steps = Vec::new();
        let mut index = 0;
        while let Some(line) = lines.get(index) {
            index += 1;
            let Some(language) = line.strip_prefix("```") else {
                continue;
            };
            let length = lines[index..].iter().position(|line| line == "```");
            let length = length.with_context(|| format!("line {index}: the block does not end"))?;
            let block = index..index + length;
            if language == "console" {
                commands(&lines, block.clone(), &mut steps)?;
            } else if let Some(name) = lines[block.clone()].first().and_then(|line| file_name(line)) {
                let text = lines[block.clone()].iter().map(|line| format!("{line}\n"));
                steps.push(Step::Write {
                    name: name.to_owned(),
                    text: text.collect(),
                });
            }
            index = block.end + 1;
        }
        Ok(Self {
            path: path.to_owned(),
            lines,
            steps,
        })
    }

    /// Its commands, in order.
    pub(crate) fn commands(&self) -> impl Iterator<Item = &Command> {
        self.steps.iter().filter_map(|step| match step {
            Step::Run(command) => Some(command),
            Step::Write { .. } => None,
        })
    }

    /// The ports of `<!-- ports: 8080 15000 -->`, a comment for this test that readers do not see.
    pub(crate) fn ports(&self) -> impl Iterator<Item = &str> {
        let notes = self
            .lines
            .iter()
            .filter_map(|line| line.strip_prefix("<!-- ports: ")?.strip_suffix(" -->"));
        notes.flat_map(str::split_whitespace)
    }

    /// Writes the page with these outputs in place of those that differ.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub(crate) fn bless(&self, outputs: &[Vec<String>]) -> Result<()> {
        let mut lines = self.lines.clone();
        let commands: Vec<&Command> = self.commands().collect();
        for (command, output) in commands.into_iter().zip(outputs).rev() {
            if !matches(&command.shown, output) {
                lines.splice(command.place.clone(), command.kept(output));
            }
        }
        if lines != self.lines {
            std::fs::write(&self.path, lines.join("\n") + "\n")?;
        }
        Ok(())
    }
}

impl Command {
    /// The output on the page and the actual one, if they differ.
    pub(crate) fn difference(&self, output: &[String]) -> Option<String> {
        (!matches(&self.shown, output)).then(|| {
            format!(
                "line {}: $ {}\n--- the page says\n{}\n--- it prints\n{}\n---",
                self.place.start,
                self.text,
                self.shown.join("\n"),
                output.join("\n")
            )
        })
    }

    /// The output, keeping the lines of the page that abbreviate it with `…`.
    fn kept(&self, output: &[String]) -> Vec<String> {
        let with_any = self
            .shown
            .iter()
            .filter(|line| line.contains(ANY) && line.trim() != ANY);
        let with_any: Vec<&String> = with_any.collect();
        let kept = output.iter().map(|line| {
            let shown = with_any.iter().find(|shown| line_matches(shown, line));
            shown.map_or_else(|| line.clone(), |shown| (*shown).clone())
        });
        kept.collect()
    }
}

/// The commands of one block.
fn commands(lines: &[String], block: Range<usize>, steps: &mut Vec<Step>) -> Result<()> {
    let mut index = block.start;
    while index < block.end {
        let Some(first) = lines[index].strip_prefix("$ ") else {
            bail!(
                "line {}: a `console` block begins with a command, `$ …`",
                index + 1
            );
        };
        let mut text = first.to_owned();
        index += 1;
        while text.ends_with('\\') {
            ensure!(index < block.end, "line {index}: the command does not end");
            let more = &lines[index];
            text.push('\n');
            text.push_str(more.strip_prefix("> ").unwrap_or(more));
            index += 1;
        }
        let start = index;
        while index < block.end && !lines[index].starts_with("$ ") {
            index += 1;
        }
        steps.push(Step::Run(Command {
            text,
            shown: lines[start..index].to_vec(),
            place: start..index,
        }));
    }
    Ok(())
}

/// The file that a first line such as `# orders.yaml` names.
fn file_name(line: &str) -> Option<&str> {
    let name = line.strip_prefix("# ").or_else(|| line.strip_prefix("// "))?;
    let is_name = name.contains('.')
        && !name.ends_with('.')
        && !name.contains("..")
        && name
            .chars()
            .all(|ch| ch.is_ascii_alphanumeric() || "._-/".contains(ch));
    is_name.then_some(name)
}

fn matches(shown: &[String], output: &[String]) -> bool {
    match shown.split_first() {
        None => output.is_empty(),
        Some((first, rest)) if first.trim() == ANY => {
            (0..=output.len()).any(|skipped| matches(rest, &output[skipped..]))
        }
        Some((first, rest)) => output
            .split_first()
            .is_some_and(|(line, lines)| line_matches(first, line) && matches(rest, lines)),
    }
}

fn line_matches(shown: &str, line: &str) -> bool {
    let mut parts = shown.split(ANY);
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = line.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}
