//! Values of a statement, and their marks.

/// The bound values of a statement, in the order of its `$1`, `$2`, ...
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        vec![$(sea_orm::Value::from($value)),*]
    };
}
pub(crate) use values;

/// From so many values on, their marks are worth being rewritten.
const MANY: usize = 32;

/// The statement for `SQLite`: `$1, $2, …` become `?, ?, …` where each stands once and in order.
///
/// sqlx asks `SQLite` for the name of each mark, and `SQLite` looks through all names for it: of a thousand marks that
/// takes longer than the statement. A mark without a name is found at once.
pub(crate) fn for_sqlite(sql: &str, values: usize) -> std::borrow::Cow<'_, str> {
    if values < MANY {
        return sql.into();
    }
    let mut parts = sql.split('$');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    let mut count = 0;
    for part in parts {
        count += 1;
        let end = part
            .find(|letter: char| !letter.is_ascii_digit())
            .unwrap_or(part.len());
        let (number, rest) = part.split_at(end);
        if number.parse() != Ok(count) {
            return sql.into();
        }
        plain.push('?');
        plain.push_str(rest);
    }
    if count == values {
        plain.into()
    } else {
        sql.into()
    }
}

#[cfg(test)]
mod tests {
    use super::for_sqlite;

    #[test]
    fn marks_lose_their_names_when_each_stands_once_and_in_order() {
        let marks = |numbers: &[usize]| {
            let marks: Vec<String> = numbers.iter().map(|n| format!("${n}")).collect();
            format!("INSERT INTO t VALUES ({})", marks.join(", "))
        };
        let all: Vec<usize> = (1..=40).collect();
        let want = format!("INSERT INTO t VALUES ({})", vec!["?"; 40].join(", "));
        assert_eq!(for_sqlite(&marks(&all), 40), want);
        let mut twice = all.clone();
        twice.push(1);
        let mut turned = all.clone();
        turned.swap(3, 4);
        for named in [twice, turned] {
            assert_eq!(for_sqlite(&marks(&named), 40), marks(&named));
        }
        assert_eq!(for_sqlite(&marks(&all), 41), marks(&all));
        assert_eq!(for_sqlite("SELECT $1", 1), "SELECT $1");
    }
}
