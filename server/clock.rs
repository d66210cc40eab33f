//! Where the time comes from: the machine, or a fixed instant for tests and demonstrations.

use jiff::Timestamp;

/// Tells the time.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// Always this instant.
    Fixed(Timestamp),
}

impl Clock {
    /// The instant it is now.
    pub fn now(&self) -> Timestamp {
        match self {
            Clock::System => Timestamp::now(),
            Clock::Fixed(at) => *at,
        }
    }
}
