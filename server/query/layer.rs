//! What is counted, in layers that add up: what was stored; page views as fires of goals that are pages; and what fires
//! are worth that brought nothing. Here what is set of a site's goals becomes numbers, for everything that is asked.
//!
//! A page view whose path matches a goal's pattern is a fire of that goal beside being a page view: it passes filters as
//! either, has the goal's name as the one and none as the other, and its session began with the page view.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use roaring::RoaringBitmap;

use super::Query;
use super::dimension::{Dimension, Named};
use super::filter::Filter;
use super::metric::Metric;
use super::operator::{Matcher, Operator};
use super::plan::{self, Names, Split};
use super::range::Range;
use crate::store::ReadError;
use crate::store::event::{GoalName, Money, SiteId};
use crate::store::reports::cell::{Amount, Cell, Counts, Groups, Key, Revenue, Visitors};
use crate::store::reports::group::{By, Fold};
use crate::store::reports::needs::{Needs, Together, Who};
use crate::store::reports::test::{NumberTest, Of, Test};

type Days = BTreeMap<i32, Groups>;

/// Whether a goal is meant, by what it is called.
pub(super) type Meant<'a> = &'a dyn Fn(&str) -> bool;

/// A goal that is a page: what it is called, its pattern, and what a fire is worth.
type PageGoal<'a> = (&'a str, &'a str, Option<&'a Money>);

/// Groups by day.
pub(super) struct Layer {
    pub(super) days: Days,
    /// The goal that all of it is of, where the groups don't say it.
    pub(super) goal: Option<String>,
}

/// Which figures must be right; visitors always are.
#[derive(Clone, Copy, Default)]
pub(super) struct Wants<'a> {
    pub(super) fires: bool,
    pub(super) money: bool,
    /// Where nobody asks who visitors are.
    pub(super) counted: Option<Counted<'a>>,
}

/// How visitors are counted of whom nobody asks who they are.
#[derive(Clone, Copy)]
pub(super) struct Counted<'a> {
    /// Gives one day for all that have the same values.
    pub(super) days: &'a dyn Fn(i32) -> i32,
    /// Those who may be the same browser or person as somebody else.
    pub(super) named: &'a RoaringBitmap,
}

impl<'a> Wants<'a> {
    pub(super) fn of(query: &Query, counted: Option<Counted<'a>>) -> Wants<'a> {
        Wants {
            counted,
            fires: query.asks(Metric::Fires),
            money: [Metric::Revenue, Metric::TotalRevenue, Metric::AverageValue]
                .into_iter()
                .any(|metric| query.asks(metric)),
        }
    }
}

/// A site's events of a range that pass some filters.
pub(super) struct Passing<'q> {
    names: &'q Names,
    site: SiteId,
    range: &'q Range,
    filters: Vec<Filter>,
    /// Who fired, for each list of goals that was asked for.
    fired: RefCell<HashMap<Arc<[String]>, Arc<RoaringBitmap>>>,
}

impl<'q> Passing<'q> {
    pub(super) fn new(
        names: &'q Names,
        site: SiteId,
        range: &'q Range,
        filters: &[Filter],
    ) -> Passing<'q> {
        Passing {
            names,
            site,
            range,
            filters: filters.to_vec(),
            fired: RefCell::default(),
        }
    }

    /// What is counted of them, split so: of everything, or of fires of the goals that are meant.
    pub(super) fn layers(
        &self,
        split: &Split,
        meant: Option<Meant>,
        wants: Wants,
    ) -> Result<Vec<Layer>, ReadError> {
        let stored = self.tests(None)?;
        let numbers = meant.map(|meant| self.numbers(meant)).transpose()?;
        let is_meant = |name: &str| meant.is_none_or(|meant| meant(name));
        let is_of_goals = meant.is_some() || self.is_of_goals();
        let has_pages = is_of_goals || split.is_by_goal() || wants.fires || wants.money;
        // A session's last page is no fire.
        let has_pages = has_pages && split.by != By::Exit;
        let pages = self
            .pages()
            .filter(|(name, ..)| has_pages && is_meant(name));
        let pages: Vec<_> = pages.collect();
        let (all, of_pages) = self.needs(split, wants, is_of_goals, &pages)?;
        let mut layers = vec![Layer {
            days: self.ask(&split.by, &stored, numbers.as_ref(), &all)?,
            goal: None,
        }];
        for (name, page, value) in pages {
            let needs = match (&of_pages.visitors, value) {
                // What a fire is worth is changed at the rate of its day.
                (Who::Counted(_), Some(_)) if wants.money => &Needs::ALL,
                _ => &of_pages,
            };
            let mut days = self.viewed(split, page, self.tests(Some(name))?, needs)?;
            each(&mut days, |_, cell| as_fires(cell, value));
            let goal = Some(name.to_owned());
            layers.push(Layer { days, goal });
        }
        if wants.money {
            layers.extend(self.worth(split, &stored, &is_meant)?);
        }
        Ok(layers)
    }

    /// What is needed of everything that is split so, and of views of the pages that are goals. Visitors are counted only
    /// where nobody is in a row twice, as one who fired a goal and as one who saw a page.
    fn needs<'a>(
        &self,
        split: &'a Split,
        wants: Wants<'a>,
        is_of_goals: bool,
        pages: &[PageGoal],
    ) -> Result<(Needs<'a>, Needs<'a>), ReadError> {
        let together = |counted: Counted<'a>| {
            Who::Counted(Together {
                days: counted.days,
                fold: split.fold.as_ref(),
                named: counted.named,
            })
        };
        let all = Needs {
            visitors: wants.counted.map_or(Who::Named, together),
            revenue: wants.money,
        };
        let named = Needs {
            visitors: Who::Named,
            ..all
        };
        let is_page = |name: &str| pages.iter().any(|(page, ..)| *page == name);
        Ok(match split.is_by_goal() {
            _ if pages.is_empty() => (all, all),
            true if self.numbers(&is_page)?.is_empty() => (all, all),
            // Whoever saw such a page is among those who did anything.
            false if !is_of_goals => {
                let visitors = Who::Nobody;
                (all, Needs { visitors, ..all })
            }
            _ => (named, named),
        })
    }

    /// What fires are worth that brought nothing, where something is set.
    fn worth(
        &self,
        split: &Split,
        stored: &[Test],
        is_meant: Meant,
    ) -> Result<Vec<Layer>, ReadError> {
        let valued = self.names.book().worth();
        let valued: HashMap<&str, &Money> = valued.filter(|(name, _)| is_meant(name)).collect();
        if valued.is_empty() {
            return Ok(Vec::new());
        }
        let worth = |cell: &mut Cell, value: Option<&Money>| {
            let paid = cell.revenue.values().map(|amount| amount.fires).sum();
            *cell = Cell {
                revenue: worth(cell.counts.fires.saturating_sub(paid), value),
                ..Cell::default()
            };
        };
        let fires = Needs {
            visitors: Who::Nobody,
            revenue: true,
        };
        // Groups by goal say themselves what each is worth, and are kept.
        if matches!(split.by, By::Total | By::Number(Of::Goal)) {
            let numbers = self.numbers(&|name| valued.contains_key(name))?;
            let mut days = self.ask(&By::Number(Of::Goal), stored, Some(&numbers), &fires)?;
            self.names.checked(|| {
                each(&mut days, |key, cell| {
                    let name = match key {
                        Key::Number(number) => self.names.value(Named::Goal, *number),
                        _ => None,
                    };
                    worth(cell, name.and_then(|name| valued.get(&*name).copied()));
                });
                Ok(())
            })?;
            return Ok(vec![Layer { days, goal: None }]);
        }
        let layer = |(name, value): (&str, &Money)| {
            let numbers = self.numbers(&|known| known == name)?;
            let mut days = self.ask(&split.by, stored, Some(&numbers), &fires)?;
            each(&mut days, |_, cell| worth(cell, Some(value)));
            let goal = Some(name.to_owned());
            Ok(Layer { days, goal })
        };
        valued.into_iter().map(layer).collect()
    }

    /// What an event must be to be one of them, or a fire of the goals that are meant.
    pub(super) fn events(&self, meant: Option<Meant>) -> Result<Vec<Test>, ReadError> {
        let mut stored = self.tests(None)?;
        if let Some(meant) = meant {
            stored.push(of_goals(self.numbers(meant)?));
        }
        let mut any = Vec::new();
        if meant.is_some() || self.is_of_goals() {
            for (name, page, _) in self.pages() {
                if meant.is_none_or(|meant| meant(name)) {
                    let mut tests = self.tests(Some(name))?;
                    tests.extend(self.views(page));
                    any.push(Test::All(tests));
                }
            }
        }
        if any.is_empty() {
            return Ok(stored);
        }
        any.push(Test::All(stored));
        Ok(vec![Test::Any(any)])
    }

    /// What events must be to pass the filters; as fires of a goal, page views.
    fn tests(&self, as_goal: Option<&str>) -> Result<Vec<Test>, ReadError> {
        let who_fired = |goals: &Arc<[String]>| {
            if let Some(known) = self.fired.borrow().get(goals) {
                return Ok(known.clone());
            }
            let found = Arc::new(self.who_fired(goals)?);
            self.fired.borrow_mut().insert(goals.clone(), found.clone());
            Ok(found)
        };
        plan::tests(self.names, self.range, &self.filters, as_goal, &who_fired)
    }

    /// Everybody who fired one of these goals within the range.
    fn who_fired(&self, goals: &[String]) -> Result<RoaringBitmap, ReadError> {
        let goals = plan::shown(self.names.book(), goals);
        let split = Split::new(&[Dimension::Named(Named::Goal)], self.range, self.names);
        let all = Passing::new(self.names, self.site, self.range, &[]);
        let is_meant = |name: &str| goals.iter().any(|goal| goal == name);
        let layers = all.layers(&split, Some(&is_meant), Wants::default())?;
        let cells = layers
            .iter()
            .flat_map(|layer| layer.days.values().flatten());
        Ok(Visitors::union(cells.map(|(_, cell)| &cell.visitors)))
    }

    /// The numbers of goals that are meant.
    fn numbers(&self, meant: Meant) -> Result<HashSet<u32>, ReadError> {
        let all = self.names.store().goals(self.site)?.into_iter();
        let book = self.names.book();
        let is_meant = |(_, name): &(u32, GoalName)| meant(book.shown(name.as_str()));
        Ok(all.filter(is_meant).map(|(number, _)| number).collect())
    }

    /// Goals that are pages.
    fn pages(&self) -> impl Iterator<Item = PageGoal<'_>> {
        let goals = self.names.book().goals().iter();
        goals.filter_map(|goal| {
            let set = &goal.set;
            Some((set.name.as_str(), set.page.as_deref()?, set.value.as_ref()))
        })
    }

    fn is_of_goals(&self) -> bool {
        self.filters.iter().any(Filter::is_of_goals)
    }

    /// Groups of events that pass these tests, and are fires of some goals where there are any.
    fn ask(
        &self,
        by: &By,
        tests: &[Test],
        goals: Option<&HashSet<u32>>,
        needs: &Needs,
    ) -> Result<Days, ReadError> {
        let answer = |by: &By, tests: &[Test], needs: &Needs| {
            let reports = self.names.store().reports();
            reports.answer(self.site, self.range.days(), by, tests, needs)
        };
        self.names.checked(|| match goals {
            None => answer(by, tests, needs),
            // Of each goal sums are kept, and nothing else splits them here.
            Some(goals) if matches!(by, By::Total | By::Number(Of::Goal)) && is_of_days(tests) => {
                let of_all = goals.clone();
                let of_all = Fold::alike(move |number| of_all.contains(&number));
                let needs = match by {
                    By::Total => &needs.folded(&of_all),
                    _ => needs,
                };
                let mut days = answer(&By::Number(Of::Goal), tests, needs)?;
                let is_meant =
                    |key: &Key| matches!(key, Key::Number(number) if goals.contains(number));
                days.values_mut()
                    .for_each(|groups| groups.retain(|key, _| is_meant(key)));
                Ok(days)
            }
            Some(goals) => {
                let mut tests = tests.to_vec();
                tests.push(of_goals(goals.clone()));
                answer(by, &tests, needs)
            }
        })
    }

    /// Groups of page views of a pattern that pass these tests.
    fn viewed(
        &self,
        split: &Split,
        page: &str,
        mut tests: Vec<Test>,
        needs: &Needs,
    ) -> Result<Days, ReadError> {
        let reports = self.names.store().reports();
        let by = &split.by;
        let is_kept = matches!(by, By::Total | By::Number(Of::Goal) | By::Number(Of::Page));
        self.names.checked(|| {
            if !is_kept || !is_of_days(&tests) {
                tests.extend(self.views(page));
                return reports.answer(self.site, self.range.days(), by, &tests, needs);
            }
            // Of each page's views sums are kept.
            let is_meant = self.matches(page);
            let (matches, by_page) = (is_meant.clone(), split.fold.clone());
            let by_page = by_page.filter(|_| *by == By::Number(Of::Page));
            let fold = Fold::alike(move |number| {
                let page = by_page.as_ref().map(|Fold(fold)| fold(number));
                (matches(number), page)
            });
            let needs = needs.folded(&fold);
            let mut days =
                reports.answer(self.site, self.range.days(), &By::Viewed, &tests, &needs)?;
            for groups in days.values_mut() {
                groups.retain(|key, _| matches!(key, Key::Number(number) if is_meant(*number)));
                if *by != By::Number(Of::Page) && !groups.is_empty() {
                    let mut all = Cell::default();
                    groups.values().for_each(|cell| all.add(cell));
                    *groups = Groups::from([(Key::Number(0), all)]);
                }
            }
            Ok(days)
        })
    }

    fn views(&self, page: &str) -> [Test; 2] {
        [
            Test::Number(Of::Goal, Arc::new(|goal| goal == 0)),
            Test::Number(Of::Page, self.matches(page)),
        ]
    }

    fn matches(&self, pattern: &str) -> Arc<NumberTest> {
        let matcher = Matcher::new(Operator::Matches, &[pattern.to_owned()].into());
        let names = self.names.clone();
        plan::once(move |number| matcher.passes(names.value(Named::Page, number).as_deref()))
    }
}

/// Tests of days alone choose among sums.
fn is_of_days(tests: &[Test]) -> bool {
    tests.iter().all(|test| matches!(test, Test::Day(_)))
}

fn of_goals(numbers: HashSet<u32>) -> Test {
    let is_meant = move |number| numbers.contains(&number);
    Test::Number(Of::Goal, Arc::new(is_meant))
}

fn each(days: &mut Days, change: impl Fn(&Key, &mut Cell)) {
    let groups = days.values_mut().flatten();
    groups.for_each(|(key, cell)| change(key, cell));
}

/// Page views as fires.
fn as_fires(cell: &mut Cell, value: Option<&Money>) {
    let fires = cell.counts.views;
    cell.counts = Counts {
        fires,
        ..Counts::default()
    };
    cell.revenue = worth(fires, value);
}

/// What so many fires are worth.
fn worth(fires: u64, value: Option<&Money>) -> Revenue {
    let amount = |value: &Money| {
        let code = <[u8; 3]>::try_from(value.currency.code().as_bytes()).ok()?;
        let minor = value.minor.saturating_mul(i64::try_from(fires).ok()?);
        (fires > 0).then_some((code, Amount { minor, fires }))
    };
    value.and_then(amount).into_iter().collect()
}
