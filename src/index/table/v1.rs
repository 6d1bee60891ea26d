//! Leaves of version 1: whole keys as differences of a byte width, numbers in columns of bytes.
//!
//! A leaf: entries (u16), width of key differences and of the two numbers in bytes (3 × u8), 3 zeros, the
//! first key (u128), the least first and second number (2 × u32); then the differences to the key before,
//! the first numbers and the second numbers, each less the least, a column each. All little-endian.

use super::{Entry, Key};

/// Bytes before the columns of a leaf.
const LEAF_HEAD: usize = 32;

/// Takes the entries out of a page; `None` where it is no leaf.
pub(super) fn decode<K: Key>(page: &[u8], into: &mut Vec<Entry<K>>) -> Option<()> {
    into.clear();
    let head = page.first_chunk::<LEAF_HEAD>()?;
    let count = usize::from(u16::from_le_bytes([head[0], head[1]]));
    let widths = [2, 3, 4].map(|i| usize::from(head[i]));
    if widths[0] > 16 || widths[1] > 4 || widths[2] > 4 {
        return None;
    }
    let mut columns = page.get(LEAF_HEAD..LEAF_HEAD + count * widths.iter().sum::<usize>())?;
    let mut column = |width: usize| {
        let (own, rest) = columns.split_at(count * width);
        columns = rest;
        own
    };
    let [steps, firsts, seconds] = widths.map(&mut column);
    let number = |column: &[u8], i: usize, width: usize| {
        let mut bytes = [0; 16];
        bytes[..width].copy_from_slice(&column[i * width..(i + 1) * width]);
        u128::from_le_bytes(bytes)
    };
    let least = |at: usize| head.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
    let (least_first, least_second) = (least(24)?, least(28)?);
    let mut key = u128::from_le_bytes(head.get(8..24)?.try_into().ok()?);
    into.reserve(count);
    for i in 0..count {
        key = key.checked_add(number(steps, i, widths[0]))?;
        let first = least_first.checked_add(number(firsts, i, widths[1]) as u32)?;
        let second = least_second.checked_add(number(seconds, i, widths[2]) as u32)?;
        let narrow = K::narrow(key);
        if narrow.wide() != key {
            return None;
        }
        into.push(Entry { key: narrow, numbers: [first, second] });
    }
    Some(())
}
