//! How an app wants its people signed in.

use serde_json::Value;

use crate::apps::{App, Certificate};
use crate::org::Org;
use crate::store::Kind;

/// The key by which the world knows a SAML app.
pub(super) const KEY: Kind = Kind("exk");

/// The sign-on settings of one app.
#[derive(Clone, Copy)]
pub(super) struct Settings<'a> {
    app: &'a App,
}

impl<'a> Settings<'a> {
    /// Those of an app.
    pub(super) fn of(app: &'a App) -> Self {
        Self { app }
    }

    fn member(self, path: &[&str]) -> Option<&'a Value> {
        path.iter()
            .try_fold(self.app.setting(&["signOn"])?, |value, part| {
                value.get(*part)
            })
    }

    /// A text that is not empty.
    pub(super) fn text(self, name: &str) -> Option<&'a str> {
        self.member(&[name])?
            .as_str()
            .filter(|text| !text.is_empty())
    }

    /// Whether a switch is on.
    pub(super) fn on(self, path: &[&str]) -> bool {
        self.member(path) == Some(&Value::Bool(true))
    }

    /// A value, or what an admin put over it for one app of the catalogue.
    fn overridable(self, name: &str) -> Option<&'a str> {
        self.text(&format!("{name}Override"))
            .or_else(|| self.text(name))
    }

    /// Where answers go.
    pub(super) fn acs(self) -> Option<&'a str> {
        self.overridable("ssoAcsUrl")
    }

    /// Another address that is allowed: by its address, or by its index.
    pub(super) fn other_acs(self, address: Option<&str>, index: Option<i64>) -> Option<&'a str> {
        if !self.on(&["allowMultipleAcsEndpoints"]) {
            return None;
        }
        let all = self.member(&["acsEndpoints"])?.as_array()?;
        let found = all.iter().find(|one| {
            let at = one.get("url").and_then(Value::as_str);
            match address {
                Some(address) => at == Some(address),
                None => index.is_some() && one.get("index").and_then(Value::as_i64) == index,
            }
        });
        found?.get("url")?.as_str()
    }

    /// Recipient and destination of an answer to an address.
    pub(super) fn addressed(self, acs: &str) -> (String, String) {
        let usual = self.acs() == Some(acs);
        let or = |name: &str| {
            let own = self.overridable(name).filter(|_| usual);
            own.unwrap_or(acs).to_owned()
        };
        (or("recipient"), or("destination"))
    }

    /// For whom answers are.
    pub(super) fn audience(self) -> &'a str {
        self.overridable("audience").unwrap_or_default()
    }

    /// Who answers.
    pub(super) fn issuer(self, org: &Org, serial: u32) -> String {
        let key = org.tail.id(KEY, serial);
        match self.text("idpIssuer") {
            None => format!("http://www.okta.com/{key}"),
            Some(template) => template.replace("${org.externalKey}", &key),
        }
    }

    /// The format of names.
    pub(super) fn name_format(self) -> &'a str {
        self.text("subjectNameIdFormat")
            .unwrap_or("urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified")
    }

    /// What is said of how somebody signed in.
    pub(super) fn context(self) -> &'a str {
        self.text("authnContextClassRef")
            .unwrap_or("urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport")
    }

    /// The statements about a person.
    pub(super) fn statements(self) -> &'a [Value] {
        let all = self
            .member(&["attributeStatements"])
            .and_then(Value::as_array);
        all.map(Vec::as_slice).unwrap_or_default()
    }

    /// The certificate by which the app's questions are checked, in base64.
    pub(super) fn app_certificate(self) -> Option<&'a str> {
        self.member(&["spCertificate", "x5c"])?
            .as_array()?
            .first()?
            .as_str()
    }

    /// The certificate for which assertions are encrypted, in base64, and by what.
    pub(super) fn encryption(self) -> Option<(&'a str, &'a str, &'a str)> {
        if !self.on(&["assertionEncryption", "enabled"]) {
            return None;
        }
        let all = self.member(&["assertionEncryption", "x5c"])?.as_array()?;
        let text = |name: &str| {
            self.member(&["assertionEncryption", name])
                .and_then(Value::as_str)
        };
        Some((
            all.first()?.as_str()?,
            text("encryptionAlgorithm").unwrap_or("AES256_GCM"),
            text("keyTransportAlgorithm").unwrap_or("RSA_OAEP"),
        ))
    }

    /// The certificate that signs now: the one that the app names, else its first.
    pub(super) fn signing(self) -> Option<&'a Certificate> {
        let named = self
            .app
            .body
            .get("credentials")
            .and_then(|one| one.pointer("/signing/kid"))
            .and_then(Value::as_str);
        let all = &self.app.certificates;
        all.iter()
            .find(|one| Some(one.kid.as_str()) == named)
            .or_else(|| all.first())
    }
}
