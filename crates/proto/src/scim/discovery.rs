//! What a client can learn about the server (RFC 7643 sections 5 and 6, RFC 7644 section 4).

use serde_json::{Value, json};

use super::bulk;
use super::list::{self, MAX_RESULTS};
use super::schemas::{
    ENTERPRISE_SCHEMA, GROUP, GROUP_SCHEMA, ResourceType, Schema, USER, USER_SCHEMA,
};

/// All schemas.
pub const SCHEMAS: &[&Schema] = &[&USER_SCHEMA, &ENTERPRISE_SCHEMA, &GROUP_SCHEMA];
/// All types of resources.
pub const TYPES: &[&ResourceType] = &[&USER, &GROUP];

/// `/ServiceProviderConfig` below `base`; `body_bytes` is the largest body that is taken.
#[must_use]
pub fn service_provider_config(base: &str, body_bytes: usize) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": true },
        "bulk": { "supported": true, "maxOperations": bulk::MAX_OPERATIONS, "maxPayloadSize": body_bytes },
        "filter": { "supported": true, "maxResults": MAX_RESULTS },
        "changePassword": { "supported": false },
        "sort": { "supported": true },
        "etag": { "supported": true },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "A SCIM token of the connection in the Authorization header.",
            "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{base}/ServiceProviderConfig"),
        },
    })
}

/// `/ResourceTypes`.
#[must_use]
pub fn resource_types(base: &str) -> Value {
    all(&TYPES.iter().map(|of| of.document(base)).collect::<Vec<_>>())
}

/// `/Schemas`.
#[must_use]
pub fn schemas(base: &str) -> Value {
    all(&SCHEMAS
        .iter()
        .map(|schema| schema.document(base))
        .collect::<Vec<_>>())
}

fn all(documents: &[Value]) -> Value {
    list::response(u64::try_from(documents.len()).unwrap_or(0), 1, documents)
}

impl ResourceType {
    /// Its document at `/ResourceTypes/{name}`.
    #[must_use]
    pub fn document(&self, base: &str) -> Value {
        let mut document = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": self.name,
            "name": self.name,
            "description": self.description,
            "endpoint": self.endpoint,
            "schema": self.core.id,
        });
        if let Some(members) = document.as_object_mut() {
            if !self.extensions.is_empty() {
                let extensions = self
                    .extensions
                    .iter()
                    .map(|schema| json!({ "schema": schema.id, "required": false }));
                members.insert("schemaExtensions".to_owned(), extensions.collect());
            }
            let location = format!("{base}/ResourceTypes/{}", self.name);
            members.insert(
                "meta".to_owned(),
                json!({ "resourceType": "ResourceType", "location": location }),
            );
        }
        document
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn discovery_documents() {
        insta::assert_json_snapshot!(
            "service_provider_config",
            service_provider_config("https://x/scim/v2", 16 << 20)
        );
        insta::assert_json_snapshot!("resource_types", resource_types("https://x/scim/v2"));
        insta::assert_json_snapshot!("schemas", schemas("https://x/scim/v2"));
    }
}
