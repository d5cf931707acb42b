//! Faults that take the place of an answer, or spoil it.

use bytes::Bytes;
use http::{HeaderName, StatusCode};

use super::call::Call;
use super::edge::{Visit, too_many};
use super::fail::error_id;
use super::limits::Standing;
use super::page::rewrite_next;
use super::reply::Reply;
use super::router::Found;
use super::send::Cut;
use crate::control::Effect;

impl Visit<'_> {
    /// The answer of a fault that takes the place of the real one.
    pub(super) fn instead(&self) -> Option<Reply> {
        self.effects
            .iter()
            .find_map(|(effect, until)| match effect {
                Effect::Answer {
                    status,
                    body,
                    headers,
                } => {
                    let status =
                        StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                    let mut reply = match body {
                        None => Reply::empty(status),
                        Some(serde_json::Value::String(text)) => {
                            let mut reply = Reply::raw(text.clone().into_bytes()).status(status);
                            reply.content_type = "text/html";
                            reply
                        }
                        Some(json) => Reply::json(json).status(status),
                    };
                    for (name, value) in headers {
                        if let Ok(name) = HeaderName::from_bytes(name.to_lowercase().as_bytes()) {
                            reply = reply.header(name, value.clone());
                        }
                    }
                    Some(reply)
                }
                Effect::RateLimit { .. } => {
                    let standing = Standing::exhausted(until.unwrap_or_default());
                    Some(standing.mark(too_many().reply(&error_id(1))))
                }
                _ => None,
            })
    }

    /// Lets faults spoil an answer.
    pub(super) fn spoil(&self, reply: &mut Reply, call: &Call) -> Cut {
        let mut cut = None;
        for (effect, _) in self.effects {
            match effect {
                Effect::EmptyList => {
                    reply.body = Bytes::from_static(b"[]");
                    reply
                        .headers
                        .retain(|(_, value)| !value.ends_with("rel=\"next\""));
                }
                Effect::RepeatPage => reply.body = self.page_before(call).unwrap_or_default(),
                Effect::LoopNext => {
                    let here = format!("{}{}", call.base, self.parts.uri);
                    rewrite_next(reply, |_| Some(here.clone()));
                }
                Effect::NoNext => reply
                    .headers
                    .retain(|(_, value)| !value.ends_with("rel=\"next\"")),
                Effect::NextOrigin(origin) => {
                    rewrite_next(reply, |url| {
                        Some(format!("{origin}{}", url.strip_prefix(&call.base)?))
                    });
                }
                Effect::MalformedJson => {
                    let end = reply.body.len() / 2;
                    reply.body = reply.body.slice(..end);
                }
                Effect::Cut(share) => cut = Some(*share),
                Effect::Hangup => cut = Some(-1.0),
                _ => {}
            }
        }
        cut
    }

    /// The body of the first page of a list.
    fn page_before(&self, call: &Call) -> Option<Bytes> {
        let mut before = call.clone();
        before.query.0.retain(|(name, _)| name != "after");
        let Found::Route(route, params) = self.shared.router.find(&call.method, &call.path) else {
            return None;
        };
        before.params = params;
        self.handled_here(route, &before)
            .ok()
            .map(|reply| reply.body)
    }
}
