//! What happened before a conversion.

/// A visit before a conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// What it is counted as: the place of its channel, source, campaign or page in a list.
    pub label: u32,
    /// Milliseconds before the conversion.
    pub before: i64,
    /// Whether nothing is known to have brought it.
    pub is_direct: bool,
    /// Whether it was paid for.
    pub is_paid: bool,
}

/// The visits before one conversion, or those of somebody who didn't convert.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journey {
    /// In the order in which they happened.
    pub touches: Vec<Touch>,
    /// During which of them the lead goal first fired.
    pub lead: Option<usize>,
}
