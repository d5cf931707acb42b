//! Every recorded refusal becomes the right error.

use std::collections::BTreeMap;
use std::path::PathBuf;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use jiff::SignedDuration;
use keywright_okta::{Answered, Error, classify};
use serde_json::Value;

fn recorded() -> Vec<Value> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/okta/recordings");
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let texts = files
        .filter(|path| path.extension().is_some_and(|ext| ext == "jsonl"))
        .map(|path| std::fs::read_to_string(path).unwrap());
    texts
        .flat_map(|text| {
            text.lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect::<Vec<Value>>()
        })
        .collect()
}

fn headers(recorded: &Value) -> HeaderMap {
    let named = recorded["resh"]
        .as_object()
        .unwrap()
        .iter()
        .filter_map(|(name, value)| {
            Some((
                HeaderName::from_bytes(name.as_bytes()).ok()?,
                HeaderValue::from_str(value.as_str()?).ok()?,
            ))
        });
    named.collect()
}

/// Status, code, and the variant it must become.
const TABLE: [(u16, &str, &str, usize); 14] = [
    (400, "E0000001", "Validation", 35),
    (400, "E0000003", "Validation", 3),
    (400, "E0000019", "Validation", 1),
    (400, "E0000226", "Validation", 1),
    (400, "invalid_dpop_proof", "DpopRequired", 1),
    (400, "use_dpop_nonce", "InvalidDpopProof", 11),
    (401, "E0000004", "AuthenticationFailed", 2),
    (401, "E0000015", "FeatureMissing", 9),
    (403, "E0000056", "WrongState", 1),
    (403, "E0000148", "WrongState", 4),
    (404, "", "NotFound", 1),
    (404, "E0000007", "NotFound", 69),
    (423, "E0000239", "Busy", 2),
    (500, "E0000009", "ServerFault", 8),
];

#[test]
fn every_recorded_refusal_is_the_right_error() {
    let mut counts: BTreeMap<(u16, String, String), usize> = BTreeMap::new();
    for recorded in recorded()
        .iter()
        .filter(|recorded| recorded["status"].as_u64().unwrap() >= 400)
    {
        let status = u16::try_from(recorded["status"].as_u64().unwrap()).unwrap();
        let body = recorded["res"].to_string();
        let error = classify(&Answered {
            call: recorded["path"].as_str().unwrap(),
            status: StatusCode::from_u16(status).unwrap(),
            headers: &headers(recorded),
            body: body.as_bytes(),
            skew: SignedDuration::ZERO,
            asked: &[],
        });
        let said = error.said().unwrap();
        if let Some(summary) = recorded["res"]["errorSummary"].as_str() {
            assert_eq!(said.summary, summary);
            assert_eq!(
                said.causes.len(),
                recorded["res"]["errorCauses"]
                    .as_array()
                    .map_or(0, Vec::len)
            );
            assert_eq!(
                said.error_id.as_deref(),
                recorded["res"]["errorId"].as_str()
            );
        }
        assert!(!error.mend().is_empty());
        let code = error.code().unwrap_or_default().to_owned();
        *counts.entry((status, code, variant(&error))).or_default() += 1;
    }
    let want = TABLE.map(|(status, code, variant, count)| {
        ((status, code.to_owned(), variant.to_owned()), count)
    });
    assert_eq!(counts, BTreeMap::from(want));
}

fn variant(error: &Error) -> String {
    let text = format!("{error:?}");
    text.split(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn documented(file: &str) -> Vec<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/okta/data")
        .join(file);
    let mut list: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    list["errors"]
        .as_array_mut()
        .unwrap()
        .drain(..)
        .filter(|row| row["statusCode"].as_u64().unwrap() >= 400)
        .collect()
}

/// All errors that Okta documents, of the API and of OAuth, have a meaning.
#[test]
fn every_documented_error_is_understood() {
    let api = documented("error-codes.json").into_iter().map(|row| {
        let body = serde_json::json!({ "errorCode": row["errorCode"], "errorSummary": row["errorSummary"] });
        (row, body)
    });
    let oauth = documented("oauth2-error-codes.json").into_iter().map(|row| {
        let body = serde_json::json!({ "error": row["errorCode"], "error_description": row["errorDescription"] });
        (row, body)
    });
    let (mut count, mut strange) = (0, Vec::new());
    for (row, body) in api.chain(oauth) {
        let error = classify(&Answered {
            call: "GET /api/v1/users",
            status: StatusCode::from_u16(
                u16::try_from(row["statusCode"].as_u64().unwrap()).unwrap(),
            )
            .unwrap(),
            headers: &HeaderMap::new(),
            body: body.to_string().as_bytes(),
            skew: SignedDuration::ZERO,
            asked: &[],
        });
        count += 1;
        if matches!(error, Error::Unexpected(_)) || error.mend().is_empty() {
            strange.push(row);
        }
    }
    assert!(strange.is_empty(), "{strange:?}");
    assert!(count > 700, "{count}");
}
