//! Errors as the command tells them: what the library says is wrong, and the next move in terms of flags.

use std::path::Path;

use redite::error::{Error, Refusal};

/// What the library's hints name, and what does the same on the command line.
const FLAGS: [(&str, &str); 21] = [
    ("`Archive`", "`--index`"),
    ("`Archive::adding`", "`redite dedup --index`"),
    ("`Format::Text`", "`--format text`"),
    ("`Index::each_document`", "`redite index export --documents`"),
    ("`Job::force`", "`--force`"),
    ("`Order`", "`--prefer` and `--protect`"),
    ("`Params::audit`", "`--units document,paragraph,passage`"),
    ("`Params::floor`", "`--floor`"),
    ("`Params::id_field`", "`--id-field`"),
    ("`Params::max_record`", "`--max-record`"),
    ("`Params::remove`", "`--remove`"),
    ("`Params::text_field`", "`--text-field`"),
    ("`Params::units`", "`--units`"),
    ("`Remove::documents`", "`--remove documents`"),
    ("`Surroundings::memory`", "`--memory`"),
    ("`Surroundings::temporary`", "`--temp-dir`"),
    ("`Writer::compact`", "`redite index compact`"),
    ("`document::Format`", "`--format`"),
    ("`index::undoing::undo`", "`redite index rollback`"),
    ("`matches::write_those`", "`--removed FILE`"),
    ("`rayon::ThreadPoolBuilder`", "`--threads 1`"),
];

/// The whole message.
pub(crate) fn told(error: &Error) -> String {
    let wrong = wrong(error);
    hint(error).map_or_else(|| wrong.clone(), |hint| format!("{wrong}\n\nhint: {hint}"))
}

/// What is wrong: as the library says it, with flags where its own words name parameters. Nothing else is touched: paths and
/// findings are the user's.
fn wrong(error: &Error) -> String {
    match error {
        Error::Parameter { name, expected, got, .. } => {
            format!("`{name}` must be {}, got `{got}`", in_flags(expected))
        }
        Error::Pairs { path, line, wrong } => {
            format!("`{}`: line {line}: {}", path.display(), in_flags(wrong))
        }
        Error::Refused(Refusal::TooMuch { limit, findings, .. }) => {
            format!("nothing was written: more than {limit} would be removed (`--max-removed`)\n\n{findings}")
        }
        error => error.to_string(),
    }
}

/// The next move: the library's, but where a command goes further.
fn hint(error: &Error) -> Option<String> {
    let own = match error {
        Error::Damaged { .. } => {
            "`redite index verify` looks through all files, and says what brings the index back"
        }
        Error::NotReadable { .. } => {
            "try again; where it fails again the disk has lost that part: `redite index verify` looks through all files, and \
             says what brings the index back"
        }
        Error::OtherParameter { .. } => "leave the flag out, or make another index",
        Error::Pairs { .. } => {
            "`redite audit INPUT --floor 0.6 --matches M.jsonl` writes what `redite rethreshold M.jsonl` reads"
        }
        Error::Refused(Refusal::TooMuch { index, .. }) => return Some(look_at_copies(index.as_deref())),
        Error::Io { source, .. } => {
            let within = source.get_ref().and_then(|within| within.downcast_ref());
            return within.map_or_else(|| error.hint().map(in_flags), hint);
        }
        error => return error.hint().map(in_flags),
    };
    Some(own.to_owned())
}

fn look_at_copies(index: Option<&Path>) -> String {
    let index = index.map(|index| format!(" INPUT --index {}", index.display())).unwrap_or_default();
    format!("look at the copies with `redite audit{index}`, or raise `--max-removed`")
}

/// A text of the library with the flags for what it names.
fn in_flags(text: &str) -> String {
    FLAGS.iter().fold(text.to_owned(), |text, (name, flag)| text.replace(name, flag))
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::PathBuf;

    use redite::params::{Params, Remove, Units};

    use super::*;

    fn parameter(params: &Params) -> Error {
        params.validate().expect_err("one is outside of its range")
    }

    /// Those that hardly a run meets; the others stand in the snapshots of the command.
    #[test]
    fn errors_are_told_in_flags() {
        let path = || PathBuf::from("archive");
        let none = Units { documents: false, paragraphs: false, passages: false };
        let remove = Remove { documents: false, passages: true, ..Remove::default() };
        let all = Params { remove, ..Params::audit() };
        let documents = Params { remove, ..Params::dedup() };
        let damaged = || Error::Damaged { path: path(), offset: 8, found: "nothing".to_owned() };
        let memory = |has_floor| Error::TooLittleMemory { memory: 1 << 20, held: 3 << 20, has_floor };
        let verify = "`redite index verify` looks through all files, and says what brings the index back";
        let io = |path: &str, source| Error::Io { path: path.into(), doing: "writing", source };
        let too_little = "1 MiB of memory are not enough: so far about 3 MiB are needed\n\nhint: allow more with `--memory`, \
                          look for fewer units with `--units`, leave out large records with `--max-record`, or ";
        let cases = [
            (damaged(), format!("`archive`: damaged at byte 8: nothing\n\nhint: {verify}")),
            (
                io("list", io::Error::other(damaged())),
                format!("`list`: writing failed: `archive`: damaged at byte 8: nothing\n\nhint: {verify}"),
            ),
            (io("list", io::Error::other("full")), "`list`: writing failed: full".to_owned()),
            #[cfg(unix)]
            (
                io("list", io::Error::from_raw_os_error(24)),
                "`list`: writing failed: Too many open files (os error 24)\n\nhint: `ulimit -n` allows more; an index of \
                 many nights has fewer after `redite index compact`"
                    .to_owned(),
            ),
            (
                Error::NotReadable { path: path(), offset: 8, source: io::Error::other("gone") },
                format!(
                    "`archive`: reading failed at byte 8: gone\n\nhint: try again; where it fails again the disk has lost that \
                     part: {verify}"
                ),
            ),
            (
                Error::NotUndone { damage: Box::new(damaged()), why: "it is all there is" },
                "`archive`: damaged at byte 8: nothing\n\nnothing was undone: it is all there is\n\nhint: put a copy of the \
                 folder in its place"
                    .to_owned(),
            ),
            (
                Error::FullManifest { path: path(), bytes: 9, limit: 8 },
                "`archive`: the list of batches, files and forgotten documents would take 9 bytes, expected at most \
                 8\n\nhint: what is forgotten stays listed, 8 bytes for documents in a row, and `compact` does not shorten \
                 that; forget whole sources or nights, or begin a new index with what `redite index export --documents` \
                 gives"
                    .to_owned(),
            ),
            (memory(false), format!("{too_little}take the corpus in several batches with `--index`")),
            (memory(true), format!("{too_little}leave out `--floor`, which takes the corpus in one piece")),
            (
                Error::Thread(io::Error::other("no room")),
                "a thread could not be started: no room\n\nhint: work with fewer (`--threads 1`), or raise the limit of \
                 processes"
                    .to_owned(),
            ),
            (
                Error::OtherOrder { batch: 2 },
                "these records are batch 2 of the index, which had them in another order: each would be a copy of itself \
                 there, and none would be kept\n\nhint: run it again with the `--prefer` and `--protect` that it was added \
                 with; or undo it first, with `redite index rollback` if it is the last one"
                    .to_owned(),
            ),
            (
                parameter(&Params { units: none, ..Params::audit() }),
                "`units` must be a list of `document`, `paragraph` and `passage`, got ``\n\nhint: `--units \
                 document,paragraph,passage` looks for all three"
                    .to_owned(),
            ),
            (
                parameter(&documents),
                "`units` must be all that `--remove` names, or that the index was made to remove, got `document`\n\nhint: \
                 what leaves must be looked for; `contained` is found by passages"
                    .to_owned(),
            ),
            (
                parameter(&all),
                "`units` must be without `document` where passages are looked for and `--remove` has no `documents`, got \
                 `document,paragraph,passage`\n\nhint: add `documents` to `--remove`, or leave `document` out of `--units`; \
                 passages are looked for where they, or contained documents, leave"
                    .to_owned(),
            ),
            (
                parameter(&Params { remove: Remove { documents: false, ..Remove::default() }, ..Params::audit() }),
                "`remove` must be at least one word, got ``\n\nhint: `--remove documents` is the default".to_owned(),
            ),
            (
                parameter(&Params { id_field: "text".to_owned(), ..Params::audit() }),
                "`id-field` must be another field than that of the text, got `text`\n\nhint: `--id-field` names what tells \
                 the record from others"
                    .to_owned(),
            ),
        ];
        for (error, expected) in cases {
            assert_eq!(told(&error), expected);
        }
    }
}
