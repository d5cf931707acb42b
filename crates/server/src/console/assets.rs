//! Style sheet, icons, logo and scripts: part of the program, each at an address that names its contents, so that a
//! browser keeps it for good.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::web::Problem;

/// One file and where it is served.
struct Asset {
    name: &'static str,
    media: &'static str,
    bytes: &'static [u8],
    address: String,
}

macro_rules! asset {
    ($name:literal, $ending:literal, $media:literal) => {
        Asset::new(
            $name,
            $ending,
            $media,
            include_bytes!(concat!("assets/", $name, $ending)),
        )
    };
}

static ALL: LazyLock<[Asset; 5]> = LazyLock::new(|| {
    [
        asset!("keywright", ".css", "text/css; charset=utf-8"),
        asset!("icons", ".svg", "image/svg+xml"),
        asset!("logo", ".svg", "image/svg+xml"),
        asset!("htmx", ".min.js", "text/javascript; charset=utf-8"),
        asset!("console", ".js", "text/javascript; charset=utf-8"),
    ]
});

impl Asset {
    fn new(
        name: &'static str,
        ending: &'static str,
        media: &'static str,
        bytes: &'static [u8],
    ) -> Self {
        let hash = Sha256::digest(bytes);
        let hash = URL_SAFE_NO_PAD.encode(&hash[..8]);
        Self {
            name,
            media,
            bytes,
            address: format!("/assets/{name}.{hash}{ending}"),
        }
    }
}

/// The address of the asset `name`: `keywright`, `icons`, `logo`, `htmx`, `console`. Empty for an unknown one.
#[must_use]
pub(crate) fn address(name: &str) -> &'static str {
    ALL.iter()
        .find(|asset| asset.name == name)
        .map_or("", |asset| asset.address.as_str())
}

/// The names of all icons.
pub(crate) fn icons() -> impl Iterator<Item = &'static str> {
    let marks = include_str!("assets/icons.svg").split("id=\"i-").skip(1);
    marks.filter_map(|mark| mark.split('"').next())
}

/// `/assets/...`
pub(crate) fn routes() -> Router<App> {
    Router::new().route("/assets/{file}", get(serve))
}

async fn serve(Path(file): Path<String>) -> Response {
    let wanted = format!("/assets/{file}");
    let Some(asset) = ALL.iter().find(|asset| asset.address == wanted) else {
        return Problem::not_found("file").into_response();
    };
    let headers = [
        (CONTENT_TYPE, asset.media),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    ];
    (headers, asset.bytes).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_script_is_what_its_table_says() {
        let htmx = ALL.iter().find(|asset| asset.name == "htmx").unwrap();
        let hash: String = Sha256::digest(htmx.bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<Vec<_>>()
            .concat();
        assert!(include_str!("assets/SOURCE.md").contains(&hash), "{hash}");
    }

    #[test]
    fn the_style_sheet_stays_small_and_fetches_nothing() {
        let css = include_str!("assets/keywright.css");
        assert!(css.len() < 36 << 10, "{} bytes", css.len());
        assert!(!css.contains("url(") && !css.contains("@import"));
    }
}
