//! CDNOW and the subscribers of Fader and Hardie: published estimates, and what `lifetimes` 0.11.3 found.

use std::time::Instant;

use serde_json::Value;

use super::bgnbd::{BgNbd, Customer};
use super::gamma_gamma::{GammaGamma, Spent};
use super::sbg::Sbg;

fn data(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/clv/");
    std::fs::read_to_string(format!("{folder}{name}")).unwrap()
}

fn reference(name: &str) -> Value {
    serde_json::from_str(&data(name)).unwrap()
}

fn cdnow() -> Vec<(Customer, f64)> {
    let text = data("cdnow_customers_summary_with_transactions.csv");
    let customer = |line: &str| {
        let n: Vec<f64> = line
            .split(',')
            .map(|field| field.parse().unwrap())
            .collect();
        let customer = Customer {
            repeats: n[1],
            last: n[2],
            known: n[3],
        };
        (customer, n[4])
    };
    text.lines().skip(1).map(customer).collect()
}

fn assert_near(found: f64, wanted: &Value, share: f64, what: &str) {
    let wanted = wanted.as_f64().unwrap();
    assert!(
        (found / wanted - 1.0).abs() < share,
        "{what}: {found} and {wanted}"
    );
}

#[test]
fn cdnow_comes_out_as_published() {
    let reference = reference("cdnow_reference.json");
    let cdnow = cdnow();
    let customers: Vec<Customer> = cdnow.iter().map(|(customer, _)| *customer).collect();
    let start = Instant::now();
    let (model, likelihood) = BgNbd::fit(&customers).unwrap();
    let took = start.elapsed();
    let wanted = &reference["bgnbd"];
    for (found, name) in [
        (model.r, "r"),
        (model.alpha, "alpha"),
        (model.a, "a"),
        (model.b, "b"),
    ] {
        assert_near(found, &wanted[name], 0.005, name);
    }
    assert!((likelihood - wanted["log_likelihood"].as_f64().unwrap()).abs() < 0.01);
    let published = BgNbd {
        r: 0.243,
        alpha: 4.414,
        a: 0.793,
        b: 2.426,
    };
    let at_published = reference["bgnbd_ll_at_published_params"].as_f64().unwrap();
    assert!((published.log_likelihood(&customers) - at_published).abs() < 1e-6);
    let sum: f64 = customers
        .iter()
        .map(|customer| model.expected(customer, 39.0))
        .sum();
    assert_near(
        sum,
        &reference["sum_predicted_39w_on_summary"],
        1e-3,
        "39 weeks",
    );
    let bought: Vec<Spent> = cdnow
        .iter()
        .filter(|(customer, _)| customer.repeats > 0.0)
        .map(|(customer, mean)| Spent {
            purchases: customer.repeats,
            mean: *mean,
        })
        .collect();
    let (worth, _) = GammaGamma::fit(&bought).unwrap();
    for (found, name) in [(worth.p, "p"), (worth.q, "q"), (worth.v, "v")] {
        assert_near(found, &reference["gamma_gamma"][name], 0.005, name);
    }
    // A year at 1 % a month; a month has 4.345 weeks.
    let clv = |(customer, mean): &(Customer, f64)| {
        let spent = Spent {
            purchases: customer.repeats,
            mean: *mean,
        };
        let each = worth
            .expected((customer.repeats > 0.0).then_some(&spent))
            .unwrap();
        let months = (1..=12).map(|month| {
            let until = |month: i32| model.expected(customer, f64::from(month) * 4.345);
            (until(month) - until(month - 1)) / 1.01f64.powi(month)
        });
        each * months.sum::<f64>()
    };
    let sum: f64 = cdnow.iter().map(clv).sum();
    assert_near(
        sum,
        &reference["clv_12m_1pct_monthly_discount"]["sum"],
        1e-3,
        "a year",
    );
    // Tests are built without optimisation; a release takes a twentieth.
    assert!(took.as_secs() < 20, "{took:?}");
}

#[test]
fn expectations_at_published_parameters() {
    let reference = reference("cdnow_reference.json");
    let model = BgNbd {
        r: 0.243,
        alpha: 4.414,
        a: 0.793,
        b: 2.426,
    };
    for case in reference["golden_at_published_params"].as_array().unwrap() {
        let number = |name: &str| case[name].as_f64().unwrap();
        let customer = Customer {
            repeats: number("x"),
            last: number("t_x"),
            known: number("T"),
        };
        assert!(
            (model.expected(&customer, 39.0) - number("E_Y_39w")).abs() < 1e-5,
            "{case}"
        );
        assert!(
            (model.alive(&customer) - number("P_alive")).abs() < 1e-5,
            "{case}"
        );
    }
    for (time, wanted) in reference["E_X_t_new_customer_at_published"]
        .as_object()
        .unwrap()
    {
        let found = model.expected_of_new(time.parse().unwrap());
        assert!((found - wanted.as_f64().unwrap()).abs() < 1e-5, "{time}");
    }
    let worth = GammaGamma {
        p: 6.25,
        q: 3.74,
        v: 15.44,
    };
    for case in reference["gg_golden_at_published_params"]
        .as_array()
        .unwrap()
    {
        let spent = Spent {
            purchases: case["x"].as_f64().unwrap(),
            mean: case["mbar"].as_f64().unwrap(),
        };
        let spent = Some(&spent).filter(|spent| spent.purchases > 0.0);
        let found = worth.expected(spent).unwrap();
        assert!(
            (found - case["E_M"].as_f64().unwrap()).abs() < 1e-5,
            "{case}"
        );
    }
}

#[test]
fn subscribers_stay_as_published() {
    let reference = reference("sbg_reference.json");
    for name in ["regular", "highend"] {
        let left = reference[format!("survivors_{name}")].as_array().unwrap();
        let left: Vec<f64> = left.iter().map(|left| left.as_f64().unwrap()).collect();
        let ended: Vec<f64> = left.windows(2).map(|pair| pair[0] - pair[1]).collect();
        let mut still = vec![0.0; left.len()];
        still[left.len() - 1] = left[left.len() - 1];
        let (model, likelihood) = Sbg::fit(&ended, &still).unwrap();
        assert_near(model.alpha, &reference[name]["alpha"], 0.005, "alpha");
        assert_near(model.beta, &reference[name]["beta"], 0.005, "beta");
        assert!((likelihood - reference[name]["LL"].as_f64().unwrap()).abs() < 0.01);
    }
}
