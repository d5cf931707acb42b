//! Values of a statement.

/// The bound values of a statement, in the order of its `$1`, `$2`, ...
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        vec![$(sea_orm::Value::from($value)),*]
    };
}
pub(crate) use values;
