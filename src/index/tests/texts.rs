//! Texts in blocks, and parts of them.

use super::*;
use crate::index::pages::{Pages, Purpose};
use crate::index::texts::{Blocks, TextsWriter, read_part};

#[test]
fn any_part_of_any_text_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let store = Folder::new(folder.path());
    let mut numbers = Numbers::new(7);
    // short and long, and such as hardly pack: their blocks are longer than what is read at once
    let mut text = |i: u64| -> String {
        let letters = if i.is_multiple_of(3) { 3 } else { 3000 };
        let length = numbers.below([20, 3_000, 40_000, 90_000][(i % 4) as usize]);
        (0..length).filter_map(|_| char::from_u32(0x61 + numbers.below(letters) as u32)).collect()
    };
    let texts: Vec<String> = (0..240).map(&mut text).collect();
    let mut writer = TextsWriter::create(&store, "texts", 5).unwrap();
    let places: Vec<TextPlace> = texts.iter().map(|text| writer.append(text).unwrap()).collect();
    let entry = writer.finish().unwrap();
    let pages = Pages::open(&store, &entry, Purpose::Texts).unwrap();
    let mut parts = 0;
    // some of the blocks come again while they are held, and some in the place of others
    let blocks = Blocks::default();
    for (text, &place) in texts.iter().zip(&places).cycle().take(2 * texts.len()) {
        assert_eq!(read_part((&pages, &blocks), place, 0..place.length).unwrap(), *text);
        for _ in 0..20 {
            let mut ends = [0; 2].map(|_| numbers.below(text.len() as u64 + 1) as usize);
            ends.sort_unstable();
            if let Some(part) = text.get(ends[0]..ends[1]) {
                let range = ends[0] as u32..ends[1] as u32;
                assert_eq!(read_part((&pages, &blocks), place, range).unwrap(), part);
                parts += 1;
            }
        }
    }
    println!("{parts} parts of {} texts", texts.len());
}
