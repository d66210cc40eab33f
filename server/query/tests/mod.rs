//! Queries of all kinds against a slow obvious count.

mod ground;
mod written;

use std::collections::{BTreeMap, BTreeSet};

use iso_currency::Currency;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::answer::{Answer, Figure, Row, Total, answer};
use super::dimension::{Dimension, Named};
use super::filter::{Filter, WEEKDAYS};
use super::funnel;
use super::goals;
use super::metric::Metric;
use super::operator::{Matcher, Operator};
use super::plan::Values;
use super::range::Range;
use super::read::Sent;
use super::sentence::sentence;
use super::{Order, OrderBy, Query};
use crate::account::{GoalBook, Site};
use crate::store::event::Money;
use ground::{BOOKED, Fact, GROUND, NOW};

/// Events of a range that pass the filters.
fn passing(query: &Query, range: &Range) -> Vec<&'static Fact> {
    let facts = if query.book.goals().is_empty() {
        &GROUND.facts
    } else {
        &BOOKED.1
    };
    let all: Vec<&Fact> = facts.iter().filter(|fact| fact.is_in(range)).collect();
    let mut fired: BTreeMap<&str, BTreeSet<u8>> = BTreeMap::new();
    for fact in &all {
        if let (Some(goal), Some(visitor)) = (&fact.goal, fact.visitor) {
            fired.entry(goal).or_default().insert(visitor);
        }
    }
    type Fired<'a> = BTreeMap<&'a str, BTreeSet<u8>>;
    fn passes(fact: &Fact, filter: &Filter, fired: &Fired, book: &GoalBook) -> bool {
        let passes = |filter: &Filter| passes(fact, filter, fired, book);
        match filter {
            Filter::Value(operator, dimension, values) => {
                let is_whole = matches!(operator, Operator::Is | Operator::IsNot);
                let is_goal = *dimension == Dimension::Named(Named::Goal);
                let values = match is_whole && is_goal {
                    true => values.iter().map(|v| book.shown(v).to_owned()).collect(),
                    false => values.clone(),
                };
                Matcher::new(*operator, &values).passes(fact.value(dimension).as_deref())
            }
            Filter::Fired(has, goals) => {
                let who = goals.iter().filter_map(|goal| fired.get(book.shown(goal)));
                let by = |visitor| who.clone().any(|who| who.contains(&visitor));
                fact.visitor.is_some_and(by) == *has
            }
            Filter::And(filters) => filters.iter().all(passes),
            Filter::Or(filters) => filters.iter().any(passes),
            Filter::Not(filter) => !passes(filter),
        }
    }
    let is_passing = |fact: &&Fact| {
        let mut filters = query.filters.iter();
        filters.all(|filter| passes(fact, filter, &fired, &query.book))
    };
    all.into_iter().filter(is_passing).collect()
}

type Grouped = BTreeMap<Values, Vec<&'static Fact>>;

fn grouped(
    query: &Query,
    facts: &[&'static Fact],
    dimensions: &[Dimension],
    move_to: impl Fn(&Dimension, String) -> String,
) -> Grouped {
    let mut groups = Grouped::new();
    for fact in facts {
        let value = |dimension| fact.value(dimension).map(|value| move_to(dimension, value));
        let values: Values = dimensions.iter().map(value).collect();
        let is_fires = |(dimension, value): (&Dimension, &Option<String>)| match value {
            Some(goal) if *dimension == Dimension::Named(Named::Goal) => query.lists_goal(goal),
            value => !dimension.is_of_fire() || value.is_some(),
        };
        if dimensions.iter().zip(&values).all(is_fires) {
            groups.entry(values).or_default().push(fact);
        }
    }
    groups
}

fn visitors<'a>(facts: impl IntoIterator<Item = &'a &'static Fact>) -> BTreeSet<u8> {
    facts.into_iter().filter_map(|fact| fact.visitor).collect()
}

struct Slow<'q> {
    query: &'q Query,
    groups: Grouped,
    everybody: Grouped,
}

impl<'q> Slow<'q> {
    fn new(query: &'q Query, range: &Range) -> Slow<'q> {
        let all = passing(query, range);
        let move_to = |dimension: &Dimension, value: String| {
            let (Dimension::Named(named), true) = (dimension, *range != query.range) else {
                return value;
            };
            if !matches!(named, Named::Day | Named::Week | Named::Month) {
                return value;
            }
            // By counting through both ranges.
            let places = |range: &Range| {
                let mut seen: Vec<String> =
                    range.days().filter_map(|day| named.of_day(day)).collect();
                seen.dedup();
                seen
            };
            let at = places(range).iter().position(|known| *known == value);
            let moved = at.and_then(|at| places(&query.range).get(at).cloned());
            moved.unwrap_or_else(|| format!("after {value}"))
        };
        let of_goals = |fact: &&&Fact| {
            query.goals.is_empty()
                || fact
                    .goal
                    .as_ref()
                    .is_some_and(|goal| query.goals.iter().any(|g| query.book.shown(g) == goal))
        };
        let counted: Vec<&Fact> = all.iter().filter(of_goals).copied().collect();
        let kept: Vec<Dimension> = query
            .dimensions
            .iter()
            .filter(|d| !d.is_of_fire())
            .cloned()
            .collect();
        Slow {
            query,
            groups: grouped(query, &counted, &query.dimensions, move_to),
            everybody: grouped(query, &all, &kept, move_to),
        }
    }

    fn figure(&self, values: &Values, metric: Metric) -> Figure {
        let nothing = Vec::new();
        let facts = self.groups.get(values).unwrap_or(&nothing);
        let fires = facts.iter().filter(|fact| fact.goal.is_some());
        match metric {
            Metric::Fires => Figure::Count(fires.count() as u64),
            Metric::Pageviews => Figure::Count((facts.len() - fires.count()) as u64),
            Metric::Visitors => Figure::Count(visitors(facts).len() as u64),
            Metric::People => {
                let people: BTreeSet<_> = facts
                    .iter()
                    .filter_map(|fact| fact.person.as_ref())
                    .collect();
                Figure::Count(people.len() as u64)
            }
            Metric::ConversionRate => {
                let is_by_goal = self
                    .query
                    .dimensions
                    .contains(&Dimension::Named(Named::Goal));
                let is_meant = |fact: &&&Fact| {
                    is_by_goal
                        || !self.query.goals.is_empty()
                        || fact.goal.as_ref().is_some_and(|goal| {
                            !goal.starts_with("__") && !self.query.book.is_hidden(goal)
                        })
                };
                let fired = visitors(facts.iter().filter(is_meant)).len();
                let kept = self
                    .query
                    .dimensions
                    .iter()
                    .zip(values)
                    .filter(|(d, _)| !d.is_of_fire());
                let kept: Values = kept.map(|(_, value)| value.clone()).collect();
                let all = self
                    .everybody
                    .get(&kept)
                    .map_or(0, |facts| visitors(facts).len());
                Figure::Ratio((all > 0).then(|| fired as f64 / all as f64))
            }
            Metric::Revenue => Figure::Money(
                self.money(facts)
                    .into_iter()
                    .map(|(money, _)| money)
                    .collect(),
            ),
            Metric::TotalRevenue => {
                let days = |from: &str, to: &str| {
                    let facts = facts.iter().copied().filter(|fact| {
                        let day = fact.at.to_zoned(self.query.range.zone.clone()).date();
                        (from..to).contains(&&*day.to_string())
                    });
                    self.money(&facts.collect::<Vec<_>>())
                };
                let minor = |money: &[(Money, usize)], currency| {
                    let of = money.iter().filter(|(money, _)| money.currency == currency);
                    of.map(|(money, _)| money.minor).sum::<i64>()
                };
                let (none, one, two) = (
                    days("0", "2026-10-26"),
                    days("2026-10-26", "2026-10-30"),
                    days("2026-10-30", "9"),
                );
                let yen = |money: &[(Money, usize)]| -> Vec<Money> {
                    let of = money.iter().map(|(money, _)| money.clone());
                    of.filter(|money| money.currency == Currency::JPY).collect()
                };
                let (one_yen, two_yen) = (minor(&one, Currency::JPY), minor(&two, Currency::JPY));
                let mut changed = yen(&[one, two].concat());
                if let [first, second] = &mut changed[..] {
                    first.minor += second.minor;
                    changed.truncate(1);
                }
                Figure::Total(Total {
                    sum: Some(Money {
                        minor: minor(&self.money(facts), Currency::EUR) + one_yen + 2 * two_yen,
                        currency: Currency::EUR,
                    }),
                    changed,
                    left: yen(&none),
                })
            }
            Metric::AverageValue => {
                let average =
                    |(money, fires): (Money, usize)| (money.major() / fires as f64, money.currency);
                Figure::Average(self.money(facts).into_iter().map(average).collect())
            }
            other => panic!("{other:?} is not counted here"),
        }
    }

    fn money(&self, facts: &[&Fact]) -> Vec<(Money, usize)> {
        let sum = |currency: Currency| {
            let of = facts
                .iter()
                .filter_map(|fact| fact.money.as_ref())
                .filter(|money| money.currency == currency);
            let all: Vec<i64> = of.map(|money| money.minor).collect();
            (!all.is_empty()).then(|| {
                (
                    Money {
                        minor: all.iter().sum(),
                        currency,
                    },
                    all.len(),
                )
            })
        };
        [Currency::EUR, Currency::JPY]
            .into_iter()
            .filter_map(sum)
            .collect()
    }

    fn rank(&self, values: &Values, metric: Metric) -> Option<f64> {
        match self.figure(values, metric) {
            Figure::Count(n) => Some(n as f64),
            Figure::Ratio(ratio) => ratio,
            Figure::Money(sums) => Some(sums.iter().map(|money| money.minor as f64).sum()),
            Figure::Total(total) => {
                let all = total.sum.iter().chain(&total.left);
                Some(all.map(|money| money.minor as f64).sum())
            }
            Figure::Average(all) => all.iter().map(|(average, _)| *average).reduce(|a, b| a + b),
        }
    }

    fn rows(&self) -> Vec<Values> {
        let query = self.query;
        let mut rows: BTreeSet<Values> = self.groups.keys().cloned().collect();
        if query.asks(Metric::ConversionRate) && !query.dimensions.iter().any(Dimension::is_of_fire)
        {
            rows.extend(self.everybody.keys().cloned());
        }
        match query.dimensions.as_slice() {
            [] => rows.extend([Vec::new()]),
            [Dimension::Named(Named::Hour)] => {
                rows.extend((0..24).map(|hour| vec![Some(format!("{hour:02}"))]))
            }
            [Dimension::Named(named)] if named.is_of_day() => {
                rows.extend(query.range.days().map(|day| vec![named.of_day(day)]));
            }
            _ => {}
        }
        let mut rows: Vec<_> = rows.into_iter().collect();
        // The last order first: sorting is stable.
        for Order { by, ascending } in query.order.iter().rev() {
            let key = |values: &Values| match by {
                OrderBy::Metric(metric) => (self.rank(values, *metric), None),
                OrderBy::Dimension(at) => {
                    let value = values[*at].clone();
                    let weekday = WEEKDAYS
                        .iter()
                        .position(|day| value.as_deref() == Some(day));
                    (
                        value.as_ref().map(|_| weekday.map_or(0.0, |at| at as f64)),
                        value,
                    )
                }
            };
            let mut keyed: Vec<_> = rows
                .into_iter()
                .map(|values| (key(&values), values))
                .collect();
            keyed.sort_by(|(a, _), (b, _)| match (a.0, b.0) {
                (Some(x), Some(y)) => {
                    let order = x.total_cmp(&y).then_with(|| a.1.cmp(&b.1));
                    if *ascending { order } else { order.reverse() }
                }
                (x, y) => x.is_none().cmp(&y.is_none()),
            });
            rows = keyed.into_iter().map(|(_, values)| values).collect();
        }
        rows
    }
}

fn slow(query: &Query) -> Vec<Row> {
    let main = Slow::new(query, &query.range);
    let beside = query.compare.as_ref().map(|range| Slow::new(query, range));
    let figures = |slow: &Slow, values: &Values| {
        query
            .metrics
            .iter()
            .map(|m| slow.figure(values, *m))
            .collect()
    };
    let row = |values: Values| Row {
        figures: figures(&main, &values),
        compare: beside.as_ref().map(|beside| figures(beside, &values)),
        values,
    };
    main.rows().into_iter().map(row).collect()
}

fn read(json: &Value, site: &Site) -> Query {
    Sent::json(json.to_string().as_bytes())
        .unwrap()
        .read(site, NOW)
        .unwrap()
}

const COUNTED: [Metric; 8] = [
    Metric::Fires,
    Metric::Visitors,
    Metric::People,
    Metric::Pageviews,
    Metric::ConversionRate,
    Metric::Revenue,
    Metric::TotalRevenue,
    Metric::AverageValue,
];

/// A query of what can be counted slowly, as JSON.
fn counted_query() -> impl Strategy<Value = Value> {
    let metrics: Vec<_> = COUNTED.iter().map(|metric| metric.name()).collect();
    let dimensions = [
        "goal",
        "day",
        "week",
        "month",
        "hour",
        "weekday",
        "channel",
        "source",
        "page",
        "metadata.plan",
    ];
    let filters = [
        json!(["is", "source", ["google", ""]]),
        json!(["is_not", "page", ["/p1", "/p2"]]),
        json!(["contains", "page", ["P1"]]),
        json!(["not_contains", "channel", ["search"]]),
        json!(["matches", "page", ["/p1*", "*5"]]),
        json!(["is", "metadata.plan", ["pro"]]),
        json!(["is", "hour", ["02", "03"]]),
        json!(["is", "weekday", ["Sunday", "Monday"]]),
        json!(["is_not", "day", ["2026-10-25"]]),
        json!(["is", "goal", ["Buy, now", ""]]),
        json!(["contains", "goal", ["P2", "bou"]]),
        json!(["is_not", "goal", ["Saw p2", "Any page", ""]]),
        json!(["has_fired", "goal", ["Saw p2"]]),
        json!(["has_fired", "goal", ["Trial Started"]]),
        json!(["has_not_fired", "goal", ["Buy, now", "nothing"]]),
        json!([
            "or",
            [
                ["is", "page", ["/p3"]],
                [
                    "and",
                    [
                        ["is", "goal", ["Trial Started"]],
                        ["is", "month", ["2026-10-01"]]
                    ]
                ]
            ]
        ]),
        json!([
            "not",
            [
                "or",
                [["is", "channel", ["Direct"]], ["is", "hour", ["12"]]]
            ]
        ]),
    ];
    let ranges = [
        json!({"from": "2026-10-21", "to": "2026-10-27"}),
        json!({"from": "2026-10-25", "to": "2026-10-25"}),
        json!({"from": "2026-10-18", "to": "2026-11-12"}),
    ];
    let names = prop::sample::subsequence(metrics.clone(), 1..4).prop_shuffle();
    (
        names,
        prop::sample::subsequence(dimensions.to_vec(), 0..=3).prop_shuffle(),
        prop::sample::subsequence(vec!["Trial Started", "Buy, now", "Saw p2", "Any page"], 0..=2),
        prop::sample::subsequence(filters.to_vec(), 0..=2),
        prop::sample::select(ranges.to_vec()),
        prop::option::of(prop::sample::select(ranges.to_vec())),
        (prop::sample::subsequence(metrics, 0..=2), any::<[bool; 3]>()),
        1usize..50,
    )
        .prop_map(|(metrics, dimensions, goals, filters, range, compare, (order, ascending), limit)| {
            let by = dimensions.last().filter(|_| ascending[2]).into_iter().chain(&order);
            let order: Vec<_> = by
                .zip(ascending.iter().cycle())
                .map(|(name, ascending)| json!([name, if *ascending { "asc" } else { "desc" }]))
                .collect();
            json!({
                "metrics": metrics, "dimensions": dimensions, "goals": goals, "filters": filters, "range": range,
                "compare": compare, "order": order, "limit": limit,
            })
        })
}

fn ask(query: &Query) -> Answer {
    answer(&GROUND.store, query).unwrap()
}

#[test]
fn goals_of_a_site_are_what_counting_gives() {
    for (site, facts) in [(&GROUND.site, &GROUND.facts), (&BOOKED.0, &BOOKED.1)] {
        let json = json!({"metrics": ["fires", "visitors", "conversion_rate", "revenue"], "dimensions": ["goal"],
            "range": {"from": "2026-10-18", "to": "2026-11-12"}, "limit": 100});
        let query = read(&json, site);
        let found = goals::goals(&GROUND.store, site, &query.range).unwrap();
        assert_eq!(
            found.visitors,
            visitors(&facts.iter().collect::<Vec<_>>()).len() as u64
        );
        assert_eq!(
            found.views,
            facts.iter().filter(|fact| fact.goal.is_none()).count() as u64
        );
        let rows: BTreeMap<_, _> = slow(&query)
            .into_iter()
            .map(|row| (row.values[0].clone().unwrap(), row.figures))
            .collect();
        assert_eq!(found.goals.len(), rows.len());
        for goal in &found.goals {
            let figures = vec![
                Figure::Count(goal.fires),
                Figure::Count(goal.visitors),
                Figure::Ratio(Some(goal.conversion_rate)),
                Figure::Money(goal.revenue.clone()),
            ];
            assert_eq!(figures, rows[goal.name.as_str()], "{}", goal.name);
            let fires: u64 = goal.days.iter().map(|day| day.fires).sum();
            assert_eq!(fires, goal.fires);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn answers_are_what_counting_gives(json in counted_query(), is_booked: bool) {
        let site = if is_booked { &BOOKED.0 } else { &GROUND.site };
        let query = read(&json, site);
        let wanted = slow(&query);
        let mut found = Vec::new();
        // From page to page.
        let mut page = query.clone();
        for _ in 0..4 {
            let answer = ask(&page);
            prop_assert!(answer.rows.len() <= query.limit);
            found.extend(answer.rows);
            let Some(next) = answer.next else { break };
            let mut json = json.clone();
            json["cursor"] = json!(next);
            page = read(&json, site);
        }
        prop_assert_eq!(found.len(), wanted.len().min(query.limit * 4));
        for (nth, (found, wanted)) in found.iter().zip(&wanted).enumerate() {
            prop_assert_eq!(found, wanted, "row {} of {}", nth, sentence(&query));
        }
    }

    #[test]
    fn funnels_are_what_walking_through_gives(
        window in 1u64..3000, source in any::<bool>(), second in 0usize..6, is_booked: bool,
    ) {
        let site = if is_booked { &BOOKED.0 } else { &GROUND.site };
        let book = &site.goals;
        let filters = if source { json!([["is", "source", ["google"]]]) } else { json!([]) };
        let second = [json!({"page": "/p1*"}), json!({"goal": "Buy, now"}), json!({"goal": "no"}), json!({"page": "*"}), json!({"goal": "Saw p2"}), json!({"goal": "Bought"})][second].clone();
        let json = json!({
            "steps": [{"page": "/P2"}, second, {"goal": "Trial Started"}], "window_minutes": window, "filters": filters,
            "range": {"from": "2026-10-21", "to": "2026-11-02"},
        });
        let asked = funnel::Sent::json(json.to_string().as_bytes()).unwrap().read(site, NOW).unwrap();
        let found = funnel::funnel(&GROUND.store, &asked).unwrap();
        let is_step = |fact: &Fact, step: &funnel::Step| match step {
            funnel::Step::Goal(name) => match (&fact.goal, book.goal(name).and_then(|goal| goal.set.page.as_deref())) {
                (Some(goal), _) => book.shown(goal) == book.shown(name),
                (None, Some("/p1*")) => fact.path.starts_with("/p1"),
                (None, Some(_)) => fact.path == "/p2",
                (None, None) => false,
            },
            funnel::Step::Page(pattern) => fact.goal.is_none() && match pattern.as_str() {
                "*" => true,
                "/p1*" => fact.path.starts_with("/p1"),
                _ => fact.path == "/p2",
            },
        };
        let mut taken: Vec<Vec<i64>> = vec![Vec::new(); 3];
        for visitor in 1..=90u8 {
            let theirs: Vec<&Fact> = GROUND.facts.iter()
                .filter(|fact| fact.visitor == Some(visitor) && fact.is_in(&asked.range) && (!source || fact.source == Some("google")))
                .collect();
            let mut best: Vec<i64> = Vec::new();
            for start in (0..theirs.len()).filter(|at| is_step(theirs[*at], &asked.steps[0])) {
                let (mut attempt, mut last) = (vec![0], start);
                for step in &asked.steps[1..] {
                    let next = (last + 1..theirs.len()).find(|at| is_step(theirs[*at], step));
                    let Some(next) = next.filter(|at| {
                        theirs[*at].at.as_second() - theirs[start].at.as_second() <= window as i64 * 60
                    }) else { break };
                    attempt.push(theirs[next].at.as_millisecond() - theirs[last].at.as_millisecond());
                    last = next;
                }
                if attempt.len() > best.len() {
                    best = attempt;
                }
            }
            taken.iter_mut().zip(best).for_each(|(taken, time)| taken.push(time));
        }
        for (nth, (found, taken)) in found.iter().zip(&mut taken).enumerate() {
            taken.sort_unstable();
            prop_assert_eq!(found.visitors, taken.len() as u64);
            let (low, high) = (taken.get(taken.len().saturating_sub(1) / 2), taken.get(taken.len() / 2));
            let median = low.zip(high).filter(|_| nth > 0).map(|(low, high)| (low + high) as f64 / 2000.0);
            prop_assert_eq!(found.median_seconds, median);
        }
        prop_assert!(!asked.sentence().is_empty());
        prop_assert_eq!(funnel::Sent::json(asked.json().to_string().as_bytes()).unwrap().read(site, NOW).unwrap(), asked);
    }
}
