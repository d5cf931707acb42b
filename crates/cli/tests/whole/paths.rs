//! What the documents name must exist.

use std::fs;

use super::source::{files, root};

/// Words in back quotes that look like a path below the repository.
fn named_paths(text: &str) -> Vec<String> {
    const STARTS: &[&str] = &[
        "crates/",
        "docs/",
        "scripts/",
        "fixtures/",
        ".ci/",
        ".config/",
    ];
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| STARTS.iter().any(|start| word.starts_with(start)))
        .map(|word| {
            word.split([' ', ':', '…'])
                .next()
                .unwrap_or_default()
                .trim_end_matches('/')
                .to_owned()
        })
        .collect()
}

#[test]
fn paths_in_documents_exist() {
    let root = root();
    let mut documents = files(&root.join("docs"), ".md");
    documents.extend(["README.md", "CONTRIBUTING.md"].map(|name| root.join(name)));
    let mut seen = 0;
    for document in documents {
        for path in named_paths(&fs::read_to_string(&document).expect("a document")) {
            assert!(
                root.join(&path).exists(),
                "{} names {path}, which does not exist",
                document.display()
            );
            seen += 1;
        }
    }
    assert!(seen > 10, "only {seen} paths were found in the documents");
}

/// Every row of `docs/specs.md` is section, module, test; the test is `file::function` and the function is there.
#[test]
fn tests_in_specs_exist() {
    let root = root();
    let text = fs::read_to_string(root.join("docs/specs.md")).expect("docs/specs.md");
    let mut rows = 0;
    for row in text
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains('`'))
    {
        let cells: Vec<&str> = row.trim_matches('|').split('|').collect();
        assert_eq!(cells.len(), 3, "{row}");
        let tests = cells[2].split('`').skip(1).step_by(2);
        for test in tests {
            let (file, function) = test
                .split_once("::")
                .unwrap_or_else(|| panic!("`{test}` names no function"));
            let source = fs::read_to_string(root.join(file))
                .unwrap_or_else(|error| panic!("{file}: {error}"));
            assert!(
                source.contains(&format!("fn {function}")),
                "{file} has no test {function}"
            );
        }
        rows += 1;
    }
    assert!(rows > 20, "only {rows} rows");
}
