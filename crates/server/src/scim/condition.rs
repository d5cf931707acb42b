//! Filters and orders as SQL, with the same meaning on both engines as `Filter::matches` has in memory.
//!
//! Names and ids have columns; all else is looked up in `folded`, the resource with its text in lower case. Attribute
//! names come from the grammar of names and URNs and are quoted; values are bound.

use keywright_proto::scim::filter::{Filter, Operand, Operator, instant};
use keywright_proto::scim::list::Sort;
use keywright_proto::scim::matching::fold;
use keywright_proto::scim::schemas::{ResourceType, USER};
use keywright_proto::scim::{Error, Path};
use sea_orm::Value as Bound;
use uuid::Uuid;

use crate::db::Engine;

mod json;

use json::{Step, extended, steps};

/// What has not to be.
const NEVER: &str = "(1 = 0)";

/// A statement's condition in the making.
pub(super) struct Condition<'a> {
    engine: Engine,
    of: &'static ResourceType,
    bound: &'a mut Vec<Bound>,
}

impl<'a> Condition<'a> {
    /// Values are added to `bound`.
    pub(super) fn new(
        engine: Engine,
        of: &'static ResourceType,
        bound: &'a mut Vec<Bound>,
    ) -> Self {
        Self { engine, of, bound }
    }

    /// The filter over the row `r`. A filter by something that we do not search by is refused.
    pub(super) fn filter(&mut self, filter: &Filter) -> Result<String, Error> {
        match filter {
            Filter::And(all) => self.all(all, " AND "),
            Filter::Or(all) => self.all(all, " OR "),
            Filter::Not(inner) => Ok(format!("NOT {}", self.filter(inner)?)),
            Filter::Present(path)
            | Filter::Compare {
                path,
                operator: Operator::Ne,
                value: Operand::Null,
            } => Ok(self.present(path)),
            Filter::Compare {
                path,
                operator: Operator::Ne,
                value,
            } => Ok(format!("NOT {}", self.compare(path, Operator::Eq, value)?)),
            Filter::Compare {
                path,
                operator: Operator::Eq,
                value: Operand::Null,
            } => Ok(format!("NOT {}", self.present(path))),
            Filter::Compare {
                path,
                operator,
                value,
            } => self.compare(path, *operator, value),
            Filter::Values { path, filter } if is_tie(path) => self.tie(path, filter),
            Filter::Values { path, filter } => self.values(path, filter),
        }
    }

    /// The order by an attribute: resources without a value last, or first from the greatest down.
    pub(super) fn order(&mut self, sort: &Sort) -> Result<String, Error> {
        let path = &sort.path;
        let direction = if sort.descending { "DESC" } else { "ASC" };
        let key = match (
            path.extension.as_deref(),
            path.name.as_str(),
            path.sub.as_deref(),
        ) {
            (None, "id", None) => "r.id".to_owned(),
            (None, "meta", Some("created")) => "r.created_at".to_owned(),
            (None, "meta", Some("lastModified")) => "r.updated_at".to_owned(),
            (None, "groups" | "members" | "schemas" | "meta", _) => {
                return Err(Error::Path {
                    path: path.to_string(),
                    why: "it cannot be sorted by".to_owned(),
                });
            }
            _ => {
                let mut steps = steps(path);
                if path.attribute.is_some_and(|attribute| attribute.multi) {
                    steps.insert(steps.len() - usize::from(path.sub.is_some()), Step::First);
                }
                self.exactly(&self.text("r.folded", &steps))
            }
        };
        Ok(format!(
            "({key} IS NULL) {direction}, {key} {direction}, r.id"
        ))
    }

    fn all(&mut self, all: &[Filter], word: &str) -> Result<String, Error> {
        let parts = all
            .iter()
            .map(|filter| self.filter(filter))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(format!("({})", parts.join(word)))
    }

    fn present(&mut self, path: &Path) -> String {
        if path.extension.is_none() {
            match path.name.as_str() {
                "id" | "meta" | "schemas" => return "(1 = 1)".to_owned(),
                "groups" | "members" => return self.any_tie(""),
                _ => {}
            }
        }
        self.at(path, |this, doc, steps| this.is_there(doc, steps))
    }

    fn compare(
        &mut self,
        path: &Path,
        operator: Operator,
        value: &Operand,
    ) -> Result<String, Error> {
        if path.extension.is_none() {
            match (path.name.as_str(), path.sub.as_deref()) {
                ("id", None) => return self.id("r.id", operator, value),
                ("externalId", None) => {
                    return Ok(self.text_column("r.external_id", operator, value, false));
                }
                ("userName", None) => {
                    return Ok(self.text_column("r.name_key", operator, value, true));
                }
                ("displayName", None) if *self.of != USER => {
                    return Ok(self.text_column("r.name_key", operator, value, true));
                }
                ("meta", Some("created")) => {
                    return Ok(self.instant("r.created_at", operator, value));
                }
                ("meta", Some("lastModified")) => {
                    return Ok(self.instant("r.updated_at", operator, value));
                }
                ("meta", Some("resourceType")) if operator == Operator::Eq => {
                    let same = matches!(value, Operand::Text(text) if text == self.of.name);
                    return Ok(if same { "(1 = 1)" } else { NEVER }.to_owned());
                }
                ("groups" | "members", Some("value")) => {
                    let id = self.id(self.other(), operator, value)?;
                    return Ok(self.any_tie(&format!("AND {id}")));
                }
                ("groups" | "members" | "meta" | "schemas", _) => return Err(unsearched(path)),
                _ => {}
            }
        }
        let exact = path.leaf().is_some_and(|leaf| leaf.case_exact);
        Ok(self.at(path, |this, doc, steps| {
            this.leaf(doc, steps, operator, value, exact)
        }))
    }

    /// A condition on the values at a path: on the one value, or on any of a list. In an extension that we do not know
    /// it may be either.
    fn at(
        &mut self,
        path: &Path,
        mut condition: impl FnMut(&mut Self, &str, &[Step<'_>]) -> String,
    ) -> String {
        let steps = steps(path);
        let single = path.attribute.is_none_or(|attribute| !attribute.multi);
        let listed = path.attribute.is_none_or(|attribute| attribute.multi);
        let holder = steps.len() - usize::from(path.sub.is_some());
        let (list, inner) = steps.split_at(holder);
        let mut parts = Vec::new();
        if single {
            parts.push(condition(self, "r.folded", &steps));
        }
        if listed {
            let inside = condition(self, "e.value", inner);
            parts.push(self.each("r.folded", list, &inside));
        }
        format!("({})", parts.join(" OR "))
    }

    /// `emails[…]`.
    fn values(&mut self, path: &Path, filter: &Filter) -> Result<String, Error> {
        let steps = steps(path);
        let mut parts = Vec::new();
        if path.attribute.is_none_or(|attribute| !attribute.multi) {
            parts.push(self.inside(filter, "r.folded", &steps)?);
        }
        if path.attribute.is_none_or(|attribute| attribute.multi) {
            let inside = self.inside(filter, "e.value", &[])?;
            parts.push(self.each("r.folded", &steps, &inside));
        }
        Ok(format!("({})", parts.join(" OR ")))
    }

    /// A filter over the members of one object.
    fn inside(&mut self, filter: &Filter, doc: &str, holder: &[Step<'_>]) -> Result<String, Error> {
        let mut joined = |all: &[Filter], word: &str| -> Result<String, Error> {
            let parts = all
                .iter()
                .map(|filter| self.inside(filter, doc, holder))
                .collect::<Result<Vec<_>, _>>()?;
            Ok(format!("({})", parts.join(word)))
        };
        let deeper = |path: &'_ Path| -> Vec<String> {
            [Some(path.name.clone()), path.sub.clone()]
                .into_iter()
                .flatten()
                .collect()
        };
        match filter {
            Filter::And(all) => joined(all, " AND "),
            Filter::Or(all) => joined(all, " OR "),
            Filter::Not(inner) => Ok(format!("NOT {}", self.inside(inner, doc, holder)?)),
            Filter::Present(path) => {
                let names = deeper(path);
                Ok(self.is_there(doc, &extended(holder, &names)))
            }
            Filter::Compare {
                path,
                operator,
                value,
            } => {
                let names = deeper(path);
                let steps = extended(holder, &names);
                let exact = path.leaf().is_some_and(|leaf| leaf.case_exact);
                Ok(match (operator, value) {
                    (Operator::Eq, Operand::Null) => format!("NOT {}", self.is_there(doc, &steps)),
                    (Operator::Ne, Operand::Null) => self.is_there(doc, &steps),
                    (Operator::Ne, value) => {
                        format!("NOT {}", self.leaf(doc, &steps, Operator::Eq, value, exact))
                    }
                    (operator, value) => self.leaf(doc, &steps, *operator, value, exact),
                })
            }
            Filter::Values { path, .. } => Err(unsearched(path)),
        }
    }

    /// `members[value eq "…"]`.
    fn tie(&mut self, path: &Path, filter: &Filter) -> Result<String, Error> {
        let Filter::Compare {
            path: inner,
            operator: Operator::Eq,
            value,
        } = filter
        else {
            return Err(unsearched(path));
        };
        if inner.name != "value" {
            return Err(unsearched(path));
        }
        let id = self.id(self.other(), Operator::Eq, value)?;
        Ok(self.any_tie(&format!("AND {id}")))
    }

    fn other(&self) -> &'static str {
        if *self.of == USER {
            "m.group_id"
        } else {
            "m.user_id"
        }
    }

    fn any_tie(&self, more: &str) -> String {
        let own = if *self.of == USER {
            "m.user_id"
        } else {
            "m.group_id"
        };
        format!(
            "EXISTS (SELECT 1 FROM scim_members m WHERE m.tenant_id = $1 AND {own} = r.id {more})"
        )
    }

    fn id(&mut self, column: &str, operator: Operator, value: &Operand) -> Result<String, Error> {
        let (Operator::Eq, Operand::Text(text)) = (operator, value) else {
            return Err(Error::Filter("ids are searched by eq and ne".to_owned()));
        };
        // Ids differ by case: what is not written as we write them is not ours.
        let id = Uuid::parse_str(text)
            .ok()
            .filter(|id| id.as_hyphenated().to_string() == *text);
        Ok(match id {
            Some(id) => format!("{column} = {}", self.bind(Bound::from(id))),
            None => NEVER.to_owned(),
        })
    }

    fn instant(&mut self, column: &str, operator: Operator, value: &Operand) -> String {
        let Operand::Text(text) = value else {
            return NEVER.to_owned();
        };
        match instant(text) {
            Some(at) => format!("{column} {} {}", sign(operator), self.bind(Bound::from(at))),
            None => NEVER.to_owned(),
        }
    }

    fn text_column(
        &mut self,
        column: &str,
        operator: Operator,
        value: &Operand,
        folded: bool,
    ) -> String {
        let Operand::Text(text) = value else {
            return NEVER.to_owned();
        };
        let text = if folded { fold(text) } else { text.clone() };
        if operator == Operator::Eq {
            // Not within COALESCE, which would keep the engines from their indexes.
            let value = self.bind(Bound::from(text));
            return format!("({column} IS NOT NULL AND {column} = {value})");
        }
        self.compare_text(column, operator, text)
    }

    fn compare_text(&mut self, expression: &str, operator: Operator, text: String) -> String {
        let affix = matches!(operator, Operator::Co | Operator::Sw | Operator::Ew);
        if affix && text.is_empty() {
            return format!("({expression} IS NOT NULL)");
        }
        let place = self.bind(Bound::from(text));
        let value = if operator == Operator::Eq {
            place
        } else {
            format!("CAST({place} AS TEXT)")
        };
        let condition = match (operator, self.engine) {
            (Operator::Co, Engine::Sqlite) => format!("instr({expression}, {value}) > 0"),
            (Operator::Co, Engine::Postgres) => format!("strpos({expression}, {value}) > 0"),
            (Operator::Sw, _) => format!("substr({expression}, 1, length({value})) = {value}"),
            (Operator::Ew, Engine::Sqlite) => {
                format!("substr({expression}, -length({value})) = {value}")
            }
            (Operator::Ew, Engine::Postgres) => {
                format!("right({expression}, length({value})) = {value}")
            }
            (Operator::Eq, _) => format!("{expression} = {value}"),
            (operator, _) => format!("{} {} {value}", self.exactly(expression), sign(operator)),
        };
        format!("COALESCE({condition}, FALSE)")
    }

    /// Text in the order of its bytes, as in memory.
    fn exactly(&self, expression: &str) -> String {
        match self.engine {
            Engine::Sqlite => expression.to_owned(),
            Engine::Postgres => format!("({expression} COLLATE \"C\")"),
        }
    }

    fn bind(&mut self, value: Bound) -> String {
        self.bound.push(value);
        format!("${}", self.bound.len())
    }
}

fn sign(operator: Operator) -> &'static str {
    match operator {
        Operator::Gt => ">",
        Operator::Ge => ">=",
        Operator::Lt => "<",
        Operator::Le => "<=",
        Operator::Eq | Operator::Ne | Operator::Co | Operator::Sw | Operator::Ew => "=",
    }
}

fn is_tie(path: &Path) -> bool {
    path.extension.is_none() && matches!(path.name.as_str(), "groups" | "members")
}

fn unsearched(path: &Path) -> Error {
    Error::Filter(format!("`{path}` cannot be searched by in this way"))
}
