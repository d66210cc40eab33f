//! How a value is compared with those of a filter.

use std::sync::Arc;

/// How values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Equal to one of the values; an empty value means that there is none.
    Is,
    /// Equal to none of them.
    IsNot,
    /// With one of them somewhere in it, letter case aside.
    Contains,
    /// With none of them in it.
    NotContains,
    /// As one of them, in which `*` is any run of characters, letter case aside.
    Matches,
}

/// Names, as the contract has them.
pub const OPERATORS: [(&str, Operator); 5] = [
    ("is", Operator::Is),
    ("is_not", Operator::IsNot),
    ("contains", Operator::Contains),
    ("not_contains", Operator::NotContains),
    ("matches", Operator::Matches),
];

impl Operator {
    /// What it means, in a line.
    pub fn meaning(self) -> &'static str {
        match self {
            Operator::Is => "Equal to one of the values; an empty one means that there is none",
            Operator::IsNot => "Equal to none of them",
            Operator::Contains => "With one of them somewhere in it, letter case aside",
            Operator::NotContains => "With none of them in it",
            Operator::Matches => {
                "As one of them, in which * is any run of characters, letter case aside"
            }
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        OPERATORS
            .iter()
            .find(|(_, operator)| *operator == self)
            .map_or("", |(name, _)| name)
    }
}

/// A condition's values, ready to be compared with many.
pub(super) struct Matcher {
    operator: Operator,
    values: Arc<[String]>,
}

impl Matcher {
    pub(super) fn new(operator: Operator, values: &Arc<[String]>) -> Matcher {
        let values = match operator {
            Operator::Is | Operator::IsNot => values.clone(),
            _ => values.iter().map(|value| value.to_lowercase()).collect(),
        };
        Matcher { operator, values }
    }

    /// Whether a value passes; `None` where there is none.
    pub(super) fn passes(&self, value: Option<&str>) -> bool {
        let value = value.unwrap_or_default();
        let any = |is: &dyn Fn(&str) -> bool| self.values.iter().any(|wanted| is(wanted));
        let contains = || {
            let value = value.to_lowercase();
            any(&|wanted| value.contains(wanted))
        };
        match self.operator {
            Operator::Is => any(&|wanted| wanted == value),
            Operator::IsNot => !any(&|wanted| wanted == value),
            Operator::Contains => contains(),
            Operator::NotContains => !contains(),
            Operator::Matches => {
                let value = value.to_lowercase();
                any(&|pattern| matches(&value, pattern))
            }
        }
    }
}

/// Whether the whole of a text is as a pattern says, in which `*` is any run of characters. Each run is as short as can
/// be, so that one walk over the text is enough, whatever the pattern.
fn matches(text: &str, pattern: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return text == pattern;
    };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    let Some(mut left) = text
        .strip_prefix(start)
        .and_then(|text| text.strip_suffix(end))
    else {
        return false;
    };
    for part in middle.split('*') {
        match left.split_once(part) {
            _ if part.is_empty() => {}
            Some((_, after)) => left = after,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stars_are_any_run() {
        for (text, pattern, expected) in [
            ("/pricing", "/pricing", true),
            ("/pricing/", "/pricing", false),
            ("/docs/a", "/docs/*", true),
            ("/docs", "/docs/*", false),
            ("/a/b/c", "*/b/*", true),
            ("abab", "a*ab", true),
            ("aba", "ab*ba", false),
            ("", "*", true),
            ("", "", true),
            ("x", "", false),
            ("a-b-c", "a**b*c", true),
            ("a-c-b", "a*b*c", false),
        ] {
            assert_eq!(matches(text, pattern), expected, "{text} {pattern}");
        }
    }

    #[test]
    fn values_compare_as_their_operators_say() {
        for (operator, value, wanted, expected) in [
            (Operator::Is, Some("Google"), "Google", true),
            (Operator::Is, Some("google"), "Google", false),
            (Operator::Is, None, "", true),
            (Operator::IsNot, None, "Google", true),
            (Operator::Contains, Some("GOOGLE Ads"), "google", true),
            (Operator::NotContains, Some("Bing"), "google", true),
            (Operator::Matches, Some("Google Ads"), "google*", true),
            (Operator::Matches, None, "*", true),
        ] {
            let matcher = Matcher::new(operator, &[wanted.to_owned()].into());
            assert_eq!(
                matcher.passes(value),
                expected,
                "{operator:?} {value:?} {wanted}"
            );
        }
    }

    proptest! {
        #[test]
        fn stars_match_as_every_way_of_trying_says(text in "[ab]{0,6}", pattern in "[ab*]{0,5}") {
            fn slow(text: &[u8], pattern: &[u8]) -> bool {
                match pattern.split_first() {
                    None => text.is_empty(),
                    Some((b'*', rest)) => (0..=text.len()).any(|at| slow(&text[at..], rest)),
                    Some((c, rest)) => text.first() == Some(c) && slow(&text[1..], rest),
                }
            }
            prop_assert_eq!(matches(&text, &pattern), slow(text.as_bytes(), pattern.as_bytes()));
        }
    }
}
