//! Fits in the background, one at a time, on threads that give way to everything else. What waits is in the file of accounts, so
//! that a fit that a restart broke off is begun anew.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, watch};

use super::fit::{self, Fit, NoFit, Previewed, VERSION, draws_of};
use super::gather::{Gathered, gather};
use super::question::{Question, Sent};
use super::sample::{Plan, Stopped, Watch};
use crate::account::{Accounts, ChangeError, FitState, Site, StoredFit};
use crate::clock::Clock;
use crate::store::event::SiteId;
use crate::store::{ReadError, Store};

/// How often it is looked for fits that another process asked for or cancelled.
const OFTEN: Duration = Duration::from_secs(2);

/// What fits.
pub struct Fits {
    accounts: Arc<Accounts>,
    store: Arc<Store>,
    clock: Clock,
    /// The one that runs.
    running: Mutex<Option<(i64, Arc<Watch>)>>,
    asked: Notify,
}

/// The latest fit of a site that is done, whatever it was asked of, and what came out.
///
/// # Errors
/// When files can't be read.
pub fn newest(
    accounts: &Accounts,
    site: SiteId,
) -> Result<Option<(StoredFit, Box<Fit>)>, ReadError> {
    for stored in accounts.fits(site)? {
        if stored.state == FitState::Done
            && let Some(fit) = result_of(accounts, &stored)?
        {
            return Ok(Some((stored, fit)));
        }
    }
    Ok(None)
}

/// What came out; nothing of one of an older version of the model.
fn result_of(accounts: &Accounts, stored: &StoredFit) -> Result<Option<Box<Fit>>, ReadError> {
    let result = accounts.fit_result(stored.id)?;
    let fit = result.and_then(|json| serde_json::from_str::<Box<Fit>>(&json).ok());
    Ok(fit.filter(|fit| fit.version == VERSION))
}

/// What there is to say of a question.
#[derive(Debug)]
pub struct Answer {
    /// The latest fit that was asked for, whatever became of it.
    pub latest: Option<StoredFit>,
    /// How far that is, 0 to 1, while it runs.
    pub progress: Option<f64>,
    /// The latest that is done, and what came out.
    pub found: Option<(StoredFit, Box<Fit>)>,
    /// The numbers as they are now.
    pub now: Gathered,
    /// Whether those are others than what was fitted.
    pub is_old: bool,
    /// A point estimate of the numbers as they are now, where nothing is fitted; or why there can be none, and what would help.
    pub preview: Option<Result<Vec<Previewed>, String>>,
}

impl Fits {
    #[allow(missing_docs)]
    pub fn new(accounts: Arc<Accounts>, store: Arc<Store>, clock: Clock) -> Fits {
        Fits {
            accounts,
            store,
            clock,
            running: Mutex::default(),
            asked: Notify::new(),
        }
    }

    /// Says what there is to say.
    ///
    /// # Errors
    /// When files can't be read.
    pub fn answer(&self, site: &Site, question: &Question) -> Result<Answer, ReadError> {
        let now = gather(&self.store, &self.accounts, site, question)?;
        let key = stored_under(question);
        let latest = self.accounts.latest_fit(site.id, &key, None)?;
        let done = self
            .accounts
            .latest_fit(site.id, &key, Some(FitState::Done))?;
        let mut found = None;
        if let Some(stored) = done {
            found = result_of(&self.accounts, &stored)?.map(|fit| (stored, fit));
        }
        let is_old = found
            .as_ref()
            .is_some_and(|(stored, _)| stored.data != now.hash());
        Ok(Answer {
            progress: latest.as_ref().and_then(|latest| self.progress(latest)),
            preview: found
                .is_none()
                .then(|| fit::previewed(&now.series, &question.settings())),
            latest,
            found,
            now,
            is_old,
        })
    }

    /// How far a fit is.
    fn progress(&self, fit: &StoredFit) -> Option<f64> {
        if fit.state != FitState::Waiting {
            return None;
        }
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let done = match &*running {
            Some((id, watch)) if *id == fit.id => watch.done.load(Relaxed),
            _ => 0,
        };
        // Where chains don't agree more is drawn than was planned.
        Some((done as f64 / draws_of(&Plan::new(1)) as f64).min(0.99))
    }

    /// Asks for a fit; gives its number.
    ///
    /// # Errors
    /// When too many wait, or when files can't be written.
    pub fn ask(&self, site: &Site, question: &Question) -> Result<i64, ChangeError> {
        let seed = question.settings().seed as i64;
        let now = self.clock.now();
        let id = self.accounts.ask_fit(
            site.id,
            &stored_under(question),
            &question.query_string(),
            seed,
            now,
        )?;
        self.asked.notify_one();
        Ok(id)
    }

    /// Cancels a fit that waits or runs.
    ///
    /// # Errors
    /// When there is none, or when files can't be written.
    pub fn cancel(&self, site: SiteId, id: i64) -> Result<(), ChangeError> {
        self.accounts.cancel_fit(site, id, self.clock.now())?;
        self.stop(Some(id));
        Ok(())
    }

    /// Stops what runs, if it is this.
    fn stop(&self, id: Option<i64>) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((running, watch)) = &*running
            && id.is_none_or(|id| id == *running)
        {
            watch.cancelled.store(true, Relaxed);
        }
    }

    /// Fits what waits until the server stops.
    pub async fn run(self: Arc<Self>, mut stopping: watch::Receiver<bool>) {
        loop {
            let this = self.clone();
            let mut work = tokio::task::spawn_blocking(move || this.next());
            let worked = loop {
                tokio::select! {
                    worked = &mut work => break worked,
                    () = tokio::time::sleep(OFTEN) => self.look(),
                    () = stopped(&mut stopping) => {
                        // What it was at stays waiting, and is begun anew.
                        self.stop(None);
                        let _ = work.await;
                        return;
                    }
                }
            };
            match worked {
                Ok(Ok(true)) => continue,
                Ok(Ok(false)) => {}
                Ok(Err(error)) => tracing::warn!(%error, "a fit of the mix could not be kept"),
                Err(error) => tracing::error!(%error, "fitting the mix died"),
            }
            tokio::select! {
                () = self.asked.notified() => {}
                () = tokio::time::sleep(OFTEN) => {}
                () = stopped(&mut stopping) => return,
            }
        }
    }

    /// Stops what runs where another process cancelled it.
    fn look(&self) {
        let id = {
            let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            running.as_ref().map(|(id, _)| *id)
        };
        if let Some(id) = id
            && self.accounts.fit_waits(id).is_ok_and(|waits| !waits)
        {
            self.stop(Some(id));
        }
    }

    /// Fits the one that has waited longest; false where none waits.
    fn next(&self) -> anyhow::Result<bool> {
        let Some(next) = self.accounts.next_fit()? else {
            return Ok(false);
        };
        let watch = Arc::new(Watch::default());
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((next.id, watch.clone()));
        // On a thread of its own, so that all of it gives way, and nothing else that runs here later.
        let worked = std::thread::scope(|scope| scope.spawn(|| self.fit(&next, &watch)).join());
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let (data, result) = match worked {
            Ok(worked) => worked?,
            // It would do so again after each restart.
            Err(_) => (
                String::new(),
                Err(Some(
                    "the fit failed; the server's log says more".to_owned(),
                )),
            ),
        };
        let now = self.clock.now();
        match result {
            Ok(json) => self.accounts.end_fit(next.id, &data, Ok(&json), now)?,
            Err(Some(words)) => self.accounts.end_fit(next.id, &data, Err(&words), now)?,
            Err(None) => {}
        }
        Ok(true)
    }

    /// The data's hash, and the result as JSON; without words where it was stopped.
    #[allow(clippy::type_complexity)]
    fn fit(
        &self,
        next: &StoredFit,
        watch: &Watch,
    ) -> anyhow::Result<(String, Result<String, Option<String>>)> {
        let sites = self.accounts.every_site()?;
        let Some(site) = sites.into_iter().find(|site| site.id == next.site) else {
            return Ok((String::new(), Err(Some("the site is gone".into()))));
        };
        let question = match read(&next.question, &site, next.asked_at) {
            Ok(question) => question,
            Err(words) => return Ok((String::new(), Err(Some(words)))),
        };
        let found = gather(&self.store, &self.accounts, &site, &question)?;
        let data = found.hash();
        // From here on nothing is held that others wait for, and no thread is begun that they use.
        give_way();
        // A core is left to everything else: where none is idle, disks answer later, whatever gives way to what.
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let plan = Plan {
            at_once: cores.saturating_sub(1),
            ..Plan::new(next.seed as u64)
        };
        let result = match fit::fit(&found.series, &question.settings(), &plan, watch) {
            Ok(mut fit) => {
                fit.currency = found.currency;
                fit.warnings.splice(0..0, found.left_out);
                Ok(serde_json::to_string(&fit)?)
            }
            Err(NoFit::Stopped(Stopped::Cancelled)) => Err(None),
            Err(error) => Err(Some(error.to_string())),
        };
        Ok((data, result))
    }
}

/// Lets every other thread go before this one, and those that it starts: whoever wakes up takes its core at once, which the
/// lowest niceness doesn't make sure of. What the system refuses changes how fast others are, not what comes out.
fn give_way() {
    #[cfg(target_os = "linux")]
    {
        use thread_priority::unix::{
            NormalThreadSchedulePolicy::Idle, ThreadSchedulePolicy::Normal,
            set_thread_priority_and_policy, thread_native_id,
        };
        let this = thread_native_id();
        let lowest = thread_priority::ThreadPriority::Min;
        if let Err(error) = set_thread_priority_and_policy(this, lowest, Normal(Idle)) {
            tracing::warn!(?error, "fits can't give way to everything else");
        }
    }
}

/// Comes back when the server stops.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // Where nobody is left who could say so, it does.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

/// What a question's fits are found by: its days are a part of it only where they were named.
fn stored_under(question: &Question) -> String {
    match question.is_dated {
        true => question.query_string(),
        false => question.key(),
    }
}

fn read(question: &str, site: &Site, now: Timestamp) -> Result<Question, String> {
    Sent::query_string(question)?.read(site, now)
}
