"""Expert panels as people make them: a workbook an expert, read back whole, kept as numbered revisions."""
