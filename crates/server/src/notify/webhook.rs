//! Webhooks as Standard Webhooks has them: a JSON body, an id that stays, a time, a signature over all three.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretSlice};
use serde_json::json;
use standardwebhooks::{
    HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook,
};
use url::Url;

use super::deliver::Refusal;
use super::store::Due;
use crate::db::Timestamp;
use crate::outgoing::Outgoing;

/// Sends one delivery, signed with the channel's key for the present.
pub(super) async fn send(
    outgoing: &Outgoing,
    due: &Due,
    key: &SecretSlice<u8>,
    public_url: &str,
    now: Timestamp,
) -> Result<(), Refusal> {
    let lasting = |why: String| Refusal {
        why,
        passing: false,
    };
    let url = Url::parse(&due.target)
        .map_err(|error| lasting(format!("the address cannot be read: {error}")))?;
    let body = body(due, public_url);
    let headers = headers(due, key, &body, now).map_err(lasting)?;
    match outgoing.post(&url, headers, body.into_bytes()).await {
        Ok(200..=299) => Ok(()),
        // Standard Webhooks: 410 asks not to be called again.
        Ok(410) => Err(lasting("the receiver answered 410 Gone".to_owned())),
        Ok(status @ 300..=399) => Err(lasting(format!(
            "the receiver answered {status}: redirects are not followed"
        ))),
        Ok(status) => Err(Refusal {
            why: format!("the receiver answered {status}"),
            passing: true,
        }),
        Err(error) => Err(Refusal {
            passing: error.is_passing(),
            why: crate::web::chain(&error),
        }),
    }
}

fn body(due: &Due, public_url: &str) -> String {
    let link = (!due.path.is_empty()).then(|| format!("{public_url}{}", due.path));
    json!({
        "type": due.topic,
        "timestamp": due.created_at,
        "data": { "subject": due.subject, "text": due.body, "link": link, "detail": due.detail },
    })
    .to_string()
}

fn headers(
    due: &Due,
    key: &SecretSlice<u8>,
    body: &str,
    now: Timestamp,
) -> Result<HeaderMap, String> {
    let id = due.notice_id.to_string();
    let signer =
        Webhook::new(&STANDARD.encode(key.expose_secret())).map_err(|error| error.to_string())?;
    let signature = signer
        .sign(&id, now.seconds(), body.as_bytes())
        .map_err(|error| error.to_string())?;
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in [
        (HEADER_WEBHOOK_ID, id),
        (HEADER_WEBHOOK_TIMESTAMP, now.seconds().to_string()),
        (HEADER_WEBHOOK_SIGNATURE, signature),
    ] {
        headers.insert(
            HeaderName::from_static(name),
            value
                .parse()
                .map_err(|_| "a header will not do".to_owned())?,
        );
    }
    Ok(headers)
}
