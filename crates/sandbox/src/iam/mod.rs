//! Custom roles, resource sets, and the bindings between them.

mod bindings;
mod labelled;
mod roles;
mod sets;

use crate::http::Routes;

pub(crate) use roles::{label_of, permissions_of};
pub(crate) use sets::{exists, resources_of};

/// The routes of this family.
pub(crate) fn routes(routes: &mut Routes) {
    roles::routes(routes);
    sets::routes(routes);
    bindings::routes(routes);
}
