//! Which lines are taken, by example and for any lines.

use super::*;
use proptest::prelude::*;

fn line(label: &str, amount: i64) -> PriceLine {
    PriceLine { plugin: "promotion".to_owned(), label: label.to_owned(), amount }
}

/// The total after lines with these amounts, if they are taken.
fn total(price: i64, amounts: &[i64]) -> Option<i64> {
    let mut adjusted = Adjusted::of(price);
    let lines = amounts.iter().map(|amount| line("Spring promotion", *amount)).collect();
    adjusted.add(lines).ok().map(|()| adjusted.total_price())
}

/// Why a line with this label is left out.
fn refusal(label: &str) -> Option<String> {
    let mut adjusted = Adjusted::of(1_000);
    let refusal = adjusted.add(vec![line("Good", -1), line(label, -1)]).err();
    let untouched = Adjusted::of(1_000);
    assert_eq!(adjusted == untouched, refusal.is_some(), "{label:?}");
    refusal
}

#[test]
fn lines_add_up_in_their_order() {
    let mut adjusted = Adjusted::of(1_000);
    assert_eq!(adjusted.add(vec![line("Delivery", 200), line("Spring promotion", -100)]), Ok(()));
    assert_eq!(adjusted.add(Vec::new()), Ok(()));
    assert_eq!(adjusted.add(vec![line("Loyalty", -50)]), Ok(()));
    assert_eq!(adjusted.total_price(), 1_050);
    let labels: Vec<_> = adjusted.into_lines().into_iter().map(|line| line.label).collect();
    assert_eq!(labels, ["Delivery", "Spring promotion", "Loyalty"]);
}

#[test]
fn price_ends_above_nothing_and_at_most_at_the_largest_amount() {
    assert_eq!((total(100, &[-99]), total(100, &[-100])), (Some(1), None));
    // What was computed as nothing may stay nothing.
    assert_eq!((total(0, &[5, -5]), total(0, &[-1])), (Some(0), None));
    assert_eq!((total(AMOUNT_MAX - 1, &[1]), total(AMOUNT_MAX - 1, &[2])), (Some(AMOUNT_MAX), None));
    // Only where it ends counts.
    assert_eq!(total(100, &[-300, 250]), Some(50));
}

#[test]
fn extreme_amounts_do_not_overflow() {
    for amounts in [&[i64::MAX][..], &[i64::MIN], &[i64::MAX; 20], &[i64::MIN; 20]] {
        assert_eq!((total(0, amounts), total(AMOUNT_MAX, amounts)), (None, None), "{amounts:?}");
    }
    assert_eq!(total(5, &[i64::MAX, -i64::MAX]), Some(5));
}

#[test]
fn one_amount_of_nothing_leaves_all_lines_out() {
    assert_eq!(total(100, &[-10, 0]), None);
}

#[test]
fn labels_say_something_in_one_line() {
    for good in ["x", "Khuyến mãi mùa xuân", &"ễ".repeat(LABEL_CHARACTERS_MAX)] {
        assert_eq!(refusal(good), None, "{good:?}");
    }
    for broken in ["a\nb", "a\rb", "a\tb", "a\0", "a\u{85}b", "a\u{2028}b", "a\u{2029}b", "\u{7f}", "\n"] {
        assert_eq!(refusal(broken).as_deref(), Some("the label of line 2 is not one line of plain text"), "{broken:?}");
    }
    for empty in ["", "   "] {
        assert_eq!(refusal(empty).as_deref(), Some("the label of line 2 is empty"), "{empty:?}");
    }
    let padded = format!("x{}", " ".repeat(LABEL_CHARACTERS_MAX));
    assert_eq!(refusal(&padded).as_deref(), Some("the label of line 2 has 121 characters, more than 120"));
}

#[test]
fn one_plugin_has_so_many_lines() {
    assert_eq!(total(100, &[1; PLUGIN_LINES_MAX]), Some(120));
    assert_eq!(total(100, &[1; PLUGIN_LINES_MAX + 1]), None);
}

#[test]
fn lines_beyond_the_last_are_left_out_and_fewer_still_fit() {
    let mut adjusted = Adjusted::of(0);
    for lines in [20, 20, 19] {
        assert_eq!(adjusted.add(vec![line("Fee", 1); lines]), Ok(()));
    }
    let refusal = adjusted.add(vec![line("Fee", 1); 2]);
    assert_eq!(refusal, Err("with 2 lines more, the price would have more than 60".to_owned()));
    assert_eq!(adjusted.add(vec![line("Fee", 1)]), Ok(()));
    assert_eq!((adjusted.total_price(), adjusted.into_lines().len()), (60, LINES_MAX));
}

proptest! {
    #[test]
    fn total_is_the_price_and_its_lines_whatever_plugins_say(
        price in 0..=AMOUNT_MAX,
        plugins in prop::collection::vec(prop::collection::vec(any_amount(), 0..=25), 0..=6),
    ) {
        let mut adjusted = Adjusted::of(price);
        for amounts in plugins {
            let before = adjusted.clone();
            if adjusted.add(amounts.into_iter().map(|amount| line("Fee", amount)).collect()).is_err() {
                prop_assert_eq!(&adjusted, &before);
            }
        }
        let total_price = adjusted.total_price();
        prop_assert!((price.min(1)..=AMOUNT_MAX).contains(&total_price));
        let lines = adjusted.into_lines();
        prop_assert!(lines.len() <= LINES_MAX);
        let sum: i128 = lines.iter().map(|line| i128::from(line.amount)).sum();
        prop_assert_eq!(i128::from(price) + sum, i128::from(total_price));
    }
}

/// Mostly what a plugin would say, sometimes what breaks sums.
fn any_amount() -> impl Strategy<Value = i64> {
    prop_oneof![8 => -100_000..=100_000_i64, 1 => any::<i64>(), 1 => prop::sample::select(vec![i64::MIN, i64::MAX])]
}
