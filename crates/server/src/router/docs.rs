//! The API's document as a page to read: made here, no script, nothing fetched from elsewhere.

use std::fmt::Write as _;

use utoipa::openapi::{OpenApi, RefOr, Required};

use super::gate::operations;

/// What the page may load: its own style sheet.
pub(super) const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page's style.
pub(super) const STYLE: &str = "\
:root { color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.5 }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
article { border-top: 1px solid color-mix(in srgb, currentColor 25%, transparent); padding: .5rem 0 }
h2 { font-size: 1rem; overflow-wrap: anywhere } code { font-family: ui-monospace, monospace }
h2 b { display: inline-block; min-width: 4.5rem } dt { font-weight: 600 } dd { margin: 0 0 .25rem 1rem }
";

/// The page of all operations.
pub(super) fn page(document: &OpenApi) -> String {
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Keywright API</title><link rel=\"stylesheet\" href=\"/api/docs.css\"><main><h1>Keywright API</h1><p>{}</p>\
         <p>Send a personal API key as <code>Authorization: Bearer kw_…</code>. The same as data: \
         <a href=\"/api/v1/openapi.json\">openapi.json</a>.</p>",
        escape(document.info.description.as_deref().unwrap_or_default())
    );
    for operation in operations(document) {
        let described = operation.described;
        let _ = write!(
            page,
            "<article><h2><b>{}</b> <code>{}</code></h2>",
            operation.method,
            escape(operation.path)
        );
        for text in [&described.summary, &described.description]
            .into_iter()
            .flatten()
        {
            let _ = write!(page, "<p>{}</p>", escape(text));
        }
        let _ = write!(
            page,
            "<dl><dt>Needs</dt><dd><code>{}</code></dd>",
            escape(operation.need.unwrap_or("none"))
        );
        for parameter in described.parameters.iter().flatten() {
            let RefOr::T(parameter) = parameter else {
                continue;
            };
            let required = if parameter.required == Required::True {
                ""
            } else {
                ", optional"
            };
            let about = parameter.description.as_deref().unwrap_or_default();
            let _ = write!(
                page,
                "<dt>{}{required}</dt><dd>{}</dd>",
                escape(&parameter.name),
                escape(about)
            );
        }
        for (status, response) in &described.responses.responses {
            if let RefOr::T(response) = response {
                let _ = write!(
                    page,
                    "<dt>{}</dt><dd>{}</dd>",
                    escape(status),
                    escape(&response.description)
                );
            }
        }
        page.push_str("</dl></article>");
    }
    page.push_str("</main></html>");
    page
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
