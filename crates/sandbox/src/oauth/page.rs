//! The few pages that a browser sees: sign-in, errors, and a form that carries an answer on.

use std::fmt::Write as _;

use http::{HeaderName, StatusCode, header};

use crate::http::Reply;

const STYLE: &str = ":root{color-scheme:light dark;--ink:#1d1d21;--faint:#5e5e69;--line:#d3d3da;--edge:#767681;--paper:#fafafb;--card:#fff;\
--act:#1650c4;--bad:#a31515}@media(prefers-color-scheme:dark){:root{--ink:#ececf1;--faint:#a6a6b3;--line:#3b3b45;--edge:#8b8b98;\
--paper:#17171b;--card:#212127;--act:#8fb4ff;--bad:#ff9a9a}}*{box-sizing:border-box}\
body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:clamp(1.5rem,10vh,6rem) auto 4rem;padding:0 1rem;color:var(--ink);background:var(--paper)}\
body:has(form){max-width:24rem}h1{font-size:1.5rem;line-height:1.25}label{display:block;margin:1rem 0 .25rem}\
input{width:100%;padding:.6rem;font:inherit;color:inherit;background:var(--card);border:1px solid var(--edge);border-radius:.375rem}\
button{margin-top:1.5rem;padding:.6rem 1.4rem;font:inherit;font-weight:600;color:var(--paper);background:var(--act);border:0;border-radius:.375rem}\
a{color:var(--act)}:focus-visible{outline:2px solid var(--act);outline-offset:2px}[role=alert]{color:var(--bad)}\
.code{margin:0;color:var(--faint)}header{display:flex;flex-wrap:wrap;gap:.25rem 1rem;justify-content:space-between;margin-bottom:1.5rem}header p{margin:0}header span{color:var(--faint)}\
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(9rem,1fr));gap:1rem;padding:0;list-style:none}\
.tiles a{display:block;height:100%;padding:1rem;text-decoration:none;color:inherit;background:var(--card);border:1px solid var(--line);\
border-radius:.5rem;overflow-wrap:anywhere}.tiles span{display:block;font-size:1.75rem;font-weight:600;color:var(--act)}";

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
pub(crate) fn done(text: &str) -> Reply {
    page("Okta", &format!("<h1>{}</h1>", escaped(text)))
}

/// A page that says what is wrong, and leads home.
pub(crate) fn problem(status: StatusCode, title: &str, text: &str) -> Reply {
    let body = format!(
        "<p class=\"code\">{}</p><h1>{}</h1><p role=\"alert\">{}</p><p><a href=\"/app/UserHome\">Go to home page</a></p>",
        status.as_u16(),
        escaped(title),
        escaped(text)
    );
    page(&escaped(title), &body).status(status)
}

/// The dashboard of a person: labels and addresses of tiles.
pub(crate) fn home(name: &str, login: &str, tiles: &[(String, String)]) -> Reply {
    let mut list = String::new();
    for (label, to) in tiles {
        let first: String = label.chars().take(1).flat_map(char::to_uppercase).collect();
        let _ = write!(
            list,
            "<li><a href=\"{}\"><span aria-hidden=\"true\">{}</span>{}</a></li>",
            escaped(to),
            escaped(&first),
            escaped(label)
        );
    }
    let apps = if list.is_empty() {
        "<p>No apps are assigned to you yet. Your administrator assigns them.</p>".to_owned()
    } else {
        format!("<ul class=\"tiles\">{list}</ul>")
    };
    let body = format!(
        "<header><p>{} <span>{}</span></p><p><a href=\"/login/signout\">Sign out</a></p></header><h1>My Apps</h1>{apps}",
        escaped(name),
        escaped(login)
    );
    page("My Apps Dashboard", &body)
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
pub(crate) fn form_post(to: &str, members: &[(&str, String)]) -> Reply {
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
