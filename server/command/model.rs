//! Which language model reads what the grammar of questions doesn't: flags of `admx serve` and `admx mcp`. Nobody's, unless
//! set.

use std::sync::Arc;
use std::time::Duration;

use crate::account::Accounts;
use crate::ask::model::{Model, Settings};
use crate::clock::Clock;

#[derive(clap::Args)]
#[group(skip)]
pub(super) struct Flags {
    /// Where a language model is asked to read questions that the grammar doesn't, by OpenAI's protocol, such as
    /// http://localhost:11434/v1; it gets the question and the names of goals and dimensions, and answers with a query
    // None of these is parsed here: an error of clap's repeats what was given, and help shows what variables hold.
    #[arg(
        long,
        env = "ADMX_ASK_MODEL_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    ask_model_url: Option<String>,
    /// Which model is asked there
    #[arg(long, env = "ADMX_ASK_MODEL", value_name = "NAME")]
    ask_model: Option<String>,
    /// The key that it wants, if any. Better as the variable: others on this machine can read flags
    #[arg(
        long,
        env = "ADMX_ASK_MODEL_KEY",
        hide_env_values = true,
        value_name = "KEY"
    )]
    ask_model_key: Option<String>,
    /// Seconds that it has for a question
    #[arg(long, env = "ADMX_ASK_MODEL_TIMEOUT", default_value_t = 10, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=300))]
    ask_model_timeout: u64,
    /// Requests to it a day (UTC), of all sites together; they are counted on disk
    #[arg(
        long,
        env = "ADMX_ASK_MODEL_BUDGET",
        default_value_t = 500,
        value_name = "N"
    )]
    ask_model_budget: u32,
}

impl Flags {
    /// The model that is named, if any.
    pub(super) fn model(
        &self,
        accounts: &Arc<Accounts>,
        clock: Clock,
    ) -> anyhow::Result<Option<Model>> {
        let settings = Settings::parse(
            self.ask_model_url.as_deref(),
            self.ask_model.as_deref(),
            self.ask_model_key.as_deref(),
            Duration::from_secs(self.ask_model_timeout),
            self.ask_model_budget,
        )?;
        Ok(settings.map(|settings| Model::new(settings, accounts.clone(), clock)))
    }
}
