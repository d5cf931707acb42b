//! Paths to attributes (RFC 7644 section 3.10) and to the targets of PATCH operations (section 3.5.2).

use std::fmt;

use scim_v2::filter::{AttrPath, PatchPath};

use super::attribute::Attribute;
use super::schemas::ResourceType;
use super::{Error, Filter, filter};

/// Longest path that is read, in bytes.
pub const MAX_LENGTH: usize = 2_048;

/// An attribute of a resource, with its definition where we have one.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// The URN of the extension it is in; none for the core schema.
    pub extension: Option<String>,
    /// Its name, as the schema spells it (as sent, in an extension we do not know).
    pub name: String,
    /// The sub-attribute.
    pub sub: Option<String>,
    /// What the attribute is; none in an extension we do not know.
    pub attribute: Option<&'static Attribute>,
    /// What the sub-attribute is.
    pub sub_attribute: Option<&'static Attribute>,
}

impl Path {
    /// Reads `userName`, `name.givenName`, `urn:…:User:department`.
    pub fn parse(of: &'static ResourceType, text: &str) -> Result<Self, Error> {
        match Target::parse(of, text)? {
            Target::Attribute(path) => Ok(path),
            Target::Extension(_) | Target::Values { .. } => {
                Err(refuse(text, "an attribute is wanted here"))
            }
        }
    }

    /// What the path's last part is; none in an extension we do not know.
    #[must_use]
    pub fn leaf(&self) -> Option<&'static Attribute> {
        if self.sub.is_some() {
            self.sub_attribute
        } else {
            self.attribute
        }
    }

    /// Finds the attribute that a path of the grammar names.
    pub(super) fn resolve(of: &'static ResourceType, raw: &AttrPath) -> Result<Self, String> {
        let Some(urn) = &raw.uri else {
            return Self::in_core(of, raw);
        };
        if urn.eq_ignore_ascii_case(of.core.id) {
            return Self::in_core(of, raw);
        }
        if let Some(schema) = of.extension(urn) {
            let attribute = super::attribute::find(schema.attributes, &raw.name)
                .ok_or_else(|| format!("`{}` is not an attribute of {urn}", raw.name))?;
            return Self::of_attribute(attribute, Some(schema.id), raw);
        }
        if !urn
            .get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
        {
            return Err(format!("`{urn}` is no URN of a schema"));
        }
        Ok(Self {
            extension: Some(urn.clone()),
            name: raw.name.clone(),
            sub: raw.sub_attr.clone(),
            attribute: None,
            sub_attribute: None,
        })
    }

    /// Finds a sub-attribute of `parent` inside of `[…]`.
    pub(super) fn inside(
        parent: Option<&'static Attribute>,
        raw: &AttrPath,
    ) -> Result<Self, String> {
        if raw.uri.is_some() || (parent.is_some() && raw.sub_attr.is_some()) {
            return Err(format!("`{raw}` is no sub-attribute"));
        }
        let attribute =
            match parent {
                None => None,
                Some(parent) => Some(parent.sub(&raw.name).ok_or_else(|| {
                    format!("`{}` has no sub-attribute `{}`", parent.name, raw.name)
                })?),
            };
        Ok(Self {
            extension: None,
            name: attribute.map_or_else(|| raw.name.clone(), |a| a.name.to_owned()),
            sub: raw.sub_attr.clone(),
            attribute,
            sub_attribute: None,
        })
    }

    fn plain(attribute: &'static Attribute) -> Self {
        Self {
            extension: None,
            name: attribute.name.to_owned(),
            sub: None,
            attribute: Some(attribute),
            sub_attribute: None,
        }
    }

    fn in_core(of: &'static ResourceType, raw: &AttrPath) -> Result<Self, String> {
        let attribute = of
            .attribute(&raw.name)
            .ok_or_else(|| format!("`{}` is not an attribute of {}", raw.name, of.name))?;
        Self::of_attribute(attribute, None, raw)
    }

    fn of_attribute(
        attribute: &'static Attribute,
        extension: Option<&'static str>,
        raw: &AttrPath,
    ) -> Result<Self, String> {
        let sub_attribute = match &raw.sub_attr {
            None => None,
            Some(sub) => Some(
                attribute
                    .sub(sub)
                    .ok_or_else(|| format!("`{}` has no sub-attribute `{sub}`", attribute.name))?,
            ),
        };
        Ok(Self {
            extension: extension.map(str::to_owned),
            name: attribute.name.to_owned(),
            sub: sub_attribute.map(|sub| sub.name.to_owned()),
            attribute: Some(attribute),
            sub_attribute,
        })
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(urn) = &self.extension {
            write!(f, "{urn}:")?;
        }
        f.write_str(&self.name)?;
        match &self.sub {
            Some(sub) => write!(f, ".{sub}"),
            None => Ok(()),
        }
    }
}

/// What a PATCH operation is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// An attribute, or a sub-attribute.
    Attribute(Path),
    /// A whole extension, by its URN.
    Extension(String),
    /// Chosen values of a list: `emails[type eq "work"].value`.
    Values {
        /// The list.
        path: Path,
        /// Which of its values.
        filter: Filter,
        /// Which sub-attribute of them; all when there is none.
        sub: Option<String>,
    },
}

impl Target {
    /// Reads the path of a PATCH operation.
    pub fn parse(of: &'static ResourceType, text: &str) -> Result<Self, Error> {
        if text.len() > MAX_LENGTH {
            return Err(Error::TooLong {
                limit: MAX_LENGTH,
                what: "bytes of a path",
            });
        }
        if let Some(schema) = of.extension(text.trim()) {
            return Ok(Self::Extension(schema.id.to_owned()));
        }
        // Most paths are a name of the schema: no need of the grammar.
        if let Some(attribute) = of.attribute(text) {
            return Ok(Self::Attribute(Path::plain(attribute)));
        }
        // `$ref` is the one name with a sign (RFC 7643 section 2.4), which the grammar of names does not know.
        let raw: PatchPath = text
            .parse()
            .map_err(|error| refuse(text, &filter::explain(&error)))?;
        match raw {
            PatchPath::Attr(raw) => Path::resolve(of, &raw)
                .map(Self::Attribute)
                .map_err(|why| refuse(text, &why)),
            PatchPath::Value(raw) => {
                let path = Path::resolve(of, &raw.attr).map_err(|why| refuse(text, &why))?;
                if path.sub.is_some() || path.attribute.is_some_and(|a| a.sub.is_empty()) {
                    return Err(refuse(
                        text,
                        "only an attribute with sub-attributes takes `[…]`",
                    ));
                }
                let filter = Filter::inside(path.attribute, &raw.filter)
                    .map_err(|why| refuse(text, &why))?;
                let sub = match (&raw.sub_attr, path.attribute) {
                    (Some(sub), Some(attribute)) => Some(
                        attribute
                            .sub(sub)
                            .ok_or_else(|| refuse(text, &format!("no sub-attribute `{sub}`")))?
                            .name
                            .to_owned(),
                    ),
                    (sub, _) => sub.clone(),
                };
                Ok(Self::Values { path, filter, sub })
            }
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute(path) => path.fmt(f),
            Self::Extension(urn) => f.write_str(urn),
            Self::Values { path, filter, sub } => {
                write!(f, "{path}[{filter}]")?;
                sub.as_ref().map_or(Ok(()), |sub| write!(f, ".{sub}"))
            }
        }
    }
}

fn refuse(path: &str, why: &str) -> Error {
    Error::Path {
        path: path.to_owned(),
        why: why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::schemas::{ENTERPRISE_SCHEMA, GROUP, USER};
    use super::*;

    #[test]
    fn paths_print_as_the_schema_spells_them() {
        for (text, want) in [
            ("username", "userName"),
            ("NAME.GIVENNAME", "name.givenName"),
            (
                "urn:ietf:params:scim:schemas:core:2.0:User:userName",
                "userName",
            ),
            (
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:user:DEPARTMENT",
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
            ),
            (
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
            ),
            ("urn:acme:2.0:User:badge", "urn:acme:2.0:User:badge"),
            (
                r#"emails[Type eq "work"].VALUE"#,
                r#"emails[type eq "work"].value"#,
            ),
            ("meta.lastmodified", "meta.lastModified"),
        ] {
            assert_eq!(
                Target::parse(&USER, text).unwrap().to_string(),
                want,
                "{text}"
            );
        }
        assert_eq!(
            Target::parse(&USER, ENTERPRISE_SCHEMA.id),
            Ok(Target::Extension(ENTERPRISE_SCHEMA.id.to_owned()))
        );
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in [
            "",
            " ",
            "nothing",
            "name.nothing",
            "emails[",
            "emails[type eq]",
            "emails[nothing eq \"x\"]",
            "userName[value eq \"x\"]",
            "name.givenName.x",
            "emails[value eq \"x\"].nothing",
            "a b",
            "\"userName\"",
            "http://x:userName",
        ] {
            assert!(
                matches!(Target::parse(&USER, text), Err(Error::Path { .. })),
                "{text}"
            );
        }
        let long = "a".repeat(MAX_LENGTH + 1);
        assert!(matches!(
            Target::parse(&GROUP, &long),
            Err(Error::TooLong { .. })
        ));
    }
}
