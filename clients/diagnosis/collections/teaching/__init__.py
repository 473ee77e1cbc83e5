"""Teaching files (教学病例): search, quiz, editing."""
