"""Today's registrations (今日登记): the list beside the form."""
