//! Any text to paragraphs and tokens: ranges lie in the text, at the borders of characters, in order; and a
//! text is the same whatever stands around it and however white space is repeated.

#![no_main]

use libfuzzer_sys::fuzz_target;
use redite::normalise::Tokenizer;
use redite::params::ParagraphMode;
use redite::split::paragraphs;

fuzz_target!(|text: &str| {
    for mode in [ParagraphMode::Auto, ParagraphMode::Line, ParagraphMode::Blank] {
        let mut ranges = Vec::new();
        paragraphs(text, mode, &mut ranges);
        let mut end = 0;
        for range in ranges {
            assert!(end <= range.start && range.start < range.end && text.get(range.clone()).is_some());
            end = range.end;
        }
    }
    let mut tokenizer = Tokenizer::new(0);
    let (mut tokens, mut last) = (Vec::new(), [0; 2]);
    tokenizer.tokens(text, |hash, start, behind| {
        assert!(start < behind && text.get(start..behind).is_some());
        // tokens share the bytes of a character that stands for several (U+330E) or for parts of two (U+33DE), and of what is
        // normalised with it
        assert!(last[0] <= start && last[1] <= behind);
        tokens.push(hash);
        last = [start, behind];
    });
    let mut hashes = Vec::new();
    tokenizer.hashes(text, &mut hashes);
    assert_eq!(hashes, tokens);
    let mut around = Vec::new();
    tokenizer.hashes(&format!("before \n {text} \t\n\n{text} behind"), &mut around);
    assert_eq!(around.len(), 2 * tokens.len() + 2);
    assert_eq!(&around[1..=tokens.len()], tokens);
});
