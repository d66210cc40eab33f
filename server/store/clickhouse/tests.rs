//! The laws of the reports, with what is sealed in a ClickHouse, and what holds of shipping there. They need one, at the
//! address in `ADMX_TEST_STORE`: `tests/run` starts it.

use rusqlite::Connection;
use tempfile::TempDir;
use uuid::Uuid;

use super::care;
use super::client::Client;
use super::ship;
use super::shipped::Shipped;
use super::{moved, place_of};
use crate::store::care::Who;
use crate::store::event::VisitorKey;
use crate::store::reports::cell::Cell;
use crate::store::reports::group::By;
use crate::store::reports::needs::Needs;
use crate::store::reports::row::Row;
use crate::store::reports::test::Of;
use crate::store::reports::tests::{SITE, assert_right, events, open, rows, store_all};
use crate::store::{Settings, Store, insert, schema};

const NONE: Vec<String> = Vec::new();

/// What people see of some events, and of the latest ones.
fn seen(store: &Store, ids: &[i64]) -> (String, String) {
    let mut ids = ids.to_vec();
    ids.push(i64::MAX);
    (
        format!("{:?}", store.details(SITE, &ids).unwrap()),
        format!("{:?}", store.latest(SITE, 300).unwrap()),
    )
}

fn numbers(folder: &TempDir, visitor: &VisitorKey) -> Vec<u32> {
    let log = Connection::open(folder.path().join("events.db")).unwrap();
    let mut find = log
        .prepare("SELECT id FROM visitor WHERE key = ?1")
        .unwrap();
    let found = find
        .query_map([insert::key(visitor)], |row| row.get(0))
        .unwrap();
    found.map(Result::unwrap).collect()
}

/// A log whose events have gone there, closed again.
fn filled(folder: &TempDir, count: usize) -> Vec<Row> {
    let store = open(folder);
    store_all(&store, events(count));
    let logged = rows(folder);
    assert_right(&store, &logged);
    store.stop();
    logged
}

fn drop_all(folder: &TempDir) {
    let file = folder.path().join("events.db");
    let mut log = schema::connect(&file).unwrap();
    let shipped = Shipped::in_folder(folder.path()).unwrap();
    let first = ship::drop_some(&mut log, &shipped, i64::MAX, i64::MAX, |batches| {
        batches < 1
    });
    assert!(!first.unwrap(), "it may go on");
    let all = ship::drop_some(&mut log, &shipped, i64::MAX, i64::MAX, |_| true);
    assert!(all.unwrap());
}

#[test]
#[ignore = "needs a ClickHouse in ADMX_TEST_STORE"]
fn answers_are_what_counting_gives_whether_the_log_still_has_the_events_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let all = events(20_000);
    store_all(&store, all[..5_000].to_vec());
    assert_right(&store, &rows(&folder));
    store_all(&store, all[5_000..].to_vec());
    let logged = rows(&folder);
    assert_right(&store, &logged);
    assert_eq!(store.check().unwrap(), NONE);
    let of_site = logged.iter().filter(|row| row.site == SITE.0);
    let ids: Vec<i64> = of_site.map(|row| row.id).step_by(97).collect();
    let before = seen(&store, &ids);
    store.stop();
    drop(store);

    let store = open(&folder);
    assert_right(&store, &logged);
    drop_all(&folder);
    assert_eq!(rows(&folder).len(), 1);
    assert_right(&store, &logged);
    assert_eq!(seen(&store, &ids), before);
    assert_eq!(store.check().unwrap(), NONE);

    // One who is forgotten is gone from every answer, and the rest stays.
    let visitor = VisitorKey::Uuid(Uuid::from_u128(5));
    let mut left = logged;
    let theirs = numbers(&folder, &visitor);
    let erased = store.erase(&Who::Visitor(visitor.clone())).unwrap();
    left.retain(|row| !theirs.contains(&row.visitor));
    assert!(erased > 10, "{erased}");
    assert_eq!(store.erase(&Who::Visitor(visitor)).unwrap(), 0);
    assert_right(&store, &left);
    assert_eq!(store.check().unwrap(), NONE);

    // Days go, and sessions that this cuts begin anew.
    let first = left.iter().map(|row| row.day).min().unwrap();
    let sessions = |days: std::ops::RangeFrom<i32>| {
        let groups =
            store
                .reports()
                .answer(SITE, days.start..=i32::MAX, &By::Total, &[], &Needs::SUMS);
        let groups = groups.unwrap();
        let cells = groups.values().flat_map(|groups| groups.values());
        cells.map(|cell| cell.counts.sessions).sum::<u64>()
    };
    let before = sessions(first + 2..);
    assert!(store.prune(SITE, first + 2).unwrap() > 1_000);
    let after = sessions(i32::MIN..);
    assert!(after >= before, "{before} sessions, then {after}");
    assert_eq!(store.check().unwrap(), NONE);
    store.stop();
}

#[test]
#[ignore = "needs a ClickHouse in ADMX_TEST_STORE"]
fn a_block_that_is_sent_again_is_there_once() {
    let folder = tempfile::tempdir().unwrap();
    let logged = filled(&folder, 3_000);
    // As after a crash between sending and writing down that it was sent.
    let file = folder.path().join("shipped.db");
    let shipped = Connection::open(&file).unwrap();
    let through: i64 = shipped
        .query_row("SELECT first - 1 FROM shipped", [], |row| row.get(0))
        .unwrap();
    shipped
        .execute("UPDATE shipped SET through = ?1", [through])
        .unwrap();
    drop(shipped);
    let store = open(&folder);
    assert_right(&store, &logged);
    assert_eq!(store.check().unwrap(), NONE);
    store.stop();
}

#[test]
#[ignore = "needs a ClickHouse in ADMX_TEST_STORE"]
fn events_move_there_while_some_are_taken_out_and_come_back_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let there = Settings::of_test(folder.path());
    let here = Settings {
        clickhouse: None,
        ..there.clone()
    };
    let place = there.clickhouse.clone().unwrap();
    let store = Store::open(folder.path(), &here).unwrap();
    let all = events(50_000);
    store_all(&store, all[..40_000].to_vec());
    let mut told = Vec::new();
    let mut tell = |done: u64, of: u64| told.push((done, of));
    let moved = moved::to_clickhouse(folder.path(), &place, &mut tell).unwrap();
    assert_eq!((moved.events, moved.mended), (40_000, 0));
    assert!(told.len() == 2 && told[1] == (40_000, 40_000), "{told:?}");
    // Meanwhile the server goes on: events come, and somebody is forgotten.
    store_all(&store, all[40_000..45_000].to_vec());
    let erased = store
        .erase(&Who::Visitor(VisitorKey::Uuid(Uuid::from_u128(7))))
        .unwrap();
    assert!(erased > 20, "{erased}");
    let moved = moved::to_clickhouse(folder.path(), &place, &mut |_, _| {}).unwrap();
    assert_eq!(moved.events, 45_000 - erased);
    assert!(moved.mended > 0 && moved.days >= moved.mended, "{moved:?}");
    let again = moved::to_clickhouse(folder.path(), &place, &mut |_, _| {}).unwrap();
    assert_eq!((again.events, again.mended), (moved.events, 0));
    // Once more somebody, of whom only the start with the ClickHouse hears.
    store
        .erase(&Who::Visitor(VisitorKey::Uuid(Uuid::from_u128(8))))
        .unwrap();
    store.stop();
    drop(store);

    let store = Store::open(folder.path(), &there).unwrap();
    assert!(!folder.path().join("reports.db").exists());
    store_all(&store, all[45_000..].to_vec());
    let logged = rows(&folder);
    assert_right(&store, &logged);
    assert_eq!(store.check().unwrap(), NONE);
    drop_all(&folder);
    store.stop();
    drop(store);

    let moved = moved::to_sqlite(folder.path(), &place, &mut |_, _| {}).unwrap();
    assert_eq!(moved.events, logged.len() as u64);
    assert!(rows(&folder) == logged, "the log is not as it was");
    let store = Store::open(folder.path(), &here).unwrap();
    assert_right(&store, &logged);
    assert_eq!(store.check().unwrap(), NONE);
    store.stop();
}

#[test]
#[ignore = "needs a ClickHouse in ADMX_TEST_STORE"]
fn events_that_are_in_a_clickhouse_are_not_looked_for_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    store_all(&store, events(10));
    assert_eq!(store.latest(SITE, 3).unwrap().len(), 3);
    store.stop();
    drop(store);
    drop_all(&folder);
    let place = place_of(folder.path()).unwrap().unwrap();
    assert!(place.starts_with("clickhouse://127.0.0.1"), "{place}");
    let mut settings = Settings::of_test(folder.path());
    settings.clickhouse = None;
    let error = Store::open(folder.path(), &settings)
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("ADMX_STORE"), "{error}");
}

/// Does something there, past the store.
fn there(folder: &TempDir, sql: &str) {
    let place = Settings::of_test(folder.path()).clickhouse.unwrap();
    let client = Client::new(&place).unwrap();
    let sql = sql
        .replace("EVENT", &client.tables().kept("event"))
        .replace("DAY_SUM", &client.tables().kept("day_sum"));
    client.execute(&sql).unwrap();
}

#[test]
#[ignore = "needs a ClickHouse in ADMX_TEST_STORE"]
fn what_a_clickhouse_has_lost_goes_there_again() {
    let folder = tempfile::tempdir().unwrap();
    let logged = filled(&folder, 20_000);
    // As where it was put back from a copy: of the events the last third is gone, of the sums the last day.
    there(
        &folder,
        "ALTER TABLE EVENT DELETE WHERE id > 13000 SETTINGS mutations_sync = 2",
    );
    there(
        &folder,
        "ALTER TABLE DAY_SUM DELETE WHERE day > 20003 SETTINGS mutations_sync = 2",
    );
    let store = open(&folder);
    assert_right(&store, &logged);
    assert_eq!(store.check().unwrap(), NONE);
    store.stop();
}

#[test]
#[ignore = "needs a ClickHouse in ADMX_TEST_STORE"]
fn events_of_many_months_go_there_at_once_and_are_summed_anew_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let mut all = events(420);
    for (event, n) in all.iter_mut().zip(0..) {
        // Nine years, one month after the other: more than ClickHouse takes at once unless it is told to.
        let earlier = (n % 105) * 31;
        event.day -= earlier;
        event.at -= jiff::SignedDuration::from_hours(24 * i64::from(earlier));
    }
    store_all(&store, all);
    let logged = rows(&folder);
    let views = |store: &Store| {
        let days = i32::MIN..=i32::MAX;
        let by = By::Number(Of::Page);
        let reports = store.reports();
        let days = reports.answer(SITE, days, &by, &[], &Needs::NAMED).unwrap();
        let cells = days.into_iter().flat_map(|(day, groups)| {
            let seen = |(_, cell): (_, Cell)| (cell.counts.views, cell.visitors.count());
            let groups: Vec<_> = groups.into_iter().map(seen).collect();
            groups.into_iter().map(move |counted| (day, counted))
        });
        let mut cells: Vec<_> = cells.collect();
        cells.sort_unstable();
        cells
    };
    let before = views(&store);
    assert_eq!(store.check().unwrap(), NONE);
    // All of their sums anew, in one go.
    store.stop();
    drop(store);
    there(&folder, "TRUNCATE TABLE DAY_SUM");
    let shipped = Shipped::in_folder(folder.path()).unwrap();
    let place = Settings::of_test(folder.path()).clickhouse.unwrap();
    let days = care::wrongly_summed(&Client::new(&place).unwrap(), "1").unwrap();
    assert!(days.len() > 105, "{}", days.len());
    shipped.mark(&days, true).unwrap();
    let store = open(&folder);
    assert_eq!(views(&store), before);
    assert_eq!(store.check().unwrap(), NONE);
    let of_site = logged
        .iter()
        .filter(|row| row.site == SITE.0 && row.goal == 0);
    let all: u64 = before.iter().map(|(_, (views, _))| views).sum();
    assert_eq!(all, of_site.count() as u64);
    store.stop();
}

#[test]
#[ignore = "needs a ClickHouse in ADMX_TEST_STORE"]
fn answers_are_right_while_events_wait_to_go_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = Settings::of_test(folder.path());
    settings.clickhouse.as_mut().unwrap().settles = false;
    let store = Store::open(folder.path(), &settings).unwrap();
    let all = events(6_000);
    let some = |rest: usize| all.iter().skip(rest).step_by(2).cloned().collect();
    store_all(&store, some(0));
    let shipped = Shipped::in_folder(folder.path()).unwrap();
    let last = rows(&folder).last().unwrap().id;
    let began = std::time::Instant::now();
    while shipped.through().unwrap() < last {
        assert!(began.elapsed().as_secs() < 30, "nothing is shipped");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    // Nobody else changes what is there meanwhile: the same days and visitors again, of whom nothing goes there.
    let held = shipped.alone(|_| {
        store_all(&store, some(1));
        let logged = rows(&folder);
        assert!(logged.len() == 6_000 && shipped.through()? == last);
        assert_right(&store, &logged);
        Ok(logged)
    });
    let logged = held.unwrap();
    assert_right(&store, &logged);
    store.stop();
}
