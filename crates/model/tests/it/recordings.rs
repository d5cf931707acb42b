//! Reads `fixtures/okta/recordings`.

use std::path::PathBuf;

use serde_json::Value;

/// One recorded exchange.
pub(crate) struct Recorded {
    /// File and line, for messages.
    pub(crate) place: String,
    pub(crate) method: String,
    /// Path template, or the path itself where the specification has none.
    pub(crate) endpoint: String,
    pub(crate) status: u64,
    /// The answer's JSON; `None` for an empty body.
    pub(crate) answer: Option<Value>,
}

/// All exchanges of all scenarios, in order of file and line.
pub(crate) fn all() -> Vec<Recorded> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/okta/recordings");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "jsonl"))
        .collect();
    files.sort();
    files.iter().flat_map(|file| scenario(file)).collect()
}

fn scenario(file: &std::path::Path) -> Vec<Recorded> {
    let name = file.file_stem().unwrap().to_string_lossy().into_owned();
    let text = std::fs::read_to_string(file).unwrap();
    text.lines()
        .enumerate()
        .map(|(line, json)| exchange(&format!("{name}:{}", line + 1), json))
        .collect()
}

fn exchange(place: &str, json: &str) -> Recorded {
    let mut value: Value = serde_json::from_str(json).unwrap();
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    Recorded {
        place: place.to_owned(),
        method: text("method").unwrap(),
        endpoint: text("ep").or_else(|| text("path")).unwrap(),
        status: value["status"].as_u64().unwrap(),
        answer: value.as_object_mut().unwrap().remove("res"),
    }
}
