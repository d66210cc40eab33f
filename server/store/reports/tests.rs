//! Answers against a slow obvious count, and what is made anew against what was there.

mod alike;
mod counted;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rusqlite::Connection;
use tempfile::TempDir;
use uuid::Uuid;

use super::cell::{Amount, Counts, Key};
use super::group::{Axis, By, Fold};
use super::marked::{Marked, Paid, Wanted};
use super::needs::Needs;
use super::row::Row;
use super::test::{Of, Test};
use super::{ALL_DAYS, log};
use crate::store::care::Who;
use crate::store::event::{
    Address, Client, Event, EventId, GoalName, Metadata, Money, Origin, SiteId, UserId, VisitorKey,
    What, WorkspaceId,
};
use crate::store::{Settings, Store, schema};

pub(in crate::store) const SITE: SiteId = SiteId(1);

/// Noon of day 20,000.
const NOON: i64 = 20_000 * 86_400 + 43_200;

pub(in crate::store) fn open(folder: &TempDir) -> Arc<Store> {
    let settings = Settings::of_test(folder.path());
    Store::open(folder.path(), &settings).unwrap()
}

/// Events of four days and two sites, in the order of time but for every twentieth, which comes a day late, and for others of
/// which many come at the same moment.
pub(in crate::store) fn events(count: usize) -> Vec<Event> {
    let mut rng = StdRng::seed_from_u64(7);
    let mut events = Vec::with_capacity(count);
    for n in 0..count {
        let mut second = NOON + (n * 4 * 86_400 / count) as i64;
        if n % 20 == 0 {
            second -= 86_400;
        }
        if n % 5 == 1 {
            second -= second % 7_200;
        }
        let at = Timestamp::from_second(second).unwrap();
        let url = Address(format!(
            "https://a.test/{}?utm_source=s{}",
            rng.random_range(0..30),
            rng.random_range(0..4)
        ));
        let money = rng.random_ratio(1, 9).then(|| Money {
            minor: rng.random_range(1..5000),
            currency: iso_currency::Currency::EUR,
        });
        let plan = rng.random_range(0..5);
        events.push(Event {
            workspace: WorkspaceId(1),
            site: if rng.random_ratio(1, 5) {
                SiteId(2)
            } else {
                SITE
            },
            at,
            day: second.div_euclid(86_400) as i32,
            id: EventId::Made(Uuid::nil()),
            what: match rng.random_range(0..4) {
                0 => What::Goal(
                    GoalName::parse(&format!("Goal {}", rng.random_range(0..5))).unwrap(),
                ),
                _ => What::View,
            },
            visitor: rng
                .random_ratio(19, 20)
                .then(|| VisitorKey::Uuid(Uuid::from_u128(rng.random_range(1..400)))),
            user: None,
            origin: Origin::of(Some(&url), None, |_| false),
            client: Client {
                browser: ["Firefox", "Chrome"][plan % 2],
                ..Client::default()
            },
            begins: true,
            url: Some(url),
            referrer: None,
            metadata: (plan < 3).then(|| Metadata(format!(r#"{{"plan":"p{plan}","n":{n}}}"#))),
            revenue: money,
            transaction: None,
        });
    }
    events
}

pub(in crate::store) fn store_all(store: &Arc<Store>, events: Vec<Event>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let mut events = events.into_iter().peekable();
    while events.peek().is_some() {
        let some = events.by_ref().take(500).collect();
        runtime.block_on(store.writer().append(some)).unwrap();
    }
}

/// Waits until every day that is over has its sums.
fn wait_until_tidy(folder: &TempDir, days: i64) {
    let reports = Connection::open(folder.path().join("reports.db")).unwrap();
    let began = Instant::now();
    loop {
        let (sums, left): (i64, i64) = reports
            .query_row(
                "SELECT (SELECT count(DISTINCT day) FROM sums WHERE site = 1), (SELECT count(*) FROM part WHERE NOT rolled AND day IN (SELECT day FROM sums))",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        if sums >= days && left == 0 {
            return;
        }
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "{sums} days have sums, {left} parts wait"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

type Counted = BTreeMap<(i32, Key), (Counts, BTreeSet<u32>, Amount)>;

/// The slow obvious version.
fn count(
    rows: &[Row],
    key: impl Fn(&Row) -> Option<Key>,
    passes: impl Fn(&Row) -> bool,
) -> Counted {
    let mut counted = Counted::new();
    for row in rows.iter().filter(|row| row.site == SITE.0 && passes(row)) {
        let Some(key) = key(row) else { continue };
        let (counts, visitors, money) = counted.entry((row.day, key)).or_default();
        let place = &row.place;
        counts.event(
            row.goal == 0,
            place.begins,
            place.engages,
            place.seconds.into(),
        );
        visitors.extend((row.visitor != 0).then_some(row.visitor));
        money.minor += row.revenue.map_or(0, |money| money.minor);
        money.fires += u64::from(row.revenue.is_some());
    }
    counted
}

fn answered(store: &Store, by: &By, tests: &[Test]) -> Counted {
    let answer = store
        .reports()
        .answer(SITE, ALL_DAYS, by, tests, &Needs::ALL)
        .unwrap();
    let cells = answer.into_iter().flat_map(|(day, groups)| {
        groups
            .into_iter()
            .map(move |(key, cell)| ((day, key), cell))
    });
    cells
        .map(|(at, cell)| {
            let visitors = cell.visitors.bitmap().iter().collect();
            assert_eq!(cell.visitors.count(), cell.visitors.bitmap().len());
            let money = cell.revenue.get(b"EUR").copied().unwrap_or_default();
            (at, (cell.counts, visitors, money))
        })
        .collect()
}

pub(in crate::store) fn rows(folder: &TempDir) -> Vec<Row> {
    log::after(
        &schema::open_to_read(&folder.path().join("events.db")).unwrap(),
        0,
    )
    .unwrap()
}

fn plan(row: &Row) -> Option<String> {
    row.metadata("plan").map(|value| value.to_string())
}

/// Says in a few words where two differ.
fn assert_same<K: Ord + std::fmt::Debug, V: PartialEq>(
    found: BTreeMap<K, V>,
    wanted: BTreeMap<K, V>,
    what: &str,
) {
    let keys: BTreeSet<_> = found.keys().chain(wanted.keys()).collect();
    let wrong: Vec<_> = keys
        .into_iter()
        .filter(|key| found.get(key) != wanted.get(key))
        .take(3)
        .collect();
    assert!(wrong.is_empty(), "{what}: {wrong:?}");
}

/// Every answer is what counting the log's rows gives.
pub(in crate::store) fn assert_right(store: &Store, rows: &[Row]) {
    let number = |of: fn(&Row) -> u32| move |row: &Row| Some(Key::Number(of(row)));
    let all = |_: &Row| true;
    assert_same(
        answered(store, &By::Total, &[]),
        count(rows, number(|_| 0), all),
        "all",
    );
    for (of, by) in [
        (Of::Goal, (|row| row.goal) as fn(&Row) -> u32),
        (Of::Page, |row| row.url),
        (Of::Entry, |row| row.place.shared.entry),
        (Of::Origin, |row| row.place.shared.origin),
        (Of::Client, |row| row.place.shared.client),
    ] {
        assert_same(
            answered(store, &By::Number(of), &[]),
            count(rows, number(by), all),
            &format!("{of:?}"),
        );
    }
    let goal = Test::Number(Of::Goal, Arc::new(|goal| goal % 2 == 1));
    let page = Test::Number(Of::Page, Arc::new(|page| !page.is_multiple_of(3)));
    let pro = Test::Metadata("plan".into(), Arc::new(|plan| plan == Some("p1")));
    let tests = [goal, page, pro];
    let passes = |row: &Row| {
        row.goal % 2 == 1 && !row.url.is_multiple_of(3) && plan(row).as_deref() == Some("p1")
    };
    assert_same(
        answered(store, &By::Number(Of::Origin), &tests),
        count(rows, number(|row| row.place.shared.origin), passes),
        "filtered",
    );
    let by_plan = |row: &Row| plan(row).map(|plan| Key::Text(plan.into()));
    assert_same(
        answered(store, &By::Metadata("plan".into()), &[]),
        count(rows, by_plan, all),
        "metadata",
    );
    assert_right_of_several(store, rows);
    assert_right_of_trees(store, rows);
    assert_right_of_marked(store, rows);
    counted::assert_right(store, rows);
    alike::assert_right(store, rows);
    let mut last: BTreeMap<(i32, i64), &Row> = BTreeMap::new();
    for row in rows
        .iter()
        .filter(|row| row.site == SITE.0 && row.goal == 0 && row.place.session != 0)
    {
        let known = last.entry((row.day, row.place.session)).or_insert(row);
        if (known.at, known.id) < (row.at, row.id) {
            *known = row;
        }
    }
    let mut exits: BTreeMap<(i32, Key), u64> = BTreeMap::new();
    for ((day, _), row) in last {
        *exits.entry((day, Key::Number(row.url))).or_default() += 1;
    }
    let found: BTreeMap<_, _> = answered(store, &By::Exit, &[])
        .into_iter()
        .map(|(at, (counts, _, _))| (at, counts.sessions))
        .collect();
    assert_same(found, exits, "exits");
}

static BERLIN: LazyLock<TimeZone> = LazyLock::new(|| TimeZone::get("Europe/Berlin").unwrap());

/// The hour in Berlin, by the long way.
fn hour(row: &Row) -> u32 {
    let at = Timestamp::from_millisecond(row.at).unwrap();
    at.to_zoned(BERLIN.clone()).hour() as u32
}

fn assert_right_of_several(store: &Store, rows: &[Row]) {
    let by_hour = |row: &Row| Some(Key::Number(hour(row)));
    let all = |_: &Row| true;
    assert_same(
        answered(store, &By::Hour(BERLIN.clone()), &[]),
        count(rows, by_hour, all),
        "hours",
    );
    let axis = |by: By| Axis { by, fold: None };
    let even = Axis {
        by: By::Number(Of::Page),
        fold: Some(Fold(Arc::new(|page| page % 2))),
    };
    let axes = [
        even,
        axis(By::Metadata("plan".into())),
        axis(By::Hour(BERLIN.clone())),
    ];
    let by_several = |row: &Row| {
        let keys = [
            Key::Number(row.url % 2),
            Key::Text(plan(row)?.into()),
            Key::Number(hour(row)),
        ];
        Some(Key::Several(keys.into()))
    };
    assert_same(
        answered(store, &By::Several(axes.into()), &[]),
        count(rows, by_several, all),
        "several at once",
    );
}

fn assert_right_of_trees(store: &Store, rows: &[Row]) {
    let number = |of, test: fn(u32) -> bool| Test::Number(of, Arc::new(test));
    let pro = Test::Metadata("plan".into(), Arc::new(|plan| plan == Some("p1")));
    let even = Test::Day(Arc::new(|day| day % 2 == 0));
    let tests = [
        Test::Any(vec![
            pro,
            Test::All(vec![
                even.clone(),
                Test::Visitor(Arc::new((0..1_000_000).step_by(2).collect())),
            ]),
            Test::Not(Box::new(Test::Any(vec![
                number(Of::Goal, |goal| goal == 0),
                number(Of::Page, |page| page > 7),
            ]))),
        ]),
        Test::Hour(BERLIN.clone(), Arc::new(|hour| hour != 13)),
    ];
    let passes = |row: &Row| {
        (plan(row).as_deref() == Some("p1")
            || row.day % 2 == 0 && row.visitor.is_multiple_of(2)
            || row.goal != 0 && row.url <= 7)
            && hour(row) != 13
    };
    let by_page = |row: &Row| Some(Key::Number(row.url));
    assert_same(
        answered(store, &By::Number(Of::Page), &tests),
        count(rows, by_page, passes),
        "a tree",
    );
    // Days alone are chosen among sums.
    for by in [By::Number(Of::Page), By::Exit] {
        let mut wanted = answered(store, &by, &[]);
        wanted.retain(|(day, _), _| day % 2 == 0);
        assert_same(
            answered(store, &by, std::slice::from_ref(&even)),
            wanted,
            "days",
        );
    }
}

fn assert_right_of_marked(store: &Store, rows: &[Row]) {
    let tests = [Test::Number(Of::Page, Arc::new(|page| page != 3))];
    let sets = [
        (1, Test::Begins),
        (
            2,
            Test::Number(Of::Page, Arc::new(|page| page.is_multiple_of(5))),
        ),
        (4, Test::All(Vec::new())),
    ];
    let of = |row: &Row| u8::from(row.place.begins) | u8::from(row.url.is_multiple_of(5)) << 1;
    let is_meant = |row: &&Row| row.site == SITE.0 && row.url != 3;
    let by = By::Number(Of::Origin);
    let ask = |once_a_day| {
        let wanted = Wanted {
            sets: &sets,
            tests: &tests,
            by: &by,
            one_of: None,
            once_a_day,
            paid: 4,
            alike: None,
        };
        let found = store.reports().marked(SITE, ALL_DAYS, &wanted).unwrap();
        let told = |event: &Marked| {
            let key = found.keys[event.key as usize].clone();
            (
                event.visitor,
                event.at(),
                event.id(),
                event.day(),
                key,
                event.sets(),
            )
        };
        let events: Vec<_> = found.events.iter().map(told).collect();
        (events, found.paid)
    };
    let row = |row: &Row| {
        let key = Some(Key::Number(row.place.shared.origin));
        (row.visitor, row.at, row.id, row.day, key, of(row))
    };
    let mut wanted: Vec<_> = rows
        .iter()
        .filter(is_meant)
        .filter(|row| row.visitor != 0 && of(row) != 0)
        .map(row)
        .collect();
    wanted.sort_by_key(|event| (event.0, event.1, event.2));
    let (found, mut paid) = ask(false);
    assert!(found == wanted, "{} and {}", found.len(), wanted.len());
    // The first of each day is among those that are enough, and all of them are events.
    let (enough, _) = ask(true);
    let all: HashSet<_> = wanted.iter().map(|event| event.2).collect();
    assert!(enough.iter().all(|event| all.contains(&event.2)));
    let there: HashSet<_> = enough.iter().map(|event| event.2).collect();
    let mut seen = HashSet::new();
    for event in &wanted {
        if seen.insert((event.0, event.3, event.4.clone(), event.5)) {
            assert!(there.contains(&event.2), "the first of a day: {event:?}");
        }
    }
    paid.sort_by_key(|paid| paid.id);
    let row = |row: &Row| {
        let revenue = row.revenue?;
        Some((
            row.visitor,
            row.at,
            row.id,
            row.day,
            revenue.minor,
            revenue.currency,
        ))
    };
    let mut wanted: Vec<_> = rows.iter().filter(is_meant).filter_map(row).collect();
    wanted.sort_by_key(|paid| paid.2);
    let told = |p: &Paid| (p.visitor, p.at, p.id, p.day, p.minor, p.currency);
    assert!(!wanted.is_empty() && paid.iter().map(told).collect::<Vec<_>>() == wanted);
}

/// What is sealed of the days that have sums.
fn sealed(folder: &TempDir) -> Vec<(i64, i32, i64, Vec<u8>)> {
    let reports = Connection::open(folder.path().join("reports.db")).unwrap();
    let mut all = Vec::new();
    for sql in [
        "SELECT site, day, by, data FROM sums ORDER BY 1, 2, 3",
        "SELECT site, day, first, data FROM part WHERE rolled ORDER BY 1, 2, 3",
    ] {
        let mut statement = reports.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        });
        all.extend(rows.unwrap().map(Result::unwrap));
    }
    all
}

#[test]
fn answers_are_what_counting_gives_before_and_after_sealing_and_when_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let all = events(80_000);
    store_all(&store, all[..20_000].to_vec());
    assert_right(&store, &rows(&folder));
    store_all(&store, all[20_000..].to_vec());
    // The last day that is over by then, and the two before it.
    wait_until_tidy(&folder, 3);
    assert_right(&store, &rows(&folder));
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
    store.stop();

    // Of days of which nothing waits in the tail.
    let through: i64 = Connection::open(folder.path().join("reports.db"))
        .unwrap()
        .query_row("SELECT through FROM about", [], |row| row.get(0))
        .unwrap();
    let waiting: BTreeSet<i32> = rows(&folder)
        .iter()
        .filter(|row| row.id > through)
        .map(|row| row.day)
        .collect();
    let is_whole = |(_, day, ..): &(i64, i32, i64, Vec<u8>)| !waiting.contains(day);
    let before: Vec<_> = sealed(&folder).into_iter().filter(is_whole).collect();
    assert!(before.len() > 2 * 7, "{}", before.len());
    std::fs::remove_file(folder.path().join("reports.db")).unwrap();
    let store = open(&folder);
    wait_until_tidy(&folder, 3);
    assert_right(&store, &rows(&folder));
    let after = sealed(&folder);
    let days: BTreeSet<_> = before.iter().map(|(_, day, ..)| *day).collect();
    let comparable: Vec<_> = after
        .into_iter()
        .filter(|(_, day, ..)| days.contains(day))
        .collect();
    assert_eq!(comparable.len(), before.len());
    assert!(
        comparable == before,
        "what is made anew is not what was there, to the byte"
    );

    // One who is forgotten is gone from every answer, and the rest stays.
    let visitor = VisitorKey::Uuid(Uuid::from_u128(5));
    let erased = store.erase(&Who::Visitor(visitor.clone())).unwrap();
    assert!(erased > 50, "{erased}");
    assert_eq!(store.erase(&Who::Visitor(visitor)).unwrap(), 0);
    assert_eq!(store.erase(&Who::User(UserId("nobody".into()))).unwrap(), 0);
    store_all(&store, all[79_000..].to_vec());
    assert_right(&store, &rows(&folder));
    assert_eq!(store.check().unwrap(), Vec::<String>::new());

    let first = *days.iter().next().unwrap();
    assert!(store.prune(SITE, first + 2).unwrap() > 8_000);
    assert_right(&store, &rows(&folder));
    assert!(
        rows(&folder)
            .iter()
            .all(|row| row.site != SITE.0 || row.day >= first + 2)
    );
    assert_eq!(store.check().unwrap(), Vec::<String>::new());

    // What the log has lost is noticed.
    let log = Connection::open(folder.path().join("events.db")).unwrap();
    log.execute(
        "DELETE FROM event WHERE id = (SELECT min(id) FROM event WHERE site = 1)",
        [],
    )
    .unwrap();
    assert_eq!(store.check().unwrap().len(), 1);
    store.stop();
}
