//! How many bytes the tables take that an outcome holds from its parts to its end.

use crate::corpus::{Document, Labels};
use crate::resolve::Near;
use crate::scan::Piece;

/// Of documents, pieces of sources, labels and copies.
pub(super) fn tables(documents: &[Document], pieces: &[Piece], labels: &Labels, copies: usize) -> usize {
    size_of_val(documents) + size_of_val(pieces) + labels.size() + size_of::<Near>() * copies
}

/// Of all units of a kind whose columns take so many, `first`, `distinct` and `tokens`: with the numbers in `distinct`.
pub(super) fn units([first, distinct, tokens]: [usize; 3]) -> usize {
    first * 5 / 4 + distinct + tokens
}
