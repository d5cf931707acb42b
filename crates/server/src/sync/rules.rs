//! What decides about roles: mappings and roles by index, so that a plan for 100,000 people stays small.

/// Index of a person in [`Snapshot`](super::snapshot::Snapshot) and [`Present`](super::plan::Present) alike.
pub type PersonIx = u32;
/// Index of a role in [`Rules::roles`].
pub type RoleIx = u16;
/// Index of a mapping in [`Rules::mappings`].
pub type MappingIx = u32;
/// Index of a mapped group in [`Snapshot::members`](super::snapshot::Snapshot::members).
pub type GroupIx = u32;

/// How far a role reaches, as far as the guard cares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Holds no administration.
    #[default]
    Plain,
    /// The built-in `admin`.
    Admin,
    /// The built-in `super_admin`.
    Super,
}

/// One mapping: the members of a group get these roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The group.
    pub group: GroupIx,
    /// The roles its members get.
    pub roles: Vec<RoleIx>,
    /// Paused by an undo: its grants are left as they are, neither added nor taken.
    pub paused: bool,
}

/// Everything that decides, for one connection. The ids behind the indices are kept by the caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// How far each role reaches.
    pub roles: Vec<Level>,
    /// The connection's mappings.
    pub mappings: Vec<Mapping>,
    /// Whether manual grants of people in no mapped group go too.
    pub okta_only: bool,
}

impl Rules {
    /// How far `role` reaches.
    #[must_use]
    pub fn level(&self, role: RoleIx) -> Level {
        self.roles
            .get(usize::from(role))
            .copied()
            .unwrap_or_default()
    }

    /// The mapping at `index`, when it still exists.
    #[must_use]
    pub fn mapping(&self, index: MappingIx) -> Option<&Mapping> {
        usize::try_from(index)
            .ok()
            .and_then(|index| self.mappings.get(index))
    }
}
