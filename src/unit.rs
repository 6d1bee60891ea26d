//! Documents and paragraphs, told apart by name.
//!
//! Both go through the same stages, and stand in tables of the same form. [`UnitKind`] says which of the two is meant,
//! [`PerUnit`] holds something of each.

use std::ops::{Index, IndexMut};

use crate::document::Unit;

/// Which units are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum UnitKind {
    Document,
    Paragraph,
}

impl UnitKind {
    /// Both, in the order in which they are told of.
    pub(crate) const ALL: [UnitKind; 2] = [UnitKind::Document, UnitKind::Paragraph];

    /// The one that this is not.
    #[inline]
    pub(crate) fn other(self) -> Self {
        match self {
            UnitKind::Document => UnitKind::Paragraph,
            UnitKind::Paragraph => UnitKind::Document,
        }
    }
}

impl From<UnitKind> for Unit {
    #[inline]
    fn from(kind: UnitKind) -> Self {
        match kind {
            UnitKind::Document => Unit::Document,
            UnitKind::Paragraph => Unit::Paragraph,
        }
    }
}

/// Something of documents, and the same of paragraphs.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PerUnit<T> {
    pub(crate) documents: T,
    pub(crate) paragraphs: T,
}

impl<T> PerUnit<T> {
    /// What is made for each kind, documents first.
    #[inline]
    pub(crate) fn from_fn(mut make: impl FnMut(UnitKind) -> T) -> Self {
        let documents = make(UnitKind::Document);
        PerUnit { documents, paragraphs: make(UnitKind::Paragraph) }
    }

    /// [`PerUnit::from_fn`], or the first failure.
    pub(crate) fn try_from_fn<E>(mut make: impl FnMut(UnitKind) -> Result<T, E>) -> Result<Self, E> {
        let documents = make(UnitKind::Document)?;
        Ok(PerUnit { documents, paragraphs: make(UnitKind::Paragraph)? })
    }

    /// What `make` makes of either, documents first.
    #[inline]
    pub(crate) fn map<U>(self, mut make: impl FnMut(T) -> U) -> PerUnit<U> {
        let documents = make(self.documents);
        PerUnit { documents, paragraphs: make(self.paragraphs) }
    }

    #[inline]
    pub(crate) fn each_ref(&self) -> PerUnit<&T> {
        PerUnit { documents: &self.documents, paragraphs: &self.paragraphs }
    }

    #[inline]
    pub(crate) fn each_mut(&mut self) -> PerUnit<&mut T> {
        PerUnit { documents: &mut self.documents, paragraphs: &mut self.paragraphs }
    }

    /// Beside what there is of the same kind.
    #[inline]
    pub(crate) fn zip<U>(self, other: PerUnit<U>) -> PerUnit<(T, U)> {
        PerUnit {
            documents: (self.documents, other.documents),
            paragraphs: (self.paragraphs, other.paragraphs),
        }
    }

    /// Both with their kinds, documents first.
    #[inline]
    pub(crate) fn iter(&self) -> std::array::IntoIter<(UnitKind, &T), 2> {
        self.each_ref().into_iter()
    }

    /// Both without their kinds, documents first.
    #[inline]
    pub(crate) fn values(&self) -> std::array::IntoIter<&T, 2> {
        [&self.documents, &self.paragraphs].into_iter()
    }
}

/// Both with their kinds, documents first.
impl<T> IntoIterator for PerUnit<T> {
    type Item = (UnitKind, T);
    type IntoIter = std::array::IntoIter<Self::Item, 2>;

    #[inline]
    fn into_iter(self) -> Self::IntoIter {
        [(UnitKind::Document, self.documents), (UnitKind::Paragraph, self.paragraphs)].into_iter()
    }
}

impl<T> Index<UnitKind> for PerUnit<T> {
    type Output = T;

    #[inline]
    fn index(&self, kind: UnitKind) -> &T {
        match kind {
            UnitKind::Document => &self.documents,
            UnitKind::Paragraph => &self.paragraphs,
        }
    }
}

impl<T> IndexMut<UnitKind> for PerUnit<T> {
    #[inline]
    fn index_mut(&mut self, kind: UnitKind) -> &mut T {
        match kind {
            UnitKind::Document => &mut self.documents,
            UnitKind::Paragraph => &mut self.paragraphs,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_leads_to_what_is_of_it() {
        let mut lengths = PerUnit::from_fn(|kind| format!("{kind:?}")).map(|name| name.len());
        assert_eq!(lengths, PerUnit { documents: 8, paragraphs: 9 });
        for kind in UnitKind::ALL {
            assert_eq!(kind.other().other(), kind);
            lengths[kind] += 10;
        }
        assert!(lengths.values().eq(&[18, 19]));
        let told: Vec<(UnitKind, (usize, char))> =
            lengths.zip(PerUnit { documents: 'd', paragraphs: 'p' }).into_iter().collect();
        assert_eq!(told, [(UnitKind::Document, (18, 'd')), (UnitKind::Paragraph, (19, 'p'))]);
        assert!(lengths.iter().all(|(kind, of)| lengths[kind] == *of));
    }
}
