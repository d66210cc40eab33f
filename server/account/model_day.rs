//! How many requests the language model was sent today: on disk, so that neither a restart nor a second process spends
//! more than a day may.

use jiff::civil::Date;
use rusqlite::params;

use super::Accounts;

impl Accounts {
    /// Counts one more request of a day; `false` where the day has had `most`.
    ///
    /// # Errors
    /// When it can't be written down.
    pub fn take_model_request(&self, day: Date, most: u32) -> rusqlite::Result<bool> {
        let day = day.to_string();
        self.change(|connection| {
            let transaction = connection.transaction()?;
            transaction.execute("DELETE FROM model_day WHERE day < ?1", [&day])?;
            let taken = transaction.execute(
                "INSERT INTO model_day (day, requests) SELECT ?1, 1 WHERE ?2 > 0
                 ON CONFLICT (day) DO UPDATE SET requests = requests + 1 WHERE requests < ?2",
                params![day, most],
            )?;
            transaction.commit()?;
            Ok(taken == 1)
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_day_has_so_many_requests_over_restarts_too() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Accounts::open(folder.path(), Timestamp::UNIX_EPOCH).unwrap();
        let day = |text: &str| text.parse::<Date>().unwrap();
        let accounts = open();
        let take = |accounts: &Accounts, date: &str, most| {
            accounts.take_model_request(day(date), most).unwrap()
        };
        assert!(!take(&accounts, "2026-07-15", 0));
        assert!(take(&accounts, "2026-07-15", 2));
        drop(accounts);
        let accounts = open();
        assert!(take(&accounts, "2026-07-15", 2));
        assert!(!take(&accounts, "2026-07-15", 2));
        assert!(take(&accounts, "2026-07-16", 2), "the next day");
    }
}
