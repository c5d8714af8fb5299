"""The class's report: web page, exports, feedback, tables."""
