//! Many rows in few statements.

use sea_orm::Value;

use crate::app::Work;
use crate::db;

/// SQLite binds at most 32,766 values, and statements of one length are prepared once.
const VALUES: usize = 4_000;

/// Inserts rows: `head` is `INSERT INTO t (a, b)`, `tail` what follows the values (`ON CONFLICT ...`).
pub(crate) async fn insert(
    work: &Work,
    head: &str,
    tail: &str,
    rows: Vec<Vec<Value>>,
) -> db::Result<()> {
    let Some(width) = rows.first().map(Vec::len) else {
        return Ok(());
    };
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let chunk: Vec<Vec<Value>> = rows.by_ref().take(VALUES / width.max(1)).collect();
        let marks = marks(chunk.len(), width);
        work.run(
            &format!("{head} VALUES {marks} {tail}"),
            chunk.into_iter().flatten().collect(),
        )
        .await?;
    }
    Ok(())
}

/// Runs `sql` for ids in chunks: `{ids}` in it becomes their placeholders, after those of `fixed`. Gives the rows touched.
pub(crate) async fn by_id<T: Into<Value> + Copy>(
    work: &Work,
    sql: &str,
    fixed: Vec<Value>,
    ids: &[T],
) -> db::Result<u64> {
    let mut touched = 0;
    for chunk in ids.chunks(500) {
        let marks: Vec<String> = (1..=chunk.len())
            .map(|n| format!("${}", fixed.len() + n))
            .collect();
        let mut bound = fixed.clone();
        bound.extend(chunk.iter().map(|&id| id.into()));
        touched += work
            .run(&sql.replace("{ids}", &marks.join(", ")), bound)
            .await?;
    }
    Ok(touched)
}

/// `($1, $2), ($3, $4)` for two rows of two.
fn marks(rows: usize, width: usize) -> String {
    let row = |n: usize| {
        let marks: Vec<String> = (1..=width).map(|m| format!("${}", n * width + m)).collect();
        format!("({})", marks.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    #[test]
    fn placeholders_count_on_from_row_to_row() {
        assert_eq!(super::marks(2, 3), "($1, $2, $3), ($4, $5, $6)");
    }
}
