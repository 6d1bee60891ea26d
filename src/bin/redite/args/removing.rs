//! Flags of what is removed, and of what is written.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use redite::dedup::Rules;
use redite::error::Error;
use redite::order::{Order, Prefer, Protect};
use redite::params::{Params, Remove};
use redite::write::FIELD;

use crate::args::{DATED, RunArgs, Usage, percentage};

#[derive(Debug, Args)]
pub(crate) struct DedupArgs {
    #[command(flatten)]
    pub(crate) run: RunArgs,

    #[command(flatten)]
    pub(crate) removing: RemovingArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "What is removed, and what is written")]
pub(crate) struct RemovingArgs {
    /// Folder for the deduplicated corpus; it appears when all is done
    #[arg(long, value_name = "DIR")]
    pub(crate) output: PathBuf,

    /// Write into an output that is not empty: files that this run writes are replaced, others stay
    #[arg(long)]
    pub(crate) force: bool,

    /// What is removed: copies of whole documents; documents that stand nearly whole in a kept one; copied
    /// paragraphs, and copied passages, out of their texts [default: documents, or what the index was made with]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "LIST")]
    remove: Vec<RemoveArg>,

    /// Remove nothing: add a field `redite` to each JSON record that tells what it is a copy of
    #[arg(long)]
    pub(crate) annotate: bool,

    /// Write what is removed, each with its original, one JSON object a line; `-` is standard output, in
    /// place of the summary
    #[arg(long, value_name = "FILE")]
    pub(crate) removed: Option<PathBuf>,

    /// Fail where there is no index yet, as where the volume that has it is not mounted, in place of beginning one
    #[arg(long, requires = "index")]
    pub(crate) no_new_index: bool,

    /// Write the numbers of the run, and of the index after it, in the text format of Prometheus, when all
    /// else is done
    #[arg(long, value_name = "FILE")]
    pub(crate) metrics: Option<PathBuf>,

    /// Which of several versions is kept: `first`, `longest`, `oldest:FIELD`, `newest:FIELD` (dates or
    /// numbers; what has none comes last) or `source:A,B`; ties by corpus order
    #[arg(long, value_name = "WHICH", default_value = "first")]
    prefer: Prefer,

    /// Files that come first and are never removed from: a pattern of paths, or a folder; may be given again
    #[arg(long, value_name = "GLOB")]
    protect: Vec<PathBuf>,

    /// Write nothing where more than this share of the documents of a source, or of all, would be removed; with
    /// `--remove` of anything but `documents`, of their characters too
    #[arg(long, value_name = "SHARE", value_parser = percentage)]
    pub(crate) max_removed: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RemoveArg {
    /// copies of whole documents
    #[value(alias = "document")]
    Documents,
    /// documents that stand, to `--contained`, inside one kept document
    Contained,
    /// copied paragraphs leave their texts
    #[value(alias = "paragraph")]
    Paragraphs,
    /// copied passages leave their texts
    #[value(alias = "passage")]
    Passages,
}

impl DedupArgs {
    /// The parameters: the defaults of a removal, and what was given.
    pub(crate) fn params(&self, defaults: Params) -> Params {
        let given = &self.removing.remove;
        let mut params = self.run.params(defaults);
        if !given.is_empty() {
            let has = |word| given.contains(&word);
            params.remove = Remove {
                documents: has(RemoveArg::Documents),
                contained: has(RemoveArg::Contained),
                paragraphs: has(RemoveArg::Paragraphs),
                passages: has(RemoveArg::Passages),
            };
            // the default looks for what the default removes
            params.units.documents &= params.remove.documents || self.run.names_units();
        }
        params.units.documents |= params.remove.documents;
        params.units.paragraphs |= params.remove.paragraphs;
        params.units.passages |= params.remove.passages || params.remove.contained;
        params
    }

    /// What becomes of copies, and how much may go.
    pub(crate) fn rules(&self) -> Rules {
        Rules { annotate: self.removing.annotate, max_removed: self.removing.max_removed }
    }

    /// Who comes first; what the files are called is not in it yet.
    pub(crate) fn order(&self) -> Result<Order, Error> {
        Ok(Order {
            prefer: self.removing.prefer.clone(),
            protect: Protect::new(&self.removing.protect)?,
            source_field: self.run.source_field.clone(),
            dates: self.run.date_field.clone(),
            ..Order::default()
        })
    }

    /// Whether the fields that the flags name are apart; the parameters may be those of an index.
    pub(crate) fn check_fields(&self, params: &Params) -> Result<(), Usage> {
        self.run.check_fields(params)?;
        let refuse = |wrong: String, hint: &str| Err(Usage(format!("{wrong}\n\nhint: {hint}")));
        if let Prefer::Oldest(field) | Prefer::Newest(field) = &self.removing.prefer
            && *field == params.text_field
        {
            let wrong = format!("`--prefer {}`: that is the text of a record", self.removing.prefer);
            return refuse(wrong, DATED);
        }
        if self.removing.annotate && params.text_field == FIELD {
            let wrong =
                format!("`--annotate` adds a field `{FIELD}`, and `--text-field` names that as the text");
            return refuse(wrong, "leave `--annotate` out, or rename the field of the text");
        }
        if self.removing.annotate && params.id_field == FIELD {
            let wrong =
                format!("`--annotate` writes a field `{FIELD}`, and `--id-field` names that as the id");
            return refuse(wrong, "leave `--annotate` out, or rename the field of the id");
        }
        Ok(())
    }
}
