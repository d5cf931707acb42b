//! What the forms of the page send: the identity provider, the rules, certificates, our keys.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};

use super::super::settings::Demand;
use super::super::view::{View, view};
use super::super::{self as saml, Binding, Change, add_certificate, rotate_finish, rotate_start};
use super::page;
use crate::actor::Permission;
use crate::app::App;
use crate::console::{Done, Fields, Pages, Tone, Visit};
use crate::db::ConnectionId;
use crate::web::Problem;

pub(super) fn pages() -> Pages {
    let manage = Permission::ConnectionsManage;
    Pages::new()
        .post("/connections/{connection}/saml", manage, rules)
        .post("/connections/{connection}/saml/idp", manage, provider)
        .post("/connections/{connection}/saml/certificates", manage, pin)
        .post("/connections/{connection}/saml/rotate", manage, rotate)
        .post(
            "/connections/{connection}/saml/rotate/finish",
            manage,
            finish,
        )
}

fn done(id: ConnectionId) -> Done {
    Done::to(format!("/connections/{id}/saml"))
}

/// The page again when the input is at fault.
async fn again(
    app: &App,
    visit: &Visit,
    id: ConnectionId,
    fields: &Fields,
    error: Problem,
) -> Result<Response, Problem> {
    page(app, visit, id, fields, Some(error.or_fault()?)).await
}

/// The rules; `do=begin` sets SAML up without any value yet, so that our metadata can be read.
async fn rules(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<ConnectionId>,
    fields: Fields,
) -> Result<Response, Problem> {
    match save(&app, &visit, id, &fields).await {
        Ok(words) => Ok(done(id).ok(words).into_response()),
        Err(error) => again(&app, &visit, id, &fields, error).await,
    }
}

async fn save(
    app: &App,
    visit: &Visit,
    id: ConnectionId,
    fields: &Fields,
) -> Result<&'static str, Problem> {
    let now = view(&app.read(&visit.actor).await?, id).await?;
    if fields.has("do", "begin") {
        saml::set(app, &visit.actor, id, Change::default(), Some(0)).await?;
        return Ok("Begun: our metadata can be read. Okta’s values are awaited");
    }
    let version = fields.read("version", "the one the form was made for")?;
    saml::set(app, &visit.actor, id, read(fields, &now)?, Some(version)).await?;
    Ok("Saved")
}

/// The change that a form asks for. Only what differs is named: who may not change what decides about trust can save the rest.
fn read(fields: &Fields, now: &View) -> Result<Change, Problem> {
    let demand = Demand::ALL
        .into_iter()
        .find(|one| one.word() == fields.text("demand"))
        .ok_or_else(|| Problem::invalid("choose what must be signed"))?;
    let attribute = fields.text("attribute");
    let role = fields.given("role").unwrap_or("none");
    Ok(Change {
        enabled: Some(fields.is_on("enabled")),
        demand: (demand != now.demand).then_some(demand),
        binding: fields
            .given("binding")
            .map(Binding::of)
            .filter(|binding| *binding != now.binding),
        clock_skew_seconds: Some(fields.read("skew", "a number of seconds from 0 to 60")?),
        okta_id_attribute: (attribute != now.okta_id_attribute).then(|| attribute.to_owned()),
        jit: Some(fields.is_on("jit")),
        jit_role: Some(role.to_owned()),
        ..Change::default()
    })
}

/// The identity provider: its metadata by address or pasted, its values, or its metadata fetched again.
async fn provider(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<ConnectionId>,
    fields: Fields,
) -> Result<Response, Problem> {
    let took = if fields.has("do", "refresh") {
        saml::refresh(&app, &visit.actor, id).await
    } else {
        let change = values(&fields);
        if change.is_empty() {
            let error = Problem::invalid(
                "give the address of Okta’s metadata, paste it, or enter its values",
            );
            return again(&app, &visit, id, &fields, error).await;
        }
        saml::set(&app, &visit.actor, id, change, None).await
    };
    match took {
        Ok(_) => Ok(done(id)
            .ok("Okta’s values and certificates are in place")
            .into_response()),
        Err(error) => again(&app, &visit, id, &fields, error.into()).await,
    }
}

fn values(fields: &Fields) -> Change {
    let given = |name: &str| fields.given(name).map(str::to_owned);
    Change {
        metadata: given("metadata"),
        metadata_url: given("metadata_url"),
        entity_id: given("entity_id"),
        redirect_url: given("sign_on_url"),
        post_url: given("sign_on_url"),
        certificates: fields.given("certificates").map(each),
        ..Change::default()
    }
}

/// Several certificates, one PEM after the other; or one as base64 alone.
fn each(text: &str) -> Vec<String> {
    const END: &str = "-----END CERTIFICATE-----";
    if !text.contains(END) {
        return vec![text.to_owned()];
    }
    text.split_inclusive(END)
        .map(str::trim)
        .filter(|one| !one.is_empty())
        .map(str::to_owned)
        .collect()
}

async fn pin(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<ConnectionId>,
    fields: Fields,
) -> Result<Response, Problem> {
    let mut work = app.begin(&visit.actor).await?;
    match add_certificate(&mut work, id, fields.text("certificate")).await {
        Ok(_) => {
            work.commit().await?;
            Ok(done(id)
                .ok("Pinned. Remove the old one once Okta signs with the new one")
                .into_response())
        }
        Err(error) => {
            drop(work);
            again(&app, &visit, id, &fields, error.into()).await
        }
    }
}

async fn rotate(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<ConnectionId>,
) -> Result<Done, Problem> {
    let mut work = app.begin(&visit.actor).await?;
    rotate_start(&mut work, id).await?;
    work.commit().await?;
    Ok(done(id).ok(
        "The new key stands in our metadata: give its certificate to Okta, then let it take over",
    ))
}

async fn finish(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<ConnectionId>,
) -> Result<Done, Problem> {
    let mut work = app.begin(&visit.actor).await?;
    match rotate_finish(&mut work, id).await {
        Ok(_) => {
            work.commit().await?;
            Ok(done(id).ok("The new key signs; the old one is gone"))
        }
        Err(error) => {
            let error = Problem::from(error).or_fault()?;
            Ok(done(id).say(Tone::Fail, error.words()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::each;

    #[test]
    fn certificates_are_told_apart() {
        let one = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----";
        assert_eq!(each(&format!("{one}\n\n{one}\n")), [one, one]);
        assert_eq!(each("AA=="), ["AA=="]);
    }
}
