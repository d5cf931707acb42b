//! What surrounds a page's contents, and the parts its template calls.

use std::borrow::Borrow;

use super::flash::Flash;
use super::nav;
use super::parts::{self, Html, State};
use super::visit::{Person, Visit};
use super::{ago, assets};
use crate::db::Timestamp;

/// A step on the way to a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crumb {
    /// Its words.
    pub label: String,
    /// Where it leads; empty for the page itself.
    pub href: String,
}

/// An entry of the navigation as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) path: &'static str,
    pub(crate) label: &'static str,
    pub(crate) current: bool,
    /// A number that waits, and what it counts.
    pub(crate) count: i64,
}

/// A section of the navigation as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) label: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) entries: Vec<Entry>,
}

/// The frame of one page. Its methods are the parts that templates call.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The page's title.
    pub title: String,
    /// Who looks; none on pages without a session.
    pub person: Option<Person>,
    /// What is told once.
    pub flash: Option<Flash>,
    /// The way here.
    pub crumbs: Vec<Crumb>,
    /// The instant of the request, from which times are told.
    pub now: Timestamp,
    pub(crate) groups: Vec<Group>,
    pub(crate) theme: Option<&'static str>,
    search: bool,
}

impl Frame {
    pub(super) fn of(visit: &Visit, title: String) -> Self {
        Self {
            title,
            person: Some(visit.person.clone()),
            flash: visit.flash.clone(),
            crumbs: Vec::new(),
            now: visit.now,
            groups: groups(visit),
            theme: visit.theme,
            search: visit.pages.has("/people") && visit.may(crate::actor::Permission::UsersRead),
        }
    }

    /// The frame of a page for somebody without a session.
    #[must_use]
    pub fn solo(title: impl Into<String>, now: Timestamp) -> Self {
        Self {
            title: title.into(),
            person: None,
            flash: None,
            crumbs: Vec::new(),
            now,
            groups: Vec::new(),
            theme: None,
            search: false,
        }
    }

    /// With a step on the way here: `frame.crumb("People", "/people")`.
    #[must_use]
    pub fn crumb(mut self, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.crumbs.push(Crumb {
            label: label.into(),
            href: href.into(),
        });
        self
    }

    /// Whether the search field has a page to go to.
    #[must_use]
    pub fn has_search(&self) -> bool {
        self.search
    }

    /// The address of an asset.
    #[must_use]
    pub fn asset(&self, name: &str) -> &'static str {
        assets::address(name)
    }

    /// An icon of the sprite, by the name of its meaning.
    #[must_use]
    pub fn icon(&self, name: &str) -> Html {
        parts::icon(name)
    }

    /// The mark beside our name.
    #[must_use]
    pub fn mark(&self) -> Html {
        parts::icon_as("mark", "mark")
    }

    /// A large icon over the words of a page for one person.
    #[must_use]
    pub fn hero(&self, name: &str) -> Html {
        parts::icon_as("icon hero is-note", name)
    }

    /// A state for tables and tiles.
    #[must_use]
    pub fn status(&self, state: impl Borrow<State>) -> Html {
        parts::status(state.borrow())
    }

    /// A state for heads.
    #[must_use]
    pub fn pill(&self, state: impl Borrow<State>) -> Html {
        parts::pill(state.borrow())
    }

    /// How long ago, or until then.
    #[must_use]
    pub fn ago(&self, at: &Timestamp) -> Html {
        parts::time(*at, self.now)
    }

    /// How long ago; `never` in quiet letters when it is not known.
    #[must_use]
    pub fn ago_or(&self, at: &Option<Timestamp>, never: &str) -> Html {
        match at {
            Some(at) => parts::time(*at, self.now),
            None => parts::subtle(never),
        }
    }

    /// An instant, exact to the second.
    #[must_use]
    pub fn exact(&self, at: &Timestamp) -> Html {
        parts::exact(*at)
    }

    /// The span between two instants: `40 s`.
    #[must_use]
    pub fn span(&self, from: &Timestamp, to: &Timestamp) -> String {
        ago::distance(to.seconds() - from.seconds())
    }

    /// A value to copy; `label` says what it is.
    #[must_use]
    pub fn copy(&self, label: &str, value: &str) -> Html {
        parts::copy(label, value)
    }

    /// The same thing as a command.
    #[must_use]
    pub fn command(&self, command: &str) -> Html {
        parts::command(command)
    }

    /// The same thing as a command about something that has a name.
    #[must_use]
    pub fn command_about(&self, command: &str, name: &str) -> Html {
        let plain = |c: char| c.is_alphanumeric() || "-_.@+".contains(c);
        if !name.is_empty() && name.chars().all(plain) {
            parts::command(&format!("{command} {name}"))
        } else {
            parts::command(&format!("{command} '{}'", name.replace('\'', "'\\''")))
        }
    }

    /// A person: name over login, linked when `href` is not empty.
    #[must_use]
    pub fn who(&self, name: &str, login: &str, href: &str) -> Html {
        parts::who(name, login, href)
    }

    /// A word in quiet letters: `none`, `never`, `nobody`.
    #[must_use]
    pub fn subtle(&self, word: &str) -> Html {
        parts::subtle(word)
    }

    /// Two letters for a name.
    #[must_use]
    pub fn initials(&self, name: &str) -> String {
        parts::initials(name)
    }
}

/// What of the navigation exists and may be seen.
fn groups(visit: &Visit) -> Vec<Group> {
    let here = current(visit.uri.path());
    let shown = |item: &&nav::Item| {
        visit.pages.has(item.path) && item.needs.is_none_or(|needed| visit.may(needed))
    };
    nav::ITEMS
        .iter()
        .map(|section| Group {
            label: section.label,
            icon: section.icon,
            entries: section
                .items
                .iter()
                .filter(shown)
                .map(|item| Entry {
                    path: item.path,
                    label: item.label,
                    current: Some(item.path) == here,
                    count: if item.path == "/runs" {
                        visit.badges.held
                    } else {
                        0
                    },
                })
                .collect(),
        })
        .filter(|group| !group.entries.is_empty())
        .collect()
}

/// The entry that an address belongs to: the longest that it begins with.
fn current(path: &str) -> Option<&'static str> {
    let items = nav::ITEMS.iter().flat_map(|section| section.items);
    items
        .map(|item| item.path)
        .filter(|known| {
            path.strip_prefix(known)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
        .max_by_key(|known| known.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_belongs_to_the_nearest_entry() {
        for (path, want) in [
            ("/", Some("/")),
            ("/people/0190", Some("/people")),
            ("/settings/sign-in", Some("/settings/sign-in")),
            ("/settings/other", Some("/settings")),
            ("/peoples", None),
            ("/me", None),
        ] {
            assert_eq!(current(path), want, "{path}");
        }
    }
}
