//! The system log.

use crate::{LogEventId, OktaTime};
use serde_json::{Map, Value};

resource! {
    /// One event of the system log. Told apart by `uuid`.
    LogEvent {
        must {
            /// Id.
            uuid: LogEventId = "uuid",
            /// What happened, `user.session.start` and so on.
            event_type: String = "eventType",
            /// When.
            published: OktaTime = "published",
        }
        may {
            /// Who did it.
            actor: LogActor = "actor",
            /// To what.
            target: Vec<LogTarget> = "target",
            /// How it ended.
            outcome: LogOutcome = "outcome",
            /// From where.
            client: LogClient = "client",
            /// Text for people.
            display_message: String = "displayMessage",
            /// `INFO`, `WARN`, `ERROR`, `DEBUG`.
            severity: String = "severity",
            /// Old name of the kind.
            legacy_event_type: String = "legacyEventType",
            /// Version of the form.
            version: Value = "version",
            /// Session.
            authentication_context: Value = "authenticationContext",
            /// Network.
            security_context: Value = "securityContext",
            /// Details by kind.
            debug_context: Value = "debugContext",
            /// Transaction.
            transaction: Value = "transaction",
            /// Request.
            request: Value = "request",
            /// Device.
            device: Value = "device",
        }
    }
}

resource! {
    /// Who did it.
    LogActor {
        must {}
        may {
            /// Id.
            id: String = "id",
            /// `User`, `SystemPrincipal`, `PublicClientApp`, …
            actor_type: String = "type",
            /// Login, mostly.
            alternate_id: String = "alternateId",
            /// Name to show.
            display_name: String = "displayName",
            /// Details.
            detail_entry: Value = "detailEntry",
        }
    }
}

resource! {
    /// To what it was done.
    LogTarget {
        must {}
        may {
            /// Id.
            id: String = "id",
            /// `User`, `UserGroup`, `AppInstance`, …
            target_type: String = "type",
            /// Login, mostly.
            alternate_id: String = "alternateId",
            /// Name to show.
            display_name: String = "displayName",
            /// Details.
            detail_entry: Value = "detailEntry",
            /// What changed.
            change_details: Value = "changeDetails",
        }
    }
}

resource! {
    /// How it ended.
    LogOutcome {
        must {}
        may {
            /// `SUCCESS`, `FAILURE`, …
            result: String = "result",
            /// Why.
            reason: String = "reason",
        }
    }
}

resource! {
    /// From where it was done.
    LogClient {
        must {}
        may {
            /// IP address.
            ip_address: String = "ipAddress",
            /// Browser and system.
            user_agent: Map<String, Value> = "userAgent",
            /// Zone.
            zone: String = "zone",
            /// Kind of device.
            device: String = "device",
            /// Id.
            id: String = "id",
            /// Place.
            geographical_context: Value = "geographicalContext",
        }
    }
}
