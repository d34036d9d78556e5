//! Templates: texts from which a tool makes the documents, and that are none themselves.

use std::path::{Path, PathBuf};

use memchr::memmem;

use crate::diagnostic::Diagnostic;
use crate::source::{Source, shown};
use crate::yaml;

/// A text from which a tool makes documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Template {
    /// A template of the Helm chart in this folder.
    Helm(PathBuf),
    /// A template of Go below no chart, such as one in a program.
    Go,
    /// A template of ytt, which writes its code into comments (<https://carvel.dev/ytt/docs/latest/lang/>).
    Ytt,
    /// A template of a generator's own, with other brackets: no tool here can fill it in.
    Generator,
}

/// Why a template of Go is not read.
pub(crate) const OF_GO: &str = "this is a template of Go below no chart, not YAML";

/// How the lines of ytt's code begin.
const OF_YTT: [&str; 10] = [
    "#@ load(",
    "#@ if ",
    "#@ if/end ",
    "#@ for ",
    "#@ def ",
    "#@ end",
    "#@data/",
    "#@overlay/",
    "#@library/",
    "#@schema/",
];

/// What the actions of a chart's files read; other programs, such as Prometheus, have actions of their own.
const OF_HELM: [&str; 6] = [
    ".Values",
    ".Release",
    ".Chart",
    ".Files",
    ".Capabilities",
    "include \"",
];

impl Template {
    /// The template that a file is; `None` if it is read as it stands.
    pub fn of(file: &Path, bytes: &[u8]) -> Option<Self> {
        let has = |mark: &str| memmem::find(bytes, mark.as_bytes()).is_some();
        if !has("{{") && !has("#@") && !has("(@=") {
            return None;
        }
        let text = std::str::from_utf8(bytes).ok()?;
        if is_of_ytt(text) {
            return Some(Self::Ytt);
        }
        if !has("{{") {
            return None;
        }
        let chart = chart_above(file).filter(|_| yaml::template(text).is_some());
        if has("{{<") && !is_yaml(file, text) {
            return Some(Self::Generator);
        }
        let is_one = |_: &PathBuf| OF_HELM.into_iter().any(has) || !is_yaml(file, text);
        if let Some(chart) = chart.filter(is_one) {
            return Some(Self::Helm(chart));
        }
        // Helm's own values below no chart are a mistake.
        let is_of_go =
            yaml::template(text).is_some() && !OF_HELM.into_iter().any(has) && !is_yaml(file, text);
        is_of_go.then_some(Self::Go)
    }

    /// Why it is not read.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Helm(_) => yaml::TEMPLATE,
            Self::Go => OF_GO,
            Self::Ytt => "this is a template of ytt, not YAML",
            Self::Generator => "this is a template of a generator, not YAML",
        }
    }

    /// The error for a file that was named.
    pub(crate) fn refused(&self, file: &Path) -> Option<Diagnostic> {
        let message = format!("`{}`: {}", file.display(), self.reason());
        let help = "check its output: `ytt -f FOLDER | peerwarden check -`";
        (*self == Self::Ytt).then(|| Diagnostic::error(message).help(help))
    }
}

fn is_of_ytt(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim_start();
        OF_YTT.iter().any(|code| line.starts_with(code))
            || line.contains(": #@ ")
            || line.starts_with("- #@ ")
            || line.contains("(@=")
    })
}

/// The folder of the chart that a file is part of, at any depth.
fn chart_above(file: &Path) -> Option<PathBuf> {
    let mut folders = file.ancestors().skip(1);
    let chart = folders.find(|folder| folder.join("Chart.yaml").is_file());
    chart.map(shown)
}

fn is_yaml(file: &Path, text: &str) -> bool {
    yaml::documents(&Source::new(file.display().to_string(), text)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_told_by_their_code() {
        let of = |text: &str| Template::of(Path::new("a.yaml"), text.as_bytes());
        for text in [
            "#@ load(\"@ytt:data\", \"data\")\na: 1\n",
            "a: #@ data.values.a\n",
            "- #@ name\n",
            "a: x-(@= name @)\n",
        ] {
            assert_eq!(of(text), Some(Template::Ytt), "{text}");
        }
        assert_eq!(of("{{<- if .x >}}\na: [\n"), Some(Template::Generator));
        assert_eq!(of("a: {{ .Name }}\n"), Some(Template::Go));
        for text in [
            "# mail a#@b\na: 1\n",
            "a: \"{{ $labels.x }}\"\n",
            "a: \"{{< x >}}\"\n",
            // Below no chart: who writes it may not know that it is none.
            "a: {{ .Values.a }}\n",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
