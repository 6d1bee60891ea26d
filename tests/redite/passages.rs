//! Copied passages: every verbatim run is found, what is told is true, nothing is told twice, and nothing
//! but the corpus decides it.

use redite::document::{Kind, Match, Span, Unit};
use redite::outcome::Outcome;
use redite::params::{Params, Units};
use redite::pipeline::{Progress, Surroundings};
use redite::plain::{CommonRun, jaccard, maximal_runs, shingles, tokens};

use crate::language::{Dir, Numbers, Run, audit_inputs, audit_texts, matches, records, words};
use crate::oracle::corpus;

/// Nothing but passages.
fn passages() -> Params {
    Params { units: Units { documents: false, paragraphs: false, passages: true }, ..Params::audit() }
}

/// The passages of all documents.
fn told(outcome: &Outcome) -> Vec<Match> {
    (0..outcome.documents()).flat_map(|document| outcome.passages(document).collect::<Vec<_>>()).collect()
}

/// Both sides of a passage, as they stand in the texts.
fn sides(outcome: &Outcome, found: &Match) -> [String; 2] {
    let [copy, original] = found.stretches.clone().unwrap();
    [(found.copy.document, copy), (found.original.document, original)]
        .map(|(document, span)| part(&outcome.text(document).unwrap(), &span).to_owned())
}

/// A stretch of a text by its bytes, which must be the same as by its characters.
fn part<'a>(text: &'a str, span: &Span) -> &'a str {
    let part = &text[span.bytes.start as usize..span.bytes.end as usize];
    let range = span.chars.start as usize..span.chars.end as usize;
    assert_eq!(text.chars().skip(range.start).take(range.len()).collect::<String>(), part);
    part
}

/// The tokens that a stretch takes in its text.
fn token_range(text: &str, span: &Span) -> std::ops::Range<usize> {
    let start = tokens(&text[..span.bytes.start as usize]).len();
    start..start + tokens(part(text, span)).len()
}

/// Words with a character that is several tokens.
pub(crate) const SEVERAL_TOKENS: [&str; 5] = ["1½", "ﷺ", "น้ำ", "㌔", "l´an"];

/// A corpus in which much stands again: sentences used again whole, cut, edited, joined over paragraph
/// breaks; stretches of documents, of the document itself, and whole documents.
pub(crate) fn random_corpus(numbers: &mut Numbers) -> Vec<String> {
    let word = |numbers: &mut Numbers| match numbers.below(45) {
        number @ 0..40 => format!("w{number}"),
        number => SEVERAL_TOKENS[number - 40].to_owned(),
    };
    let fresh = |numbers: &mut Numbers, least: usize, most: usize| {
        (0..least + numbers.below(most - least)).map(|_| word(numbers)).collect::<Vec<_>>()
    };
    let pool: Vec<Vec<String>> = (0..6).map(|_| fresh(numbers, 4, 40)).collect();
    let mut documents: Vec<Vec<String>> = Vec::new();
    for _ in 0..3 + numbers.below(6) {
        let mut document: Vec<String> = Vec::new();
        for _ in 0..1 + numbers.below(8) {
            let mut piece = match numbers.below(8) {
                0 => fresh(numbers, 1, 40),
                1 if !document.is_empty() => document.clone(),
                2 | 3 if !documents.is_empty() => documents[numbers.below(documents.len())].clone(),
                _ => pool[numbers.below(pool.len())].clone(),
            };
            if numbers.below(2) == 0 {
                let start = numbers.below(piece.len());
                piece.drain(..start);
                piece.truncate(1 + numbers.below(piece.len()));
            }
            for _ in 0..numbers.below(3) {
                let at = numbers.below(piece.len());
                match numbers.below(5) {
                    0 => piece[at] = word(numbers),
                    1 => piece.insert(at, word(numbers)),
                    2 if piece.len() > 1 => drop(piece.remove(at)),
                    _ => {}
                }
            }
            document.append(&mut piece);
            document.truncate(250);
        }
        documents.push(document);
    }
    let separator = |numbers: &mut Numbers| [" ", " ", " ", ", ", ".\n", "\n\n", " « "][numbers.below(7)];
    let join = |document: &Vec<String>, numbers: &mut Numbers| {
        document.iter().map(|word| word.clone() + separator(numbers)).collect::<String>()
    };
    documents.iter().map(|document| join(document, numbers)).collect()
}

/// A corpus in which a few phrases, too short for a passage, stand in far more places than a seed lists, with other words
/// around them, and in which stretches of a passage's length, most across an end of such a phrase, are copied.
pub(crate) fn stock_corpus(numbers: &mut Numbers, documents: usize, passage: usize) -> Vec<String> {
    let fresh = |numbers: &mut Numbers, least: usize, most: usize| {
        (0..least + numbers.below(most - least)).map(|_| format!("w{}", numbers.below(5000))).collect()
    };
    let pool: Vec<Vec<String>> = (0..3).map(|_| fresh(numbers, 13, 25)).collect();
    let mut texts: Vec<Vec<String>> = Vec::new();
    for _ in 0..documents {
        let mut text: Vec<String> = fresh(numbers, 0, 20);
        for _ in 0..1 + numbers.below(3) {
            match numbers.below(5) {
                0 if !texts.is_empty() => {
                    let from = &texts[numbers.below(texts.len())];
                    let length = (passage + numbers.below(4)).min(from.len());
                    let start = numbers.below(from.len() - length + 1);
                    text.extend_from_slice(&from[start..start + length]);
                }
                _ => text.extend_from_slice(&pool[numbers.below(pool.len())]),
            }
            text.extend::<Vec<String>>(fresh(numbers, 1, 20));
        }
        texts.push(text);
    }
    texts.into_iter().map(|text| text.join(" ")).collect()
}

/// Every token of every maximal run lies in a passage.
fn all_runs_are_covered(run: &Outcome, texts: &[String], params: &Params, name: &str) -> usize {
    let split: Vec<Vec<String>> = texts.iter().map(|text| tokens(text)).collect();
    let mut covered: Vec<Vec<bool>> = split.iter().map(|tokens| vec![false; tokens.len()]).collect();
    for found in told(run) {
        let [copy, _] = found.stretches.clone().unwrap();
        let document = found.copy.document as usize;
        for token in token_range(&texts[document], &copy) {
            assert!(!covered[document][token], "{name}: token {token} of {document} is in two passages");
            covered[document][token] = true;
        }
    }
    let runs = maximal_runs(&split, params.passage as usize);
    for CommonRun { copy: (document, start), original, length } in &runs {
        let missing: Vec<usize> = (*start..start + length).filter(|&i| !covered[*document][i]).collect();
        assert!(missing.is_empty(), "{name}: {missing:?} of {document} {start}+{length} as {original:?}");
    }
    runs.len()
}

/// What is told of each passage is so.
fn all_are_true(run: &Outcome, params: &Params, name: &str) {
    for found in told(run) {
        let [copy, original] = sides(run, &found).map(|side| tokens(&side));
        let here = format!("{name}: {found:?}\n{copy:?}\n{original:?}");
        assert_eq!(found.tokens, [copy.len() as u32, original.len() as u32], "{here}");
        let [copy_span, original_span] = found.stretches.clone().unwrap();
        let start = |document: u32, span: &Span| (document, span.bytes.start);
        assert!(
            start(found.original.document, &original_span) < start(found.copy.document, &copy_span),
            "{here}"
        );
        let sets = [&copy, &original].map(|side| shingles(side, params.shingle as usize));
        assert_eq!(found.jaccard, jaccard(&sets[0], &sets[1]), "{here}");
        let shared = sets[0].intersection(&sets[1]).count() as f64;
        assert_eq!(found.containment, shared / sets[0].len().min(sets[1].len()) as f64, "{here}");
        match found.kind {
            Kind::Exact => assert_eq!(copy, original, "{here}"),
            Kind::Near => {
                assert_ne!(copy, original, "{here}");
                let longer = copy.len().max(original.len()) as f64;
                let agreeing = longest_common_subsequence(&copy, &original) as f64;
                assert!(agreeing >= params.identity * longer - 1e-9, "{agreeing} of {longer}: {here}");
                assert_eq!((copy.first(), copy.last()), (original.first(), original.last()), "{here}");
            }
            Kind::Contained => panic!("{here}"),
        }
        // the paragraph is the first one touched
        for (place, span) in [(found.copy, copy_span), (found.original, original_span)] {
            let mut spans = run.spans(place.document);
            let paragraph = spans.position(|paragraph| span.bytes.start < paragraph.bytes.end);
            assert_eq!(place.paragraph, paragraph.map(|number| number as u32), "{here}");
        }
    }
}

fn longest_common_subsequence(a: &[String], b: &[String]) -> usize {
    let mut row = vec![0; b.len() + 1];
    for x in a {
        let mut before = 0;
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = if x == y { before + 1 } else { above.max(row[j]) };
            before = above;
        }
    }
    row[b.len()]
}

#[test]
fn every_run_is_found_and_every_passage_is_true() {
    let (mut runs, mut near) = (0, 0);
    for seed in 0..400 {
        let mut numbers = Numbers(seed);
        let texts = random_corpus(&mut numbers);
        let passage = [8, 12, 18, 25][numbers.below(4)];
        let identity = [1.0, 0.8, 0.8, 0.6][numbers.below(4)];
        let params = Params { passage, identity, ..passages() };
        let name = format!("corpus {seed}, passage {passage}, identity {identity}");
        let run = audit_texts(&texts, &params);
        all_are_true(&run, &params, &name);
        near += told(&run).iter().filter(|found| found.kind == Kind::Near).count();
        runs += all_runs_are_covered(&run, &texts, &params, &name);
    }
    assert!(runs > 8000 && near > 200, "{runs} runs, {near} near");
}

#[test]
fn no_run_is_lost_where_stock_phrases_fill_the_lists() {
    let (mut runs, mut capped) = (0, 0);
    for seed in 0..20 {
        let mut numbers = Numbers(seed);
        let passage = if seed < 16 { 25 } else { 60 };
        let mut texts = stock_corpus(&mut numbers, 150, passage as usize);
        if seed % 4 == 3 {
            // and within one text
            texts = texts.chunks(50).map(|texts| texts.join("\n")).collect();
        }
        let identity = [1.0, 0.8][numbers.below(2)];
        let params = Params { identity, passage, ..passages() };
        let name = format!("corpus {seed}, identity {identity}");
        let run = audit_texts(&texts, &params);
        all_are_true(&run, &params, &name);
        runs += all_runs_are_covered(&run, &texts, &params, &name);
        capped += run.summary().capped;
    }
    assert!(runs > 900 && capped > 3000, "{runs} runs, {capped} capped");
}

/// Passages as `document.first..end of document.first..end`, in tokens.
fn told_in_tokens(run: &Outcome) -> Vec<String> {
    let side = |document: u32, span: &Span| {
        let range = token_range(&run.text(document).unwrap(), span);
        format!("{document}.{}..{}", range.start, range.end)
    };
    let tell = |found: Match| {
        let [copy, original] = found.stretches.clone().unwrap();
        format!("{} of {}", side(found.copy.document, &copy), side(found.original.document, &original))
    };
    told(run).into_iter().map(tell).collect()
}

#[test]
fn what_is_left_of_a_run_is_told_however_short() {
    // the run 20..50 of the second text stands in the third, where the first takes all but five words of it
    let texts = [words(0..45), words(100..120) + " " + &words(20..50), words(0..50)];
    let run = audit_texts(&texts, &passages());
    assert_eq!(told_in_tokens(&run), ["1.20..45 of 0.20..45", "2.0..45 of 0.0..45", "2.45..50 of 1.45..50"]);
}

#[test]
fn a_run_across_a_small_difference_is_found_where_that_stood_first() {
    // the second text changes one word of the first, the third has 12 words to both sides of it
    let changed = words(0..30) + " x " + &words(31..60);
    let texts = [words(0..60), changed, words(100..110) + " " + &words(18..30) + " x " + &words(31..43)];
    let run = audit_texts(&texts, &passages());
    assert_eq!(told_in_tokens(&run), ["1.0..60 of 0.0..60", "2.10..35 of 1.18..43"]);
}

#[test]
fn a_run_is_of_the_place_where_it_stood_first_in_a_text() {
    // which seeds lead to the second place alone, since nothing stands before the first, is up to the hash
    let repeating = [words(0..46), words(100..108), words(0..46)].join(" ");
    let again = words(200..202) + " " + &words(0..46);
    for seed in 0..12 {
        let params = Params { seed, ..passages() };
        let run = audit_texts(&[format!("{repeating} {again}")], &params);
        assert_eq!(told_in_tokens(&run), ["0.54..100 of 0.0..46", "0.102..148 of 0.0..46"], "seed {seed}");
        let run = audit_texts(&[repeating.clone(), again.clone()], &params);
        assert_eq!(told_in_tokens(&run), ["0.54..100 of 0.0..46", "1.2..48 of 0.0..46"], "seed {seed}");
    }
}

#[test]
fn a_run_is_found_whole_where_shorter_ones_fill_the_lists_of_its_seeds() {
    // 35 texts have 24 words of it each; the last but one has all of it, and the last repeats that
    let around =
        |text: usize, run: String| [words(text..text + 30), run, words(text + 30..text + 60)].join(" ");
    let quotes = (0..35).map(|first| around(1000 + 60 * first, words(first..first + 24)));
    let texts: Vec<String> = quotes.chain([5000, 6000].map(|text| around(text, words(0..58)))).collect();
    for seed in 0..12 {
        let params = Params { seed, ..passages() };
        all_runs_are_covered(&audit_texts(&texts, &params), &texts, &params, &format!("seed {seed}"));
    }
}

#[test]
fn a_run_is_found_whole_where_an_alignment_enters_it_late() {
    // the first text goes over from `p` to `r` by a difference; its word r0 is on both diagonals
    let [p, r, y, z] = [words(0..23), words(100..125), words(200..240), words(300..340)];
    let around = |text: usize, middle: &[&str]| {
        [words(text..text + 30), middle.join(" "), words(text + 30..text + 60)].join(" ")
    };
    let texts = [
        around(1000, &[&p, &words(100..101), &words(400..404), &r]),
        around(2000, &[&y, &p]),
        around(3000, &[&words(105..125), &z]),
        around(4000, &[&y, &p, &r, &z]),
    ];
    for seed in 0..12 {
        let params = Params { seed, ..passages() };
        all_runs_are_covered(&audit_texts(&texts, &params), &texts, &params, &format!("seed {seed}"));
    }
}

/// How much of an earlier text is kept for documents to come has no say in what a document repeats of it: an alignment that
/// reaches the end of both texts may begin otherwise from another seed, whatever else of the earlier text is kept.
#[test]
fn what_comes_later_changes_nothing_of_what_came_before() {
    let own =
        |name: &str, count: usize| (0..count).map(|n| format!("{name}{n}")).collect::<Vec<_>>().join(" ");
    let (a, b) = (own("a", 38), own("b", 20));
    let (kept, apart) = (own("k", 40), own("m", 90));
    let original = format!("{} {kept} {apart} {a} s {b} {}", own("o", 100), own("e", 7));
    let longer = format!("{} {} {a} s x y {}", own("p", 50), own("c", 65), own("q", 50));
    let copy = format!("{} {} {a} s x y s {b} {}", own("t", 60), own("c", 65), own("f", 7));
    let later = format!("{} {kept} {}", own("u", 60), own("v", 60));
    let told = |texts: &[&str]| {
        let run = audit_texts(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>(), &passages());
        told_in_tokens(&run).into_iter().filter(|line| line.starts_with("2.")).collect::<Vec<_>>()
    };
    let alone = told(&[&original, &longer, &copy]);
    assert_eq!(told(&[&original, &longer, &copy, &later]), alone);
    assert_eq!(alone, ["2.60..166 of 1.50..156", "2.166..187 of 0.268..289"]);
}

/// The earlier text has its first tokens twice: the seed among them leads further than all that come behind it, up to the
/// run at the end.
#[test]
fn a_run_is_found_whole_behind_what_stood_twice() {
    let texts: Vec<String> =
        include_str!("../fixtures/a_run_behind_a_repetition.txt").lines().map(str::to_owned).collect();
    for identity in [0.5, 0.6, 0.7, 0.8] {
        let params = Params { identity, ..passages() };
        let run = audit_texts(&texts, &params);
        all_runs_are_covered(&run, &texts, &params, "a repetition");
        all_are_true(&run, &params, "a repetition");
    }
}

/// A text of ten words, by their digits.
fn of_digits(digits: &str) -> String {
    digits.chars().map(|digit| format!("w{digit} ")).collect()
}

/// Texts that go on repeating themselves: an alignment leaves its diagonal and comes back, has what is not behind its copy, and
/// takes over what a verbatim run begins with.
#[test]
fn what_is_told_of_texts_that_repeat_themselves_is_true() {
    let corpora: [(u32, &[&str]); 3] = [
        (
            25,
            &[
                "3404200001400441020342034203420342034203434342441333333333",
                "034203420342034203420343404200001400441020342034203420342034203434342441333333333",
            ],
        ),
        (
            20,
            &[
                "20202002020202020202020120201112121212",
                "02212022120221202212011011020202020202002020120201112121212",
            ],
        ),
        (20, &["071500715007150071500715052605005005235235235235235235"]),
    ];
    for (passage, digits) in corpora {
        let texts: Vec<String> = digits.iter().map(|digits| of_digits(digits)).collect();
        for seed in 0..8 {
            let params = Params { passage, seed, ..passages() };
            let name = format!("{digits:?}, seed {seed}");
            let run = audit_texts(&texts, &params);
            all_are_true(&run, &params, &name);
            all_runs_are_covered(&run, &texts, &params, &name);
        }
    }
    let (mut runs, mut near) = (0, 0);
    for seed in 0..300 {
        let numbers = &mut Numbers(seed);
        let mut texts: Vec<String> = Vec::new();
        for _ in 0..1 + numbers.below(3) {
            let mut digits = String::new();
            for _ in 0..2 + numbers.below(5) {
                let period: String =
                    (0..1 + numbers.below(6)).map(|_| numbers.below(8).to_string()).collect();
                digits += &match numbers.below(3) {
                    0 if !texts.is_empty() => texts[numbers.below(texts.len())].clone(),
                    _ => period.repeat(1 + numbers.below(9)),
                };
            }
            texts.push(digits.chars().take(120).collect());
        }
        let texts: Vec<String> = texts.iter().map(|digits| of_digits(digits)).collect();
        let params = Params { passage: [15, 20, 25][numbers.below(3)], ..passages() };
        let run = audit_texts(&texts, &params);
        let name = format!("corpus {seed}");
        all_are_true(&run, &params, &name);
        near += told(&run).iter().filter(|found| found.kind == Kind::Near).count();
        runs += all_runs_are_covered(&run, &texts, &params, &name);
    }
    assert!(runs > 1000 && near > 20, "{runs} runs, {near} near");
}

/// 0.56 times 50 is more than 28 where it is multiplied.
#[test]
fn a_share_is_reached_by_the_fraction_that_it_names() {
    for (contained, covered, all) in [(0.56, 28, 50), (0.68, 51, 75), (0.55, 55, 100), (0.57, 57, 100)] {
        let texts =
            [words(0..200), format!("{} {}", words(20..20 + covered), words(300..300 + all - covered))];
        let params = Params { contained, ..Params::audit() };
        let run = audit_texts(&texts, &params);
        let kinds: Vec<Kind> =
            run.matches().filter(|found| found.unit == Unit::Document).map(|found| found.kind).collect();
        assert_eq!(kinds, [Kind::Contained], "{contained}");
    }
}

#[test]
fn a_paragraph_is_not_contained_in_itself() {
    let again = |paragraphs: [&str; 2]| audit_texts(&[paragraphs.join("\n")], &Params::audit());
    let (sentence, over_and_over) = (words(0..30), vec![words(0..30); 11].join(" "));
    assert_eq!(again([&over_and_over, "x"]).summary().paragraphs.contained_copies, 0);
    assert_eq!(again([&sentence, &over_and_over]).summary().paragraphs.contained_copies, 0);
    assert_eq!(again([&words(0..100), &words(30..60)]).summary().paragraphs.contained_copies, 1);
}

#[test]
fn threads_and_chunks_change_nothing() {
    let mut numbers = Numbers(7);
    let texts: Vec<String> = (0..40).flat_map(|_| random_corpus(&mut numbers)).collect();
    let dir = Dir::new().file("corpus.jsonl", records(&texts));
    let params = Params { passage: 12, ..Params::audit() };
    let run = |threads: usize, chunk: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let surroundings = Surroundings { chunk, ..Surroundings::default() };
        let sources = redite::read::sources::find(&[dir.root().to_path_buf()], None).unwrap();
        let audit = || redite::pipeline::audit(sources, &params, &surroundings, &Progress::default());
        matches(&pool.install(audit).unwrap())
    };
    let first = run(1, 512 << 10);
    assert!(first.lines().filter(|line| line.contains("\"unit\":\"passage\"")).count() > 200);
    for threads in [1, 2, 8] {
        for chunk in [1, 1000, 512 << 10] {
            assert!(run(threads, chunk) == first, "{threads} threads, chunks of {chunk}");
        }
    }
}

/// A file of `corpus/news-fr` by the start of its name.
fn news(run: &Outcome, name: &str) -> u32 {
    let is_it = |document: &u32| run.sources()[run.record(*document).0 as usize].name.contains(name);
    (0..run.documents()).find(is_it).unwrap()
}

#[test]
fn a_dispatch_that_stands_twice_in_one_text_is_one_passage() {
    let run = audit_inputs(&[corpus("news-fr")], &Params::audit());
    let document = news(&run, "003-barrage");
    let found: Vec<Match> = run.passages(document).collect();
    let [only] = &found[..] else { panic!("{found:?}") };
    let paragraphs: Vec<Span> = run.spans(document).collect();
    let [copy, original] = only.stretches.clone().unwrap();
    let text = run.text(document).unwrap();
    let of_paragraphs = |first: usize, last: usize| {
        let bytes = paragraphs[first].bytes.start..paragraphs[last].bytes.end;
        tokens(&text[bytes.start as usize..bytes.end as usize])
    };
    assert_eq!(only.kind, Kind::Exact);
    assert_eq!((only.copy.document, only.copy.paragraph), (document, Some(8)));
    assert_eq!((only.original.document, only.original.paragraph), (document, Some(1)));
    assert_eq!(tokens(part(&text, &copy)), of_paragraphs(8, 14));
    assert_eq!(tokens(part(&text, &original)), of_paragraphs(1, 7));
}

#[test]
fn a_paragraph_inside_a_longer_one_is_told() {
    let run = audit_inputs(&[corpus("news-fr")], &Params::audit());
    let (earlier, later) = (news(&run, "010-rachat"), news(&run, "021-cooperatives"));
    // paragraph 3 of the earlier one stands inside a longer one, as a passage
    let span = run.spans(earlier).nth(3).unwrap();
    let found = run.passages(later).find(|found| found.original.document == earlier).unwrap();
    let [_, original] = found.stretches.clone().unwrap();
    assert_eq!((found.copy.paragraph, found.original.paragraph), (Some(3), Some(3)));
    assert_eq!(original.chars.start, span.chars.start);
    // and the other way round the paragraph is contained in the longer one
    let inputs =
        [later, earlier].map(|document| run.sources()[run.record(document).0 as usize].path.clone().unwrap());
    let run = audit_inputs(&inputs, &Params::audit());
    let contained: Vec<Match> = run.matches().filter(|found| found.kind == Kind::Contained).collect();
    let [only] = &contained[..] else { panic!("{contained:?}") };
    assert_eq!((only.unit, only.copy.document, only.copy.paragraph), (Unit::Paragraph, 1, Some(3)));
    assert_eq!((only.original.document, only.original.paragraph), (0, Some(3)));
    assert!(only.containment >= 0.9, "{only:?}");
}

/// A sentence of at least 25 tokens, in each of several scripts; the last is in decomposed form.
const SENTENCES: [&str; 7] = [
    "Le conseil municipal d’Évrenne a voté mardi soir, après six heures de débats, la rénovation complète de \
     l’ancienne halle aux grains, dont le toit s’était effondré pendant la tempête de février.",
    "أعلنت وزارة الموارد المائية يوم الثلاثاء أن السد الجديد سيدخل الخدمة قبل نهاية العام المقبل بعد تأخير دام \
     أكثر من ثلاث سنوات بسبب خلافات حول التمويل والتعويضات المستحقة لسكان القرى المجاورة.",
    "市議会は火曜日の夜、六時間にわたる審議の末、二月の嵐で屋根が崩れた旧穀物市場の全面改修を可決した。",
    "市议会星期二晚上经过六个小时的辩论，通过了全面修缮旧粮食市场的方案，该市场的屋顶在二月的暴风雨中倒塌。",
    "สภาเทศบาลลงมติเมื่อคืนวันอังคารหลังการอภิปรายหกชั่วโมงให้บูรณะตลาดข้าวเก่าทั้งหลัง",
    "Городской совет во вторник вечером после шести часов прений одобрил полное восстановление старого хлебного \
     рынка, крыша которого обрушилась во время февральской бури, вместе с прилегающей площадью и складами.",
    "Le pre\u{301}fet a de\u{301}cide\u{301} jeudi, apre\u{300}s la re\u{301}union, que l’e\u{301}cole et la \
     mairie seraient ferme\u{301}es jusqu’a\u{300} lundi, et que les e\u{301}le\u{300}ves iraient a\u{300} pied.",
];

#[test]
fn ranges_are_right_in_every_script() {
    let texts: Vec<String> = SENTENCES
        .iter()
        .map(|sentence| format!("Début 🎉 naïf.\n{sentence}\nFin."))
        .chain(SENTENCES.iter().map(|sentence| format!("¡Otra cosa! — 😀 {sentence} ... y más")))
        .collect();
    let run = audit_texts(&texts, &passages());
    let found = told(&run);
    assert_eq!(found.len(), SENTENCES.len());
    for (found, sentence) in found.iter().zip(SENTENCES) {
        let [copy, original] = sides(&run, found);
        // from the first to the last token: without the full stop
        let whole = sentence.trim_end_matches(['.', '。']);
        assert_eq!((copy.as_str(), original.as_str()), (whole, whole));
        assert_eq!(found.kind, Kind::Exact);
    }
}

#[test]
fn wrapping_case_punctuation_and_form_do_not_hide_a_passage() {
    for sentence in SENTENCES {
        let shouted = sentence.to_uppercase().replace(',', ";").replace('’', "'");
        let wrapped = sentence.replace(' ', "\n").replace('，', "\n\n").replace('、', " ");
        let quoted = format!("« {} »", sentence.replace(' ', " \u{201c}"));
        for other in [shouted, wrapped, quoted] {
            let texts = [format!("one {sentence} two"), format!("three {other} four")];
            let run = audit_texts(&texts, &passages());
            let found = told(&run);
            let [only] = &found[..] else { panic!("{other}: {found:?}") };
            assert_eq!(only.kind, Kind::Exact, "{other}");
            assert_eq!(sides(&run, only).map(|side| tokens(&side)), [&sentence, &&*other].map(|s| tokens(s)));
        }
    }
}

/// What is passed over is counted, and each document costs what it says itself, whatever others say.
fn boilerplate(documents: usize) -> Run {
    let texts: Vec<String> = (0..documents)
        .map(|i| format!("own{i} {} end{i} {}", words(0..40), words(i * 7 + 100..i * 7 + 104)))
        .collect();
    audit_texts(&texts, &passages())
}

#[test]
fn boilerplate_is_told_once_a_document() {
    let run = boilerplate(20_000);
    let summary = run.summary();
    assert_eq!((summary.passages.count, summary.passages.exact), (19_999, 19_999));
    assert!(told(&run).iter().all(|found| found.original.document == 0 && found.tokens == [40, 40]));
    // the seeds near the ends of the boilerplate may be part of a longer run: each lists its first places
    assert!(summary.capped <= 4 * 20_000, "{}", summary.capped);
}

#[test]
fn a_document_repeated_with_a_word_changed_in_each() {
    let text = |i: usize| {
        let mut text: Vec<String> = (0..500).map(|word| format!("w{word}")).collect();
        if i > 0 {
            text[i + 100] = format!("own{i}");
        }
        text.join(" ")
    };
    let texts: Vec<String> = (0..300).map(text).collect();
    let run = audit_texts(&texts, &passages());
    let found = told(&run);
    assert_eq!(found.len(), 299);
    assert!(found.iter().all(|found| found.original.document == 0 && found.tokens == [500, 500]));
}

#[test]
fn one_sentence_over_and_over_in_one_text() {
    let text = vec![words(0..30) + "."; 20_000].join(" ");
    let run = audit_texts(&[text], &passages());
    let found = told(&run);
    let [only] = &found[..] else { panic!("{} passages", found.len()) };
    assert_eq!(only.tokens, [30 * 19_999; 2]);
    // a seed lists its first places; the others are counted
    assert!(run.summary().capped > 0);
    // with other words between
    let text: String = (0..20_000).map(|i| format!("{} own{i}. ", words(0..30))).collect();
    let run = audit_texts(&[text], &Params { identity: 1.0, ..passages() });
    let covered: u32 = told(&run).iter().map(|found| found.tokens[0]).sum();
    assert_eq!(covered, 30 * 19_999);
    assert!(run.summary().capped > 0);
}
