//! Several fixes of one text.

use std::sync::Arc;

use peerwarden_documents::documents::{self, Document};
use peerwarden_documents::fix::{Change, Fix, ValueChange};
use peerwarden_documents::source::Source;
use peerwarden_documents::yaml::{Node, Tree};

use super::edit::Edit;
use super::meaning;

/// A text with fixes applied.
#[derive(Debug)]
pub struct FixedText {
    /// The original text.
    pub before: Arc<Source>,
    /// The fixed text.
    pub after: String,
    /// The number of fixes applied.
    pub fixes: usize,
}

/// Applies the fixes that are unambiguous and do not overlap; those that overlap are left for another round.
pub fn apply(source: &Arc<Source>, fixes: &[&Fix]) -> FixedText {
    let documents = documents::all(source).unwrap_or_default();
    let mut made: Vec<FixEdits<'_>> = Vec::new();
    for fix in fixes {
        let of_fix = made_by(fix, &documents, &source.text);
        let of_fix = of_fix.filter(|of_fix| free(of_fix, &made) && !opens(of_fix, &documents));
        made.extend(of_fix);
    }
    let mut text = after(source, &documents, &made);
    if text.is_none() {
        // A fix without effect must not affect the others.
        made.retain(|of_fix| after(source, &documents, std::slice::from_ref(of_fix)).is_some());
        text = after(source, &documents, &made);
    }
    let number = text.as_ref().map_or(0, |_| made.len());
    FixedText {
        before: Arc::clone(source),
        after: text.unwrap_or_else(|| source.text.clone()),
        fixes: number,
    }
}

/// A fix with its edits.
struct FixEdits<'f> {
    /// The index of the document in the text.
    document: usize,
    changes: Vec<(&'f Change, Edit)>,
}

fn made_by<'f>(fix: &'f Fix, documents: &[Document], text: &str) -> Option<FixEdits<'f>> {
    let start = fix.document.span.start;
    let begins = |document: &Document| document.place(&[], false).span.start == start;
    let document = documents.iter().position(begins)?;
    let edit = |change: &'f Change| Some((change, Edit::of(change, &documents[document].node, text)?));
    let changes = fix.changes.iter().map(edit).collect::<Option<Vec<_>>>()?;
    Some(FixEdits { document, changes })
}

/// Whether the edits overlap none of those applied so far.
fn free(new: &FixEdits<'_>, made: &[FixEdits<'_>]) -> bool {
    let edits = |made: &'_ FixEdits<'_>| -> Vec<_> {
        made.changes.iter().map(|(_, edit)| edit.span.clone()).collect()
    };
    let known: Vec<_> = made.iter().flat_map(edits).collect();
    edits(new).iter().all(|new| {
        known
            .iter()
            .all(|known| new.end < known.start || known.end < new.start)
    })
}

/// Whether the changes allow something that was denied, or cannot be made.
fn opens(made: &FixEdits<'_>, documents: &[Document]) -> bool {
    let before = &documents[made.document].node;
    let mut after = before.clone();
    let mut changes: Vec<_> = made.changes.iter().collect();
    changes.sort_by_key(|(_, edit)| std::cmp::Reverse(edit.span.start));
    let changed: Option<()> = changes
        .into_iter()
        .try_for_each(|(change, _)| change_tree(&mut after, change));
    changed.is_none() || meaning::opens(before, &after)
}

/// The text with the edits applied; `None` if it is not what the changes make of the documents.
fn after(source: &Arc<Source>, documents: &[Document], made: &[FixEdits<'_>]) -> Option<String> {
    let mut meant: Vec<Node> = documents.iter().map(|document| document.node.clone()).collect();
    let mut changes: Vec<(usize, &Change, &Edit)> = made
        .iter()
        .flat_map(|of_fix| {
            of_fix
                .changes
                .iter()
                .map(|(change, edit)| (of_fix.document, *change, edit))
        })
        .collect();
    // From the end, so that earlier positions do not change.
    changes.sort_by_key(|(.., edit)| std::cmp::Reverse(edit.span.start));
    let mut text = source.text.clone();
    for (document, change, edit) in changes {
        text.replace_range(edit.span.clone(), &edit.text);
        change_tree(&mut meant[document], change)?;
    }
    let is = documents::all(&Source::new(source.name.clone(), text.clone())).ok()?;
    let same = is.len() == meant.len() && is.iter().zip(&meant).all(|(is, meant)| is.node == *meant);
    same.then_some(text)
}

/// Makes the same change in the tree.
fn change_tree(root: &mut Node, change: &Change) -> Option<()> {
    match &change.to {
        ValueChange::Text(new) => root.value_at_mut(&change.path)?.tree = Tree::String(new.clone()),
        ValueChange::Beside(new) => {
            let (items, index) = list(root, change)?;
            let mut beside = items.get(index)?.clone();
            beside.tree = Tree::String(new.clone());
            items.insert(index + 1, beside);
        }
        ValueChange::Gone => {
            let (items, index) = list(root, change)?;
            // An empty list differs from a shorter one: it may mean everything.
            if items.len() < 2 || index >= items.len() {
                return None;
            }
            items.remove(index);
        }
    }
    Some(())
}

fn list<'n>(root: &'n mut Node, change: &Change) -> Option<(&'n mut Vec<Node>, usize)> {
    let (list, index) = change.item()?;
    match &mut root.value_at_mut(list)?.tree {
        Tree::List(items) => Some((items, index)),
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::String(_) | Tree::Object(_) => None,
    }
}
