//! How far an alignment may go in an earlier text: as far as other seeds of both texts lead, so that what is kept there for
//! other documents has no say.

use std::ops::Range;

use crate::passage::places::{Listed, Places};
use crate::passage::{Margins, Occurrence};

/// A place that a seed of another text leads to, and the tokens to both sides of it that have a say.
#[derive(Clone, Copy)]
pub(crate) struct SeedPlace {
    pub(crate) original: u32,
    pub(crate) at: u32,
    pub(crate) margin: u32,
}

/// Where an alignment starts.
pub(crate) struct Start<'s> {
    /// the seeds of the later text
    pub(crate) seeds: &'s [Occurrence],
    /// the listed places of some of them
    pub(crate) listed: &'s Listed,
    /// which of them leads to the place
    pub(crate) hit: usize,
    pub(crate) place: SeedPlace,
    pub(crate) margins: Margins,
}

/// How far an alignment may go; it is asked for again, for more, until it is known.
#[derive(Debug, Clone)]
pub(crate) struct Reach {
    before: Side,
    behind: Side,
}

/// How far it may go to one side.
#[derive(Debug, Clone)]
struct Side {
    /// the seed of the later text that is looked at next
    next: usize,
    /// the last place that was reached, and as far as its margin, both in tokens of the earlier text from where it starts
    last: i64,
    edge: i64,
    /// the last seed of the later text that led anywhere
    copy: u32,
    /// whether there may be more
    goes_on: bool,
}

/// Appends the places in the earlier text that windows of a seed lead to, by which of the later text's seeds it is.
pub(crate) type OfWindows<'w> = dyn FnMut(usize, &mut Vec<u32>) + 'w;

/// Which way an alignment goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Back,
    Ahead,
}

impl Reach {
    /// Nothing but the margin of the place is known yet.
    pub(crate) fn new(from: &Start<'_>) -> Self {
        let (edge, copy) = (i64::from(from.place.margin), from.seeds[from.hit].at);
        let side = |next| Side { next, last: 0, edge, copy, goes_on: true };
        Reach { before: side(from.hit), behind: side(from.hit + 1) }
    }

    /// The tokens of the earlier text from a place on, as far as is known: the first, and behind the last. There may be
    /// fewer.
    pub(crate) fn tokens(&self, at: u32) -> [u32; 2] {
        [at.saturating_sub(self.before.edge as u32), at + self.behind.edge as u32]
    }

    /// Whether it may go further than is known.
    pub(crate) fn goes_on(&self) -> bool {
        self.before.goes_on || self.behind.goes_on
    }
}

impl Places {
    /// Goes on to find out how far an alignment may go from a place, until it is more than `most` tokens on either side: to the
    /// margin of the last place that another seed of both texts leads to, where their margins touch. Other documents
    /// have no say in it.
    pub(crate) fn reach(
        &self,
        from: &Start<'_>,
        most: u32,
        of_windows: &mut OfWindows<'_>,
        reach: &mut Reach,
    ) {
        let SeedPlace { original, at, .. } = from.place;
        let text = self.texts.get(&original);
        let mut walk = Walk {
            places: self,
            from,
            most: i64::from(most),
            is_led_to: text.is_some_and(|text| text.has_windows),
            // what is kept behind a cut depends on others
            part: text.map_or(0..u32::MAX, |text| text.part(at)),
            found: Vec::new(),
        };
        walk.along(Direction::Back, &mut reach.before, of_windows);
        walk.along(Direction::Ahead, &mut reach.behind, of_windows);
    }
}

/// A walk along the seeds of the later text, away from the one that leads to a place.
struct Walk<'p> {
    places: &'p Places,
    from: &'p Start<'p>,
    /// tokens of the earlier text after which it ends
    most: i64,
    /// whether windows lead to the earlier text
    is_led_to: bool,
    /// the tokens of that which are kept with the place
    part: Range<u32>,
    /// the places in it that the present seed leads to
    found: Vec<u32>,
}

impl Walk<'_> {
    /// Goes on to one side.
    fn along(&mut self, direction: Direction, side: &mut Side, of_windows: &mut OfWindows<'_>) {
        let Start { seeds, hit, margins, .. } = *self.from;
        let widest = i64::from(margins.listed);
        let here = seeds[hit].at;
        while side.goes_on && side.edge <= self.most {
            let seed = match direction {
                Direction::Back => side.next.checked_sub(1),
                Direction::Ahead => Some(side.next).filter(|seed| *seed < seeds.len()),
            };
            let is_near = |seed: &usize| {
                let copy = seeds[*seed].at;
                i64::from(copy.abs_diff(side.copy)) <= 2 * widest
                    && i64::from(copy.abs_diff(here)) <= 2 * (side.edge + widest)
            };
            let Some(seed) = seed.filter(is_near) else {
                side.goes_on = false;
                return;
            };
            side.next = if direction == Direction::Back { seed } else { seed + 1 };
            // one that leads no further may stand between here and one that does: what stood there twice
            if let Some((away, margin)) = self.furthest_that_touches(seed, direction, side.edge, of_windows) {
                side.copy = seeds[seed].at;
                if away > side.last {
                    (side.last, side.edge) = (away, side.edge.max(away + margin));
                }
            }
        }
    }

    /// Of the places that a seed leads to the one furthest away whose margin touches what has been reached: how far it is from
    /// where the walk began, and its margin.
    fn furthest_that_touches(
        &mut self,
        seed: usize,
        direction: Direction,
        edge: i64,
        of_windows: &mut OfWindows<'_>,
    ) -> Option<(i64, i64)> {
        let Start { seeds, place: SeedPlace { original, at, .. }, margins, listed, .. } = *self.from;
        let Walk { places, is_led_to, part, found, .. } = self;
        let number = seeds[seed].number;
        found.clear();
        match listed.of(seed) {
            Some(all) => {
                let first = all.partition_point(|place| place.0 < original);
                let those = all[first..].iter().take_while(|place| place.0 == original);
                found.extend(those.map(|place| place.1));
            }
            None => {
                let those = places.listed(number).filter(|place| place.0 == original);
                found.extend(those.map(|place| place.1));
            }
        }
        let by_seed = found.len();
        if *is_led_to && places.has_windows(number) {
            of_windows(seed, found);
        }
        let own = found.iter().enumerate().filter(|(_, token)| part.contains(token));
        let touching = own.filter_map(|(i, &token)| {
            let margin = i64::from(if i < by_seed { margins.listed } else { margins.by_window });
            let ahead = i64::from(token) - i64::from(at);
            let away = if direction == Direction::Ahead { ahead } else { -ahead };
            (away > 0 && away - margin <= edge).then_some((away, margin))
        });
        touching.max()
    }
}
