//! The directory: users, groups, memberships, roles, mappings and grants. It is their one owner; all others go through
//! the functions here.
//!
//! ```text
//! Okta org ──(connection, Okta id)──► user ──► grants ──► roles ──► permissions
//!     └─► group ◄── mapping ──────────────────────▲ roles
//! SCIM ─► group (its own, or the same as Okta's when ids show it)
//! ```
//!
//! Access ends by raising a user's `access_epoch`, which sessions and tokens compare; the directory reaches into no one.
//! Everything that decides about access raises the tenant's version ([`state::touch`]), so that a sync plan made before
//! is made anew.

pub mod browse;
pub(crate) mod bulk;
mod error;
mod grants;
mod groups;
mod mappings;
mod newcomers;
mod pages;
pub(crate) mod present;
mod roles;
pub(crate) mod routes;
pub(crate) mod said;
pub(crate) mod staging;
mod state;
pub(crate) mod sweeping;
mod users;

pub use error::{Error, Result};
pub use grants::Ended;
pub use grants::{
    Grant, GrantId, administrators, count_mapped, give, names_having, of_user as grants_of,
    permissions_of, revoke, roles_of,
};
pub(crate) use grants::{admins, end_connection, need_reach};
pub(crate) use groups::mapped as mapped_groups;
pub use groups::{
    Group, GroupId, find as find_group, find_by_okta_id as find_group_by_okta_id,
    list as list_groups, members as group_members, of_user as groups_of,
};
pub(crate) use mappings::pause as pause_mappings;
pub use mappings::{
    Change as MappingChange, Mapping, MappingId, create as create_mapping,
    delete as delete_mapping, find as find_mapping, list as list_mappings,
    update as update_mapping,
};
pub use newcomers::{Newcomer, welcome};
pub use pages::pages;
pub use roles::{
    ADMIN, AUDITOR, Draft as RoleDraft, HELPDESK, Role, RoleId, SUPER_ADMIN, USER,
    built_in as built_in_roles, create as create_role, delete as delete_role, find as find_role,
    find_by as find_role_by, is_admin, list as list_roles, need_delegable, update as update_role,
};
pub use routes::routes;
pub(crate) use state::touch_if;
pub use state::{State, state, touch, touch_to_take};
pub(crate) use users::raise_epochs;
pub use users::{
    Access, Draft as UserDraft, Kind, Link, Page, User, access, by_login as users_by_login,
    by_okta_id as user_by_okta_id, create as create_user, end_sessions, find as find_user,
    links as links_of, list as list_users, logins_of,
    of_connection_by_login as users_of_connection_by_login, set_blocked,
};

#[cfg(test)]
mod tests;
