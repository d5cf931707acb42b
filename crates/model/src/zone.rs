//! Network zones and trusted origins.

use serde_json::Value;

use crate::{Links, OktaTime, ZoneId};

resource! {
    /// A network zone.
    NetworkZone {
        must {
            /// Id.
            id: ZoneId = "id",
        }
        may {
            /// `IP`, `DYNAMIC`, `DYNAMIC_V2`.
            kind: String = "type",
            /// Name.
            name: String = "name",
            /// Status.
            status: String = "status",
            /// `POLICY` or `BLOCKLIST`.
            usage: String = "usage",
            /// Whether Okta made it.
            system: bool = "system",
            /// When made.
            created: OktaTime = "created",
            /// When last changed.
            last_updated: OktaTime = "lastUpdated",
            /// Addresses.
            gateways: Value = "gateways",
            /// Proxies.
            proxies: Value = "proxies",
            /// Places.
            locations: Value = "locations",
            /// Networks.
            asns: Value = "asns",
            /// Kind of proxy.
            proxy_type: String = "proxyType",
            /// Links.
            links: Links = "_links",
        }
    }
}

resource! {
    /// An origin that browsers may call Okta from.
    TrustedOrigin {
        must {
            /// Id.
            id: String = "id",
        }
        may {
            /// Name.
            name: String = "name",
            /// Origin.
            origin: String = "origin",
            /// For what.
            scopes: Value = "scopes",
            /// Status.
            status: String = "status",
            /// When made.
            created: OktaTime = "created",
            /// By whom made.
            created_by: String = "createdBy",
            /// When last changed.
            last_updated: OktaTime = "lastUpdated",
            /// By whom last changed.
            last_updated_by: String = "lastUpdatedBy",
            /// Links.
            links: Links = "_links",
        }
    }
}
