// The one place that exits.
