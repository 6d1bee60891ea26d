use std::collections::BTreeSet;

use scraper::{ElementRef, Html, Selector};

use super::*;
use crate::order::Order;
use crate::report::hostile;

fn page(outcome: &Outcome) -> String {
    let mut page = Vec::new();
    write(outcome, &Facts::new(outcome).unwrap(), None, &mut page).unwrap();
    String::from_utf8(page).unwrap()
}

/// All elements in order, with their attributes and without what they say.
fn skeleton(page: &Html) -> Vec<String> {
    let elements = page.root_element().descendants().filter_map(ElementRef::wrap);
    let tell = |element: ElementRef<'_>| {
        // how long a bar's parts are is as long as the texts are
        let is_length = |(name, value): &(&str, &str)| {
            let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
            element.value().name() == "rect" && ["x", "width"].contains(name) && is_number
        };
        let attributes = element.value().attrs().filter(|attribute| !is_length(attribute));
        let told = |(name, value)| match name {
            "aria-label" => format!(" {name}"),
            _ => format!(" {name}={value}"),
        };
        let attributes = attributes.map(told);
        let mut attributes: Vec<String> = attributes.collect();
        attributes.sort_unstable();
        format!("{}{}", element.value().name(), attributes.concat())
    };
    // what is around a text may be nothing, and so may what a bar shows of no listed piece; a number that both
    // languages write alike stands there once
    let varying =
        ["bdi class=around", "rect class=k0 height=10", "span class=en lang=en", "span class=fr lang=fr"];
    elements.map(tell).filter(|element| !varying.contains(&element.as_str())).collect()
}

/// What the elements behind a selector say.
fn said(page: &Html, selector: &str) -> Vec<String> {
    page.select(&Selector::parse(selector).unwrap()).map(|element| element.text().collect()).collect()
}

#[test]
fn hostile_strings_stay_text() {
    let (outcome, _folder) = hostile::run(&hostile::strings()[0]);
    let harmless = Html::parse_document(&page(&outcome));
    let expected = skeleton(&harmless);
    let names: BTreeSet<&str> = expected.iter().filter_map(|element| element.split(' ').next()).collect();
    assert!(!names.contains("iframe"));
    let scripts = expected.iter().filter(|element| element.starts_with("script"));
    assert_eq!(scripts.collect::<Vec<_>>(), ["script id=data type=application/json", "script"]);
    assert!(expected.iter().all(|element| !element.contains(" on") && !element.contains(" style=")));
    for hostile in &hostile::strings() {
        let (outcome, _folder) = hostile::run(hostile);
        let parsed = Html::parse_document(&page(&outcome));
        let found = skeleton(&parsed);
        let differs = found.iter().zip(&expected).position(|(a, b)| a != b);
        assert_eq!(differs.map(|at| (&found[at..], &expected[at..])), None, "{}", hostile.text);
        assert_eq!(found.len(), expected.len(), "{}", hostile.text);
        assert_eq!(said(&parsed, "style"), said(&harmless, "style"));
        the_one_script_is_ours(&parsed);
        data_say_it_too(&parsed, hostile);

        let whole = outcome.text(0).unwrap();
        assert!(whole.starts_with(&hostile.text));
        assert!(said(&parsed, ".text").contains(&cleaned(&whole)), "{}", hostile.text);
        let name = |text: &str| clean::name(text, 300);
        let source = name(&format!("folder {0}/{0}.jsonl", hostile.text));
        assert!(said(&parsed, ".source").contains(&source), "{}", hostile.text);
        assert!(said(&parsed, ".source").contains(&name(&hostile.text)), "the ignored file");
        // what was found is told in English alone, and says so
        assert!(said(&parsed, ".detail[lang=en]").contains(&name(&hostile.text)), "{}", hostile.text);
        assert!(said(&parsed, "td bdi").contains(&name(&format!("text {}", hostile.text))), "the field");
        if !hostile.json.contains(r"\ud83d") {
            assert!(said(&parsed, ".id").contains(&name(&hostile.text)), "{}", hostile.text);
        }
    }
}

/// The same where the strings are the names of sources.
#[test]
fn hostile_sources_stay_text() {
    let page = |hostile: &hostile::Hostile| {
        let order = Order { source_field: Some("id".to_owned()), ..Order::default() };
        let (outcome, folder) = hostile::run_with(hostile, order);
        (Html::parse_document(&page(&outcome)), outcome, folder)
    };
    let expected = skeleton(&page(&hostile::strings()[0]).0);
    for hostile in &hostile::strings() {
        let (parsed, outcome, _folder) = page(hostile);
        assert_eq!(skeleton(&parsed), expected, "{}", hostile.text);
        the_one_script_is_ours(&parsed);
        assert!(said(&parsed, "script:not([type])")[0].contains("data.named"));
        let name = clean::name(outcome.source_name(0), 300);
        let rows = said(&parsed, "#sources th .source");
        assert!(rows.contains(&name), "{rows:?}");
        assert_eq!(data(&parsed)["named"][0], name.as_str(), "{}", hostile.text);
        assert_eq!(data(&parsed)["from"][0], 0, "{}", hostile.text);
    }
}

/// What the policy names is the script that stands there, and no other does.
fn the_one_script_is_ours(page: &Html) {
    let csp = page.select(&Selector::parse("meta[http-equiv]").unwrap()).next().unwrap();
    let policy = csp.value().attr("content").unwrap();
    let code = said(page, "script:not([type])");
    assert_eq!(code.len(), 1);
    // of files, or of sources that a field names
    let of_files = SCRIPT.split_inclusive('\n').filter(|line| !line.ends_with(OF_NAMED));
    assert!(code[0] == SCRIPT || code[0] == of_files.collect::<String>());
    let expected = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
        digest::of(&code[0])
    );
    assert_eq!(policy, expected);
    assert!(!SCRIPT.contains("</") && !SCRIPT.contains("<!--") && !SCRIPT.contains("innerHTML"));
}

fn data(page: &Html) -> serde_json::Value {
    let data = said(page, "#data");
    assert_eq!(data.len(), 1);
    assert!(!data[0].contains('<'));
    serde_json::from_str(&data[0]).unwrap()
}

/// The string stands in the data where it belongs, as a string.
fn data_say_it_too(page: &Html, hostile: &hostile::Hostile) {
    let data = data(page);
    let name = |text: &str| clean::name(text, 300);
    let source = name(&format!("folder {0}/{0}.jsonl", hostile.text));
    assert_eq!(data["sources"], serde_json::json!([source]));
    if !hostile.json.contains(r"\ud83d") {
        assert_eq!(data["documents"][0][2], name(&hostile.text));
    }
    let groups = data["groups"].as_array().unwrap();
    let text = |group: &serde_json::Value| group["t"]["t"].as_str().unwrap_or_default().to_owned();
    assert!(groups.iter().any(|group| text(group).starts_with(&cleaned(&hostile.text))), "{}", hostile.text);
    let copies = groups.iter().flat_map(|group| group["k"].as_array().unwrap());
    let near = copies.filter(|copy| copy["k"] == 1).map(|copy| &copy["p"]).next().unwrap();
    let [_, _, start, length] = [0, 1, 2, 3].map(|at| near["r"][0][at].as_u64().unwrap() as usize);
    let units: Vec<u16> = near["c"]["t"].as_str().unwrap().encode_utf16().collect();
    assert_eq!(String::from_utf16(&units[start..start + length]).unwrap(), "changed");
}

/// Controls and what turns the direction replaced, by other means than the report's.
fn cleaned(text: &str) -> String {
    let turning = "\u{202A}\u{202B}\u{202C}\u{202D}\u{202E}\u{2066}\u{2067}\u{2068}\u{2069}";
    let hidden = |c: char| c.is_control() && c != '\n' && c != '\t' || turning.contains(c);
    text.replace("\r\n", "\n").replace('\r', "\n").replace(hidden, "\u{FFFD}")
}

#[test]
fn a_page_holds_no_control_and_is_the_same_each_time() {
    for hostile in hostile::strings() {
        let (outcome, _folder) = hostile::run(&hostile);
        let first = page(&outcome);
        assert!(!first.contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
        assert_eq!(first, page(&outcome));
    }
}

#[test]
fn words_that_differ_are_marked() {
    let (outcome, _folder) = hostile::run(&hostile::strings()[0]);
    let parsed = Html::parse_document(&page(&outcome));
    assert_eq!(said(&parsed, "ins"), ["changed"]);
    assert_eq!(said(&parsed, "del"), Vec::<String>::new());
    let csp = parsed.select(&Selector::parse("meta[http-equiv]").unwrap()).next().unwrap();
    assert!(csp.value().attr("content").unwrap().starts_with("default-src 'none'; script-src 'sha256-"));
}

#[test]
fn an_empty_corpus_has_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let sources = crate::read::sources::find(&[folder.path().to_path_buf()], None).unwrap();
    let params = crate::params::Params::audit();
    let run = crate::pipeline::audit(sources, &params, &Default::default(), &Default::default()).unwrap();
    let parsed = Html::parse_document(&page(&run));
    assert_eq!(
        said(&parsed, ".lead"),
        ["Nothing was read that could repeat anything.Rien n’a été lu qui puisse répéter quoi que ce soit."]
    );
    assert_eq!(data(&parsed)["groups"], serde_json::json!([]));
    assert_eq!(said(&parsed, "#skipped").len(), 0);
}

#[test]
fn passages_stand_side_by_side_with_what_is_around_them() {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/news-fr/003-barrage-verdanne.txt");
    let sources = crate::read::sources::find(&[path], None).unwrap();
    let params = crate::params::Params::audit();
    let run = crate::pipeline::audit(sources, &params, &Default::default(), &Default::default()).unwrap();
    let page = page(&run);
    let parsed = Html::parse_document(&page);
    assert!(page.contains("paragraphs 9-15 repeat paragraphs 2-8, "), "{page}");
    assert!(page.contains("paragraphs 9-15 repeat paragraphs 2-8 of the same document: exact"), "{page}");
    let [original, copy] = &said(&parsed, ".pair .text")[..] else { panic!("one pair") };
    assert!(original.starts_with("Barrage de la Verdanne") && original.ends_with(" …"), "{original}");
    assert!(copy.starts_with("… ") && copy.ends_with("millions d’euros."), "{copy}");
    assert_eq!(said(&parsed, ".pair .around").len(), 4);
    assert_eq!((said(&parsed, "ins").len(), said(&parsed, "del").len()), (0, 0));
    let text = run.text(0).unwrap();
    let share = |from: usize| text[..from].chars().count() * 1000 / text.chars().count();
    let start = text.rfind("HAUTE-VERDANNE").unwrap();
    let bar = Selector::parse(".bar rect").unwrap();
    let marks = parsed.select(&bar).map(|mark| mark.attr("x").unwrap().to_owned());
    assert_eq!(marks.collect::<Vec<_>>(), [share(start).to_string()]);
}

/// The page of a corpus of these files, each a list of texts.
fn page_of(files: &[Vec<String>]) -> (Facts, Html) {
    let folder = tempfile::tempdir().unwrap();
    for (number, texts) in files.iter().enumerate() {
        let lines = texts.iter().map(|text| serde_json::json!({ "text": text }).to_string() + "\n");
        std::fs::write(folder.path().join(format!("{number:02}.jsonl")), lines.collect::<String>()).unwrap();
    }
    let sources = crate::read::sources::find(&[folder.path().to_path_buf()], None).unwrap();
    let params = crate::params::Params::audit();
    let run = crate::pipeline::audit(sources, &params, &Default::default(), &Default::default()).unwrap();
    let facts = Facts::new(&run).unwrap();
    (facts, Html::parse_document(&page(&run)))
}

fn words(start: &str, count: usize) -> String {
    (0..count).map(|word| format!("{start}{word} ")).collect()
}

/// More pairs of sources than are kept: of two that stand in the matrix each pair is told all the same.
#[test]
fn the_matrix_knows_each_pair_that_it_shows() {
    let mut files = vec![Vec::new(); 34];
    for (copy, original) in (0..34).flat_map(|copy| (0..copy).map(move |original| (copy, original))) {
        let length = match (copy, original) {
            (1, 0) => 5,
            (33, 0) | (32, 1) => 30,
            _ => 8,
        };
        let text = words(&format!("c{copy}o{original}w"), length);
        files[copy].push(text.clone());
        files[original].push(text);
    }
    let (facts, page) = page_of(&files);
    assert_eq!((facts.relations.source_pairs, facts.relations.sources.len()), (34 * 33 / 2, 500));
    let names = said(&page, ".matrix th bdi");
    assert!(
        names.len() == 16 && names[0].ends_with("/00.jsonl") && names[1].ends_with("/01.jsonl"),
        "{names:?}"
    );
    let cells: Vec<String> = said(&page, ".matrix td.number");
    assert_eq!(cells[16], words("c1o0w", 5).len().to_string());
    assert_eq!(cells.iter().filter(|cell| *cell != "0").count(), 16 * 15 / 2);
}

/// What another contains is a copy, wherever it is told.
#[test]
fn a_contained_document_is_a_copy() {
    let original = format!("{}. {}. {}", words("p", 60), words("q", 60), words("r", 60));
    let contained = format!("{} x y z", words("p", 60));
    let partly = format!("{} {}", words("k", 80), words("q", 40));
    let (facts, page) = page_of(&[vec![original, contained, partly]]);
    let partly: Vec<u32> = facts.shares.partly.iter().map(|share| share.document).collect();
    assert_eq!((facts.shares.partly_count, partly), (1, vec![2]));
    let told: Vec<String> = said(&page, "#static-groups h3");
    assert!(told[0].starts_with("1. 1 document contained in another: "), "{told:?}");
    assert!(told[1].starts_with("2. 1 copy of a passage, exact: "), "{told:?}");
    let sentence = "1 document is no copy as a whole, but holds text that stood before.";
    assert!(page.root_element().text().any(|text| text.starts_with(sentence)));
    let tile = &said(&page, ".tiles small .fr")[0];
    assert!(tile.ends_with("0 exacte, 0 proche, 1 contenue dans un texte plus long"), "{tile}");
    let charts = said(&page, "figcaption .en");
    assert_eq!(
        charts[0],
        "Copies listed below, by similarity (%); passages have no threshold; 1 contained copy is not in it"
    );
    let charts = said(&page, "figcaption .fr");
    assert_eq!(
        charts[0],
        "Copies listées ci-dessous, par similarité (%)\u{A0}; les passages n’ont pas de seuil\u{A0}; 1 copie contenue n’y est pas"
    );
}

/// One that is a single document, and that a copy, says nothing of who copies.
#[test]
fn sources_of_a_single_document_come_last() {
    let [text, other] = [words("p", 90), words("q", 40)];
    let own = |of: &str| words(of, 90);
    let files = [
        vec![text.clone(), own("a")],
        vec![text],
        vec![own("b"), own("c")],
        vec![own("d"), other.clone(), other],
    ];
    let (_, page) = page_of(&files);
    let names = said(&page, "#sources tbody th");
    assert!(
        names.len() == 2 && names[0].ends_with("/03.jsonl") && names[1].ends_with("/01.jsonl"),
        "{names:?}"
    );
    let told = &said(&page, "#sources p .en")[0];
    let expected = "2 of 4 sources hold text that stood before. Those of a single document come last.";
    assert_eq!(told, expected);
}

/// A passage that comes first does not name what others repeat whole.
#[test]
fn a_group_is_headed_by_what_most_of_it_repeats() {
    let original = words("p", 100);
    let passage = format!("{} {} {}", words("x", 90), words("p", 95), words("y", 90));
    let texts = vec![original.clone(), passage, original.clone(), original.clone(), original];
    let (facts, page) = page_of(&[texts]);
    assert_eq!(facts.group_count, 1);
    let told = said(&page, "#static-groups h3");
    assert!(told[0].starts_with("1. 4 copies of a document or of parts of it, all exact: "), "{told:?}");
    assert!(said(&page, "#static-groups h4")[0].ends_with(": whole document"));
    assert_eq!(data(&page)["groups"][0].get("x"), None, "the whole document");
}

/// A heading keeps the marks of its script, and nothing that turns what is behind it around.
#[test]
fn headings_keep_direction_marks() {
    let text = format!("\u{200F}אבג\u{200E} \u{202E}{}", words("w", 20));
    let (_, page) = page_of(&[vec![text.clone(), text]]);
    let start = "\u{200F}אבג\u{200E} \u{FFFD}w0 w1 ";
    assert!(said(&page, ".excerpt")[0].starts_with(start));
    assert!(said(&page, ".text")[0].starts_with(start), "the panes say it as the heading does");
    let group = &data(&page)["groups"][0];
    assert!(group["e"].as_str().unwrap().starts_with(start));
    assert!(group["t"]["t"].as_str().unwrap().starts_with(start));
}
