//! How a resource is written down: members with their names on the wire, each with what it means.

/// A resource: members that must be there, members that may be there ([`crate::Field`]), and `other` for the rest.
///
/// Generates the struct, `new` over the `must` members, and serde that loses nothing. (The `flatten` of serde would do,
/// but buffers every object; org reads decode hundreds of thousands of them.)
macro_rules! resource {
    (
        $(#[$meta:meta])*
        $name:ident {
            must { $( $(#[$mm:meta])* $m:ident : $mt:ty = $mw:literal ),* $(,)? }
            may { $( $(#[$om:meta])* $o:ident : $ot:ty = $ow:literal ),* $(,)? }
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name {
            $( $(#[$mm])* pub $m: $mt, )*
            $( $(#[$om])* pub $o: $crate::Field<$ot>, )*
            /// Members this type does not name, kept as they came.
            pub other: ::serde_json::Map<String, ::serde_json::Value>,
        }

        impl $name {
            /// The resource with these members and nothing else.
            #[must_use]
            #[allow(clippy::new_without_default, reason = "a resource without members that must be there is rare")]
            pub fn new($( $m: $mt ),*) -> Self {
                Self {
                    $( $m, )*
                    $( $o: $crate::Field::Absent, )*
                    other: ::serde_json::Map::new(),
                }
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use ::serde::ser::SerializeMap as _;
                let mut map = serializer.serialize_map(None)?;
                $( map.serialize_entry($mw, &self.$m)?; )*
                $( if !self.$o.is_absent() { map.serialize_entry($ow, &self.$o)?; } )*
                for (name, value) in &self.other {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl<'de> ::serde::de::Visitor<'de> for Visitor {
                    type Value = $name;
                    fn expecting(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                        f.write_str(concat!("a JSON object (", stringify!($name), ")"))
                    }
                    fn visit_map<A: ::serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        $( let mut $m: Option<$mt> = None; )*
                        $( let mut $o: $crate::Field<$ot> = $crate::Field::Absent; )*
                        let mut other = ::serde_json::Map::new();
                        while let Some(name) = map.next_key::<String>()? {
                            match name.as_str() {
                                $( $mw => $m = Some(map.next_value()?), )*
                                $( $ow => $o = map.next_value()?, )*
                                _ => { other.insert(name, map.next_value()?); }
                            }
                        }
                        Ok($name {
                            $( $m: $m.ok_or_else(|| <A::Error as ::serde::de::Error>::missing_field($mw))?, )*
                            $( $o, )*
                            other,
                        })
                    }
                }
                deserializer.deserialize_map(Visitor)
            }
        }
    };
}

/// An enumeration of Okta's words, with `Other` for the words we do not know (Okta adds some without notice).
macro_rules! words {
    (
        $(#[$meta:meta])*
        $name:ident { $( $(#[$vm:meta])* $v:ident = $w:literal ),* $(,)? }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $( $(#[$vm])* $v, )*
            /// A word this version does not know, kept as it came.
            Other(String),
        }

        impl $name {
            /// The word on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$v => $w, )*
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $( $w => Self::$v, )*
                    _ => Self::Other(word.to_owned()),
                }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = <::std::borrow::Cow<'de, str> as ::serde::Deserialize>::deserialize(deserializer)?;
                Ok(Self::from(word.as_ref()))
            }
        }
    };
}

/// Id newtypes over Okta's opaque texts.
macro_rules! ids {
    ($( $(#[$meta:meta])* $name:ident ),* $(,)?) => { $(
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(Box<str>);

        impl $name {
            /// The id as Okta writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.into())
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id.into())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl ::std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )* };
}
