//! What a site's people set about its goals: what they are called, which names are one goal, which are left out of lists,
//! what a fire is worth, and goals that are pages. Nothing that was stored changes by it: every number is made anew.
//!
//! A goal fires by its own name, by further names that count as it (so a rename is a goal with the old name as a further
//! one), and by page views whose path matches its pattern.

use std::collections::HashMap;
use std::sync::Arc;

use iso_currency::Currency;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::{Accounts, ChangeError, Site, WorkspaceId, site};
use crate::store::event::{GoalName, Money};

/// Goals that a site may set, how many of them may be pages, and further names of one.
const GOALS: usize = 300;
const PAGES: usize = 50;
const NAMES: usize = 50;

/// Characters of a description, and bytes of a pattern.
const DESCRIPTION: usize = 500;
const PATTERN: usize = 1000;

/// What is set of a goal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goal {
    /// What it is known by to programs.
    pub id: i64,
    /// What is set.
    pub set: GoalSettings,
}

/// What may be set of a goal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoalSettings {
    /// What it is called everywhere.
    pub name: GoalName,
    /// Further names that count as it.
    pub names: Vec<GoalName>,
    /// What it means, for the people who read it.
    pub description: Option<String>,
    /// Whether lists and the conversion rate of all goals leave it out.
    pub is_hidden: bool,
    /// What a fire is worth that brought no money of its own.
    pub value: Option<Money>,
    /// Page views whose path matches this are fires of it; `*` is any run of characters.
    pub page: Option<String>,
}

/// What is set of a site's goals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoalBook {
    goals: Vec<Goal>,
    /// The place of each goal, by what it is called.
    places: HashMap<String, usize>,
    /// The same by its further names.
    further: HashMap<String, usize>,
}

impl GoalBook {
    /// Of goals of which no further name is the name of another.
    pub fn new(goals: Vec<Goal>) -> GoalBook {
        let places = goals.iter().enumerate();
        let further = places.clone().flat_map(|(place, goal)| {
            let names = goal.set.names.iter();
            names.map(move |name| (name.as_str().to_owned(), place))
        });
        GoalBook {
            further: further.collect(),
            places: places
                .map(|(place, goal)| (goal.set.name.as_str().to_owned(), place))
                .collect(),
            goals,
        }
    }

    /// What a goal is called that fires, or that is asked for, by this name.
    pub fn shown<'a>(&'a self, name: &'a str) -> &'a str {
        let place = self.further.get(name);
        place.map_or(name, |place| self.goals[*place].set.name.as_str())
    }

    /// What is set of a goal, by what it is called.
    pub fn goal(&self, shown: &str) -> Option<&Goal> {
        self.places.get(shown).map(|place| &self.goals[*place])
    }

    /// Whether lists leave a goal out.
    pub fn is_hidden(&self, shown: &str) -> bool {
        self.goal(shown).is_some_and(|goal| goal.set.is_hidden)
    }

    /// What fires are worth that brought nothing, by what their goals are called.
    pub fn worth(&self) -> impl Iterator<Item = (&str, &Money)> {
        let goals = self.goals.iter();
        goals.filter_map(|goal| Some((goal.set.name.as_str(), goal.set.value.as_ref()?)))
    }

    /// All of them, by name.
    pub fn goals(&self) -> &[Goal] {
        &self.goals
    }
}

impl GoalSettings {
    /// One of which nothing is set but the name.
    pub fn named(name: &str) -> Result<GoalSettings, ChangeError> {
        let name = GoalName::shown(name.trim());
        Ok(GoalSettings {
            name: name.ok_or_else(|| wrong_name("name"))?,
            names: Vec::new(),
            description: None,
            is_hidden: false,
            value: None,
            page: None,
        })
    }

    /// The same with further names.
    pub fn with_names<'a>(
        mut self,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<GoalSettings, ChangeError> {
        self.names.clear();
        for name in names {
            let name = GoalName::parse(name).ok_or_else(|| wrong_name("names"))?;
            if name != self.name && !self.names.contains(&name) {
                self.names.push(name);
            }
        }
        if self.names.len() > NAMES {
            return Err(wrong(format!("names: a goal may have {NAMES}")));
        }
        Ok(self)
    }

    /// The same with this description; none where it is empty.
    pub fn with_description(mut self, text: &str) -> Result<GoalSettings, ChangeError> {
        let text = text.trim();
        let is_wrong = |c: char| c.is_control() && c != '\n' && c != '\r';
        if text.chars().count() > DESCRIPTION || text.contains(is_wrong) {
            return Err(wrong(format!(
                "description: wanted are at most {DESCRIPTION} characters"
            )));
        }
        self.description = Some(text.to_owned()).filter(|text| !text.is_empty());
        Ok(self)
    }

    /// The same as page views of this pattern too; of none where it is empty.
    pub fn with_page(mut self, pattern: &str) -> Result<GoalSettings, ChangeError> {
        let pattern = pattern.trim();
        let is_right = pattern.starts_with(['/', '*']) && pattern.len() <= PATTERN;
        if !pattern.is_empty() && (!is_right || pattern.contains(char::is_control)) {
            return Err(wrong(
                "page: wanted is a path such as /thanks, in which * is any run of characters"
                    .into(),
            ));
        }
        self.page = Some(pattern.to_owned()).filter(|pattern| !pattern.is_empty());
        Ok(self)
    }

    /// The same with what a fire is worth, in major units.
    pub fn with_value(
        mut self,
        value: Option<(f64, Currency)>,
    ) -> Result<GoalSettings, ChangeError> {
        let money = |(amount, currency): (f64, Currency)| {
            let money = Money::of_major(amount, currency).filter(|money| money.minor > 0);
            money.ok_or_else(|| {
                wrong("value: wanted is a number above 0, such as 49 or 9.90".into())
            })
        };
        self.value = value.map(money).transpose()?;
        Ok(self)
    }

    fn check(&self) -> Result<(), ChangeError> {
        if self.name.is_reserved() && (!self.names.is_empty() || self.page.is_some()) {
            return Err(wrong(
                "name: a goal that fires by itself keeps its name, and nothing else counts as it"
                    .into(),
            ));
        }
        Ok(())
    }
}

fn wrong(message: String) -> ChangeError {
    ChangeError::Wrong(message)
}

fn wrong_name(what: &str) -> ChangeError {
    wrong(format!(
        "{what}: wanted is the name of a goal: 1 to 100 characters on one line, not starting with __"
    ))
}

/// What is set of each site's goals.
pub(super) fn all(connection: &Connection) -> rusqlite::Result<HashMap<i64, Arc<GoalBook>>> {
    let mut goals: HashMap<i64, Vec<Goal>> = HashMap::new();
    let mut names = connection.prepare_cached("SELECT goal, name FROM goal_name ORDER BY name")?;
    let names = names.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut further: HashMap<i64, Vec<GoalName>> = HashMap::new();
    for row in names {
        let (goal, name): (i64, String) = row?;
        further
            .entry(goal)
            .or_default()
            .extend(GoalName::parse(&name));
    }
    let mut statement = connection.prepare_cached(
        "SELECT id, site, name, description, is_hidden, value, currency, page FROM goal ORDER BY name",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (id, name): (i64, String) = (row.get(0)?, row.get(2)?);
        let currency: Option<String> = row.get(6)?;
        let currency = currency.as_deref().and_then(Currency::from_code);
        let Some(name) = GoalName::shown(&name) else {
            continue;
        };
        let set = GoalSettings {
            name,
            names: further.remove(&id).unwrap_or_default(),
            description: row.get(3)?,
            is_hidden: row.get(4)?,
            value: row
                .get::<_, Option<i64>>(5)?
                .zip(currency)
                .map(|(minor, currency)| Money { minor, currency }),
            page: row.get(7)?,
        };
        goals.entry(row.get(1)?).or_default().push(Goal { id, set });
    }
    let book = |(site, goals)| (site, Arc::new(GoalBook::new(goals)));
    Ok(goals.into_iter().map(book).collect())
}

impl Accounts {
    /// Sets a goal of a site: a new one, or in the place of the one with this number. Gives the number.
    pub fn set_goal(
        &self,
        workspace: WorkspaceId,
        website_id: &str,
        id: Option<i64>,
        set: &GoalSettings,
    ) -> Result<i64, ChangeError> {
        set.check()?;
        self.change(|connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let site = site::row_of(&transaction, workspace, website_id)?;
            check_others(&transaction, site, id, set)?;
            let value = set.value.as_ref().map(|money| money.minor);
            let currency = set.value.as_ref().map(|money| money.currency.code());
            let id = match id {
                None => {
                    transaction.execute(
                        "INSERT INTO goal (site, name, description, is_hidden, value, currency, page)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                        params![
                            site,
                            set.name.as_str(),
                            set.description,
                            set.is_hidden,
                            value,
                            currency,
                            set.page
                        ],
                    )?;
                    transaction.last_insert_rowid()
                }
                Some(id) => {
                    let changed = transaction.execute(
                        "UPDATE goal SET name = ?3, description = ?4, is_hidden = ?5, value = ?6, currency = ?7,
                            page = ?8 WHERE id = ?1 AND site = ?2",
                        params![
                            id,
                            site,
                            set.name.as_str(),
                            set.description,
                            set.is_hidden,
                            value,
                            currency,
                            set.page
                        ],
                    )?;
                    if changed == 0 {
                        return Err(MISSING);
                    }
                    id
                }
            };
            transaction.execute("DELETE FROM goal_name WHERE goal = ?1", [id])?;
            for name in &set.names {
                transaction.execute(
                    "INSERT INTO goal_name VALUES (?1, ?2, ?3)",
                    params![site, name.as_str(), id],
                )?;
            }
            transaction.commit()?;
            Ok(id)
        })
    }

    /// Forgets what is set of a goal: what fires goes on by its own names.
    pub fn unset_goal(&self, workspace: WorkspaceId, id: i64) -> Result<(), ChangeError> {
        self.change(|connection| {
            let transaction = connection.transaction()?;
            let changed = transaction.execute(
                "DELETE FROM goal WHERE id = ?1 AND site IN (SELECT id FROM site WHERE workspace = ?2 AND deleted_at IS NULL)",
                params![id, workspace.0],
            )?;
            if changed == 0 {
                return Err(MISSING);
            }
            transaction.commit()?;
            Ok(())
        })
    }

    /// A goal of a workspace, and its site.
    pub fn goal(&self, workspace: WorkspaceId, id: i64) -> Result<(Arc<Site>, Goal), ChangeError> {
        let found = |site: &Arc<Site>| {
            let goal = site.goals.goals().iter().find(|goal| goal.id == id);
            Some((site.clone(), goal?.clone()))
        };
        let sites = self.sites(workspace)?;
        sites.iter().find_map(found).ok_or(MISSING)
    }
}

const MISSING: ChangeError =
    ChangeError::Missing("nothing is set of such a goal in this workspace");

/// Refuses what would make of a name two goals.
fn check_others(
    transaction: &Transaction,
    site: i64,
    id: Option<i64>,
    set: &GoalSettings,
) -> Result<(), ChangeError> {
    let book = all(transaction)?.remove(&site).unwrap_or_default();
    let others = || book.goals().iter().filter(|goal| Some(goal.id) != id);
    if others().count() >= GOALS {
        return Err(ChangeError::Conflict("a site may set 300 goals"));
    }
    if set.page.is_some() && others().filter(|goal| goal.set.page.is_some()).count() >= PAGES {
        return Err(ChangeError::Conflict(
            "of a site 50 goals may be pages; a * in a pattern stands for many",
        ));
    }
    for Goal { set: other, .. } in others() {
        if other.name == set.name {
            return Err(ChangeError::Conflict(
                "a goal of this name is set already; change that one",
            ));
        }
        if set.names.contains(&other.name) {
            return Err(ChangeError::Conflict(
                "one of the names is that of a goal which is set itself; take what is set of it away first",
            ));
        }
        if other.names.contains(&set.name) || other.names.iter().any(|n| set.names.contains(n)) {
            return Err(ChangeError::Conflict(
                "one of the names counts as another goal already",
            ));
        }
    }
    Ok(())
}
