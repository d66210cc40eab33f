//! What the pages of a site have in common: the bar, the days, the filters that hold.

use std::sync::Arc;

use jiff::civil::Date;

use super::view::{Span, View};
use crate::account::{Note, SavedView, Site, Workspace, WorkspaceId};
use crate::query::filter::Filter;
use crate::query::range::Range;
use crate::query::sentence;

/// Around a page of a site.
pub struct Frame {
    /// What is looked at.
    pub view: View,
    /// The site.
    pub site: Arc<Site>,
    /// The workspace's sites, to choose from.
    pub sites: Arc<[Arc<Site>]>,
    /// The workspace that it belongs to.
    pub workspace: WorkspaceId,
    /// The workspaces of whoever looks, to choose from.
    pub workspaces: Vec<Workspace>,
    /// The days.
    pub range: Range,
    /// The page's name in the address, such as `analytics`.
    pub page: String,
    /// What the page is asked for beside the view, as it stands behind its `?`; empty, or with an `&` in front.
    pub asked: String,
    /// What happened on these days.
    pub notes: Vec<Note>,
    /// Views that were saved.
    pub saved: Vec<SavedView>,
    /// Who looks.
    pub looks: Looks,
}

/// Who looks at a page of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looks {
    /// Whoever has the public link: sums, and nothing of single visitors.
    Anybody,
    /// Somebody of the workspace.
    Member,
    /// Somebody who may change things.
    Editor,
}

/// A link that is one of several to choose from.
pub(super) struct Choice {
    pub(super) words: String,
    pub(super) address: String,
    pub(super) is_chosen: bool,
}

/// A filter that holds, and the page without it.
pub(super) struct Chip {
    pub(super) words: String,
    pub(super) without: String,
    /// The page with its opposite.
    pub(super) opposite: String,
    /// Where another is chosen, either of which is enough.
    pub(super) or: String,
}

impl Frame {
    /// This page with something of the view changed.
    pub(super) fn with(&self, change: impl FnOnce(&mut View)) -> String {
        self.view.with(change).address(&self.page) + &self.asked
    }

    /// Another page with the same view.
    pub(super) fn to(&self, page: &str) -> String {
        self.view.address(page)
    }

    /// Where a filter is chosen that the page `back` is shown with then, with all that it is asked for beside.
    pub(super) fn filter_address(&self, back: &str) -> String {
        let mut more = url::form_urlencoded::Serializer::new(String::new());
        more.append_pair("back", back);
        if !self.asked.is_empty() {
            more.append_pair("asked", &self.asked);
        }
        format!("{}&{}", self.to("filter"), more.finish())
    }

    /// The same for a filter that holds instead of one that is there, whose place this is.
    pub(super) fn or_address(&self, place: usize) -> String {
        format!("{}&or={place}", self.filter_address(&self.page))
    }

    pub(super) fn spans(&self) -> Vec<Choice> {
        let choice = |(_, span, words): (&str, Span, &str)| Choice {
            words: words.to_owned(),
            is_chosen: self.view.span == span,
            address: self.with(|view| view.span = span),
        };
        Span::NAMED.into_iter().map(choice).collect()
    }

    pub(super) fn is_public(&self) -> bool {
        self.looks == Looks::Anybody
    }

    pub(super) fn may_edit(&self) -> bool {
        self.looks == Looks::Editor
    }

    /// This page's address but for what stands before it.
    pub(super) fn here(&self) -> String {
        format!("{}?{}{}", self.page, self.view.query(), self.asked)
    }

    /// What the page is asked for beside the view, part by part.
    pub(super) fn asked_parts(&self) -> Vec<(String, String)> {
        super::form::parts(&self.asked)
    }

    /// A saved view's address.
    pub(super) fn saved_address(&self, saved: &SavedView) -> String {
        format!("{}/{}", self.view.base, saved.address)
    }

    pub(super) fn dates(&self) -> (Date, Date) {
        (self.range.from, self.range.to)
    }

    pub(super) fn range_words(&self) -> String {
        sentence::range(&self.range)
    }

    /// The parts of the address that a form for other dates keeps.
    pub(super) fn kept(&self) -> Vec<(&'static str, String)> {
        self.view.with(|view| view.span = Span::Days(30)).pairs()
    }

    pub(super) fn chips(&self) -> Vec<Chip> {
        let chip = |(at, filter)| Chip {
            words: sentence::filter(filter),
            without: self.with(|view| drop(view.filters.remove(at))),
            opposite: self.with(|view| {
                view.filters[at] = match filter.clone() {
                    Filter::Not(one) => *one,
                    one => Filter::Not(Box::new(one)),
                };
            }),
            or: self.or_address(at),
        };
        self.view.filters.iter().enumerate().map(chip).collect()
    }

    /// The page of another site; filters are of the one that is left.
    pub(super) fn site_address(&self, site: &Site) -> String {
        let view = self.view.with(|view| {
            view.site = site.website_id.clone();
            view.filters.clear();
        });
        view.address("analytics")
    }

    /// Whether a page is the one that is shown, or above it.
    pub(super) fn is_at(&self, page: &str) -> bool {
        self.page == page
    }
}
