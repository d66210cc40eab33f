//! Which visits' tags look wrong, and links that are right.

use askama::Template;

use super::frame::Frame;
use crate::pages::words;
use crate::query::dimension::{Dimension, Named};
use crate::tagging::Report;
use crate::tagging::check::{ALL, Finding, MEDIA, Tags};
use crate::tagging::link::{Link, Wanted};

/// Rows of a problem.
const ROWS: usize = 20;

/// `/dashboard/tagging`
#[derive(Template)]
#[template(path = "tagging.html", config = "www/askama.toml")]
pub struct Tagging {
    frame: Frame,
    sessions: u64,
    summary: String,
    problems: Vec<ProblemRows>,
    wanted: Wanted,
    link: Option<Shown>,
    wrong: Option<String>,
    media: Vec<&'static str>,
}

/// The form, and what became of it.
pub struct Built {
    /// As it was filled in.
    pub wanted: Wanted,
    /// The link, or what is wrong; nothing where nobody asked.
    pub built: Option<Result<Link, String>>,
}

/// A link as it is shown.
struct Shown {
    url: String,
    channel: &'static str,
    problems: Vec<(String, &'static str)>,
}

struct ProblemRows {
    code: &'static str,
    title: &'static str,
    advice: &'static str,
    sessions: String,
    rows: Vec<Row>,
    more: usize,
}

struct Row {
    /// Those visits' analytics.
    address: String,
    tags: Vec<(&'static str, String)>,
    sessions: String,
    channel: &'static str,
    better: Option<(String, &'static str)>,
    /// The form filled in with the better tags.
    build: Option<String>,
}

fn written(tags: &Tags) -> String {
    let parts = [
        ("source", &tags.source),
        ("medium", &tags.medium),
        ("campaign", &tags.campaign),
    ];
    let parts = parts.iter().filter(|(_, text)| !text.is_empty());
    let parts: Vec<_> = parts.map(|(name, text)| format!("{name} {text}")).collect();
    parts.join(", ")
}

impl Tagging {
    /// Of a report, and a link to be.
    pub fn new(frame: Frame, found: &Report, Built { wanted, built }: Built) -> Tagging {
        let of = |place: usize| {
            let about = &ALL[place];
            let findings = found.findings.iter();
            let findings: Vec<_> = findings.filter(|f| f.problem == about.problem).collect();
            let sessions: u64 = findings.iter().map(|finding| finding.sessions).sum();
            let rows = findings.iter().take(ROWS);
            let rows: Vec<_> = rows.map(|finding| row(&frame, finding)).collect();
            (
                sessions,
                ProblemRows {
                    code: about.code,
                    title: about.title,
                    advice: about.advice,
                    sessions: visits(sessions),
                    more: findings.len() - rows.len(),
                    rows,
                },
            )
        };
        let mut problems: Vec<_> = (0..ALL.len()).map(of).collect();
        problems.retain(|(_, problem)| !problem.rows.is_empty());
        problems.sort_by_key(|(sessions, _)| std::cmp::Reverse(*sessions));
        let share = words::percent(
            (found.sessions > 0).then(|| found.wrong as f64 / found.sessions as f64),
        );
        let summary = match found.wrong {
            0 => format!("All tags of {} look right", visits(found.sessions)),
            wrong => format!(
                "{} of {} ({share}) have tags that look wrong",
                words::count(wrong),
                visits(found.sessions)
            ),
        };
        let (link, wrong) = match built {
            None => (None, None),
            Some(Err(wrong)) => (None, Some(wrong)),
            Some(Ok(link)) => {
                let problems = link.problems.iter().map(|(problem, better)| {
                    let about = problem.about();
                    let better = better.as_ref().map(written);
                    let better = better.map(|better| format!(": better is {better}"));
                    (
                        format!("{}{}", about.title, better.unwrap_or_default()),
                        about.advice,
                    )
                });
                let problems = problems.collect();
                let (url, channel) = (link.url, link.channel);
                (
                    Some(Shown {
                        url,
                        channel,
                        problems,
                    }),
                    None,
                )
            }
        };
        Tagging {
            sessions: found.sessions,
            summary,
            problems: problems.into_iter().map(|(_, problem)| problem).collect(),
            wanted,
            link,
            wrong,
            media: MEDIA.to_vec(),
            frame,
        }
    }
}

fn visits(count: u64) -> String {
    match count {
        1 => "1 visit".into(),
        count => format!("{} visits", words::count(count)),
    }
}

fn row(frame: &Frame, finding: &Finding) -> Row {
    let Tags {
        source,
        medium,
        campaign,
    } = &finding.tags;
    let told = [
        (Named::Source, "source", source),
        (Named::Medium, "medium", medium),
        (Named::Campaign, "campaign", campaign),
    ];
    let mut view = frame.view.clone();
    for (named, _, value) in told {
        let value = Some(value.as_str()).filter(|value| !value.is_empty());
        view = view.toggled(&Dimension::Named(named), value);
    }
    let mut tags: Vec<_> = told
        .iter()
        .map(|(_, name, value)| (*name, (*value).clone()))
        .collect();
    tags.push(("click id", finding.click.clone()));
    tags.retain(|(_, value)| !value.is_empty());
    let build = finding.better.as_ref().map(|better| {
        let page = format!("https://{}/", frame.site.domain);
        let parts = [
            ("url", page.as_str()),
            ("source", &better.source),
            ("medium", &better.medium),
            ("campaign", &better.campaign),
        ];
        super::form::changed(frame, &parts)
    });
    let better = finding.better.as_ref();
    Row {
        address: view.address("analytics"),
        tags,
        sessions: words::count(finding.sessions),
        channel: finding.channel,
        better: better.map(|better| (written(better), better.channel())),
        build: build.map(|address| address + "#link"),
    }
}
