//! Queries of all kinds against a slow obvious count, and what is written against what is read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use iso_currency::Currency;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use super::answer::{Answer, Figure, Row, answer};
use super::dimension::{Dimension, Named};
use super::filter::{Filter, Matcher, WEEKDAYS};
use super::funnel;
use super::metric::{METRICS, Metric};
use super::plan::Values;
use super::range::Range;
use super::read::Sent;
use super::sentence::sentence;
use super::{Order, OrderBy, Query};
use crate::account::Site;
use crate::store::event::{
    Address, Client, Event, EventId, GoalName, Metadata, Money, Origin, SiteId, UserId, VisitorKey,
    What, WorkspaceId,
};
use crate::store::{Role, Settings, Store};

/// Enough that most are sealed and some are not.
const EVENTS: usize = 40_000;
const DAYS: i64 = 20;
const FROM: &str = "2026-10-20T00:00:00Z";
const NOW: Timestamp = Timestamp::constant(1_795_521_600, 0);

/// What is known of an event.
struct Fact {
    at: Timestamp,
    visitor: Option<u8>,
    user: Option<String>,
    goal: Option<String>,
    path: String,
    source: Option<&'static str>,
    plan: Option<String>,
    money: Option<Money>,
}

struct Ground {
    _folder: TempDir,
    store: Arc<Store>,
    site: Site,
    facts: Vec<Fact>,
    /// The last user of each visitor that has one.
    users: BTreeMap<u8, String>,
}

static GROUND: LazyLock<Ground> = LazyLock::new(ground);

fn site() -> Site {
    Site {
        id: SiteId(1),
        workspace: WorkspaceId(1),
        website_id: "admx_aaaaaaaaaaaaaaaaaaaa".into(),
        domain: "a.test".into(),
        hosts: Vec::new(),
        zone: TimeZone::get("Europe/Berlin").unwrap(),
        keep_days: None,
        is_demo: false,
    }
}

fn facts() -> Vec<Fact> {
    let mut rng = StdRng::seed_from_u64(11);
    let from: Timestamp = FROM.parse().unwrap();
    let fact = |n: usize| {
        let second = from.as_second() + n as i64 * DAYS * 86_400 / EVENTS as i64;
        let visitor = rng.random_ratio(19, 20).then(|| rng.random_range(1..=90u8));
        let user = visitor
            .filter(|v| v % 3 == 0 && rng.random_ratio(1, 5))
            .map(|v| {
                // Some browsers change hands half-way.
                let is_late = v % 9 == 0 && n > EVENTS / 2;
                format!("user {}", v % 12 + u8::from(is_late))
            });
        let goal = match rng.random_range(0..12) {
            0 => Some("Trial Started"),
            1 => Some("Buy, now"),
            2 => Some("__admx_scroll_50"),
            _ => None,
        };
        let currency = if rng.random_ratio(1, 3) {
            Currency::JPY
        } else {
            Currency::EUR
        };
        Fact {
            at: Timestamp::from_second(second).unwrap(),
            visitor,
            user,
            goal: goal.map(str::to_owned),
            path: format!("/p{}", rng.random_range(0..12)),
            source: visitor
                .and_then(|v| [Some("google"), Some("chatgpt.com"), None][usize::from(v % 3)]),
            plan: goal
                .filter(|_| rng.random_ratio(2, 3))
                .map(|_| ["pro", "free"][n % 2].to_owned()),
            money: goal.filter(|_| rng.random_ratio(1, 2)).map(|_| Money {
                minor: rng.random_range(1..5000),
                currency,
            }),
        }
    };
    (0..EVENTS).map(fact).collect()
}

fn event(fact: &Fact, site: &Site) -> Event {
    let query = fact.source.map(|source| format!("?utm_source={source}"));
    let url = Address(format!(
        "https://a.test{}{}",
        fact.path,
        query.unwrap_or_default()
    ));
    Event {
        workspace: site.workspace,
        site: site.id,
        at: fact.at,
        day: site.day(fact.at),
        id: EventId::Made(Uuid::nil()),
        what: match &fact.goal {
            Some(goal) => What::Goal(GoalName::parse(goal).or(GoalName::reserved(goal)).unwrap()),
            None => What::View,
        },
        visitor: fact
            .visitor
            .map(|v| VisitorKey::Uuid(Uuid::from_u128(v.into()))),
        user: fact.user.clone().map(UserId),
        origin: Origin::of(Some(&url), None, |_| false),
        client: Client::default(),
        begins: true,
        url: Some(url),
        referrer: None,
        metadata: fact
            .plan
            .as_ref()
            .map(|plan| Metadata(format!(r#"{{"plan":"{plan}"}}"#))),
        revenue: fact.money.clone(),
    }
}

fn ground() -> Ground {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        queue: 64,
        role: Role::Server,
        most_bytes: None,
    };
    let store = Store::open(folder.path(), &settings).unwrap();
    let (site, facts) = (site(), facts());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    for facts in facts.chunks(500) {
        let events = facts.iter().map(|fact| event(fact, &site)).collect();
        runtime.block_on(store.writer().append(events)).unwrap();
    }
    let mut users = BTreeMap::new();
    for fact in &facts {
        if let (Some(visitor), Some(user)) = (fact.visitor, &fact.user) {
            users.insert(visitor, user.clone());
        }
    }
    Ground {
        _folder: folder,
        store,
        site,
        facts,
        users,
    }
}

impl Fact {
    fn value(&self, dimension: &Dimension) -> Option<String> {
        let zoned = self.at.to_zoned(GROUND.site.zone.clone());
        let date = zoned.date();
        let Dimension::Named(named) = dimension else {
            return self.plan.clone();
        };
        match named {
            Named::Goal => self.goal.clone(),
            Named::Day => Some(date.to_string()),
            Named::Week => {
                let back = i64::from(date.weekday().to_monday_zero_offset());
                Some((date - jiff::Span::new().days(back)).to_string())
            }
            Named::Month => Some(date.first_of_month().to_string()),
            Named::Weekday => {
                Some(WEEKDAYS[date.weekday().to_monday_zero_offset() as usize].into())
            }
            Named::Hour => Some(format!("{:02}", zoned.hour())),
            Named::Page => Some(self.path.clone()),
            Named::Source => self.source.map(str::to_owned),
            Named::Channel => Some(
                match self.source {
                    Some("google") => "Organic Search",
                    Some(_) => "AI Assistants",
                    None => "Direct",
                }
                .to_owned(),
            ),
            other => panic!("{other:?} is not counted here"),
        }
    }

    fn is_in(&self, range: &Range) -> bool {
        let date = self.at.to_zoned(range.zone.clone()).date();
        (range.from..=range.to).contains(&date)
    }
}

/// Events of a range that pass the filters.
fn passing(query: &Query, range: &Range) -> Vec<&'static Fact> {
    let all: Vec<&Fact> = GROUND
        .facts
        .iter()
        .filter(|fact| fact.is_in(range))
        .collect();
    fn passes(fact: &Fact, filter: &Filter, all: &[&Fact]) -> bool {
        match filter {
            Filter::Value(operator, dimension, values) => {
                Matcher::new(*operator, values).passes(fact.value(dimension).as_deref())
            }
            Filter::Fired(fired, goals) => {
                let has = |other: &&&Fact| {
                    other.visitor.is_some()
                        && other.visitor == fact.visitor
                        && other.goal.as_ref().is_some_and(|goal| goals.contains(goal))
                };
                all.iter().any(|other| has(&other)) == *fired
            }
            Filter::And(filters) => filters.iter().all(|filter| passes(fact, filter, all)),
            Filter::Or(filters) => filters.iter().any(|filter| passes(fact, filter, all)),
            Filter::Not(filter) => !passes(fact, filter, all),
        }
    }
    // Who fired is asked of many; it is the same for all of a visitor.
    let is_passing = |fact: &&Fact| {
        query
            .filters
            .iter()
            .all(|filter| passes(fact, filter, &all))
    };
    all.iter().copied().filter(is_passing).collect()
}

type Grouped = BTreeMap<Values, Vec<&'static Fact>>;

fn grouped(
    facts: &[&'static Fact],
    dimensions: &[Dimension],
    move_to: impl Fn(&Dimension, String) -> String,
) -> Grouped {
    let mut groups = Grouped::new();
    for fact in facts {
        let value = |dimension| fact.value(dimension).map(|value| move_to(dimension, value));
        let values: Values = dimensions.iter().map(value).collect();
        let is_fires = |(dimension, value): (&Dimension, &Option<String>)| {
            !dimension.is_of_fire() || value.is_some()
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
                    .is_some_and(|goal| query.goals.contains(goal))
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
            groups: grouped(&counted, &query.dimensions, move_to),
            everybody: grouped(&all, &kept, move_to),
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
                let person = |visitor: u8| {
                    GROUND
                        .users
                        .get(&visitor)
                        .cloned()
                        .unwrap_or_else(|| visitor.to_string())
                };
                let people: BTreeSet<_> = visitors(facts).into_iter().map(person).collect();
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
                        || fact
                            .goal
                            .as_ref()
                            .is_some_and(|goal| !goal.starts_with("__"))
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

fn read(json: &Value) -> Query {
    Sent::json(json.to_string().as_bytes())
        .unwrap()
        .read(&GROUND.site, NOW)
        .unwrap()
}

const COUNTED: [Metric; 7] = [
    Metric::Fires,
    Metric::Visitors,
    Metric::People,
    Metric::Pageviews,
    Metric::ConversionRate,
    Metric::Revenue,
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
        prop::sample::subsequence(vec!["Trial Started", "Buy, now"], 0..=2),
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn answers_are_what_counting_gives(json in counted_query()) {
        let query = read(&json);
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
            page = read(&json);
        }
        prop_assert_eq!(found.len(), wanted.len().min(query.limit * 4));
        for (nth, (found, wanted)) in found.iter().zip(&wanted).enumerate() {
            prop_assert_eq!(found, wanted, "row {} of {}", nth, sentence(&query));
        }
    }

    #[test]
    fn funnels_are_what_walking_through_gives(
        window in 1u64..3000, source in any::<bool>(), second in 0usize..4,
    ) {
        let filters = if source { json!([["is", "source", ["google"]]]) } else { json!([]) };
        let second = [json!({"page": "/p1*"}), json!({"goal": "Buy, now"}), json!({"goal": "no"}), json!({"page": "*"})][second].clone();
        let json = json!({
            "steps": [{"page": "/P2"}, second, {"goal": "Trial Started"}], "window_minutes": window, "filters": filters,
            "range": {"from": "2026-10-21", "to": "2026-11-02"},
        });
        let asked = funnel::Sent::json(json.to_string().as_bytes()).unwrap().read(&GROUND.site, NOW).unwrap();
        let found = funnel::funnel(&GROUND.store, &asked).unwrap();
        let is_step = |fact: &Fact, step: &funnel::Step| match step {
            funnel::Step::Goal(name) => fact.goal.as_ref() == Some(name),
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
        prop_assert_eq!(funnel::Sent::json(asked.json().to_string().as_bytes()).unwrap().read(&GROUND.site, NOW).unwrap(), asked);
    }
}

/// Any query.
fn query() -> impl Strategy<Value = Query> {
    let dates =
        || (0i16..4000).prop_map(|days| super::range::date(18_000 + i32::from(days)).unwrap());
    let range = || {
        (dates(), 0i64..90).prop_map(|(from, days)| Range {
            from,
            to: from + jiff::Span::new().days(days),
            zone: TimeZone::get("Europe/Berlin").unwrap(),
        })
    };
    let dimension = prop_oneof![
        3 => prop::sample::select(&super::dimension::NAMED[..])
            .prop_filter("stands alone", |(_, named)| *named != Named::ExitPage)
            .prop_map(|(_, named)| Dimension::Named(named)),
        1 => "[a-c,:\\\\]{1,3}".prop_map(|key| Dimension::Metadata(key.into())),
    ];
    let metrics: Vec<_> = METRICS.iter().map(|(_, metric)| *metric).collect();
    let order = (
        any::<bool>(),
        0usize..4,
        prop::sample::select(metrics.clone()),
    );
    (
        prop::sample::subsequence(metrics, 1..5).prop_shuffle(),
        proptest::collection::vec("\\PC{0,8}", 0..3),
        proptest::collection::vec(dimension, 0..4),
        proptest::collection::vec(super::filter::tests::filter(), 0..3),
        (range(), prop::option::of(range())),
        proptest::collection::vec(order, 1..4),
        (
            1usize..=10_000,
            prop_oneof![Just(0usize), 1usize..1_000_000],
        ),
    )
        .prop_map(
            |(
                metrics,
                goals,
                mut dimensions,
                filters,
                (range, compare),
                orders,
                (limit, offset),
            )| {
                let mut seen = BTreeSet::new();
                dimensions.retain(|dimension| seen.insert(dimension.name()));
                let order = |(ascending, at, metric): (bool, usize, Metric)| Order {
                    by: if at < dimensions.len() {
                        OrderBy::Dimension(at)
                    } else {
                        OrderBy::Metric(metric)
                    },
                    ascending,
                };
                Query {
                    site: SiteId(1),
                    website_id: site().website_id.into(),
                    metrics,
                    goals,
                    order: orders.into_iter().map(order).collect(),
                    dimensions,
                    filters,
                    range,
                    compare,
                    limit,
                    offset,
                }
            },
        )
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(query in query()) {
        let read = |sent: Sent| sent.read(&site(), NOW).unwrap();
        prop_assert_eq!(&read(Sent::json(query.json().to_string().as_bytes()).unwrap()), &query);
        prop_assert_eq!(&read(Sent::query_string(&query.query_string()).unwrap()), &query);
        prop_assert!(!sentence(&query).is_empty());
    }

    #[test]
    fn whatever_is_sent_is_read_or_refused_in_words(text: String) {
        let sent = [Sent::query_string(&text), Sent::json(text.as_bytes())];
        for error in sent.into_iter().filter_map(Result::err) {
            prop_assert!(!error.is_empty());
        }
    }
}

#[test]
fn sentences_say_every_part() {
    let range = json!({"from": "2026-11-01", "to": "2026-11-30"});
    let of = |mut json: Value| {
        if json["range"].is_null() {
            json["range"] = range.clone();
        }
        sentence(&read(&json))
    };
    for (json, expected) in [
        (
            json!({"metrics": ["fires", "visitors"], "goals": ["Trial Started"], "dimensions": ["channel"]}),
            "Fires and visitors of Trial Started by channel, 1 to 30 November 2026, most first, the first 100 rows",
        ),
        (
            json!({"metrics": ["pageviews"]}),
            "Page views, 1 to 30 November 2026",
        ),
        (
            json!({"metrics": ["people"], "dimensions": ["day"], "range": {"from": "2026-10-30", "to": "2026-11-02"},
                "compare": {"from": "2025-12-31", "to": "2026-01-03"}}),
            "People by day, 30 October to 2 November 2026, beside 31 December 2025 to 3 January 2026, earliest first",
        ),
        (
            json!({"metrics": ["conversion_rate"], "dimensions": ["source", "metadata.plan"], "goals": ["A", "B", "C"],
                "filters": [["is_not", "page", ["/a", "/b"]], ["or", [["has_not_fired", "goal", ["D"]], ["matches", "source", ["g*"]]]]],
                "order": [["visitors", "asc"], ["source", "asc"]], "limit": 5, "range": {"from": "2026-11-01", "to": "2026-11-01"}}),
            "Conversion rate of A, B and C by source and metadata plan where page is not /a or /b and (the visitor never fired D \
             or source matches g*), 1 November 2026, least visitors first, then source from A to Z, the first 5 rows",
        ),
    ] {
        assert_eq!(of(json), expected);
    }
}

#[test]
fn wrong_queries_say_which_part_and_what_would_be_right() {
    let read = |json: Value| {
        Sent::json(json.to_string().as_bytes())
            .and_then(|sent| sent.read(&site(), NOW))
            .unwrap_err()
    };
    for (json, expected) in [
        (json!([]), "the body is no JSON object"),
        (
            json!({"metric": ["fires"]}),
            "metric: there is no such part; there are website_id, metrics, goals",
        ),
        (json!({}), "metrics: wanted at least one of fires, visitors"),
        (json!({"metrics": "fires"}), "metrics: wanted a list"),
        (
            json!({"metrics": ["clicks"]}),
            "metrics: \"clicks\" is none; there are fires",
        ),
        (
            json!({"metrics": ["fires", "fires"]}),
            "metrics: fires stands twice",
        ),
        (
            json!({"metrics": ["fires"], "dimensions": ["colour"]}),
            "dimensions: \"colour\" is none; there are goal",
        ),
        (
            json!({"metrics": ["fires"], "dimensions": ["page", "day", "source", "os"]}),
            "dimensions: more than 3",
        ),
        (
            json!({"metrics": ["sessions"], "dimensions": ["exit_page", "source"]}),
            "exit_page goes together with day",
        ),
        (
            json!({"metrics": ["fires"], "dimensions": ["exit_page"]}),
            "metrics: fires isn't known by exit_page; wanted visitors",
        ),
        (
            json!({"metrics": ["fires"], "range": {"from": "yesterday"}}),
            "range: from: wanted a day as YYYY-MM-DD",
        ),
        (
            json!({"metrics": ["fires"], "range": "2026"}),
            "range: wanted {\"from\"",
        ),
        (
            json!({"metrics": ["fires"], "compare": {"from": "2026-01-01"}}),
            "compare: wanted both from and to",
        ),
        (
            json!({"metrics": ["fires"], "order": [["fires"]]}),
            "order: wanted a list of pairs",
        ),
        (
            json!({"metrics": ["fires"], "order": [["fires", "up"]]}),
            "order: \"up\" is no direction; wanted asc or desc",
        ),
        (
            json!({"metrics": ["fires"], "order": [["page", "asc"]]}),
            "none of the query's dimensions; wanted one of fires",
        ),
        (
            json!({"metrics": ["fires"], "limit": 0}),
            "limit: wanted 1 to 10000",
        ),
        (
            json!({"metrics": ["fires"], "limit": -1}),
            "limit: wanted a whole number",
        ),
        (
            json!({"metrics": ["fires"], "cursor": "5.x"}),
            "cursor: it is of another query",
        ),
    ] {
        let error = read(json.clone());
        assert!(error.contains(expected), "{json}: {error}");
    }
    for (query, expected) in [
        (
            "metric=fires",
            "metric: there is no such part; there are website_id, metrics",
        ),
        ("metrics=fires&limit=x", "limit: wanted a whole number"),
        ("metrics=fires&limit=1&limit=2", "limit stands twice"),
        (
            "metrics=fires&from=2026-01-01&from=2026-01-01",
            "from stands twice",
        ),
        (
            "metrics=fires&order=fires",
            "order: wanted name:asc or name:desc",
        ),
        (
            "metrics=fires&filter=source",
            "filter: \"source\" is none; wanted operator:dimension",
        ),
        ("metrics=fires&filters=x", "filters: wanted a JSON list"),
    ] {
        let error = Sent::query_string(query)
            .and_then(|sent| sent.read(&site(), NOW))
            .unwrap_err();
        assert!(error.contains(expected), "{query}: {error}");
    }
}
