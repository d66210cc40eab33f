//! What a live stream tells.

use serde::{Deserialize, Serialize};

/// Something that was stored a moment ago.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fire {
    /// The goal; `None` for a page view.
    pub name: Option<String>,
    /// Whether it is one of the goals that fire by themselves.
    pub reserved: bool,
    /// When, as the page shows it: `10:30:05`, in the site's zone.
    pub time: String,
    /// The page's address.
    pub url: Option<String>,
    /// What the site attached, as JSON.
    pub metadata: Option<String>,
}

impl Fire {
    /// What people call it: reserved goals by their plain name.
    pub fn label(&self) -> &str {
        match &self.name {
            Some(name) => plain_name(name),
            None => "Page view",
        }
    }
}

/// The plain name of a reserved goal; any other name as it is.
pub fn plain_name(name: &str) -> &str {
    match name {
        "__admx_outbound_click" => "Outbound click",
        "__admx_file_download" => "File download",
        "__admx_form_submit" => "Form submit",
        "__admx_video_play" => "Video play",
        "__admx_scroll_50" => "Scrolled past 50 %",
        "__admx_scroll_75" => "Scrolled past 75 %",
        "__admx_scroll_90" => "Scrolled past 90 %",
        other => other,
    }
}
