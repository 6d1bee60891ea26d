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

/// How far an alignment may go.
pub(crate) struct Reach {
    /// the first token of the earlier text, and behind the last; there may be fewer
    pub(crate) tokens: [u32; 2],
    /// whether it may go further, since no more tokens than the most were looked at
    pub(crate) goes_on: bool,
}

/// Appends the places in the earlier text that windows of a seed lead to, by which of the later text's seeds it is.
pub(crate) type OfWindows<'w> = dyn FnMut(usize, &mut Vec<u32>) + 'w;

/// Which way an alignment goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Back,
    Ahead,
}

impl Places {
    /// How far an alignment may go from a place: to the margin of the last place, on either side, that another seed of
    /// both texts leads to, where their margins touch; on each side about `most` tokens at the most. Other documents have no say in it.
    pub(crate) fn reach(&self, from: &Start<'_>, most: u32, of_windows: &mut OfWindows<'_>) -> Reach {
        let Start { seeds, hit, place: SeedPlace { original, at, .. }, .. } = *from;
        let text = self.texts.get(&original);
        let mut walk = Walk {
            places: self,
            from,
            most: i64::from(most),
            is_led_to: text.is_some_and(|text| text.has_windows),
            // what is kept behind a cut hangs on others
            part: text.map_or(0..u32::MAX, |text| text.part(at)),
            found: Vec::new(),
            goes_on: false,
        };
        let before = walk.along((0..hit).rev(), Direction::Back, of_windows);
        let behind = walk.along(hit + 1..seeds.len(), Direction::Ahead, of_windows);
        Reach { tokens: [at.saturating_sub(before), at + behind], goes_on: walk.goes_on }
    }
}

/// A walk along the seeds of the later text, away from the one that leads to a place.
struct Walk<'p> {
    places: &'p Places,
    from: &'p Start<'p>,
    /// tokens after which it ends
    most: i64,
    /// whether windows lead to the earlier text
    is_led_to: bool,
    /// the tokens of that which are kept with the place
    part: Range<u32>,
    /// the places in it that the present seed leads to
    found: Vec<u32>,
    goes_on: bool,
}

impl Walk<'_> {
    /// How many tokens of the earlier text, from the place on, lie within the margins of others that these seeds lead to.
    fn along(
        &mut self,
        others: impl Iterator<Item = usize>,
        direction: Direction,
        of_windows: &mut OfWindows<'_>,
    ) -> u32 {
        let Start { seeds, hit, place, margins, .. } = *self.from;
        let widest = i64::from(margins.listed);
        let here = seeds[hit].at;
        let (mut last, mut edge, mut last_copy) = (0, i64::from(place.margin), here);
        for other in others {
            let copy = seeds[other].at;
            let (from_last, from_hit) = (copy.abs_diff(last_copy), copy.abs_diff(here));
            if i64::from(from_last) > 2 * widest || i64::from(from_hit) > 2 * (edge + widest) {
                break;
            }
            if edge > self.most {
                self.goes_on = true;
                break;
            }
            // one that leads no further may stand between here and one that does: what stood there twice
            if let Some((away, margin)) = self.furthest_that_touches(other, direction, edge, of_windows) {
                last_copy = copy;
                if away > last {
                    (last, edge) = (away, edge.max(away + margin));
                }
            }
        }
        edge as u32
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
