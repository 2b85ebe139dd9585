//! The table `quotation_lines`.

use crate::domain::QuotationId;
use crate::domain::pricing::adjustments::PriceLine;
use mutrapro_sdk::sql::{Error, Reader, ToValue, Transaction, params, row};
use std::collections::BTreeMap;

row! {
    struct QuotationLine {
        quotation_id: QuotationId,
        plugin: String,
        label: String,
        amount: i64,
    }
}

/// The lines of those of `quotations` that have any, in their order.
pub(crate) fn lines(
    db: &impl Reader,
    quotations: &[QuotationId],
) -> Result<BTreeMap<QuotationId, Vec<PriceLine>>, Error> {
    let mut lines = BTreeMap::<_, Vec<_>>::new();
    if quotations.is_empty() {
        return Ok(lines);
    }
    let ids: Vec<_> = quotations.iter().map(ToValue::to_value).collect();
    let places: Vec<_> = (1..=ids.len()).map(|number| format!("${number}")).collect();
    let statement = format!(
        "SELECT quotation_id, plugin, label, amount FROM quotation_lines WHERE quotation_id IN ({})
         ORDER BY quotation_id, position",
        places.join(", ")
    );
    for row in db.query(&statement, &ids)? {
        let QuotationLine { quotation_id, plugin, label, amount } = row;
        lines.entry(quotation_id).or_default().push(PriceLine { plugin, label, amount });
    }
    Ok(lines)
}

/// Writes the line that stands at `position`, from 1 on.
pub(crate) fn insert_line(
    tx: &Transaction<'_>,
    quotation_id: QuotationId,
    position: u32,
    line: &PriceLine,
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO quotation_lines (quotation_id, position, plugin, label, amount) VALUES ($1, $2, $3, $4, $5)",
        params![quotation_id, position, line.plugin, line.label, line.amount],
    )?;
    Ok(())
}

pub(crate) fn delete_lines(tx: &Transaction<'_>, quotation_id: QuotationId) -> Result<(), Error> {
    tx.execute("DELETE FROM quotation_lines WHERE quotation_id = $1", params![quotation_id])?;
    Ok(())
}
