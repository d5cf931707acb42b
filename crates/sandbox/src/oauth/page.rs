//! The few pages that a browser sees: sign-in, errors, and a form that carries an answer on.

use std::fmt::Write as _;

use http::{HeaderName, StatusCode, header};

use crate::http::Reply;

const STYLE: &str = "body{font:16px system-ui,sans-serif;max-width:22rem;margin:15vh auto;padding:0 1rem;color:#222;background:#fafafa}\
label{display:block;margin:1rem 0 .25rem}input{width:100%;padding:.5rem;font:inherit;box-sizing:border-box}\
button{margin-top:1.5rem;padding:.6rem 1.2rem;font:inherit}[role=alert]{color:#a00}";

/// Text that may stand in HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

fn page(title: &str, body: &str) -> Reply {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head><body>\n{body}\n</body></html>\n"
    );
    let mut reply = Reply::raw(html.into_bytes());
    reply.content_type = "text/html;charset=utf-8";
    reply
        .header(header::CACHE_CONTROL, "no-cache, no-store")
        .header(HeaderName::from_static("x-frame-options"), "DENY")
}

/// The page that asks for name and password; `from` is where it leads.
pub(super) fn sign_in(from: &str, name: &str, wrong: Option<&str>) -> Reply {
    let alert = wrong
        .map(|text| format!("<p role=\"alert\">{}</p>", escaped(text)))
        .unwrap_or_default();
    let body = format!(
        "<h1>Sign In</h1>{alert}<form method=\"post\" action=\"/login/login.htm\">\
         <input type=\"hidden\" name=\"fromURI\" value=\"{}\">\
         <label for=\"username\">Username</label><input id=\"username\" name=\"username\" value=\"{}\" autocomplete=\"username\" autofocus>\
         <label for=\"password\">Password</label><input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\">\
         <button type=\"submit\">Sign in</button></form>",
        escaped(from),
        escaped(name)
    );
    let reply = page("Sign In", &body);
    if wrong.is_some() {
        reply.status(StatusCode::UNAUTHORIZED)
    } else {
        reply
    }
}

/// A page that says one thing.
pub(super) fn done(text: &str) -> Reply {
    page("Okta", &format!("<h1>{}</h1>", escaped(text)))
}

/// The page for errors that must not be sent to the client.
pub(super) fn error(status: u16, error: &str, text: &str) -> Reply {
    let body = format!(
        "<h1>{status}</h1><p role=\"alert\">Your request resulted in an error. {}</p>\
         <dl><dt>Identity Provider</dt><dd>Unknown</dd><dt>Error Code</dt><dd>{}</dd></dl>",
        escaped(text),
        escaped(error)
    );
    page("Error", &body).status(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST))
}

/// A form that sends itself (OAuth 2.0 Form Post Response Mode).
pub(super) fn form_post(to: &str, members: &[(&str, String)]) -> Reply {
    let mut fields = String::new();
    for (name, value) in members {
        let _ = write!(
            fields,
            "<input type=\"hidden\" name=\"{}\" value=\"{}\">",
            escaped(name),
            escaped(value)
        );
    }
    let body = format!(
        "<form method=\"post\" action=\"{}\">{fields}<button type=\"submit\">Continue</button></form>\
         <script>document.forms[0].submit()</script>",
        escaped(to)
    );
    page("Continue", &body)
}

/// A page that hands the answer to the window that opened it (`okta_post_message`).
pub(super) fn post_message(origin: &str, members: &[(&str, String)]) -> Reply {
    let object: serde_json::Map<String, serde_json::Value> = members
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone().into()))
        .collect();
    // No value may end the script.
    let data = serde_json::Value::Object(object)
        .to_string()
        .replace('<', "\\u003c");
    let origin = serde_json::Value::from(origin)
        .to_string()
        .replace('<', "\\u003c");
    page(
        "Continue",
        &format!("<script>(window.opener||window.parent).postMessage({data},{origin})</script>"),
    )
}
