use super::*;
use proptest::prelude::*;
use serde_json::json;

fn stripe(kind: &str, object: Value) -> Notice {
    let event = json!({ "id": "evt_1", "object": "event", "type": kind, "created": 1_763_990_000, "data": { "object": object } });
    read(Provider::Stripe, event.to_string().as_bytes()).unwrap()
}

fn paddle(kind: &str, data: Value) -> Notice {
    let event = json!({ "event_id": "evt_1", "event_type": kind, "occurred_at": "2026-11-24T10:30:00.123456Z", "data": data });
    read(Provider::Paddle, event.to_string().as_bytes()).unwrap()
}

/// What a notice fires, in words.
fn fired(notice: &Notice) -> String {
    let amount = |money: &Money| format!("{} {}", decimal(money), money.currency.code());
    match &notice.fire {
        Err(reason) => (*reason).to_owned(),
        Ok(fire) => match &fire.amount {
            Amount::None => format!("{} {}", fire.goal.name(), fire.transaction),
            Amount::Of(money) => format!(
                "{} {} {}",
                fire.goal.name(),
                fire.transaction,
                amount(money)
            ),
            Amount::BackSoFar(money) => format!(
                "{} {} until now {}",
                fire.goal.name(),
                fire.transaction,
                amount(money)
            ),
        },
    }
}

#[test]
fn each_kind_of_payment_is_told_by_one_event_of_stripe() {
    let checkout = |more: Value| {
        let mut object = json!({ "id": "cs_1", "object": "checkout.session", "mode": "payment", "payment_status": "paid",
            "payment_intent": "pi_1", "invoice": null, "amount_total": 4990, "currency": "eur", "metadata": {} });
        object
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        object
    };
    let named = json!({ "admx_visitor_id": "v-1" });
    for (kind, object, expected) in [
        (
            "checkout.session.completed",
            checkout(json!({})),
            "Payment pi_1 49.90 EUR",
        ),
        (
            "checkout.session.async_payment_succeeded",
            checkout(json!({})),
            "Payment pi_1 49.90 EUR",
        ),
        (
            "checkout.session.completed",
            checkout(json!({ "payment_status": "unpaid" })),
            "it isn't paid yet",
        ),
        (
            "checkout.session.completed",
            checkout(json!({ "mode": "subscription" })),
            "a subscription's payments are told by its invoices",
        ),
        (
            "checkout.session.completed",
            checkout(json!({ "invoice": "in_1" })),
            "its invoice tells of the payment",
        ),
        (
            "checkout.session.completed",
            checkout(json!({ "amount_total": 0 })),
            "nothing was paid",
        ),
        (
            "checkout.session.completed",
            checkout(json!({ "currency": "xyz" })),
            "it names no amount in a currency that is known here",
        ),
        (
            "checkout.session.completed",
            checkout(json!({ "metadata": { "admx_transaction_id": "order-1" } })),
            "Payment order-1 49.90 EUR",
        ),
        (
            "invoice.paid",
            json!({ "id": "in_1", "object": "invoice", "amount_paid": 1500, "currency": "jpy" }),
            "Payment in_1 1500 JPY",
        ),
        (
            "invoice.paid",
            json!({ "id": "in_1", "object": "invoice", "amount_paid": 0, "currency": "jpy" }),
            "nothing was paid",
        ),
        (
            "payment_intent.succeeded",
            json!({ "id": "pi_1", "object": "payment_intent", "amount_received": 5, "currency": "usd", "metadata": named }),
            "Payment pi_1 0.05 USD",
        ),
        (
            "payment_intent.succeeded",
            json!({ "id": "pi_1", "object": "payment_intent", "amount_received": 5, "currency": "usd", "metadata": named, "invoice": "in_1" }),
            "its invoice tells of the payment",
        ),
        (
            "payment_intent.succeeded",
            json!({ "id": "pi_1", "object": "payment_intent", "amount_received": 5, "currency": "usd", "metadata": {} }),
            "its own metadata names nobody; checkouts and invoices tell of theirs",
        ),
        (
            "charge.refunded",
            json!({ "id": "ch_1", "object": "charge", "amount_refunded": 1000, "currency": "kwd" }),
            "Refund ch_1 until now 1.000 KWD",
        ),
        (
            "customer.subscription.created",
            json!({ "id": "sub_1", "object": "subscription", "status": "trialing" }),
            "Trial Started sub_1",
        ),
        (
            "customer.subscription.created",
            json!({ "id": "sub_1", "object": "subscription", "status": "active" }),
            "no trial began or was converted",
        ),
        (
            "customer.subscription.deleted",
            json!({ "id": "sub_1", "object": "subscription", "status": "canceled" }),
            "Subscription Cancelled sub_1",
        ),
        (
            "refund.created",
            json!({ "id": "re_1", "object": "refund" }),
            "charge.refunded tells of refunds",
        ),
        (
            "product.created",
            json!({ "id": "prod_1" }),
            "events of this kind mean nothing here",
        ),
        (
            "invoice.paid",
            json!({ "object": "invoice", "amount_paid": 5, "currency": "eur" }),
            "it names no id",
        ),
    ] {
        assert_eq!(
            fired(&stripe(kind, object.clone())),
            expected,
            "{kind} {object}"
        );
    }
    let converted = |before: &str, now: &str| {
        let event = json!({ "id": "evt_1", "type": "customer.subscription.updated", "created": 1_763_990_000, "data": {
            "object": { "id": "sub_1", "object": "subscription", "status": now }, "previous_attributes": { "status": before } } });
        fired(&read(Provider::Stripe, event.to_string().as_bytes()).unwrap())
    };
    assert_eq!(converted("trialing", "active"), "Trial Converted sub_1");
    assert_eq!(
        converted("trialing", "past_due"),
        "no trial began or was converted"
    );
    assert_eq!(
        converted("past_due", "active"),
        "no trial began or was converted"
    );
}

#[test]
fn each_kind_of_payment_is_told_by_one_event_of_paddle() {
    let totals = |total: &str, code: &str| json!({ "id": "txn_1", "currency_code": code, "details": { "totals": { "grand_total": total, "currency_code": code } } });
    let adjustment = |action: &str, status: &str| json!({ "id": "adj_1", "action": action, "status": status, "transaction_id": "txn_1", "currency_code": "EUR", "totals": { "total": "4990" } });
    let subscription = |status: &str, trial: Value| json!({ "id": "sub_1", "status": status, "items": [{ "trial_dates": null }, { "trial_dates": trial }] });
    let dates = json!({ "starts_at": "2026-11-01T00:00:00Z", "ends_at": "2026-11-15T00:00:00Z" });
    for (kind, data, expected) in [
        (
            "transaction.completed",
            totals("4990", "EUR"),
            "Payment txn_1 49.90 EUR",
        ),
        (
            "transaction.completed",
            totals("1500", "JPY"),
            "Payment txn_1 1500 JPY",
        ),
        (
            "transaction.completed",
            totals("0", "EUR"),
            "nothing was paid",
        ),
        (
            "transaction.completed",
            totals("49.90", "EUR"),
            "it names no amount in a currency that is known here",
        ),
        (
            "transaction.completed",
            totals("99999999999999999999", "EUR"),
            "it names no amount in a currency that is known here",
        ),
        (
            "transaction.paid",
            totals("4990", "EUR"),
            "events of this kind mean nothing here",
        ),
        (
            "adjustment.created",
            adjustment("refund", "approved"),
            "Refund adj_1 -49.90 EUR",
        ),
        (
            "adjustment.updated",
            adjustment("chargeback", "approved"),
            "Refund adj_1 -49.90 EUR",
        ),
        (
            "adjustment.updated",
            adjustment("chargeback_reverse", "approved"),
            "Refund adj_1 49.90 EUR",
        ),
        (
            "adjustment.created",
            adjustment("refund", "pending_approval"),
            "it isn't approved",
        ),
        (
            "adjustment.updated",
            adjustment("refund", "rejected"),
            "it isn't approved",
        ),
        (
            "adjustment.created",
            adjustment("credit", "approved"),
            "no money went back",
        ),
        (
            "subscription.created",
            subscription("trialing", dates.clone()),
            "Trial Started sub_1",
        ),
        (
            "subscription.trialing",
            subscription("trialing", dates.clone()),
            "Trial Started sub_1",
        ),
        (
            "subscription.created",
            subscription("active", Value::Null),
            "there was no trial",
        ),
        (
            "subscription.activated",
            subscription("active", dates),
            "Trial Converted sub_1",
        ),
        (
            "subscription.activated",
            subscription("active", Value::Null),
            "there was no trial",
        ),
        (
            "subscription.canceled",
            subscription("canceled", Value::Null),
            "Subscription Cancelled sub_1",
        ),
    ] {
        assert_eq!(
            fired(&paddle(kind, data.clone())),
            expected,
            "{kind} {data}"
        );
    }
}

#[test]
fn whose_it_is_stands_in_several_places() {
    let id = "0190f3c2-7d1a-7c33-8a5e-2f1b9c0d4e6f";
    let named = json!({ "admx_visitor_id": id.to_uppercase(), "admx_user_id": "u-1" });
    let both = Payer {
        visitor: Some(id.into()),
        user: Some("u-1".into()),
    };
    let visitor = Payer {
        visitor: Some(id.into()),
        user: None,
    };
    for (kind, object, payer, things) in [
        (
            "checkout.session.completed",
            json!({ "id": "cs_1", "object": "checkout.session", "metadata": named, "customer": "cus_1", "subscription": "sub_1" }),
            both.clone(),
            vec!["sub_1", "cus_1"],
        ),
        (
            "checkout.session.completed",
            json!({ "id": "cs_1", "object": "checkout.session", "client_reference_id": id, "payment_intent": { "id": "pi_1" } }),
            visitor,
            vec!["pi_1"],
        ),
        (
            "checkout.session.completed",
            json!({ "id": "cs_1", "object": "checkout.session", "client_reference_id": "customer-42" }),
            Payer::default(),
            vec![],
        ),
        (
            "invoice.paid",
            json!({ "id": "in_1", "object": "invoice", "subscription_details": { "metadata": named }, "subscription": "sub_1", "payment_intent": "pi_1", "charge": "ch_1", "customer": "cus_1" }),
            both.clone(),
            vec!["in_1", "pi_1", "ch_1", "sub_1", "cus_1"],
        ),
        (
            "invoice.paid",
            json!({ "id": "in_1", "object": "invoice", "metadata": {}, "parent": { "subscription_details": { "metadata": named, "subscription": "sub_1" } } }),
            both.clone(),
            vec!["in_1", "sub_1"],
        ),
        (
            "charge.refunded",
            json!({ "id": "ch_1", "object": "charge", "metadata": { "admx_visitor_id": "a\nb", "admx_user_id": 7 }, "payment_intent": "pi_1", "customer": "cus_1" }),
            Payer::default(),
            vec!["ch_1", "pi_1", "cus_1"],
        ),
    ] {
        let notice = stripe(kind, object.clone());
        assert_eq!(
            (&notice.payer, &notice.things),
            (&payer, &things.iter().map(|t| t.to_string()).collect()),
            "{object}"
        );
    }
    let notice = paddle(
        "transaction.completed",
        json!({ "id": "txn_1", "subscription_id": "sub_1", "customer_id": "ctm_1", "custom_data": named }),
    );
    assert_eq!(
        (notice.payer, notice.things),
        (both, vec!["txn_1".into(), "sub_1".into(), "ctm_1".into()])
    );
    let notice = paddle(
        "adjustment.created",
        json!({ "id": "adj_1", "transaction_id": "txn_1", "custom_data": null }),
    );
    assert_eq!(
        (notice.payer, notice.things),
        (Payer::default(), vec!["txn_1".into()])
    );
}

#[test]
fn what_waits_is_read_back() {
    let fires = [
        stripe(
            "charge.refunded",
            json!({ "id": "ch_1", "object": "charge", "amount_refunded": 1000, "currency": "eur", "customer": "cus_1" }),
        ),
        stripe(
            "customer.subscription.deleted",
            json!({ "id": "sub_1", "object": "subscription" }),
        ),
        paddle(
            "transaction.completed",
            json!({ "id": "txn_1", "currency_code": "JPY", "details": { "totals": { "grand_total": "7" } } }),
        ),
    ];
    for notice in fires {
        let json = serde_json::to_string(&Waiting::of(&notice)).unwrap();
        let waiting: Waiting = serde_json::from_str(&json).unwrap();
        let at = Timestamp::from_millisecond(notice.at.as_millisecond()).unwrap();
        assert_eq!(waiting.read(), Some((notice.fire.unwrap(), at)), "{json}");
        assert_eq!(waiting.things, notice.things);
    }
}

proptest! {
    #[test]
    fn an_amount_is_written_as_it_is_counted(minor in -9_000_000_000_000i64..9_000_000_000_000, at in 0usize..3) {
        let currency = [Currency::EUR, Currency::JPY, Currency::KWD][at];
        let money = Money { minor, currency };
        let value: f64 = decimal(&money).parse().unwrap();
        prop_assert_eq!(Money::of_major(value, currency), Some(money.clone()));
        prop_assert_eq!(Money::of_major(whole_units(&money).as_f64().unwrap(), currency), Some(money));
    }

    #[test]
    fn no_body_makes_it_panic(bytes: Vec<u8>, kind in "(checkout.session.completed|invoice.paid|charge.refunded|transaction.completed|adjustment.created)", amount: i64, text in "\\PC{0,40}", code in "(eur|JPY|kwd|mga|isk|xau|\\PC{0,4})") {
        for provider in Provider::ALL {
            let _ = read(provider, &bytes);
            let object = json!({ "id": text, "object": "charge", "mode": "payment", "payment_status": "paid", "amount_total": amount, "amount_paid": amount,
                "amount_refunded": amount, "currency": code, "currency_code": code, "action": "refund", "status": "approved", "customer": text,
                "totals": { "total": amount.to_string() }, "details": { "totals": { "grand_total": amount.to_string() } },
                "metadata": { "admx_visitor_id": text, "admx_user_id": text }, "custom_data": text });
            let event = json!({ "id": "e", "event_id": "e", "type": kind, "event_type": kind, "created": 1, "occurred_at": "2026-11-24T10:30:00Z", "data": object, "object": object });
            let _ = read(provider, event.to_string().as_bytes());
            let wrapped = json!({ "id": "e", "type": kind, "created": amount, "data": { "object": object } });
            let _ = read(provider, wrapped.to_string().as_bytes());
        }
    }
}
