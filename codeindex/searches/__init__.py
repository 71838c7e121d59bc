"""What searches leave behind: recent and saved searches, and alerts."""
