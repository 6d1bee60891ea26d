//! Rows of matches come back as they went in, whatever is in them.

use proptest::prelude::*;

use crate::document::{Kind, Match, Place, Span, Unit};
use crate::index::pages::{PageWriter, Pages, Purpose};
use crate::index::rows::{self, Row, Told};

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0..3_u64, 0..5000_u64, 0..u64::from(u32::MAX)]
}

fn span() -> impl Strategy<Value = Span> {
    (number(), number(), number(), number()).prop_map(|(start, length, first, count)| Span {
        bytes: start..start + length,
        chars: first..first + count,
    })
}

fn place() -> impl Strategy<Value = Place> {
    (any::<u32>(), prop::option::of(any::<u32>()))
        .prop_map(|(document, paragraph)| Place { document, paragraph })
}

fn row() -> impl Strategy<Value = Row> {
    let units = prop::sample::select(vec![Unit::Document, Unit::Paragraph, Unit::Passage]);
    let kinds = prop::sample::select(vec![Kind::Exact, Kind::Near, Kind::Contained]);
    let share = || prop_oneof![Just(1.0), (0..1_000_000_u32).prop_map(|share| f64::from(share) / 1e6)];
    let sides = (place(), place(), span(), span(), any::<[u32; 2]>());
    let found =
        (units, kinds, share(), share(), sides).prop_map(|(unit, kind, jaccard, containment, sides)| {
            let (copy, original, of_copy, of_original, tokens) = sides;
            let stretches = Some([of_copy, of_original]);
            let found = Match { unit, kind, jaccard, containment, tokens, copy, original, stretches };
            Row { copy: copy.document, original: original.document, told: Told::Match(found) }
        });
    let line = (any::<u32>(), any::<u32>(), prop::collection::vec(any::<u8>(), 0..300))
        .prop_map(|(copy, original, line)| Row { copy, original, told: Told::Line(line) });
    prop_oneof![5 => found, 1 => line]
}

proptest! {
    #[test]
    fn rows_come_back(list in prop::collection::vec(row(), 0..60), times in 1..150_usize) {
        let (_folder, store) = super::folder();
        let mut to = PageWriter::create(&*store, "rows", 3, Purpose::Segment).unwrap();
        // several blocks, too
        let all = || list.iter().cycle().take(list.len() * times);
        rows::write(&mut to, |tell| all().try_for_each(tell)).unwrap();
        let file = to.finish().unwrap();
        let pages = Pages::open(&*store, &file, Purpose::Segment).unwrap();
        let [mut at, end] = pages.section(0).unwrap();
        let mut told = Vec::new();
        while at < end {
            at = rows::read(&pages, at, |row| { told.push(row); Ok(()) }).unwrap();
        }
        prop_assert!(told.iter().eq(all()));
    }
}
