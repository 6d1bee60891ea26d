use super::*;
use crate::passage::places::reach::{Reach, SeedPlace, Start};
use crate::passage::repeated::Repeated;
use crate::passage::winnow::SeedHead;

const MARGINS: Margins = Margins { listed: 5, by_window: 3 };

#[test]
fn seeds_are_listed_while_they_occur_again_and_texts_with_them() {
    let hashes = [1u64 << 30, 5 << 60, 7 << 30, 7 << 30, 1 << 30, 1 << 30].map(SeedHead::of);
    let mut repeated = Repeated::new(&hashes, &[3, 9, 28, 9, 1, 0].into_iter().collect(), &[3, 2, 1]);
    let seed = |number: u32, at| Occurrence { number, at };
    let of = |row| {
        let mut found = Vec::new();
        repeated.of(row, &mut found);
        found
    };
    assert_eq!(of(0), [seed(0, 3), seed(1, 40)]);
    assert_eq!(of(1), [seed(1, 9), seed(0, 10)]);
    assert_eq!(of(2), [seed(0, 0)]);
    let mut places = Places::new(&repeated.take_counts());
    let tokens: Vec<u64> = (0..50).collect();
    let spans: Vec<[u32; 2]> = (0..50).map(|i| [2 * i, 2 * i + 1]).collect();
    let of = |places: &Places, number: u32| {
        let mut listed = Listed::default();
        places.of(&[seed(number, 0)], 0..1, &mut listed);
        listed.of(0).unwrap().to_vec()
    };
    let add = |places: &mut Places, document, seeds: &[Occurrence], is_original: fn(&Occurrence) -> bool| {
        let found_by = |seed: &Occurrence, _: bool, _: &mut Vec<AtToken>| match is_original(seed) {
            true => FoundBy::Seed([0, 50]),
            false => FoundBy::Nothing,
        };
        let prepared = Prepared { document, tokens: &tokens, spans: &spans, seeds, ..Prepared::default() };
        places.add(&prepared, MARGINS, found_by);
    };
    add(&mut places, 0, &[seed(0, 3), seed(1, 40)], |_| true);
    assert_eq!(of(&places, 0), [(0, 3)]);
    let kept = |range: Range<usize>| {
        let start = range.start as u32;
        Some(Kept { tokens: &tokens[range], start })
    };
    for (at, range) in [(3, 0..8), (40, 35..45)] {
        let stretch = places.find((0, at), None, &mut None).unwrap();
        let within = stretch.within([0, 50]);
        assert_eq!(Some(places.tokens(&stretch, within, &[])), kept(range));
        let tokens = at - 1..at + 5;
        assert_eq!(places.bytes(&stretch, tokens).unwrap(), [2 * (at - 1), 2 * (at + 4) + 1]);
    }
    add(&mut places, 1, &[seed(0, 9), seed(1, 9)], |seed| seed.number == 0);
    assert_eq!(of(&places, 0), [(0, 3), (1, 9)]);
    assert_eq!(of(&places, 1), []);
    add(&mut places, 2, &[seed(0, 0)], |_| true);
    assert!(of(&places, 0).is_empty() && places.texts.is_empty());
}

/// A window that an index has is not told again, where its seed comes for the last time either.
#[test]
fn windows_of_an_index_are_not_told_again() {
    let (tokens, spans): (Vec<u64>, Vec<[u32; 2]>) = (0..50).map(|i| (i, [2 * i as u32; 2])).unzip();
    let seeds = [Occurrence { number: 0, at: 3 }];
    let mut places = Places::new(&[2]);
    places.tell_windows();
    places.add_unread((0, &seeds), MARGINS, |_, _, windows| {
        windows.push(AtToken { key: 7, first: 1, comes_again: true });
        FoundBy::Windows([0, 50])
    });
    let prepared =
        Prepared { document: 1, tokens: &tokens, spans: &spans, seeds: &seeds, ..Prepared::default() };
    places.add(&prepared, MARGINS, |_, _, windows| {
        let window = |(key, first)| AtToken { key, first, comes_again: true };
        windows.extend([(7, 2), (9, 4)].map(window));
        FoundBy::Windows([0, 50])
    });
    assert_eq!(places.take_told(), [(9, 1, 4)]);
    assert!(places.texts.is_empty() && places.window(7).is_none());
}

/// What stands behind something that leaves is kept only where others had it kept.
#[test]
fn an_alignment_goes_no_further_than_to_what_leaves() {
    let (tokens, spans): (Vec<u64>, Vec<[u32; 2]>) = (0..100).map(|i| (i, [2 * i as u32; 2])).unzip();
    let seeds = [(0, 10), (1, 30), (2, 45)].map(|(number, at)| Occurrence { number, at });
    let margins = Margins { listed: 16, by_window: 3 };
    let reach = |parts: fn(u32) -> [u32; 2], is_archived: bool| {
        let mut places = Places::new(&[2; 3]);
        let prepared =
            Prepared { document: 0, tokens: &tokens, spans: &spans, seeds: &seeds, ..Prepared::default() };
        match is_archived {
            true => places.add_unread((0, &seeds), margins, |seed, _, _| FoundBy::Seed(parts(seed.at))),
            false => places.add(&prepared, margins, |seed, _, _| FoundBy::Seed(parts(seed.at))),
        }
        let of = |hit: usize| {
            let place = SeedPlace { original: 0, at: seeds[hit].at, margin: 16 };
            let from = Start { seeds: &seeds, listed: &Listed::default(), hit, place, margins };
            // all at once, or a little more each time
            let [at_once, in_steps] = [1000, 1].map(|step| {
                let mut reach = Reach::new(&from);
                let mut most = 0;
                while reach.goes_on() {
                    most += step;
                    places.reach(&from, most, &mut |_, _| {}, &mut reach);
                }
                reach.tokens(place.at)
            });
            assert_eq!(at_once, in_steps);
            at_once
        };
        [of(0), of(1), of(2)]
    };
    for is_archived in [false, true] {
        assert_eq!(reach(|_| [0, 100], is_archived), [[0, 61]; 3]);
        let cut_before = |at| if at < 42 { [0, 41] } else { [42, 100] };
        assert_eq!(reach(cut_before, is_archived), [[0, 46], [0, 46], [29, 61]]);
    }
}

/// Of windows that an index is told of only those are held that may come again.
#[test]
fn windows_that_do_not_come_again_are_told_and_not_held() {
    let (tokens, spans): (Vec<u64>, Vec<[u32; 2]>) = (0..50).map(|i| (i, [2 * i as u32; 2])).unzip();
    let seeds = [Occurrence { number: 0, at: 3 }];
    let mut places = Places::new(&[2]);
    places.tell_windows();
    let prepared = Prepared { tokens: &tokens, spans: &spans, seeds: &seeds, ..Prepared::default() };
    places.add(&prepared, MARGINS, |_, _, windows| {
        let window = |(key, first, comes_again)| AtToken { key, first, comes_again };
        windows.extend([(7, 2, true), (9, 4, false)].map(window));
        FoundBy::Windows([0, 50])
    });
    assert_eq!([7, 9].map(|key| places.window(key).is_some()), [true, false]);
    assert_eq!(places.take_told(), [(7, 0, 2), (9, 0, 4)]);
}
