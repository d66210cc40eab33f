//! What is asked of an experiment, as it stands in an address.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::account::Site;
use crate::query::query_string::Form;
use crate::query::range::Range;
use crate::query::read::Parts;
use crate::query::sent::{self, Asks};
use crate::query::sentence;

/// The key of the experiment where none is named.
pub const EXPERIMENT: &str = "experiment";
/// And of the variant.
pub const VARIANT: &str = "variant";

/// Characters of a key.
const KEY: usize = 250;

/// A question.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Of which site, as people know it.
    pub website_id: Arc<str>,
    /// Fires of these are conversions.
    pub goals: Vec<String>,
    /// The key of metadata that says which experiment.
    pub experiment_key: String,
    /// The key that says which variant.
    pub variant_key: String,
    /// Which experiment; the one with the most fires where none is named.
    pub experiment: Option<String>,
    /// What the others are compared with; the first by name where none is named.
    pub control: Option<String>,
    /// How people are given out, by variant; who isn't named has 1.
    pub weights: Vec<(String, f64)>,
    /// Whether money becomes the site's currency, as far as rates are known.
    pub convert: bool,
    /// On these days.
    pub range: Range,
}

/// A question as it was sent: `goals=Paid&experiment=Checkout&control=A&weight=A:50&weight=B:50`.
pub type Sent = sent::Sent<Question>;

impl Asks for Question {
    const NAMES: &'static [(&'static str, Form)] = &[
        ("website_id", Form::Text),
        ("goals", Form::Each),
        ("experiment_key", Form::Text),
        ("variant_key", Form::Text),
        ("experiment", Form::Text),
        ("control", Form::Text),
        ("weight", Form::Each),
        ("convert", Form::Text),
        ("from", Form::End("range", "from")),
        ("to", Form::End("range", "to")),
    ];

    fn of(parts: &mut Parts, site: &Site, now: Timestamp) -> Result<Question, String> {
        let goals = parts.goals()?;
        if goals.is_empty() {
            return Err("goals: wanted at least one: its fires are the conversions".into());
        }
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let mut key = |name: &str, otherwise: &str| -> Result<String, String> {
            let key = given(parts.text(name)?).unwrap_or_else(|| otherwise.into());
            match key.len() <= KEY {
                true => Ok(key),
                false => Err(format!("{name}: wanted are at most {KEY} characters")),
            }
        };
        let (experiment_key, variant_key) = (
            key("experiment_key", EXPERIMENT)?,
            key("variant_key", VARIANT)?,
        );
        let weights = parts.texts("weight")?;
        let weights = weights.iter().map(|text| weight(text));
        Ok(Question {
            website_id: site.website_id.as_str().into(),
            goals,
            experiment_key,
            variant_key,
            experiment: given(parts.text("experiment")?),
            control: given(parts.text("control")?),
            weights: weights.collect::<Result<_, _>>()?,
            convert: parts.yes("convert", true)?,
            range: parts.range(site, now)?,
        })
    }
}

fn weight(text: &str) -> Result<(String, f64), String> {
    let wrong =
        || format!("weight: {text:.60?} is none; wanted is a variant and a number, as A:50");
    let (variant, weight) = text.rsplit_once(':').ok_or_else(wrong)?;
    let weight: f64 = weight.parse().map_err(|_| wrong())?;
    match weight > 0.0 && weight <= 1e9 {
        true => Ok((variant.to_owned(), weight)),
        false => Err(wrong()),
    }
}

impl Question {
    /// The parts that it is read from, dates resolved.
    pub fn json(&self) -> Value {
        json!({
            "website_id": *self.website_id,
            "goals": self.goals,
            "experiment_key": self.experiment_key,
            "variant_key": self.variant_key,
            "experiment": self.experiment,
            "control": self.control,
            "convert": self.convert,
            "weights": self.weights.iter().map(|(variant, weight)| json!({ "variant": variant, "weight": weight })).collect::<Vec<_>>(),
            "range": { "from": self.range.from.to_string(), "to": self.range.to.to_string() },
        })
    }

    /// In words, without a full stop.
    pub fn sentence(&self) -> String {
        format!(
            "Fires of {} by people who saw a variant before or then, {}",
            sentence::goals(&self.goals),
            sentence::range(&self.range)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(query: &str) -> Result<Question, String> {
        let now = "2026-11-24T12:00:00Z".parse().unwrap();
        Sent::query_string(query)?.read(&Site::sample(), now)
    }

    #[test]
    fn parts_are_read_and_wrong_ones_named() {
        let found =
            read("goals=Paid&experiment=X&control=B&weight=A:b:2&weight=B:1&variant_key=arm")
                .unwrap();
        assert_eq!(
            (&*found.experiment_key, &*found.variant_key),
            ("experiment", "arm")
        );
        assert_eq!(
            found.weights,
            [("A:b".to_owned(), 2.0), ("B".to_owned(), 1.0)]
        );
        for (query, expected) in [
            ("", "goals: wanted at least one"),
            (
                "goals=A&weight=A",
                "weight: \"A\" is none; wanted is a variant and a number, as A:50",
            ),
            ("goals=A&weight=A:0", "weight: \"A:0\" is none"),
            ("goals=A&weight=A:NaN", "weight: \"A:NaN\" is none"),
            ("goals=A&by=x", "by: there is no such part"),
        ] {
            let wrong = read(query).unwrap_err();
            assert!(wrong.starts_with(expected), "{query}: {wrong}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_read_or_refused(query in "(goals|weight|control|experiment_key|from)?=?.{0,30}") {
            let _ = read(&query);
        }
    }
}
