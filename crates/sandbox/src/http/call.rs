//! One call as the families see it.

use bytes::Bytes;
use http::{HeaderMap, Method, header};
use serde_json::{Map, Value};

use super::Fail;
use crate::clock::Time;
use crate::org::Org;

/// Query parameters in the order given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(pub(crate) Vec<(String, String)>);

impl Query {
    /// Reads a query string in form encoding.
    pub(crate) fn parse(text: &str) -> Self {
        Self(
            url::form_urlencoded::parse(text.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// The first value of a parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// A parameter that is `true` or `false`.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        match self.get(name)? {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Nobody that we know; only public paths take it.
    Anonymous,
    /// An API token (serial) of a user (serial).
    Token { token: u32, user: u32 },
    /// An app by an access token: its own, or one of a user (serial) who signed in.
    App {
        client_id: String,
        scopes: Vec<String>,
        user: Option<u32>,
    },
}

/// One call: what was asked, by whom and when.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) params: Vec<(&'static str, String)>,
    pub(crate) query: Query,
    /// The query as it was written.
    pub(crate) raw_query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Scheme, host and port as the client wrote them: all links start with it.
    pub(crate) base: String,
    pub(crate) now: Time,
    pub(crate) caller: Caller,
    /// The administrator roles of the caller.
    pub(crate) power: crate::roles::Power,
    pub(crate) request_id: String,
    /// A number of this call alone, to draw from where something looks random.
    pub(crate) salt: u64,
    /// What is to be wrong with an answer by SAML.
    pub(crate) saml_faults: Vec<crate::saml::SamlFault>,
}

impl Call {
    /// A call of our own, as the first super administrator.
    pub(crate) fn own(org: &Org, method: Method, path: &str, query: &str, now: Time) -> Self {
        Self {
            method,
            path: path.to_owned(),
            params: Vec::new(),
            query: Query::parse(query),
            raw_query: query.to_owned(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            base: "http://localhost".to_owned(),
            now,
            caller: Caller::Token { token: 0, user: 0 },
            power: crate::roles::Power::of_user(org, 0),
            request_id: "own".to_owned(),
            salt: crate::store::mix(org.seed),
            saml_faults: Vec::new(),
        }
    }

    /// A part of the path by its name in the template.
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params
            .iter()
            .find(|(key, _)| *key == name)
            .map_or("", |(_, value)| value)
    }

    /// The body as a JSON object.
    ///
    /// Fails with `E0000003` when it is missing or something else.
    pub(crate) fn object(&self) -> Result<Map<String, Value>, Fail> {
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(map)) => Ok(map),
            _ => Err(Fail::malformed()),
        }
    }

    /// The body as a JSON object; an empty one when there is no body.
    pub(crate) fn object_or_empty(&self) -> Result<Map<String, Value>, Fail> {
        if self.body.is_empty() {
            Ok(Map::new())
        } else {
            self.object()
        }
    }

    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The `If-Match` header.
    pub(crate) fn if_match(&self) -> Option<&str> {
        self.header(header::IF_MATCH.as_str())
    }

    /// An absolute address beneath this org.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// A token of this many characters that looks random.
    pub(crate) fn opaque(&self, length: usize) -> String {
        self.opaque_for(0, length)
    }

    /// The same for one of several tokens that a call makes: each purpose has its own.
    pub(crate) fn opaque_for(&self, purpose: u64, length: usize) -> String {
        const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz0123456789_-";
        let mut text = String::with_capacity(length);
        let mut state = if purpose == 0 {
            self.salt
        } else {
            crate::store::mix(self.salt ^ purpose)
        };
        while text.len() < length {
            state = crate::store::mix(state);
            let at = usize::try_from(state % 60).unwrap_or(0);
            text.push(LETTERS.get(at).map_or('a', |byte| char::from(*byte)));
        }
        text
    }
}
