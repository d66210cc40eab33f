//! With what somebody came: what a user agent says, and where an address is. Each user agent is read once and remembered.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use super::agent::{Agent, Agents};
use super::bot::Bots;
use super::place::Places;
use crate::recent::Recent;
use crate::store::event::Client;

/// User agents that are remembered, at least.
const HELD: usize = 5_000;

/// Bytes of a user agent that is remembered; longer ones are read each time.
const LENGTH: usize = 512;

/// Reads user agents and addresses.
pub(crate) struct Clients {
    agents: Agents,
    bots: Bots,
    places: Option<Places>,
    read: Mutex<Recent<Box<str>, Read>>,
}

#[derive(Clone, Copy)]
struct Read {
    agent: Agent,
    is_bot: bool,
}

impl Clients {
    pub(crate) fn new(places: Option<Places>) -> Clients {
        Clients {
            agents: Agents::new(),
            bots: Bots::new(),
            places,
            read: Mutex::new(Recent::new(HELD)),
        }
    }

    /// With what somebody came, and whether that is a bot.
    pub(crate) fn read(&self, user_agent: &str, address: IpAddr) -> (Client, bool) {
        let Read { agent, is_bot } = self.agent(user_agent);
        let places = self.places.as_ref();
        let client = Client {
            browser: agent.browser,
            os: agent.os,
            device: agent.device.name(),
            country: places.and_then(|places| places.country(address)),
        };
        (client, is_bot)
    }

    /// `Firefox on Windows`, as far as it is known.
    pub(crate) fn described(&self, user_agent: &str) -> Option<String> {
        let Agent { browser, os, .. } = self.agent(user_agent).agent;
        match (browser, os) {
            ("", _) => None,
            (browser, "") => Some(browser.to_owned()),
            (browser, os) => Some(format!("{browser} on {os}")),
        }
    }

    fn agent(&self, user_agent: &str) -> Read {
        let held = || self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(read) = held().get(user_agent) {
            return *read;
        }
        let read = Read {
            agent: self.agents.read(user_agent),
            is_bot: self.bots.is_bot(user_agent),
        };
        if user_agent.len() <= LENGTH {
            held().insert(user_agent.into(), read);
        }
        read
    }
}
