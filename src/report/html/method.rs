//! How it was compared and how sure it is, in both languages: the parameters in words, the caps, the
//! certificate.

use crate::certify::{Certificate, Measured};
use crate::dedup::Rules;
use crate::order::Prefer;
use crate::outcome::{Outcome, Summary};
use crate::params::ParagraphMode;
use crate::report::html::both::{Both, both, french, nombre, same, sentences};
use crate::report::html::{NAME, Named};
use crate::report::{clean, wording};

/// The sentences.
pub(super) fn method(outcome: &Outcome) -> Vec<Both> {
    let summary = outcome.summary();
    let units = summary.parameters.units;
    let mut told = vec![both(wording::matching(summary), matching(summary))];
    told.push(both(
        wording::NOT_COMPARED,
        "Casse, ponctuation et espaces ne comptent pas\u{A0}; dans les écritures sans espaces, chaque caractère \
         compte pour un mot",
    ));
    told.push(both(wording::compared(summary), compared(summary)));
    told.push(both(wording::cutting(summary), cutting(summary)));
    if let Some(passages) = wording::matching_passages(summary) {
        told.push(both(passages, matching_passages(summary)));
    }
    told.push(both(
        "The original is the one that comes first in the order of this run; a copy names the original that it matches best",
        "L’original est celui qui vient en premier dans l’ordre de cette analyse\u{A0}; une copie désigne l’original \
         auquel elle ressemble le plus",
    ));
    let threshold = summary.parameters.threshold;
    let [recall, at] = [wording::recall(summary), wording::share(threshold, 2)].map(|number| french(&number));
    let mut french_sureness = vec![
        "Chaque rapprochement a été vérifié mot à mot\u{A0}: aucune copie proche d’un document ou d’un \
         paragraphe n’est sous le seuil"
            .to_owned(),
        format!(
            "Des paires exactement au seuil ({at}), {recall}\u{202F}% devraient être trouvées\u{A0}; \
             davantage des plus semblables\u{A0}; les textes identiques, toujours"
        ),
    ];
    if units.passages {
        french_sureness.push(format!(
            "Tout passage d’au moins {} mots déjà présent mot pour mot est trouvé",
            french(&wording::number(summary.parameters.passage.into()))
        ));
    }
    if summary.capped > 0 {
        french_sureness.push(capped(summary));
    }
    told.extend(sentences(wording::sureness(summary), french_sureness));
    told
}

/// What was passed over to keep a run linear, as [`wording::sureness`] tells it.
fn capped(summary: &Summary) -> String {
    let units = summary.parameters.units;
    let comparisons = french(&wording::number(summary.parameters.comparisons.into()));
    let texts = (units.documents || units.paragraphs)
        .then(|| format!("un texte est comparé à {comparisons} autres au plus"));
    let passages = units.passages.then(|| {
        "parmi les endroits qui commencent de la même façon et les passages qui se disputent les mêmes mots, seuls \
         les premiers sont examinés, ainsi que ceux qui contiennent mot pour mot un passage entier que les premiers \
         n’ont pas"
            .to_owned()
    });
    let missing = match (texts.is_some(), passages.is_some()) {
        (true, true) => "quelques rapprochements peuvent y manquer, mais aucun passage mot pour mot",
        (false, true) => "quelques passages avec des différences peuvent y manquer, mais aucun mot pour mot",
        _ => "quelques rapprochements peuvent y manquer",
    };
    let caps: Vec<String> = [texts, passages].into_iter().flatten().collect();
    let left = nombre(summary.capped, "comparaison ou endroit laissé", "comparaisons et endroits laissés");
    format!("Pour borner le travail, {}\u{A0}: {left} de côté\u{A0}; {missing}", caps.join("\u{A0}; "))
}

fn matching(summary: &Summary) -> String {
    let parameters = &summary.parameters;
    let threshold = french(&wording::percent_of(parameters.threshold));
    let sequences = match parameters.shingle {
        1 => "tous les mots différents".to_owned(),
        shingle => format!("toutes les suites différentes de {shingle} mots"),
    };
    format!(
        "Deux textes se ressemblent quand ils ont en commun au moins {threshold} de {sequences} que l’un ou \
         l’autre contient"
    )
}

fn compared(summary: &Summary) -> String {
    let parameters = &summary.parameters;
    let told = [
        parameters.units.documents.then(|| "documents entiers".to_owned()),
        parameters.units.paragraphs.then(|| {
            format!("paragraphes d’au moins {}", nombre(parameters.min_tokens.into(), "mot", "mots"))
        }),
        parameters
            .units
            .passages
            .then(|| format!("passages d’au moins {}", nombre(parameters.passage.into(), "mot", "mots"))),
    ];
    let told: Vec<String> = told.into_iter().flatten().collect();
    format!("Recherché\u{A0}: {}", told.join(", "))
}

fn cutting(summary: &Summary) -> &'static str {
    match summary.parameters.paragraphs {
        ParagraphMode::Auto | ParagraphMode::AutoV1 => {
            "Un paragraphe est une ligne\u{A0}; dans un document aux lignes coupées à la main, un bloc entre \
             deux lignes vides"
        }
        ParagraphMode::Line => "Un paragraphe est une ligne",
        ParagraphMode::Blank => "Un paragraphe est un bloc entre deux lignes vides",
    }
}

fn matching_passages(summary: &Summary) -> String {
    let parameters = &summary.parameters;
    let [identity, contained] =
        [parameters.identity, parameters.contained].map(|share| french(&wording::percent_of(share)));
    format!(
        "Un passage est une suite d’au moins {} déjà présente, quels que soient les paragraphes, suivie à \
         travers de petites différences tant qu’au moins {identity} des mots concordent\u{A0}; de deux qui se \
         chevauchent, le plus long a les mots des deux, et il peut rester moins de l’autre\u{A0}; un texte est contenu quand au moins {contained} de ses mots sont dans des passages d’un même document antérieur",
        nombre(parameters.passage.into(), "mot", "mots")
    )
}

/// All parameters, for whoever runs it again.
pub(super) fn parameters(outcome: &Outcome, rules: Option<&Rules>) -> Vec<Named> {
    let summary = outcome.summary();
    let parameters = &summary.parameters;
    let named = |en: &str, fr: &str, value: String| Named { name: both(en, fr), value: same(value) };
    let amount =
        |en: &str, fr: &str, value: u64| Named { name: both(en, fr), value: super::both::number(value) };
    let share = |en: &str, fr: &str, value: f64| {
        let value = value.to_string();
        Named { name: both(en, fr), value: both(value.clone(), french(&value)) }
    };
    let mut told = vec![
        share("Threshold of similarity", "Seuil de similarité", parameters.threshold),
        share("Recall asked for at the threshold", "Rappel demandé au seuil", parameters.recall),
        amount("Words in a sequence", "Mots d’une suite", parameters.shingle.into()),
        amount("Fewest words of a paragraph", "Mots d’un paragraphe, au moins", parameters.min_tokens.into()),
        named("Units", "Unités", parameters.units.names().join(", ")),
        named("Paragraphs", "Paragraphes", parameters.paragraphs.name().to_owned()),
        amount("Fewest words of a passage", "Mots d’un passage, au moins", parameters.passage.into()),
        share(
            "Words of a passage that agree, at least",
            "Mots d’un passage qui concordent, au moins",
            parameters.identity,
        ),
        share(
            "Share in passages of what is contained",
            "Part en passages de ce qui est contenu",
            parameters.contained,
        ),
        amount(
            "Most comparisons of a text",
            "Comparaisons d’un texte, au plus",
            parameters.comparisons.into(),
        ),
        named("Bands and rows", "Bandes et rangs", format!("{} × {}", summary.plan.bands, summary.plan.rows)),
        named("Field of the text", "Champ du texte", clean::name(&parameters.text_field, NAME)),
        named("Field of the id", "Champ de l’identifiant", clean::name(&parameters.id_field, NAME)),
        amount("Largest record in bytes", "Plus grand enregistrement, en octets", parameters.max_record),
        named("Seed", "Graine", parameters.seed.to_string()),
        named("Digest of all parameters", "Empreinte des paramètres", summary.parameters_digest.clone()),
        named("Made by", "Fait par", format!("redite {}", env!("CARGO_PKG_VERSION"))),
    ];
    told.extend(rules.into_iter().flat_map(|rules| removing(outcome, rules)));
    told
}

/// What was to be removed, and how, as far as that was said.
fn removing(outcome: &Outcome, rules: &Rules) -> Vec<Named> {
    let (summary, order) = (outcome.summary(), outcome.order());
    let named = |en: &str, fr: &str, value: &str| Named { name: both(en, fr), value: same(value) };
    let removed = summary.parameters.remove.names().join(", ");
    let mut told = vec![match rules.annotate {
        true => named("Copies are kept, and annotated", "Copies gardées et annotées", "--annotate"),
        false => named("Removed (--remove)", "Retiré (--remove)", &removed),
    }];
    if order.prefer != Prefer::First {
        let prefer = clean::name(&order.prefer.to_string(), NAME);
        told.push(named("Preferred (--prefer)", "Préféré (--prefer)", &prefer));
    }
    if order.protect.is_given() {
        let patterns: Vec<&str> = order.protect.patterns().collect();
        let patterns = clean::name(&patterns.join(", "), NAME);
        told.push(named("Protected (--protect)", "Protégé (--protect)", &patterns));
    }
    if let Some(limit) = rules.max_removed {
        let limit = format!("{} %", (limit * 1e8).round() / 1e6);
        let name = both("Most that may be removed (--max-removed)", "Retiré, au plus (--max-removed)");
        told.push(Named { name, value: both(limit.clone(), french(&limit)) });
    }
    told
}

/// Which share of the pairs of a similarity is expected to be found.
pub(super) fn curve(outcome: &Outcome) -> Vec<[Both; 2]> {
    let summary = outcome.summary();
    let threshold = summary.parameters.threshold;
    let mut points = vec![threshold];
    points.extend(summary.recall_curve.iter().map(|point| point.0).filter(|&s| s > threshold + 1e-9));
    let told = |told: String| both(told.clone(), french(&told));
    let point = |s: f64| {
        let found = format!("{} %", wording::share(summary.plan.probability(s) * 100.0, 2));
        [told(wording::share(s, 2)), told(found)]
    };
    points.into_iter().map(point).collect()
}

/// Measured recall.
pub(super) struct Certified {
    pub(super) told: Vec<Both>,
    pub(super) rows: Vec<[Both; 3]>,
}

pub(super) fn certified(certificate: &Certificate) -> Certified {
    let english = wording::certificate(certificate);
    let kinds = [(&certificate.documents, "document"), (&certificate.paragraphs, "paragraphe")];
    let kinds = kinds
        .into_iter()
        .filter_map(|(of, name)| of.as_ref().map(|of| nombre(of.sample, name, &format!("{name}s"))));
    let kinds: Vec<String> = kinds.collect();
    let sample =
        format!("un échantillon de {} ({})", nombre(certificate.sample, "texte", "textes"), kinds.join(", "));
    let told = match certificate.measured.matches {
        0 => format!("Pour {sample}, rien n’était à trouver\u{A0}: il n’y a pas de rappel à mesurer"),
        matches => format!(
            "De {} pour {sample}, {}\u{A0}: {}",
            nombre(matches, "vrai rapprochement", "vrais rapprochements"),
            nombre(certificate.measured.found, "est trouvé", "sont trouvés"),
            measured(&certificate.measured)
        ),
    };
    let meaning = "Un vrai rapprochement est un texte qui doit être une copie\u{A0}: comparé exactement, par toutes \
                   ses suites de mots, il atteint le seuil avec un original antérieur, et l’un des deux est dans \
                   l’échantillon\u{A0}; il est trouvé si le programme l’appelle copie. Les textes identiques mot pour \
                   mot sont toujours trouvés et ne comptent pas. Le rappel est mesuré pour cette définition de la \
                   similarité, et pour aucune autre";
    let told = english.into_iter().zip([told, meaning.to_owned()]).map(|(en, fr)| both(en, fr));
    let row = |name: Both, of: &Measured| {
        let found = both(
            format!("{} of {}", wording::number(of.found), wording::number(of.matches)),
            french(&format!("{} sur {}", wording::number(of.found), wording::number(of.matches))),
        );
        [name, found, both(wording::measured(of), measured(of))]
    };
    let units = [
        (&certificate.documents, both("documents", "documents")),
        (&certificate.paragraphs, both("paragraphs", "paragraphes")),
    ];
    let units = units.into_iter().filter_map(|(of, name)| Some(row(name, &of.as_ref()?.measured)));
    let ranges = certificate.by_similarity.iter().filter(|range| range.measured.matches > 0);
    let ranges = ranges.map(|range| {
        let [from, to] = [range.from, range.to].map(|end| wording::share(end, 2));
        let fr = format!("similarité de {} à {}", french(&from), french(&to));
        row(both(format!("similarity {from} to {to}"), fr), &range.measured)
    });
    Certified { told: told.collect(), rows: units.chain(ranges).collect() }
}

fn measured(measured: &Measured) -> String {
    let (Some(recall), Some([low, high])) = (measured.recall, measured.interval) else {
        return "-".to_owned();
    };
    let [recall, low, high] = [recall, low, high].map(|part| french(&wording::share(part * 100.0, 1)));
    format!("{recall}\u{202F}%, intervalle à 95\u{202F}% de {low} à {high}\u{202F}%")
}
