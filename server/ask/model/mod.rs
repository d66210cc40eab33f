//! A language model that reads what the grammar doesn't, where the operator names one: any endpoint that speaks the
//! protocol of OpenAI's chat completions. It turns a question into a query and never into an answer.
//!
//! - [`prompt`]: what it is told; [`read`]: what it said → a query, or none; [`settings`]: which one it is
//! - here: asking it, within a time, a number of requests a day and a few at once; what it said lately
//!
//! Whatever goes wrong has a reason that is counted and shown, and then the grammar's own outcome stands.

pub mod prompt;
pub mod read;
pub mod settings;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::account::Accounts;
use crate::clock::Clock;
use crate::outgoing::{self, Post};
use crate::recent::Recent;
use crate::store::event::SiteId;
use crate::token::{Hash, hash};
use prompt::Prompt;
use read::Wrong;
pub use settings::Settings;

/// Requests on their way at once.
const AT_ONCE: usize = 4;

/// Answers that are remembered.
const KEPT: usize = 128;

/// Bytes of an endpoint's answer.
const ANSWER: usize = 64 * 1024;

/// Why a model read nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Too many questions at once.
    #[error("the language model has too many questions at once")]
    Busy,
    /// The day's requests are used up.
    #[error("the language model was not asked: today’s budget of requests is used up")]
    Budget,
    /// They can't be counted.
    #[error("the language model was not asked: its requests can’t be counted just now")]
    Uncounted,
    /// No answer in time.
    #[error("the language model took longer than {} seconds", .0.as_secs())]
    Slow(Duration),
    /// No answer.
    #[error("the language model can’t be reached")]
    Unreachable,
    /// An answer that isn't 200.
    #[error("the language model’s server answered {0}")]
    Status(u16),
    /// An answer that is no reading.
    #[error(transparent)]
    Wrong(#[from] Wrong),
}

impl Failure {
    /// As it is counted.
    pub fn name(self) -> &'static str {
        match self {
            Failure::Busy => "busy",
            Failure::Budget => "budget",
            Failure::Uncounted => "uncounted",
            Failure::Slow(_) => "timeout",
            Failure::Unreachable => "unreachable",
            Failure::Status(_) => "status",
            Failure::Wrong(Wrong::Broken) => "broken",
            Failure::Wrong(Wrong::Refused) => "refused",
            Failure::Wrong(Wrong::Query) => "invalid_query",
            Failure::Wrong(Wrong::Goal) => "unknown_goal",
            Failure::Wrong(Wrong::Key) => "unknown_key",
            Failure::Wrong(Wrong::Value) => "unknown_value",
            Failure::Wrong(Wrong::Days) => "future",
        }
    }
}

/// What became of questions that a model was wanted for.
pub type Outcomes = Family<[(&'static str, &'static str); 1], Counter>;

/// A language model.
pub struct Model {
    settings: Settings,
    accounts: Arc<Accounts>,
    clock: Clock,
    places: Semaphore,
    /// Whether the endpoint didn't take more than the plainest request.
    is_plain: AtomicBool,
    /// What it said, by what it was asked.
    kept: Mutex<Recent<Hash, Arc<str>>>,
    outcomes: Outcomes,
}

impl Model {
    /// Asks nothing yet.
    pub fn new(settings: Settings, accounts: Arc<Accounts>, clock: Clock) -> Model {
        let outcomes = Outcomes::default();
        // Told from the start, though nothing was asked.
        drop(outcomes.get_or_create(&[("outcome", "read")]));
        Model {
            settings,
            accounts,
            clock,
            places: Semaphore::new(AT_ONCE),
            is_plain: AtomicBool::new(false),
            kept: Mutex::new(Recent::new(KEPT)),
            outcomes,
        }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// What became of the questions.
    pub fn outcomes(&self) -> &Outcomes {
        &self.outcomes
    }

    /// Counts what became of a question, and says it in the log, without the question.
    pub fn note(&self, failure: Option<Failure>) {
        let outcome = failure.map_or("read", Failure::name);
        self.outcomes.get_or_create(&[("outcome", outcome)]).inc();
        match failure {
            None | Some(Failure::Wrong(Wrong::Refused)) => {}
            Some(failure) => tracing::warn!(outcome, "{failure}"),
        }
    }

    /// What it says: as it said lately where it was asked the same, else asked now. It isn't read yet.
    ///
    /// # Errors
    /// Why it says nothing.
    pub async fn ask(&self, site: SiteId, prompt: &Prompt) -> Result<Arc<str>, Failure> {
        let asked = self.body(prompt, false);
        let key = hash(&format!("{} {asked}", site.0));
        if let Some(said) = self.kept().get(&key) {
            return Ok(said.clone());
        }
        let patience = self.settings.timeout;
        let until = Instant::now() + patience;
        // Half of the time for a place: who gets one late would be left without an answer.
        let place = tokio::time::timeout(patience / 2, self.places.acquire()).await;
        let Ok(Ok(_place)) = place else {
            return Err(Failure::Busy);
        };
        let answer = tokio::time::timeout_at(until, self.exchange(prompt)).await;
        let answer = answer.map_err(|_| Failure::Slow(patience))??;
        let said: Arc<str> = read::said(&answer)?.into();
        // What can't be read may be better the next time.
        if read::is_whole(&said) {
            self.kept().insert(key, said.clone());
        }
        Ok(said)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Recent<Hash, Arc<str>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn body(&self, prompt: &Prompt, is_plain: bool) -> String {
        prompt.body(&self.settings.name, is_plain).to_string()
    }

    /// Asks once, and once more in the plainest way where the endpoint doesn't know a part of the request.
    async fn exchange(&self, prompt: &Prompt) -> Result<bytes::Bytes, Failure> {
        let is_plain = self.is_plain.load(Ordering::Relaxed);
        let answer = self.post(&self.body(prompt, is_plain)).await?;
        let answer = match answer.status {
            400 | 422 if !is_plain => {
                let again = self.post(&self.body(prompt, true)).await?;
                if again.status == 200 {
                    self.is_plain.store(true, Ordering::Relaxed);
                }
                again
            }
            _ => answer,
        };
        match answer.status {
            200 => answer.body.ok_or(Failure::Wrong(Wrong::Broken)),
            status => Err(Failure::Status(status)),
        }
    }

    async fn post(&self, body: &str) -> Result<outgoing::Answer, Failure> {
        self.count().await?;
        let key = self.settings.key.as_ref();
        let headers: Vec<_> = key
            .map(|key| ("authorization", format!("Bearer {}", key.0)))
            .into_iter()
            .collect();
        let post = Post {
            url: &self.settings.url,
            headers: &headers,
            body,
            most: ANSWER,
        };
        let answered = async {
            let addresses = outgoing::addresses(&self.settings.url).await?;
            outgoing::post(&addresses, &post).await
        };
        answered.await.map_err(|error| {
            tracing::warn!(%error, "the language model could not be asked");
            Failure::Unreachable
        })
    }

    /// Takes one of the day's requests.
    async fn count(&self) -> Result<(), Failure> {
        let (accounts, most) = (self.accounts.clone(), self.settings.budget);
        let day = self.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let take = move || accounts.take_model_request(day, most);
        match tokio::task::spawn_blocking(take).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(Failure::Budget),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the language model's requests could not be counted");
                Err(Failure::Uncounted)
            }
            Err(_) => Err(Failure::Uncounted),
        }
    }
}
