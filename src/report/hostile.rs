//! A corpus that says the worst in every field, for the tests of all reports.

use crate::document::{Compression, Format, Skip, SkipReason, Source};
use crate::order::Order;
use crate::outcome::Outcome;
use crate::params::Params;
use crate::pipeline::{Inputs, Progress, Surroundings, audit};

/// A string as it stands in JSON, between its quotes, and what becomes of it as a text.
pub(super) struct Hostile {
    pub(super) json: String,
    pub(super) text: String,
}

/// The strings, and before them a harmless one to compare with.
pub(super) fn strings() -> Vec<Hostile> {
    let long = "unbroken".repeat(42);
    let mut strings: Vec<Hostile> = [
        "harmless",
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
        "\" onmouseover=\"alert(1)\" x='' autofocus onfocus='alert(1)",
        "</style><style>body{display:none}</style></title></textarea>",
        "<!-- --!> <![CDATA[ ]]> <?php -->",
        "javascript:alert(1) <a href=\"javascript:alert(1)\">x</a> data:text/html,<b>",
        "\u{1b}[31m\u{1b}]0;title\u{7}\u{1b}[2J \u{9b}31m \u{8}\u{8}\u{7f}",
        "\u{202E}drawkcab\u{202C} \u{2066}\u{2067}\u{2068}\u{2069}\u{200F}\u{61C}",
        "nul \0 here \u{1} \u{1f} \u{85} \u{fffe}",
        long.as_str(),
        "=cmd|' /C calc'!A0 +1+1 @SUM(1) -2",
        "{{7*7}} {% include \"/etc/passwd\" %} {# x #} ${7*7} <%= 7 %>",
        "&lt;b&gt; &amp;amp; &#60;i&#62; &NotAnEntity; &quot",
    ]
    .into_iter()
    .map(|text| {
        let json = serde_json::Value::from(text).to_string();
        Hostile { json: json[1..json.len() - 1].to_owned(), text: text.to_owned() }
    })
    .collect();
    strings.push(Hostile {
        json: r"lone \ud83d and \udca9 surrogates".to_owned(),
        text: "lone \u{FFFD} and \u{FFFD} surrogates".to_owned(),
    });
    strings
}

/// Fifty words; the number tells texts apart.
pub(super) fn words(number: u32) -> String {
    (0..50).map(|word| format!("word{number}n{word} ")).collect()
}

/// A run over a corpus in which everything holds the string: texts (a near copy, an exact one, a copied
/// paragraph), ids, names of files and folders, field names, details of skips. The folder has to live as long
/// as texts are read.
pub(super) fn run(hostile: &Hostile) -> (Outcome, tempfile::TempDir) {
    run_with(hostile, Order::default())
}

/// The same, with more that is told of its records.
pub(super) fn run_with(hostile: &Hostile, order: Order) -> (Outcome, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("corpus.jsonl");
    let Hostile { json, text } = hostile;
    // a field's name has no lone surrogates, as it comes from the command line
    let field = serde_json::Value::from(format!("text {text}")).to_string();
    let [first, second, third] = [1, 2, 3].map(words);
    let lines = [
        format!(r#"{{"id":"{json}",{field}:"{json} {first} {json}\n{second} {json}"}}"#),
        format!(r#"{{"id":"{json}",{field}:"{json} {first} changed {json}\n{second} {json}"}}"#),
        format!(r#"{{"id":"{json}",{field}:"{json} {}\n{third} {second}\n{second} {json}"}}"#, words(4)),
        format!(r#"{{"id":["{json}"],{field}:"{json} {first} {json}\n{second} - {json}"}}"#),
        format!(r#"{{"id":"{json}",{field}:["{json}"]}}"#),
        format!(r#"["{json}"]"#),
        format!(r#"{{"{json}":1}}"#),
        format!(r#"{{"{json}":"#),
    ];
    std::fs::write(&path, lines.join("\n")).unwrap();
    let mut sources = crate::read::sources::find(&[path], None).unwrap();
    sources.files[0].name = format!("folder {text}/{text}.jsonl");
    sources.files.push(Source {
        path: Some(folder.path().join("missing.txt")),
        name: format!("{text}.txt"),
        format: Format::Text,
        compression: Compression::Plain,
        size: 0,
        modified: None,
        input: 0,
        regular: true,
    });
    sources.skips.push(Skip {
        source: 1,
        record: None,
        records: 0,
        line: None,
        reason: SkipReason::Unreadable,
        detail: text.clone(),
    });
    sources.ignored.push(text.clone());
    let params = Params { text_field: format!("text {text}"), ..Params::audit() };
    let inputs = Inputs { order, ..sources.into() };
    let outcome = audit(inputs, &params, &Surroundings::default(), &Progress::default()).unwrap();
    (outcome, folder)
}
