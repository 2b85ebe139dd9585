//! What is written.

/// One line, whatever is in the texts.
pub fn line(full_name: &str, title: &str, text: &str) -> String {
    let line = format!("to {full_name}: {title}. {text}");
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notification_is_one_line() {
        let line = line("Lan Trần", "Payment due", "Please pay\nthe deposit.");
        assert_eq!(line, "to Lan Trần: Payment due. Please pay the deposit.");
    }
}
