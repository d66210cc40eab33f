//! A funnel: how many visitors do some things one after the other, within some time from the first.
//!
//! Each visitor is counted by the attempt that got furthest. An attempt begins with any event of the first step and takes
//! of each next step the first event that comes later and lies within the window; one event is one step. Of attempts that
//! got equally far the first one counts, and says how long each step took. All events lie within the range and pass the
//! filters.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::dimension::{Dimension, Named};
use super::filter::Filter;
use super::layer::Passing;
use super::operator::Operator;
use super::plan::Names;
use super::query_string::{FUNNEL, Form};
use super::range::Range;
use super::read::Parts;
use super::sent::{self, Asks};
use super::sentence;
use crate::account::{GoalBook, Site};
use crate::store::event::SiteId;
use crate::store::reports::group::By;
use crate::store::reports::marked::{Marked, SETS, Wanted};
use crate::store::reports::test::Test;
use crate::store::{ReadError, Store};

/// Minutes that a visitor may take where nothing is said, and at most: 30 and 90 days.
const WINDOW: u64 = 30 * 1440;
const MOST_WINDOW: u64 = 90 * 1440;

/// Bytes that a pattern or a name may have.
const TEXT: usize = 2048;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Funnel {
    /// Of which site.
    pub site: SiteId,
    /// The same as people know it.
    pub website_id: Arc<str>,
    /// What is set of its goals.
    pub book: Arc<GoalBook>,
    /// Two to eight.
    pub steps: Vec<Step>,
    /// Minutes from the first step in which the others must follow.
    pub window: u64,
    /// Of events that pass all of these.
    pub filters: Vec<Filter>,
    /// On these days.
    pub range: Range,
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A page whose path matches this, in which `*` is any run of characters.
    Page(String),
    /// A goal that fires.
    Goal(String),
}

/// How many got to a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Reached {
    /// Different visitors.
    pub visitors: u64,
    /// Their share of those of the first step; `None` of nobody.
    pub of_first: Option<f64>,
    /// Their share of those of the step before; of the first step itself 1.
    pub of_previous: Option<f64>,
    /// Seconds from the step before, the middle of all who got here; `None` at the first step.
    pub median_seconds: Option<f64>,
}

/// A funnel as it was sent: `{"steps":[{"page":"/pricing*"},{"goal":"Trial Started"}],"window_minutes":1440}`, with `filters`
/// and `range` as a query has them; in an address `step=page:/pricing*&step=goal:Trial Started&window_minutes=1440`.
pub type Sent = sent::Sent<Funnel>;

impl Asks for Funnel {
    const NAMES: &'static [(&'static str, Form)] = FUNNEL;

    fn of(parts: &mut Parts, site: &Site, now: Timestamp) -> Result<Funnel, String> {
        let steps = parts.list("steps")?;
        if !(2..=SETS).contains(&steps.len()) {
            return Err(format!("steps: wanted 2 to {SETS}"));
        }
        let window = parts.whole("window_minutes", WINDOW, MOST_WINDOW)?;
        Ok(Funnel {
            site: site.id,
            website_id: site.website_id.as_str().into(),
            book: site.goals.clone(),
            steps: steps.iter().map(read_step).collect::<Result<_, _>>()?,
            window,
            filters: parts.filters()?,
            range: parts.range(site, now)?,
        })
    }
}

fn read_step(step: &Value) -> Result<Step, String> {
    let only = step.as_object().filter(|step| step.len() == 1);
    let only = only.and_then(|step| step.iter().next());
    let only = only.and_then(|(kind, value)| Some((kind.as_str(), value.as_str()?)));
    match only {
        Some((_, text)) if text.is_empty() || text.len() > TEXT => {
            Err(format!("steps: wanted a text of 1 to {TEXT} bytes"))
        }
        Some(("page", pattern)) => Ok(Step::Page(pattern.to_owned())),
        Some(("goal", name)) => Ok(Step::Goal(name.to_owned())),
        _ => Err("steps: wanted {\"page\":\"/path*\"} or {\"goal\":\"Name\"} each".into()),
    }
}

impl Step {
    /// As it is read.
    pub fn json(&self) -> Value {
        match self {
            Step::Page(pattern) => json!({ "page": pattern }),
            Step::Goal(name) => json!({ "goal": name }),
        }
    }

    fn filter(&self) -> Filter {
        let goal = |name: &str| {
            let values = [name.to_owned()].into();
            Filter::Value(Operator::Is, Dimension::Named(Named::Goal), values)
        };
        match self {
            Step::Goal(name) => goal(name),
            Step::Page(pattern) => {
                let values = [pattern.clone()].into();
                let page = Filter::Value(Operator::Matches, Dimension::Named(Named::Page), values);
                // A page view is no goal.
                Filter::And(vec![goal(""), page])
            }
        }
    }
}

impl Funnel {
    /// The JSON that it is read from, dates resolved.
    pub fn json(&self) -> Value {
        json!({
            "website_id": *self.website_id,
            "steps": self.steps.iter().map(Step::json).collect::<Vec<_>>(),
            "window_minutes": self.window,
            "filters": self.filters.iter().map(Filter::json).collect::<Vec<_>>(),
            "range": { "from": self.range.from.to_string(), "to": self.range.to.to_string() },
        })
    }

    /// In words, without a full stop: "Visitors who came to /pricing*, then fired Trial Started, within 1 day, 1 to 30
    /// November 2026".
    pub fn sentence(&self) -> String {
        let step = |step: &Step| match step {
            Step::Page(pattern) => format!("came to {pattern}"),
            Step::Goal(name) => format!("fired {name}"),
        };
        let steps: Vec<_> = self.steps.iter().map(step).collect();
        let (count, unit) = match self.window {
            minutes if minutes.is_multiple_of(1440) => (minutes / 1440, "day"),
            minutes if minutes.is_multiple_of(60) => (minutes / 60, "hour"),
            minutes => (minutes, "minute"),
        };
        let plural = if count == 1 { "" } else { "s" };
        format!(
            "Visitors who {}, within {count} {unit}{plural}{}, {}",
            steps.join(", then "),
            sentence::filters(&self.filters),
            sentence::range(&self.range)
        )
    }
}

/// Asks the store: how many visitors got to each step.
///
/// # Errors
/// When its files can't be read.
pub fn funnel(store: &Arc<Store>, funnel: &Funnel) -> Result<Vec<Reached>, ReadError> {
    let names = Names::new(store, &funnel.book);
    let tests =
        |filters: &[Filter]| Passing::new(&names, funnel.site, &funnel.range, filters).events(None);
    // What says which goal an event is of is asked of it as what it is in each step.
    let (mut of_goals, filters): (Vec<Filter>, Vec<Filter>) = funnel
        .filters
        .iter()
        .cloned()
        .partition(Filter::is_of_goals);
    let filters = tests(&filters)?;
    let mut step = |step: &Step| {
        of_goals.push(step.filter());
        let test = tests(&of_goals).map(Test::All);
        of_goals.pop();
        test
    };
    let steps = funnel
        .steps
        .iter()
        .map(&mut step)
        .collect::<Result<Vec<_>, ReadError>>()?;
    let browsers = store.browsers()?;
    let sets: Vec<(u8, Test)> = (0..).map(|nth| 1 << nth).zip(steps).collect();
    let wanted = Wanted {
        sets: &sets,
        tests: &filters,
        by: &By::Total,
        one_of: Some(&|visitor| browsers.first(visitor)),
        once_a_day: false,
        paid: 0,
        alike: None,
    };
    let reports = store.reports();
    let found = names.checked(|| reports.marked(funnel.site, funnel.range.days(), &wanted))?;
    // Windows have at most 129,600 minutes.
    let window = funnel.window as i64 * 60_000;
    let mut taken: Vec<Vec<i64>> = vec![Vec::new(); sets.len()];
    for events in found.events.of_each() {
        for (taken, time) in taken.iter_mut().zip(furthest(events, sets.len(), window)) {
            taken.push(time);
        }
    }
    let counts: Vec<u64> = taken.iter().map(|taken| taken.len() as u64).collect();
    let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
    let reached = |(nth, taken): (usize, Vec<i64>)| Reached {
        visitors: counts[nth],
        of_first: share(counts[nth], counts[0]),
        of_previous: share(counts[nth], counts[nth.saturating_sub(1)]),
        median_seconds: if nth == 0 {
            None
        } else {
            median(taken).map(|time| time / 1000.0)
        },
    };
    Ok(taken.into_iter().enumerate().map(reached).collect())
}

/// Milliseconds that each step took of the attempt of one visitor that got furthest; of the first step nothing.
fn furthest(events: &[Marked], steps: usize, window: i64) -> Vec<i64> {
    let of_step = |nth: usize| -> Vec<usize> {
        let belongs = |at: &usize| events[*at].sets() >> nth & 1 == 1;
        (0..events.len()).filter(belongs).collect()
    };
    let places: Vec<Vec<usize>> = (0..steps).map(of_step).collect();
    let mut best = Vec::new();
    for start in places.first().into_iter().flatten() {
        let mut attempt = vec![0];
        let mut last = *start;
        for places in &places[1..] {
            let next = places.partition_point(|place| *place <= last);
            let Some(next) = places.get(next).copied() else {
                break;
            };
            if events[next].at() - events[*start].at() > window {
                break;
            }
            attempt.push(events[next].at() - events[last].at());
            last = next;
        }
        if attempt.len() > best.len() {
            best = attempt;
        }
        if best.len() == steps {
            break;
        }
    }
    best
}

/// The middle one, or between the two middle ones.
fn median(mut all: Vec<i64>) -> Option<f64> {
    all.sort_unstable();
    let middle = |at: usize| all.get(at).map(|time| *time as f64);
    match all.len() {
        0 => None,
        n if n % 2 == 1 => middle(n / 2),
        n => Some((middle(n / 2 - 1)? + middle(n / 2)?) / 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::reports::marked::Event;
    use proptest::prelude::*;

    fn event((at, steps): (i64, u8), id: i64) -> Marked {
        let event = Event {
            visitor: 1,
            at,
            id,
            day: 0,
            key: 0,
            sets: steps,
        };
        event.into()
    }

    /// How far any choice of events gets, each later than the one before.
    fn slow(events: &[Marked], steps: usize, window: i64) -> usize {
        fn from(
            events: &[Marked],
            nth: usize,
            steps: usize,
            after: Option<usize>,
            end: i64,
        ) -> usize {
            let mut best = nth;
            for (at, event) in events.iter().enumerate() {
                if nth < steps
                    && event.sets() >> nth & 1 == 1
                    && after.is_none_or(|after| at > after)
                    && (nth == 0 || event.at() <= end)
                {
                    let end = if nth == 0 {
                        event.at() + (end - i64::MIN)
                    } else {
                        end
                    };
                    best = best.max(from(events, nth + 1, steps, Some(at), end));
                }
            }
            best
        }
        from(events, 0, steps, None, i64::MIN + window)
    }

    proptest! {
        #[test]
        fn nobody_gets_further_by_another_choice(
            mut events in proptest::collection::vec((0i64..30, 1u8..16), 0..9), steps in 2usize..5, window in 1i64..20,
        ) {
            events.sort_unstable();
            let events: Vec<_> = events.into_iter().zip(1..).map(|(e, id)| event(e, id)).collect();
            let found = furthest(&events, steps, window);
            prop_assert_eq!(found.len(), slow(&events, steps, window));
            prop_assert!(found.iter().all(|time| *time >= 0) && found.iter().sum::<i64>() <= window);
        }
    }

    #[test]
    fn the_first_attempt_that_gets_furthest_says_how_long_it_took() {
        let of = |events: &[(i64, u8)], window| {
            let events: Vec<_> = events
                .iter()
                .zip(1..)
                .map(|(e, id)| event(*e, id))
                .collect();
            furthest(&events, 3, window)
        };
        // Too late for the first start, not for the second.
        assert_eq!(of(&[(0, 1), (8, 1), (9, 2), (12, 4)], 10), [0, 1, 3]);
        // Both get there: the first one counts.
        assert_eq!(of(&[(0, 1), (1, 1), (4, 2), (6, 4)], 10), [0, 4, 2]);
        // One event is one step.
        assert_eq!(of(&[(0, 3)], 10), [0]);
        assert_eq!(of(&[(0, 2), (1, 4)], 10), [0; 0]);
    }

    #[test]
    fn the_middle_of_an_even_number_lies_between() {
        for (times, expected) in [
            (vec![], None),
            (vec![3], Some(3.0)),
            (vec![9, 1], Some(5.0)),
            (vec![9, 1, 2], Some(2.0)),
        ] {
            assert_eq!(median(times), expected);
        }
    }
}
