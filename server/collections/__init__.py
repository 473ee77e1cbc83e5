"""What doctors collect around reports: favourites, follow-up, remarks, teaching files, similar cases, phrase files."""
