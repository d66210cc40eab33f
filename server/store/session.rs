//! Sessions: visits of one visitor to one site, ended by 30 idle minutes (contract §7). Pure: rows in, places out.
//!
//! A session is known by the number of its first event, so it needs no table: each event says to which session it
//! belongs and how many seconds passed since the event before it, and the first one says what brought it. Sums of these
//! over any days are exact: sessions begun, seconds spent, sessions that were more than one page.
//!
//! An event that comes late joins the session that was going on at its time, if that is the visitor's last one; else it
//! makes a session of its own. The first event *stored* settles what brought a session.

use crate::recent::Recent;

/// Idle time that ends a session, in milliseconds.
pub(super) const IDLE: i64 = 30 * 60 * 1000;

/// Visitors whose last session is held in memory, at least.
const HELD: usize = 200_000;

/// A session that may go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Session {
    /// The number of its first event.
    pub(super) id: i64,
    /// Its earliest and its latest event, milliseconds since 1970.
    pub(super) from: i64,
    pub(super) to: i64,
    /// Whether it is more than a look at one page: a second page, or a goal.
    pub(super) engaged: bool,
    /// What all its events share.
    pub(super) shared: Shared,
}

/// What a session's first event settles for all of it: numbers in their tables, 0 for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shared {
    /// The page it began on.
    pub(super) entry: u32,
    pub(super) origin: u32,
    pub(super) client: u32,
}

/// An event's place in a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// The session's number, 0 for none.
    pub(super) session: i64,
    /// Whether it is the first event.
    pub(super) begins: bool,
    /// Seconds since the session's event before it.
    pub(super) seconds: u16,
    /// Whether the session is engaged from this event on.
    pub(super) engages: bool,
    pub(super) shared: Shared,
}

/// The sessions that may go on, by visitor.
pub(super) struct Sessions(Recent<u32, Session>);

impl Sessions {
    pub(super) fn new() -> Sessions {
        Sessions(Recent::new(HELD))
    }

    /// The session that an event at `at` joins, if one is going on then.
    pub(super) fn join(&mut self, visitor: u32, at: i64) -> Option<Place> {
        let session = self.0.get(&visitor)?;
        if at > session.to + IDLE || at < session.from - IDLE {
            return None;
        }
        let second = |at: i64| at.div_euclid(1000);
        let before = (second(session.from), second(session.to));
        session.from = session.from.min(at);
        session.to = session.to.max(at);
        let after = (second(session.from), second(session.to));
        // What the event adds to the session's length; nothing when it lies between two others.
        let seconds = (before.0 - after.0) + (after.1 - before.1);
        // Whatever joins is a second page or a goal.
        let engages = !std::mem::replace(&mut session.engaged, true);
        Some(Place {
            session: session.id,
            begins: false,
            seconds: u16::try_from(seconds).unwrap_or(u16::MAX),
            engages,
            shared: session.shared,
        })
    }

    /// Begins a session with the event numbered `id`.
    pub(super) fn begin(
        &mut self,
        visitor: u32,
        id: i64,
        at: i64,
        is_goal: bool,
        shared: Shared,
    ) -> Place {
        let session = Session {
            id,
            from: at,
            to: at,
            engaged: is_goal,
            shared,
        };
        // A late event's session must not end the one that is going on.
        match self.0.get(&visitor) {
            Some(known) if known.to > at => {}
            _ => self.0.insert(visitor, session),
        }
        Place {
            session: id,
            begins: true,
            seconds: 0,
            engages: is_goal,
            shared,
        }
    }

    /// Takes back a session as it was stored: what is held after a start is what was held before.
    pub(super) fn resume(&mut self, visitor: u32, at: i64, place: &Place) {
        match self.0.get(&visitor) {
            Some(known) if known.id == place.session => {
                known.from = known.from.min(at);
                known.to = known.to.max(at);
                known.engaged |= place.engages || !place.begins;
            }
            Some(known) if known.to > at => {}
            _ => self.0.insert(
                visitor,
                Session {
                    id: place.session,
                    from: at,
                    to: at,
                    engaged: place.engages || !place.begins,
                    shared: place.shared,
                },
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn place(sessions: &mut Sessions, id: i64, at: i64, is_goal: bool) -> (i64, u16, bool) {
        let place = sessions
            .join(1, at)
            .unwrap_or_else(|| sessions.begin(1, id, at, is_goal, Shared::default()));
        (place.session, place.seconds, place.engages)
    }

    #[test]
    fn thirty_idle_minutes_end_a_session() {
        let mut sessions = Sessions::new();
        for (id, minute, is_goal, expected) in [
            (1, 0, false, (1, 0, false)),
            (2, 30, false, (1, 1800, true)),
            (3, 31, true, (1, 60, false)),
            (4, 62, false, (4, 0, false)),
            // Late, within the session: it adds no time. Late, before it: a session of its own that ends nothing.
            (5, 61, false, (4, 60, true)),
            (6, 0, true, (6, 0, true)),
            (7, 63, false, (4, 60, false)),
            (8, 62, false, (4, 0, false)),
        ] {
            let found = place(&mut sessions, id, minute * MINUTE, is_goal);
            assert_eq!(found, expected, "event {id}");
        }
    }

    #[test]
    fn what_is_resumed_goes_on_as_if_nothing_had_been() {
        let (mut kept, mut resumed) = (Sessions::new(), Sessions::new());
        let at = [0, 10, 12, 50, 51].map(|minute| minute * MINUTE);
        for (id, at) in (1..).zip(at) {
            let place = kept
                .join(1, at)
                .unwrap_or_else(|| kept.begin(1, id, at, false, Shared::default()));
            resumed.resume(1, at, &place);
        }
        assert_eq!(kept.0.get(&1), resumed.0.get(&1));
    }
}
