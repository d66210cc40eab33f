use super::*;
use crate::account::sheet::{self, Refused};

fn read(file: &[u8], known: &Known) -> Result<Vec<Spend>, Refused> {
    sheet::read(file, known)
}
use proptest::prelude::*;

const CHANNELS: [&str; 3] = ["Paid Search", "Paid Social", "Email"];

fn known() -> Known<'static> {
    Known {
        channels: &CHANNELS,
        last: "2026-11-25".parse().unwrap(),
    }
}

fn taken(file: &str) -> Vec<String> {
    let show = |row: &Spend| {
        let count = |count: Option<u64>| count.map_or_else(String::new, |count| count.to_string());
        format!(
            "{} {} {}{} {}/{} {}/{}",
            row.day,
            row.channel,
            row.money.minor,
            row.money.currency.code(),
            row.source,
            row.campaign,
            count(row.impressions),
            count(row.clicks)
        )
    };
    let rows = read(file.as_bytes(), &known()).unwrap();
    rows.iter().map(show).collect()
}

#[test]
fn what_spreadsheets_write_is_taken() {
    for (file, expected) in [
        (
            "date,channel,amount,currency\n2026-11-23,Paid Search,12.5,EUR\n",
            &["2026-11-23 Paid Search 1250EUR / /"][..],
        ),
        (
            "\u{feff}Currency;Amount;Channel;Date\r\neur;12,05;paid social;2026-11-23\r\n;;;\r\n\r\nJPY;900;EMAIL;2026-11-24",
            &[
                "2026-11-23 Paid Social 1205EUR / /",
                "2026-11-24 Email 900JPY / /",
            ],
        ),
        (
            "date,channel,amount,currency,source,campaign,impressions,clicks\n2026-11-23,Email,0,KWD,\"a, \"\"b\"\"\",\"sp\u{fc}r\",1000,\n2026-11-23,Email,1.234,KWD,,,,7",
            &[
                "2026-11-23 Email 0KWD a, \"b\"/sp\u{fc}r 1000/",
                "2026-11-23 Email 1234KWD / /7",
            ],
        ),
        (
            "date\tchannel\tamount\tcurrency\r2026-11-25\tEmail\t1\tUSD\r",
            &["2026-11-25 Email 100USD / /"],
        ),
    ] {
        assert_eq!(taken(file), expected, "{file}");
    }
}

#[test]
fn each_wrong_line_is_told_with_what_would_be_right() {
    let head = "date,channel,amount,currency\n";
    let of = |rest: &str| format!("{head}{rest}");
    for (file, line, words) in [
        (String::new(), 1, "the header has to name date, channel, amount, currency"),
        ("date,channel,currency\n".into(), 1, "the header has to name amount"),
        ("date,chanel,amount,currency\n".into(), 1, "\"chanel\" is no column; channel may be meant"),
        ("date,date,channel,amount,currency\n".into(), 1, "the column date stands twice"),
        (head.into(), 1, "there is no row below the header"),
        (of("23.11.2026,Email,1,EUR"), 2, "date: \"23.11.2026\" is no day; wanted is YYYY-MM-DD"),
        (of("2026-02-30,Email,1,EUR"), 2, "date: \"2026-02-30\" is no day"),
        (of("2026-11-26,Email,1,EUR"), 2, "date: 2026-11-26 is still to come; wanted is a day up to 2026-11-25"),
        (of("1998-12-31,Email,1,EUR"), 2, "date: 1998-12-31 is too long ago"),
        (of("\r\n\r\n2026-11-23,Paid Serch,1,EUR"), 4, "channel: \"Paid Serch\" is none; Paid Search may be meant"),
        (of("2026-11-23,zzz,1,EUR"), 2, "there are Paid Search, Paid Social, Email"),
        (of("2026-11-23,Email,1,EURO"), 2, "currency: \"EURO\" is none; wanted is an ISO 4217 code"),
        (of("2026-11-23,Email,1,XAU"), 2, "currency: \"XAU\" is none"),
        (of("2026-11-23,Email,1.234,EUR"), 2, "has 3 digits behind the point; EUR has 2, such as 1250.50"),
        (of("2026-11-23,Email,1.5,JPY"), 2, "JPY has 0, such as 1250"),
        (of("2026-11-23,Email,-5,EUR"), 2, "is below 0"),
        (of("2026-11-23,Email,\"1,000.00\",EUR"), 2, "is no number; wanted are digits and a point"),
        (of("2026-11-23,Email,\u{20ac}5,EUR"), 2, "is no number"),
        (of("2026-11-23,Email,1e3,EUR"), 2, "is no number"),
        (of("2026-11-23,Email,99999999999999,EUR"), 2, "is more than 10000000000"),
        (of("2026-11-23,Email,1"), 2, "3 fields under a header of 4"),
        (
            of("\"2026-11-23\",Email,1,EUR\r\n2026-11-23,email,2,USD"),
            3,
            "the same day, channel, source and campaign as 2",
        ),
        (
            "date,channel,amount,currency,clicks\n2026-11-23,Email,1,EUR,1.5".into(),
            2,
            "clicks: \"1.5\" is no count",
        ),
        (
            "date,channel,amount,currency,source\n2026-11-23,Email,1,EUR,\"a\nb\"".into(),
            2,
            "source: wanted are at most 200 characters on one line",
        ),
        (
            "date,channel,amount,currency,source\n2026-11-23,Email,1,EUR,\"a\n\n\"\n2026-11-23,Email,1,EUR,b\nx,y,z,w,v".into(),
            6,
            "channel: \"y\" is none",
        ),
    ] {
        let refused = read(file.as_bytes(), &known()).unwrap_err();
        let found = refused.wrong.iter().any(|wrong| wrong.line == line && wrong.words.contains(words));
        assert!(found, "{file:?}: {refused:?}");
    }
    let refused = read(b"date,channel,amount,currency\n\n\xff", &known()).unwrap_err();
    assert_eq!(refused.wrong[0].line, 3);
    assert!(refused.wrong[0].words.contains("UTF-8"));
}

#[test]
fn one_wrong_line_refuses_all_and_many_are_counted() {
    let mut file = "date,channel,amount,currency\n2026-11-23,Email,1,EUR\n".to_owned();
    file.push_str(&"x,Email,1,EUR\n".repeat(70));
    let refused = read(file.as_bytes(), &known()).unwrap_err();
    assert_eq!((refused.wrong.len(), refused.more), (50, 20));
    assert_eq!(refused.wrong[49].line, 52);
}

proptest! {
    #[test]
    fn whatever_is_sent_is_read_or_refused(file: Vec<u8>) {
        let _ = read(&file, &known());
    }

    #[test]
    fn something_like_a_file_is_read_or_refused(
        file in "(date|channel|amount|currency|[;,\t]){0,9}[\r\n]{1,2}(2026-11-2[0-9]|[\",;\r\n\t]|Email|EUR|[0-9.]{1,4}|\u{e9}){0,30}",
    ) {
        match read(file.as_bytes(), &known()) {
            Ok(rows) => prop_assert!(!rows.is_empty()),
            Err(refused) => {
                let lines = sheet::lines(file.as_bytes());
                prop_assert!(refused.count() > 0 && refused.wrong.iter().all(|wrong| wrong.line >= 1 && wrong.line <= lines));
            }
        }
    }

    #[test]
    fn amounts_are_taken_to_the_last_digit(minor in 0..=MOST, code in prop_oneof![Just("EUR"), Just("JPY"), Just("KWD")]) {
        let currency = Currency::from_code(code).unwrap();
        let unit = 10i64.pow(u32::from(currency.exponent().unwrap()));
        let text = match currency.exponent().unwrap() {
            0 => minor.to_string(),
            digits => format!("{}.{:0width$}", minor / unit, minor % unit, width = usize::from(digits)),
        };
        prop_assert_eq!(money(&text, currency, false).unwrap().minor, minor);
    }

    #[test]
    fn every_row_comes_back(
        rows in proptest::collection::btree_map((0i8..25, 0usize..3, "[a-z,;\"' ]{0,8}"), (0i64..100_000_000, any::<bool>()), 1..40),
        ends in prop_oneof![Just("\n"), Just("\r\n")],
    ) {
        let mut rows: Vec<_> = rows.into_iter().collect();
        rows.dedup_by_key(|((day, channel, source), _)| (*day, *channel, source.trim().to_owned()));
        let mut writer = csv::WriterBuilder::new()
            .terminator(if ends == "\n" { csv::Terminator::Any(b'\n') } else { csv::Terminator::CRLF })
            .from_writer(Vec::new());
        writer.write_record(["source", "date", "amount", "channel", "currency"]).unwrap();
        let mut seen = std::collections::HashSet::new();
        rows.retain(|((day, channel, source), _)| seen.insert((*day, *channel, source.trim().to_owned())));
        for ((day, channel, source), (minor, _)) in &rows {
            let (day, amount) = (format!("2026-11-{:02}", day + 1), format!("{}.{:02}", minor / 100, minor % 100));
            writer.write_record([source, &day, &amount, CHANNELS[*channel], "EUR"]).unwrap();
        }
        let file = writer.into_inner().unwrap();
        let found = read(&file, &known()).unwrap();
        prop_assert_eq!(found.len(), rows.len());
        for (row, ((_, channel, source), (minor, _))) in found.iter().zip(&rows) {
            prop_assert_eq!((&*row.channel, &*row.source, row.money.minor), (CHANNELS[*channel], source.trim(), *minor));
        }
    }
}
