//! Plausible's export: sums a day, in a zip of CSV files or in such files. Single visits aren't in it, so this makes some
//! up that give the same sums, and marks each as `approximate`.
//!
//! Right of what comes of it, to the number: page views of each page and day, fires of each goal and day, visitors of each
//! page and day, and of each day, where `imported_visitors` is there. Made up: that all happened at noon (UTC), which
//! visitor saw which page or fired, and that nobody came on two days. A goal has the page it fired on where that page had
//! as many visitors; else none, so that the page's visitors stay right. Not there at all, and not made up: what brought
//! the visitors, with what they came, how long they stayed.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use jiff::civil::Date;
use zip::ZipArchive;

use super::rows::{Row, Rows};
use super::{Found, Item, mark};
use crate::ingest::imported::Line;

/// Events that one line may become; a site with more a page and day is past what this is for.
const MOST: u64 = 1_000_000;

/// How the files are called that are read, up to the days in their names.
const VISITORS: &str = "imported_visitors";
const PAGES: &str = "imported_pages";
const EVENTS: &str = "imported_custom_events";

/// Visitors of each day, and which of them the next line begins with; and those of each page and day.
#[derive(Default)]
struct Days {
    all: HashMap<Date, (u64, u64)>,
    pages: HashMap<(Date, String), Part>,
}

/// Some of a day's visitors: so many, from the first on, and from the day's first again after its last.
#[derive(Clone, Copy)]
struct Part {
    first: u64,
    count: u64,
    all: u64,
}

impl Part {
    fn nth(self, nth: u64) -> u64 {
        (self.first + nth % self.count.max(1)) % self.all
    }
}

impl Days {
    /// So many of a day's visitors, those first that did nothing yet.
    fn some(&mut self, date: Date, count: u64) -> Part {
        let (all, next) = self.all.entry(date).or_default();
        *all = (*all).max(count).max(1);
        let (all, first) = (*all, *next);
        *next = (first + count) % all;
        Part { first, count, all }
    }

    /// So many of a page's visitors, where it had that many.
    fn of_page(&self, date: Date, path: &str, count: u64) -> Option<Part> {
        let page = self.pages.get(&(date, path.to_owned()))?;
        (count <= page.count).then_some(Part { count, ..*page })
    }
}

/// Reads the files, and gives `each` what they become, until it answers `false`.
///
/// # Errors
/// When a file can't be read or is another, in words.
pub fn read(
    files: &[impl AsRef<Path>],
    domain: &str,
    mut each: impl FnMut(Item) -> bool,
) -> Result<(), String> {
    let mut days = Days::default();
    let mut has_any = false;
    // Each kind by itself: how many visitors a day had settles the rest.
    for kind in [VISITORS, PAGES, EVENTS] {
        for path in files {
            let path = path.as_ref();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
            if name.ends_with(".zip") {
                has_any |= of_zip(file, kind, domain, &mut days, &mut each)?;
            } else if name.starts_with(kind) {
                has_any = true;
                rows(file, kind, domain, &mut days, &mut each)?;
            }
        }
    }
    if has_any {
        return Ok(());
    }
    Err(format!(
        "there is no {PAGES}….csv and no {EVENTS}….csv; wanted Plausible's zip, or its files by their own names"
    ))
}

fn of_zip(
    file: impl Read + Seek,
    kind: &str,
    domain: &str,
    days: &mut Days,
    each: &mut impl FnMut(Item) -> bool,
) -> Result<bool, String> {
    let wrong = |error: zip::result::ZipError| format!("the zip can't be read: {error}");
    let mut archive = ZipArchive::new(file).map_err(wrong)?;
    let mut has_any = false;
    for at in 0..archive.len() {
        let entry = archive.by_index(at).map_err(wrong)?;
        let name = entry.name().map_err(wrong)?;
        let name = name.rsplit('/').next().unwrap_or_default();
        if name.starts_with(kind) && name.ends_with(".csv") {
            has_any = true;
            rows(entry, kind, domain, days, each)?;
        }
    }
    Ok(has_any)
}

fn rows(
    file: impl Read,
    kind: &str,
    domain: &str,
    days: &mut Days,
    each: &mut impl FnMut(Item) -> bool,
) -> Result<(), String> {
    let wanted: &[&str] = match kind {
        VISITORS => &["date", "visitors"],
        PAGES => &["date", "page", "visitors", "pageviews"],
        _ => &["date", "name", "visitors", "events"],
    };
    for row in Rows::open(file, wanted)? {
        let (number, row) = row?;
        let sums = row.and_then(|row| Sums::of(&row, kind));
        let sums = match sums {
            Ok(sums) => sums,
            Err(why) => {
                if !each(Ok((number, Found::Bad(why)))) {
                    return Ok(());
                }
                continue;
            }
        };
        if kind == VISITORS {
            days.all.entry(sums.date).or_default().0 = sums.visitors;
            continue;
        }
        let on_page = match kind {
            PAGES => None,
            _ => days.of_page(sums.date, &sums.path, sums.visitors),
        };
        let has_page = kind == PAGES || on_page.is_some();
        let visitors = on_page.unwrap_or_else(|| days.some(sums.date, sums.visitors));
        if kind == PAGES {
            let page = (sums.date, sums.path.clone());
            days.pages.insert(page, visitors);
        }
        for nth in 0..sums.count {
            let line = sums.line(domain, visitors.nth(nth), has_page);
            if !each(Ok((number, Found::Line(Box::new(line))))) {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// What a line says of a page or a goal on a day.
struct Sums {
    date: Date,
    host: String,
    path: String,
    goal: Option<String>,
    visitors: u64,
    count: u64,
}

impl Sums {
    fn of(row: &Row, kind: &str) -> Result<Sums, String> {
        let number = |name: &str| match row.get(name) {
            "" => Ok(0),
            text => {
                let number = text.parse().ok().filter(|number| *number <= MOST);
                number.ok_or_else(|| format!("{name}: wanted a whole number of at most {MOST}"))
            }
        };
        let date: Date = row
            .get("date")
            .parse()
            .map_err(|_| "date: wanted a day as YYYY-MM-DD".to_owned())?;
        Ok(Sums {
            date,
            host: row.get("hostname").to_owned(),
            path: row
                .get(if kind == PAGES { "page" } else { "path" })
                .to_owned(),
            goal: (kind == EVENTS).then(|| row.get("name").to_owned()),
            visitors: number("visitors")?,
            count: match kind {
                VISITORS => 0,
                PAGES => number("pageviews")?,
                _ => number("events")?,
            },
        })
    }

    fn line(&self, domain: &str, visitor: u64, has_page: bool) -> Line<'static> {
        let host = if self.host.is_empty() {
            domain
        } else {
            &self.host
        };
        let slash = if self.path.starts_with('/') { "" } else { "/" };
        Line {
            fired_at: format!("{}T12:00:00Z", self.date).into(),
            name: self.goal.clone().map(Into::into),
            anonymous_id: Some(format!("plausible:{}:{visitor}", self.date).into()),
            url: has_page.then(|| format!("https://{host}{slash}{}", self.path).into()),
            metadata: mark("plausible", true),
            ..Line::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a file of pages becomes, after one of visitors.
    fn made(visitors: &str, pages: &str) -> Vec<Item> {
        let (mut days, mut made) = (Days::default(), Vec::new());
        for (kind, text) in [(VISITORS, visitors), (PAGES, pages)] {
            let mut each = |item| {
                made.push(item);
                made.len() < 10_000
            };
            rows(text.as_bytes(), kind, "example.com", &mut days, &mut each).unwrap();
        }
        made
    }

    /// The same files as the other tests read, as Plausible hands them out.
    fn zipped() -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        for name in [
            "imported_visitors_20261005_20261006.csv",
            "imported_pages_20261005_20261006.csv",
            "imported_custom_events_20261005_20261006.csv",
            "imported_sources_20261005_20261006.csv",
        ] {
            zip.start_file(name, options).unwrap();
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/");
            let text = std::fs::read(format!("{folder}{name}")).unwrap_or_default();
            std::io::Write::write_all(&mut zip, &text).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn a_zip_is_the_files_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let zip = folder.path().join("Plausible export.zip");
        std::fs::write(&zip, zipped()).unwrap();
        let names = ["visitors", "pages", "custom_events"];
        let files = names.map(|name| {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/");
            format!("{folder}imported_{name}_20261005_20261006.csv")
        });
        let all = |files: &[&Path]| {
            let mut all = Vec::new();
            let mut each = |item| {
                all.push(format!("{item:?}"));
                true
            };
            read(files, "example.com", &mut each).unwrap();
            all
        };
        let of_files = all(&files.each_ref().map(Path::new));
        assert!(of_files.len() > 5);
        assert_eq!(all(&[&zip]), of_files);
    }

    proptest! {
        #[test]
        fn sums_are_kept(pages in proptest::collection::vec((1u64..20, 0u64..20), 1..6), more in 0u64..5) {
            let most = pages.iter().map(|(visitors, _)| *visitors).max().unwrap();
            let sum: u64 = pages.iter().map(|(visitors, _)| *visitors).sum();
            let all = (most + more).min(sum);
            let text: String = pages
                .iter()
                .enumerate()
                .map(|(at, (visitors, more))| format!("2026-11-03,/{at},{visitors},{}\n", visitors + more))
                .collect();
            let made = made(
                &format!("date,visitors\n2026-11-03,{all}\n"),
                &format!("date,page,visitors,pageviews\n{text}"),
            );
            let mut seen: HashMap<String, (std::collections::HashSet<String>, u64)> = HashMap::new();
            for item in made {
                let Ok((_, Found::Line(line))) = item else { panic!("{item:?}") };
                for place in [line.url.unwrap(), "all".into()] {
                    let (who, views) = seen.entry(place.into_owned()).or_default();
                    who.insert(line.anonymous_id.clone().unwrap().into_owned());
                    *views += 1;
                }
            }
            for (at, (visitors, more)) in pages.iter().enumerate() {
                let (who, views) = &seen[&format!("https://example.com/{at}")];
                prop_assert_eq!((who.len() as u64, *views), (*visitors, visitors + more));
            }
            prop_assert_eq!(seen["all"].0.len() as u64, all);
        }

        #[test]
        fn damaged_zips_are_refused_or_read(at in 0usize..2000, with in any::<u8>(), cut in 0usize..2000) {
            let mut bytes = zipped();
            let length = bytes.len();
            bytes[at % length] = with;
            bytes.truncate(length - cut % length);
            let mut days = Days::default();
            for kind in [VISITORS, PAGES, EVENTS] {
                let _ = of_zip(std::io::Cursor::new(&bytes), kind, "example.com", &mut days, &mut |_| true);
            }
        }

        #[test]
        fn no_line_makes_it_panic(line in "[\\PC,\"\n0-9-]{0,60}") {
            made(&format!("date,visitors\n{line}"), &format!("date,page,visitors,pageviews\n{line}"));
        }
    }
}
