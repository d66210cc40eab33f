//! Who is told of what was committed: pages that move while one looks at them.

use tokio::sync::broadcast;

use super::event::SiteId;
use super::read::Fire;

/// News that a listener may fall behind before it misses some; a page that does reads the numbers anew anyway.
const BACKLOG: usize = 256;

/// A channel to everyone who looks.
#[derive(Clone)]
pub struct Live(broadcast::Sender<(SiteId, Fire)>);

impl Default for Live {
    fn default() -> Self {
        Live(broadcast::Sender::new(BACKLOG))
    }
}

impl Live {
    /// Everything that is committed from now on, of every site.
    pub fn listen(&self) -> broadcast::Receiver<(SiteId, Fire)> {
        self.0.subscribe()
    }

    /// Whether anyone listens.
    pub(super) fn is_heard(&self) -> bool {
        self.0.receiver_count() > 0
    }

    pub(super) fn tell(&self, site: SiteId, fire: Fire) {
        // It fails when nobody listens, which is fine.
        let _ = self.0.send((site, fire));
    }
}
