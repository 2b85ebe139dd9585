//! What a promotion takes off. Pure: no bindings.

use jiff::Timestamp;

/// A whole price, in hundredths of a percent.
const WHOLE_BP: u32 = 10_000;
const LABEL: &str = "Promotion";

/// A promotion as its settings describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Promotion {
    label: String,
    discount_bp: u32,
    /// Empty for all.
    service_types: Vec<String>,
    until: Option<Timestamp>,
}

impl Promotion {
    /// Reads settings by their names; `None` when they describe no promotion.
    ///
    /// # Errors
    /// What is wrong with which setting.
    pub(crate) fn read(setting: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, String> {
        let setting = |name| setting(name).filter(|text| !text.is_empty());
        let Some(discount) = setting("discount_bp") else {
            return Ok(None);
        };
        let discount_bp = discount.parse().ok().filter(|bp| *bp <= WHOLE_BP);
        let discount_bp = discount_bp
            .ok_or_else(|| format!("discount_bp is {discount:?}: give a whole number from 0 to {WHOLE_BP}"))?;
        let instant = |text: String| {
            text.parse().map_err(|_| format!("until is {text:?}: give an instant like 2026-12-31T23:59:59Z"))
        };
        let types = setting("service_types").unwrap_or_default();
        Ok(Some(Self {
            label: setting("label").unwrap_or_else(|| LABEL.to_owned()),
            discount_bp,
            service_types: types.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect(),
            until: setting("until").map(instant).transpose()?,
        }))
    }

    /// The label and the amount of what is taken off `amount` for work of `service_type` that is quoted at `quoted_at`.
    ///
    /// # Errors
    /// When `quoted_at` is no instant.
    pub(crate) fn off(
        &self,
        service_type: &str,
        amount: i64,
        quoted_at: &str,
    ) -> Result<Option<(String, i64)>, String> {
        let quoted_at: Timestamp = quoted_at.parse().map_err(|_| format!("{quoted_at:?} is no instant"))?;
        let is_over = self.until.is_some_and(|until| until < quoted_at);
        let is_meant = self.service_types.is_empty() || self.service_types.iter().any(|name| name == service_type);
        // Rounded down, so that a promotion never takes off more than it says.
        let off = i128::from(amount) * i128::from(self.discount_bp) / i128::from(WHOLE_BP);
        let off = i64::try_from(off).map_err(|_| format!("{amount} is too much"))?;
        Ok((!is_over && is_meant && off > 0).then(|| (self.label.clone(), -off)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-25T09:00:00.000000Z";

    fn read(settings: &[(&str, &str)]) -> Result<Option<Promotion>, String> {
        let settings: Vec<_> = settings.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        Promotion::read(|name| settings.iter().find(|(known, _)| known == name).map(|(_, text)| text.clone()))
    }

    fn off(settings: &[(&str, &str)], service_type: &str, amount: i64) -> Option<(String, i64)> {
        read(settings).unwrap().unwrap().off(service_type, amount, NOW).unwrap()
    }

    #[test]
    fn part_is_taken_off_and_rounded_down() {
        assert_eq!(off(&[("discount_bp", "1500")], "mixing", 1_999), Some(("Promotion".to_owned(), -299)));
        assert_eq!(off(&[("discount_bp", "1500"), ("label", "Spring")], "mixing", 6), None);
        assert_eq!(off(&[("discount_bp", "10000")], "mixing", i64::MAX).unwrap().1, -i64::MAX);
    }

    #[test]
    fn only_what_is_meant_gets_cheaper_and_only_in_time() {
        let settings = [("discount_bp", "1000"), ("service_types", "mixing, mastering")];
        assert!(off(&settings, "mastering", 100).is_some());
        assert_eq!(off(&settings, "recording", 100), None);
        assert!(off(&[("discount_bp", "1000"), ("until", NOW)], "mixing", 100).is_some());
        assert_eq!(off(&[("discount_bp", "1000"), ("until", "2026-11-25T08:59:59Z")], "mixing", 100), None);
    }

    #[test]
    fn without_a_discount_there_is_no_promotion() {
        assert_eq!(read(&[("label", "Spring"), ("discount_bp", "")]), Ok(None));
    }

    #[test]
    fn bad_setting_is_named_with_what_it_should_be() {
        for (settings, part) in [
            ([("discount_bp", "half"), ("until", "")], "discount_bp is \"half\": give a whole number from 0 to 10000"),
            ([("discount_bp", "10001"), ("until", "")], "discount_bp is \"10001\""),
            ([("discount_bp", "1"), ("until", "tomorrow")], "until is \"tomorrow\": give an instant"),
        ] {
            let error = read(&settings).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
