use proptest::prelude::*;

use super::*;
use crate::plain;

fn fast(text: &str) -> Vec<u64> {
    let mut hashes = Vec::new();
    Tokenizer::new(7).hashes(text, &mut hashes);
    hashes
}

fn slow(text: &str) -> Vec<u64> {
    let hasher = TokenHasher::new(7);
    plain::tokens(text).iter().map(|token| hasher.hash(token.as_bytes())).collect()
}

#[track_caller]
fn same(text: &str) {
    assert_eq!(fast(text), slow(text), "{text:?} {:?}", plain::tokens(text));
}

/// The rules, each with its example. `docs/accuracy.md` shows the same table.
const RULES: &[(&str, &str, &[&str])] = &[
    ("white space is one separator", "deux\u{A0}\t mots\r\n", &["deux", "mots"]),
    ("case is folded", "Straße STRASSE", &["strasse", "strasse"]),
    ("the final sigma is a sigma", "ΟΔΟΣ οδος", &["οδοσ", "οδοσ"]),
    ("accents stay", "pêche péché", &["pêche", "péché"]),
    ("composed and decomposed are equal", "e\u{301}te\u{301} été", &["été", "été"]),
    ("compatibility forms are equal", "ﬁn ２０２６ ①", &["fin", "2026", "1"]),
    ("apostrophes separate, both kinds", "l'offensive l’offensive", &["l", "offensive", "l", "offensive"]),
    ("the apostrophe that is a letter separates, too", "c\u{2BC}hoar", &["c", "hoar"]),
    ("punctuation and symbols separate", "re-lu, «vu»: 3,5€_a", &["re", "lu", "vu", "3", "5", "a"]),
    ("emoji and symbols are no tokens", "bravo 👏🏽 ❤️ !", &["bravo"]),
    ("invisible characters vanish", "co\u{AD}opé\u{200D}rer \u{FEFF}oui", &["coopérer", "oui"]),
    ("the zero width space is white space", "mot\u{200B}clé", &["mot", "clé"]),
    ("vowel signs and viramas stay", "हिन्दी में", &["हिन्दी", "में"]),
    ("harakat stay", "كَتَبَ كتب", &["كَتَبَ", "كتب"]),
    ("Han and kana: a character, a token", "東京タワーへ", &["東", "京", "タ", "ワ", "ー", "へ"]),
    ("dakuten stay, half-width is full-width", "ｶﾞｷﾞ か\u{3099}", &["ガ", "ギ", "が"]),
    ("Thai: a character with its marks", "ที่นี่", &["ที่", "นี่"]),
    ("Korean has spaces", "서울에서 만나요", &["서울에서", "만나요"]),
    ("conjoining jamo are composed", "\u{1112}\u{1161}\u{11AB}글", &["한글"]),
    ("scripts mix without a flag", "iPhone用ケース Pro", &["iphone", "用", "ケ", "ー", "ス", "pro"]),
    ("an overlaid symbol stays a symbol", "a =\u{338} b", &["a", "b"]),
    (
        "a mark on nothing separates, a spacing accent too",
        "l´offensive ¨ \u{301}été",
        &["l", "offensive", "été"],
    ),
];

#[test]
fn each_rule_holds_for_its_example() {
    for (rule, text, expected) in RULES {
        assert_eq!(plain::tokens(text), *expected, "{rule}");
        same(text);
    }
}

/// As the documentation says below the rules.
#[test]
fn a_letter_without_a_script_is_one_of_words() {
    assert_eq!(plain::tokens("〆b 〆切"), ["〆b", "〆", "切"]);
    same("〆b 〆切");
}

#[test]
fn the_documentation_shows_each_rule() {
    let page = include_str!("../../docs/accuracy.md");
    for (rule, _, tokens) in RULES {
        let (start, end) = (format!("| {rule} |"), format!("| {} |", tokens.join(" · ")));
        assert!(page.lines().any(|line| line.starts_with(&start) && line.ends_with(&end)), "{rule}");
    }
}

#[test]
fn windows_and_long_tokens_make_no_difference() {
    for length in [1, 15, 16, 17, 63, 64, 65, 4094, 4095, 4096, 4097, 9000] {
        for word in ["a", "é", "漢", "ß", "e\u{301}", "𝔘"] {
            let long = word.repeat(length);
            same(&long);
            same(&format!("début {long} fin"));
            same(&format!("{} {long},{long}", "x".repeat(4090)));
            same(&format!("{}\u{301} {long}", " ".repeat(length)));
        }
    }
}

#[test]
fn token_ranges_are_the_tokens_text() {
    let text = "L’Été, a\u{300} ｶﾞ東Tokyo½ ﬁn";
    let mut seen = Vec::new();
    Tokenizer::new(7).tokens(text, |_, start, end| seen.push(&text[start..end]));
    // `½` is `1⁄2`: the end of one token and all of the next
    assert_eq!(seen, ["L", "Été", "a\u{300}", "ｶﾞ", "東", "Tokyo½", "½", "ﬁn"]);
}

/// An index of before version 3 goes on with them.
#[test]
fn marks_on_nothing_began_words_once() {
    let text = "l´offensive ¨";
    let hashes = |normaliser| {
        let mut hashes = Vec::new();
        Tokenizer::of(&Params { normaliser, ..Params::audit() }).hashes(text, &mut hashes);
        hashes
    };
    let hasher = TokenHasher::new(0);
    let all = |tokens: &[&str]| tokens.iter().map(|token| hasher.hash(token.as_bytes())).collect::<Vec<_>>();
    assert_eq!(hashes(3), all(&["l", "offensive"]));
    assert_eq!(hashes(2), all(&["l", "\u{301}offensive", "\u{308}"]));
    assert_eq!(hashes(1), hashes(2));
}

#[test]
fn hashes_depend_on_the_seed_alone() {
    assert_ne!(TokenHasher::new(1).hash(b"redite"), TokenHasher::new(2).hash(b"redite"));
    assert_eq!(TokenHasher::new(0).hash(b"redite"), 3752102307619848359);
    assert_eq!(TokenHasher::new(0).hash(b"a token of more than sixteen bytes"), 14957149060048422589);
}

/// The digest of the normaliser's output over every code point, alone and between letters. It may change
/// only together with [`crate::params::NORMALISER_VERSION`].
#[test]
fn golden_digest_of_every_code_point() {
    let mut digest = xxhash_rust::xxh3::Xxh3::new();
    // one for all of them: what it remembers of other texts makes no difference
    let mut tokenizer = Tokenizer::new(7);
    let mut hashes = Vec::new();
    for c in '\0'..=char::MAX {
        let text = format!("{c} a{c}b");
        for token in plain::tokens(&text) {
            digest.update(token.as_bytes());
            digest.update(&[0xFF]);
        }
        hashes.clear();
        tokenizer.hashes(&text, &mut hashes);
        assert_eq!(hashes, slow(&text), "{c:?} U+{:04X}", u32::from(c));
    }
    assert_eq!(digest.digest(), 9771366150134987554, "the tokens of some code point have changed");
}

/// Characters that are likely to interact: letters with and without marks, marks of all kinds, jamo,
/// half-width forms, ligatures, separators, invisible ones.
fn tricky() -> impl Strategy<Value = String> {
    let one = prop_oneof![
        4 => prop::sample::select("aeiouAEsſßİıΣςéÉöÅ ' ,.=<>~´¨゛".chars().collect::<Vec<_>>()),
        4 => prop::sample::select(
            "\u{300}\u{301}\u{308}\u{30A}\u{323}\u{327}\u{338}\u{345}\u{34F}\u{3099}\u{309A}\u{FF9E}\u{FF9F}\u{94D}\u{93C}\u{93F}\u{E38}\u{E48}\u{5B0}\u{64E}\u{651}\u{653}\u{1161}\u{11A8}\u{FE0F}\u{200B}\u{200C}\u{200D}\u{AD}\u{2BC}\u{149}"
                .chars()
                .collect::<Vec<_>>()
        ),
        2 => prop::sample::select("かカｶﾊ漢〇々ーกึ한ᄒᆫ가नक़אكﷺﬁ①½Ａ２㍿🙂❤’—\u{A0}\u{3000}𝔘𐐀".chars().collect::<Vec<_>>()),
        1 => any::<char>(),
    ];
    prop::collection::vec(one, 0..24).prop_map(|characters| characters.into_iter().collect())
}

/// What the vector kernels know by themselves, with what they do not.
const KNOWN: &[&str] = &[
    "ŒUVRE ",
    "Été",
    "l’an ",
    "Łódź",
    " « ",
    "l´an ",
    "İstanbul ",
    "ИЮНЬ ",
    "Ёж",
    "їжак ",
    "البيت ",
    "서울에서 ",
    "東京",
    "の",
    "ガ",
    "、",
    "か\u{3099}",
    "漢\u{FE00}",
    "字\u{301}",
    "…",
    "\u{202F}",
    "Ａ",
    "！",
    "x",
    "plain words ",
    "𝔘 ",
    "½",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn equals_its_twin_on_tricky_text(text in tricky()) {
        prop_assert_eq!(fast(&text), slow(&text), "{:?}", plain::tokens(&text));
    }

    #[test]
    fn equals_its_twin_on_any_text(text in any::<String>()) {
        prop_assert_eq!(fast(&text), slow(&text), "{:?}", plain::tokens(&text));
    }

    #[test]
    fn equals_its_twin_again_and_again(texts in prop::collection::vec(tricky(), 1..6)) {
        let mut tokenizer = Tokenizer::new(7);
        for text in texts.iter().chain(&texts) {
            let mut hashes = Vec::new();
            tokenizer.hashes(text, &mut hashes);
            prop_assert_eq!(hashes, slow(text), "{:?} of {:?}", text, texts);
        }
    }

    #[test]
    fn equals_its_twin_across_blocks_and_windows(
        before in prop_oneof![Just(0usize), 0usize..200, 3900usize..4200],
        words in prop::collection::vec(prop_oneof![
            8 => prop::sample::select(KNOWN.to_vec()).prop_map(str::to_owned),
            1 => tricky(),
        ], 0..120),
    ) {
        let text = format!("{}{}", "日".repeat(before / 3), words.concat());
        prop_assert_eq!(fast(&text), slow(&text), "{:?}", text);
    }

    #[test]
    fn ranges_are_in_order_and_on_character_borders(text in tricky()) {
        let mut end_before = 0;
        Tokenizer::new(7).tokens(&text, |_, start, end| {
            assert!(start < end && end_before <= end && text.get(start..end).is_some());
            end_before = end;
        });
    }
}
