//! Sealing again, under the active key, what older keys sealed.

use sea_orm::FromQueryResult;
use secrecy::ExposeSecret;
use serde::Serialize;
use uuid::Uuid;

use super::Sealed;
use crate::app::Work;
use crate::audit;
use crate::db::{self, values};

/// A column that holds sealed values, with its table's id column. Each slice lists its own.
#[derive(Clone, Copy, Debug)]
pub struct SealedColumn {
    /// The table; it leads with `tenant_id`.
    pub table: &'static str,
    /// The column; values in it were sealed for `table.column`.
    pub column: &'static str,
    /// The UUID column whose value is the row the secret is bound to.
    pub row: &'static str,
}

/// What [`reseal`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Rotated {
    /// Values sealed again.
    pub resealed: u64,
    /// Values that were sealed with the active key already.
    pub current: u64,
    /// Values that did not open (`table.column row`), left as they are.
    pub refused: Vec<String>,
}

impl Rotated {
    /// Adds what was done elsewhere.
    pub(super) fn add(&mut self, other: Self) {
        self.resealed += other.resealed;
        self.current += other.current;
        self.refused.extend(other.refused);
    }
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    sealed: Sealed,
}

/// Seals again all values of the work's tenant that an older key sealed. Safe to stop and to run again.
pub async fn reseal(work: &mut Work, columns: &[SealedColumn]) -> db::Result<Rotated> {
    let mut done = Rotated::default();
    for column in columns {
        let SealedColumn { table, column, row } = column;
        let name = format!("{table}.{column}");
        let sql = format!(
            "SELECT {row} AS id, {column} AS sealed FROM {table} WHERE tenant_id = $1 AND {column} IS NOT NULL"
        );
        for found in work.rows::<Row>(&sql, values![work.tenant]).await? {
            if work.app().vault().is_current(&found.sealed) {
                done.current += 1;
                continue;
            }
            let Ok(secret) = work
                .app()
                .vault()
                .open(work.tenant, &name, found.id, &found.sealed)
            else {
                done.refused.push(format!("{name} {}", found.id));
                continue;
            };
            let sealed = work.seal(&name, found.id, secret.expose_secret());
            let sql =
                format!("UPDATE {table} SET {column} = $3 WHERE tenant_id = $1 AND {row} = $2");
            work.run(&sql, values![work.tenant, found.id, sealed])
                .await?;
            done.resealed += 1;
        }
    }
    if done.resealed > 0 {
        let target = ("vault", work.app().vault().active_key().to_string());
        audit::record(
            work,
            audit::Entry::new("secret.resealed", target, "keys were rotated").detail(&done),
        )
        .await?;
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::db_test;

    const COLUMNS: &[SealedColumn] = &[SealedColumn {
        table: "sealed_test",
        column: "secret",
        row: "id",
    }];

    db_test!(
        async fn old_values_are_sealed_again_and_foreign_ones_left(t) {
            let work = t.begin().await;
            let table = db::ddl(work.engine(), "CREATE TABLE sealed_test (tenant_id UUID, id UUID, secret BYTEA)");
            work.run(&table, values![]).await.unwrap();
            let insert = "INSERT INTO sealed_test VALUES ($1, $2, $3)";
            let (good, moved) = (work.id::<Uuid>(), work.id::<Uuid>());
            let sealed = work.seal("sealed_test.secret", good, b"hello");
            work.run(insert, values![work.tenant, good, sealed.clone()]).await.unwrap();
            work.run(insert, values![work.tenant, moved, sealed]).await.unwrap();
            work.run(insert, values![work.tenant, work.id::<Uuid>(), Option::<Vec<u8>>::None]).await.unwrap();
            work.commit().await.unwrap();

            assert_eq!(t.app.vault().add_key([9; 32]).unwrap(), 2);
            let mut work = t.begin().await;
            let done = reseal(&mut work, COLUMNS).await.unwrap();
            assert_eq!((done.resealed, done.current), (1, 0));
            assert_eq!(done.refused, vec![format!("sealed_test.secret {moved}")]);
            let again = reseal(&mut work, COLUMNS).await.unwrap();
            assert_eq!((again.resealed, again.current), (0, 1));
            let sql = "SELECT id, secret AS sealed FROM sealed_test WHERE tenant_id = $1 AND id = $2";
            let row = work.row::<Row>(sql, values![work.tenant, good]).await.unwrap().unwrap();
            let opened = t.app.vault().open(t.tenant, "sealed_test.secret", good, &row.sealed).unwrap();
            assert_eq!(opened.expose_secret(), b"hello");
        }
    );

    #[test]
    fn a_key_added_by_another_process_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let tenant = db::TenantId(Uuid::nil());
        let ours = super::super::Vault::open_file(&path, [1; 32]).unwrap();
        let theirs = super::super::Vault::open_file(&path, [2; 32]).unwrap();
        theirs.add_key([3; 32]).unwrap();
        let sealed = theirs.seal(tenant, "c", Uuid::nil(), b"x", [0; 12]);
        assert!(ours.open(tenant, "c", Uuid::nil(), &sealed).is_ok());
        assert_eq!(ours.active_key(), 2);
    }
}
