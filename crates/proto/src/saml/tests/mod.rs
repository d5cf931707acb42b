//! Honest answers, made by xmlsec1 (`fixtures/saml`), and forged ones, made here. Names of tests begin with the
//! number of the threat they are about: X1 wrapping, X2 parsers, X3 signatures, X4 conditions, X5 unsolicited answers,
//! X6 roll-over, X7 size, X8 mutation.

mod forge;
mod honest;
mod metadata;
mod requests;
mod world;
mod x1_wrapping;
mod x2_parsers;
mod x3_encryption;
mod x3_signatures;
mod x4_conditions;
mod x5_unsolicited;
mod x7_size;
mod x8_mutation;

use super::Refusal;

/// One hostile answer.
struct Hostile {
    name: &'static str,
    xml: String,
    want: Refusal,
}

/// One row of a table of hostile answers.
fn hostile(name: &'static str, xml: impl Into<String>, want: Refusal) -> Hostile {
    Hostile {
        name,
        xml: xml.into(),
        want,
    }
}

/// Each answer is refused, and for its own reason.
fn refused(rows: &[Hostile]) {
    let mut wrong = Vec::new();
    for row in rows {
        let got = world::judge(&row.xml);
        if got.as_ref() != Err(&row.want) {
            wrong.push((row.name, got, &row.want));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_corpus_of_hostile_answers_has_at_least_forty() {
    let groups = [
        x1_wrapping::corpus(),
        x2_parsers::corpus(),
        x3_signatures::corpus(),
        x3_encryption::corpus(),
        x4_conditions::corpus(),
        x5_unsolicited::corpus(),
        x7_size::corpus(),
    ];
    let mut names: Vec<&str> = groups.iter().flatten().map(|row| row.name).collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all, "two have one name");
    assert!(all >= 40, "{all}");
}
