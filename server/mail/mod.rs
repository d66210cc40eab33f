//! Mail: a site's figures, links that set another password, invitations.
//!
//! - [`queue`]: what waits and which reports were sent, on disk; `message`: how one is written
//! - [`carrier`]: an SMTP server (crate `lettre`), or a folder where none is set; `server`: which
//! - [`period`]: the days of a report, and when it is due; `token`: the link that ends it
//!
//! A message is written once, put into the queue, and tried until it is taken, refused for good or too old. A report of
//! some days goes to somebody once: that it does is noted together with the message. Who kills the server between the
//! mail server's yes and our note of it gets the message twice, with the same `Message-ID`.

mod carrier;
mod message;
mod period;
mod queue;
mod server;
mod token;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use lettre::message::Mailbox;
use tokio::sync::{Notify, watch};

use crate::account::{Accounts, Email, Every, Invitation, Report, Site};
use crate::clock::Clock;
use crate::pages::mail::{Letter, Report as Figures};
use crate::queue::pause;
use crate::store::Store;
use carrier::{Carrier, Failure};
use message::Content;
use period::Period;
pub use queue::Sent;
use queue::{Due, New, OfReport, Queue};
pub use server::{Server, ServerError};

/// How often it is looked for what is due, and, in rounds of that, for reports.
const OFTEN: Duration = Duration::from_secs(1);
const REPORTS: u64 = 20;

/// How long a message is tried, but for those whose link ends before.
const TRIED: SignedDuration = SignedDuration::from_hours(24);
const TRIED_RESET: SignedDuration = SignedDuration::from_hours(1);

/// What mail is made of and sent by.
pub struct Settings {
    /// Who takes it; nobody where there is none.
    pub smtp: Option<Server>,
    /// Whom it is from.
    pub from: Mailbox,
    /// Where people reach this server, if that was said: links in reports lead there.
    pub base_url: Option<String>,
    /// What we call ourselves to the mail server.
    pub name: Option<String>,
}

/// What mails.
pub struct Mail {
    accounts: Arc<Accounts>,
    store: Arc<Store>,
    clock: Clock,
    queue: Queue,
    carrier: Carrier,
    from: Mailbox,
    base_url: Option<String>,
    secret: String,
    /// There is something new in the queue.
    new: Notify,
}

impl Mail {
    /// Opens the queue in `folder`.
    pub fn open(
        folder: &Path,
        accounts: Arc<Accounts>,
        store: Arc<Store>,
        clock: Clock,
        settings: Settings,
    ) -> anyhow::Result<Mail> {
        let carrier = match settings.smtp {
            Some(server) => Carrier::smtp(server, settings.name.as_deref())?,
            None => Carrier::outbox(folder),
        };
        Ok(Mail {
            queue: Queue::open(folder)?,
            secret: accounts.mail_secret()?,
            accounts,
            store,
            clock,
            carrier,
            from: settings.from,
            base_url: settings.base_url,
            new: Notify::new(),
        })
    }

    /// Whether mail really leaves, and isn't put into a folder.
    pub fn is_set_up(&self) -> bool {
        self.carrier.is_smtp()
    }

    /// Whether a message can be addressed to somebody.
    pub fn can_reach(&self, email: &str) -> bool {
        message::envelope(&self.from, email).is_ok()
    }

    /// Mails a link that sets another password to whoever has this address here; else nothing.
    pub fn reset(&self, email: &Email, base_url: &str) -> anyhow::Result<()> {
        let now = self.clock.now();
        let Some(link) = self.accounts.new_reset(email, now)? else {
            return Ok(());
        };
        let letter = Letter {
            says: &[format!(
                "Somebody, you most likely, asked for another password for {email} in admx."
            )],
            link: &format!("{base_url}/login/password/{link}"),
            action: "Set another password",
            ends: "The link works once, within an hour. Did you not ask for it? Then leave it alone: nothing has changed.",
        };
        let subject = "Another password for admx".to_owned();
        self.letter("reset", email.as_str(), subject, &letter, TRIED_RESET)
    }

    /// Mails an invitation.
    pub fn invite(&self, invitation: &Invitation, by: &str, link: &str) -> anyhow::Result<()> {
        let workspace = &invitation.workspace_name;
        let letter = Letter {
            says: &[format!(
                "{by} invites you to {workspace} in admx, where the numbers of websites are, as {}.",
                invitation.role
            )],
            link,
            action: "Join",
            ends: "The link works once, within seven days. Do you know nothing of this? Then leave it alone.",
        };
        let subject = format!("Join {workspace} in admx");
        self.letter(
            "invitation",
            invitation.email.as_str(),
            subject,
            &letter,
            TRIED,
        )
    }

    fn letter(
        &self,
        kind: &'static str,
        to: &str,
        subject: String,
        letter: &Letter,
        tried: SignedDuration,
    ) -> anyhow::Result<()> {
        let content = Content {
            subject,
            text: letter.text(),
            html: letter.html()?,
            unsubscribe: None,
        };
        let now = self.clock.now();
        let new = New {
            kind,
            report: None,
            recipient: to,
            text: &message::write(&self.from, to, content, now)?,
            until: now + tried,
        };
        self.queue.push(&new, now)?;
        self.new.notify_one();
        Ok(())
    }

    /// Mails somebody the latest report of a site at once, whether or not it was sent before.
    pub fn report_now(
        &self,
        site: &Site,
        (user, email): (i64, &str),
        every: Every,
    ) -> anyhow::Result<()> {
        let now = self.clock.now();
        let period = Period::latest(every, &site.zone, now);
        let period = period.ok_or_else(|| anyhow::anyhow!("no day comes before"))?;
        self.report(site, (user, email), &period, false)
    }

    fn report(
        &self,
        site: &Site,
        (user, email): (i64, &str),
        period: &Period,
        is_once: bool,
    ) -> anyhow::Result<()> {
        let range = &period.range;
        let mut figures = Figures::read(&self.store, site, range, &period.before())?;
        if let Some(base_url) = &self.base_url {
            let token = token::make(&self.secret, site.id.0, user);
            figures.unsubscribe = Some(format!("{base_url}/unsubscribe/{token}"));
            figures.link = Some(format!(
                "{base_url}/dashboard/analytics?site={}&range=custom&from={}&to={}&compare=before",
                site.website_id, range.from, range.to
            ));
        }
        let content = Content {
            subject: figures.subject(),
            text: figures.text()?,
            html: figures.html()?,
            unsubscribe: figures.unsubscribe.clone(),
        };
        let now = self.clock.now();
        let new = New {
            kind: "report",
            report: Some(OfReport {
                site: site.id.0,
                user,
                days: figures.days().to_owned(),
                once: is_once.then_some(range.to),
            }),
            recipient: email,
            text: &message::write(&self.from, email, content, now)?,
            until: now + TRIED,
        };
        self.queue.push(&new, now)?;
        self.new.notify_one();
        Ok(())
    }

    /// Somebody's latest reports, latest first.
    pub fn latest(&self, user: i64, most: u32) -> rusqlite::Result<Vec<Sent>> {
        self.queue.latest(user, most)
    }

    /// Ends somebody's reports of a site, those that wait too.
    pub fn end_report(&self, site: &Site, user: i64) -> rusqlite::Result<bool> {
        let ended = self.accounts.end_report(site.id, user)?;
        self.queue.give_up(site.id.0, user)?;
        Ok(ended)
    }

    /// What the link that ends a report names: the site, while it is there, and the person; nothing where it isn't ours.
    pub fn unsubscribe(&self, token: &str) -> rusqlite::Result<Option<(Option<Arc<Site>>, i64)>> {
        let Some((id, user)) = token::read(&self.secret, token) else {
            return Ok(None);
        };
        let sites = self.accounts.every_site()?;
        let site = sites.into_iter().find(|site| site.id.0 == id);
        Ok(Some((site, user)))
    }

    /// Mails what there is to mail until the server stops.
    pub async fn run(self: Arc<Self>, mut stopping: watch::Receiver<bool>) {
        let mut round = 0;
        while !*stopping.borrow() {
            if round % REPORTS == 0 {
                let this = self.clone();
                match tokio::task::spawn_blocking(move || this.find()).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::warn!(%error, "reports could not be made"),
                    Err(error) => tracing::error!(%error, "making reports died"),
                }
            }
            round += 1;
            if let Err(error) = self.send_due(&stopping).await {
                tracing::warn!(%error, "mail could not be looked after");
            }
            tokio::select! {
                () = tokio::time::sleep(OFTEN) => {}
                () = self.new.notified() => {}
                _ = stopping.wait_for(|stopping| *stopping) => return,
            }
        }
    }

    /// Puts the reports that are due into the queue. One that can't be made doesn't keep the others back.
    fn find(&self) -> anyhow::Result<()> {
        let now = self.clock.now();
        for (report, site) in self.accounts.every_report()? {
            if let Err(error) = self.find_one(&report, &site, now) {
                tracing::warn!(%error, website_id = site.website_id, "a report could not be made");
            }
        }
        Ok(())
    }

    fn find_one(&self, report: &Report, site: &Site, now: Timestamp) -> anyhow::Result<()> {
        let Some(period) = Period::latest(report.every, &site.zone, now) else {
            return Ok(());
        };
        let to = period.range.to;
        if period.due <= report.since || !self.can_reach(&report.email) {
            return Ok(());
        }
        if self.queue.is_reported(site.id.0, report.user, to)? {
            return Ok(());
        }
        self.report(site, (report.user, &report.email), &period, true)
    }

    /// Sends what is due, one after the other: they all go to the same server.
    async fn send_due(self: &Arc<Self>, stopping: &watch::Receiver<bool>) -> anyhow::Result<()> {
        while !*stopping.borrow() {
            let (this, now) = (self.clone(), self.clock.now());
            let due = tokio::task::spawn_blocking(move || this.queue.due(now)).await??;
            let Some(due) = due else {
                return Ok(());
            };
            let sent = self.deliver(&due).await;
            let this = self.clone();
            tokio::task::spawn_blocking(move || this.note(&due, sent)).await??;
        }
        Ok(())
    }

    async fn deliver(&self, due: &Due) -> Result<&'static str, Failure> {
        let envelope = message::envelope(&self.from, &due.recipient).map_err(|error| Failure {
            because: format!("it has no address that mail can go to: {error}"),
            is_final: true,
        })?;
        let number = (due.id, due.made_at);
        self.carrier.send(number, &envelope, &due.text).await
    }

    fn note(&self, due: &Due, sent: Result<&'static str, Failure>) -> rusqlite::Result<()> {
        let failure = match sent {
            Ok(where_to) => return self.queue.end(due.id, true, where_to),
            Err(failure) => failure,
        };
        let because = &failure.because;
        // By its number: an address is nobody's business who reads logs.
        tracing::warn!(mail = due.id, "mail was not sent: {because}");
        let next = self.clock.now() + pause(due.tries);
        if failure.is_final || next >= due.until {
            self.queue.end(due.id, false, because)
        } else {
            self.queue.retry(due.id, because, next)
        }
    }
}
