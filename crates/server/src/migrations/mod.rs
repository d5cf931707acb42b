//! The schema's steps, one file each; forward only, expand then contract.

mod m0001_floor;
mod m0002_edge;
mod m0003_directory;
mod m0004_connections;
mod m0005_sync;
mod m0006_scim;
mod m0007_sync_alone;
mod m0008_scim_facts;
mod m0009_sign_in;
mod m0010_saml;
mod m0011_actions;
mod m0012_consent;
mod m0013_events;

use crate::db::Migration;
use crate::vault::SealedColumn;

/// All steps in order.
pub(crate) fn all() -> &'static [Migration] {
    &[
        m0001_floor::MIGRATION,
        m0002_edge::MIGRATION,
        m0003_directory::MIGRATION,
        m0004_connections::MIGRATION,
        m0005_sync::MIGRATION,
        m0006_scim::MIGRATION,
        m0007_sync_alone::MIGRATION,
        m0008_scim_facts::MIGRATION,
        m0009_sign_in::MIGRATION,
        m0010_saml::MIGRATION,
        m0011_actions::MIGRATION,
        m0012_consent::MIGRATION,
        m0013_events::MIGRATION,
    ]
}

/// All columns that hold sealed secrets, for key rotation. A test holds them against the schema.
pub(crate) const SEALED: &[SealedColumn] = &[
    SealedColumn {
        table: "notice_channels",
        column: "secret",
        row: "id",
    },
    SealedColumn {
        table: "connections",
        column: "api_token",
        row: "id",
    },
    SealedColumn {
        table: "connection_keys",
        column: "private_key",
        row: "id",
    },
    SealedColumn {
        table: "saml_keys",
        column: "private_key",
        row: "id",
    },
    SealedColumn {
        table: "action_runs",
        column: "input",
        row: "id",
    },
    SealedColumn {
        table: "action_runs",
        column: "outcome",
        row: "id",
    },
    SealedColumn {
        table: "connection_consents",
        column: "client_secret",
        row: "id",
    },
    SealedColumn {
        table: "connection_consents",
        column: "refresh_token",
        row: "id",
    },
    SealedColumn {
        table: "connection_consents",
        column: "access_token",
        row: "id",
    },
    SealedColumn {
        table: "consent_requests",
        column: "verifier",
        row: "id",
    },
];

#[cfg(test)]
mod tests {
    #[test]
    fn versions_count_from_one_without_gaps() {
        let versions: Vec<i32> = super::all().iter().map(|m| m.version).collect();
        let wanted: Vec<i32> = (1..).take(versions.len()).collect();
        assert_eq!(versions, wanted);
    }

    /// Bytes in the schema are hashes, links of the audit chain, or sealed secrets; the last must be known to rotation.
    #[test]
    fn every_sealed_column_is_known_to_rotation() {
        let mut table = "";
        for line in super::all()
            .iter()
            .flat_map(|m| m.sql.lines())
            .map(str::trim)
        {
            if let Some(name) = line.strip_prefix("CREATE TABLE ") {
                table = name.trim_end_matches(" (");
            }
            let Some((column, _)) = line.split_once(" BYTEA") else {
                continue;
            };
            let known = super::SEALED
                .iter()
                .any(|sealed| (sealed.table, sealed.column) == (table, column));
            let other = column.ends_with("hash") || (table, column) == ("audit_seals", "chain");
            assert!(known != other, "{table}.{column}");
        }
    }
}
