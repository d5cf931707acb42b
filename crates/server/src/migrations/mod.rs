//! The schema's steps, one file each; forward only, expand then contract.

mod m0001_floor;
mod m0002_edge;

use crate::db::Migration;

/// All steps in order.
pub(crate) fn all() -> &'static [Migration] {
    &[m0001_floor::MIGRATION, m0002_edge::MIGRATION]
}

#[cfg(test)]
mod tests {
    #[test]
    fn versions_count_from_one_without_gaps() {
        let versions: Vec<i32> = super::all().iter().map(|m| m.version).collect();
        let wanted: Vec<i32> = (1..).take(versions.len()).collect();
        assert_eq!(versions, wanted);
    }
}
