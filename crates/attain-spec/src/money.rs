//! Texts about money to values: amounts, prices per period, hours of upkeep. Knows no rates of exchange.

use attain_model::quantity::{Money, Price};

use crate::scalar::{Bad, Parsed, decimal, split_number, whole};

/// An amount: `5000 USD`.
pub(crate) fn money(text: &str) -> Parsed<Money> {
    let (number, currency) = split_number(text);
    let currency = currency.trim_start();
    let syntax = |help: String| {
        Bad::new(
            "money-syntax",
            format!("`{text}` is not an amount of money"),
        )
        .help(help)
    };
    if text.contains(',') || text.contains('_') || text.contains('\'') {
        let plain: String = text.chars().filter(|c| !",_'".contains(*c)).collect();
        return Err(syntax(format!("write `{plain}` without a separator")));
    }
    if number.is_empty() {
        return Err(syntax(
            "write a number and a currency code, e.g. `5000 USD`".into(),
        ));
    }
    if currency.is_empty() {
        return Err(
            Bad::new("unit-missing", format!("`{text}` has no unit")).help(format!(
                "write `{number} USD`, with the code of your currency"
            )),
        );
    }
    if currency.len() != 3 || !currency.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(Bad::new(
            "currency-unknown",
            format!("`{currency}` is not a currency code"),
        )
        .help("write the three letters of ISO 4217, e.g. `EUR`"));
    }
    match decimal(number, 2) {
        Some(Ok(cents)) => Ok(Money {
            cents,
            currency: currency.to_owned(),
        }),
        Some(Err(())) => Err(syntax("write at most two decimals".into())),
        None => Err(syntax(
            "write a number and a currency code, e.g. `5000 USD`".into(),
        )),
    }
}

/// Money per period: `5000 USD/month`.
pub(crate) fn price(text: &str) -> Parsed<Price> {
    const PERIODS: &[&str] = &["hour", "day", "week", "month", "quarter", "year"];
    let Some((amount, period)) = text.split_once('/') else {
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(
                Bad::new("unit-missing", format!("`{text}` has no unit")).help(format!(
                    "write `{text} USD/month`, with the code of your currency"
                )),
            );
        }
        let amount = money(text)?;
        let whole = text.trim();
        let _ = amount;
        return Err(Bad::new("unit-missing", format!("`{text}` says no period"))
            .help(format!("write `{whole}/month`")));
    };
    let amount = money(amount.trim_end())?;
    let period = period.trim();
    let period = match period {
        "h" => "hour",
        other => other,
    };
    if !PERIODS.contains(&period) {
        return Err(
            Bad::new("unit-unknown", format!("`{period}` is not a period"))
                .help(format!("write one of {}", PERIODS.join(", "))),
        );
    }
    Ok(Price {
        amount,
        period: period.to_owned(),
    })
}

/// `8 USD/month per 1000`.
pub(crate) fn price_per(text: &str) -> Parsed<(Price, u64)> {
    let Some((head, count)) = text.split_once(" per ") else {
        return Ok((price(text)?, 1));
    };
    let count = whole(count.trim())?;
    if count == 0 {
        return Err(Bad::new("number-range", "`per 0` divides by nothing"));
    }
    Ok((price(head.trim_end())?, count))
}

/// An hour's price: `110 USD/h` or `110 USD`.
pub(crate) fn hourly(text: &str) -> Parsed<Money> {
    if !text.contains('/') {
        return money(text);
    }
    let price = price(text)?;
    if price.period != "hour" {
        return Err(
            Bad::new("unit-unknown", format!("`{}` is not an hour", price.period))
                .help("write it like `110 USD/h`"),
        );
    }
    Ok(price.amount)
}

/// Hours of upkeep: `2 h/month`.
pub(crate) fn upkeep(text: &str) -> Parsed<String> {
    let bad = || {
        Bad::new(
            "duration-syntax",
            format!("`{text}` is not hours per period"),
        )
        .help("write it like `2 h/month`")
    };
    let (head, period) = text.split_once('/').ok_or_else(bad)?;
    let (number, unit) = split_number(head.trim_end());
    let fine = matches!(decimal(number, 3), Some(Ok(_)))
        && unit.trim() == "h"
        && ["day", "week", "month", "quarter", "year"].contains(&period.trim());
    if fine {
        Ok(text.to_owned())
    } else {
        Err(bad())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_cents_and_never_guessed() {
        let usd = |cents| Money {
            cents,
            currency: "USD".to_owned(),
        };
        assert_eq!(money("5000 USD"), Ok(usd(500_000)));
        assert_eq!(money("0.5 USD"), Ok(usd(50)));
        assert_eq!(
            price("8USD / month").map(|p| p.period),
            Ok("month".to_owned())
        );
        assert_eq!(price_per("8 USD/month per 1000").map(|(_, n)| n), Ok(1000));
        assert_eq!(hourly("110 USD/h"), Ok(usd(11_000)));
        assert_eq!(upkeep("2 h/month"), Ok("2 h/month".to_owned()));
        for (text, code) in [
            ("5000", "unit-missing"),
            ("5,000 USD", "money-syntax"),
            ("5.001 USD", "money-syntax"),
            ("$5000", "money-syntax"),
            ("5000 usd", "currency-unknown"),
            ("99999999999999999999 USD", "money-syntax"),
        ] {
            assert_eq!(money(text).unwrap_err().code, code, "{text}");
        }
        assert_eq!(price("5 USD/fortnight").unwrap_err().code, "unit-unknown");
        assert_eq!(
            price_per("8 USD/month per 0").unwrap_err().code,
            "number-range"
        );
        assert_eq!(hourly("110 USD/day").unwrap_err().code, "unit-unknown");
    }
}
