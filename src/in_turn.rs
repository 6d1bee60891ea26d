//! What is made in parallel and taken in order. Nobody waits for the end of a batch: what is made next is begun as
//! soon as there is a thread for it, and taken as soon as it is its turn.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// For each thread so many are made, or wait for their turn.
const AHEAD: usize = 4;

/// How long a thread that finds nothing to make waits before it looks again.
const WAIT: Duration = Duration::from_millis(1);

/// What items weigh, and how much may be made or wait at once: more only where a single one weighs more.
pub(crate) struct Weight<W> {
    pub(crate) of: W,
    pub(crate) most: u64,
}

#[cfg(test)]
impl Weight<fn(usize) -> u64> {
    /// All alike.
    pub(crate) const NONE: Self = Weight { of: |_| 0, most: 0 };
}

/// What threads of rayon's current pool make, in the order in which it was begun.
pub(crate) struct Turns<T> {
    made: mpsc::Sender<(usize, thread::Result<T>)>,
    coming: mpsc::Receiver<(usize, thread::Result<T>)>,
    /// of those that have been begun and not been taken
    waiting: VecDeque<Option<thread::Result<T>>>,
    /// how many have been taken
    taken: usize,
}

impl<T: Send> Turns<T> {
    pub(crate) fn new() -> Self {
        let (made, coming) = mpsc::channel();
        Turns { made, coming, waiting: VecDeque::new(), taken: 0 }
    }

    /// How many have been begun and not been taken.
    fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Begins to make the next one.
    pub(crate) fn begin<'scope>(
        &mut self,
        scope: &rayon::ScopeFifo<'scope>,
        make: impl FnOnce() -> T + Send + 'scope,
    ) where
        T: 'scope,
    {
        let (number, made) = (self.taken + self.waiting.len(), self.made.clone());
        scope.spawn_fifo(move |_| {
            // whoever waits for it must hear of a panic
            let one = catch_unwind(AssertUnwindSafe(make));
            let _ = made.send((number, one));
        });
        self.waiting.push_back(None);
    }

    /// The first ones, so many of them, if all are made. If not, the thread helps before it says so, or waits for a moment.
    pub(crate) fn take(&mut self, first: usize) -> Option<Vec<T>> {
        self.coming.try_iter().for_each(|(number, one)| self.waiting[number - self.taken] = Some(one));
        if self.waiting.iter().take(first).all(Option::is_some) {
            self.taken += first;
            let made = self.waiting.drain(..first).flatten();
            return Some(made.map(|one| one.unwrap_or_else(|panic| resume_unwind(panic))).collect());
        }
        let helped = matches!(rayon::yield_now(), Some(rayon::Yield::Executed));
        if !helped && let Ok((number, one)) = self.coming.recv_timeout(WAIT) {
            self.waiting[number - self.taken] = Some(one);
        }
        None
    }
}

/// Cuts items into batches that are full with `full` bytes; `length` says how many an item has. Each has an item, however
/// little makes it full.
pub(crate) fn batches<T>(items: &[T], full: u64, length: impl Fn(&T) -> u64) -> Vec<&[T]> {
    let mut batches = Vec::new();
    let mut rest = items;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = rest.iter().take_while(|item| {
            let before = bytes;
            bytes += length(item);
            before < full.max(1)
        });
        let (batch, behind) = rest.split_at(fits.count());
        batches.push(batch);
        rest = behind;
    }
    batches
}

/// How many are made, or wait for their turn, at the most.
pub(crate) fn ahead(threads: usize) -> usize {
    if threads == 1 { 1 } else { threads * AHEAD }
}

/// Makes something of each of the items, in rayon's current pool, and hands it to `take` in the order of the items,
/// with their numbers. Where there is one thread each is taken before the next is made.
///
/// # Errors
/// What the first `make` or `take` fails with.
pub(crate) fn in_turn<I: Sync, T: Send, E: Send>(
    items: &[I],
    weight: Weight<impl Fn(usize) -> u64 + Send>,
    make: impl Fn(&I) -> Result<T, E> + Sync,
    mut take: impl FnMut(usize, T) -> Result<(), E> + Send,
) -> Result<(), E> {
    let make = &make;
    rayon::scope_fifo(move |scope| {
        let ahead = ahead(rayon::current_num_threads());
        let mut turns = Turns::new();
        let mut weighs = 0;
        for turn in 0..items.len() {
            let begun = turns.len();
            for (number, item) in items.iter().enumerate().skip(turn + begun).take(ahead - begun) {
                let own = (weight.of)(number);
                if turns.len() > 0 && weighs + own > weight.most {
                    break;
                }
                weighs += own;
                turns.begin(scope, move || make(item));
            }
            let made = loop {
                if let Some(made) = turns.take(1) {
                    break made;
                }
            };
            made.into_iter().try_for_each(|one| take(turn, one?))?;
            weighs -= (weight.of)(turn);
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicU64, Ordering};

    fn pool(threads: usize) -> rayon::ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
    }

    #[test]
    fn every_batch_has_an_item() {
        for full in [0, 1, 5] {
            assert_eq!(batches(&[5, 0, 7], full, |item| *item), [&[5][..], &[0, 7]]);
        }
        assert_eq!(batches(&[5, 0, 7], 6, |item| *item), [&[5, 0, 7]]);
        assert!(batches(&[0_u64; 0], 0, |item| *item).is_empty());
    }

    /// Never is more on its way than may be, but for one that is heavier alone; and in order all the same.
    #[test]
    fn no_more_is_on_its_way_than_may_be() {
        for threads in [1, 2, 8] {
            let weights: Vec<u64> = (0..300).map(|i| if i % 50 == 7 { 40 } else { i * 7 % 11 }).collect();
            let on_its_way = AtomicU64::new(0);
            let make = |weight: &u64| {
                let now = on_its_way.fetch_add(*weight, Ordering::Relaxed) + weight;
                assert!(now <= 20 || now == *weight, "{now} at once");
                Ok::<u64, Infallible>(*weight)
            };
            let mut taken = Vec::new();
            let weight = Weight { of: |number: usize| weights[number], most: 20 };
            let Ok(()) = pool(threads).install(|| {
                in_turn(&weights, weight, make, |_, weight| {
                    taken.push(weight);
                    on_its_way.fetch_sub(weight, Ordering::Relaxed);
                    Ok(())
                })
            });
            assert_eq!(taken, weights);
        }
    }

    #[test]
    fn all_are_taken_in_order() {
        let items: Vec<u64> = (0..500).collect();
        for threads in [1, 2, 5] {
            let mut taken = Vec::new();
            let slow = |item: &u64| -> Result<u64, Infallible> {
                // the later ones of a few are done first
                (0..(7 - item % 7) * 2000).for_each(|i| _ = std::hint::black_box(i));
                Ok(item * item)
            };
            let all = pool(threads).install(|| {
                in_turn(&items, Weight::NONE, slow, |turn, square| {
                    taken.push((turn as u64, square));
                    Ok(())
                })
            });
            assert!(all.is_ok());
            assert_eq!(taken, items.iter().map(|item| (*item, item * item)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_first_failure_ends_it() {
        let items: Vec<u32> = (0..100).collect();
        for threads in [1, 3] {
            let mut taken = 0;
            let failed = pool(threads).install(|| {
                let make = |&item: &u32| if item < 40 { Ok(item) } else { Err(item) };
                in_turn(&items, Weight::NONE, make, |_, _| {
                    taken += 1;
                    Ok(())
                })
            });
            assert_eq!((failed, taken), (Err(40), 40));
            let failed = pool(threads).install(|| {
                in_turn(
                    &items,
                    Weight::NONE,
                    |_| Ok(()),
                    |turn, ()| if turn < 7 { Ok(()) } else { Err(turn) },
                )
            });
            assert_eq!(failed, Err(7));
        }
    }

    #[test]
    fn a_panic_is_told() {
        let items = [1, 2, 3];
        for threads in [1, 2] {
            let made = || {
                let make = |&item: &i32| if item == 2 { panic!("two") } else { Ok::<_, ()>(item) };
                pool(threads).install(|| in_turn(&items, Weight::NONE, make, |_, _| Ok(())))
            };
            assert!(catch_unwind(AssertUnwindSafe(made)).is_err());
        }
    }
}
