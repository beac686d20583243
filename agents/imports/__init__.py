"""Sheets in files: CSV and XLSX as offices write them, read where they can do no harm, and sheets to send back."""
