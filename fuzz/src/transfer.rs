//! Files that are brought in: exports of this product and of others, and what of them becomes events.

use crate::ground::{DOMAIN, GROUND, NOW};
use crate::ingest::imported::Imported;
use crate::store::event::EventId;
use crate::transfer::line::Format;
use crate::transfer::{Found, Item, goatcounter, umami};

pub fn transfer(input: &[u8]) {
    for format in [Format::Csv, Format::Ndjson] {
        if let Ok(items) = format.read(input) {
            taken(items, input.len());
        }
    }
    for items in [goatcounter::read(input, DOMAIN), umami::read(input, DOMAIN)] {
        match items {
            Ok(items) => taken(items.into_iter(), input.len()),
            Err(why) => assert!(!why.is_empty()),
        }
    }
}

fn taken(items: impl Iterator<Item = Item>, length: usize) {
    let mut imported = Imported::new(GROUND.site.clone(), NOW);
    let mut ids = std::collections::HashSet::new();
    let mut lines = 0;
    for item in items {
        lines += 1;
        match item {
            Ok((_, Found::Line(line))) => match imported.event(&line) {
                Ok(event) => {
                    assert!(event.at <= NOW && event.visitor.is_some() | event.user.is_none());
                    let EventId::Given(id) = event.id else {
                        panic!("an imported event has an id of its own")
                    };
                    assert!(ids.insert(id), "each event has another id");
                }
                Err(refusal) => assert!(!refusal.message.is_empty()),
            },
            Ok((_, Found::Bad(why))) | Err(why) => assert!(!why.is_empty()),
            Ok((_, Found::Left(_))) => {}
        }
    }
    assert!(lines <= length + 1);
}
