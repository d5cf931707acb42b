//! Each built-in role knocks at each page and each operation: what it may not do is refused, what it may do is not.

use axum::body::Body;
use http::{Method, Request};
use tower::ServiceExt;

use super::{address, all, body, knock, pages};
use crate::actor::{Actor, ActorKind};
use crate::db::UserId;
use crate::directory::{Role, built_in_roles};
use crate::testing::{TestApp, TestBrowser, db_test};
use crate::web::Need;

/// Whether the role is let in; `None` where that is not a matter of permissions.
fn may(role: &Role, need: Need) -> Option<bool> {
    match need {
        Need::Permission(permission) => Some(role.permissions.holds(permission)),
        Need::Credential => Some(true),
        Need::Nothing => None,
    }
}

async fn at(browser: &mut TestBrowser<'_>, method: &Method, path: &str) -> u16 {
    let path = address(path);
    let answer = if *method == Method::GET {
        browser.get(&path).await
    } else {
        browser.post(&path, &[]).await
    };
    assert!(
        !answer.to.starts_with("/sign-in?"),
        "{method} {path}: the session is gone"
    );
    answer.status
}

/// The operation's answer to somebody with this role, and whether that was let in. What is let in may still want more: a
/// change of who signs people in wants every permission that it could give, and names those that lack.
async fn called(t: &TestApp, role: &Role, request: Request<Body>) -> (u16, bool) {
    let actor = Actor {
        kind: ActorKind::Person(t.app.id::<UserId>()),
        name: role.name.clone(),
        tenant: t.tenant,
        permissions: role.permissions.clone(),
    };
    let mut request = request;
    request.extensions_mut().insert(actor);
    let response = t.router().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let wants_more = status == 403 && body(response).await.contains("\"permissions\":[\"");
    (status, status != 403 || wants_more)
}

db_test!(
    // P3
    async fn p3_every_page_lets_in_who_may_and_nobody_else(t) {
        for role in built_in_roles() {
            let mut browser = t.signed_in(&role.name).await;
            for (method, path, need) in pages() {
                let Some(may) = may(&role, need) else { continue };
                // Some forms about oneself end the session.
                if method == Method::POST && need == Need::Credential {
                    browser = t.signed_in(&role.name).await;
                }
                let status = at(&mut browser, &method, path).await;
                assert!(status < 500, "{} {method} {path}: {status}", role.name);
                assert_eq!(status != 403, may, "{} {method} {path}: {status}", role.name);
                if method == Method::POST && need == Need::Credential {
                    browser = t.signed_in(&role.name).await;
                }
            }
        }
    }

    async fn p3_every_operation_lets_in_who_may_and_nobody_else(t) {
        for role in built_in_roles() {
            for (method, path, need) in all() {
                let Some(may) = may(&role, need.unwrap()) else { continue };
                let (status, is_in) = called(&t, &role, knock(&method, &path)).await;
                assert!(status < 500 && status != 401, "{} {method} {path}: {status}", role.name);
                assert_eq!(is_in, may, "{} {method} {path}: {status}", role.name);
            }
        }
    }
);
