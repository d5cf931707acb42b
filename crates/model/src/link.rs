//! `_links`: what Okta says can be done next with a resource.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

resource! {
    /// One link relation's target.
    Link {
        must {
            /// Where it leads.
            href: String = "href",
        }
        may {
            /// The method, on user lifecycle links.
            method: String = "method",
            /// `{"allow": ["GET", …]}`.
            hints: Value = "hints",
            /// Which of several targets this is.
            name: String = "name",
            /// Title of the thing linked.
            title: String = "title",
            /// Media type.
            media_type: String = "type",
        }
    }
}

/// The `_links` member: relations with one [`Link`] or a list of them, kept raw because few are ever read.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Links(pub Map<String, Value>);

impl Links {
    /// The relation's link, the first where there are several.
    #[must_use]
    pub fn get(&self, relation: &str) -> Option<Link> {
        let target = match self.0.get(relation)? {
            Value::Array(several) => several.first()?,
            one => one,
        };
        Link::deserialize(target).ok()
    }

    /// Whether the relation is there.
    #[must_use]
    pub fn has(&self, relation: &str) -> bool {
        self.0.contains_key(relation)
    }
}
