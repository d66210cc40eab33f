//! What of an answer's groups somebody needs: who was there, or only how many, which a store that is far away can count
//! where the events are.

use roaring::RoaringBitmap;

use super::group::Fold;

/// What is needed of each group beside its sums. A store may give more.
#[derive(Clone, Copy)]
pub struct Needs<'a> {
    /// Of visitors.
    pub visitors: Who<'a>,
    /// Whether what it brought is.
    pub revenue: bool,
}

/// What is needed of a group's visitors.
#[derive(Clone, Copy)]
pub enum Who<'a> {
    /// Who they are.
    Named,
    /// How many they are.
    Counted(Together<'a>),
    /// Nothing.
    Nobody,
}

/// Groups that are counted as one.
#[derive(Clone, Copy)]
pub struct Together<'a> {
    /// Gives one day for all that are one. A group of several stands at any of them, but what it brought, which stands at
    /// its own days.
    pub days: &'a dyn Fn(i32) -> i32,
    /// The same of numbers that are grouped by; of several things each says it itself.
    pub fold: Option<&'a Fold>,
    /// Visitors who are named all the same: others are counted elsewhere too, or are the same person as somebody.
    pub named: &'a RoaringBitmap,
}

impl<'a> Needs<'a> {
    /// The same, with other numbers that are one.
    pub fn folded(&self, fold: &'a Fold) -> Needs<'a> {
        let visitors = match self.visitors {
            Who::Counted(together) => Who::Counted(Together {
                fold: Some(fold),
                ..together
            }),
            other => other,
        };
        Needs { visitors, ..*self }
    }
}

impl Needs<'_> {
    /// Everything.
    pub const ALL: Needs<'static> = Needs {
        visitors: Who::Named,
        revenue: true,
    };
    /// Who was there.
    pub const NAMED: Needs<'static> = Needs {
        visitors: Who::Named,
        revenue: false,
    };
    /// Sums alone.
    pub const SUMS: Needs<'static> = Needs {
        visitors: Who::Nobody,
        revenue: false,
    };
}
