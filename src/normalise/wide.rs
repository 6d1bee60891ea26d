//! What the bytes beyond ASCII are, as far as a vector can tell: 64 bytes at a time, no look at a table.
//!
//! Known here are the letters of the scripts most written, which fold to a letter of as many bytes: of Latin-1,
//! Latin Extended-A, Cyrillic and Arabic, with Hangul syllables, Han and kana; and the usual punctuation. They are
//! starters in normal form, so that nothing before them changes them; what follows may. Everything else is *hard*:
//! a token with such a character is left to [`super::run`]. The tests hold what is known against the table.
//!
//! One body, compiled for AVX-512, AVX2 and the machine's base line.

/// Bytes that are judged at once.
pub(super) const BLOCK: usize = 64;

/// Bytes before a block that are looked at, and after it.
pub(super) const BEFORE: usize = 2;
pub(super) const BEHIND: usize = 1;

/// A block with its neighbours.
pub(super) type Raw = [u8; BEFORE + BLOCK + BEHIND];

/// A bit for each byte of a block.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Masks {
    /// not ASCII
    pub(super) high: u64,
    /// the last byte (of four: the first) of a character that is not known
    pub(super) hard: u64,
    /// the last byte of a character that is a token of its own
    pub(super) single: u64,
    /// the last byte of a separator of two, and of three
    pub(super) separators: [u64; 2],
}

/// Judges a block, and puts its letters in lower case into `folded`, which holds the block with its ASCII folded.
pub(super) fn judge(raw: &Raw, folded: &mut [u8; BLOCK]) -> Masks {
    #[cfg(target_arch = "x86_64")]
    {
        let has_bits = is_x86_feature_detected!("bmi1") && is_x86_feature_detected!("bmi2");
        if has_bits
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
        {
            // SAFETY: the CPU has AVX-512 F, BW and VL, and both sets of bit instructions, as just checked.
            return unsafe { judge_avx512(raw, folded) };
        }
        if has_bits && is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU has AVX2, and both sets of bit instructions, as just checked.
            return unsafe { judge_avx2(raw, folded) };
        }
    }
    body(raw, folded)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,bmi1,bmi2")]
fn judge_avx512(raw: &Raw, folded: &mut [u8; BLOCK]) -> Masks {
    body(raw, folded)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2")]
fn judge_avx2(raw: &Raw, folded: &mut [u8; BLOCK]) -> Masks {
    body(raw, folded)
}

/// All ones or all zeros: what a vector makes of a comparison.
#[inline(always)]
fn all(condition: bool) -> u8 {
    u8::from(condition).wrapping_neg()
}

/// Whether `first <= byte <= last`.
#[inline(always)]
fn within(byte: u8, first: u8, last: u8) -> bool {
    byte.wrapping_sub(first) <= last - first
}

#[inline(always)]
fn body(raw: &Raw, folded: &mut [u8; BLOCK]) -> Masks {
    let mut own = [0; BLOCK];
    own.copy_from_slice(&raw[BEFORE..BEFORE + BLOCK]);
    let first_of_two = |byte: u8| within(byte, 0xC2, 0xDF);
    let first_of_more = |byte: u8| byte >= 0xE0;
    let mut masks = Masks { high: mask(&own), ..Masks::default() };
    if mask(&own.map(|byte| all(first_of_two(byte)))) != 0 || first_of_two(raw[1]) {
        pairs(raw, folded, &mut masks);
    }
    if mask(&own.map(|byte| all(first_of_more(byte)))) != 0 || raw[..BEFORE].iter().any(|&b| first_of_more(b))
    {
        longer(raw, &mut masks);
    }
    masks
}

/// Characters of two bytes.
#[inline(always)]
fn pairs(raw: &Raw, folded: &mut [u8; BLOCK], masks: &mut Masks) {
    let mut hard = [0; BLOCK];
    let mut separator = [0; BLOCK];
    for i in 0..BLOCK {
        let (lead, own, next) = (raw[i + 1], raw[i + 2], raw[i + 3]);
        let odd = own & 1;
        let [c2, c3, c4, c5, d0, d1, d8, d9] =
            [0xC2, 0xC3, 0xC4, 0xC5, 0xD0, 0xD1, 0xD8, 0xD9].map(|of| all(lead == of));
        // `À` to `ÿ` without `×`, `÷` and `ß`
        let latin1 = c3 & all(own != 0x97) & all(own != 0x9F) & all(own != 0xB7);
        let latin1_upper = latin1 & all(own < 0x9F);
        // `Ā` to `į`, capitals even; `ı`
        let latin_a = c4 & (all(own < 0xB0) | all(own == 0xB1));
        let latin_a_upper = c4 & all(own < 0xB0) & (odd ^ 1);
        // `Ł` to `ň` and `Ź` to `ž`, capitals odd; `Ŋ` to `ŷ`, capitals even
        let (by_odd, by_even) =
            (all(within(own, 0x81, 0x88)) | all(within(own, 0xB9, 0xBE)), all(within(own, 0x8A, 0xB7)));
        let latin_b = c5 & (by_odd | by_even);
        let latin_b_upper = c5 & ((by_odd & odd) | (by_even & (odd ^ 1)));
        // `Ѐ` to `п`, `р` to `џ`
        let cyrillic = d0 | (d1 & all(own < 0xA0));
        let cyrillic_upper = d0
            & ((all(own < 0x90) & 0x10)
                | (all(within(own, 0x90, 0x9F)) & 0x20)
                | (all(within(own, 0xA0, 0xAF)) & 0x20u8.wrapping_neg()));
        // `Ѐ` to `Џ` and `Р` to `Я` end up after the next first byte
        let moved = all(own == 0xD0) & (all(next < 0x90) | all(within(next, 0xA0, 0xAF))) & 1;
        let arabic = (d8 & all(within(own, 0xA1, 0xBA))) | (d9 & all(within(own, 0x81, 0x8A)));
        let letter = latin1 | latin_a | latin_b | cyrillic | arabic;
        // a space that does not break, `¡` to `§`, `©`, `«`, `®`, `°`, `·`, `»`, `¿`; `،`
        let symbol = all(own < 0xA8) & all(own >= 0xA0)
            | all(own == 0xA9)
            | all(own == 0xAB)
            | all(own == 0xAE)
            | all(own == 0xB0)
            | all(own == 0xB7)
            | all(own == 0xBB)
            | all(own == 0xBF);
        let symbol = (c2 & symbol) | (d8 & all(own == 0x8C));
        let is_second = all(within(lead, 0xC2, 0xDF));
        separator[i] = symbol;
        hard[i] = is_second & !(letter | symbol);
        folded[i] = folded[i]
            .wrapping_add(latin1_upper & 0x20)
            .wrapping_add(latin_a_upper)
            .wrapping_add(latin_b_upper)
            .wrapping_add(cyrillic_upper)
            .wrapping_add(moved);
    }
    masks.hard = mask(&hard);
    masks.separators[0] = mask(&separator);
}

/// Characters of three bytes, and of four, which are all hard.
#[inline(always)]
fn longer(raw: &Raw, masks: &mut Masks) {
    let mut hard = [0; BLOCK];
    let mut single = [0; BLOCK];
    let mut separator = [0; BLOCK];
    for i in 0..BLOCK {
        let (lead, second, own) = (raw[i], raw[i + 1], raw[i + 2]);
        let hangul = all(lead == 0xEB)
            | all(lead == 0xEC)
            | (all(lead == 0xEA) & all(second >= 0xB0))
            | (all(lead == 0xED) & all(second <= 0x9D));
        let han = all(within(lead, 0xE5, 0xE8))
            | (all(lead == 0xE4) & all(second >= 0xB8))
            | (all(lead == 0xE9) & all(second <= 0xBE));
        let [of_e3_80, of_e3_81, of_e3_82, of_e3_83] =
            [0x80, 0x81, 0x82, 0x83].map(|of| all(lead == 0xE3) & all(second == of));
        // `ぁ` to `ゖ`, `ァ` to `ヺ`, `ー`
        let kana = (of_e3_81 & all(own >= 0x81))
            | (of_e3_82 & (all(own <= 0x96) | all(own >= 0xA1)))
            | (of_e3_83 & (all(own <= 0xBA) | all(own == 0xBC)));
        // spaces; dashes, quotes, `•`, `…`; a narrow space that does not break
        let general = all(lead == 0xE2)
            & all(second == 0x80)
            & (all(own <= 0x8A) | (all(within(own, 0x90, 0xA7)) & all(own != 0x97)) | all(own == 0xAF));
        // the wide space, `、`, `。`; `〈` to `】`; `・`
        let east =
            (of_e3_80 & (all(own <= 0x82) | all(within(own, 0x88, 0x91)))) | (of_e3_83 & all(own == 0xBB));
        // `！` to `／`, `：` to `＠`
        let full_width = all(lead == 0xEF)
            & all(second == 0xBC)
            & (all(within(own, 0x81, 0x8F)) | all(within(own, 0x9A, 0xA0)));
        let is_third = all(within(lead, 0xE0, 0xEF));
        single[i] = han | kana;
        separator[i] = general | east | full_width;
        hard[i] = (is_third & !(hangul | single[i] | separator[i])) | all(own >= 0xF0);
    }
    masks.hard |= mask(&hard);
    masks.single = mask(&single);
    masks.separators[1] = mask(&separator);
}

/// The top bit of each byte.
#[inline(always)]
fn mask(bytes: &[u8; BLOCK]) -> u64 {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{__m128i, _mm_movemask_epi8};
        let quarters: [__m128i; 4] = bytemuck::cast(*bytes);
        // SAFETY: SSE2 is part of every x86-64.
        let parts = quarters.map(|quarter| u64::from(unsafe { _mm_movemask_epi8(quarter) } as u16));
        parts[0] | parts[1] << 16 | parts[2] << 32 | parts[3] << 48
    }
    #[cfg(not(target_arch = "x86_64"))]
    mask_portable(bytes)
}

#[cfg(any(test, not(target_arch = "x86_64")))]
fn mask_portable(bytes: &[u8; BLOCK]) -> u64 {
    let (eights, _) = bytes.as_chunks::<8>();
    eights.iter().rev().fold(0, |mask, &eight| {
        let tops = u64::from_le_bytes(eight) >> 7 & 0x0101_0101_0101_0101;
        // each is carried to its own place in the highest byte
        mask << 8 | tops.wrapping_mul(0x0102_0408_1020_4080) >> 56
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalise::table::{Class, block};
    use proptest::prelude::*;

    fn block_of(bytes: &[u8]) -> Raw {
        let mut raw = [0; BEFORE + BLOCK + BEHIND];
        raw[BEFORE..BEFORE + bytes.len()].copy_from_slice(bytes);
        raw
    }

    #[test]
    fn what_is_known_is_what_the_table_says() {
        let mut known = 0;
        for c in '\u{80}'..=char::MAX {
            let entry = block(u32::from(c) as usize >> 8)[u32::from(c) as usize & 0xFF];
            let mut utf8 = [0; 4];
            let utf8 = c.encode_utf8(&mut utf8).as_bytes();
            let (raw, mut folded) = (block_of(utf8), [0; BLOCK]);
            folded[..utf8.len()].copy_from_slice(utf8);
            let masks = judge(&raw, &mut folded);
            let last = 1 << (utf8.len() - 1);
            assert_eq!(masks.high, (1 << utf8.len()) - 1, "{c:?}");
            let [separator2, separator3] = masks.separators;
            let is_separator = (separator2 | separator3) & last != 0;
            if masks.hard != 0 {
                assert_eq!(masks.hard, if utf8.len() == 4 { 1 } else { last }, "{c:?}");
                assert!(masks.single == 0 && separator2 == 0 && separator3 == 0, "{c:?}");
                assert_eq!(&folded[..utf8.len()], utf8, "{c:?}");
                continue;
            }
            known += 1;
            assert!(entry.is_boundary(), "{c:?}");
            if is_separator {
                assert_eq!(masks.separators, if utf8.len() == 2 { [last, 0] } else { [0, last] }, "{c:?}");
                let mut folded = String::new();
                crate::normalise::table::fold(std::iter::once(c), &mut folded);
                assert!(
                    folded.chars().all(|c| crate::normalise::table::class_of(c) == Class::Separator),
                    "{c:?}"
                );
                continue;
            }
            assert_eq!(entry.length(), utf8.len(), "{c:?}");
            assert_eq!(entry.bytes().to_le_bytes()[..utf8.len()], folded[..utf8.len()], "{c:?}");
            assert_eq!(masks.single != 0, entry.is_lone(), "{c:?}");
            assert_eq!(masks.single == 0, entry.is_plain(), "{c:?}");
        }
        assert_eq!(known, 32_630, "characters are known here");
    }

    proptest! {
        #[test]
        fn masks_equal_their_twin(bytes in prop::array::uniform32(any::<u8>()), behind in prop::array::uniform32(any::<u8>())) {
            let bytes: [u8; BLOCK] = std::array::from_fn(|i| if i < 32 { bytes[i] } else { behind[i - 32] });
            let plain = (0..BLOCK).map(|i| u64::from(bytes[i] >> 7) << i).sum::<u64>();
            prop_assert_eq!(mask(&bytes), plain);
            prop_assert_eq!(mask_portable(&bytes), plain);
        }

        #[test]
        fn kernels_equal_the_plain_body(
            text in "[a-zÀ-ſЀ-џ\u{600}-\u{660}가-힣一-龥ぁ-ヿ\u{2000}-\u{2030}\u{3000}-\u{3020}！-～\u{300}-\u{310}😀 ]{67}",
            cut in 0usize..9,
        ) {
            let raw: Raw = std::array::from_fn(|i| text.as_bytes()[i + cut.min(text.len() - 67)]);
            let own: [u8; BLOCK] = std::array::from_fn(|i| raw[i + BEFORE]);
            let (mut expected, mut folded) = (own, own);
            let masks = body(&raw, &mut expected);
            prop_assert_eq!(judge(&raw, &mut folded), masks);
            prop_assert_eq!(folded, expected);
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") {
                let mut folded = own;
                // SAFETY: the CPU has AVX2, as just checked.
                prop_assert_eq!(unsafe { judge_avx2(&raw, &mut folded) }, masks);
                prop_assert_eq!(folded, expected);
            }
        }
    }
}
