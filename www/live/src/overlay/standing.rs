//! Whether the pixel counts on this page, and if not, why: as `pixel/shim/storage.js` decides it.

/// What that hangs on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts {
    /// `admx.optedIn()`.
    pub is_open: bool,
    /// The browser is automated, and the tag doesn't allow that.
    pub is_automated: bool,
    /// `localStorage.admx_ignore` is `true`.
    pub is_ignored: bool,
    /// The page is on this machine, and the tag doesn't allow that.
    pub is_local: bool,
    /// The visitor opted out, less than a year ago.
    pub is_opted_out: bool,
    /// Nothing is stored in the browser.
    pub is_cookieless: bool,
}

/// In words.
pub fn words(facts: Facts) -> &'static str {
    match facts {
        Facts {
            is_open: true,
            is_cookieless: true,
            ..
        } => "Counts, and stores nothing here",
        Facts { is_open: true, .. } => "Counts",
        Facts {
            is_automated: true, ..
        } => "Off: the browser is automated",
        Facts {
            is_ignored: true, ..
        } => "Off: admx_ignore is set in this browser",
        Facts { is_local: true, .. } => "Off: on localhost without data-allow-localhost",
        Facts {
            is_opted_out: true, ..
        } => "Off: opted out in this browser",
        _ => "Waits for admx.optIn()",
    }
}

/// Whether a host name means this machine.
pub fn is_local(host: &str) -> bool {
    let digits = |rest: &str| rest.chars().all(|c| c.is_ascii_digit() || c == '.');
    matches!(host, "" | "localhost" | "[::1]") || host.strip_prefix("127.").is_some_and(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_it_off_is_named() {
        let closed = Facts::default();
        let open = Facts {
            is_open: true,
            ..closed
        };
        for (facts, expected) in [
            (open, "Counts"),
            (
                Facts {
                    is_cookieless: true,
                    ..open
                },
                "Counts, and stores nothing here",
            ),
            (closed, "Waits for admx.optIn()"),
            (
                Facts {
                    is_local: true,
                    ..closed
                },
                "Off: on localhost without data-allow-localhost",
            ),
            (
                Facts {
                    is_opted_out: true,
                    ..closed
                },
                "Off: opted out in this browser",
            ),
        ] {
            assert_eq!(words(facts), expected, "{facts:?}");
        }
        for (host, expected) in [
            ("", true),
            ("localhost", true),
            ("127.0.0.1", true),
            ("127.1", true),
            ("[::1]", true),
            ("127.0.0.1.example.com", false),
            ("example.com", false),
            ("localhost.example.com", false),
        ] {
            assert_eq!(is_local(host), expected, "{host}");
        }
    }
}
