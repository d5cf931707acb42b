//! `/styleguide`: every part once. In development builds only.

use askama::Template;
use axum::response::Response;

use super::assets;
use super::{Frame, Pages, Visit, show};
use crate::web::{Need, Problem};

/// The page, where this is a development build.
pub(crate) fn pages() -> Pages {
    if cfg!(debug_assertions) {
        Pages::new().get("/styleguide", Need::Credential, styleguide)
    } else {
        Pages::new()
    }
}

#[derive(Template)]
#[template(path = "console/styleguide.html")]
struct Styleguide {
    frame: Frame,
    icons: Vec<&'static str>,
}

async fn styleguide(visit: Visit) -> Result<Response, Problem> {
    show(&Styleguide {
        frame: visit.frame("Style guide"),
        icons: assets::icons().collect(),
    })
}
