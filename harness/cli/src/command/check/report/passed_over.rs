//! What of a folder is for other tools.

use peerwarden_documents::count::counted;
use peerwarden_documents::document_set::PassedOver;
use peerwarden_documents::shown::visible;
use peerwarden_documents::terminal::remark;

/// How much it is, for the line with all the numbers.
pub(super) fn sum(passed_over: &PassedOver) -> Option<String> {
    let parts = [
        (passed_over.documents, "other document"),
        (passed_over.unreadable.len(), "unreadable file"),
        (passed_over.charts.len(), "Helm chart"),
    ];
    let there_are = parts.into_iter().filter(|(number, _)| *number > 0);
    let parts: Vec<String> = there_are
        .map(|(number, what)| counted(number as u64, what))
        .collect();
    (!parts.is_empty()).then(|| format!("skipped {}", parts.join(", ")))
}

/// Notes to standard error: how to check a chart, and with `verbose` each file.
pub(super) fn print(passed_over: &PassedOver, verbose: bool) {
    if let Some(chart) = passed_over.charts.first() {
        let chart = visible(&chart.display().to_string());
        remark(&format!(
            "note: the templates of Helm charts are skipped; check what Helm makes of them: `helm template {chart} | \
             peerwarden check -`"
        ));
    }
    if !verbose {
        return;
    }
    for chart in &passed_over.charts {
        remark(&format!(
            "skipped {}: a Helm chart",
            visible(&chart.display().to_string())
        ));
    }
    for (file, why) in &passed_over.unreadable {
        remark(&format!(
            "skipped {}: {}",
            visible(&file.display().to_string()),
            visible(why)
        ));
    }
}
