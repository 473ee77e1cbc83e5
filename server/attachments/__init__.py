"""Pictures kept with an exam: the photographed paper application (RIS-REG-25)."""
