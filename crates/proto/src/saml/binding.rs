//! How messages travel: base64 in a form (HTTP-POST), or deflated in a query (HTTP-Redirect).
//! SAML 2.0 Bindings sections 3.4 and 3.5.

use std::io::{Read, Write};

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};

/// Longest message that is read, in bytes of XML.
pub const MESSAGE_LIMIT: usize = 512 * 1024;

/// Why a message could not be taken out of its wrapping.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BindingError {
    /// Not base64.
    #[error("the message is not base64")]
    NotBase64,
    /// Not deflated.
    #[error("the message is not deflated as the redirect binding wants it")]
    NotDeflated,
    /// Longer than [`MESSAGE_LIMIT`], as it came or unpacked.
    #[error("the message is longer than {MESSAGE_LIMIT} bytes")]
    TooLarge,
}

/// The XML of the form field `SAMLResponse`; line breaks within are skipped.
pub fn decode_post(field: &str) -> Result<Vec<u8>, BindingError> {
    if field.len() > MESSAGE_LIMIT * 2 {
        return Err(BindingError::TooLarge);
    }
    let text: String = field.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let bytes = STANDARD.decode(text).map_err(|_| BindingError::NotBase64)?;
    if bytes.len() > MESSAGE_LIMIT {
        return Err(BindingError::TooLarge);
    }
    Ok(bytes)
}

/// The XML of the query parameter `SAMLRequest` or `SAMLResponse`, already percent-decoded. Unpacks no more than
/// [`MESSAGE_LIMIT`], however small what came.
pub fn decode_redirect(parameter: &str) -> Result<Vec<u8>, BindingError> {
    let packed = decode_post(parameter)?;
    let limit = u64::try_from(MESSAGE_LIMIT).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    DeflateDecoder::new(packed.as_slice())
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|_| BindingError::NotDeflated)?;
    if bytes.len() > MESSAGE_LIMIT {
        return Err(BindingError::TooLarge);
    }
    Ok(bytes)
}

/// What [`decode_post`] reads.
pub(super) fn encode_post(xml: &str) -> String {
    STANDARD.encode(xml)
}

/// What [`decode_redirect`] reads.
pub(super) fn encode_redirect(xml: &str) -> String {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    // Writing into a vector does not fail.
    let packed = encoder
        .write_all(xml.as_bytes())
        .and_then(|()| encoder.finish());
    STANDARD.encode(packed.unwrap_or_default())
}

/// An attribute's value as canonical XML writes it (Canonical XML 1.0 section 2.3).
pub(super) fn attribute(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#x9;"),
            '\n' => out.push_str("&#xA;"),
            '\r' => out.push_str("&#xD;"),
            c => out.push(c),
        }
    }
    out
}

/// Text as canonical XML writes it between tags (Canonical XML 1.0 section 2.3).
pub(super) fn text(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#xD;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{
        BindingError, MESSAGE_LIMIT, decode_post, decode_redirect, encode_post, encode_redirect,
    };

    #[test]
    fn messages_come_back() {
        let text = "<a>ä</a>".repeat(100);
        assert_eq!(decode_post(&encode_post(&text)), Ok(text.clone().into()));
        assert_eq!(
            decode_redirect(&encode_redirect(&text)),
            Ok(text.clone().into())
        );
        let mut broken = encode_post(&text);
        broken.insert_str(76, "\r\n");
        assert_eq!(decode_post(&broken), Ok(text.into()));
    }

    #[test]
    fn x7_bombs_of_the_redirect_binding_unpack_no_further_than_the_limit() {
        let bomb = encode_redirect(&"A".repeat(200 * MESSAGE_LIMIT));
        assert!(bomb.len() < MESSAGE_LIMIT);
        assert_eq!(decode_redirect(&bomb), Err(BindingError::TooLarge));
        let exact = "A".repeat(MESSAGE_LIMIT);
        assert!(decode_redirect(&encode_redirect(&exact)).is_ok());
    }

    #[test]
    fn x7_what_is_no_message_is_refused() {
        assert_eq!(decode_post("%%%"), Err(BindingError::NotBase64));
        assert_eq!(decode_redirect("AAAA"), Err(BindingError::NotDeflated));
        let long = "A".repeat(2 * MESSAGE_LIMIT + 4);
        assert_eq!(decode_post(&long), Err(BindingError::TooLarge));
        let long = encode_post(&"A".repeat(MESSAGE_LIMIT + 1));
        assert_eq!(decode_post(&long), Err(BindingError::TooLarge));
    }
}
