//! A question as it was sent, before its site is known: as JSON, or behind the `?` of an address.

use std::marker::PhantomData;

use jiff::Timestamp;

use super::query_string::{Form, object, part};
use super::read::Parts;
use crate::account::Site;

/// Something that is asked.
pub(crate) trait Asks: Sized {
    /// The names of its parts in an address.
    const NAMES: &'static [(&'static str, Form)];

    /// Reads it for a site.
    ///
    /// # Errors
    /// In words: which part is wrong, and what would be right; here and below.
    fn of(parts: &mut Parts, site: &Site, now: Timestamp) -> Result<Self, String>;
}

/// The names of a question and some more.
pub(crate) const fn with<const MORE: usize, const ALL: usize>(
    names: &[(&'static str, Form)],
    more: [(&'static str, Form); MORE],
) -> [(&'static str, Form); ALL] {
    let mut all = [("", Form::Text); ALL];
    let mut place = 0;
    while place < ALL {
        all[place] = match place < names.len() {
            true => names[place],
            false => more[place - names.len()],
        };
        place += 1;
    }
    all
}

/// A question as it was sent.
#[derive(Debug)]
pub struct Sent<Q> {
    /// The site's public id; read by whoever knows the workspace.
    pub website_id: Option<String>,
    pub(super) parts: Parts,
    of: PhantomData<fn() -> Q>,
}

#[allow(private_bounds)]
impl<Q: Asks> Sent<Q> {
    /// From the body of a request.
    ///
    /// # Errors
    /// In words: which part is wrong, and what would be right; here and below.
    pub fn json(body: &[u8]) -> Result<Sent<Q>, String> {
        let mut known: Vec<&str> = Q::NAMES.iter().map(part).collect();
        let mut seen = Vec::new();
        known.retain(|name| {
            !seen.contains(name) && {
                seen.push(*name);
                true
            }
        });
        Sent::new(Parts::of_json(body, &known)?)
    }

    /// From what stands behind the `?` of an address.
    pub fn query_string(query: &str) -> Result<Sent<Q>, String> {
        Sent::new(Parts::of(object(query, Q::NAMES)?))
    }

    fn new(mut parts: Parts) -> Result<Sent<Q>, String> {
        Ok(Sent {
            website_id: parts.text("website_id")?,
            parts,
            of: PhantomData,
        })
    }

    /// Reads it for a site.
    pub fn read(mut self, site: &Site, now: Timestamp) -> Result<Q, String> {
        Q::of(&mut self.parts, site, now)
    }
}
