//! Which family answers which path.

use std::collections::HashMap;

use http::Method;

use super::outside::{Answered, Asked};
use super::{Answer, Call, Fail};
use crate::org::Org;

/// A function of a family: one that looks, or one that changes.
#[derive(Clone, Copy)]
pub(crate) enum Handler {
    Read(fn(&Org, &Call) -> Answer),
    Write(fn(&mut Org, &Call) -> Answer),
    /// An endpoint of an authorization server: it answers in its own form and uses what is remembered between calls.
    Protocol(fn(&mut Org, &Call, &mut crate::oauth::Memory) -> super::Reply),
    /// Somebody outside is asked first; no lock is held meanwhile.
    Outgoing(
        fn(&Org, &Call) -> Result<Asked, Fail>,
        fn(&mut Org, &Call, Option<Answered>) -> Answer,
    ),
}

/// Who may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anybody, without a rate limit.
    Public,
    /// A caller that names itself in the request, as at the token endpoint.
    Client,
    /// An API token or an access token with the scope that the specification names.
    Api,
    /// The same, but whoever may not see anything gets an empty list instead of a refusal.
    List,
}

/// One method of one path.
#[derive(Clone, Copy)]
pub(crate) struct Route {
    pub(crate) template: &'static str,
    pub(crate) access: Access,
    pub(crate) handler: Handler,
    /// The OAuth scopes of which a caller needs one.
    pub(crate) scopes: &'static [&'static str],
}

/// A route that a path led to.
pub(crate) enum Found {
    Route(Route, Vec<(&'static str, String)>),
    /// The path is known, the method is not.
    Method,
    Nothing,
}

#[derive(Default)]
struct Node {
    fixed: HashMap<&'static str, Node>,
    variable: Option<Box<Node>>,
    routes: Vec<(Method, Route)>,
}

/// All routes, as a tree over the parts of a path; fixed parts win over variable ones.
#[derive(Default)]
pub(crate) struct Router {
    root: Node,
}

/// What families add their routes to.
#[derive(Default)]
pub(crate) struct Routes {
    list: Vec<(Method, Route)>,
}

impl Routes {
    fn add(
        &mut self,
        method: Method,
        template: &'static str,
        access: Access,
        handler: Handler,
    ) -> &mut Self {
        let scopes = super::scopes_of(&method, template);
        self.list.push((
            method,
            Route {
                template,
                access,
                handler,
                scopes,
            },
        ));
        self
    }

    /// A path anybody may read.
    pub(crate) fn public(
        &mut self,
        template: &'static str,
        read: fn(&Org, &Call) -> Answer,
    ) -> &mut Self {
        self.add(Method::GET, template, Access::Public, Handler::Read(read))
    }

    /// A path on which anybody may change something: who it is, is in the body or a cookie.
    pub(crate) fn open(
        &mut self,
        method: Method,
        template: &'static str,
        write: fn(&mut Org, &Call) -> Answer,
    ) -> &mut Self {
        self.add(method, template, Access::Public, Handler::Write(write))
    }

    /// An endpoint of an authorization server.
    pub(crate) fn protocol(
        &mut self,
        method: Method,
        template: &'static str,
        answer: fn(&mut Org, &Call, &mut crate::oauth::Memory) -> super::Reply,
    ) -> &mut Self {
        self.add(method, template, Access::Client, Handler::Protocol(answer))
    }

    /// GET of one thing.
    pub(crate) fn get(
        &mut self,
        template: &'static str,
        read: fn(&Org, &Call) -> Answer,
    ) -> &mut Self {
        self.add(Method::GET, template, Access::Api, Handler::Read(read))
    }

    /// GET of a list: without a role it is empty.
    pub(crate) fn list(
        &mut self,
        template: &'static str,
        read: fn(&Org, &Call) -> Answer,
    ) -> &mut Self {
        self.add(Method::GET, template, Access::List, Handler::Read(read))
    }

    /// POST.
    pub(crate) fn post(
        &mut self,
        template: &'static str,
        write: fn(&mut Org, &Call) -> Answer,
    ) -> &mut Self {
        self.add(Method::POST, template, Access::Api, Handler::Write(write))
    }

    /// POST for which the org asks somebody outside: what it asks, and what it makes of the answer.
    pub(crate) fn outgoing(
        &mut self,
        template: &'static str,
        ask: fn(&Org, &Call) -> Result<Asked, Fail>,
        take: fn(&mut Org, &Call, Option<Answered>) -> Answer,
    ) -> &mut Self {
        let handler = Handler::Outgoing(ask, take);
        self.add(Method::POST, template, Access::Api, handler)
    }

    /// POST that changes nothing.
    pub(crate) fn ask(
        &mut self,
        template: &'static str,
        read: fn(&Org, &Call) -> Answer,
    ) -> &mut Self {
        self.add(Method::POST, template, Access::Api, Handler::Read(read))
    }

    /// PUT.
    pub(crate) fn put(
        &mut self,
        template: &'static str,
        write: fn(&mut Org, &Call) -> Answer,
    ) -> &mut Self {
        self.add(Method::PUT, template, Access::Api, Handler::Write(write))
    }

    /// PATCH.
    pub(crate) fn patch(
        &mut self,
        template: &'static str,
        write: fn(&mut Org, &Call) -> Answer,
    ) -> &mut Self {
        self.add(Method::PATCH, template, Access::Api, Handler::Write(write))
    }

    /// DELETE.
    pub(crate) fn delete(
        &mut self,
        template: &'static str,
        write: fn(&mut Org, &Call) -> Answer,
    ) -> &mut Self {
        self.add(Method::DELETE, template, Access::Api, Handler::Write(write))
    }
}

fn variable(part: &'static str) -> Option<&'static str> {
    part.strip_prefix('{')?.strip_suffix('}')
}

impl Router {
    /// The tree of these routes.
    pub(crate) fn of(routes: Routes) -> Self {
        let mut tree = Self::default();
        for (method, route) in routes.list {
            let mut node = &mut tree.root;
            for part in route.template.split('/').skip(1) {
                node = match variable(part) {
                    Some(_) => node.variable.get_or_insert_default(),
                    None => node.fixed.entry(part).or_default(),
                };
            }
            node.routes.push((method, route));
        }
        tree
    }

    /// Every route, for lists of what is supported.
    pub(crate) fn all(&self) -> Vec<(Method, &'static str)> {
        let mut found = Vec::new();
        let mut open = vec![&self.root];
        while let Some(node) = open.pop() {
            found.extend(
                node.routes
                    .iter()
                    .map(|(method, route)| (method.clone(), route.template)),
            );
            open.extend(node.fixed.values());
            open.extend(node.variable.as_deref());
        }
        found.sort_by(|a, b| (a.1, a.0.as_str()).cmp(&(b.1, b.0.as_str())));
        found
    }

    /// The route of a path; its parts are percent-decoded.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Found {
        let parts: Vec<String> = path.split('/').skip(1).map(decode).collect();
        let Some(node) = walk(&self.root, &parts) else {
            return Found::Nothing;
        };
        let Some((_, route)) = node.routes.iter().find(|(known, _)| known == method) else {
            return Found::Method;
        };
        let names = route.template.split('/').skip(1).map(variable);
        let params = names
            .zip(parts)
            .filter_map(|(name, part)| Some((name?, part)))
            .collect();
        Found::Route(*route, params)
    }
}

fn walk<'a>(node: &'a Node, parts: &[String]) -> Option<&'a Node> {
    let Some((first, rest)) = parts.split_first() else {
        return (!node.routes.is_empty()).then_some(node);
    };
    let fixed = node
        .fixed
        .get(first.as_str())
        .and_then(|child| walk(child, rest));
    fixed.or_else(|| {
        node.variable
            .as_deref()
            .filter(|_| !first.is_empty())
            .and_then(|child| walk(child, rest))
    })
}

/// A path without doubled or trailing slashes.
pub(super) fn normal(path: &str) -> String {
    let mut clean = String::with_capacity(path.len());
    for part in path.split('/').filter(|part| !part.is_empty()) {
        clean.push('/');
        clean.push_str(part);
    }
    if clean.is_empty() {
        "/".to_owned()
    } else {
        clean
    }
}

fn decode(part: &str) -> String {
    // A plus is a plus in a path, so it is kept from the form rules.
    let kept = part.replace('+', "%2B");
    url::form_urlencoded::parse(format!("x={}", kept.replace('&', "%26")).as_bytes())
        .next()
        .map_or_else(String::new, |(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Reply;

    fn nothing(_: &Org, _: &Call) -> Answer {
        Ok(Reply::no_content())
    }

    #[test]
    fn fixed_parts_win_and_parts_are_decoded() {
        let mut routes = Routes::default();
        routes
            .get("/api/v1/groups/rules", nothing)
            .get("/api/v1/groups/{groupId}", nothing);
        routes.get("/api/v1/groups/{groupId}/users", nothing);
        let tree = Router::of(routes);
        let found = |method, path: &str| match tree.find(&method, path) {
            Found::Route(route, params) => format!("{} {params:?}", route.template),
            Found::Method => "405".into(),
            Found::Nothing => "404".into(),
        };
        assert_eq!(
            found(Method::GET, "/api/v1/groups/rules"),
            "/api/v1/groups/rules []"
        );
        assert_eq!(
            found(Method::GET, "/api/v1/groups/a%40b+c&d"),
            "/api/v1/groups/{groupId} [(\"groupId\", \"a@b+c&d\")]"
        );
        assert_eq!(
            found(Method::GET, "/api/v1/groups/rules/users"),
            "/api/v1/groups/{groupId}/users [(\"groupId\", \"rules\")]"
        );
        assert_eq!(found(Method::POST, "/api/v1/groups/rules"), "405");
        assert_eq!(found(Method::GET, "/api/v1/groups/"), "404");
        assert_eq!(found(Method::GET, "/nothing"), "404");
    }
}
