//! Text in letters of its own: within each script letters take each other's places, and digits do.
//!
//! Of a character its script, its kind (vowel or consonant, capital, digit), its length in UTF-8 and how often
//! it stands beside others of its kind stay. So two texts in one cipher have the words in common that they had,
//! and texts in two ciphers hardly any.

/// Numbers that depend on a seed alone (SplitMix64).
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }
}

/// Characters below this one have an entry in the table.
const TABLE: u32 = 0x3100;

/// Letters that take each other's places: first letter, how many, the step between them; and how far the
/// capital of each is behind it.
const LETTERS: [(u32, u32, u32, i32); 16] = [
    (0xE0, 23, 1, -0x20),  // à to ö
    (0xF8, 7, 1, -0x20),   // ø to þ
    (0x101, 24, 2, -1),    // ā to į
    (0x13A, 3, 2, -1),     // ĺ to ľ
    (0x142, 4, 2, -1),     // ł to ň
    (0x14B, 23, 2, -1),    // ŋ to ŷ
    (0x17A, 3, 2, -1),     // ź to ž
    (0x3B1, 17, 1, -0x20), // α to ρ
    (0x3C3, 7, 1, -0x20),  // σ to ω
    (0x430, 32, 1, -0x20), // а to я
    (0x450, 16, 1, -0x50), // ѐ to џ
    (0x5D0, 27, 1, 0),     // Hebrew
    (0x621, 26, 1, 0),     // Arabic
    (0x641, 10, 1, 0),     // Arabic
    (0x915, 37, 1, 0),     // Devanagari
    (0xE01, 46, 1, 0),     // Thai
];

/// Blocks in which all characters move on by so many places, coming back at the end: first and how many.
const BLOCKS: [(u32, u32); 2] = [(0x4E00, 0x5200), (0xAC00, 11172)];

/// A bijection of characters.
pub(crate) struct Cipher {
    table: Vec<char>,
    shifts: [u32; 2],
}

impl Cipher {
    /// One of many; number 0 leaves all as it is.
    pub(crate) fn new(seed: u64, number: u64) -> Self {
        let mut table: Vec<char> = (0..TABLE).map(|code| char::from_u32(code).unwrap_or('\0')).collect();
        if number == 0 {
            return Cipher { table, shifts: [0; 2] };
        }
        let mut numbers = Numbers(seed ^ number.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        let mut permute = |letters: &[u32], capital: i32| {
            let mut images = letters.to_vec();
            for last in (1..images.len()).rev() {
                images.swap(last, numbers.below(last as u64 + 1) as usize);
            }
            for (letter, image) in letters.iter().zip(images) {
                for case in [0, capital] {
                    let [letter, image] = [*letter, image].map(|code| code.wrapping_add_signed(case));
                    table[letter as usize] = char::from_u32(image).unwrap_or_default();
                }
            }
        };
        let is_vowel = |code: &u32| b"aeiou".contains(&(*code as u8));
        let (vowels, consonants): (Vec<u32>, Vec<u32>) = (0x61..0x7B).partition(is_vowel);
        permute(&vowels, -0x20);
        permute(&consonants, -0x20);
        permute(&(0x30..0x3A).collect::<Vec<u32>>(), 0);
        for (first, count, step, capital) in LETTERS {
            permute(&(0..count).map(|at| first + at * step).collect::<Vec<u32>>(), capital);
        }
        // hiragana, and katakana in the same way
        permute(&(0x3041..0x3097).collect::<Vec<u32>>(), 0x60);
        let shifts = BLOCKS.map(|(_, count)| 1 + numbers.below(u64::from(count) - 1) as u32);
        Cipher { table, shifts }
    }

    pub(crate) fn of(&self, character: char) -> char {
        let code = u32::from(character);
        if let Some(image) = self.table.get(code as usize) {
            return *image;
        }
        for ((first, count), shift) in BLOCKS.into_iter().zip(self.shifts) {
            if (first..first + count).contains(&code) {
                return char::from_u32(first + (code - first + shift) % count).unwrap_or(character);
            }
        }
        character
    }
}
