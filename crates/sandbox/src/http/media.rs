//! What a client must say about bodies: `Accept`, `Content-Type`, `Content-Length` (FACTS section 2).

use http::{HeaderMap, Method, StatusCode, header};

use super::Fail;

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Checks the headers of a call to a JSON endpoint.
pub(crate) fn check(
    method: &Method,
    headers: &HeaderMap,
    has_body: bool,
    xml: bool,
) -> Result<(), Fail> {
    let accept = text(headers, &header::ACCEPT).unwrap_or("*/*");
    let wanted = if xml { "xml" } else { "json" };
    if !accept.contains(wanted) && !accept.contains("*/*") && !accept.contains("application/*") {
        let summary =
            "Bad request. Accept and/or Content-Type headers likely do not match supported values.";
        return Err(Fail::new(StatusCode::BAD_REQUEST, "E0000019", summary));
    }
    let writes = *method == Method::POST || *method == Method::PUT || *method == Method::PATCH;
    let sized = headers.contains_key(header::CONTENT_LENGTH)
        || headers.contains_key(header::TRANSFER_ENCODING);
    if writes && !has_body && !sized {
        return Err(Fail::new(
            StatusCode::LENGTH_REQUIRED,
            "E0000020",
            "Bad request. Content-Length is missing.",
        ));
    }
    let kind = text(headers, &header::CONTENT_TYPE).unwrap_or("application/json");
    let known = [
        "json",
        "multipart/form-data",
        "x-pem-file",
        "pkix-cert",
        "x-x509-ca-cert",
    ];
    if writes && has_body && !known.iter().any(|part| kind.contains(part)) {
        return Err(Fail::new(
            StatusCode::BAD_REQUEST,
            "E0000021",
            "Bad request.  Accept and/or Content-Type headers are likely not set.",
        ));
    }
    Ok(())
}
