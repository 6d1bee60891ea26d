//! `redite dedup --remove`: every combination of what leaves, held against what was written.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use proptest::prelude::*;
use redite::dedup::Removal;
use redite::document::{Kind, Match, Unit};
use redite::order::Prefer;
use redite::outcome::{Fate, Outcome};
use redite::params::{Params, Remove, Units};
use redite::pipeline::Surroundings;
use redite::plain;

use crate::containers;
use crate::language::{Dir, Numbers, audit_inputs, dedup, document, gz, told, zst};
use crate::passages::SEVERAL_TOKENS;

/// Every combination of the four words but the default.
pub(crate) fn combinations() -> impl Iterator<Item = Remove> {
    let bit = |bits: u32, at: u32| bits >> at & 1 == 1;
    let all = (1..16).map(move |bits| Remove {
        documents: bit(bits, 0),
        contained: bit(bits, 1),
        paragraphs: bit(bits, 2),
        passages: bit(bits, 3),
    });
    all.filter(|remove| remove.is_by_parts())
}

/// The parameters of a combination: what leaves is looked for.
pub(crate) fn removing(remove: Remove) -> Params {
    let units = Units {
        documents: remove.documents,
        paragraphs: remove.paragraphs,
        passages: remove.passages || remove.contained,
    };
    Params { units, remove, ..Params::dedup() }
}

/// Texts of paragraphs that repeat, are edited, stand inside of longer ones, in texts that repeat.
pub(crate) fn repetitive(numbers: &mut Numbers) -> Vec<String> {
    let vocabulary = [60, 400][numbers.below(2)];
    let fresh = |numbers: &mut Numbers| -> Vec<String> {
        let word = |numbers: &mut Numbers| match numbers.below(12) {
            0 => "é".to_owned(),
            1 => "甲".to_owned(),
            2 if numbers.below(3) == 0 => SEVERAL_TOKENS[numbers.below(SEVERAL_TOKENS.len())].to_owned(),
            _ => format!("w{}", numbers.below(vocabulary)),
        };
        (0..1 + numbers.below(45)).map(|_| word(numbers)).collect()
    };
    let mut pool: Vec<Vec<String>> = (0..6).map(|_| fresh(numbers)).collect();
    let mut texts: Vec<String> = Vec::new();
    for _ in 0..3 + numbers.below(8) {
        if numbers.below(4) == 0 && !texts.is_empty() {
            let mut text = texts[numbers.below(texts.len())].clone();
            if numbers.below(2) == 0 {
                text = text.replacen('w', "v", 1 + numbers.below(2));
            }
            texts.push(text);
            continue;
        }
        let mut text = String::new();
        for _ in 0..1 + numbers.below(6) {
            let mut paragraph: Vec<String> = Vec::new();
            for _ in 0..1 + numbers.below(3) {
                let mut piece = match numbers.below(3) {
                    0 => fresh(numbers),
                    _ => pool[numbers.below(pool.len())].clone(),
                };
                if numbers.below(4) == 0 {
                    let at = numbers.below(piece.len());
                    piece[at] = "edited".to_owned();
                }
                if numbers.below(4) == 0 {
                    piece.drain(..numbers.below(piece.len()));
                }
                paragraph.append(&mut piece);
            }
            if numbers.below(3) == 0 {
                pool.push(paragraph.clone());
            }
            for word in paragraph {
                text.push_str(&word);
                text.push_str([" ", " ", " ", " ", ", ", ". ", " \"", " (", ") ", "-"][numbers.below(10)]);
            }
            text.push_str(["\n", "\n\n", ".\n", "\r\n", "\n***\n"][numbers.below(5)]);
        }
        texts.push(text);
    }
    texts
}

/// The texts below a folder, in order.
fn written(folder: &Path) -> Vec<String> {
    let params =
        Params { units: Units { documents: true, paragraphs: false, passages: false }, ..Params::audit() };
    let outcome = audit_inputs(&[folder.to_path_buf()], &params);
    assert!(outcome.skips().is_empty(), "{:?}", outcome.skips());
    (0..outcome.documents()).map(|document| outcome.text(document).unwrap()).collect()
}

fn holds(tokens: &[String], part: &[String]) -> bool {
    part.is_empty() || tokens.windows(part.len()).any(|window| window == part)
}

/// What was found of a corpus, with what was written of it.
struct Judged<'a> {
    outcome: &'a Outcome,
    removal: &'a Removal,
    texts: &'a [String],
    /// the tokens written of each document; none where it is removed
    left: Vec<Option<Vec<String>>>,
}

impl Judged<'_> {
    fn part(&self, document: u32, bytes: &Range<u64>) -> &str {
        &self.texts[document as usize][bytes.start as usize..bytes.end as usize]
    }

    fn left(&self, document: u32) -> &[String] {
        self.left[document as usize].as_deref().expect("the document of an original is kept")
    }

    /// A passage that leaves, or is why a document does, stands whole in what is written of its original.
    fn passage(&self, found: &Match) {
        let [_, original] = found.stretches.as_ref().unwrap();
        let tokens = plain::tokens(self.part(found.original.document, &original.bytes));
        assert!(holds(self.left(found.original.document), &tokens), "{found:?}");
    }

    fn paragraph(&self, found: &Match) {
        let params = &self.outcome.summary().parameters;
        let [copy, original] = [found.copy, found.original]
            .map(|place| plain::tokens(self.part(place.document, &self.outcome.span(place).bytes)));
        let [a, b] = [&copy, &original].map(|tokens| plain::shingles(tokens, params.shingle as usize));
        assert!(plain::jaccard(&a, &b) >= params.threshold, "{found:?}");
        // a paragraph that only stands inside of longer ones is no copy of a paragraph
        assert!(matches!(self.outcome.fate(found.original), Fate::Original | Fate::Contained), "{found:?}");
        // what is cut out of it has originals of its own
        let span = self.outcome.span(found.original).bytes;
        let passages = self.outcome.passages(found.original.document);
        let loses = passages.map(|passage| passage.stretches.unwrap()[0].bytes.clone());
        let loses_some = loses.into_iter().any(|bytes| bytes.start < span.end && span.start < bytes.end);
        if !params.remove.passages || !loses_some {
            assert!(holds(self.left(found.original.document), &original), "{found:?}");
        } else {
            self.left(found.original.document);
        }
    }

    fn document(&self, found: &Match) {
        let params = &self.outcome.summary().parameters;
        self.left(found.original.document);
        let [copy, original] = [found.copy.document, found.original.document]
            .map(|document| plain::tokens(&self.texts[document as usize]));
        if found.kind != Kind::Contained {
            let [a, b] = [&copy, &original].map(|tokens| plain::shingles(tokens, params.shingle as usize));
            assert!(plain::jaccard(&a, &b) >= params.threshold, "{found:?}");
            return;
        }
        // of a repeated document the passages are told once
        let told = |&of: &u32| {
            plain::tokens(&self.texts[of as usize]) == copy && self.outcome.passages(of).next().is_some()
        };
        let first = Some(found.copy.document).filter(told).or_else(|| (0..found.copy.document).find(told));
        let passages = self.outcome.passages(first.unwrap());
        let own: Vec<Match> =
            passages.filter(|passage| passage.original.document == found.original.document).collect();
        own.iter().for_each(|passage| self.passage(passage));
        let covered: u32 = own.iter().map(|passage| passage.tokens[0]).sum();
        assert!(f64::from(covered) >= params.contained * copy.len() as f64, "{found:?}");
    }

    fn all(&self) -> usize {
        let remove = self.outcome.summary().parameters.remove;
        let mut seen = BTreeSet::new();
        let mut cuts: Vec<Vec<Range<u64>>> = vec![Vec::new(); self.texts.len()];
        for found in self.outcome.matches().filter(|found| self.removal.removes(found)) {
            match found.unit {
                Unit::Document => {
                    assert!(remove.documents || found.kind == Kind::Contained);
                    self.document(&found);
                    assert!(seen.insert(found.copy.document));
                }
                Unit::Paragraph => {
                    assert!(remove.paragraphs);
                    self.paragraph(&found);
                    cuts[found.copy.document as usize].push(self.outcome.span(found.copy).bytes);
                }
                Unit::Passage => {
                    assert!(remove.passages);
                    self.passage(&found);
                    cuts[found.copy.document as usize].push(found.stretches.unwrap()[0].bytes.clone());
                }
            }
        }
        let removed: BTreeSet<u32> =
            (0..self.outcome.documents()).filter(|&document| self.removal.is_removed(document)).collect();
        assert_eq!(seen, removed, "each removed document is listed with its original");
        // of the tokens of what is kept exactly those of removed units are gone
        for (number, (text, cuts)) in self.texts.iter().zip(&cuts).enumerate() {
            let Some(left) = &self.left[number] else { continue };
            let mut stays = String::new();
            let mut from = 0;
            let mut cuts = cuts.clone();
            cuts.sort_by_key(|cut| cut.start);
            for cut in cuts {
                assert!(from as u64 <= cut.start, "what leaves is apart");
                stays.push_str(&text[from..cut.start as usize]);
                stays.push('\n');
                from = cut.end as usize;
            }
            stays.push_str(&text[from..]);
            assert_eq!(*left, plain::tokens(&stays));
        }
        cuts.concat().len() + seen.len()
    }
}

/// Runs over texts and holds what is written against the slow twin; returns how many units left.
fn judge(texts: &[String], params: &Params) -> usize {
    let dir = Dir::new().file("in/a.jsonl", containers::lines(texts) + "{\"text\":1}\n");
    let (input, output) = (dir.path("in"), dir.path("out"));
    let made = dedup((&input, &output), params, (Prefer::First, &[]), &Surroundings::default()).unwrap();
    let kept = written(&output);
    let mut kept_texts = kept.iter();
    let left = |document: u32| {
        let stays = !made.removal.is_removed(document);
        let text = stays.then(|| kept_texts.next().unwrap());
        if let Some(text) = text.filter(|_| !made.removal.is_cut(document)) {
            assert_eq!(*text, texts[document as usize], "what loses nothing keeps every byte");
        }
        text.map(|text| plain::tokens(text))
    };
    let left = (0..texts.len() as u32).map(left).collect();
    let judged = Judged { outcome: &made.outcome, removal: &made.removal, texts, left };
    let units = judged.all();
    assert_eq!(kept_texts.len(), 0);
    let all = &made.removal.all;
    assert_eq!((all.read, all.skipped), (texts.len() as u64 + 1, 1));
    assert_eq!(all.kept + all.removed + all.skipped, all.read);
    let of_texts = all.texts.unwrap();
    assert_eq!(of_texts.paragraphs, made.outcome.summary().input.paragraphs);
    let sums = of_texts.paragraphs_kept + of_texts.paragraphs_removed + of_texts.paragraphs_in_removed;
    assert_eq!(sums, of_texts.paragraphs);
    let empty = kept.iter().zip(0..).filter(|(text, _)| plain::tokens(text).is_empty()).count();
    let were = (0..texts.len() as u32).filter(|&of| plain::tokens(&texts[of as usize]).is_empty());
    let were = were.filter(|&of| !made.removal.is_removed(of)).count();
    assert_eq!(of_texts.emptied as usize, empty - were);
    units
}

#[test]
fn what_leaves_has_an_original_that_stays() {
    for (number, remove) in combinations().enumerate() {
        let mut units = 0;
        for seed in 0..40 {
            let mut numbers = Numbers(seed + 1000 * number as u64);
            let texts = if seed % 4 == 0 {
                crate::passages::random_corpus(&mut numbers)
            } else {
                repetitive(&mut numbers)
            };
            let passage = [25, 25, 12][seed as usize % 3];
            units += judge(&texts, &Params { passage, ..removing(remove) });
        }
        assert!(units > 30, "{remove:?}: {units}");
    }
}

/// Threads, pieces and containers change no text, and no match.
#[test]
fn what_is_left_is_the_same_always() {
    for (number, remove) in combinations().enumerate() {
        let mut numbers = Numbers(77 + number as u64);
        let texts: Vec<String> = (0..3).flat_map(|_| repetitive(&mut numbers)).collect();
        let params = removing(remove);
        let run = |name: &str, bytes: Vec<u8>, threads: usize, chunk: usize| {
            let dir = Dir::new().file(&format!("in/{name}"), bytes);
            let surroundings = Surroundings { chunk, ..Surroundings::default() };
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let (input, output) = (dir.path("in"), dir.path("out"));
            let made = pool
                .install(|| dedup((&input, &output), &params, (Prefer::First, &[]), &surroundings))
                .unwrap();
            (written(&output), told(&made.outcome))
        };
        let lines = containers::lines(&texts).into_bytes();
        let first = run("a.jsonl", lines.clone(), 1, 256 << 10);
        assert!(first.1.len() > 5, "{remove:?}");
        assert!(first == run("a.jsonl", lines.clone(), 3, 100));
        assert!(first == run("a.jsonl.gz", gz(&lines), 2, 1000));
        assert!(first == run("a.csv", containers::rows(&texts, ',', "\n").into_bytes(), 2, 1000));
        assert!(first == run("a.csv", containers::rows(&texts, ';', "\r\n").into_bytes(), 3, 1000));
        assert!(first == run("a.csv.gz", gz(containers::rows(&texts, ';', "\n")), 1, 300));
        assert!(first == run("a.tsv.zst", zst(containers::rows(&texts, '\t', "\r\n")), 4, 300));
        assert!(first == run("a.wet", containers::archive(&texts).into_bytes(), 2, 256 << 10));
        assert!(first == run("a.wet.gz", gz(containers::archive(&texts)), 1, 500));
        #[cfg(feature = "parquet")]
        for layout in [3, 100].map(containers::parquet::Layout::plain) {
            let dictionary = containers::parquet::Layout { dictionary: true, ..layout };
            for layout in [layout, dictionary] {
                let table = containers::parquet::table(&texts, layout);
                assert!(first == run("a.parquet", table, 2, 1000), "{remove:?}");
            }
        }
    }
}

/// Whole files as texts, packed or not.
#[test]
fn texts_lose_what_leaves() {
    let mut numbers = Numbers(5);
    let texts: Vec<String> = (0..4).flat_map(|_| repetitive(&mut numbers)).collect();
    for remove in combinations() {
        let mut dir = Dir::new();
        for (number, text) in texts.iter().enumerate() {
            let name = format!("in/{number:03}.txt");
            dir = if number % 2 == 0 { dir.file(&name, text) } else { dir.file(&(name + ".gz"), gz(text)) };
        }
        dir = dir.file("lines/a.jsonl", containers::lines(&texts));
        let run = |input: &str, output: &str| {
            let made = dedup(
                (&dir.path(input), &dir.path(output)),
                &removing(remove),
                (Prefer::First, &[]),
                &Surroundings::default(),
            );
            (written(&dir.path(output)), told(&made.unwrap().outcome))
        };
        assert!(run("in", "out") == run("lines", "out-lines"), "{remove:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Another order, and what is protected: what leaves still has an original in the output.
    #[test]
    fn originals_stay_in_any_order(seed in any::<u64>(), which in 0usize..14) {
        let mut numbers = Numbers(seed);
        let texts = repetitive(&mut numbers);
        let params = removing(combinations().nth(which).unwrap());
        let half = texts.len() / 2;
        let dir = Dir::new()
            .file("in/a/x.jsonl", containers::lines(&texts[..half]))
            .file("in/b/x.jsonl", containers::lines(&texts[half..]));
        let protect: &[&str] = if seed % 2 == 0 { &["b"] } else { &[] };
        let (input, output) = (dir.path("in"), dir.path("out"));
        let how = (Prefer::Longest, protect);
        let made = dedup((&input, &output), &params, how, &Surroundings::default()).unwrap();
        let kept = written(&output);
        let mut stay: Vec<u32> =
            (0..made.outcome.documents()).filter(|of| !made.removal.is_removed(*of)).collect();
        stay.sort_unstable_by_key(|of| made.outcome.record(*of));
        prop_assert_eq!(stay.len(), kept.len());
        for found in made.outcome.matches().filter(|found| made.removal.removes(found)) {
            prop_assert!(!made.removal.is_removed(found.original.document));
            if let (Unit::Passage, Some([_, original])) = (found.unit, &found.stretches) {
                let text = made.outcome.text(found.original.document).unwrap();
                let part = plain::tokens(&text[original.bytes.start as usize..original.bytes.end as usize]);
                let place = stay.iter().position(|of| *of == found.original.document);
                let text = place.map(|place| plain::tokens(&kept[place]));
                prop_assert!(text.is_some_and(|text| holds(&text, &part)));
            }
        }
        if seed % 2 == 0 {
            prop_assert_eq!(&kept[kept.len() - (texts.len() - half)..], &texts[half..]);
        }
        let fate = |of: u32| made.outcome.fate(document(of));
        prop_assert!((0..made.outcome.documents()).all(|of| fate(of) != Fate::InLeaving));
    }
}

/// Doing it again changes nothing where documents leave. Where parts of texts do, what is left may be alike.
#[test]
fn doing_it_again_changes_nothing() {
    let whole = combinations().chain([Remove::default()]).filter(|remove| !remove.cuts_texts());
    for remove in whole {
        for seed in 0..15 {
            let texts = repetitive(&mut Numbers(seed));
            let dir = Dir::new().file("in/a.jsonl", containers::lines(&texts));
            let again = |input: &str, output: &str| {
                let how = (Prefer::First, &[][..]);
                let places = (&*dir.path(input), &*dir.path(output));
                dedup(places, &removing(remove), how, &Surroundings::default()).unwrap();
                written(&dir.path(output))
            };
            assert_eq!(again("in", "out"), again("out", "again"), "{remove:?}, seed {seed}");
        }
    }
}

/// The command: what it prints, writes, lists and refuses.
#[cfg(feature = "cli")]
mod command {
    use insta::assert_snapshot;
    use serde_json::{Value, json};

    use crate::cli::redite;
    use crate::language::{Dir, records, words};

    const WIRE: &str = "Les engins ont recommencé lundi à creuser la rive gauche du fleuve, à deux pas de l’ancienne \
        usine, malgré l’avis de la commission.";
    const REST: &str = "Le préfet a rappelé que l’enquête publique s’achève vendredi et que les riverains peuvent \
        encore déposer leurs remarques en mairie, comme le prévoit le code de l’environnement depuis vingt ans.";

    fn corpus() -> Dir {
        let own = "Un lecteur nous écrit de loin pour dire tout autre chose, sans rapport avec le fleuve.";
        let texts = [
            format!("{WIRE}\n{REST}\n"),
            format!(
                "{own}\n\n{WIRE}\n\nLa rédaction note en marge de cette lettre, reçue hier soir par coursier : « {REST} » À suivre la \
                 semaine prochaine, en page deux du cahier local.\n"
            ),
            format!("{WIRE}\n{REST}"),
            WIRE.to_owned(),
        ];
        Dir::new().file("in/a.jsonl", records(&texts)).file("in/b/c.txt", format!("{REST}\n"))
    }

    fn texts(dir: &Dir, name: &str) -> Vec<String> {
        let lines = std::fs::read_to_string(dir.path(name)).unwrap();
        let text =
            |line: &str| serde_json::from_str::<Value>(line).unwrap()["text"].as_str().unwrap().to_owned();
        lines.lines().map(text).collect()
    }

    #[test]
    fn parts_leave_and_are_listed() {
        let dir = corpus();
        let flags = ["--remove", "documents,paragraphs,passages", "--output", "out"];
        assert_snapshot!("removing", redite(&dir, ["dedup", "in"].iter().chain(&flags)).ends().seen());
        let kept = texts(&dir, "out/a.jsonl");
        let own = "Un lecteur nous écrit de loin pour dire tout autre chose, sans rapport avec le fleuve.";
        assert_eq!(
            kept,
            [
                format!("{WIRE}\n{REST}\n"),
                format!(
                    "{own}\n\nLa rédaction note en marge de cette lettre, reçue hier soir par coursier : À suivre la \
                     semaine prochaine, en page deux du cahier local.\n"
                ),
                String::new(),
            ]
        );
        assert_eq!(std::fs::read_to_string(dir.path("out/b/c.txt")).unwrap(), "");
        let listed = redite(&dir, ["dedup", "in", "--force", "-q", "--removed", "-"].iter().chain(&flags));
        let lines = listed.ends().ok();
        let units: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let of = |unit: &Value| format!("{} {}", unit["unit"].as_str().unwrap(), unit["copy"]["record"]);
        let told: Vec<String> = units.iter().map(of).collect();
        assert_eq!(told, ["paragraph 1", "passage 1", "document 2", "paragraph 3", "paragraph 0"]);
        assert!(units.iter().all(|unit| unit["original"]["record"] == 0));
        // the rows of the page add up: of what removed documents hold nothing else is told
        let reported = ["dedup", "in", "--force", "-q", "--report", "-"].iter().chain(&flags);
        let page = redite(&dir, reported).ends().ok();
        let page = scraper::Html::parse_document(&page);
        let all = |selector: &str| scraper::Selector::parse(selector).unwrap();
        for row in page.select(&all("#numbers div:first-of-type tbody tr")) {
            let number = |cell: scraper::ElementRef<'_>| {
                let cell = cell.select(&all(".en")).next().unwrap_or(cell);
                cell.text().collect::<String>().trim().replace(',', "").parse().unwrap()
            };
            let cells: Vec<u64> = row.select(&all("td")).map(number).collect();
            assert_eq!((cells.len(), cells[0]), (9, cells[1..].iter().sum()));
        }
    }

    #[test]
    fn documents_inside_of_one_that_stays_leave() {
        let dir = corpus();
        let flags = ["--remove", "contained", "--output", "out", "--json", "-q"];
        let told = redite(&dir, ["dedup", "in"].iter().chain(&flags)).ends().ok();
        let told: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(told["dedup"]["remove"], json!(["contained"]));
        assert_eq!((&told["dedup"]["kept"], &told["dedup"]["removed"]), (&json!(2), &json!(3)));
        assert_eq!(texts(&dir, "out/a.jsonl").len(), 2);
        assert!(!dir.path("out/b").exists());
    }

    #[test]
    fn guards_see_what_texts_lose() {
        let dir = corpus();
        let run = |limit: &str| {
            let flags = ["--remove", "paragraphs", "--output", "out", "--max-removed", limit];
            redite(&dir, ["dedup", "in"].iter().chain(&flags)).ends()
        };
        let refused = run("50%");
        assert_eq!(refused.code, 4);
        let told = refused.stderr;
        assert!(told.contains("source `b` loses") && told.contains("characters (99.5 %)"), "{told}");
        assert!(!dir.path("out").exists());
        assert_eq!(run("100%").code, 0);
    }

    #[test]
    fn annotations_tell_what_would_leave() {
        let dir = corpus();
        let flags = ["--remove", "paragraphs,passages", "--annotate", "--output", "out", "-q"];
        redite(&dir, ["dedup", "in"].iter().chain(&flags)).ends().ok();
        let lines = std::fs::read_to_string(dir.path("out/a.jsonl")).unwrap();
        let second: Value = serde_json::from_str(lines.lines().nth(1).unwrap()).unwrap();
        let parts = second["redite"]["parts"].as_array().unwrap();
        let units: Vec<&str> = parts.iter().map(|part| part["unit"].as_str().unwrap()).collect();
        assert_eq!(units, ["paragraph", "passage"]);
        assert_eq!(parts[0]["original"]["record"], 0);
        assert_eq!(texts(&dir, "out/a.jsonl"), texts(&dir, "in/a.jsonl"));
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let dir = corpus();
        for (flags, said) in [
            ("--remove passages --units document,passage", "add `documents` to `--remove`"),
            ("--remove paragraphs --certify 10", "certify"),
        ] {
            let flags = flags.split(' ').chain(["--output", "out"]);
            let ended = redite(&dir, ["dedup", "in"].into_iter().chain(flags)).ends();
            assert_eq!(ended.code, 2, "{}", ended.stderr);
            assert!(ended.stderr.contains(said), "{}", ended.stderr);
            assert!(!dir.path("out").exists());
        }
    }

    /// An index takes its own removal where none is named, and refuses another.
    #[test]
    fn an_index_remembers_what_leaves() {
        let texts = [words(0..60), words(100..160)].map(|text| text.replace(" w5", "\nw5"));
        let second = [format!("{}\n{}", words(200..230), texts[0]), words(300..330)];
        let dir = Dir::new().file("one.jsonl", records(&texts)).file("two.jsonl", records(&second));
        let night = |input: &str, flags: &[&str]| {
            let all = ["dedup", input, "--index", "archive", "-q", "--output"];
            redite(&dir, all.iter().chain(&[&*input.replace("jsonl", "out")]).chain(flags)).ends()
        };
        assert_eq!(night("one.jsonl", &["--remove", "documents,passages"]).code, 0);
        let refused = night("two.jsonl", &["--remove", "paragraphs"]);
        assert_eq!(refused.code, 2, "{}", refused.stderr);
        assert!(refused.stderr.contains("documents,passages"), "{}", refused.stderr);
        assert_eq!(night("two.jsonl", &[]).code, 0);
        let kept = self::texts(&dir, "two.out/two.jsonl");
        assert_eq!(kept, [words(200..230), words(300..330)]);
    }

    /// Nights leave what one run over all leaves, contained documents included.
    #[test]
    fn an_index_remembers_what_is_contained() {
        let whole = format!("{}\n{}", words(0..40), words(100..160));
        let first = [whole.clone(), words(0..40), words(300..330)];
        let second = [words(0..40), words(100..150), words(400..430), whole];
        let all = records(&[&first[..], &second].concat());
        let dir = Dir::new()
            .file("one.jsonl", records(&first))
            .file("two.jsonl", records(&second))
            .file("all.jsonl", all);
        for input in ["one", "two", "all"] {
            let archive = if input == "all" { "other" } else { "archive" };
            let (from, to) = (format!("{input}.jsonl"), format!("{input}.out"));
            let flags = ["--remove", "documents,contained", "--index", archive, "-q", "--output", &to];
            redite(&dir, ["dedup", &from].iter().chain(&flags)).ends().ok();
        }
        let left = |input: &str| texts(&dir, &format!("{input}.out/{input}.jsonl"));
        assert_eq!([left("one"), left("two")].concat(), left("all"));
        assert_eq!(left("two"), [words(400..430)]);
    }

    /// A document that equals a contained one leaves as that does, and has no passages of its own: its characters are counted all
    /// the same.
    #[test]
    fn what_equals_a_contained_document_is_counted() {
        let [first, between, last] = [words(0..30), words(100..500), words(600..630)];
        let record = |parts: &[&str]| format!("{}\n", json!({ "text": parts.join(" ") }));
        let inside = record(&[&first, &last]);
        let dir = Dir::new().file("a.jsonl", record(&[&first, &between, &last]) + &inside + &inside);
        let flags =
            ["--remove", "documents,contained", "--units", "document,passage", "--output", "out", "--json"];
        let ended = redite(&dir, ["dedup", "a.jsonl", "--quiet"].iter().chain(&flags)).ends();
        let told: Value = serde_json::from_str(&ended.stdout).expect(&ended.stderr);
        assert_eq!(told["documents"]["contained_copies"], 2);
        let whole = (first.len() + 1 + last.len()) as u64;
        let mut characters: Vec<u64> = told["relations"]["documents"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pair| pair["characters"].as_u64().unwrap())
            .collect();
        characters.sort_unstable();
        assert_eq!(characters, [whole - 1, whole], "the passages of the first, all of the second");
        assert_eq!(told["characters"]["copied"], 2 * whole - 1);
    }
}
