-- What plugins add to a price, and take off it.

-- What the studio's own rules gave; total_price is that and the lines. Before there were lines, it was the total.
ALTER TABLE quotations ADD COLUMN computed_price BIGINT NOT NULL DEFAULT 0
    CONSTRAINT quotations_computed_price_check CHECK (computed_price >= 0);

UPDATE quotations SET computed_price = total_price;

-- What was added to a quotation's price and taken off it, as the customer reads it. The key also finds the lines of a
-- quotation, in their order.
CREATE TABLE quotation_lines (
    quotation_id UUID NOT NULL,
    -- From 1 on.
    position INTEGER NOT NULL,
    -- The component that the line came from; it may be gone by now.
    plugin TEXT NOT NULL,
    label TEXT NOT NULL,
    -- In minor units of the quotation's currency; negative where it was taken off.
    amount BIGINT NOT NULL,
    CONSTRAINT quotation_lines_quotation_id_position_key PRIMARY KEY (quotation_id, position),
    CONSTRAINT quotation_lines_quotation_id_fkey FOREIGN KEY (quotation_id) REFERENCES quotations (id),
    CONSTRAINT quotation_lines_position_check CHECK (position >= 1),
    CONSTRAINT quotation_lines_label_check CHECK (length(label) BETWEEN 1 AND 120),
    CONSTRAINT quotation_lines_amount_check CHECK (amount <> 0)
);
