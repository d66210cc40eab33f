use super::*;
use proptest::prelude::*;

fn read(query: &str) -> Result<Question, String> {
    let now = "2026-11-24T12:00:00Z".parse().unwrap();
    Sent::query_string(query)?.read(&Site::sample(), now)
}

#[test]
fn a_question_comes_back_from_the_address_that_it_writes() {
    for outcome in ["fires", "revenue"] {
        let asked = format!(
            "outcome={outcome}&goals=A&currency=eur&grain=week&channel=paid+search&channel=Email&organic=Organic+Search&driver=Paid+Search:clicks\
             &prior=Email:2:0.5&measured=Paid+Search:4:0.5&lift=Email:2026-03-02..2026-03-15:-1:-4000:900\
             &event=Sale:2026-11-01..2026-11-05&event=Price:2026-11-06:9.5&control=Discount:zero&control=Shops+open&controls=false&notes=false&from=2026-01-01&to=2026-11-20"
        );
        let question = read(&asked).unwrap();
        assert_eq!(read(&question.query_string()).unwrap(), question);
        assert_eq!(question.channels, ["Paid Search", "Email"]);
        assert_eq!(question.currency.as_deref(), Some("EUR"));
        let settings = question.settings();
        let (median, measured) = (settings.priors[0].median, settings.lifts[0].value);
        assert_eq!(
            (median, measured),
            if outcome == "fires" {
                (0.5, 0.25)
            } else {
                (2.0, 4.0)
            }
        );
        assert_eq!(settings.lifts[0].error / measured, 0.125);
        assert_eq!(question.events[1].value, 9.5);
        let holds = |control: &Control| (control.name.clone(), control.holds);
        assert_eq!(
            question.controls.iter().map(holds).collect::<Vec<_>>(),
            [
                ("Discount".to_owned(), false),
                ("Shops open".to_owned(), true)
            ]
        );
    }
    let question = read("outcome=revenue&goals=A").unwrap();
    assert_eq!(question.range.to.to_string(), "2026-11-23");
    assert!(!question.is_dated && !question.key().contains("from="));
    assert_eq!(
        question.sentence(),
        "What channels brought of the revenue of A by day, 24 November 2024 to 23 November 2026"
    );
}

#[test]
fn a_budget_is_read_beside_its_question() {
    let now = "2026-11-24T12:00:00Z".parse().unwrap();
    let read = |query: &str| SentBudget::query_string(query)?.read(&Site::sample(), now);
    let budget = read("outcome=revenue&total=500&bound=email:1:20.5").unwrap();
    assert_eq!(budget.aim, Some(Aim::Total(500.0)));
    assert_eq!(
        budget.bounds,
        [(
            "Email".to_owned(),
            Bounds {
                least: 1.0,
                most: 20.5
            }
        )]
    );
    assert_eq!(read("total=&target=").unwrap().aim, None);
    for (query, expected) in [
        ("total=1&target=2", "not both"),
        ("total=-1", "total: \"-1\" is not between"),
        ("bound=Email:5:2", "5 is more than 2"),
        ("bound=Email:5", "wanted a channel"),
    ] {
        assert!(read(query).unwrap_err().contains(expected), "{query}");
    }
    assert!(self::read("total=5").unwrap_err().contains("no such part"));
}

#[test]
fn wrong_parts_are_named() {
    for (query, expected) in [
        ("outcome=love", "outcome: \"love\" is none"),
        ("grain=hour", "grain: wanted day or week"),
        ("channel=TV", "channel: \"TV\": there is no such channel"),
        (
            "prior=Email:2",
            "prior: \"Email:2\": wanted a channel, a number above 0",
        ),
        ("prior=Email:0:1", "\"0\" is not between"),
        ("prior=Email:x:1", "\"x\" is no number"),
        ("measured=Email:2:9", "\"9\" is not between"),
        (
            "lift=Email:2026-03-02..2026-03-01:-1:1:1",
            "2026-03-02 lies after 2026-03-01",
        ),
        ("lift=Email:2026-03-02:0:1:1", "changes nothing"),
        (
            "lift=Email:2026-03-02:-2:1:1",
            "\"-2\" is not between -1 and 100",
        ),
        ("event=Sale", "wanted a name and days"),
        ("event=:2026-03-02", "as its name"),
        ("event=Sale:soon", "\"soon\" is no day"),
        ("driver=Email:love", "wanted spend, impressions or clicks"),
        ("currency=EURO", "currency: "),
        ("notes=maybe", "notes: wanted true or false"),
        ("model=best", "model: there is no such part"),
    ] {
        let found = read(query).unwrap_err();
        assert!(found.contains(expected), "{query}: {found}");
    }
}

proptest! {
    #[test]
    fn whatever_is_sent_is_read_or_refused(query in "(channel|prior|measured|lift|event|driver|from|outcome)=(Email|[^&]{0,9})?(:|%3A|[0-9.\u{e9}-]{0,11}){0,12}") {
        if let Ok(question) = read(&query) {
            // What it writes names the days.
            let written = Question { is_dated: true, ..question.clone() };
            prop_assert_eq!(read(&question.query_string()), Ok(written));
        }
    }
}
