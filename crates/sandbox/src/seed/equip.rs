//! What a seed file gives the org as a whole: user types, authenticators, API tokens.

use http::Method;
use serde_json::{Map, Value, json};
use serde_saphyr::Spanned;

use super::SeedError;
use super::form::{Authenticator, Text, Token, UserType};
use super::plant::{Planter, id, is_active};
use crate::start;
use crate::store::Kind;

const AUTHENTICATORS: &str = "/api/v1/authenticators";

impl Planter<'_> {
    pub(super) fn user_type(&mut self, at: &Spanned<UserType>) -> Result<(), SeedError> {
        let kind = &at.value;
        let shown = kind.display_name.as_ref().unwrap_or(&kind.name);
        let body =
            json!({ "name": kind.name, "displayName": shown, "description": kind.description });
        self.post(at.referenced, "user type", "/api/v1/meta/types/user", &body)?;
        Ok(())
    }

    /// The id of the user type of this name.
    pub(super) fn type_id(&self, name: &Text) -> Result<String, SeedError> {
        let types = &self.org.schemas.types;
        let found = types.iter().find(|(_, kind)| kind.name == name.value);
        let (serial, _) = found.ok_or_else(|| {
            let known = types.iter().map(|(_, kind)| &*kind.name);
            let mend = "make it under `userTypes:`";
            SeedError::unknown(name.referenced, "user type", &name.value, known, mend)
        })?;
        Ok(self.org.tail.id(Kind::USER_TYPE, serial))
    }

    /// Changes an authenticator that the org has, and adds one that it does not.
    pub(super) fn authenticator(&mut self, at: &Spanned<Authenticator>) -> Result<(), SeedError> {
        let wanted = &at.value;
        let key = wanted.key.value.as_str();
        let mut body = Map::new();
        body.insert("key".to_owned(), key.into());
        if let Some(name) = &wanted.name {
            body.insert("name".to_owned(), name.as_str().into());
        }
        if let Some(settings) = self.settings(wanted)? {
            body.insert("settings".to_owned(), Value::Object(settings));
        }
        if let Some(provider) = &wanted.provider {
            body.insert("provider".to_owned(), provider.clone());
        }
        let body = Value::Object(body);
        let known = self.call(
            at.referenced,
            "authenticator",
            Method::GET,
            AUTHENTICATORS,
            None,
        )?;
        let known = known.as_array().into_iter().flatten();
        let here = known
            .into_iter()
            .find(|one| one["key"] == key && !is_many(key))
            .cloned();
        let (made, on) = match here {
            Some(here) => {
                let path = format!("{AUTHENTICATORS}/{}", id(&here));
                (
                    self.call(
                        at.referenced,
                        "authenticator",
                        Method::PUT,
                        &path,
                        Some(body),
                    )?,
                    None,
                )
            }
            None => (
                self.post(at.referenced, "authenticator", AUTHENTICATORS, &body)?,
                Some(true),
            ),
        };
        let on = match &wanted.status {
            Some(status) => Some(is_active(Some(status))?),
            None => on,
        };
        if let Some(on) = on.filter(|on| *on != (made["status"] == "ACTIVE")) {
            let verb = if on { "activate" } else { "deactivate" };
            let path = format!("{AUTHENTICATORS}/{}/lifecycle/{verb}", id(&made));
            self.call(at.referenced, "authenticator", Method::POST, &path, None)?;
        }
        for model in &wanted.aaguids {
            let path = format!("{AUTHENTICATORS}/{}/aaguids", id(&made));
            let body = Value::Object(model.value.clone());
            self.post(model.referenced, "AAGUID", &path, &body)?;
        }
        Ok(())
    }

    fn settings(&self, wanted: &Authenticator) -> Result<Option<Map<String, Value>>, SeedError> {
        let Some(app) = &wanted.app else {
            return Ok(wanted.settings.clone());
        };
        let apps = &self.org.apps.rows;
        let found = apps.iter().find(|(_, one)| one.label == app.value);
        let (serial, _) = found.ok_or_else(|| {
            let known = apps.iter().map(|(_, one)| &*one.label);
            SeedError::unknown(
                app.referenced,
                "app",
                &app.value,
                known,
                "make it under `apps:`",
            )
        })?;
        let mut settings = wanted.settings.clone().unwrap_or_default();
        let app = self.org.tail.id(Kind::APP, serial);
        settings.insert("appInstanceId".to_owned(), app.into());
        Ok(Some(settings))
    }

    /// Okta has no call that makes a token: an administrator does it in the console.
    pub(super) fn token(&mut self, at: &Spanned<Token>) -> Result<(), SeedError> {
        let token = &at.value;
        let user = match &token.user {
            Some(login) => self.user_serial(login)?,
            None => 0,
        };
        let value = match &token.value {
            Some(value) if value.value.len() < MIN_TOKEN => {
                let what = format!("the token `{}` is short", token.name);
                let mend = format!("write at least {MIN_TOKEN} characters, or leave `value` out");
                return Err(SeedError::at(value.referenced, what, mend));
            }
            Some(value) => value.value.clone(),
            None => start::secret().map_err(|error| {
                SeedError::at(at.referenced, error.to_string(), "write a `value`")
            })?,
        };
        if self.org.tokens.caller(&value, self.now).is_some() {
            let what = format!("another token has the value of `{}`", token.name);
            return Err(SeedError::at(at.referenced, what, "give each its own"));
        }
        self.org.add_token(&value, &token.name, user, self.now);
        Ok(())
    }
}

/// A token has at least so many characters.
const MIN_TOKEN: usize = 12;

/// Whether an org can have several authenticators of a key.
fn is_many(key: &str) -> bool {
    matches!(key, "custom_app" | "custom_otp")
}
