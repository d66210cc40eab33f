//! Sealed parts and sums that a disk has spoiled. An input is laid over a right one: its first byte says which (`s` sums,
//! else a part), the second how many bytes are cut from the end, and each further one is XORed with a byte; what goes
//! past the end is appended. So zeros leave it as it is, and every blob there may be has an input.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use rusqlite::{Connection, params};

use crate::cost::within;
use crate::ground::{GROUND, NOW};
use crate::store::ReadError;
use crate::store::event::SiteId;
use crate::store::reports::group::By;
use crate::store::reports::needs::Needs;
use crate::store::reports::test::{Of, Test};
use crate::store::reports::{part as parts, sums};

/// A site that has nothing but the part.
const SITE: i64 = 77;

struct Sample {
    part: Vec<u8>,
    sums: Vec<u8>,
    day: i32,
    /// Where questions find the part.
    reports: Mutex<Connection>,
}

static SAMPLE: LazyLock<Sample> = LazyLock::new(|| {
    let day = GROUND.site.day(NOW);
    let site = GROUND.site.id;
    let by = By::Number(Of::Goal);
    let days = GROUND
        .store
        .reports()
        .answer(site, day - 9..=day, &by, &[], &Needs::ALL)
        .expect("reports can be read");
    let groups = days.into_values().next_back().expect("something happened");
    let reports = Connection::open(GROUND.folder.join("reports.db")).expect("the file is there");
    reports
        .execute_batch("PRAGMA synchronous = OFF; DELETE FROM part")
        .expect("reports.db can be written");
    Sample {
        part: parts::encode(&mut GROUND.rows().iter().collect::<Vec<_>>()),
        sums: sums::encode(&groups),
        day,
        reports: Mutex::new(reports),
    }
});

pub fn part(input: &[u8]) {
    let [kind, cut, damage @ ..] = input else {
        return;
    };
    let spoiled = |right: &[u8]| {
        let mut bytes: Vec<u8> = (0..right.len().max(damage.len()))
            .map(|at| right.get(at).unwrap_or(&0) ^ damage.get(at).unwrap_or(&0))
            .collect();
        bytes.truncate(bytes.len().saturating_sub(usize::from(*cut)));
        bytes
    };
    let is_right = *cut == 0 && damage.iter().all(|byte| *byte == 0);
    if *kind == b's' {
        spoiled_sums(spoiled(&SAMPLE.sums), is_right);
    } else {
        spoiled_part(&spoiled(&SAMPLE.part), is_right);
    }
}

fn spoiled_sums(bytes: Vec<u8>, is_right: bool) {
    // A group may be a byte, and a cell in a table that is half empty.
    let enough = (1 << 16) + 1024 * bytes.len();
    let bitmaps = (1 << 20) + 256 * bytes.len();
    match within(enough, || sums::decode(bytes)) {
        Ok(groups) => {
            for cell in groups.values() {
                within(bitmaps, || drop(cell.visitors.bitmap()));
            }
            let again = sums::decode(sums::encode(&groups)).expect("what was written is right");
            assert_eq!(again.len(), groups.len());
        }
        Err(_) => assert!(!is_right),
    }
}

fn spoiled_part(bytes: &[u8], is_right: bool) {
    // Many rows may be written in few bytes, and take their room when they are read.
    let rows = match bytes {
        [_, _, _, _, a, b, c, d, ..] => u32::from_le_bytes([*a, *b, *c, *d]) as usize,
        _ => 0,
    };
    if rows > 1000 && rows <= parts::ROWS {
        return;
    }
    let rows = if rows > parts::ROWS { 0 } else { rows };
    let enough = (1 << 16) + 256 * bytes.len() + rows * (512 + 64 * bytes.len());
    match within(enough, || parts::decode(bytes, SITE, SAMPLE.day)) {
        Ok(found) => assert_eq!(found.len(), rows),
        Err(_) => assert!(!is_right),
    }
    asked(bytes, rows, is_right);
}

/// Questions about it are answered, or say that it is damaged.
fn asked(bytes: &[u8], rows: usize, is_right: bool) {
    let reports = SAMPLE
        .reports
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    reports
        .prepare_cached(
            "INSERT INTO part VALUES (1, ?1, ?2, 1, 9, ?3, 0, ?4)
             ON CONFLICT DO UPDATE SET rows = excluded.rows, data = excluded.data",
        )
        .and_then(|mut insert| insert.execute(params![SITE, SAMPLE.day, rows as i64, bytes]))
        .expect("reports.db can be written");
    let number: Test = Test::Number(Of::Page, Arc::new(|number| number != 1));
    let value: Test = Test::Metadata("plan".into(), Arc::new(|value| value == Some("pro")));
    for (by, tests) in [
        (By::Number(Of::Goal), &[][..]),
        (By::Metadata("plan".into()), &[number]),
        (By::Exit, &[value]),
    ] {
        let answer = GROUND.store.reports().answer(
            SiteId(SITE),
            SAMPLE.day..=SAMPLE.day,
            &by,
            tests,
            &Needs::ALL,
        );
        match answer {
            Ok(_) => {}
            Err(ReadError::Damaged(_)) => assert!(!is_right),
            Err(error) => panic!("{error}"),
        }
    }
}
