//! Small parts of pages, as values that a template prints. What they hold is escaped here.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;

use super::{ago, assets};
use crate::db::Timestamp;

/// Markup that is safe to print as it is: made by a part, never from what people wrote.
#[derive(Debug, Clone, Default)]
pub struct Html(String);

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Html {}

impl Html {
    fn of(template: &impl Template) -> Self {
        Self(template.render().unwrap_or_default())
    }
}

/// What a colour means. It always comes with an icon and a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// As it should be.
    Ok,
    /// On its way.
    Wait,
    /// Stopped until a person decides.
    Held,
    /// Wrong.
    Fail,
    /// Not in use.
    #[default]
    Off,
    /// Worth knowing.
    Note,
}

impl Tone {
    /// Its class in the style sheet, without `is-`; the name of its icon as well.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Wait => "wait",
            Self::Held => "held",
            Self::Fail => "fail",
            Self::Off => "off",
            Self::Note => "note",
        }
    }
}

impl fmt::Display for Tone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A state as people see it: colour, icon and word together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The colour's meaning.
    pub tone: Tone,
    /// The word.
    pub word: String,
    /// Another icon than the tone's.
    pub icon: Option<&'static str>,
}

impl State {
    /// A state of this tone.
    #[must_use]
    pub fn new(tone: Tone, word: impl Into<String>) -> Self {
        Self {
            tone,
            word: word.into(),
            icon: None,
        }
    }

    /// With another icon than the tone's.
    #[must_use]
    pub fn icon(mut self, icon: &'static str) -> Self {
        self.icon = Some(icon);
        self
    }

    /// As it should be.
    #[must_use]
    pub fn ok(word: impl Into<String>) -> Self {
        Self::new(Tone::Ok, word)
    }

    /// On its way.
    #[must_use]
    pub fn wait(word: impl Into<String>) -> Self {
        Self::new(Tone::Wait, word)
    }

    /// Stopped until a person decides.
    #[must_use]
    pub fn held(word: impl Into<String>) -> Self {
        Self::new(Tone::Held, word)
    }

    /// Wrong.
    #[must_use]
    pub fn fail(word: impl Into<String>) -> Self {
        Self::new(Tone::Fail, word)
    }

    /// Not in use.
    #[must_use]
    pub fn off(word: impl Into<String>) -> Self {
        Self::new(Tone::Off, word)
    }

    /// Worth knowing.
    #[must_use]
    pub fn note(word: impl Into<String>) -> Self {
        Self::new(Tone::Note, word)
    }
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r##"<svg class="{{ class }}" aria-hidden="true"><use href="{{ sprite }}#i-{{ name }}"></use></svg>"##
)]
struct Icon<'a> {
    class: &'static str,
    sprite: &'static str,
    name: &'a str,
}

/// The icon `name` of the sprite; decoration only, the words stand beside it.
pub(super) fn icon(name: &str) -> Html {
    icon_as("icon", name)
}

/// The same with another class than `icon`.
pub(super) fn icon_as(class: &'static str, name: &str) -> Html {
    Html::of(&Icon {
        class,
        sprite: assets::address("icons"),
        name,
    })
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<span class="{{ class }} is-{{ state.tone }}">{{ icon }}{{ state.word }}</span>"#
)]
struct Toned<'a> {
    class: &'static str,
    state: &'a State,
    icon: Html,
}

/// A state for tables and tiles.
pub(super) fn status(state: &State) -> Html {
    toned("status", state)
}

/// A state for heads.
pub(super) fn pill(state: &State) -> Html {
    toned("pill", state)
}

fn toned(class: &'static str, state: &State) -> Html {
    Html::of(&Toned {
        class,
        state,
        icon: icon(state.icon.unwrap_or(state.tone.word())),
    })
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<time datetime="{{ at }}" title="{{ exact }}">{{ words }}</time>"#
)]
struct Time {
    at: Timestamp,
    exact: String,
    words: String,
}

/// An instant: how long ago or until then, the exact time in its title.
pub(super) fn time(at: Timestamp, now: Timestamp) -> Html {
    Html::of(&Time {
        at,
        exact: ago::exact(at),
        words: ago::words(at, now),
    })
}

/// An instant, exact to the second.
pub(super) fn exact(at: Timestamp) -> Html {
    Html::of(&Time {
        at,
        exact: ago::exact(at),
        words: ago::exact(at),
    })
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<div class="copy"><code>{{ value }}</code><button class="btn quiet bare" type="button" data-copy hidden aria-label="Copy {{ label }}">{{ icon }}</button></div>"#
)]
struct Copy<'a> {
    label: &'a str,
    value: &'a str,
    icon: Html,
}

/// A value to copy; `label` says what it is.
pub(super) fn copy(label: &str, value: &str) -> Html {
    Html::of(&Copy {
        label,
        value,
        icon: icon("copy"),
    })
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<div class="cmd" role="group" aria-label="The same thing as a command">{{ terminal }}<code>{{ command }}</code><button class="btn quiet bare" type="button" data-copy hidden aria-label="Copy the command">{{ icon }}</button></div>"#
)]
#[expect(clippy::struct_field_names, reason = "the word of the template")]
struct Command<'a> {
    command: &'a str,
    terminal: Html,
    icon: Html,
}

/// The same thing as a command.
pub(super) fn command(command: &str) -> Html {
    Html::of(&Command {
        command,
        terminal: icon("terminal"),
        icon: icon("copy"),
    })
}

#[derive(Template)]
#[template(ext = "html", source = r#"<span class="subtle">{{ word }}</span>"#)]
struct Subtle<'a> {
    word: &'a str,
}

/// A word in quiet letters.
pub(super) fn subtle(word: &str) -> Html {
    Html::of(&Subtle { word })
}

/// Up to two letters that stand for a name.
pub(super) fn initials(name: &str) -> String {
    let mut words = name
        .split(|c: char| !c.is_alphanumeric())
        .filter_map(|word| word.chars().next());
    let first = words.next();
    first
        .into_iter()
        .chain(words.next_back())
        .flat_map(char::to_uppercase)
        .collect()
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<span class="who"><span class="avatar" aria-hidden="true">{{ initials }}</span><span>{% if href.is_empty() %}<b>{{ name }}</b>{% else %}<a href="{{ href }}">{{ name }}</a>{% endif %}<small>{{ user }}{% if !domain.is_empty() %}<wbr>{{ domain }}{% endif %}</small></span></span>"#
)]
struct Who<'a> {
    initials: String,
    name: &'a str,
    href: &'a str,
    user: &'a str,
    domain: &'a str,
}

/// A person: name over login, linked when `href` is not empty.
pub(super) fn who(name: &str, login: &str, href: &str) -> Html {
    let (user, domain) = login.split_at(login.find('@').unwrap_or(login.len()));
    Html::of(&Who {
        initials: initials(name),
        name,
        href,
        user,
        domain,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_is_escaped() {
        let hostile = "<script>alert(\"1\")</script>";
        for html in [
            copy(hostile, hostile),
            command(hostile),
            who(hostile, hostile, "/x\"onload=1"),
            status(&State::ok(hostile)),
            icon(hostile),
        ] {
            let text = html.to_string();
            assert!(
                !text.contains("<script") && !text.contains("\"onload"),
                "{text}"
            );
        }
    }

    #[test]
    fn initials_are_of_the_first_and_last_name() {
        for (name, want) in [
            ("Jean-Baptiste de la Rochefoucauld", "JR"),
            ("rescue", "R"),
            ("Åsa Öberg", "ÅÖ"),
            ("", ""),
        ] {
            assert_eq!(initials(name), want);
        }
    }
}
