//! `saml show|set|metadata|certificates|rotate|refresh|traces|remove`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::connection::{One, find, id};
use crate::api::{Api, encode};
use crate::exit::{Exit, bad_usage};
use crate::output::{Column, Printer, at, complain_more, items, say, text};

/// The largest file that is read: metadata of an identity provider.
const LONGEST: u64 = 256 * 1024;

/// Signing in through Okta: the SAML service provider of a connection.
#[derive(Debug, Args)]
pub(crate) struct Saml {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// What to give Okta, and how signing in stands.
    #[command(after_help = "Example:\n  keywright saml show acme")]
    Show(One),
    /// Set up signing in, or change it; what is left out stays.
    #[command(
        after_help = "Examples:\n  keywright saml set acme                                   # what to give Okta\n  keywright saml set acme --metadata-url https://acme.okta.com/app/exk1/sso/saml/metadata\n  keywright saml set acme --metadata-file okta.xml\n  keywright saml set acme --demand both --clock-skew 30"
    )]
    Set(Box<Set>),
    /// Our metadata, to give to the identity provider.
    #[command(after_help = "Example:\n  keywright saml metadata acme > keywright.xml")]
    Metadata(One),
    /// The certificates of the identity provider that are pinned.
    #[command(subcommand)]
    Certificates(Certificates),
    /// Put a new key of our own in the place of the old one, without a gap.
    #[command(
        after_help = "Example:\n  keywright saml rotate acme            # makes a new key and shows its certificate\n  keywright saml rotate acme --finish   # once Okta has it"
    )]
    Rotate {
        #[command(flatten)]
        one: One,
        /// Let the new key sign; the old one is dropped.
        #[arg(long)]
        finish: bool,
    },
    /// Fetch the identity provider's metadata again and take its values and certificates.
    #[command(after_help = "Example:\n  keywright saml refresh acme")]
    Refresh(One),
    /// Why people were not signed in lately.
    #[command(after_help = "Example:\n  keywright saml traces acme")]
    Traces(One),
    /// Take SAML away from a connection: nobody signs in through it any more.
    #[command(after_help = "Example:\n  keywright saml remove acme --yes")]
    Remove {
        #[command(flatten)]
        one: One,
        /// Do it; without this nothing is done.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Args)]
struct Set {
    #[command(flatten)]
    one: One,
    /// The address of the identity provider's metadata.
    #[arg(long, value_name = "URL", conflicts_with_all = ["metadata_file", "entity_id", "redirect_url", "post_url", "certificate_file"])]
    metadata_url: Option<String>,
    /// A file with the identity provider's metadata; `-` is standard input.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["entity_id", "redirect_url", "post_url", "certificate_file"])]
    metadata_file: Option<PathBuf>,
    /// The identity provider's entity id (Okta: Issuer).
    #[arg(long, value_name = "ID")]
    entity_id: Option<String>,
    /// Where questions go by HTTP-Redirect (Okta: Sign-On URL).
    #[arg(long, value_name = "URL")]
    redirect_url: Option<String>,
    /// Where questions go by HTTP-POST.
    #[arg(long, value_name = "URL")]
    post_url: Option<String>,
    /// A file with a certificate that is pinned; give it several times while one takes over from another.
    #[arg(long, value_name = "FILE")]
    certificate_file: Vec<PathBuf>,
    /// How questions travel.
    #[arg(long, value_parser = ["redirect", "post"])]
    binding: Option<String>,
    /// What must be signed.
    #[arg(long, value_parser = ["either", "response", "assertion", "both"])]
    demand: Option<String>,
    /// By how many seconds clocks may differ, 0 to 60.
    #[arg(long, value_name = "SECONDS")]
    clock_skew: Option<i32>,
    /// The attribute that carries Okta's user id.
    #[arg(long, value_name = "NAME")]
    okta_id_attribute: Option<String>,
    /// Whether who is not known yet becomes a user by signing in.
    #[arg(long, value_parser = ["on", "off"])]
    jit: Option<String>,
    /// The role that they get; `none` for none.
    #[arg(long, value_name = "ROLE")]
    jit_role: Option<String>,
    /// Switch it off.
    #[arg(long, conflicts_with = "enable")]
    disable: bool,
    /// Switch it on again.
    #[arg(long)]
    enable: bool,
}

#[derive(Debug, Subcommand)]
enum Certificates {
    /// List them.
    #[command(after_help = "Example:\n  keywright saml certificates list acme")]
    List(One),
    /// Pin one more: the identity provider is about to change to it.
    #[command(after_help = "Example:\n  keywright saml certificates add acme --file new.pem")]
    Add {
        #[command(flatten)]
        one: One,
        /// The certificate: PEM, or base64 alone; `-` is standard input.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
    },
    /// Take one away: what it signed is refused from now on.
    #[command(after_help = "Example:\n  keywright saml certificates remove acme --id 0190a000-…")]
    Remove {
        #[command(flatten)]
        one: One,
        /// The certificate, as `saml certificates list` shows it.
        #[arg(long)]
        id: String,
    },
}

const FIELDS: &[Column] = &[
    ("standing", "standing"),
    ("single sign-on URL (ACS)", "acs_url"),
    ("audience URI (entity id)", "entity_id"),
    ("our metadata", "metadata_url"),
    ("sign in at", "login_url"),
    ("allowed for the tenant", "sso_allowed"),
    ("identity provider", "idp.entity_id"),
    ("by redirect", "idp.redirect_url"),
    ("by POST", "idp.post_url"),
    ("binding", "binding"),
    ("its metadata", "idp_metadata_url"),
    ("fetched", "idp_metadata_at"),
    ("must be signed", "demand"),
    ("clock skew, s", "clock_skew_seconds"),
    ("attribute with Okta's id", "okta_id_attribute"),
    ("just-in-time", "jit"),
    ("their role", "jit_role"),
    ("attributes seen", "attributes"),
    ("last sign-in", "signed_in_at"),
];

const PINNED: &[Column] = &[
    ("ID", "id"),
    ("SUBJECT", "subject"),
    ("SHA-256", "fingerprint"),
    ("ENDS", "not_after"),
    ("PINNED", "added_at"),
];

const TRACES: &[Column] = &[
    ("AT", "at"),
    ("WHY", "code"),
    ("LOGIN", "login"),
    ("FROM", "address"),
    ("TIMES", "times"),
    ("IN WORDS", "message"),
];

impl Saml {
    pub(crate) async fn run(self, api: &Api, printer: Printer) -> anyhow::Result<Exit> {
        match self.action {
            Action::Show(one) => {
                printer.item(&api.get(&path(api, &one, "").await?).await?, FIELDS);
            }
            Action::Set(set) => set.run(api, printer).await?,
            Action::Metadata(one) => {
                let answer = api.get(&path(api, &one, "/metadata").await?).await?;
                let xml = text(at(&answer, "metadata"));
                printer.done(&answer, xml.trim_end());
            }
            Action::Certificates(certificates) => certificates.run(api, printer).await?,
            Action::Rotate { one, finish } => rotate(api, printer, &one, finish).await?,
            Action::Refresh(one) => {
                let path = path(api, &one, "/refresh").await?;
                printer.item(&api.post(&path, &json!({})).await?, FIELDS);
            }
            Action::Traces(one) => {
                let path = path(api, &one, "/traces").await?;
                printer.list(&api.get(&path).await?, TRACES);
            }
            Action::Remove { one, yes } => {
                if !yes {
                    return Err(bad_usage(
                        "nobody will be able to sign in through this connection: say --yes",
                    ));
                }
                let path = path(api, &one, "").await?;
                printer.done(
                    &api.delete(&path).await?,
                    "SAML is gone from the connection",
                );
            }
        }
        Ok(Exit::Done)
    }
}

impl Set {
    async fn run(self, api: &Api, printer: Printer) -> anyhow::Result<()> {
        let path = path(api, &self.one, "").await?;
        let answer = api.put(&path, &Value::Object(self.body()?)).await?;
        printer.item(&answer, FIELDS);
        if at(&answer, "idp").is_null() {
            complain_more(
                "Give Okta the first two addresses (app, SAML settings), with an attribute statement oktaId = user.id; then: keywright saml set --metadata-url URL",
            );
        }
        Ok(())
    }

    fn body(&self) -> anyhow::Result<Map<String, Value>> {
        let metadata = self.metadata_file.as_deref().map(read).transpose()?;
        let certificates: Vec<String> = self
            .certificate_file
            .iter()
            .map(|file| read(file))
            .collect::<Result<_, _>>()?;
        let enabled = (self.disable || self.enable).then_some(self.enable);
        let given = [
            ("enabled", enabled.map(Value::from)),
            ("metadata", metadata.map(Value::from)),
            ("metadata_url", self.metadata_url.clone().map(Value::from)),
            ("entity_id", self.entity_id.clone().map(Value::from)),
            ("redirect_url", self.redirect_url.clone().map(Value::from)),
            ("post_url", self.post_url.clone().map(Value::from)),
            (
                "certificates",
                (!certificates.is_empty()).then(|| Value::from(certificates)),
            ),
            ("binding", self.binding.clone().map(Value::from)),
            ("demand", self.demand.clone().map(Value::from)),
            ("clock_skew_seconds", self.clock_skew.map(Value::from)),
            (
                "okta_id_attribute",
                self.okta_id_attribute.clone().map(Value::from),
            ),
            (
                "jit",
                self.jit.as_ref().map(|word| Value::from(word == "on")),
            ),
            ("jit_role", self.jit_role.clone().map(Value::from)),
        ];
        Ok(given
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect())
    }
}

impl Certificates {
    async fn run(self, api: &Api, printer: Printer) -> anyhow::Result<()> {
        match self {
            Self::List(one) => {
                let path = path(api, &one, "/certificates").await?;
                printer.list(&api.get(&path).await?, PINNED);
            }
            Self::Add { one, file } => {
                let path = path(api, &one, "/certificates").await?;
                let body = json!({ "certificate": read(&file)? });
                printer.item(&api.post(&path, &body).await?, PINNED);
            }
            Self::Remove { one, id } => {
                let path = path(api, &one, &format!("/certificates/{}", encode(&id))).await?;
                printer.done(
                    &api.delete(&path).await?,
                    "the certificate does not count any more",
                );
            }
        }
        Ok(())
    }
}

async fn rotate(api: &Api, printer: Printer, one: &One, finish: bool) -> anyhow::Result<()> {
    let what = if finish { "/rotate/finish" } else { "/rotate" };
    let answer = api.post(&path(api, one, what).await?, &json!({})).await?;
    if printer.is_json() || finish {
        printer.done(&answer, "the new key signs; the old one is gone");
        return Ok(());
    }
    let next = items(at(&answer, "keys"))
        .iter()
        .find(|key| at(key, "state") == "next")
        .context("no new key was made")?;
    say(text(at(next, "certificate_pem")).trim_end());
    complain_more(
        "Give the identity provider this certificate (it is in our metadata too), then: keywright saml rotate --finish",
    );
    Ok(())
}

async fn path(api: &Api, one: &One, what: &str) -> anyhow::Result<String> {
    let connection = find(api, one.name.as_deref()).await?;
    Ok(format!("/connections/{}/saml{what}", id(&connection)))
}

/// A file that holds nothing secret; `-` is standard input.
fn read(file: &Path) -> anyhow::Result<String> {
    use std::io::Read;
    let mut text = String::new();
    let (from, name): (Box<dyn Read>, _) = if file == Path::new("-") {
        (Box::new(std::io::stdin()), "standard input".to_owned())
    } else {
        let name = file.display().to_string();
        let open = std::fs::File::open(file).with_context(|| format!("cannot read {name}"))?;
        (Box::new(open), name)
    };
    from.take(LONGEST)
        .read_to_string(&mut text)
        .with_context(|| format!("{name} is no text"))?;
    Ok(text)
}
