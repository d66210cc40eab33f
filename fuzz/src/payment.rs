//! Webhooks of payment providers: bodies, and the header with the signature. The first byte says whose: `p` Paddle's,
//! anything else Stripe's.

use jiff::Timestamp;

use crate::account::Provider;
use crate::cost::within;
use crate::ground::NOW;
use crate::payment::{self, signature};

pub fn payment(input: &[u8]) {
    let Some((whose, bytes)) = input.split_first() else {
        return;
    };
    let provider = match whose {
        b'p' => Provider::Paddle,
        _ => Provider::Stripe,
    };
    if let Ok(header) = std::str::from_utf8(bytes) {
        let enough = (1 << 16) + 8 * bytes.len();
        let is_right = || signature::is_right(provider, header, b"{}", "nobody knows this", NOW);
        assert!(!within(enough, is_right));
    }
    let enough = (1 << 20) + 256 * bytes.len();
    let Some(notice) = within(enough, || payment::read(provider, bytes)) else {
        return;
    };
    right(&notice);
    // It says the same again.
    assert_eq!(payment::read(provider, bytes), Some(notice));
}

fn right(notice: &payment::Notice) {
    let payer = [&notice.payer.visitor, &notice.payer.user];
    let ids = [&notice.id, &notice.kind].into_iter().chain(&notice.things);
    for text in ids.chain(payer.into_iter().flatten()) {
        assert!(!text.is_empty() && text.chars().count() <= 256);
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
    assert!(notice.things.len() <= 8 && notice.at >= Timestamp::MIN);
    match &notice.fire {
        Ok(fire) => {
            assert!(!fire.transaction().is_empty());
            let minor = fire.money().map_or(0, |money| money.minor);
            assert!(minor.abs() < 9_000_000_000_000_000);
        }
        Err(reason) => assert!(!reason.is_empty()),
    }
}
