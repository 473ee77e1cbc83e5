"""How long images are kept and how they are compressed and backed up: the hospital's decisions."""
