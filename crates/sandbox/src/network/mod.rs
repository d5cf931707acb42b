//! Network zones and trusted origins.

mod origins;
mod zones;

use crate::http::Routes;

/// The routes of this family.
pub(crate) fn routes(routes: &mut Routes) {
    zones::routes(routes);
    origins::routes(routes);
}
