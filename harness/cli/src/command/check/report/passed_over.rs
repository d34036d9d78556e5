//! Files in a folder that were skipped, because they are for other tools.

use std::path::Path;

use peerwarden_documents::count::counted;
use peerwarden_documents::document_set::PassedOverFiles;
use peerwarden_documents::remark::remark;
use peerwarden_documents::shown::visible;

/// How many there are, for the summary line.
pub(super) fn sum(passed_over: &PassedOverFiles) -> Option<String> {
    let parts = [
        (passed_over.files.len(), "other file"),
        (passed_over.unreadable.len(), "unreadable file"),
        (passed_over.closed.len(), "closed file"),
        (passed_over.links.len(), "link"),
        (passed_over.patches.len(), "Kustomize patch"),
        (passed_over.charts.len(), "Helm chart"),
    ];
    let there_are = parts.into_iter().filter(|(number, _)| *number > 0);
    let parts: Vec<String> = there_are
        .map(|(number, what)| counted(number as u64, what))
        .collect();
    (!parts.is_empty()).then(|| format!("skipped {}", parts.join(", ")))
}

/// Names each file that is skipped, with the reason.
pub(super) fn print(passed_over: &PassedOverFiles, verbose: bool) {
    if !verbose {
        return;
    }
    let skipped = |path: &Path, why: &str| {
        remark(&format!(
            "skipped {}: {}",
            visible(&path.display().to_string()),
            visible(why)
        ));
    };
    for file in &passed_over.files {
        skipped(file, "nothing here reads it");
    }
    for (file, why) in &passed_over.unreadable {
        skipped(file, why);
    }
    for link in &passed_over.links {
        skipped(link, "a link that does not lead to a file");
    }
    for (file, folder) in &passed_over.patches {
        let folder = folder.join("kustomization.yaml");
        skipped(file, &format!("a patch of {}", folder.display()));
    }
    for chart in &passed_over.charts {
        skipped(&chart.folder, "a Helm chart");
    }
}
