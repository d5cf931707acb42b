//! Many rows in few statements.

use sea_orm::Value;

use crate::app::Work;
use crate::db;

/// SQLite binds at most 32,766 values.
const VALUES: usize = 4_000;
/// So many ids stand in one statement at most.
const IDS: usize = 512;

/// Writes rows: `head` is `INSERT INTO t (a, b)` or what else comes before VALUES, `tail` what follows the values
/// (`ON CONFLICT ...`).
pub(crate) async fn insert(
    work: &Work,
    head: &str,
    tail: &str,
    rows: Vec<Vec<Value>>,
) -> db::Result<()> {
    let Some(width) = rows.first().map(Vec::len) else {
        return Ok(());
    };
    let lengths = lengths(rows.len(), VALUES / width.max(1));
    let mut rows = rows.into_iter();
    for length in lengths {
        let marks = marks(length, width);
        work.run(
            &format!("{head} VALUES {marks} {tail}"),
            rows.by_ref().take(length).flatten().collect(),
        )
        .await?;
    }
    Ok(())
}

/// Lengths that are powers of two and together `all`, none longer than `most`. Each length is another statement, which
/// every connection prepares and keeps: there are to be few.
fn lengths(all: usize, most: usize) -> impl Iterator<Item = usize> {
    let largest = 1_usize << most.max(1).ilog2();
    let mut left = all;
    std::iter::from_fn(move || {
        let length = largest.min(1 << left.checked_ilog2()?);
        left -= length;
        Some(length)
    })
}

/// Runs `sql` for ids in chunks: `{ids}` in it becomes their placeholders, after those of `fixed`. Gives the rows touched.
pub(crate) async fn by_id<T: Into<Value> + Copy>(
    work: &Work,
    sql: &str,
    fixed: Vec<Value>,
    ids: &[T],
) -> db::Result<u64> {
    let mut touched = 0;
    let mut left = ids;
    for length in lengths(ids.len(), IDS) {
        let (chunk, rest) = left.split_at(length);
        left = rest;
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

    #[test]
    fn statements_come_in_few_lengths_and_hold_every_row_once() {
        for (all, most, want) in [
            (0, 210, vec![]),
            (1, 210, vec![1]),
            (300, 210, vec![128, 128, 32, 8, 4]),
            (1_000, 512, vec![512, 256, 128, 64, 32, 8]),
            (3, 1, vec![1, 1, 1]),
        ] {
            assert_eq!(super::lengths(all, most).collect::<Vec<_>>(), want);
        }
    }
}
