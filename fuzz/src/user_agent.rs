//! User agents: what is read of them, and at what cost.

use std::sync::LazyLock;
use std::time::Duration;

use crate::cost::quick;
use crate::ingest::agent::Agents;
use crate::ingest::client::Clients;

/// What reading one may take. Builds that fuzz are slow.
const QUICK: Duration = Duration::from_millis(20);

/// Bytes that HTTP's headers may have. One input in sixteen is repeated up to there.
const LONG: usize = 32 * 1024;

static AGENTS: LazyLock<Agents> = LazyLock::new(Agents::new);

pub fn user_agent(input: &[u8]) {
    static CLIENTS: LazyLock<Clients> = LazyLock::new(|| Clients::new(None));
    // A header has no control characters and nothing but ASCII, or it isn't read.
    let said: String = input
        .iter()
        .map(|byte| char::from(byte & 0x7f))
        .filter(|c| !c.is_control())
        .take(LONG)
        .collect();
    let agent = quick(QUICK, || AGENTS.read(&said));
    let read = || CLIENTS.read(&said, [192, 0, 2, 1].into());
    let (first, is_bot) = quick(QUICK, read);
    assert_eq!(
        read(),
        (first, is_bot),
        "what is remembered is what was read"
    );
    assert_eq!(
        (first.browser, first.os, first.device),
        (agent.browser, agent.os, agent.device.name())
    );
    assert_eq!(first.country, None);
    if said.is_empty() {
        assert!(!is_bot && agent.browser.is_empty());
    }
    if said.len() % 16 == 1 {
        let long = said.repeat(LONG / said.len());
        quick(QUICK, || CLIENTS.read(&long, [192, 0, 2, 1].into()));
        let (read, _) = long.split_at(long.len().min(1024));
        assert_eq!(AGENTS.read(&long), AGENTS.read(read));
    }
}
