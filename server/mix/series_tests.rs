use super::*;

fn driven(name: &str, driver: Vec<f64>) -> Driven {
    Driven {
        name: name.into(),
        by: Driver::Spend,
        spend: Some(driver.clone()),
        driver,
    }
}

fn series(periods: usize) -> Series {
    let line = |every: f64| {
        (0..periods)
            .map(|at| 50.0 + 40.0 * (at as f64 * every).sin())
            .collect()
    };
    Series {
        first: "2026-01-05".parse().unwrap(),
        weekly: false,
        outcome: (0..periods).map(|at| 100.0 + (at % 7) as f64).collect(),
        channels: vec![driven("A", line(1.0)), driven("B", line(0.37))],
        events: Vec::new(),
    }
}

fn refused(series: &Series) -> String {
    series.check().unwrap_err()
}

#[test]
fn what_can_tell_nothing_is_refused_in_words() {
    assert_eq!(series(100).check(), Ok(()));
    assert!(refused(&series(83)).contains("83 days"));
    let mut of = series(100);
    of.channels[0].driver = (0..100).map(|at| 50.0 + 0.5 * f64::from(at % 2)).collect();
    assert!(refused(&of).starts_with("A never varies"));
    let mut of = series(100);
    of.channels[1].driver = of.channels[0]
        .driver
        .iter()
        .map(|x| 3.0 * x + 1.0)
        .collect();
    assert!(refused(&of).starts_with("A and B move together (correlation 1.00)"));
    let mut of = series(100);
    of.channels[1].driver = (0..100).map(|at| 10.0 + f64::from(at)).collect();
    assert!(refused(&of).starts_with("B follows the trend"));
    let mut of = series(100);
    of.channels[1].driver = vec![0.0; 100];
    assert!(refused(&of).starts_with("B has no spend"));
    let mut of = series(100);
    of.outcome = vec![3.0; 100];
    assert!(refused(&of).starts_with("The outcome is the same each day"));
    let mut of = series(100);
    of.channels
        .iter_mut()
        .for_each(|channel| channel.spend = None);
    assert!(refused(&of).starts_with("No channel has any spend"));
    let mut weeks = series(12);
    weeks.weekly = true;
    assert_eq!(weeks.check(), Ok(()));
}

#[test]
fn what_is_doubtful_is_warned_of() {
    assert_eq!(series(400).warnings(), Vec::<String>::new());
    assert!(series(100).warnings()[0].starts_with("100 days are less than a year"));
    let mut of = series(400);
    let noise = |at: usize| 12.0 * (at as f64 * 2.1).cos();
    of.channels[1].driver = of.channels[0]
        .driver
        .iter()
        .enumerate()
        .map(|(at, x)| x + noise(at))
        .collect();
    assert!(
        of.warnings()[0].contains("move together"),
        "{:?}",
        of.warnings()
    );
    let mut of = series(400);
    of.channels[1].driver = (0..400)
        .map(|at| if at % 40 == 7 { 10.0 } else { 0.0 })
        .collect();
    of.outcome = (0..400).map(|at| f64::from(at % 3)).collect();
    let warnings = of.warnings();
    assert!(
        warnings[0].starts_with("B ran on 10 of 400 days only")
            && warnings[1].contains("try weeks"),
        "{warnings:?}"
    );
}

#[test]
fn experiments_are_of_the_periods_that_they_lie_in() {
    let of = series(100);
    let lift = |channel: &str, from: &str, to: &str| Lift {
        channel: channel.into(),
        when: Some((from.parse().unwrap(), to.parse().unwrap(), -1.0)),
        value: -10.0,
        error: 3.0,
    };
    let settings = Settings {
        lifts: vec![
            lift("B", "2026-01-06", "2026-01-08"),
            lift("C", "2026-01-06", "2026-01-08"),
            lift("A", "2025-01-06", "2025-01-08"),
            lift("A", "2026-04-05", "2026-04-08"),
        ],
        ..Settings::default()
    };
    let found = of.input(&settings, 90).experiments;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].channel, 1);
    assert!(matches!(
        found[0].reading,
        Reading::Lift { from: 1, to: 4, .. }
    ));
}
