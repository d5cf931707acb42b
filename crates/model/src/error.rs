//! Okta's error body.

resource! {
    /// An error of the management API. Branch only on `error_code`; texts change.
    ErrorBody {
        must {
            /// Code, `E0000001` and on.
            error_code: String = "errorCode",
        }
        may {
            /// What happened.
            error_summary: String = "errorSummary",
            /// The code once more; log errors leave it out.
            error_link: String = "errorLink",
            /// Id of this occurrence.
            error_id: String = "errorId",
            /// Details, mostly `field: text`.
            error_causes: Vec<ErrorCause> = "errorCauses",
        }
    }
}

resource! {
    /// One detail of an error.
    ErrorCause {
        must {}
        may {
            /// What is wrong.
            error_summary: String = "errorSummary",
        }
    }
}
