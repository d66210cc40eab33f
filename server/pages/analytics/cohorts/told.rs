//! The people behind a cell.

use jiff::Timestamp;

use super::cohort_words;
use crate::cohort::Member;
use crate::cohort::question::Members;
use crate::pages::analytics::frame::Frame;
use crate::pages::words;

pub(super) struct Told {
    pub(super) title: String,
    pub(super) count: String,
    pub(super) people: Vec<(String, String, String, bool)>,
}

impl Told {
    pub(super) fn new(frame: &Frame, members: &[Member], asked: &Members) -> Told {
        let question = &asked.question;
        let of = match &asked.of {
            None => "All together".into(),
            Some(name) => cohort_words(question, name),
        };
        let age = asked.age.map(|age| question.age(&question.ages[age]));
        let age = age.map(|age| format!(", {} {age}", question.unit_words()));
        let person = |member: &Member| {
            let joined = Timestamp::from_millisecond(member.joined.0).unwrap_or_default();
            let at = joined.to_zoned(frame.site.zone.clone());
            (
                frame.to(&format!("visitors/{}", member.person)),
                format!("#{}", member.person),
                at.strftime("%-d %b %Y %H:%M").to_string(),
                member.came_back,
            )
        };
        // Who came back first, then the latest.
        let mut shown: Vec<&Member> = members.iter().collect();
        shown.sort_by_key(|member| !member.came_back);
        Told {
            title: format!("{of}{}", age.unwrap_or_default()),
            count: words::count(members.len() as u64),
            people: shown.into_iter().take(asked.limit).map(person).collect(),
        }
    }
}
